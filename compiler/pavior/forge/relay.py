"""Post the comment that an unprivileged run has written: the half of the work that holds a token.

Everything in the run's artifact is a stranger's. Of it one file is read, in memory and bounded; which pull request it is for is
found from the event alone; what is no report's Markdown is not posted, and that is said instead.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

from pavior.forge import ForgeError
from pavior.forge.comments import LIMIT, MARKER, UNTOLD
from pavior.forge.github import Repository
from pavior.forge.guard import refusal

ARTIFACT = "pavior"
COMMENT = "comment.md"

MOST_BYTES = 64 * 1024 * 1024
"""Of an artifact, as it is downloaded: it holds the whole page of differences too."""

_MOST_BYTES_OF_COMMENT = 4 * LIMIT
_MOST_FILES = 1_000
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def pull_request(repository: Repository, run: Mapping[str, Any]) -> int | None:
    """The number of the open pull request that a finished run was for; None where there is none, or it has moved on.

    `run` is the event's own account of the run. It names no pull request where that comes from a fork, so it is looked for by
    branch, and taken only if its head is exactly the commit that ran.
    """
    owner, branch = run["head_repository"]["owner"]["login"], run["head_branch"]
    found = repository.pages("/pulls", state="open", head=f"{owner}:{branch}")
    numbers = [
        int(pull["number"])
        for pull in found
        if pull["head"]["sha"] == run["head_sha"]
        and (pull["head"]["repo"] or {}).get("id") == run["head_repository"]["id"]
        and pull["base"]["repo"]["full_name"] == repository.name
    ]
    if len(numbers) > 1:
        raise ForgeError(f"{len(numbers)} pull requests are of this commit, and the run doesn't say for which it was")
    return numbers[0] if numbers else None


def comment(repository: Repository, run: Mapping[str, Any]) -> str | None:
    """What to post for a finished run; None where it was stopped, or is not one that writes a comment.

    Its last lines say which commit and run it comes from, because the text itself is only as trustworthy as that run.
    """
    number, commit = int(run["id"]), str(run["head_sha"])
    if not _COMMIT.fullmatch(commit):
        raise ForgeError("the event names no commit")
    if run["conclusion"] not in ("success", "failure"):
        return None
    told = _artifact(repository, number)
    if told is None and run["conclusion"] == "success":
        return None
    told = told or UNTOLD
    address = f"{run['repository']['html_url']}/actions/runs/{number}"
    reason = refusal(told, address)
    if reason is not None:
        told = f"{MARKER}\n### No report of this change can be shown\n\nWhat its run has written is refused: {reason}."
    end = f"\n\n<sub>Written by the [run of this pull request]({address}) for {commit[:12]}.</sub>\n"
    text = told.rstrip() + end
    return text if len(text) <= LIMIT else told


def _artifact(repository: Repository, run: int) -> str | None:
    listed = repository.pages(f"/actions/runs/{run}/artifacts", "artifacts", name=ARTIFACT)
    artifacts = [each for each in listed if each["name"] == ARTIFACT and not each["expired"]]
    if not artifacts:
        return None
    newest = max(artifacts, key=lambda each: int(each["id"]))
    if int(newest["size_in_bytes"]) > MOST_BYTES:
        raise ForgeError(f"the artifact has {newest['size_in_bytes']:,} bytes, and at most {MOST_BYTES:,} are read")
    path = f"/repos/{repository.name}/actions/artifacts/{int(newest['id'])}/zip"
    return read_comment(repository.api.download(path, MOST_BYTES))


def read_comment(archive: bytes) -> str | None:
    """The comment in an artifact; None where it has none. Nothing is unpacked, and no more is read than a comment may be long."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entries = [entry for entry in opened.infolist() if entry.filename == COMMENT]
            if len(opened.infolist()) > _MOST_FILES:
                raise ForgeError(f"the artifact has more than {_MOST_FILES:,} files")
            if not entries:
                return None
            with opened.open(entries[0]) as file:
                content = file.read(_MOST_BYTES_OF_COMMENT + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise ForgeError(f"the artifact can't be read: {type(error).__name__}") from None
    if len(content) > _MOST_BYTES_OF_COMMENT:
        raise ForgeError(f"the comment has more than {_MOST_BYTES_OF_COMMENT:,} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise ForgeError("the comment is not UTF-8") from None
