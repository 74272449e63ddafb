"""What an unprivileged run has written, posted by a privileged one: every word of it is hostile until shown otherwise."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forges import TOKEN, Forge, serving
from pavior.forge import relay
from pavior.forge.__main__ import main
from pavior.forge.comments import LIMIT, MARKER
from pavior.forge.guard import refusal

HEAD = "c" * 40
RUNS = "https://github.example/acme/platform/actions/runs/99"
REPORT = f"""{MARKER}
### Worst: restarts pods

2 changes of 1 service, in `prod`. Between `origin/main` and `HEAD`.

| what it does | groups | changes | services and teams | |
| --- | ---: | ---: | ---: | --- |
| **restarts pods** | 1 | 2 | 1 | pods are replaced |

#### restarts pods

- **`memory` of `Deployment`**: 2 times at `/spec/x`
  - ``a ` b | <script>`` 3 times

  ````diff
  -image: "@everyone [x](https://evil.example) <img src=x> ```"
  +image: y
  ````

<details><summary>by team and environment</summary>

- `shop` in `prod`: +1.00

</details>

[Everything]({RUNS}).
"""


def archive(files: dict[str, bytes | str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as written:
        for name, text in files.items():
            # The same day each time: what names a test must not depend on the second in which it was found.
            written.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def pull(number: int, sha: str = HEAD, owner: str = "fork", repository: int = 5) -> dict[str, Any]:
    return {
        "number": number,
        "head": {"sha": sha, "ref": "change", "user": {"login": owner}, "repo": {"id": repository}},
        "base": {"repo": {"full_name": "acme/platform"}},
    }


@pytest.fixture
def forge() -> Iterator[Forge]:
    with serving(Forge(pulls=[pull(7)], archive=archive({"comment.md": REPORT, "changes.html": "x"}))) as served:
        served.artifacts = [{"id": 3, "name": "pavior", "expired": False, "size_in_bytes": len(served.archive)}]
        yield served


def relayed(forge: Forge, tmp_path: Path, **changed: Any) -> int:
    run = {
        "id": 99,
        "event": "pull_request",
        "conclusion": "success",
        "head_sha": HEAD,
        "head_branch": "change",
        "head_repository": {"id": 5, "owner": {"login": "fork"}},
        "repository": {"html_url": "https://github.example/acme/platform"},
        "pull_requests": [],
        **changed,
    }
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"workflow_run": run}), encoding="utf-8")
    environment = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": forge.address,
        "GITHUB_REPOSITORY": "acme/platform",
        "GITHUB_EVENT_NAME": "workflow_run",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_TOKEN": TOKEN,
    }
    return main(["relay"], environment)


class TestRelay:
    def test_a_report_is_posted_to_the_runs_own_pull_request(self, forge: Forge, tmp_path: Path) -> None:
        forge.pulls = [pull(6, sha="d" * 40), pull(7), pull(8, owner="other"), pull(9, repository=6)]
        assert relayed(forge, tmp_path) == 0
        (comment,) = forge.comments
        assert comment["body"].startswith(REPORT.rstrip())
        assert comment["body"].endswith(
            f"<sub>Written by the [run of this pull request]({RUNS}) for {HEAD[:12]}.</sub>\n"
        )
        assert "POST /repos/acme/platform/issues/7/comments" in forge.requests

    def test_the_number_in_the_artifact_is_nobodys_business(self, forge: Forge, tmp_path: Path) -> None:
        forge.archive = archive({"comment.md": REPORT, "number": "1", "pr.json": '{"number": 1}'})
        assert relayed(forge, tmp_path) == 0
        assert [request for request in forge.requests if request.startswith("POST")] == [
            "POST /repos/acme/platform/issues/7/comments"
        ]

    def test_a_later_run_updates_the_comment(self, forge: Forge, tmp_path: Path) -> None:
        assert [relayed(forge, tmp_path), relayed(forge, tmp_path, id=100)] == [0, 0]
        assert len(forge.comments) == 1
        assert "/runs/100)" in forge.comments[0]["body"]

    def test_the_token_does_not_go_where_files_lie(self, forge: Forge, tmp_path: Path) -> None:
        assert relayed(forge, tmp_path) == 0
        assert [sent for path, sent in forge.tokens if path == "/files/archive.zip"] == [False]
        assert all(sent for path, sent in forge.tokens if path != "/files/archive.zip")

    def test_a_pull_request_that_moved_on_gets_nothing(self, forge: Forge, tmp_path: Path) -> None:
        forge.pulls = [pull(7, sha="d" * 40)]
        assert relayed(forge, tmp_path) == 0
        assert forge.comments == []

    def test_a_run_of_no_pull_request_asks_nothing(self, forge: Forge, tmp_path: Path) -> None:
        assert relayed(forge, tmp_path, event="push") == 0
        assert forge.requests == []

    def test_two_pull_requests_of_one_commit_are_not_guessed_between(self, forge: Forge, tmp_path: Path) -> None:
        forge.pulls = [pull(7), pull(8)]
        assert relayed(forge, tmp_path) == 3
        assert forge.comments == []

    @pytest.mark.parametrize("conclusion", ["cancelled", "skipped", "timed_out", "action_required", "stale"])
    def test_a_run_that_did_not_come_to_its_end_says_nothing(
        self, conclusion: str, forge: Forge, tmp_path: Path
    ) -> None:
        assert relayed(forge, tmp_path, conclusion=conclusion) == 0
        assert forge.comments == []

    @pytest.mark.parametrize("content", [archive({}), archive({"comment.md": ""})])
    def test_a_failed_run_without_a_report_takes_the_old_one_away(
        self, content: bytes, forge: Forge, tmp_path: Path
    ) -> None:
        assert relayed(forge, tmp_path) == 0
        forge.archive = content
        assert relayed(forge, tmp_path, conclusion="failure") == 0
        (comment,) = forge.comments
        assert "could not be found out" in comment["body"]
        assert "restarts pods" not in comment["body"]

    @pytest.mark.parametrize("files", [{}, {"Comment.md": REPORT}, {"../comment.md": REPORT}, {"x/comment.md": REPORT}])
    def test_an_artifact_without_a_comment_is_nothing_to_post(
        self, files: dict[str, bytes | str], forge: Forge, tmp_path: Path
    ) -> None:
        forge.archive = archive(files)
        assert relayed(forge, tmp_path) == 0
        assert forge.comments == []

    def test_no_artifact_is_nothing_to_post(self, forge: Forge, tmp_path: Path) -> None:
        forge.artifacts = [{"id": 3, "name": "other", "expired": False, "size_in_bytes": 1}]
        assert relayed(forge, tmp_path) == 0
        assert forge.comments == []

    def test_a_hostile_text_is_not_posted_and_that_is_said(self, forge: Forge, tmp_path: Path) -> None:
        forge.archive = archive({"comment.md": f"{MARKER}\n@acme/everyone [approve](https://evil.example)\n"})
        assert relayed(forge, tmp_path) == 0
        (comment,) = forge.comments
        assert "is refused: line 2 is more than a report's" in comment["body"]
        assert "evil" not in comment["body"]

    def test_a_commit_that_is_none_is_not_printed(self, forge: Forge, tmp_path: Path) -> None:
        forge.pulls = [pull(7, sha="[x](y)")]
        assert relayed(forge, tmp_path, head_sha="[x](y)") == 3


class TestArchive:
    @pytest.mark.parametrize(
        "content", [b"", b"no archive", archive({"comment.md": "x"})[:-30], b"PK\x05\x06" + b"\xff" * 18]
    )
    def test_what_is_no_archive_is_refused(self, content: bytes, forge: Forge, tmp_path: Path) -> None:
        forge.archive = content
        assert relayed(forge, tmp_path) == 3
        assert forge.comments == []

    def test_a_bomb_is_read_no_further_than_a_comment_is_long(self, forge: Forge, tmp_path: Path) -> None:
        forge.archive = archive({"comment.md": b"x" * 200_000_000})
        assert len(forge.archive) < 1_000_000
        assert relayed(forge, tmp_path) == 3

    def test_a_large_artifact_is_not_fetched(self, forge: Forge, tmp_path: Path) -> None:
        forge.artifacts[0]["size_in_bytes"] = relay.MOST_BYTES + 1
        assert relayed(forge, tmp_path) == 3
        assert not [request for request in forge.requests if request.endswith("/zip")]

    def test_an_artifact_that_is_larger_than_it_says_is_cut_off(
        self, forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(relay, "MOST_BYTES", len(forge.archive) - 1)
        forge.artifacts[0]["size_in_bytes"] = 1
        assert relayed(forge, tmp_path) == 3
        assert forge.comments == []

    def test_text_that_is_not_utf_8_is_refused(self, forge: Forge, tmp_path: Path) -> None:
        forge.archive = archive({"comment.md": f"{MARKER}\n".encode() + b"\xff"})
        assert relayed(forge, tmp_path) == 3


class TestGuard:
    def test_a_report_passes(self) -> None:
        assert refusal(REPORT, RUNS) is None

    @pytest.mark.parametrize(
        "text",
        [
            "@acme/everyone",
            "see [this](https://evil.example)",
            "![x](https://evil.example/x.png)",
            "<img src=x>",
            "<details open>",
            "<summary>@a</summary>",
            "<!-- x -->",
            "https://evil.example",
            "www.evil.example",
            "a@evil.example",
            "closes #1",
            "GH-1",
            "&commat;everyone",
            "\\`@everyone`",
            "`@everyone",
            "`` @everyone `",
            "`a``b` @everyone `",
            "`a\n@everyone`",
            "| `a | @everyone` |\n| --- | --- |",
            "`a | @everyone`\n| --- | --- |",
            "`a | @everyone`\n--- | ---",
            "| a | b |\n| --- | --- |\n`c | @everyone`",
            "[Everything](https://evil.example).",
            f"[Everything]({RUNS}@evil.example).",
            f"[Everything]({RUNS}0).",
            "  ```diff\n  a\n@everyone",
            "  ```diff\n  a\n ```\n  ```\n",
            "  ```diff\n  a",
            "<details>\n  ```diff\n  @everyone\n  ```",
            "  ```diff\n  a ``` b\n  @everyone\n  ```",
            "  ```diff\n      ```\n  @everyone\n  ```",
            "<details>\n`@everyone`",
            "<summary>a</summary>\n  x `@everyone`",
            "a ````b @everyone ```### `c",
            "  ~~~\n  @everyone\n  ~~~",
            "```\n@everyone\n```",
            "a\x1b[31mb",
            "a\u202eb",
            "a\rb",
        ],
    )
    def test_what_is_more_than_a_report_is_refused(self, text: str) -> None:
        assert refusal(f"{MARKER}\n\n{text}\n", RUNS) is not None

    @pytest.mark.parametrize("text", ["", "no marker\n", f" {MARKER}\n", f"{MARKER} x\n", f"{MARKER}\n" + "x" * LIMIT])
    def test_what_is_no_report_or_too_long_is_refused(self, text: str) -> None:
        assert refusal(text, RUNS) is not None

    @pytest.mark.parametrize(
        "hostile", ["@acme/everyone", "[x](https://evil.example)", "<img src=x>", "closes #1", "`"]
    )
    def test_a_line_more_is_refused_wherever_a_report_has_no_code(self, hostile: str) -> None:
        lines = REPORT.split("\n")
        start, end = (index for index, line in enumerate(lines) if line.startswith("  ````"))
        for index in range(1, len(lines)):
            changed = "\n".join([*lines[:index], f"  {hostile}", *lines[index:]])
            assert (refusal(changed, RUNS) is None) == (start < index <= end), index
