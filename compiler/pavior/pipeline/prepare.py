"""Prepare: discover → load → validate → layer → link, which every command begins with. Specs are not kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from pavior import resources
from pavior.diagnostics import Diagnostic, Outcome
from pavior.expression import TemplateFault
from pavior.layering.merge import part
from pavior.layering.ranks import service_layers
from pavior.model import Document, ServiceId, Source, Span
from pavior.phases import customize, validate
from pavior.phases.compose import (
    CHANGES_FILE,
    COMPONENT_FILE,
    FIELDS_FILE,
    FRAGMENTS_FOLDER,
    MANIFESTS_FOLDER,
    POLICIES_FOLDER,
    SETTINGS_SCHEMA_FILE,
    TEXTS_FOLDER,
    Files,
    compose,
)
from pavior.phases.discover import Repository, discover, read
from pavior.phases.link import Declaration, declare, index, link, parse
from pavior.phases.load import load, load_all
from pavior.phases.render import fault_diagnostic
from pavior.phases.screen import screen
from pavior.pipeline import kept_platform, policies, prepared, templates
from pavior.pipeline.assemble import ServiceInput, Stacks, TeamInput, effective_spec, scene_of
from pavior.pipeline.clock import Clock
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.placing import broken, of_target, spec_faults
from pavior.pipeline.prepared import Told
from pavior.pipeline.teams import above_caps, not_retired, over_quota, retired_at, taken_names
from pavior.platform import Platform
from pavior.policies.waivers import by_environment, waivers_of, wide_layers
from pavior.policies.waivers import faults as waiver_faults
from pavior.repository import COMPONENTS, GOLDEN_PATHS, TEAMS, WorkingTree
from pavior.repository.states import NotingTree, Seen, content_digest, digest_of
from pavior.schema import KINDS, ComponentSource, Kind, Schemas
from pavior.schema.compose import compose as compose_schemas

_MOST_KEPT = 2_000
"""Services whose effective specs are kept from link to render: some 30 KB each, in four targets."""


def prepare(
    root: Path, clock: Clock, *, rendering: bool = False, everything: bool = False, files: NotingTree | None = None
) -> Outcome[Fleet]:
    """Discover → load → validate → layer → link. No fleet where golden paths, the organisation or an environment are at fault.

    `rendering`: quotas are for `check` to compare. `everything`: all will be rendered, so specs are kept if they are not too
    many. `files` is where files are read from, if somebody wants to know which.
    """
    noting = files or NotingTree(WorkingTree(str(root.resolve())))
    with clock.phase("discover"):
        found = discover(root, noting)
    repository = found.value
    if repository is None or any(path.startswith(f"{GOLDEN_PATHS}/") for path in repository.unusable):
        return Outcome(None, found.diagnostics)
    with clock.phase("golden paths"):
        loaded = load_platform(repository)
    if loaded.value is None:
        return Outcome(None, (*found.diagnostics, *loaded.diagnostics))
    platform, documents = loaded.value
    fleet = Fleet(repository, platform, documents, clock, Stacks(platform), [*found.diagnostics, *loaded.diagnostics])
    fleet.quotas = not rendering
    if rendering and everything and len(repository.services) <= _MOST_KEPT:
        fleet.specs = {}
    declarations, told = _brought(fleet, found.diagnostics)
    with clock.phase("keep"):
        prepared.keep(fleet, declarations, told, noting)
    return Outcome(fleet, tuple(fleet.diagnostics))


def _brought(fleet: Fleet, listing: Sequence[Diagnostic]) -> tuple[list[Declaration], Told]:
    """Bring in all teams and services, and link them: what services declare, and what was found of whom."""
    fresh = _Telling(fleet)
    for team in fleet.repository.teams:
        load_team(fleet, team)
    teams = fresh.told()
    loaded = {}
    for service in fleet.repository.services:
        load_service(fleet, service)
        if found := fresh.told():
            loaded[service] = found
    _load_waivers(fleet)
    wide = fresh.told()
    fleet.broken |= fleet.repository.unusable_services
    declarations: list[Declaration] = []
    declared = {}
    for known in list(fleet.services.values()):
        declarations.extend(declare_service(fleet, known))
        if found := fresh.told():
            declared[known.id] = found
    with fleet.clock.phase("link"):
        _link(fleet, declarations)
        linked = fresh.told()
        if fleet.quotas:
            fleet.diagnostics.extend(over_quota(fleet, declarations))
        fresh.told()
        for name, each in [*above_caps(fleet), *taken_names(fleet)]:
            fleet.diagnostics.append(each)
            fleet.broken_teams.add(name)
            fleet.broken |= {service for service in fleet.services if service.team == name}
        fleet.diagnostics.extend(not_retired(fleet))
        for reader, other in fleet.links.readers_of(fleet.broken):
            if reader not in fleet.broken:
                fleet.blocked.setdefault(reader, other)
    return declarations, Told(tuple(listing), teams, loaded, wide, declared, (*linked, *fresh.told()))


@dataclass(slots=True)
class _Telling:
    """What is found of a fleet, part by part."""

    fleet: Fleet
    _until: int = field(init=False)

    def __post_init__(self) -> None:
        self._until = len(self.fleet.diagnostics)

    def told(self) -> tuple[Diagnostic, ...]:
        """What was found since somebody last asked."""
        found = tuple(self.fleet.diagnostics[self._until :])
        self._until = len(self.fleet.diagnostics)
        return found


def load_platform(repository: Repository, known: Mapping[str, Seen] | None = None) -> Outcome[tuple[Platform, Files]]:
    """Golden paths, organisation and environments: loaded, validated, compiled; or as an earlier run made them of the same.

    `known` are files that need not be read, since their digests are known.
    """
    paths = list(platform_paths(repository))
    digests = {path: content_digest(known[path]) if known else _digest(repository, path) for path in paths}
    name = kept_platform.name({path: digest for path, digest in digests.items() if digest is not None})
    loaded = kept_platform.read(name) if name is not None and None not in digests.values() else None
    outcome = Outcome(loaded, loaded.diagnostics) if loaded is not None else _composed(repository)
    if outcome.value is None:
        return Outcome(None, outcome.diagnostics)
    platform, files, _ = outcome.value
    found = policies.load(files, repository.root)
    diagnostics = (*outcome.diagnostics, *found.diagnostics)
    if found.value is None or _errors(found.diagnostics):
        return Outcome(None, diagnostics)
    return Outcome((replace(platform, policies=found.value), files), diagnostics)


def _composed(repository: Repository) -> Outcome[kept_platform.Loaded]:
    loaded = load_files(repository)
    diagnostics = list(loaded.diagnostics)
    files = loaded.value
    if files is None:
        return Outcome(None, tuple(diagnostics))
    sources = schema_sources()
    schemas = compose_schemas(sources, list(component_sources(files)), listed(files), sorted(files.environments))
    diagnostics.extend(schemas.diagnostics)
    if schemas.value is None or _errors(diagnostics):
        return Outcome(None, tuple(diagnostics))
    diagnostics.extend(_platform_faults(files, schemas.value))
    if _errors(diagnostics):
        return Outcome(None, tuple(diagnostics))
    kept = templates.known(files, sources)
    platform = compose(files, schemas.value, kept)
    diagnostics.extend(platform.diagnostics)
    if platform.value is None:
        return Outcome(None, tuple(diagnostics))
    templates.keep(kept, files, sources)
    made = kept_platform.Loaded(platform.value, files, tuple(diagnostics))
    kept_platform.write(made, kept)
    return Outcome(made, made.diagnostics)


def _digest(repository: Repository, path: str) -> bytes | None:
    source = read(repository, path).value
    return digest_of(source.content) if source is not None else None


def platform_paths(repository: Repository) -> Iterator[str]:
    """The files that a platform is composed of."""
    yield repository.organization
    yield from repository.environments.values()
    yield from (f"{GOLDEN_PATHS}/{name}/golden-path.yaml" for name in repository.golden_paths)
    for name, paths in repository.components.items():
        folder = f"{COMPONENTS}/{name}/"
        yield from (f"{folder}{file}" for file in _component_files(folder, paths))


def load_files(repository: Repository) -> Outcome[Files]:
    """The documents of golden-paths/, as they are written."""
    diagnostics: list[Diagnostic] = []

    def document(path: str) -> Document | None:
        return read_document(repository, path, diagnostics)

    def named(paths: Mapping[str, str]) -> dict[str, Document]:
        return {name: found for name, path in paths.items() if (found := document(path)) is not None}

    components = {
        name: named({file: f"{COMPONENTS}/{name}/{file}" for file in _component_files(f"{COMPONENTS}/{name}/", paths)})
        for name, paths in repository.components.items()
    }
    organization, environments = document(repository.organization), named(repository.environments)
    golden_paths = named({name: f"{GOLDEN_PATHS}/{name}/golden-path.yaml" for name in repository.golden_paths})
    if organization is None or _errors(diagnostics):
        return Outcome(None, tuple(diagnostics))
    return Outcome(Files(organization, environments, components, golden_paths), tuple(diagnostics))


def schema_sources() -> dict[Kind, Document]:
    """Pavior's own hand-written schemas."""
    folder = resources.schemas()
    sources: dict[Kind, Document] = {}
    for kind in KINDS:
        name = f"{kind}.core.schema.json"
        outcome = load(Source(f"schemas/{name}", (folder / name).read_bytes()))
        assert outcome.value is not None, outcome.diagnostics
        sources[kind] = outcome.value
    return sources


