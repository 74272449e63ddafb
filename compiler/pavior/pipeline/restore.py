"""Restore: a fleet as the last run brought it in, where little changed since; the same as `prepare` makes, for less.

Services and teams are read when somebody asks for one. Those whose files changed are brought in anew, and what they declare
is held against what they declared: where that changes what linking finds, there is nothing to restore, and `prepare` looks
at everything.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TypeVar

from pavior.diagnostics import Diagnostic
from pavior.model import ServiceId, Span
from pavior.phases.compose import Files
from pavior.phases.link import Declaration, index, parse
from pavior.pipeline import prepared
from pavior.pipeline.assemble import ServiceInput, Stacks, TeamInput
from pavior.pipeline.clock import Clock
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.golden_paths import load_platform, read_document
from pavior.pipeline.prepare import brought, declare_service, load_service, service_input
from pavior.pipeline.prepared import (
    CLAIM,
    Prepared,
    Record,
    Told,
    claims_of,
    declared_by,
    may_retire,
    realms_of,
    record_of,
)
from pavior.platform import Platform
from pavior.policies.waivers import by_environment
from pavior.repository import TEAMS, Repository, ServiceFiles, WorkingTree
from pavior.repository.states import Changes, Inputs, NotingTree, Seen, changes

_MOST = 100
"""Services that are brought in anew: with more, all are."""

_FEW = 8
"""Services, files and folders that the next run may look at once more: with more, what this one found is kept."""

Key = TypeVar("Key")
Made = TypeVar("Made")


class Moved(Exception):
    """Files change while they are read."""

    def __init__(self) -> None:
        super().__init__("files changed while they were read; run it again")


class _Nothing(Exception):
    """There is nothing to restore."""


def restored(root: Path, clock: Clock) -> Fleet | None:
    """The fleet as the last run brought it in; None where there was none, or too much changed. Quotas are not compared.

    The fleet raises Moved when it is asked for what changed since.
    """
    known = files_since(root, clock)
    return restored_from(*known, clock) if known is not None else None


def restored_from(kept: Prepared, since: Changes, clock: Clock) -> Fleet | None:
    """As `restored`, from what the last run brought in, and what changed since."""
    tree = WorkingTree(str(kept.repository.root))
    changed = {"/".join(path.split("/")[1:3]) for path in since.files}
    if len(changed) > _MOST or not changed <= kept.records.keys():
        return None
    noting = NotingTree(tree)
    repository = replace(kept.repository, services=Listing(kept.records), files=noting)
    with clock.phase("golden paths"):
        loaded = load_platform(repository, since.inputs.files)
    if loaded.value is None:
        return None
    reading = _Reading(noting, since.inputs.files)
    fleet = _fleet(repository, *loaded.value, clock, kept, reading)
    try:
        now = kept._replace(inputs=since.inputs)
        for service in map(parse, sorted(changed)):
            now = _brought_anew(fleet, service, now, reading)
    except (_Nothing, Moved):
        return None
    fleet.diagnostics[:] = [*now.told.listing, *loaded.diagnostics, *_in_order(now.told)]
    if len(changed) > _FEW or _looked_at_again(kept.inputs, since.inputs) > _FEW:
        with clock.phase("keep"):
            prepared.write(tree, now)
    return fleet


def _looked_at_again(before: Inputs, now: Inputs) -> int:
    """How many files and folders were not recognised."""
    pairs = (now.files, before.files), (now.folders, before.folders)
    return sum(seen is not known[path] for looked, known in pairs for path, seen in looked.items())


def files_since(root: Path, clock: Clock) -> tuple[Prepared, Changes] | None:
    """What the last run brought in, and which files changed since; None where there was none, or files came or went."""
    tree = WorkingTree(str(root.resolve()))
    with clock.phase("unchanged"):
        kept = prepared.read(tree)
        since = changes(tree, kept.inputs) if kept is not None else None
    return None if kept is None or since is None or since.folders else (kept, since)


def readers_of(fleet: Fleet, services: Collection[ServiceId]) -> set[ServiceId]:
    """The services of a restored fleet that name one of these."""
    listing = fleet.repository.services
    assert isinstance(listing, Listing), "it was restored"
    names = {str(service) for service in services}
    found = set()
    for service in listing.naming(names):
        declared = declared_by(fleet.platform, service, listing.records[str(service)])
        if any(names.intersection(others) for d in declared for others in d.references.values()):
            found.add(service)
    return found


def _in_order(told: Told) -> Iterator[Diagnostic]:
    yield from told.teams
    yield from chain.from_iterable(told.loaded.values())
    yield from told.wide
    yield from chain.from_iterable(told.declared.values())
    yield from told.linked


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is read, held against what it was known to be."""

    noting: NotingTree
    known: Mapping[str, Seen]

    def require(self, *paths: str) -> None:
        """Raise Moved unless these files were read as they are known."""
        if any(self.noting.files[path][1] != self.known[path][1] for path in paths):
            raise Moved


def _fleet(
    repository: Repository, platform: Platform, files: Files, clock: Clock, kept: Prepared, reading: _Reading
) -> Fleet:
    """A fleet of which nothing is read yet."""
    fleet = Fleet(repository, platform, files, clock, Stacks(platform), waivers=dict(kept.waivers), quotas=False)
    waived: dict[str, list[ServiceId]] = {}
    for service in kept.waivers:
        waived.setdefault(service.team, []).append(service)

    def team(name: str) -> TeamInput:
        document = read_document(repository, repository.teams[name], [])
        reading.require(repository.teams[name])
        assert document is not None, "it was read before"
        mine = [(service.name, kept.waivers[service]) for service in sorted(waived.get(name, ()))]
        return TeamInput(name, document, by_environment(mine, platform.policies) if mine else {})

    def known(service: ServiceId) -> ServiceInput:
        listing = repository.services[service]
        document = read_document(repository, listing.platform, [])
        raw, patches = brought(fleet, service, [])
        reading.require(listing.platform, *listing.manifests, *listing.patches)
        assert document is not None, "it was read before"
        return service_input(fleet, service, document, raw, patches)

    fleet.teams = _WhenAsked(repository.teams.keys(), team)
    fleet.services = _WhenAsked(repository.services.keys(), known)
    fleet.links = replace(index(platform, ()), declarations=_Declarations(platform, kept.records))
    return fleet


