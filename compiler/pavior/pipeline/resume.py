"""Resume: a check over everything of which only what changed since the last one is looked at anew; what it tells is the same.

What a service's artifacts and findings follow from are its own files, its layers and what it reads of others. So those whose
files changed are looked at, those that read something else of them, and those whose rendered files are not as they were
left; and no name that is new in them may be another's. Where more than that changed, everything is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from pathlib import Path

from pavior.diagnostics import Diagnostic
from pavior.git import Commit
from pavior.model import ServiceId
from pavior.phases.link import parse
from pavior.pipeline.budgets import findings_by_team, may_set_one
from pavior.pipeline.data_of_base import DataOfBase, digests
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.looking import by_team, look, new_losses
from pavior.pipeline.outputs import Comparison, Folder
from pavior.pipeline.parts import Apart, Part, any_has, has_unit, new_names, part_of, said_by
from pavior.pipeline.planning import Report, planned
from pavior.pipeline.prepare import declare_service
from pavior.pipeline.remember import endings_of, tell, told_by
from pavior.pipeline.restore import Listing, files_since, readers_of, restored_from
from pavior.pipeline.selection import Selection
from pavior.pipeline.teams import over_quota
from pavior.pipeline.together import Step
from pavior.pipeline.unchanged import Kept, Run
from pavior.repository import TEAMS
from pavior.repository.states import Changes, Inputs, changes, compared

_MOST_FILES = 5_000
"""Rendered files that differ: with more, everything is looked at."""

_MOST = 200
"""Services that are looked at anew: with more, all are."""

_FEW, _FEW_FOLDERS = 8, 64
"""Services, and folders below rendered/, that the next check may look at once more; with more, what this one found is kept."""

_NONE = Part(0, b"", (), b"", {})


def resumed(run: Run, root: Path, report: Report, base: Commit | None, today: date | None) -> bool:
    """Tell in `report` what a check over everything finds; False, and nothing told, where everything has to be looked at."""
    kept = run.kept()
    prepared = files_since(root, report.clock)
    now = _since(run, kept.inputs, prepared[1] if prepared is not None else None) if kept is not None else None
    if kept is None or now is None or now.folders:
        return False
    comparison = run.compared(kept, _MOST_FILES)
    if not comparison.looked():
        return False
    data = _other_data(kept, base)
    if not (now.files or comparison.differing or data) and kept.told.day in (None, today):
        tell(report, kept.told)
        if now.fresh or comparison.fresh:
            run.keep_again(kept._replace(folders=_folders(kept, comparison), inputs=now.inputs))
        return True
    fleet = restored_from(*prepared, report.clock) if prepared is not None and _may_resume(kept, now) else None
    if fleet is None or kept.apart is None or not fleet.repository.services.keys() >= set(map(_service, now.files)):
        return False
    fleet.quotas = True
    return _Again(run, fleet, kept, kept.apart, now, comparison).told(report, base, data, today)


def _may_resume(kept: Kept, now: Changes) -> bool:
    return kept.apart is not None and all(path.startswith(f"{TEAMS}/") and path.count("/") > 2 for path in now.files)


def _since(run: Run, known: Inputs, since: Changes | None) -> Changes | None:
    """What changed since these inputs were looked at; what `since` looked at is not looked at again."""
    if since is None:
        return changes(run.files.tree, known)
    there = since.inputs
    rest = Inputs(
        {path: seen for path, seen in known.files.items() if path not in there.files},
        {path: seen for path, seen in known.folders.items() if path not in there.folders},
        {path: kind for path, kind in known.kinds.items() if there.kinds.get(path) != kind},
    )
    looked = changes(run.files.tree, rest)
    if looked is None:
        return None
    files = {path: looked.inputs.files.get(path) or there.files[path] for path in known.files}
    folders = {path: looked.inputs.folders.get(path) or there.folders[path] for path in known.folders}
    return compared(known, Inputs(files, folders, known.kinds))


def _other_data(kept: Kept, base: Commit | None) -> set[str]:
    """The folders of which the base holds other data than what was rendered."""
    if base is None:
        return set()
    known = dict(chain.from_iterable(part.data.items() for part in kept.parts.values()))
    return {folder for folder, digest in digests(base).items() if known.get(folder) != digest}


def _folders(kept: Kept, comparison: Comparison) -> dict[str, Folder]:
    return {path: folder for path, folder in {**kept.folders, **comparison.fresh}.items() if folder.names}


@dataclass(slots=True)
class _Again:
    """A check that looks at some services anew. `kept` is what the last one over everything found."""

    run: Run
    fleet: Fleet
    kept: Kept
    apart: Apart
    now: Changes
    comparison: Comparison
    parts: dict[str, Part] = field(default_factory=dict)
    """What is found anew, by the folder that it is rendered from."""
    steps: list[Step] = field(default_factory=list)

    def told(self, report: Report, base: Commit | None, data: Iterable[str], today: date | None) -> bool:
        """See `resumed`."""
        written = set(map(_service, self.now.files))
        services = written | set(self._placed((*self.comparison.differing, *data)))
        services |= readers_of(self.fleet, [each for each in written if self._says_something_else(each)])
        if len(services) > _MOST:
            return False
        held = self._held(base, services, data) if base is not None else None
        found = Report(clock=report.clock)
        found.diagnostics.extend(endings_of(self.fleet, Selection(), today, strict=True))
        lost = self._looked_at(services, found, held)
        of_teams = self._of_teams({service.team for service in written | self.fleet.broken})
        if of_teams is None or not self._is_whole(services, found):
            return False
        self._join(services, found, of_teams)
        found.diagnostics.extend(new_losses(self.fleet, Selection(), found, lost, held))
        self._keep(found, of_teams, today)
        report.diagnostics, report.services, report.targets = found.diagnostics, found.services, found.targets
        report.manifests, report.withheld, report.withdrawn = found.manifests, found.withheld, found.withdrawn
        report.around = found.around
        return True

    def _held(self, base: Commit, services: set[ServiceId], data: Iterable[str]) -> DataOfBase:
        """What the base holds of the data of these services, and in folders of which it holds another."""
        own = {folder for folder in digests(base) if _service(folder) in services}
        return DataOfBase.of(base, sorted(own.union(data)))

    def _placed(self, paths: Iterable[str]) -> Iterator[ServiceId]:
        """The services in whose folders these paths below rendered/ are."""
        for path in paths:
            if path.count("/") > 1 and _service(path) in self.fleet.repository.services:
                yield _service(path)

    def _says_something_else(self, service: ServiceId) -> bool:
        before = self.kept.parts.get(f"{TEAMS}/{service}", _NONE)
        return said_by(self.fleet, service) != before.said

    def _looked_at(self, services: set[ServiceId], found: Report, held: DataOfBase | None) -> list[Diagnostic]:
        if not services:
            found.diagnostics.extend(self.fleet.diagnostics)
            return []
        steps = planned(self.fleet, Selection(tuple(map(str, services))), found, noting=True, lasting=True)

        def note(step: Step) -> None:
            self.steps.append(step)
            part = part_of(self.fleet, step)
            self.parts[step.owner] = self.parts[step.owner].joined(part) if step.owner in self.parts else part

        return look(self.fleet, found, steps, held, note)

    def _is_whole(self, services: set[ServiceId], found: Report) -> bool:
        """Whether nothing else can be told: all that differs is of these services, and nothing of them concerns another."""
        sources = {f"{TEAMS}/{service}" for service in services}
        before = [self.kept.parts.get(source, _NONE) for source in sources]
        others = [part for source, part in self.kept.parts.items() if source not in sources]
        planned_files = {change.path for step in self.steps for unit in step.units for change in unit.changes}
        for path in self.comparison.differing - planned_files:
            folder, _, name = path.rpartition("/")
            was = folder in self.kept.folders and name in self.kept.folders[folder].files()
            own = path.count("/") > 2 and _service(path) in services
            if not was or not (own or any(has_unit(part, path) for part in before)):
                return False
        new = new_names(self.parts.values(), before)
        keys = {_key(d) for d in found.diagnostics}
        return not any_has(others, new) and not any(_key(d) in keys for part in others for d in part.diagnostics)

    def _of_teams(self, names: set[str]) -> dict[str, tuple[Diagnostic, ...]] | None:
        """What is found of quotas and budgets of these teams, all of whose services are brought in. None where it isn't theirs
        alone."""
        fleet, listing = self.fleet, self.fleet.repository.services
        assert isinstance(listing, Listing), "it was restored"
        found: dict[str, tuple[Diagnostic, ...]] = dict.fromkeys(names, ())
        if not names:
            return found
        told = len(fleet.diagnostics)
        services = [fleet.services[service] for name in sorted(names) for service in listing.of_team(name)]
        declared = [declaration for service in services for declaration in declare_service(fleet, service)]
        del fleet.diagnostics[told:]
        has_any = any(self._budgeting())
        chosen = Selection(teams=tuple(sorted(names)))
        for team, each in (*by_team(over_quota(fleet, declared)), *findings_by_team(fleet, chosen, chosen, has_any)):
            if team is None:
                return None
            if team:
                found[team] = (*found[team], each)
        return found

    def _join(self, services: set[ServiceId], found: Report, of_teams: dict[str, tuple[Diagnostic, ...]]) -> None:
        """Add what was found by the last check, where nothing changed."""
        kept, sources = self.kept, {f"{TEAMS}/{service}" for service in services}
        for source, part in kept.parts.items():
            if source not in sources:
                found.manifests += part.manifests
                found.diagnostics.extend(part.diagnostics)
        gone = {str(service) for service in services}
        found.services.update(parse(text) for text in kept.told.services if text not in gone)
        found.targets.update(kept.told.targets)
        fixed = (d for d in self.apart.fixed if d not in found.unbound)
        found.diagnostics.extend((*fixed, *chain.from_iterable({**self.apart.of_teams, **of_teams}.values())))

    def _keep(self, found: Report, of_teams: Mapping[str, tuple[Diagnostic, ...]], today: date | None) -> None:
        """Let the next check begin with what this one found, if it would have to look at much of it once more."""
        told = told_by(self.fleet, found, today)
        if told is None or (len(self.steps) <= _FEW and len(self.comparison.fresh) <= _FEW_FOLDERS):
            return
        sources = {step.owner for step in self.steps}
        parts = {source: part for source, part in self.kept.parts.items() if source not in sources}
        apart = self.apart._replace(of_teams={**self.apart.of_teams, **of_teams}, budgeting=tuple(self._budgeting()))
        folders = _folders(self.kept, self.comparison)
        kept = self.kept._replace(folders=folders, inputs=self.now.inputs, told=told, parts={**parts, **self.parts})
        self.run.keep_again(kept._replace(apart=apart), [unit for step in self.steps for unit in step.units])

    def _budgeting(self) -> Iterator[str]:
        """The files that may set a budget."""
        yield from (path for path in self.apart.budgeting if path not in self.now.files)
        for path in sorted(self.now.files):
            document = self.fleet.services[_service(path)].document
            if document.source.path == path and may_set_one(document.source.content):
                yield path


def _service(path: str) -> ServiceId:
    """The service that a path below teams/, or below rendered/, is of."""
    _, team, name = path.split("/")[:3]
    return ServiceId(team, name)


def _key(diagnostic: Diagnostic) -> tuple[object, ...]:
    """What findings have in common that a report tells as one, with the notes of all in their order."""
    return diagnostic.span, diagnostic.code.number, diagnostic.message
