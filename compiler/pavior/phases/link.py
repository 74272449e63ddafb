"""Link: what services declare of themselves, compared across the fleet.

Only declarations are kept, never specs. A callee's policy renders from its own fields and a caller's from its own, so nothing
found here opens anything: it finds faults, and it tells a service the facts of those that it names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pavior.diagnostics import Code, Diagnostic, Note
from pavior.diagnostics.codes import link as codes
from pavior.diagnostics.suggest import did_you_mean
from pavior.expression import Template, TemplateFault
from pavior.model import Path, ServiceId, Span, Target, Value
from pavior.platform import Claim, Component, GoldenPath, Platform, Scene, Within, scenes_of

_NUMBERS = frozenset({int, float})
_MOST_NAMES = 4
"""Of names that collide on one line, beside the first."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A name, the `index`-th of its claim, that a service can't have: it is reserved, outside the domains or too deep in one."""

    claim: str
    index: int
    name: str
    fault: Literal["reserved", "outside", "deep"]


@dataclass(frozen=True, slots=True)
class Broken:
    """A fault of one service's spec that a component found; `at` is the path in the spec that it is about."""

    at: Path
    message: str
    hint: str | None
    code: Code


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one service says of itself in one target. `references` and `claims` hold names as written, by declaring name.

    `broken` is what its components find wrong with it by itself; `amounts` are what it takes of its team's quotas.
    """

    service: ServiceId
    target: Target
    namespace: str
    facts: Mapping[str, Value]
    claims: Mapping[str, tuple[str, ...]]
    references: Mapping[str, tuple[str, ...]]
    refused: tuple[Refused, ...] = ()
    broken: tuple[Broken, ...] = ()
    amounts: tuple[Mapping[str, Mapping[str, Value]], ...] = ()


Locate = Callable[[Declaration, str, str, int], Span]
"""(declaration, "claims" | "references", declaring name, index) → the span of that name in the team's file."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnostic and the services that it keeps from being written if it is an error."""

    services: frozenset[ServiceId]
    diagnostic: Diagnostic


@dataclass(frozen=True, slots=True)
class Links:
    """All declarations. `linked(service, target)` is what a service's templates read under that name."""

    declarations: Mapping[tuple[str, ServiceId], Declaration]
    reference_names: tuple[str, ...]

    def linked(self, service: ServiceId, target: Target) -> dict[str, dict[str, Value]]:
        """Reference name → `team/service` → facts, for the services that this one names and that run in the target."""
        declaration = self.declarations[target.place, service]
        return {
            name: {
                text: self._facts(other)
                for text in declaration.references.get(name, ())
                if (other := self.declarations.get((target.place, parse(text)))) is not None
            }
            for name in self.reference_names
        }

    def readers_of(self, services: Collection[ServiceId]) -> Iterator[tuple[ServiceId, ServiceId]]:
        """Each service whose templates read facts of one of `services`, with that one."""
        wanted = {str(s): s for s in services}
        for declaration in self.declarations.values():
            for names in declaration.references.values():
                for name in names:
                    if name in wanted:
                        yield declaration.service, wanted[name]

    @staticmethod
    def _facts(declaration: Declaration) -> dict[str, Value]:
        service = declaration.service
        return {"name": service.name, "team": service.team, "namespace": declaration.namespace, **declaration.facts}


def parse(text: str) -> ServiceId:
    team, _, name = text.partition("/")
    return ServiceId(team, name)


def declare(
    path: GoldenPath,
    service: ServiceId,
    target: Target,
    scene: Scene,
    settings: Mapping[str, Value],
    *,
    amounts: bool = True,
) -> Declaration:
    """Evaluate the declarations of the path's components on one effective spec. Raises `TemplateFault` as rendering does.

    Without `amounts` it says nothing of what the service takes.
    """
    facts: dict[str, Value] = {}
    claims: dict[str, tuple[str, ...]] = {}
    references: dict[str, tuple[str, ...]] = {}
    refused: list[Refused] = []
    broken: list[Broken] = []
    taken: list[Mapping[str, Mapping[str, Value]]] = []
    for component in path.components:
        declares = component.facts or component.claims or component.references or component.faults or component.amounts
        if not declares:
            continue
        for context in scenes_of(component.type, scene, settings.get(component.name, {})):
            if component.facts is not None:
                facts.update(*component.facts.render(context))
            for name, claim in component.claims.items():
                before, claimed = claims.get(name, ()), _names(claim.names, context)
                claims[name] = before + claimed
                if claimed:
                    refused.extend(_refused(name, claim, claimed, len(before), context))
            for name, reference in component.references.items():
                references[name] = references.get(name, ()) + _names(reference.names, context)
            if component.faults is not None:
                broken.extend(_broken(component.faults, context))
            if amounts and component.amounts is not None:
                taken.extend(_amounts(component, component.amounts, context))
    return Declaration(
        service=service,
        target=target,
        namespace=scene["service"]["namespace"],
        facts=facts,
        claims=claims,
        references=references,
        refused=tuple(refused),
        broken=tuple(broken),
        amounts=tuple(taken),
    )


