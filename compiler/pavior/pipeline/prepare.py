"""Prepare: discover → load → validate → layer → link, which every command begins with. Specs are not kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from pavior.diagnostics import Diagnostic, Outcome
from pavior.expression import TemplateFault
from pavior.layering.ranks import service_layers
from pavior.model import Document, ServiceId, Span
from pavior.phases import customize, validate
from pavior.phases.discover import Repository, discover, read
from pavior.phases.link import Declaration, declare, index, link, parse, sharing
from pavior.phases.load import load_all
from pavior.phases.render import fault_diagnostic
from pavior.phases.screen import screen
from pavior.pipeline import prepared
from pavior.pipeline.assemble import ServiceInput, Stacks, TeamInput, effective_spec, scene_of
from pavior.pipeline.clock import Clock
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.golden_paths import has_errors, load_platform, parse_source, read_document
from pavior.pipeline.placing import broken, of_target, spec_faults
from pavior.pipeline.prepared import Told
from pavior.pipeline.teams import above_caps, not_retired, over_quota, retired_at, taken_names
from pavior.policies.waivers import by_environment, waivers_of, wide_layers
from pavior.policies.waivers import faults as waiver_faults
from pavior.repository import GOLDEN_PATHS, TEAMS, WorkingTree
from pavior.repository.states import NotingTree

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
            fleet.over_quota.extend(over_quota(fleet, declarations))
            fleet.diagnostics.extend(fleet.over_quota)
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


def load_team(fleet: Fleet, name: str) -> None:
    found: list[Diagnostic] = []
    document = read_document(fleet.repository, fleet.repository.teams[name], found)
    if document is not None:
        found.extend(validate.validate(document, "team", fleet.platform.schemas))
        fleet.teams[name] = TeamInput(name, document)
    fleet.diagnostics.extend(found)
    if document is None or has_errors(found):
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
            if not has_errors(found):
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
    before: Declaration | None = None
    for target in fleet.platform.targets:
        with fleet.clock.phase("layer"):
            made = effective_spec(fleet.stacks, service, target.target)
        if made is None:
            continue
        spec, found = made[0], tuple(of_target(d, target.target) for d in made[1])
        with fleet.clock.phase("validate"):
            if not has_errors(found):
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
            before = declaration if before is None else sharing(declaration, before)
            yield before


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
