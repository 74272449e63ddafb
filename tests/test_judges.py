"""`make judges`: a finding fails unless it is accepted, and an acceptance fails unless something is found."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ENTRY = {"judge": "strict", "rule": "limit", "about": "dev/*", "reason": "Because."}


@pytest.fixture
def judges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("judges_run", ROOT / "tools/judges/run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "judges_run", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ACCEPTED", tmp_path / "accepted.yaml")
    return module


def judged(judges: ModuleType, accepted: list[dict[str, str]], *found: tuple[str, str]) -> int:
    judges.ACCEPTED.write_text(yaml.safe_dump(accepted), encoding="utf-8")
    judges.JUDGES = {"strict": lambda scratch: [judges.Finding(rule, about, "Bad.") for rule, about in found]}
    return int(judges.main([]))


def test_what_is_found_is_accepted_or_fails(judges: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert judged(judges, [ENTRY], ("limit", "dev/payments/checkout")) == 0
    assert capsys.readouterr().out == "strict: 1 findings, 1 of them accepted\n"
    assert judged(judges, [ENTRY], ("limit", "dev/a/b"), ("limit", "prod/a/b"), ("other", "dev/a/b")) == 1
    said = capsys.readouterr()
    assert said.err == "strict: prod/a/b: Bad. [limit]\nstrict: dev/a/b: Bad. [other]\n"


def test_what_is_accepted_and_not_found_fails(judges: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert judged(judges, [ENTRY]) == 1
    assert capsys.readouterr().err == "strict: limit on dev/* is accepted, but not found\n"


def test_a_judge_that_is_missing_is_no_finding(judges: ModuleType, tmp_path: Path) -> None:
    judges.ACCEPTED.write_text("[]", encoding="utf-8")
    judges.BIN = tmp_path
    assert judges.main(["actionlint"]) == 3


def test_each_acceptance_has_a_judge_and_a_reason() -> None:
    entries = yaml.safe_load((ROOT / "tools/judges/accepted.yaml").read_text(encoding="utf-8"))
    assert all(entry.keys() == ENTRY.keys() and entry["reason"].endswith(".") for entry in entries)