def _component_files(folder: str, paths: Iterable[str]) -> Iterator[str]:
    """The files of a component that rendering reads, relative to its folder: not its cases, its README or its `changes.yaml`."""
    for path in paths:
        file = path.removeprefix(folder)
        first, _, rest = file.partition("/")
        if file == CHANGES_FILE:
            continue
        if (not rest or first in (MANIFESTS_FOLDER, TEXTS_FOLDER, FRAGMENTS_FOLDER, POLICIES_FOLDER)) and file.endswith(
            (".yaml", ".json")
        ):
            yield file


def component_sources(files: Files) -> Iterator[ComponentSource]:
    """What each component says of fields: of platform.yaml's, and of its settings."""
    for name, documents in sorted(files.components.items()):
        declaration = documents[COMPONENT_FILE]
        fields = documents.get(FIELDS_FILE) or replace(declaration, value={"type": "object", "properties": {}})
        type_name = part(declaration.value, ("type",))
        known_type = type_name if isinstance(type_name, str) else None
        yield ComponentSource(name, fields, known_type, documents.get(SETTINGS_SCHEMA_FILE))


def listed(files: Files) -> dict[str, list[str]]:
    """The components of each golden path, in its order."""
    listed = {name: part(document.value, ("components",)) for name, document in files.golden_paths.items()}
    return {name: [c for c in found if isinstance(c, str)] for name, found in listed.items() if isinstance(found, list)}


