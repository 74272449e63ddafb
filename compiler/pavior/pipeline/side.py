"""One side of a comparison: a state of the platform repository, of which as much is loaded as somebody asks about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pavior.diagnostics import Outcome
from pavior.git import Commit
from pavior.git.blobs import Blobs
from pavior.git.identity import blob_id
from pavior.model import ServiceId, Target, Value
from pavior.phases.compose import CHANGES_FILE, MANIFESTS_FOLDER, TEXTS_FOLDER
from pavior.phases.discover import Repository, discover, read
from pavior.phases.link import Declaration, Links, parse
from pavior.pipeline import kept_commit
from pavior.pipeline.assemble import Stacks, effective_spec
from pavior.pipeline.clock import Clock
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.golden_paths import load_platform
from pavior.pipeline.prepare import (
    declare_service,
    load_service,
    load_team,
    read_waivers,
    tell_waivers,
)
from pavior.pipeline.restore import Listing, files_since
from pavior.repository import COMPONENTS, ENVIRONMENTS, GOLDEN_PATHS, ORGANIZATION, ServiceFiles
from pavior.repository.commit import CommitFiles
from pavior.repository.states import Seen, git_id


@dataclass(slots=True)
class Side:
    """A fleet whose services come in one by one, each with those whose facts it reads. What is at fault is `broken` there.

    `ids` are the ids of all files that people write, as Git counts them.
    """

    fleet: Fleet
    ids: Mapping[str, str]
    twin: Side | None = None
    """The other side, where a service whose files are the same on both has the same spec and facts on both."""
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

    def told(self, service: ServiceId) -> Mapping[str, Mapping[str, Value]]:
        """What a service that was brought in says of itself, for others to read, by target."""
        return {d.target.place: {**d.facts, "": d.namespace} for d in self._declarations(service)}

    def team(self, name: str) -> bool:
        """Load a team's file, and what is waived for its services, which its namespace has; whether it can be used."""
        fleet = self.fleet
        if name in fleet.repository.teams and name not in fleet.teams and name not in fleet.broken_teams:
            load_team(fleet, name)
            if name in fleet.teams:
                services = _of_team(fleet.repository.services, name)
                for service in services:
                    read_waivers(fleet, service)
                tell_waivers(fleet, name, services)
        return name in fleet.teams and name not in fleet.broken_teams

    def waived(self, team: str) -> Mapping[str, Mapping[str, Sequence[str]]] | None:
        """Environment → policy → the team's services that it is waived for; None where the team can't be used."""
        return self.fleet.teams[team].waived if self.team(team) else None

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
        if self.twin is not None and self._is_twin(self.twin, service):
            self._adopt(self.twin, service)
            return
        load_service(fleet, service)
        if service in fleet.services:
            for declaration in declare_service(fleet, fleet.services[service]):
                self._declared[declaration.target.place, service] = declaration

    def _is_twin(self, twin: Side, service: ServiceId) -> bool:
        files = self.fleet.repository.services[service]
        paths = (f"teams/{service.team}/team.yaml", files.platform, *files.manifests, *files.patches)
        return (
            files == twin.fleet.repository.services.get(service)
            and all(self.ids.get(path) == twin.ids.get(path) for path in paths)
            and self.waived(service.team) == twin.waived(service.team)
        )

    def _adopt(self, twin: Side, service: ServiceId) -> None:
        """Take what the twin found of a service."""
        mine, theirs = self.fleet, twin.fleet
        twin._declare(service)
        if service in theirs.services:
            known = theirs.services[service]
            path = mine.platform.golden_paths[known.path.name]
            mine.services[service] = replace(known, path=path, team=mine.teams[service.team])
        if service in theirs.broken:
            mine.broken.add(service)
        self._declared.update(((d.target.place, service), d) for d in twin._declarations(service))

    def spec(self, service: ServiceId, target: Target) -> Value:
        """The effective spec of a service that was brought in, in a target that it runs in."""
        for side in (self, self.twin):
            found = (side.fleet.specs or {}).get((service, target.place)) if side is not None else None
            if found is not None:
                return found
        made = effective_spec(self.fleet.stacks, self.fleet.services[service], target)
        assert made is not None, "it runs in the target"
        return made[0]

    def forget(self) -> None:
        """Drop the specs that were kept."""
        self.fleet.specs = {}

    def begin(self) -> Side:
        """Let the fleet's links be what is declared so far, and what comes."""
        names = {name for component in self.fleet.platform.components.values() for name in component.references}
        self.fleet.links = Links(self._declared, tuple(sorted(names)))
        self.fleet.broken |= self.fleet.repository.unusable_services
        self.fleet.specs = {}
        return self


