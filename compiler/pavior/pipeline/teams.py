"""Teams: what only shows when all services of a team are seen - its quotas, and what it says is gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from pavior.diagnostics import Diagnostic, Note
from pavior.diagnostics.codes.link import NOT_RETIRED, TEAM_NAME_TAKEN
from pavior.expression import TemplateFault
from pavior.layering.merge import part
from pavior.model import Document, Path, ServiceId, Span
from pavior.phases.link import Declaration
from pavior.phases.quota import Amounts, Quota, above_cap, quota, quotas
from pavior.phases.render import fault_diagnostic
from pavior.pipeline.assemble import ServiceInput, TeamInput, scene_of
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.retired import notes_of
from pavior.platform import TargetContext, scenes_of
from pavior.schema.fault import Fault, span_of


def over_quota(fleet: Fleet, declarations: Iterable[Declaration]) -> Iterator[Diagnostic]:
    """The quotas that are less than what their team's services may take."""
    taken: dict[tuple[str, str], dict[str, tuple[Amounts, ...]]] = {}
    for declaration in declarations:
        if declaration.amounts:
            owner = (declaration.target.name, declaration.service.team)
            taken.setdefault(owner, {})[declaration.service.name] = declaration.amounts
    targets = {context.target.name: context for context in fleet.platform.targets}
    for (target, name), services in sorted(taken.items()):
        team = fleet.teams[name]
        try:
            limits = list(_quotas(fleet, team, targets[target]))
        except TemplateFault as fault:
            yield fault_diagnostic(fault, f"`{name}`", target)
            continue
        locate = partial(_said_span, team.document, targets[target].target.environment)
        yield from quota(name, target, limits, services, locate)


def above_caps(fleet: Fleet) -> Iterator[tuple[str, Diagnostic]]:
    """The quotas that are more than a team may give itself, each with the team."""
    for team, target in _places(fleet):
        try:
            limits = list(_quotas(fleet, team, target))
        except TemplateFault as fault:
            yield team.name, fault_diagnostic(fault, f"`{team.name}`", target.target.name)
            continue
        locate = partial(_said_span, team.document, target.target.environment)
        yield from ((team.name, each) for each in above_cap(target.target.name, limits, locate))


def _places(fleet: Fleet) -> Iterator[tuple[TeamInput, TargetContext]]:
    for team in fleet.teams.values():
        if team.name not in fleet.broken_teams:
            yield from ((team, target) for target in fleet.platform.targets)


def taken_names(fleet: Fleet) -> Iterator[tuple[str, Diagnostic]]:
    """The names of teams that are another team's or the platform's, each with the team that claims it."""
    claimants: dict[tuple[str, str], dict[str, Span]] = {}
    reserved: set[tuple[str, str]] = set()
    for team, target in _places(fleet):
        scene = scene_of(target, team, None, {})
        for component in fleet.platform.components.values():
            if component.team_claims is None:
                continue
            context = next(iter(scenes_of(None, scene, target.settings[component.name])))
            try:
                for claim, said in (item for found in component.team_claims.render(context) for item in found.items()):
                    for name in map(str, said.get("names", ())):
                        if name not in said.get("shared", ()):
                            span = _said_span(team.document, target.target.environment, tuple(said["at"]))
                            claimants.setdefault((claim, name), {}).setdefault(team.name, span)
                            reserved.update([(claim, name)] if name in said.get("reserved", ()) else [])
            except TemplateFault as fault:
                yield team.name, fault_diagnostic(fault, f"`{team.name}`", target.target.name)
    for (claim, name), places in claimants.items():
        for team_name, span in places.items():
            others = [other for other in places if other != team_name]
            if others or (claim, name) in reserved:
                whose = "the platform's own" if (claim, name) in reserved else f"team `{others[0]}`'s too"
                notes = tuple(Note(f"claimed here by `{other}`", places[other]) for other in others)
                message = f"{claim} `{name}` is {whose}"
                yield team_name, Diagnostic(TEAM_NAME_TAKEN, span, message, "choose another", notes)


def _quotas(fleet: Fleet, team: TeamInput, target: TargetContext) -> Iterator[Quota]:
    scene = scene_of(target, team, None, {})
    for component in fleet.platform.components.values():
        if component.quotas is not None:
            for context in scenes_of(None, scene, target.settings[component.name]):
                for said in component.quotas.render(context):
                    numbers = [each[key] for each in said.values() for key in ("most", "cap") if key in each]
                    if not all(isinstance(number, int | float) for number in numbers):
                        span = component.document.positions().key(("quotas",))
                        raise TemplateFault(span, "`most` or `cap` of one of the `quotas` is not a number")
                    yield from quotas(said)


def _said_span(document: Document, environment: str, at: Path) -> Span:
    """Where the team says it, for the environment or for all; its file's first key where it says nothing."""
    places = (("environments", environment, *at), at)
    said = next((place for place in places if part(document.value, place) is not None), ())
    return span_of(Fault(NOT_RETIRED, said, "", at="key"), document.positions())


def retired_at(fleet: Fleet, service: ServiceId) -> Span | None:
    """Where a service's team says that it, or an entry of it, is gone."""
    team = fleet.teams.get(service.team)
    notes = notes_of(team.document) if team is not None else {}
    named = next((name for name in notes if name.partition("/")[0] == service.name), None)
    return team.document.positions().key(("retired", named)) if team is not None and named is not None else None


def not_retired(fleet: Fleet) -> Iterator[Diagnostic]:
    """The `retired:` notes about what is there, in each environment that they name."""
    for service in fleet.services.values():
        for need, note in notes_of(service.document).items():
            yield from _there(service.document, service, (need, need), note)
    for team in fleet.teams.values():
        for named, note in notes_of(team.document).items():
            name, _, need = named.partition("/")
            service_of = fleet.services.get(ServiceId(team.name, name))
            if service_of is not None:
                yield from _there(team.document, service_of, (named, need), note)


def _there(
    document: Document, service: ServiceInput, named: tuple[str, str], note: Mapping[str, object]
) -> Iterator[Diagnostic]:
    key, need = named
    said: object = note.get("environments")
    environments = said if isinstance(said, list) else []
    there = [e for e in environments if _has(service, need, str(e))]
    if there:
        positions = document.positions()
        message = f"`{key}` is said to be retired, but `{service.id}` still has `{need}`"
        hint = "remove the note; write it in the change that removes the entry"
        notes = (Note("in", targets=tuple(map(str, there))),)
        span = positions.key(("retired", key))
        yield Diagnostic(NOT_RETIRED, span, message, hint, notes, NOT_RETIRED.severity)


def _has(service: ServiceInput, need: str, environment: str) -> bool:
    """Does the service's own file give it this entry in this environment, in which it runs?"""
    if not any(target.partition("@")[0] == environment for target in service.targets):
        return False
    value = service.document.value
    layers = (part(layer, ("needs",)) or {} for layer in (value, part(value, ("environments", environment)) or {}))
    said = [needs[need] for needs in layers if need in needs]
    return bool(said) and said[-1] is not None
