"""Selection: what a command is about."""

from __future__ import annotations

from dataclasses import dataclass

from pavior.model import ServiceId


@dataclass(frozen=True, slots=True)
class Selection:
    """What a command is about: these services, teams and environments; an empty tuple is all of them."""

    names: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        return not (self.names or self.teams or self.environments)

    def environment(self, name: str) -> bool:
        return not self.environments or name in self.environments

    def team(self, name: str) -> bool:
        return not self.names and (not self.teams or name in self.teams)

    def service(self, service: ServiceId) -> bool:
        return (not self.names or str(service) in self.names) and (not self.teams or service.team in self.teams)

    def source(self, folder: str) -> bool:
        """Is this about what is rendered from a folder: of a service, of a team, or golden-paths/?"""
        root, _, rest = folder.partition("/")
        if root != "teams":
            return not self.names and not self.teams
        return self.service(ServiceId(*rest.split("/", 1))) if "/" in rest else self.team(rest)
