"""What services declare of themselves, kept for the whole fleet: names, references and facts, never specs."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pavior.diagnostics import Code, Diagnostic
from pavior.model import Path, ServiceId, Span, Target, Value
from pavior.platform import Platform


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

    `accepted` are those of `references` that may lead back to it. `broken` is what its components find wrong with it by itself;
    `amounts` are what it takes of its team's quotas.
    """

    service: ServiceId
    target: Target
    namespace: str
    facts: Mapping[str, Value]
    claims: Mapping[str, tuple[str, ...]]
    references: Mapping[str, tuple[str, ...]]
    refused: tuple[Refused, ...] = ()
    broken: tuple[Broken, ...] = ()
    accepted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    amounts: tuple[Mapping[str, Mapping[str, Value]], ...] = ()


def sharing(declaration: Declaration, other: Declaration) -> Declaration:
    """The same declaration, of which what the other says too is there once: a service says much the same in all targets."""
    # Maps that are equal may still be told apart by templates: 1, 1.0 and true.
    theirs, mine = (marshal.dumps(dict(each.facts), 0) for each in (other, declaration))
    facts = other.facts if theirs == mine else declaration.facts
    return replace(
        declaration,
        facts=facts,
        claims=other.claims if other.claims == declaration.claims else declaration.claims,
        references=other.references if other.references == declaration.references else declaration.references,
        accepted=other.accepted if other.accepted == declaration.accepted else declaration.accepted,
    )


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
        if not wanted:
            return
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


def index(platform: Platform, declarations: Iterable[Declaration]) -> Links:
    """All declarations, by target and service."""
    names = {name for component in platform.components.values() for name in component.references}
    return Links({(d.target.place, d.service): d for d in declarations}, tuple(sorted(names)))
