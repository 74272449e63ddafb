"""Rendering: what a worker on another machine loads of a run, and makes of a range of its groups of owners."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pavior.pipeline.clock import Clock
from pavior.pipeline.compile import Workbench, lasting_hash
from pavior.pipeline.crew import Differs, Doing, require_count
from pavior.pipeline.groups import owners
from pavior.pipeline.prepare import prepare
from pavior.pipeline.selection import Selection
from pavior.pipeline.work import Worked, light, work


def rendering(root: Path, selection: Selection, noting: bool) -> Doing:
    """Groups rendered, checked and planned against the tree that is there. Writes nothing; see `Workbench` for `noting`."""
    fleet = prepare(root, Clock(), rendering=True, everything=False).value
    if fleet is None:
        raise Differs("golden paths that can't be used")
    groups = list(owners(fleet, selection))
    bench = Workbench(fleet, lasting_hash, noting)

    def rendered(kind: str, start: int, stop: int, count: int) -> Sequence[Worked]:
        require_count(len(groups), count)
        return light(bench, work(bench, groups[start:stop]))

    return rendered
