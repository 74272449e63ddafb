"""The catalogue of diagnostic codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pavior.diagnostics import Code, Severity
from pavior.diagnostics.catalogue import catalogue, codes_of, describe, find, modules

COMPILER = Path(__file__).parent.parent / "compiler"
DIGITS = {
    "discover": "0",
    "load": "1",
    "validate": "2",
    "layer": "3",
    "link": "4",
    "render": "5",
    "budgets": "6",
    "check": "6",
    "verify": "6",
    "plan": "7",
    "shards": "[07]",
    "write": "8",
    "shared": "8",
    "crew": "8",
    "compose": "9",
    "golden_paths": "9",
    "prices": "9",
    "schemas": "9",
    "policies": "9",
}
"""The phase's digit of each module of codes; what is wrong with golden paths is 9 wherever it is found, and
shards differ in what they read or in what they would write; 8 is also what is around a run: other machines."""

DECLARED = [(module, name, code) for module, found in modules().items() for name, code in codes_of(found).items()]


def test_numbers_and_names_are_given_once() -> None:
    codes = [code for _, _, code in DECLARED]
    assert sorted(catalogue()) == sorted(code.number for code in codes)
    assert len({code.name for code in codes}) == len(codes)
    assert list(catalogue()) == sorted(catalogue())


@pytest.mark.parametrize(("module", "name", "code"), DECLARED, ids=[code.number for _, _, code in DECLARED])
class TestEveryCode:
    def test_its_digit_is_its_phases(self, module: str, name: str, code: Code) -> None:
        assert re.fullmatch(rf"PV{DIGITS[module]}[0-9]{{2}}", code.number), name

    def test_its_name_is_kebab_case(self, module: str, name: str, code: Code) -> None:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code.name)

    def test_its_texts_are_sentences(self, module: str, name: str, code: Code) -> None:
        for text in (code.what, code.why, code.fix):
            # Names of files and programs keep their case at the start.
            assert re.fullmatch(r"([A-Z`'\"]|[a-z]+\.yaml |kubeconform ).*[.!?]", text, re.DOTALL), text

    def test_something_reports_it(self, module: str, name: str, code: Code) -> None:
        users = [path for path in COMPILER.rglob("*.py") if path.parent.name != "codes"]
        assert any(re.search(rf"\b{name}\b", path.read_text()) for path in users), f"{module}.{name} is used nowhere"

    def test_it_is_described(self, module: str, name: str, code: Code) -> None:
        text = describe(code)
        assert text.startswith(f"# {code.number} {code.name}\n")
        assert all(part in text for part in (code.what, code.why, code.fix))


def test_a_code_is_found_by_number_and_name_in_any_case() -> None:
    code = catalogue()["PV103"]
    assert find("pv103") is find("PV103") is find(" duplicate-key ") is code
    assert find("PV999") is None


def test_a_description_reads_as_markdown() -> None:
    code = Code("PV199", "odd-thing", "It is odd.", "Odd things fail.", "Even it.", Severity.WARNING)
    assert describe(code) == (
        "# PV199 odd-thing\n\nIt is odd. A warning: nothing is held back.\n\n**Why.** Odd things fail.\n\n**Fix.** Even it.\n"
    )