def _brought_anew(fleet: Fleet, service: ServiceId, kept: Prepared, reading: _Reading) -> Prepared:
    """Bring in a service whose files changed. Raises _Nothing where that is not the service's matter alone."""
    listing, before = fleet.repository.services[service], kept.records[str(service)]
    files = (listing.platform, *listing.manifests, *listing.patches)
    fleet.diagnostics.clear()
    load_service(fleet, service)
    loaded = tuple(fleet.diagnostics)
    reading.require(*files)
    team = fleet.teams[service.team].document.source
    if service in fleet.broken or fleet.waivers[service] != kept.waivers.get(service, ()):
        raise _Nothing
    declared = list(declare_service(fleet, fleet.services[service]))
    made = tuple(fleet.diagnostics[len(loaded) :])
    now = record_of(fleet, service, declared)
    if service in fleet.broken or before.retires or now.retires or may_retire(team.content):
        raise _Nothing
    if any(span.file in files for each in kept.told.linked for span in _spans(each)):
        raise _Nothing
    claims = _new_claims(fleet.platform, list(declared_by(fleet.platform, service, before)), declared)
    if any(_holds(kept.claims, claim) for claim in claims):
        raise _Nothing
    kept.records[str(service)] = now
    of = {**kept.told.loaded, service: loaded}, {**kept.told.declared, service: made}
    return kept._replace(claims=kept.claims + b"".join(claims), told=kept.told._replace(loaded=of[0], declared=of[1]))


def _new_claims(platform: Platform, before: Sequence[Declaration], now: Sequence[Declaration]) -> set[bytes]:
    """What a service claims that it didn't. Raises _Nothing where what it says of others is new, or where it runs."""
    if list(map(_of_others, before)) != list(map(_of_others, now)):
        raise _Nothing
    within = realms_of(platform)
    before_, now_ = ({claim for d in declared for claim in claims_of(within, d)} for declared in (before, now))
    return now_ - before_


def _of_others(declaration: Declaration) -> Declaration:
    """A declaration without what it says of its service alone, and what is compared by itself."""
    return replace(declaration, facts={}, claims={}, amounts=(), broken=())


def _holds(claims: bytes, claim: bytes) -> bool:
    at = claims.find(claim)
    while at % CLAIM and at >= 0:
        at = claims.find(claim, at + 1)
    return at >= 0


def _spans(diagnostic: Diagnostic) -> Iterator[Span]:
    yield diagnostic.span
    yield from (note.span for note in diagnostic.notes if note.span is not None)


class _WhenAsked(MutableMapping[Key, Made]):
    """A mapping with these keys, whose values are made when somebody asks for one."""

    def __init__(self, keys: Collection[Key], make: Callable[[Key], Made]) -> None:
        self._keys, self._make = keys, make
        self._made: dict[Key, Made] = {}

    def __getitem__(self, key: Key) -> Made:
        if key not in self._made:
            if key not in self._keys:
                raise KeyError(key)
            self._made[key] = self._make(key)
        return self._made[key]

    def __setitem__(self, key: Key, value: Made) -> None:
        self._made[key] = value

    def __delitem__(self, key: Key) -> None:
        raise TypeError("nobody takes a team or service out of a fleet")

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


@dataclass(frozen=True, slots=True)
class Listing(Mapping[ServiceId, ServiceFiles]):
    """The files of all services."""

    records: Mapping[str, Record]

    def __getitem__(self, service: ServiceId) -> ServiceFiles:
        record = self.records[str(service)]
        folder = f"{TEAMS}/{service}"
        return ServiceFiles(folder, f"{folder}/platform.yaml", record.manifests, record.patches)

    def __contains__(self, service: object) -> bool:
        return str(service) in self.records

    def __iter__(self) -> Iterator[ServiceId]:
        return map(parse, self.records)

    def __len__(self) -> int:
        return len(self.records)

    def naming(self, names: Collection[str]) -> list[ServiceId]:
        """The services that may name one of these: whatever they declare holds the name as it is written."""
        words = [name.encode() for name in names]
        return [parse(name) for name, record in self.records.items() if any(word in record.declared for word in words)]

    def of_team(self, team: str) -> list[ServiceId]:
        """The services of a team."""
        return [parse(service) for service in self.records if service.startswith(f"{team}/")]


@dataclass(frozen=True, slots=True)
class _Declarations(Mapping[tuple[str, ServiceId], Declaration]):
    """What all services declare, by target's place and service."""

    platform: Platform
    records: Mapping[str, Record]
    _made: dict[ServiceId, tuple[Record, Mapping[str, Declaration]]] = field(default_factory=dict)

    def __getitem__(self, key: tuple[str, ServiceId]) -> Declaration:
        place, service = key
        return self._of(service)[place]

    def __iter__(self) -> Iterator[tuple[str, ServiceId]]:
        for service in map(parse, self.records):
            yield from ((place, service) for place in self._of(service))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _of(self, service: ServiceId) -> Mapping[str, Declaration]:
        record = self.records[str(service)]
        known = self._made.get(service)
        if known is None or known[0] is not record:
            declared = {d.target.place: d for d in declared_by(self.platform, service, record)}
            known = self._made[service] = record, declared
        return known[1]
