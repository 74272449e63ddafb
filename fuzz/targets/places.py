"""Names of files and folders, and what stands there that is no file: links, pipes, folders."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from hypothesis import strategies as st

from fuzz.case import Case, Target, as_bytes
from fuzz.fleet import command, ground, place, repository, writable
from fuzz.guard import unwatched
from fuzz.material import TEXTS
from fuzz.targets.files import COMMANDS

_FOLDERS = [
    "teams", "teams/red", "teams/red/one", "teams/red/one/manifests", "teams/red/one/patches", "golden-paths", "golden-paths/app",
    "golden-paths/components", "golden-paths/components/process", "golden-paths/components/process/manifests",
    "golden-paths/components/process/policies", "golden-paths/environments", "rendered", "rendered/dev",
    "rendered/dev/red/one", ".pavior",
]  # fmt: skip
_NAMES = TEXTS | st.sampled_from(
    ["x.yaml", "platform.yaml", "team.yaml", "component.yaml", "process.yaml", "x", "lock", "README.md"]
)
_LINKS = [
    "/etc/passwd", "/dev/zero", "/dev/stdin", "/", ".", "..", "../..", "../../secret.yaml", "../../../secret.yaml",
    "../../../../secret.yaml",
    "secret.yaml", "x", "loop", "../one", "one", "../../teams/red", "../../../rendered", "platform.yaml",
    "/proc/self/environ", "team.yaml",
    "{ground}/secret.yaml", "{ground}/secrets", "../../.git/config", "a" * 5000,
]  # fmt: skip
_FILES = [
    "",
    "a: b\n",
    "apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: a/b:1\n",
    "\x00",
    "# Rendered by Pavior from teams/red/one; x\n",
]


def _cases() -> st.SearchStrategy[Case]:
    path = st.tuples(st.sampled_from(_FOLDERS), _NAMES, st.sampled_from(["", "", "/platform.yaml", "/x.yaml"])).map(
        lambda parts: f"{parts[0]}/{parts[1]}{parts[2]}"
    )
    files = st.dictionaries(path, st.sampled_from(_FILES), max_size=3)
    instead = st.sampled_from(_FOLDERS) | path
    odd = st.dictionaries(instead, st.sampled_from([*_LINKS, "|", "/dir/"]), max_size=3)
    return st.fixed_dictionaries({"files": files, "odd": odd, "command": st.sampled_from(COMMANDS)})


def _run(case: Case) -> None:
    with repository(case["files"]) as root:
        _put(root, case["odd"])
        if (root / "golden-paths/organization.yaml").is_file():
            command(root, case["command"])


def _put(root: Path, odd: Mapping[str, str]) -> None:
    """Links, pipes and folders where files and folders were."""
    with unwatched():
        for path, what in odd.items():
            place(root, f"{path}/" if what == "/dir/" else path, b"")
            at = os.path.join(os.fsencode(root), *(as_bytes(p)[:255] for p in path.split("/") if p.strip(".\0")))
            with suppress(OSError, ValueError):
                if os.path.isdir(at) and not os.path.islink(at):
                    os.rename(at, at + b"-moved")
                elif os.path.lexists(at):
                    os.unlink(at)
                if what == "|":
                    os.mkfifo(at)
                elif what == "/dir/":
                    os.mkdir(at)
                else:
                    os.symlink(what.replace("{ground}", str(ground())), at)


TARGETS = {"names-and-links": Target(_cases, _run, writable)}
