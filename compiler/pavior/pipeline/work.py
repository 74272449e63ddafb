"""Work: a group of owners → what writing them would change. Group by group in this process, or in several."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pavior.diagnostics import Diagnostic
from pavior.model import UnitPlan
from pavior.phases.plan import plan
from pavior.pipeline.assemble import Owner
from pavior.pipeline.compile import Taken, Workbench, compile_group
from pavior.pipeline.retired import unretired

_CHUNK = 8
"""Groups that a worker takes at once: a task costs 0.1 ms on its way there and back."""


class LostWorker(Exception):
    """A worker process ended before its work: killed, mostly for want of memory."""


@dataclass(frozen=True, slots=True)
class Worked:
    """What became of one group. Without `units` where there is an error."""

    diagnostics: tuple[Diagnostic, ...]
    units: tuple[UnitPlan, ...]
    taken: tuple[Taken, ...]
    manifests: int

    @property
    def failed(self) -> bool:
        return any(d.is_error for d in self.diagnostics)


def work(bench: Workbench, group: Sequence[Owner]) -> Worked:
    """Layer → render → check → emit → plan, for owners that are written together or not at all."""
    compiled = compile_group(bench, group)
    found = [d for each in compiled for d in each.diagnostics]
    units: list[UnitPlan] = []
    if not any(each.failed for each in compiled):
        with bench.fleet.clock.phase("plan"):
            for each in compiled:
                outcome = plan(bench.fleet.repository.root, each.owner.folder, each.files)
                found.extend(outcome.diagnostics)
                units.extend(outcome.value or ())
            found.extend(unretired(bench.fleet, units))
    taken = tuple(t for each in compiled for t in each.taken)
    return Worked(tuple(found), tuple(units), taken, sum(each.manifests for each in compiled))


def work_all(bench: Workbench, groups: Sequence[Sequence[Owner]], jobs: int) -> Iterator[Worked]:
    """Each group's outcome, in order. Workers inherit the fleet and send back only what changes. Raises LostWorker."""
    if jobs == 1 or len(groups) < _CHUNK:
        yield from (work(bench, group) for group in groups)
        return
    import multiprocessing  # noqa: PLC0415  (one process needs none of it)
    from concurrent.futures import ProcessPoolExecutor, process  # noqa: PLC0415

    if "fork" not in multiprocessing.get_all_start_methods():
        yield from (work(bench, group) for group in groups)
        return
    bench.warm()
    # multiprocessing.Pool would wait for ever for a worker that somebody killed.
    try:
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), _begin, (bench, groups)) as pool:
            yield from pool.map(_work_at, range(len(groups)), chunksize=_CHUNK)
    except process.BrokenProcessPool:
        raise LostWorker("a worker process was killed; with `--jobs 1` less memory is needed") from None


_inherited: tuple[Workbench, Sequence[Sequence[Owner]]]


def _begin(bench: Workbench, groups: Sequence[Sequence[Owner]]) -> None:
    global _inherited  # noqa: PLW0603  (a worker's arguments are its indexes; the rest it has from its parent)
    _inherited = (bench, groups)
    # How the run ends is the parent's to say: Ctrl-C reaches workers too, and what it does to the parent isn't theirs.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _work_at(index: int) -> Worked:
    bench, groups = _inherited
    done = work(bench, groups[index])
    units = (u if u.changed else UnitPlan(u.path, u.is_directory, u.present, ()) for u in done.units)
    return Worked(done.diagnostics, tuple(units), done.taken, done.manifests)
