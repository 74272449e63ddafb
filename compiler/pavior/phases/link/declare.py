"""Declare: what the components of a service's golden path say of one effective spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pavior.diagnostics.codes import link as codes
from pavior.expression import Template, TemplateFault
from pavior.model import ServiceId, Target, Value
from pavior.phases.link.declarations import Broken, Declaration, Refused
from pavior.platform import Claim, Component, GoldenPath, Scene, scenes_of

_NUMBERS = frozenset({int, float})


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
    accepted: dict[str, tuple[str, ...]] = {}
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
                if reference.cycles is not None and references[name]:
                    accepted[name] = accepted.get(name, ()) + _names(reference.cycles.accepted, context)
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
        accepted=accepted,
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
