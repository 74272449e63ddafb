"""What pipelines are told: events, artifacts of other runs, and comments that came out of them."""

from __future__ import annotations

import contextlib
import io
import json
import re
import zipfile
from typing import Any

from hypothesis import strategies as st
from markdown_it import MarkdownIt

from fuzz import output
from fuzz.case import Case, Target, as_bytes, as_text
from fuzz.fleet import ground
from fuzz.guard import Violation, unwatched
from fuzz.material import HOSTILE, SCALARS, TEXTS, VALUES, changed
from pavior.forge import ForgeError
from pavior.forge.__main__ import main
from pavior.forge.comments import MARKER
from pavior.forge.guard import refusal
from pavior.forge.relay import read_comment

RUN = "https://github.example/acme/platform/actions/runs/99"

# Comments.

_PIECES = [
    "`", "``", "```", "  ```diff\n", "  ```\n", "~~~", "\\", "\n", "\n\n", "\n  ", "|", " | ", "| --- | --- |", "\n| ", "- ",
    "  - ", "    ", "1. ",
    "### ", "#", "> ", "=", "\n---\n", "<details>", "</details>", "<summary>a</summary>", "<details><summary>x</summary>",
    "<code>&nbsp;</code>",
    "@everyone", "<img src=x>", "[x](https://evil.example)", "https://evil.example", "&commat;", "a", "b ", "*", "**",
    "[Everything](" + RUN + ").",
    "[Everything](" + RUN + "/../../../evil).", "GH-1", "#1", "www.evil.example", "\t", "[x]: evil", "![", "](", "<!--",
    "-->", "$`x`$", "$$", ":tada:",
]  # fmt: skip


def _comment(case: Case) -> None:
    text = f"{MARKER}\n{case}"
    if refusal(text, RUN) is None:
        page = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text.replace(MARKER, ""))
        page = re.sub(r"<(pre|code)\b[^>]*>.*?</\1>", "", page, flags=re.DOTALL).replace(f'<a href="{RUN}', "")
        if re.search(r"@everyone|<img|<a |<script|www\.", page):
            raise Violation("a comment that is more than a report", repr(page)[:400])


# Artifacts.


def _archives() -> st.SearchStrategy[Case]:
    entry = st.tuples(
        st.sampled_from(["comment.md", "../comment.md", "/etc/passwd", "x"]) | TEXTS, TEXTS | st.just("a" * 500_000)
    )
    return st.fixed_dictionaries(
        {
            "entries": st.lists(entry, max_size=3),
            "cuts": st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=8).map(as_text)), max_size=4),
            "raw": st.none() | st.binary(max_size=200).map(as_text),
        }
    )


def _archive(case: Case) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in case["entries"]:
            with contextlib.suppress(ValueError, UnicodeEncodeError):
                made.writestr(zipfile.ZipInfo(name or "x", (2026, 1, 1, 0, 0, 0)), as_bytes(text), zipfile.ZIP_DEFLATED)
    archive = bytearray(content.getvalue())
    for offset, piece in case["cuts"]:
        at = offset % len(archive)
        archive[at : at + len(as_bytes(piece))] = as_bytes(piece)
    with contextlib.suppress(ForgeError):
        read_comment(as_bytes(case["raw"]) if case["raw"] is not None else bytes(archive))


# Events.

_SHA = "c" * 40
_EVENT: dict[str, Any] = {
    "pull_request": {"number": 7, "base": {"sha": _SHA}, "head": {"sha": _SHA}},
    "merge_group": {"base_sha": _SHA},
    "before": _SHA,
    "workflow_run": {
        "id": 99, "event": "push", "head_sha": _SHA, "head_branch": "x", "conclusion": "success",
        "head_repository": {"id": 5, "owner": {"login": "fork"}},
        "repository": {"html_url": "https://github.example/acme/platform"},
    },
}  # fmt: skip


def _events() -> st.SearchStrategy[Case]:
    changes = st.lists(
        st.tuples(st.sampled_from(["put", "drop", "wrap"]), st.integers(0, 40), TEXTS, VALUES), max_size=3
    )
    return st.fixed_dictionaries(
        {
            "event": changes.map(lambda all_of_them: changed(_EVENT, all_of_them)) | VALUES,
            "raw": st.none() | TEXTS,
            "name": st.sampled_from(["pull_request", "merge_group", "push", "workflow_run", "x"]),
            "command": st.sampled_from(["base", "relay", "comment"]),
            "gitlab": st.none() | st.dictionaries(
                st.sampled_from(["CI_MERGE_REQUEST_IID", "CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_COMMIT_BEFORE_SHA",
                "CI_COMMIT_SHA"]),
                st.sampled_from(HOSTILE) | SCALARS.map(str),
            ),
        }
    )  # fmt: skip


def _event(case: Case) -> None:
    folder, file = ground() / "clone", ground() / "event.json"
    with unwatched():
        folder.mkdir(exist_ok=True)
        file.write_bytes(as_bytes(case["raw"]) if case["raw"] is not None else json.dumps(case["event"]).encode())
    environment = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": case["name"],
        "GITHUB_EVENT_PATH": str(file),
        "GITHUB_REPOSITORY": "a/b",
    }
    if case["gitlab"] is not None:
        environment = {"GITLAB_CI": "true", **case["gitlab"]}
    words = {"base": ["base", str(folder)], "relay": ["relay"], "comment": ["comment", str(folder / "none.md")]}[
        case["command"]
    ]
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        status = main(words, environment)
    if status not in (0, 3):
        raise Violation("status", str(status))
    output.check("text", out.getvalue())
    for line in errors.getvalue().splitlines():
        output.check("text", line.removeprefix("::error title=pavior::"))


TARGETS = {
    "comments": Target(lambda: st.lists(st.sampled_from(_PIECES), max_size=16).map("".join), _comment),
    "artifacts": Target(_archives, _archive),
    "events": Target(_events, _event, lambda: (str(ground()),)),
}
