"""One comment, kept up to date, against services that stand in for GitHub's and GitLab's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from forges import TOKEN, Forge, serving
from pavior.forge.__main__ import main
from pavior.forge.comments import LIMIT, MARKER

ROOT = Path(__file__).parents[1]
REPORT = f"{MARKER}\n### Worst: restarts pods\n"


@pytest.fixture
def forge() -> Iterator[Forge]:
    with serving(Forge()) as served:
        yield served


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "comment.md"
    path.write_text(REPORT, encoding="utf-8")
    return path


def github(forge: Forge, tmp_path: Path) -> dict[str, str]:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}), encoding="utf-8")
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": forge.address,
        "GITHUB_REPOSITORY": "acme/platform",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_TOKEN": TOKEN,
    }


def gitlab(forge: Forge) -> dict[str, str]:
    forge.me, forge.has_an_account = "platform-bot", True
    return {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": f"{forge.address}/api/v4",
        "CI_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "7",
        "PAVIOR_GITLAB_TOKEN": TOKEN,
    }


@pytest.fixture(params=["github", "gitlab"])
def environment(request: pytest.FixtureRequest, forge: Forge, tmp_path: Path) -> dict[str, str]:
    return github(forge, tmp_path) if request.param == "github" else gitlab(forge)


def test_the_first_report_is_a_new_comment(forge: Forge, environment: dict[str, str], file: Path) -> None:
    forge.say("somebody", "Nice.")
    assert main(["comment", str(file)], environment) == 0
    assert [comment["body"] for comment in forge.comments] == ["Nice.", REPORT]


def test_each_push_updates_the_same_comment(forge: Forge, environment: dict[str, str], file: Path) -> None:
    for text in ("one", "two", "three"):
        file.write_text(f"{MARKER}\n{text}\n", encoding="utf-8")
        assert main(["comment", str(file)], environment) == 0
    assert [comment["body"] for comment in forge.comments] == [f"{MARKER}\nthree\n"]


def test_what_says_the_same_is_left_alone(
    forge: Forge, environment: dict[str, str], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forge.say(forge.me, REPORT.replace("\n", "\r\n").rstrip())
    assert main(["comment", str(file)], environment) == 0
    assert capsys.readouterr().out == "the comment is already up to date\n"
    assert {request.split()[0] for request in forge.requests} == {"GET"}


def test_the_comment_is_found_behind_many_others(forge: Forge, environment: dict[str, str], file: Path) -> None:
    for number in range(250):
        forge.say("somebody", f"comment {number}")
    ours = forge.say(forge.me, f"{MARKER}\nold")
    assert main(["comment", str(file)], environment) == 0
    assert ours["body"] == REPORT
    assert len(forge.comments) == 251


def test_a_comment_of_somebody_else_with_our_marker_is_theirs(
    forge: Forge, environment: dict[str, str], file: Path
) -> None:
    theirs = f"{MARKER}\nnothing to see here"
    forge.say("mallory", theirs)
    for _ in range(2):
        assert main(["comment", str(file)], environment) == 0
    assert [(comment["user"]["login"], comment["body"]) for comment in forge.comments] == [
        ("mallory", theirs),
        (forge.me, REPORT),
    ]


@pytest.mark.parametrize("left", ["", None])
def test_a_report_that_was_not_written_takes_the_old_one_away(
    left: str | None, forge: Forge, environment: dict[str, str], file: Path
) -> None:
    ours = forge.say(forge.me, REPORT)
    file.unlink() if left is None else file.write_text(left, encoding="utf-8")
    assert main(["comment", str(file)], environment) == 0
    assert "could not be found out" in ours["body"]


def test_our_other_comments_stay(forge: Forge, environment: dict[str, str], file: Path) -> None:
    forge.say(forge.me, f"About {MARKER}: it is our marker.")
    assert main(["comment", str(file)], environment) == 0
    assert len(forge.comments) == 2


@pytest.mark.parametrize("body", [f"{MARKER}\n{'x' * LIMIT}", "no marker", "\n", f"text\n{MARKER}\n"])
def test_what_is_too_long_or_no_report_is_not_sent(
    forge: Forge, environment: dict[str, str], file: Path, body: str
) -> None:
    file.write_text(body, encoding="utf-8")
    assert main(["comment", str(file)], environment) == 3
    assert forge.requests == []


@pytest.mark.parametrize("status", [401, 403, 404, 422, 500, 502])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refusal_is_told_in_one_line(
    forge: Forge,
    environment: dict[str, str],
    file: Path,
    method: str,
    status: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    forge.refuse = {f"{method} /repos": status, f"{method} /api/v4/projects": status}
    assert main(["comment", str(file)], environment) == 3
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert f"{status} 'said\\nwhy'" in told
    assert TOKEN not in told


def test_nobody_there_is_told_too(environment: dict[str, str], file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = {name: value.replace("127.0.0.1:", "127.0.0.1:1") for name, value in environment.items()}
    gone |= {name: "http://127.0.0.1:1" for name in environment if name.endswith("_URL")}
    assert main(["comment", str(file)], gone) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_a_login_of_an_app_can_be_named(forge: Forge, tmp_path: Path, file: Path) -> None:
    forge.me = "acme-pavior[bot]"
    ours = forge.say(forge.me, f"{MARKER}\nold")
    arguments = ["comment", str(file), "--author", forge.me]
    assert main(arguments, github(forge, tmp_path)) == 0
    assert ours["body"] == REPORT


def test_a_login_that_is_not_ours_is_told_at_the_first_comment(
    forge: Forge, tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forge.me = "acme-pavior[bot]"
    assert main(["comment", str(file)], github(forge, tmp_path)) == 3
    assert "--author" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_EVENT_PATH"])
def test_what_the_environment_lacks_is_told(missing: str, forge: Forge, tmp_path: Path, file: Path) -> None:
    environment = github(forge, tmp_path)
    del environment[missing]
    assert main(["comment", str(file)], environment) == 3
    assert forge.requests == []


def test_it_runs_with_the_standard_library_alone(file: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT / 'compiler')!r});"]
    command[-1] += "import pavior.forge.__main__; print(sorted(n for n in sys.modules if n.startswith('pavior')))"
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert all(name.startswith(("'pavior.forge", "'pavior'")) for name in loaded.strip().strip("[]").split(", "))