def _amounts(component: Component, template: Template, context: Scene) -> Iterator[Mapping[str, Mapping[str, Value]]]:
    """What a service takes, all of it in numbers."""
    for said in template.render(context):
        for name, states in said.items():
            for state, amount in states.items():
                numbers = amount if isinstance(amount, list) else [amount]
                if not all(number.__class__ in _NUMBERS for number in numbers):
                    span = component.document.positions().value(("amounts", name, state))
                    raise TemplateFault(span, f"`{state}` of `{name}` is not a number or a list of numbers")
        yield said


def _broken(template: Template, context: Scene) -> Iterator[Broken]:
    for faults in template.render(context):
        for fault in faults:
            code = codes.DOUBTFUL if fault.get("severity") == "warning" else codes.CONTRADICTION
            at = tuple(step if isinstance(step, int) else str(step) for step in fault["at"])
            yield Broken(at, str(fault["message"]), str(fault["hint"]) if "hint" in fault else None, code)


def _refused(name: str, claim: Claim, claimed: Iterable[str], first: int, context: Scene) -> Iterator[Refused]:
    reserved = _names(claim.reserved, context) if claim.reserved else ()
    domains = _names(claim.below, context) if claim.below else ()
    for index, each in enumerate(claimed, first):
        beneath = [each.removesuffix(f".{domain}") for domain in domains if each.endswith(f".{domain}")]
        if claim.below is not None and not beneath:
            yield Refused(name, index, each, "outside")
        elif claim.directly and all("." in label for label in beneath):
            yield Refused(name, index, each, "deep")
        elif each in reserved:
            yield Refused(name, index, each, "reserved")


def _names(template: Template, context: Scene) -> tuple[str, ...]:
    found = template.render(context)
    return tuple(str(name) for name in found[0]) if found else ()


def index(platform: Platform, declarations: Iterable[Declaration]) -> Links:
    """All declarations, by target and service."""
    names = {name for component in platform.components.values() for name in component.references}
    return Links({(d.target.place, d.service): d for d in declarations}, tuple(sorted(names)))


def link(
    platform: Platform,
    links: Links,
    known: Collection[ServiceId],
    broken: Collection[ServiceId],
    locate: Locate,
    retired: Callable[[ServiceId], Span | None] = lambda service: None,
) -> Iterator[Finding]:
    """Compare all declarations. `known` are all services with a folder, `broken` those whose own file says so already.

    `retired` is where a team says that a service of its own is gone.
    """
    mirrors = {name: r.mirror for c in platform.components.values() for name, r in c.references.items()}
    within = {name: claim.within for c in platform.components.values() for name, claim in c.claims.items()}
    yield from _collisions(links.declarations.values(), within, locate)
    for declaration in links.declarations.values():
        for refused in declaration.refused:
            yield Finding(frozenset((declaration.service,)), _refusal(declaration, refused, locate))
    unknown: set[ServiceId] = set()
    for declaration, name, position, text in _references(links):
        if parse(text) not in known:
            unknown.add(declaration.service)
            span = locate(declaration, "references", name, position)
            yield Finding(frozenset((declaration.service,)), _unknown(text, span, known, retired(parse(text))))
    # What a service with a fault of its own says or doesn't say of others may be that fault.
    faulty = unknown.union(broken)
    for declaration, name, position, text in _references(links):
        if parse(text) in known and parse(text) not in faulty:
            found = _one_sided(declaration, text, mirrors[name], links)
            if found is not None:
                code, message, hint, notes = found
                span = locate(declaration, "references", name, position)
                yield Finding(frozenset(), Diagnostic(code, span, message, hint, notes, code.severity))


