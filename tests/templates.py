"""What the tests of templates share: compiling a text, and rendering it with values."""

from __future__ import annotations

from collections.abc import Mapping

from pavior.diagnostics import Diagnostic
from pavior.expression import Form, Template, TemplateFault, compile_template
from pavior.model import Document, Source, Value
from pavior.phases.load import load

FILE = "golden-paths/components/example/manifests/example.yaml"


def document(text: str, file: str = FILE) -> Document:
    outcome = load(Source(file, text.encode()))
    assert outcome.value is not None, outcome.diagnostics
    return outcome.value


def compiled(
    text: str,
    *,
    form: Form = Form.ITEMS,
    schema: Mapping[str, Value] | None = None,
    fragments: Mapping[str, str] | None = None,
) -> Template:
    outcome = compile_template(document(text), form=form, schema=schema or {}, fragments=_fragments(fragments or {}))
    assert outcome.value is not None, outcome.diagnostics
    return outcome.value


def faults(
    text: str,
    *,
    form: Form = Form.ITEMS,
    schema: Mapping[str, Value] | None = None,
    fragments: Mapping[str, str] | None = None,
) -> tuple[Diagnostic, ...]:
    outcome = compile_template(document(text), form=form, schema=schema or {}, fragments=_fragments(fragments or {}))
    assert (outcome.value is None) == bool(outcome.diagnostics)
    return outcome.diagnostics


def _fragments(texts: Mapping[str, str]) -> dict[str, Document]:
    return {name: document(text, f"golden-paths/{name}.yaml") for name, text in texts.items()}


def rendered(text: str, /, **context: Value) -> Value:
    """The one item that a template makes of the names given."""
    (item,) = compiled(text).render(context)
    return item


def evaluated(expression: str, /, **context: Value) -> Value:
    """The value of one expression, traced and untraced alike."""
    template = compiled(_leaf(expression), form=Form.MAP)
    (item,), (traced,) = template.render(context), template.trace(context)
    assert item == traced.value
    return item.get("value")


def _leaf(expression: str) -> str:
    quoted = ("{{ " + expression + " }}").replace("\\", "\\\\").replace('"', '\\"')
    return f'value: "{quoted}"'


def fault_of(text: str, /, **context: Value) -> TemplateFault:
    template = compiled(text)
    try:
        items = template.render(context)
    except TemplateFault as fault:
        return fault
    raise AssertionError(f"no fault, but {items}")


def evaluation_fault(expression: str, /, **context: Value) -> TemplateFault:
    return fault_of(_leaf(expression), **context)
