"""Diff: what a change does to what is rendered, from the files that it touches to the manifests that differ in meaning.

The head is rendered from the working tree. The base is what its commit's `rendered/` holds, which is what runs; where that is
what the base's sources render, they are rendered, because that costs less than to read YAML. Only what can differ is rendered
at all: a file that nothing was changed for, and that isn't rendered otherwise in HEAD, is no part of the change.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pavior.compare.difference import Cost, DiffReport
from pavior.compare.grouping import Grouping
from pavior.compare.knowledge import Knowledge
from pavior.compare.manifests import compare
from pavior.diagnostics import Diagnostic, Outcome
from pavior.git import Commit, changed_paths, resolve
from pavior.git.blobs import Blobs
from pavior.model import CATALOGUE, RENDERED
from pavior.phases.write import recover
from pavior.pipeline.affected import Subject, affected
from pavior.pipeline.budget_change import with_budgets
from pavior.pipeline.clock import Clock
from pavior.pipeline.committed import Committed
from pavior.pipeline.cost_change import Reckoning, Sums
from pavior.pipeline.edited import edited
from pavior.pipeline.fork import forked
from pavior.pipeline.knowledge import knowledge_of
from pavior.pipeline.memory import rare_collections
from pavior.pipeline.moved import Moved
from pavior.pipeline.pairs import Pair, Pairing, Withheld
from pavior.pipeline.restore import Moved as FilesMoved
from pavior.pipeline.selection import Selection, require_known
from pavior.pipeline.side import base_of, head_of

if TYPE_CHECKING:
    from pavior.pipeline.crew import Crew, Doing

MANY = 48
"""Subjects from which on it pays to list all that the base rendered at once, and to fork."""


@dataclass(slots=True)
class Difference:
    """What was found. `report` is None where the golden paths are at fault; `withheld` are not compared, and why."""

    report: DiffReport | None
    diagnostics: tuple[Diagnostic, ...] = ()
    withheld: Mapping[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        return self.report is None or bool(self.withheld) or any(d.is_error for d in self.diagnostics)


@rare_collections()
def diff(
    root: Path,
    reference: str,
    selection: Selection,
    *,
    jobs: int | None = None,
    everything: bool = False,
    details: bool = False,
    clock: Clock | None = None,
    crew: Crew | None = None,
) -> Difference:
    """What the working tree changes against a base, a Git reference. Raises GitProblem, UnknownName, LostWorker.

    A `crew` compares on other machines what `jobs` processes would here. Raises CrewFault, and FilesMoved, then.
    `everything`: render all of both sides, also what can't differ; the answer is the same. `details`: keep every change.
    """
    recover(root)
    if crew is not None:
        crew.begin(root, comparing, reference, selection, everything, details)
    commit, blobs, found = _paired(root, reference, everything, clock or Clock())
    if found.value is None:
        return Difference(None, found.diagnostics)
    head = found.value.head.fleet
    require_known(head.repository, head.platform.target_names, selection)
    with head.clock.phase("compare"):
        work = _begun(found.value, selection, details, from_nothing=not commit.id)
        subjects, others = work.subjects(), work.others()
        told = (*head.diagnostics, *work.rules_told)
        workers = jobs or _processors()
        parts = list(
            forked(work.compare, _shares(subjects, workers), workers)
            if crew is None
            else _sent(crew, "compare", len(subjects))
        )
        if others:
            sums = (
                forked(work.reckon, _shares(others, workers), workers)
                if crew is None
                else _sent(crew, "reckon", len(others))
            )
            parts += [_Part(work.grouping(), costs=each) for each in sums]
        if crew is not None and not crew.unchanged():
            raise FilesMoved
        cost = _cost(parts, work) if work.reckoning is not None else None
        edits = edited(work.pairing.base, work.pairing.head, selection)
    blobs.close()
    report, withheld = _joined(parts, reference, commit, told, work)
    told_all = replace(report, cost=cost, cost_unknown=work.cost_unknown, edits=edits)
    return Difference(told_all, report.diagnostics, withheld)


def comparing(root: Path, reference: str, selection: Selection, everything: bool, details: bool) -> Doing:
    """What a worker on another machine loads of a difference, and makes of a range of its subjects: see `_Work`."""
    from pavior.pipeline.crew import Differs, require_count  # noqa: PLC0415  (most runs have no crew)

    commit, _, found = _paired(root, reference, everything, Clock())
    if found.value is None:
        raise Differs("golden paths that can't be used")
    work = _begun(found.value, selection, details, from_nothing=not commit.id)
    of_kind: Mapping[str, tuple[Sequence[Subject], Callable[[Sequence[Subject]], Any]]] = {
        "compare": (work.subjects(), work.compare),
        "reckon": (work.others(), work.reckon),
    }

    def compared(kind: str, start: int, stop: int, count: int) -> Sequence[Any]:
        subjects, compare_them = of_kind[kind]
        require_count(len(subjects), count)
        return [compare_them(subjects[start:stop])]

    return compared


def _sent(crew: Crew, kind: str, count: int) -> Iterator[Any]:
    """What workers on other machines make of the subjects of a kind, in parts."""
    return crew.map(kind, count, crew.share(count, MANY, count or 1))


def _begun(pairing: Pairing, selection: Selection, details: bool, *, from_nothing: bool) -> _Work:
    """What comparing needs, beside the two sides."""
    head = pairing.head.fleet
    rules = knowledge_of(head.repository, head.platform.schemas)
    assert rules.value is not None, "the rules that are sound hold"
    if len(pairing.affected.subjects) >= MANY:
        pairing.committed.list_all()
    reckoned = Reckoning.of(pairing.base, pairing.head, selection, from_nothing=from_nothing)
    unknown = reckoned if isinstance(reckoned, str) else ""
    reckoning = None if isinstance(reckoned, str) else reckoned
    return _Work(pairing, selection, rules.value, details, reckoning, unknown, rules.diagnostics)


@rare_collections()
def touched(root: Path, reference: str, jobs: int = 1) -> Outcome[frozenset[str]]:
    """The folders of which something can be rendered otherwise than in the base. Raises GitProblem, LostWorker."""
    recover(root)
    _, blobs, found = _paired(root, reference, False, Clock())
    if found.value is None:
        return Outcome(None, found.diagnostics)
    work = _Work(found.value, Selection(), Knowledge(()))
    parts = forked(work.touched, _shares(list(found.value.affected.subjects), jobs), jobs)
    sources = frozenset(source for part in parts for source in part)
    blobs.close()
    return Outcome(sources)


def _paired(root: Path, reference: str, everything: bool, clock: Clock) -> tuple[Commit, Blobs, Outcome[Pairing]]:
    """The two sides, and what can differ between them."""
    commit = resolve(root, reference)
    blobs = Blobs(commit.root)
    contents: dict[str, bytes] = {}
    found = head_of(root, clock, commit.digest, contents)
    head = found.value
    if head is None:
        return commit, blobs, Outcome(None, found.diagnostics)
    base = base_of(commit, blobs, head, contents)
    committed = Committed(commit, blobs)
    with clock.phase("affected"):
        differing = affected(base, head, committed, changed_paths(commit, RENDERED), everything=everything)
        moved = Moved.between(base.fleet.platform, head.fleet.platform) if base is not None else None
    pairing = Pairing(base, head, committed, differing, moved, everything)
    return commit, blobs, Outcome(pairing, found.diagnostics)


@dataclass(slots=True)
class _Part:
    """What comparing some subjects gave."""

    grouping: Grouping
    withheld: dict[str, str] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    costs: Sums = field(default_factory=dict)


@dataclass(slots=True)
class _Work:
    """What workers inherit: both sides, and how to compare."""

    pairing: Pairing
    selection: Selection
    knowledge: Knowledge
    details: bool = False
    reckoning: Reckoning | None = None
    cost_unknown: str = ""
    rules_told: tuple[Diagnostic, ...] = ()

    def subjects(self) -> list[Subject]:
        """Those that are asked about of which something can differ."""
        return [s for s in self.pairing.affected.subjects if self.selection.source(s.source)]

    def others(self) -> list[Subject]:
        """Those of which only the cost can, since prices do."""
        if self.reckoning is None or not self.reckoning.priced_anew():
            return []
        known = set(self.subjects())
        return [s for s in self.reckoning.everybody() if s not in known and self.selection.source(s.source)]

    def grouping(self) -> Grouping:
        """An empty one."""
        organization = self.pairing.head.fleet.platform.organization.value
        constants = [text for key in ("domain", "name") if isinstance(text := organization.get(key), str)]
        return Grouping(constants, details=self.details)

    def compare(self, subjects: Sequence[Subject]) -> _Part:
        """Compare these subjects, in all targets that are asked about."""
        fleet = self.pairing.head.fleet
        told = len(fleet.diagnostics)
        part = _Part(self.grouping())
        for subject in subjects:
            try:
                for pair in self.pairing.of(subject):
                    if self._asked(pair):
                        part.grouping.add(pair.where, compare(pair.before, pair.after, self.knowledge))
                if self.reckoning is not None:
                    part.costs.update(self.reckoning.sums(subject) or {})
            except Withheld as withheld:
                part.withheld[subject.name] = withheld.reason
                part.diagnostics += withheld.diagnostics
            self.pairing.forget()
        part.diagnostics += fleet.diagnostics[told:]
        return part

    def reckon(self, subjects: Sequence[Subject]) -> Sums:
        """What these subjects cost before and after, of which nothing else can differ."""
        assert self.reckoning is not None, "there are prices"
        costs: Sums = {}
        for subject in subjects:
            costs.update(self.reckoning.sums(subject) or {})
            self.pairing.forget()
        return costs

    def touched(self, subjects: Sequence[Subject]) -> list[str]:
        """The folders of those of these subjects of which something can be rendered otherwise; faults are render's to tell."""
        found = []
        for subject in subjects:
            try:
                differs = self.pairing.touches(subject)
            except Withheld:
                differs = True
            if differs:
                found.append(subject.source)
            self.pairing.forget()
        return found

    def _asked(self, pair: Pair) -> bool:
        catalogue = pair.where.target == CATALOGUE
        return not self.selection.environments if catalogue else self.selection.target(pair.where.target)