def _platform_faults(files: Files, schemas: Schemas) -> Iterator[Diagnostic]:
    yield from validate.validate(files.organization, "organization", schemas)
    for document in files.environments.values():
        yield from validate.validate(document, "environment", schemas)
    for name, document in files.golden_paths.items():
        yield from validate.validate(document, "golden-path", schemas, golden_path=name)
    for documents in files.components.values():
        yield from validate.validate(documents[COMPONENT_FILE], "component", schemas)


def read_document(repository: Repository, path: str, diagnostics: list[Diagnostic]) -> Document | None:
    source = read(repository, path)
    diagnostics.extend(source.diagnostics)
    if source.value is None:
        return None
    parsed = parse_source(source.value)
    diagnostics.extend(parsed.diagnostics)
    return parsed.value


def parse_source(source: Source) -> Outcome[Document]:
    """The document of a file, unless there is a secret in it: then that is all that is told."""
    document = load(source)
    # What the platform team writes names secrets all over; a team's values are what shouldn't be one.
    known = (document.value,) if document.value and source.path.startswith(f"{TEAMS}/") else ()
    secrets = () if source.path.startswith(f"{COMPONENTS}/") else screen(source, known)
    return Outcome(None, secrets) if secrets else document


def _errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(d.is_error for d in diagnostics)


