"""Git: references, commits with odd trees, clones that lack objects, and configuration that would run programs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from hypothesis import strategies as st

from fuzz.case import Case, Target, as_bytes
from fuzz.fleet import MORE, command, ground, repository, writable
from fuzz.guard import Violation, unwatched
from fuzz.material import TEXTS, documents

_REFERENCES = [
    "HEAD", "HEAD~1", "HEAD~1..", "HEAD...odd", "odd", "odd..", "main", "origin/main", "HEAD^{tree}", "HEAD:teams", "@{-1}",
    "@{u}", "@", ":/a",
    "HEAD@{1}", "^HEAD", "--all", "--output=/tmp/x", "-c", "HEAD --not", "refs/heads/main", "0" * 40, "0" * 64, "a" * 40,
    "..", "...", "a..b",
    "HEAD^{/(a+)+$}", ":/(a+)+$", "stash", "FETCH_HEAD", "odd^{blob}", "teams", "HEAD^0^0^0", "HEAD" + "^" * 3000,
    "HEAD~999999999999",
]  # fmt: skip
HUGE = "huge"
"""Stands for more than any file may hold."""

_MODES = ["100644", "100755", "120000", "160000"]
_PATHS = [
    "teams/red/one/platform.yaml", "teams/red/team.yaml", "golden-paths/organization.yaml",
    "golden-paths/app/golden-path.yaml", "teams/red",
    "teams/blue/four/platform.yaml", "rendered/dev/red/one/process.yaml", "rendered/dev/blue/three/data/store.yaml",
    "schemas/x.json",
    "teams/red/one/manifests/a\nb.yaml", "teams/red/one/manifests/::error::x.yaml", "teams/blue", "rendered", "golden-paths",
    "HEAD", "teams/red/one/platform.yaml/x", "teams/RED/one/platform.yaml", "teams/.git/config",
]  # fmt: skip
_LINKS = [
    "/etc/passwd",
    "../../../secret.yaml",
    "teams",
    "platform.yaml",
    "../one/platform.yaml",
    "x\x00y",
    "a" * 5000,
    "",
    "../../../.git/config",
    HUGE,
]
_COMMANDS = [
    ["check", "--format", "concise"],
    ["diff"],
    ["diff", "--format", "markdown"],
    ["diff", "--format", "json", "--full"],
    ["diff", "--format", "html"],
    ["diff", "--all", "--jobs", "1"],
]
_DAMAGE = ["", "", "", "missing", "shallow", "config", "packed", "head"]


def _cases() -> st.SearchStrategy[Case]:
    content = st.sampled_from(_LINKS) | TEXTS | st.sampled_from(list(MORE)).flatmap(lambda path: documents(MORE[path]))
    path = st.sampled_from(_PATHS) | st.tuples(
        st.sampled_from(["teams/red/", "rendered/dev/red/one/", "golden-paths/", ""]), TEXTS
    ).map("".join)
    entries = st.lists(st.tuples(path, st.sampled_from(_MODES), content), max_size=4)
    return st.fixed_dictionaries(
        {
            "entries": entries,
            "reference": st.sampled_from(_REFERENCES) | TEXTS,
            "damage": st.sampled_from(_DAMAGE),
            "command": st.sampled_from(_COMMANDS),
            "number": st.integers(0, 200),
        }
    )


def _run(case: Case) -> None:
    with repository({}) as root:
        with unwatched():
            _restore(root)
            _commit(root, case["entries"])
            _damage(root, case["damage"], case["number"])
        if "\0" not in case["reference"]:
            words = case["command"] + (
                ["--jobs", "1"] if case["command"][0] == "diff" and "--jobs" not in case["command"] else []
            )
            command(root, [*words, f"--base={case['reference']}"])
        if (ground() / "ran").exists():
            (ground() / "ran").unlink()
            raise Violation("a program that the repository names has run", repr(case))


def _git(root: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {
        "PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "HOME": str(ground()),
        "GIT_AUTHOR_DATE": "1780000000 +0000", "GIT_COMMITTER_DATE": "1780000000 +0000",
    }  # fmt: skip
    settings = [
        "-c",
        "user.name=Ana",
        "-c",
        "user.email=ana@tiny.example",
        "-c",
        "core.protectNTFS=false",
        "-c",
        "gc.auto=0",
    ]
    return subprocess.run(
        ["git", *settings, "-C", str(root), *arguments], env=environment, input=given, capture_output=True, check=False
    )


def _restore(root: Path) -> None:
    """A clone with two commits of the tiny fleet, made once and copied."""
    made = ground() / "history"
    if not made.exists():
        _git(root, "init", "-q", "-b", "main")
        _git(root, "add", "-A")
        _git(root, "commit", "-q", "-m", "a")
        _git(root, "commit", "-q", "--allow-empty", "-m", "b")
        shutil.copytree(root / ".git", made)
        shutil.rmtree(root / ".git")
    shutil.copytree(made, root / ".git")


def _commit(root: Path, entries: list[tuple[str, str, str]]) -> None:
    """A branch `odd` below HEAD's own commit, whose tree has these entries; what `git fast-import` refuses isn't there."""
    head = b"commit refs/heads/odd\ncommitter A <a@b> 1780000000 +0000\ndata 1\nx\nfrom refs/heads/main^0\n"
    changes = b""
    for path, mode, text in entries:
        content = b"a: b\n" * 2**20 if text == HUGE else as_bytes(text)
        name = b'"' + b"".join(b"\\%03o" % byte for byte in as_bytes(path)) + b'"'
        if mode == "160000":
            changes += b"M 160000 %s %s\n" % (b"1" * 40, name)
        else:
            changes += b"M %s inline %s\ndata %d\n%s\n" % (mode.encode(), name, len(content), content)
    _git(root, "fast-import", "--quiet", "--force", given=head + changes + b"\n")


def _damage(root: Path, how: str, number: int) -> None:
    folder = root / ".git"
    if how == "missing":
        objects = sorted(file for file in folder.glob("objects/??/*"))
        for file in objects[number % 7 :: 7]:
            file.unlink()
    elif how == "shallow":
        head = _git(root, "rev-parse", "main").stdout
        (folder / "shallow").write_bytes(head)
    elif how == "packed":
        (folder / "packed-refs").write_bytes(b"\x00\xff not refs\n" * number)
    elif how == "head":
        (folder / "HEAD").write_text(
            ["ref: refs/heads/none\n", "x\n", "ref: ../../../secret.yaml\n", "", "0" * 40][number % 5]
        )
    elif how == "config":
        mark = ground() / "ran"
        with (folder / "config").open("a") as config:
            config.write(
                f'[core]\n\tfsmonitor = "touch {mark}"\n\tsshCommand = "touch {mark}"\n'
                f'\thooksPath = .\n\tpager = "touch {mark}"\n[diff]\n\texternal = "touch {mark}"\n'
                f'[remote "origin"]\n\turl = "ext::touch {mark}"\n\tpromisor = true\n'
                '[extensions]\n\tpartialClone = origin\n[alias]\n\trev-parse = "!touch x"\n'
                "[include]\n\tpath = ../../secret.yaml\n"
            )


TARGETS = {"git": Target(_cases, _run, writable)}