def _joined(
    parts: Sequence[_Part],
    reference: str,
    commit: Commit,
    found: Sequence[Diagnostic],
    work: _Work,
) -> tuple[DiffReport, dict[str, str]]:
    """The report but for costs, and what is withheld and why."""
    grouping = work.grouping()
    withheld: dict[str, str] = {}
    diagnostics = {_key(d): d for d in found}
    for part in parts:
        grouping.merge(part.grouping)
        withheld.update(part.withheld)
        diagnostics.update((_key(d), d) for d in part.diagnostics)
    kept = tuple(diagnostics.values())
    report = replace(grouping.report(_called(reference, commit), "working tree"), diagnostics=kept)
    return report, withheld


def _called(reference: str, commit: Commit) -> str:
    """The base in words. An id is told once."""
    if not commit.id:
        return "nothing"
    short = commit.id[:12]
    return short if reference.rstrip(".") == commit.id else f"{reference} ({short})"


def _cost(parts: Sequence[_Part], work: _Work) -> Cost:
    """What all parts cost together. Budgets are for all environments, so a part says nothing of them."""
    reckoning = work.reckoning
    assert reckoning is not None, "there are prices"
    sums = {place: amounts for part in parts for place, amounts in part.costs.items()}
    cost = reckoning.cost(sums)
    return with_budgets(cost, reckoning, sums, work.pairing.affected) if work.selection.everything else cost


def _key(diagnostic: Diagnostic) -> tuple[object, ...]:
    return diagnostic.code.number, diagnostic.span, diagnostic.message


def _shares(subjects: Sequence[Subject], jobs: int) -> Iterator[Sequence[Subject]]:
    """The subjects in a few parts for each worker: what one brings in for a part serves the next."""
    size = max(MANY, -(-len(subjects) // (jobs * 4)))
    return (subjects[start : start + size] for start in range(0, len(subjects), size))


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
