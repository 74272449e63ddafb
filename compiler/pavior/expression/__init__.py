"""The template language: valid YAML with Jinja2 expressions in its scalars, compiled once to one Python function.

`docs/golden-paths.md` is the language's reference. Importing this package costs nothing; Jinja2 comes with the first
template that is compiled.
"""

from __future__ import annotations

from collections.abc import Mapping

from pavior.diagnostics import Outcome
from pavior.expression.template import (
    OMIT,
    Condition,
    Form,
    LeafOrigin,
    OriginTree,
    Template,
    TemplateFault,
    Traced,
)
from pavior.model import Document, Path, Value

__all__ = [
    "OMIT",
    "Condition",
    "Form",
    "LeafOrigin",
    "OriginTree",
    "Template",
    "TemplateFault",
    "Traced",
    "compile_template",
]


def compile_template(
    document: Document,
    at: Path = (),
    *,
    form: Form,
    schema: Mapping[str, Value],
    fragments: Mapping[str, Document],
) -> Outcome[Template]:
    """Compile the part of `document` at `at`, and check every path in it; all its faults at once.

    `schema` is the context's: `{"type": "object", "properties": {<name>: <schema>, …}, "$defs": {…}}`; `{}` knows
    nothing and refuses nothing. `fragments` are what `$include` finds, by `component/fragment`.
    """
    from pavior.expression.compile import compile_document  # Jinja2 costs 30 ms to import  # noqa: PLC0415

    return compile_document(document, at, form, schema, fragments)
