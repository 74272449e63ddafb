"""What a pipeline's change is compared with, from the event that started it.

GitHub's events: docs.github.com, "Webhook events and payloads".
GitLab's variables: docs.gitlab.com/ci/variables/predefined_variables.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pavior.forge import ForgeError

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
NOTHING = "0" * 40
"""The state before a first commit, as both services and `--base` write it."""


@dataclass(frozen=True, slots=True)
class Base:
    """`reference` is for `--base`; `remark` is what somebody should know of how it was found."""

    reference: str
    remark: str = ""


def base(environment: Mapping[str, str], folder: Path) -> Base:
    """The base of the pipeline with this environment, for the clone that `folder` is in.

    Raises ForgeError where the clone lacks what is needed, and where the event's own words are no commits.
    """
    clone = _Clone(folder)
    if environment.get("GITHUB_ACTIONS") == "true":
        return _github(environment, clone)
    if environment.get("GITLAB_CI") == "true":
        return _gitlab(environment, clone)
    raise ForgeError("this is no pipeline of GitHub or GitLab: name the base, as in `pavior diff --base origin/main`")


def event(environment: Mapping[str, str]) -> Any:
    """What GitHub tells of the event that started this workflow."""
    try:
        return json.loads(Path(environment["GITHUB_EVENT_PATH"]).read_bytes())
    except (KeyError, OSError, ValueError, RecursionError) as error:
        raise ForgeError(f"GITHUB_EVENT_PATH holds no event: {error}") from None


def _github(environment: Mapping[str, str], clone: _Clone) -> Base:
    told = event(environment)
    match environment.get("GITHUB_EVENT_NAME"):
        case "pull_request":
            pull = told["pull_request"]
            return _request(_commit(pull["base"]["sha"]), _commit(pull["head"]["sha"]), clone)
        case "merge_group":
            return Base(f"{clone.require(_commit(told['merge_group']['base_sha']))}..")
        case "push":
            return _pushed(_commit(told["before"]), clone)
    return clone.parent()


def _gitlab(environment: Mapping[str, str], clone: _Clone) -> Base:
    if environment.get("CI_MERGE_REQUEST_IID"):
        target = environment.get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA") or environment.get(
            "CI_MERGE_REQUEST_DIFF_BASE_SHA", ""
        )
        head = environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or environment.get("CI_COMMIT_SHA", "")
        return _request(_commit(target), _commit(head), clone)
    before = environment.get("CI_COMMIT_BEFORE_SHA", NOTHING)
    return clone.parent() if before == NOTHING else _pushed(_commit(before), clone)


def _request(target: str, head: str, clone: _Clone) -> Base:
    """Of a pull or merge request. Checked out is what merging would give, or the request's own branch.

    The first parent of the former is the target as it was merged with, which can be newer than what the event tells.
    """
    parents = clone.parents()
    if len(parents) == 2 and parents[1] == head:
        return Base(f"{clone.require(parents[0])}..")
    return Base(clone.require(target))


def _pushed(before: str, clone: _Clone) -> Base:
    """What ran before a push, whatever the push did to the history."""
    if set(before) == {"0"}:
        return Base(NOTHING)
    if clone.has(before):
        return Base(f"{before}..")
    if clone.is_shallow():
        raise clone.shallow(before)
    parent = clone.parent()
    return Base(
        parent.reference, f"the branch was rewritten and {before[:12]} is gone, so this compares with HEAD's parent"
    )


def _commit(text: object) -> str:
    if isinstance(text, str) and _COMMIT.fullmatch(text):
        return text
    raise ForgeError(f"the event names {text!r}, which is no commit")


@dataclass(frozen=True, slots=True)
class _Clone:
    folder: Path

    def git(self, *arguments: str) -> str | None:
        """What a command prints; None where it fails."""
        settings = ("-c", "core.fsmonitor=false", "-c", "safe.bareRepository=explicit")
        command = ["git", *settings, "-C", str(self.folder), *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        except OSError as error:
            raise ForgeError(f"git does not run: {error}") from None
        return done.stdout.strip() if done.returncode == 0 else None

    def has(self, commit: str) -> bool:
        return self.git("cat-file", "-e", f"{commit}^{{commit}}") is not None

    def parents(self) -> list[str]:
        """Of HEAD, as its commit says, whether the clone has them or not."""
        head = self.git("cat-file", "commit", "HEAD")
        if head is None:
            raise ForgeError(f"{self.folder} is in no clone with a commit checked out")
        lines = head.partition("\n\n")[0].split("\n")
        return [line.removeprefix("parent ") for line in lines if line.startswith("parent ")]

    def parent(self) -> Base:
        """What HEAD was made of; nothing, for a first commit."""
        parents = self.parents()
        return Base(f"{self.require(parents[0])}.." if parents else NOTHING)

    def is_shallow(self) -> bool:
        return self.git("rev-parse", "--is-shallow-repository") == "true"

    def require(self, commit: str) -> str:
        if self.has(commit):
            return commit
        if self.is_shallow():
            raise self.shallow(commit)
        raise ForgeError(f"the clone has no commit {commit}")

    def shallow(self, commit: str) -> ForgeError:
        return ForgeError(
            f"the clone is shallow and lacks {commit}: check out with `fetch-depth: 0` (GitLab: `GIT_DEPTH: 0`)"
        )
