"""One side of a comparison: a state of the platform repository, of which as much is loaded as somebody asks about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pavior.diagnostics import Outcome
from pavior.git import Commit
from pavior.git.blobs import Blobs
from pavior.git.identity import blob_id
from pavior.model import ServiceId
from pavior.phases.discover import Repository, discover, read
from pavior.phases.link import Declaration, Links, parse
from pavior.pipeline.assemble import Stacks
from pavior.pipeline.clock import Clock
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.prepare import declare_service, load_platform, load_service, load_team
from pavior.repository import COMPONENTS, GOLDEN_PATHS
from pavior.repository.commit import CommitFiles


@dataclass(slots=True)
class Side:
    """A fleet whose services come in one by one, each with those whose facts it reads. What is at fault is `broken` there.

    `ids` are the ids of all files that people write, as Git counts them.
    """

    fleet: Fleet
    ids: dict[str, str]
    _declared: dict[tuple[str, ServiceId], Declaration] = field(default_factory=dict)
    _declaring: set[ServiceId] = field(default_factory=set)

    def bring(self, service: ServiceId) -> bool:
        """Load a service and what it reads of others; whether it can be rendered."""
        fleet = self.fleet
        for declaration in list(self._declarations(service)):
            for names in declaration.references.values():
                for other in map(parse, names):
                    self._declare(other)
                    if other in fleet.broken:
                        fleet.blocked.setdefault(service, other)
        return fleet.writable(service)

    def team(self, name: str) -> bool:
        """Load a team's file; whether it can be used."""
        fleet = self.fleet
        if name in fleet.repository.teams and name not in fleet.teams and name not in fleet.broken_teams:
            load_team(fleet, name)
        return name in fleet.teams and name not in fleet.broken_teams

    def _declarations(self, service: ServiceId) -> Iterator[Declaration]:
        self._declare(service)
        for context in self.fleet.platform.targets:
            found = self._declared.get((context.target.place, service))
            if found is not None:
                yield found

    def _declare(self, service: ServiceId) -> None:
        fleet = self.fleet
        if service in self._declaring or service not in fleet.repository.services:
            return
        self._declaring.add(service)
        self.team(service.team)
        load_service(fleet, service)
        if service in fleet.services:
            for declaration in declare_service(fleet, fleet.services[service]):
                self._declared[declaration.target.place, service] = declaration

    def begin(self) -> Side:
        """Let the fleet's links be what is declared so far, and what comes."""
        names = {name for component in self.fleet.platform.components.values() for name in component.references}
        self.fleet.links = Links(self._declared, tuple(sorted(names)))
        self.fleet.broken |= self.fleet.repository.unusable_services
        return self


def head_of(root: Path, clock: Clock, digest: str, contents: dict[str, bytes]) -> Outcome[Side]:
    """The working tree. Puts into `contents` what its files hold, by id."""
    with clock.phase("discover"):
        found = discover(root)
    repository = found.value
    if repository is None or any(path.startswith(f"{GOLDEN_PATHS}/") for path in repository.unusable):
        return Outcome(None, found.diagnostics)
    with clock.phase("compare files"):
        ids = {}
        for path in _paths(repository):
            source = read(repository, path).value
            if source is not None:
                ids[path] = blob_id(source.content, digest)
                contents[ids[path]] = source.content
    with clock.phase("golden paths"):
        loaded = load_platform(repository)
    if loaded.value is None:
        return Outcome(None, (*found.diagnostics, *loaded.diagnostics))
    platform, files = loaded.value
    fleet = Fleet(repository, platform, files, clock, Stacks(platform), [*found.diagnostics, *loaded.diagnostics])
    return Outcome(Side(fleet, ids).begin(), tuple(fleet.diagnostics))


def base_of(commit: Commit, blobs: Blobs, head: Side, contents: dict[str, bytes]) -> Side | None:
    """A commit. None where its golden paths can't be used: then only what it rendered tells what it was."""
    clock = head.fleet.clock
    with clock.phase("discover"):
        files = CommitFiles.of(commit, blobs, contents)
        repository = discover(Path(commit.root), files).value
    if repository is None or any(path.startswith(f"{GOLDEN_PATHS}/") for path in repository.unusable):
        return None
    ids = {path: id_ for path in _paths(repository) if (id_ := files.id(path)) is not None}
    platform, documents = head.fleet.platform, head.fleet.files
    if platform_ids(ids) != platform_ids(head.ids):
        with clock.phase("golden paths"):
            loaded = load_platform(repository).value if repository.environments else None
        if loaded is None:
            return None
        platform, documents = loaded
    return Side(Fleet(repository, platform, documents, clock, Stacks(platform)), ids).begin()


def platform_ids(ids: dict[str, str]) -> dict[str, str]:
    """Those of the files that a platform is compiled from."""
    return {
        path: id_
        for path, id_ in ids.items()
        if path.startswith(f"{GOLDEN_PATHS}/") and not (path.startswith(f"{COMPONENTS}/") and _aside(path))
    }


def _aside(path: str) -> bool:
    """Whether a component's file says nothing to the compiler: its cases and its README."""
    return path.split("/")[3:4] == ["cases"] or not path.endswith((".yaml", ".json"))


def _paths(repository: Repository) -> Iterator[str]:
    """The files that decide what is rendered."""
    yield repository.organization
    yield from repository.environments.values()
    for paths in (*repository.components.values(), *repository.golden_paths.values()):
        yield from paths
    yield from repository.teams.values()
    for files in repository.services.values():
        yield from (files.platform, *files.manifests, *files.patches)
