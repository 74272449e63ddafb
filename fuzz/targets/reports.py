"""Findings and costs whose every word is hostile, in every form."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from fuzz import output
from fuzz.case import Case, Target, as_bytes
from fuzz.material import TEXTS
from pavior.costs import CostLine, CostReport, Factor
from pavior.diagnostics import Diagnostic, Edit, Fix, Note
from pavior.diagnostics.codes import load, validate
from pavior.model import Span
from pavior.report import FORMS, Context, render
from pavior.report.costs import COST_FORMS, costs

_CODES = (load.YAML_SYNTAX, load.SECRET, validate.UNKNOWN_FIELD)


def _findings() -> st.SearchStrategy[Case]:
    numbers = st.integers(1, 6) | st.sampled_from([0, 10**9, 120])
    finding = st.fixed_dictionaries(
        {
            "file": TEXTS.map("teams/".__add__), "span": st.tuples(numbers, numbers, numbers, numbers), "message": TEXTS,
            "hint": st.none() | TEXTS,
            "note": st.none() | TEXTS, "code": st.integers(0, 2), "fix": st.none() | TEXTS,
        }
    )  # fmt: skip
    return st.fixed_dictionaries(
        {"findings": st.lists(finding, min_size=1, max_size=3), "source": st.none() | TEXTS, "folder": TEXTS}
    )


def _finding(case: Case) -> None:
    found = []
    for each in case["findings"]:
        span = Span(each["file"], *each["span"])
        notes = (Note(each["note"], span),) if each["note"] is not None else ()
        fix = Fix((Edit(span, each["fix"]),)) if each["fix"] is not None else None
        found.append(Diagnostic(_CODES[each["code"]], span, each["message"], each["hint"], notes, fix=fix))
    source = None if case["source"] is None else as_bytes(case["source"])
    for form in FORMS:
        context = Context(frozenset({"red/one"}), case["folder"])
        output.check(form, "\n".join(render(form, found, lambda _: source, context=context)) + "\n")
    coloured = "\n".join(render("text", found, lambda _: source, colour=True))
    for code in ("\x1b[0m", "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;36m", "\x1b[1m", "\x1b[1;34m"):
        coloured = coloured.replace(code, "")
    output.check("text", coloured)


def _bills() -> st.SearchStrategy[Case]:
    return st.fixed_dictionaries(
        dict.fromkeys(("currency", "source", "item", "quantity", "factor", "reason", "assumes", "component"), TEXTS)
    )


def _bill(case: Case) -> None:
    factor, quantity = Factor(case["factor"], Decimal("1.25"), case["reason"]), ((case["quantity"], Decimal(2)),)
    names = ("dev", "red", "one", case["component"], case["item"], "price")
    line = CostLine(
        *names, Decimal("0.1"), quantity, (("more", Decimal(3)),), (factor,), Decimal(1), Decimal(2), case["assumes"]
    )
    report = CostReport(case["currency"], "2026-11-02", case["source"], (line,))
    for form in COST_FORMS:
        output.check(form, "\n".join(costs(form, report, arithmetic=True)) + "\n")


TARGETS = {"findings": Target(_findings, _finding), "bills": Target(_bills, _bill)}
