"""Read, check, generate, compile: from a document to a Template."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import CodeType, MappingProxyType
from typing import Any

from pavior.diagnostics import Diagnostic, Outcome
from pavior.diagnostics.codes.golden_paths import MISPLACED_DIRECTIVE
from pavior.expression import recorder
from pavior.expression.check import Checker
from pavior.expression.functions import NAMES, code_of, function_of
from pavior.expression.generate import generate
from pavior.expression.read import Reader
from pavior.expression.recorder import Recorder
from pavior.expression.runtime import Fault
from pavior.expression.template import Form, Template, TemplateFault, Traced
from pavior.expression.tree import MapNode, Node, Places
from pavior.expression.types import Definitions, type_of
from pavior.model import Document, Path, Value

_TRACED: Mapping[str, Any] = MappingProxyType(
    {**NAMES, **{name: getattr(recorder, name) for name in ("below", "merge_traced", "sources_traced")}}
)
"""All that the code of a trace can name."""


def compile_document(
    document: Document, at: Path, form: Form, schema: Mapping[str, Value], fragments: Mapping[str, Document]
) -> Outcome[Template]:
    """See `pavior.expression.compile_template`."""
    value = document.value
    for step in at:
        value = value[step]
    reader = Reader(fragments)
    root = reader.read(value, Places(document), at)
    definitions = Definitions(schema.get("$defs", {}))
    checker = Checker(definitions, type_of({k: v for k, v in schema.items() if k != "$defs"}, definitions))
    checker.node(root, {})
    diagnostics = [*reader.diagnostics, *checker.diagnostics, *_form_faults(root, form)]
    unique = tuple(sorted(dict.fromkeys(diagnostics), key=lambda diagnostic: diagnostic.span))
    if unique:
        return Outcome(None, unique)
    return Outcome(_template(root, form, document.source.path, frozenset(checker.reads)))


def _form_faults(root: Node, form: Form) -> list[Diagnostic]:
    if form is Form.VALUE or isinstance(root, MapNode) or getattr(root, "value", None) == {}:
        return []
    return [Diagnostic(MISPLACED_DIRECTIVE, root.site.span(), "a map is expected here")]


def _template(root: Node, form: Form, file: str, reads: frozenset[Path]) -> Template:
    """Each function is generated when it is first called: a run needs few of the templates there are."""

    @cache
    def code() -> CodeType:
        return code_of(generate(root, form), file)

    plain: Callable[[Mapping[str, Value]], list[Value]] | None = None

    @cache
    def traced() -> Callable[[Mapping[str, Value]], list[Traced]]:
        return _tracing(root, form, file)

    def trace(context: Mapping[str, Value]) -> list[Traced]:
        return traced()(context)

    def render(context: Mapping[str, Value]) -> list[Value]:
        nonlocal plain
        if plain is None:
            plain = function_of(code(), "render")
        try:
            return plain(context)
        except Fault:
            # The fast function doesn't know where it is; the traced one stops at the same fault and does.
            return [item.value for item in trace(context)]

    return Template(render, trace, reads, code)


def _tracing(root: Node, form: Form, file: str) -> Callable[[Mapping[str, Value]], list[Traced]]:
    from pavior.expression.trace import generate_traced  # needed for faults and for `explain` only  # noqa: PLC0415

    source, marks = generate_traced(root, form)
    function = function_of(code_of(source, file), "trace", _TRACED)

    def trace(context: Mapping[str, Value]) -> list[Traced]:
        notes = Recorder(marks)
        try:
            return [Traced(value, origins) for value, origins in function(context, notes)]
        except Fault as fault:
            raise _located(fault, notes) from None

    return trace


def _located(fault: Fault, notes: Recorder) -> TemplateFault:
    message, hint = fault.message, fault.hint
    nones = notes.nones()
    if fault.none and nones:
        message = f"`{'.'.join(map(str, nones[-1]))}` is none here"
        hint = "give it a default, or leave it out with `| default(omit)`"
    elif fault.none and fault.message.startswith("none"):
        message = f"this is none: `{notes.marks[notes.mark].text}`"
    return TemplateFault(notes.marks[notes.mark].span(), message, hint, notes.reads())
