"""What a pipeline's change is compared with: GitLab's variables, and what neither service should ever send."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pavior.forge.__main__ import main
from test_action import git

ZEROS = "0" * 40


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """main: first, second; change: first, third."""
    folder = tmp_path / "clone"
    git(tmp_path, "init", "--quiet", "--initial-branch", "main", str(folder))
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "first")
    git(folder, "branch", "change")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "second")
    git(folder, "checkout", "--quiet", "change")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "third")
    return folder


def gitlab(clone: Path, capsys: pytest.CaptureFixture[str], **variables: str) -> str:
    assert main(["base", str(clone)], {"GITLAB_CI": "true", **variables}) == 0
    return capsys.readouterr().out.strip()


def test_a_merge_request_is_compared_with_where_it_parted(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, third = git(clone, "rev-parse", "main^"), git(clone, "rev-parse", "HEAD")
    told = {"CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_DIFF_BASE_SHA": first, "CI_COMMIT_SHA": third}
    assert gitlab(clone, capsys, **told) == first


def test_a_merged_result_is_compared_with_its_target(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second, third = git(clone, "rev-parse", "main"), git(clone, "rev-parse", "change")
    git(clone, "checkout", "--quiet", "--detach", "main")
    git(clone, "merge", "--quiet", "--no-ff", "--message", "merge", "change")
    told = {
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": second,
        "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": third,
    }
    assert gitlab(clone, capsys, **told) == f"{second}.."


def test_a_push_is_compared_with_what_was_there(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second = git(clone, "rev-parse", "main")
    assert gitlab(clone, capsys, CI_COMMIT_BEFORE_SHA=second) == f"{second}.."


def test_where_gitlab_says_nothing_the_parent_is_the_base(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = git(clone, "rev-parse", "main^")
    assert gitlab(clone, capsys, CI_COMMIT_BEFORE_SHA=ZEROS) == f"{first}.."
    git(clone, "checkout", "--quiet", "--detach", first)
    assert gitlab(clone, capsys, CI_COMMIT_BEFORE_SHA=ZEROS) == ZEROS


def test_a_given_base_is_taken_as_it_is(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["base", str(clone), "--given=origin/main"], {}) == 0
    assert capsys.readouterr().out == "origin/main\n"


@pytest.mark.parametrize("sent", ["main", "--output=x", "", None, 7, "abc", f"{ZEROS}\nbase=x", ["0"]])
def test_what_is_no_commit_is_refused(sent: object, clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    event = clone / "event.json"
    event.write_text(json.dumps({"before": sent}), encoding="utf-8")
    told = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(event)}
    assert main(["base", str(clone)], told) == 3
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)


def test_a_name_in_an_event_is_no_command_to_the_log(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    event = clone / "event.json"
    event.write_text(json.dumps({"before": "##[add-mask]shop"}), encoding="utf-8")
    told = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(event)}
    assert main(["base", str(clone)], told) == 3
    said = capsys.readouterr().err
    assert "add-mask]shop" in said
    assert "##[" not in said


@pytest.mark.parametrize("event", [{}, {"pull_request": None}, {"pull_request": {"base": {}}}, []])
def test_an_event_of_another_form_is_told(event: object, clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = clone / "event.json"
    file.write_text(json.dumps(event), encoding="utf-8")
    told = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(file)}
    assert main(["base", str(clone)], told) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_outside_of_a_pipeline_the_base_has_to_be_named(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["base", str(clone)], {}) == 3
    assert "--base origin/main" in capsys.readouterr().err


def test_outside_of_a_clone_that_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["base", str(tmp_path)], {"GITLAB_CI": "true"}) == 3
    assert "in no clone" in capsys.readouterr().err


def test_a_repository_that_was_committed_is_not_asked(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(clone, "clone", "--quiet", "--bare", ".", "inner")
    assert main(["base", str(clone / "inner")], {"GITLAB_CI": "true"}) == 3
    assert "in no clone" in capsys.readouterr().err
