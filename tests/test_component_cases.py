"""Every case of every component in golden-paths/, collected from the files: a component needs no Python for its tests."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from pavior.pipeline.cases import run_cases

ROOT = Path(__file__).parents[1]

RESULTS = list(run_cases(ROOT))


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: result.path.removeprefix("golden-paths/components/"))
def test_component_renders_what_its_case_expects(result):
    assert not result.diagnostics
    difference = difflib.unified_diff(*result.lines(), "expected", "rendered", lineterm="")
    assert result.passed, "\n".join(difference)


def test_every_component_has_cases():
    components = {path.name for path in (ROOT / "golden-paths/components").iterdir()}
    assert components == {result.path.split("/")[2] for result in RESULTS}