def _unknown(text: str, span: Span, known: Iterable[ServiceId], retired: Span | None) -> Diagnostic:
    """A reference to a service that there isn't, or isn't any more."""
    if retired is not None:
        message, notes = f"there is no service `{text}` any more", (Note("its team retired it here", retired),)
        return Diagnostic(
            codes.UNKNOWN_SERVICE, span, message, "remove it, or ask the team what came in its place", notes
        )
    near = did_you_mean(text, [str(service) for service in known])
    hint = f"did you mean `{near}`?" if near else "write `team/service` as the folders under `teams/` are called"
    return Diagnostic(codes.UNKNOWN_SERVICE, span, f"there is no service `{text}`", hint)


def _references(links: Links) -> Iterator[tuple[Declaration, str, int, str]]:
    """Every name of every service that somebody refers to: by whom, in which reference, and its place there."""
    for declaration in links.declarations.values():
        for name, others in declaration.references.items():
            for position, text in enumerate(others):
                yield declaration, name, position, text


def _refusal(declaration: Declaration, refused: Refused, locate: Locate) -> Diagnostic:
    what = f"{refused.claim} `{refused.name}`"
    if refused.fault == "reserved":
        message, hint = f"{what} is the platform's own", "choose another name"
    elif refused.fault == "deep":
        message, hint = (
            f"{what} lies deeper than one label below the environment's domain",
            "write `-` for its first dots",
        )
    else:
        message, hint = f"{what} is outside the environment's domain", "choose a name below it"
    note = Note("it is claimed in", targets=(declaration.target.name,))
    span = locate(declaration, "claims", refused.claim, refused.index)
    return Diagnostic(codes.FOREIGN_NAME, span, message, hint, (note,))


def _collisions(declarations: Iterable[Declaration], within: Mapping[str, Within], locate: Locate) -> Iterator[Finding]:
    claimants: dict[tuple[str, str, str], dict[ServiceId, tuple[Declaration, int]]] = defaultdict(dict)
    for declaration in declarations:
        for claim, names in declaration.claims.items():
            for index, name in enumerate(names):
                realm = _realm(within[claim], declaration.target)
                claimants[claim, realm, name].setdefault(declaration.service, (declaration, index))
    # The same lines collide in every environment, perhaps under a name for each: that is one fault.
    collisions: dict[tuple[str, tuple[tuple[ServiceId, Span], ...]], list[tuple[str, str]]] = defaultdict(list)
    for (claim, realm, name), first in claimants.items():
        if len(first) > 1:
            places = tuple(
                (service, locate(d, "claims", claim, index)) for service, (d, index) in sorted(first.items())
            )
            collisions[claim, places].append((realm, name))
    for (claim, places), found in collisions.items():
        for service, span in places:
            yield Finding(frozenset((service,)), _claimed_twice(claim, service, span, dict(places), found))


def _claimed_twice(
    claim: str, service: ServiceId, span: Span, places: Mapping[ServiceId, Span], found: Sequence[tuple[str, str]]
) -> Diagnostic:
    others = [other for other in places if other != service]
    first, *more = dict.fromkeys(name for _, name in found)
    realms = tuple(dict.fromkeys(realm for realm, _ in found if realm))
    notes = [Note("in", targets=realms)] if realms else []
    if more:
        notes.append(Note(f"and so are {', '.join(f'`{name}`' for name in more[:_MOST_NAMES])}"))
    notes += [Note(f"claimed here by `{other}`", places[other]) for other in others]
    message = f"{claim} `{first}` is claimed by `{others[0]}` too"
    return Diagnostic(codes.CLAIMED_TWICE, span, message, "give one of them another name", tuple(notes))


def _realm(within: Within, target: Target) -> str:
    return {Within.TARGET: target.name, Within.ENVIRONMENT: target.environment, Within.FLEET: ""}[within]


def _one_sided(
    declaration: Declaration, text: str, mirror: str | None, links: Links
) -> tuple[Code, str, str, tuple[Note, ...]] | None:
    """What warns about a reference to a service that there is."""
    other, me = parse(text), str(declaration.service)
    if other == declaration.service:
        return codes.SELF_REFERENCE, f"`{text}` is this service itself", "remove it", ()
    counterpart = links.declarations.get((declaration.target.place, other))
    if counterpart is None:
        return (
            codes.NOT_IN_ENVIRONMENT,
            f"`{text}` does not run in every environment of this service",
            "run it there too, or leave it out there under `environments`",
            (Note("it does not run in", targets=(declaration.target.name,)),),
        )
    if mirror is not None and me not in counterpart.references.get(mirror, ()):
        return (
            codes.ONE_SIDED,
            f"`{text}` does not list `{me}` under `{mirror}`, so this opens nothing",
            f"add `{me}` to `{mirror}` in teams/{text}/platform.yaml, or remove it here",
            (),
        )
    return None
