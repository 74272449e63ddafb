"""The fleet: a platform repository up to the link phase. Specs are not kept, only what services declare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field
from itertools import islice

from pavior.diagnostics import Diagnostic
from pavior.model import ServiceId, Value
from pavior.phases.compose import Files
from pavior.phases.discover import Repository
from pavior.phases.link import Links
from pavior.pipeline.assemble import Owner, ServiceInput, Stacks, TeamInput, layers_of
from pavior.pipeline.clock import Clock
from pavior.platform import Platform, TargetContext
from pavior.policies.waivers import Waiver


@dataclass(slots=True)
class Fleet:
    """A platform repository up to the link phase.

    `broken` are the services with an error of their own; `blocked` those whose templates read facts of a broken one, with the
    broken one; `broken_teams` the teams whose team.yaml is faulty. Nothing is written for any of them.
    """

    repository: Repository
    platform: Platform
    files: Files
    clock: Clock
    stacks: Stacks
    diagnostics: list[Diagnostic] = field(default_factory=list)
    teams: MutableMapping[str, TeamInput] = field(default_factory=dict)
    services: MutableMapping[ServiceId, ServiceInput] = field(default_factory=dict)
    links: Links = field(default_factory=lambda: Links({}, ()))
    waivers: dict[ServiceId, tuple[Waiver, ...]] = field(default_factory=dict)
    """Those of all services whose file can be read."""
    broken: set[ServiceId] = field(default_factory=set)
    broken_teams: set[str] = field(default_factory=set)
    blocked: dict[ServiceId, ServiceId] = field(default_factory=dict)
    quotas: bool = True
    """Whether what services take is compared with their teams' quotas."""
    over_quota: list[Diagnostic] = field(default_factory=list)
    """Those of the diagnostics that say so."""
    specs: dict[tuple[ServiceId, str], Value] | None = None
    """Where somebody wants them kept: the effective specs of what was declared, by service and target's place."""

    def break_(self, service: ServiceId, found: Iterable[Diagnostic]) -> bool:
        """Keep what was found of a service; with an error, it is broken. True if there was one."""
        found = list(found)
        self.diagnostics.extend(found)
        if any(d.is_error for d in found):
            self.broken.add(service)
            return True
        return False

    def waived(self, service: ServiceId, environment: str) -> dict[str, Waiver]:
        """The waivers of a service in an environment, by policy."""
        return {w.policy: w for w in self.waivers.get(service, ()) if w.environment == environment}

    def owner(self, service: ServiceId, target: TargetContext) -> Owner:
        known = self.services[service]
        return Owner(target, known.team, known)

    def entries(self, service: ServiceInput | None = None) -> Iterator[TargetContext]:
        """What the catalogue's entry of a service, or of anything else, could be about; it is about the first."""
        for context in self.platform.catalogue:
            if service is None or layers_of(service, context.target) is not None:
                yield context

    def unwritable(self) -> Iterator[ServiceId]:
        """The services of which nothing is written."""
        listed = self.repository.services
        missing = listed.keys() - self.services.keys() if len(listed) > len(self.services) else ()
        yield from sorted({*missing, *(listed.keys() & {*self.broken, *self.blocked})})

    def writable(self, service: ServiceId) -> bool:
        return service in self.services and service not in self.broken and service not in self.blocked


def owner_of(fleet: Fleet, source: str, target: str) -> Owner:
    """Who renders from a folder into a target."""
    _, team, name = (*source.split("/"), "", "")[:3]
    service = fleet.services[ServiceId(team, name)] if name else None
    contexts = (*fleet.platform.targets, *islice(fleet.entries(service), 1))
    context = next(context for context in contexts if context.target.name == target)
    return Owner(context, service.team if service is not None else fleet.teams.get(team), service)
