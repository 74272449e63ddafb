"""How Git is run: with nothing of the caller's environment that would lead it elsewhere, and without a network."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

_KEPT = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CEILING_DIRECTORIES",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_EXEC_PATH",
    "GIT_OBJECT_DIRECTORY",
    "GIT_QUARANTINE_PATH",
)
"""Variables that say how Git works on this machine. The others, such as the GIT_DIR of a hook, speak of one repository."""

_FIXED = {
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone would fetch what it lacks, by programs that its configuration names
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


_SETTINGS = ("-c", "safe.bareRepository=explicit")
"""A folder with `HEAD`, `objects` and `refs` can be committed, and would be taken for the repository, with its configuration."""


class GitProblem(Exception):
    """Git is missing, or can't answer. `hint` says what to do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class UnknownReference(GitProblem):
    """Somebody named a commit that isn't there."""


def environment() -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    return {**kept, **_FIXED}


def command(root: str, *arguments: str) -> list[str]:
    return ["git", "--no-pager", "--literal-pathspecs", *_SETTINGS, "-C", root, *arguments]


def output(root: str, *arguments: str) -> str:
    """What Git says; names of files as Python says them. Raises GitProblem where it fails."""
    done = _run(root, arguments)
    if done.returncode:
        raise problem(os.fsdecode(done.stderr))
    return os.fsdecode(done.stdout)


def succeeds(root: str, *arguments: str) -> str | None:
    """What Git says, or None where it fails."""
    done = _run(root, arguments)
    return None if done.returncode else os.fsdecode(done.stdout)


def problem(said: str) -> GitProblem:
    """What Git complained about, for a person."""
    if "not a git repository" in said:
        return GitProblem("this is not a Git repository, so there is no base to compare with", "run it in a Git clone")
    if "dubious ownership" in said:
        return GitProblem(
            "Git refuses to read this repository: it belongs to another user",
            "allow it: `git config --global --add safe.directory <folder>`",
        )
    if "cannot use bare repository" in said:
        return GitProblem(
            "a folder of the repository looks like a Git repository of its own, so whose history is the base is unclear",
            "remove `HEAD`, `objects` and `refs` beside the platform repository's folders",
        )
    if "promisor" in said or "not allowed" in said or "missing" in said:
        return GitProblem(
            "this clone lacks objects of the base: it is a partial one",
            "fetch them: `git fetch --refetch --no-filter origin`",
        )
    lines = said.strip().splitlines()
    return GitProblem(f"Git failed: {lines[-1] if lines else 'it said nothing'}")


def missing() -> GitProblem:
    return GitProblem("Git is not installed, so a base can't be read", "install `git`")


def _run(root: str, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            command(root, *arguments), env=environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    except FileNotFoundError as error:
        raise missing() from error
    except UnicodeEncodeError as error:
        raise GitProblem("a name holds half a character, which no name in Git has") from error