def load_team(fleet: Fleet, name: str) -> None:
    found: list[Diagnostic] = []
    document = read_document(fleet.repository, fleet.repository.teams[name], found)
    if document is not None:
        found.extend(validate.validate(document, "team", fleet.platform.schemas))
        fleet.teams[name] = TeamInput(name, document)
    fleet.diagnostics.extend(found)
    if document is None or _errors(found):
        fleet.broken_teams.add(name)


def load_service(fleet: Fleet, service: ServiceId) -> None:
    """Load and validate a service's files; a broken one is remembered as such."""
    with fleet.clock.phase("load"):
        found: list[Diagnostic] = []
        listing = fleet.repository.services[service]
        document = read_document(fleet.repository, listing.platform, found)
        raw, patches = brought(fleet, service, found)
    if document is not None:
        fleet.waivers[service] = tuple(waivers_of(document))
    with fleet.clock.phase("validate"):
        schemas = fleet.platform.schemas
        if document is not None:
            types = fleet.stacks.types_of_needs(document, fleet.teams.get(service.team))
            found.extend(validate.validate(document, "platform", schemas, types=types))
            if not _errors(found):
                found.extend(waiver_faults(document, fleet.waivers[service], fleet.platform.policies))
        for patch in patches:
            found.extend(validate.validate(patch, "patch", schemas))
    if fleet.break_(service, found) or document is None or service.team in fleet.broken_teams:
        fleet.broken.add(service)
        return
    fleet.services[service] = service_input(fleet, service, document, raw, patches)


def brought(fleet: Fleet, service: ServiceId, found: list[Diagnostic]) -> tuple[list[Document], list[Document]]:
    """The manifests and patches that a service brings; what is wrong with their files goes to `found`."""
    listing = fleet.repository.services[service]
    raw = [d for path in listing.manifests for d in _documents(fleet.repository, path, found)]
    patches = [d for path in listing.patches if (d := read_document(fleet.repository, path, found)) is not None]
    return raw, patches


def service_input(
    fleet: Fleet, service: ServiceId, document: Document, raw: Iterable[Document], patches: Iterable[Document]
) -> ServiceInput:
    """A service whose files have passed their schemas."""
    targets = fleet.platform.targets
    runs = (t.target.name for t in targets if service_layers(service, t.target.environment, document) is not None)
    path = fleet.platform.golden_paths[document.value["goldenPath"]]
    read_patches = tuple(customize.read_patch(patch) for patch in patches)
    team = fleet.teams[service.team]
    return ServiceInput(service, f"teams/{service}", document, team, path, tuple(raw), read_patches, tuple(runs))


def _load_waivers(fleet: Fleet) -> None:
    """Tell teams what is waived in their namespaces."""
    platform = fleet.platform
    layered = (
        platform.organization,
        *platform.environments.values(),
        *(p.document for p in platform.golden_paths.values()),
    )
    said = (*layered, *(team.document for team in fleet.teams.values()))
    fleet.diagnostics.extend(wide_layers(d for d in said if b"waivers" in d.source.content))
    by_team: dict[str, list[ServiceId]] = {}
    for service, waivers in fleet.waivers.items():
        if waivers:
            by_team.setdefault(service.team, []).append(service)
    for name in by_team.keys() & fleet.teams.keys():
        tell_waivers(fleet, name, by_team[name])
    for service, known in fleet.services.items():
        if known.team is not fleet.teams[service.team]:
            fleet.services[service] = replace(known, team=fleet.teams[service.team])


