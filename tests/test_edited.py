"""What was edited: the cause that `pavior diff` tells before what follows of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from commits import commit
from fleets import put, run, tiny
from pavior.cli.app import pavior

ONE = "teams/red/one/platform.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tiny(tmp_path / "platform")
    assert run(place, "render").status == 0
    commit(place, "base")
    return place


def edit(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new))


def diff(root: Path, *arguments: str) -> str:
    result = CliRunner().invoke(pavior, ["-C", str(root), "diff", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def edits(root: Path, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(diff(root, *arguments, "--format", "json"))["edits"]
    return found


def told(root: Path, *arguments: str) -> list[str]:
    """The lines of the form for terminals that tell it."""
    lines = diff(root, *arguments).splitlines()
    start = lines.index("edited:") + 1
    return [line.strip() for line in lines[start:] if line.startswith("  ")][: len(edits(root, *arguments)) or None]


def test_a_field_is_told_with_both_its_values(root: Path) -> None:
    edit(root, ONE, "port: 80", "port: 81")
    assert told(root) == [f"{ONE}: port 80 → 81"]
    assert edits(root) == [
        {
            "file": ONE,
            "change": "changed",
            "fields": [{"path": "port", "change": "changed", "before": "80", "after": "81"}],
        }
    ]
    assert f"**What was edited**\n\n- `{ONE}`: `port` `80` → `81`\n" in diff(root, "--format", "markdown")
    assert "<h2>What was edited</h2>" in diff(root, "--format", "html")


def test_the_same_edit_of_several_files_is_told_once(root: Path) -> None:
    for name in ("red/one", "red/two", "blue/three"):
        put(root, f"teams/{name}/platform.yaml", (root / f"teams/{name}/platform.yaml").read_text() + "retries: 9\n")
    assert told(root)[0] == "teams/blue/three/platform.yaml, teams/red/one/platform.yaml and 1 more: retries added: 9"


def test_files_of_everyone_and_files_that_come_or_go_are_told(root: Path) -> None:
    edit(root, "golden-paths/environments/prod.yaml", "quiet", "none")
    edit(root, "golden-paths/components/process/manifests/address.yaml", "name: main", "name: web")
    (root / "teams/red/two/platform.yaml").unlink()
    put(root, "teams/red/new/platform.yaml", "apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: tiny.example/new:1\n")
    assert told(root) == [
        "golden-paths/environments/prod.yaml: defaults.env.LEVEL quiet → none",
        "changed: golden-paths/components/process/manifests/address.yaml",
        "added: teams/red/new/platform.yaml",
        "removed: teams/red/two/platform.yaml",
    ]


def test_an_edit_that_changes_nothing_in_clusters_is_told(root: Path) -> None:
    put(root, ONE, "# A comment.\n" + (root / ONE).read_text())
    assert told(root) == [f"only comments or layout: {ONE}"]


def test_prices_and_what_risks_what_are_edits_too(root: Path) -> None:
    put(root, "golden-paths/components/process/changes.yaml", "apiVersion: pavior.dev/v1\nchanges: []\n")
    put(root, "golden-paths/components/process/cases/one.yaml", "not: read\n")
    assert [each["file"] for each in edits(root)] == ["golden-paths/components/process/changes.yaml"]


def test_many_fields_are_counted(root: Path) -> None:
    many = "".join(f"  V{number}: a\n" for number in range(30))
    put(root, ONE, (root / ONE).read_text() + f"env:\n{many}")
    commit(root, "base")
    edit(root, ONE, ": a\n", ": b\n")
    lines = diff(root).splitlines()
    start = lines.index("edited:") + 1
    assert lines[start] == f"  {ONE}: env.V0 a → b"
    assert lines[start + 10] == "  and 20 more fields"


def test_only_what_was_asked_about_is_told(root: Path) -> None:
    edit(root, ONE, "port: 80", "port: 81")
    edit(root, "teams/blue/team.yaml", "The blue", "All blue")
    edit(root, "golden-paths/environments/dev.yaml", "trying", "testing")
    everyones = "golden-paths/environments/dev.yaml"
    assert [each["file"] for each in edits(root, "--team", "blue")] == [everyones, "teams/blue/team.yaml"]
    assert [each["file"] for each in edits(root, "red/two")] == [everyones]


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_what_may_be_secret_is_not_shown(root: Path, form: str) -> None:
    edit(root, ONE, "port: 80", "port: 80\nenv: {DB_PASSWORD: hunter2hunter}")
    commit(root, "base")
    edit(root, ONE, "hunter2hunter", "correcthorse")
    output = CliRunner().invoke(pavior, ["-C", str(root), "diff", "--format", form]).stdout
    assert "env.DB_PASSWORD" in output
    assert "hunter2hunter" not in output
    assert "correcthorse" not in output