def head_of(root: Path, clock: Clock, digest: str, contents: dict[str, bytes]) -> Outcome[Side]:
    """The working tree. Puts into `contents` what its files hold, by id, as far as they are read."""
    known = files_since(root, clock) if digest == "sha1" else None
    found: Outcome[Repository]
    ids: dict[str, str] = {}
    seen: Mapping[str, Seen] | None = None
    if known is not None:
        kept, since = known
        found = Outcome(replace(kept.repository, services=Listing(kept.records)), kept.told.listing)
        seen = since.inputs.files
        ids = {path: git_id(each) for path, each in seen.items()}
    else:
        with clock.phase("discover"):
            found = discover(root)
    repository = found.value
    if repository is None or any(path.startswith(f"{GOLDEN_PATHS}/") for path in repository.unusable):
        return Outcome(None, found.diagnostics)
    with clock.phase("compare files"):
        # Of golden-paths/ only what is compiled counts; nearly all of it is known.
        unknown = (path for path in _platform_files(repository) if is_compiled(path) and path not in ids)
        for path in unknown if ids else _paths(repository):
            source = read(repository, path).value
            if source is not None:
                ids[path] = blob_id(source.content, digest)
                contents[ids[path]] = source.content
    with clock.phase("golden paths"):
        loaded = load_platform(repository, seen)
    if loaded.value is None:
        return Outcome(None, (*found.diagnostics, *loaded.diagnostics))
    platform, files = loaded.value
    fleet = Fleet(repository, platform, files, clock, Stacks(platform), [*found.diagnostics, *loaded.diagnostics])
    return Outcome(Side(fleet, ids).begin(), tuple(fleet.diagnostics))


def base_of(commit: Commit, blobs: Blobs, head: Side, contents: dict[str, bytes]) -> Side | None:
    """A commit. None where its golden paths can't be used: then only what it rendered tells what it was."""
    clock = head.fleet.clock
    with clock.phase("discover"):
        found = kept_commit.read(commit, blobs, contents) or _listed(commit, blobs, contents)
    if found is None:
        return None
    repository, ids = found
    platform, documents = head.fleet.platform, head.fleet.files
    changed = differing(ids, head.ids)
    if any(map(is_compiled, changed)):
        with clock.phase("golden paths"):
            loaded = load_platform(repository).value if repository.environments else None
        if loaded is None:
            return None
        platform, documents = loaded
    fleet = Fleet(repository, platform, documents, clock, Stacks(platform))
    # Specs and facts follow from all files that a platform is compiled from but the templates of components.
    alike = not any(is_compiled(path) and not _is_template(path) for path in changed)
    return Side(fleet, ids, twin=head if alike else None).begin()


def _listed(commit: Commit, blobs: Blobs, contents: Mapping[str, bytes]) -> tuple[Repository, Mapping[str, str]] | None:
    """The files of a commit, and their ids; None where it has no platform repository that can be used."""
    files = CommitFiles.of(commit, blobs, contents)
    repository = discover(Path(commit.root), files).value
    if repository is None or any(path.startswith(f"{GOLDEN_PATHS}/") for path in repository.unusable):
        return None
    ids = {path: id_ for path in _paths(repository) if (id_ := files.id(path)) is not None}
    kept_commit.write(commit, files, repository, ids)
    return repository, ids


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> set[str]:
    """The paths of files that are not the same on both sides, or not there."""
    return {path for path, id_ in other.items() if one.get(path) != id_} | (one.keys() - other.keys())


def _is_template(path: str) -> bool:
    parts = path.split("/")
    return path.startswith(f"{COMPONENTS}/") and parts[3] in (MANIFESTS_FOLDER, TEXTS_FOLDER)


def is_compiled(path: str) -> bool:
    """Whether a file says something to the compiler: not a component's cases, nor what is for people."""
    if path.startswith(f"{COMPONENTS}/"):
        file = path.split("/", 3)[3]
        return not file.startswith("cases/") and file != CHANGES_FILE and file.endswith((".yaml", ".json"))
    return path == ORGANIZATION or path.startswith(f"{ENVIRONMENTS}/") or path.endswith("/golden-path.yaml")


def _of_team(services: Mapping[ServiceId, ServiceFiles], team: str) -> list[ServiceId]:
    return services.of_team(team) if isinstance(services, Listing) else [s for s in services if s.team == team]


def _platform_files(repository: Repository) -> Iterator[str]:
    """The files of golden-paths/ that decide what is rendered."""
    yield repository.organization
    yield from repository.environments.values()
    for paths in (*repository.components.values(), *repository.golden_paths.values()):
        yield from paths


def _paths(repository: Repository) -> Iterator[str]:
    """The files that decide what is rendered."""
    yield from _platform_files(repository)
    yield from repository.teams.values()
    for files in repository.services.values():
        yield from (files.platform, *files.manifests, *files.patches)
