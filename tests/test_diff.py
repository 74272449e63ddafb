"""`pavior diff` and `render --only-affected`, as people and CI call them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commits import commit, git
from fleets import put, tiny
from pavior.cli.app import RISKS, pavior
from pavior.compare import Risk

ONE = "teams/red/one/platform.yaml"


def run(root: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(pavior, ["-C", str(root), *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def edit(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tiny(tmp_path / "platform")
    assert run(place, "render").exit_code == 0
    commit(place, "base")
    return place


def test_without_a_change_there_is_no_difference(root: Path) -> None:
    result = run(root, "diff")
    assert (result.exit_code, result.stdout.splitlines()[0][:24]) == (0, "no change between HEAD (")


def test_a_change_shows_before_anything_is_rendered(root: Path) -> None:
    edit(root, ONE, "one:1", "first:2")
    result = run(root, "diff")
    assert result.exit_code == 0
    assert "→ tiny.example/first:2" in result.stdout
    assert git(root, "status", "--short", "rendered") == ""


def test_every_form_says_it(root: Path) -> None:
    edit(root, ONE, "one:1", "first:2")
    assert "first:2" in run(root, "diff", "--format", "markdown").stdout
    assert "first:2" in run(root, "diff", "--format", "html").stdout
    report = json.loads(run(root, "diff", "--format", "json").stdout)
    assert "first:2" in json.dumps(report)


def test_a_selection_shows_its_own_changes(root: Path) -> None:
    edit(root, ONE, "one:1", "first:2")
    assert "no change" in run(root, "diff", "blue/three").stdout
    assert "no change" in run(root, "diff", "--team", "blue").stdout
    assert "prod" not in run(root, "diff", "red/one", "--env", "dev").stdout
    unknown = run(root, "diff", "red/on")
    assert (unknown.exit_code, "did you mean `red/one`?" in unknown.output) == (2, True)


def test_a_risk_fails_where_that_is_asked_for(root: Path) -> None:
    edit(root, ONE, "one:1", "first:2")
    assert run(root, "diff", "--fail-on", "cosmetic").exit_code == 1
    assert run(root, "diff", "--fail-on", "destroys-data").exit_code == 0


def test_the_risks_of_the_command_line_are_those_of_the_comparison_worst_first() -> None:
    assert [risk.slug for risk in sorted(Risk)] == list(RISKS)


def test_a_service_at_fault_is_named_and_the_others_are_compared(root: Path) -> None:
    edit(root, ONE, "one:1", "first:2")
    edit(root, "teams/blue/three/platform.yaml", "image:", "imaje:")
    result = run(root, "diff")
    assert result.exit_code == 1
    assert "first:2" in result.stdout
    assert "error[PV204" in result.stderr
    assert "not compared: blue/three: it has errors" in result.stderr


def test_who_reads_from_a_service_at_fault_is_named(root: Path) -> None:
    edit(root, ONE, "image:", "imaje:")
    result = run(root, "diff")
    assert result.exit_code == 1
    assert "not compared: red/two: it reads from red/one, which has errors" in result.stderr


def test_golden_paths_at_fault_stop_everything(root: Path) -> None:
    edit(root, "golden-paths/organization.yaml", "name: tiny", "name: [tiny]")
    result = run(root, "diff")
    assert (result.exit_code, "error[PV201" in result.stderr, result.stdout) == (1, True, "")


def test_what_another_compiler_rendered_is_part_of_the_change(root: Path) -> None:
    file = "rendered/dev/red/one/process.yaml"
    edit(
        root,
        file,
        'image: "tiny.example/one:1"' if '"tiny' in (root / file).read_text() else "tiny.example/one:1",
        "older",
    )
    commit(root, "rendered by an older compiler")
    assert "no change" in run(root, "diff").stdout  # the change touches nothing of it
    assert run(root, "render").exit_code == 0
    commit(root, "rendered by a newer one")
    result = run(root, "diff", "--base", "HEAD^")
    assert "older → tiny.example/one:1" in result.stdout, result.output
    assert "red/one in dev" in result.stdout


def test_a_base_whose_files_lag_behind_is_what_it_rendered(root: Path) -> None:
    file = "rendered/dev/red/one/process.yaml"
    edit(root, file, "tiny.example/one:1", "tiny.example/none:0")
    commit(root, "stale")
    edit(root, ONE, "one:1", "first:2")
    result = run(root, "diff", "--env", "dev")
    assert "tiny.example/none:0 → tiny.example/first:2" in result.stdout, result.output


def test_before_the_first_commit_everything_is_added(root: Path) -> None:
    report = json.loads(run(root, "diff", "--base", "0" * 40, "--format", "json").stdout)
    counts = report["manifests"]
    assert counts["added"] > 0
    assert (counts["removed"], counts["changed"]) == (0, 0)


def test_a_base_of_which_the_golden_paths_are_at_fault_is_what_it_rendered(root: Path) -> None:
    good = (root / "golden-paths/organization.yaml").read_text()
    put(root, "golden-paths/organization.yaml", "apiVersion: pavior.dev/v0\n")
    commit(root, "broken")
    put(root, "golden-paths/organization.yaml", good)
    assert "no change" in run(root, "diff").stdout
    shutil.rmtree(root / "teams/red/two")
    shutil.rmtree(root / "rendered/dev/red/two")
    edit(root, ONE, "one:1", "first:2")
    commit(root, "mended")
    result = run(root, "diff", "--base", "HEAD^")
    assert "→ tiny.example/first:2" in result.stdout
    assert "red/two in dev" in result.stdout, result.output


def test_more_processes_say_the_same(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pavior.pipeline import diff  # noqa: PLC0415

    monkeypatch.setattr(diff, "MANY", 1)
    edit(root, "golden-paths/components/process/defaults.yaml", "retries: 3", "retries: 4")
    alone = run(root, "diff", "--format", "json", "--full", "--jobs", "1").stdout
    assert run(root, "diff", "--format", "json", "--full", "--jobs", "3").stdout == alone
    assert run(root, "diff", "--format", "json", "--full", "--jobs", "2", "--all").stdout == alone


def test_only_what_is_affected_is_rendered(root: Path) -> None:
    edit(root, ONE, "one:1", "first:2")
    edit(root, "rendered/dev/blue/three/process.yaml", "tiny.example/three:1", "tiny.example/three:0")
    result = run(root, "render", "--only-affected", "HEAD")
    assert (result.exit_code, " of 1 service " in result.output) == (0, True), result.output
    changed = git(root, "status", "--short", "rendered").split()
    assert "rendered/dev/blue/three/process.yaml" in changed  # as it was: the change doesn't touch it
    assert "three:0" in (root / "rendered/dev/blue/three/process.yaml").read_text()
    assert "first:2" in (root / "rendered/dev/red/one/process.yaml").read_text()


def test_a_service_that_is_gone_is_unrendered_as_affected(root: Path) -> None:
    shutil.rmtree(root / "teams/red/two")
    assert run(root, "render", "--only-affected", "HEAD").exit_code == 0
    assert not (root / "rendered/dev/red/two").exists()
    assert (root / "rendered/dev/red/one").exists()


def test_two_trees_are_compared_by_meaning(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "rendered", tmp_path / "old")
    edit(root, ONE, "one:1", "first:2")
    run(root, "render")
    result = run(root, "diff", str(tmp_path / "old"), str(root / "rendered"))
    assert "→ tiny.example/first:2" in result.stdout
    assert "red/one in dev" in result.stdout
