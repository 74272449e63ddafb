"""Kills a command at some moment and looks at what it left: every unit wholly old or wholly new, nothing else.

The command is a parameter, so the same harness serves a bare commit and a whole `pavior render`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pavior.model import RENDERED

Tree = Mapping[str, bytes]
"""The files of a rendered tree: path relative to it → bytes."""


def read_tree(root: Path) -> dict[str, bytes]:
    rendered = root / RENDERED
    return {str(p.relative_to(rendered)): p.read_bytes() for p in sorted(rendered.rglob("*")) if not p.is_dir()}


def write_tree(root: Path, tree: Tree) -> None:
    for path, content in tree.items():
        place = root / RENDERED / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def unit_of(path: str) -> str:
    """The unit that holds `path`: the directory of a service, a team or the platform, else (`argocd/…`) the file itself."""
    target, owner, *rest = path.split("/")
    if owner == "argocd" or not rest:
        return path
    return f"{target}/{owner}" if len(rest) == 1 else f"{target}/{owner}/{rest[0]}"


def units(tree: Tree) -> dict[str, dict[str, bytes]]:
    found: dict[str, dict[str, bytes]] = {}
    for path, content in tree.items():
        found.setdefault(unit_of(path), {})[path] = content
    return found


def torn_units(now: Tree, old: Tree, new: Tree, absent: bool = False) -> list[str]:
    """The units that are neither as in `old` nor as in `new`. `absent`: nor, for an instant, may they be missing."""
    then, after, present = units(old), units(new), units(now)
    torn = []
    for unit in sorted({*then, *after, *present}):
        is_new_or_old = present.get(unit) in (then.get(unit), after.get(unit))
        if not is_new_or_old and not (absent and unit not in present):
            torn.append(unit)
    return torn


@dataclass(frozen=True, slots=True)
class Kill:
    """What was seen after a kill: was the command already over, and how far was the tree?"""

    ended: bool
    torn: list[str]
    is_old: bool
    is_new: bool


def kill_after(
    command: Sequence[str],
    root: Path,
    delay: float,
    old: Tree,
    new: Tree,
    since: Path | None = None,
    **environment: str,
) -> Kill:
    """Start `command` in `root`, kill it and its children after `delay` seconds, and look at the tree.

    The seconds count from the start, or from the moment when `since` is there.
    """
    process = subprocess.Popen(
        command,
        cwd=root,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while since is not None and not os.path.lexists(since) and process.poll() is None:
        time.sleep(0.0002)
    time.sleep(delay)
    ended = process.poll() is not None
    if not ended:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    now = read_tree(root)
    return Kill(ended, torn_units(now, old, new), now == old, now == new)
