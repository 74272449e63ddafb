"""A file of the tiny fleet changed, and a command run on it, end to end."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from fuzz.case import Case, Target
from fuzz.fleet import FORMS, MORE, command, repository, writable
from fuzz.material import documents

COMMANDS = [
    *(["check", "--format", form, "--today", "2026-11-25"] for form in FORMS),
    *(["validate", "--format", form] for form in FORMS),
    ["render", "--today", "2026-11-25"],
    ["list"],
    ["list", "--waivers"],
    ["list", "--json"],
    ["cost", "--arithmetic"],
    ["cost", "--arithmetic", "--format", "markdown"],
    ["cost", "--format", "json"],
    ["explain", "red/one", "--env", "dev"],
    ["explain", "red/one", "--env", "dev", "--json"],
    ["fix", "--diff"],
    ["fix"],
    ["fmt", "--diff", "--all"],
    ["fmt"],
    ["codeowners"],
    ["codeowners", "--check", "CODEOWNERS"],
    ["check", "--shard", "1/2", "--format", "concise"],
    ["explain", "rendered/dev/red/one/process.yaml:5"],
    ["cases"],
    ["schema", "--check"],
]


def _files(chosen: Callable[[str], bool]) -> Target:
    paths = [path for path in MORE if chosen(path)]

    def cases() -> st.SearchStrategy[Case]:
        each = st.sampled_from(paths).flatmap(lambda path: st.tuples(st.just(path), documents(MORE[path])))
        files = st.lists(each, min_size=1, max_size=2).map(dict)
        return st.fixed_dictionaries({"files": files, "command": st.sampled_from(COMMANDS)})

    return Target(cases, _run, writable)


def _run(case: Case) -> None:
    with repository(case["files"]) as root:
        command(root, case["command"])


TARGETS = {
    "team-files": _files(lambda path: path.startswith("teams/")),
    "platform-files": _files(lambda path: path.startswith("golden-paths/") and "/components/" not in path),
    "component-files": _files(lambda path: "/components/" in path),
}
