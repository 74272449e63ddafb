"""Bytes as YAML: what is read reads the same again and has its place; what is refused has a reason that can be shown."""

from __future__ import annotations

from hypothesis import strategies as st

from fuzz import output
from fuzz.case import Case, Target, as_bytes, as_text
from fuzz.fleet import MORE
from fuzz.guard import Violation
from fuzz.material import HOSTILE, VALUES, documents, written
from layouts import files  # of the tests, whose folder fuzz.fleet puts into the path
from pavior.diagnostics import Diagnostic
from pavior.emit import NotEmittable, emit_value
from pavior.model import Source
from pavior.phases.lay_out import lay_out
from pavior.phases.load import load, load_all
from pavior.phases.screen import screen
from pavior.report import FORMS, render

_TOKENS = [
    "a", "b", ":", ": ", "- ", "? ", "\n", "\n  ", "\n    ", " ", "\t", "[", "]", "{", "}", ",", "|", "|2", ">-", "|+", "#",
    " #", "---\n",
    "...\n", "%YAML 1.1\n", "&a ", "*a", "!!str ", "!x ", "<<: ", "'", '"', "\\", "\\x9b", "\\u202e", "\\ud800", "\r\n",
    "\r", "\x85", "\u2028",
    "\ufeff", "1", "1.0", "0o7", "0x1", "1_0", "1:30", "~", "=", "yes", "null",
]  # fmt: skip


def _cases() -> st.SearchStrategy[Case]:
    pieces = st.lists(st.sampled_from(_TOKENS) | st.sampled_from(HOSTILE), max_size=40).map("".join)
    repeated = st.tuples(pieces, st.integers(0, 3000)).map(lambda both: (both[0] * both[1])[:60_000])
    return st.binary(max_size=300).map(as_text) | pieces | repeated | VALUES.map(written)


def _run(case: Case) -> None:
    source = Source("teams/red/one/platform.yaml", as_bytes(case))
    for outcome in (load(source), load_all(source)):
        if outcome.value is None and not outcome.diagnostics:
            raise Violation("refused without a reason", repr(case[:200]))
        show(outcome.diagnostics, source.content)
    documents = load_all(source).value or ()
    show(screen(source, documents), source.content)
    for document in documents:
        document.positions().value(("no", "such", 0))
        try:
            again = load(Source("again.yaml", emit_value(document.value).encode()), 2**30)
        except NotEmittable:
            continue
        if again.value is None or again.value.value != document.value:
            raise Violation("reads otherwise when emitted", repr(document.value)[:500])


def show(diagnostics: tuple[Diagnostic, ...] | list[Diagnostic], content: bytes | None) -> None:
    """Look at findings in every form."""
    for form in FORMS if diagnostics else ():
        output.check(form, "\n".join(render(form, diagnostics, lambda _: content)) + "\n")


# Layouts.


def _layouts() -> st.SearchStrategy[Case]:
    pieces = st.lists(st.sampled_from(_TOKENS) | st.sampled_from(HOSTILE), max_size=3).map("".join)
    cut = st.tuples(files(), st.integers(0, 400), pieces).map(
        lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] :]
    )
    original = st.sampled_from([text for path, text in MORE.items() if path.startswith("teams/")]).flatmap(documents)
    return files() | cut | VALUES.map(written) | original


def _layout(case: Case) -> None:
    document = load(Source("teams/red/one/platform.yaml", as_bytes(case))).value
    if document is None:
        return
    once = lay_out(document, {(): ("goldenPath", "image", "a")})
    again = load(once).value
    if again is None or again.value != document.value:
        raise Violation("says something else when it is laid out", repr(once.content)[:500])
    if lay_out(again, {(): ("goldenPath", "image", "a")}).content != once.content:
        raise Violation("is laid out otherwise the second time", repr(once.content)[:500])


TARGETS = {"yaml": Target(_cases, _run), "layouts": Target(_layouts, _layout)}