def tell_waivers(fleet: Fleet, team: str, services: Iterable[ServiceId]) -> None:
    """Tell a team what is waived in its namespace for these services of its own, whose waivers are known."""
    mine = [(service.name, fleet.waivers.get(service, ())) for service in sorted(services)]
    fleet.teams[team] = replace(fleet.teams[team], waived=by_environment(mine, fleet.platform.policies))


def read_waivers(fleet: Fleet, service: ServiceId) -> None:
    """Read a service's waivers, and nothing else of it; faults of its file are told where the service is loaded."""
    source = read(fleet.repository, fleet.repository.services[service].platform).value
    # Most files have none, and to look for a word costs less than to read YAML. A key may be spelt with an escape.
    if source is None or not (b"waivers" in source.content or b"\\" in source.content):
        return
    document = parse_source(source).value
    if document is not None:
        fleet.waivers[service] = tuple(waivers_of(document))


def _documents(repository: Repository, path: str, diagnostics: list[Diagnostic]) -> tuple[Document, ...]:
    source = read(repository, path)
    diagnostics.extend(source.diagnostics)
    if source.value is None:
        return ()
    documents = load_all(source.value)
    secrets = screen(source.value, documents.value or ())
    diagnostics.extend(secrets or documents.diagnostics)
    return () if secrets else documents.value or ()


def declare_service(fleet: Fleet, service: ServiceInput) -> Iterator[Declaration]:
    """What a service declares in each target that it runs in, from its effective spec, which is checked here."""
    for target in fleet.platform.targets:
        with fleet.clock.phase("layer"):
            made = effective_spec(fleet.stacks, service, target.target)
        if made is None:
            continue
        spec, found = made[0], tuple(of_target(d, target.target) for d in made[1])
        with fleet.clock.phase("validate"):
            if not _errors(found):
                found = (*found, *spec_faults(fleet, service, target.target, spec))
        if fleet.break_(service.id, found):
            continue
        if fleet.specs is not None:
            fleet.specs[service.id, target.target.place] = spec
        with fleet.clock.phase("link"):
            scene = scene_of(target, service.team, service, spec)
            try:
                declaration = declare(
                    service.path, service.id, target.target, scene, target.settings, amounts=fleet.quotas
                )
            except TemplateFault as fault:
                fleet.break_(service.id, [fault_diagnostic(fault, f"`{service.id}`", target.target.name)])
                continue
        if not (declaration.broken and fleet.break_(service.id, broken(fleet, service, declaration))):
            yield declaration


def _link(fleet: Fleet, declarations: list[Declaration]) -> None:
    from pavior.pipeline.provenance import Provenance  # noqa: PLC0415  (only what is found needs it)

    targets = {t.target.name: t for t in fleet.platform.targets}
    fleet.links = index(fleet.platform, declarations)

    provenances: dict[tuple[ServiceId, str], Provenance] = {}

    def locate(declaration: Declaration, kind: str, name: str, position: int) -> Span:
        at = (declaration.service, declaration.target.name)
        if at not in provenances:
            provenances.clear()  # what is told together is mostly of one service
            provenances[at] = Provenance(fleet, fleet.owner(declaration.service, targets[declaration.target.name]))
        found = provenances[at].declared(kind, name, position)
        return found or fleet.services[declaration.service].document.positions().value(())

    named = {parse(name) for d in declarations for names in d.references.values() for name in names}
    fleet.broken |= {service for service in named if f"{TEAMS}/{service.team}" in fleet.repository.unusable}
    known = fleet.repository.services.keys() | fleet.broken
    for finding in link(fleet.platform, fleet.links, known, fleet.broken, locate, partial(retired_at, fleet)):
        fleet.diagnostics.append(finding.diagnostic)
        if finding.diagnostic.is_error:
            fleet.broken |= finding.services
