"""Selection: what a command is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from glob import glob

from pavior.diagnostics.suggest import did_you_mean
from pavior.model import RENDERED, ServiceId
from pavior.pipeline.shard import Shard
from pavior.repository import GOLDEN_PATHS, TEAMS, Repository


@dataclass(frozen=True, slots=True)
class Selection:
    """What a command is about: these services, teams, and environments or render targets; an empty tuple is all of them.

    `sources`, if given, are the only folders that it is about, as `Owner.source` calls them; of a `shard`, those that it has.
    """

    names: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    sources: frozenset[str] | None = None
    shard: Shard | None = None

    @property
    def everything(self) -> bool:
        return not (self.names or self.teams or self.environments or self.shard) and self.sources is None

    @property
    def fleetwide(self) -> bool:
        """Is it here that is told what is nobody's own? In a run of everything, and in one of its shards."""
        return self.everything or (self.shard is not None and self.shard.has(GOLDEN_PATHS))

    def target(self, name: str) -> bool:
        """Is this about a render target? An environment stands for all of its clusters."""
        return not self.environments or name in self.environments or name.partition("@")[0] in self.environments

    def team(self, name: str) -> bool:
        return not self.names and (not self.teams or name in self.teams) and self._within(f"{TEAMS}/{name}")

    def service(self, service: ServiceId) -> bool:
        named = (not self.names or str(service) in self.names) and (not self.teams or service.team in self.teams)
        return named and self._within(f"{TEAMS}/{service}")

    def services(self, known: Collection[ServiceId]) -> Iterable[ServiceId]:
        """Those of the services of a fleet that this is about, in their order."""
        among: Iterable[ServiceId] = known
        if self.names:
            among = sorted(s for s in (ServiceId(*name.partition("/")[::2]) for name in set(self.names)) if s in known)
        return (service for service in among if self.service(service))

    def source(self, folder: str) -> bool:
        """Is this about what is rendered from a folder: of a service, of a team, or golden-paths/?"""
        root, _, rest = folder.partition("/")
        if root != "teams":
            return not self.names and not self.teams and self._within(folder)
        return self.service(ServiceId(*rest.split("/", 1))) if "/" in rest else self.team(rest)

    def passes_over(self, teams: Collection[str]) -> Callable[[str, bool], bool]:
        """What below rendered/ is not of the services that this is about by name, by its path and whether it is a folder.

        A file that is rendered for a service has the service's name in its path, and lies in no other team's folder.
        """
        if not self.names:
            return lambda path, is_folder: False
        own = {name.partition("/")[0] for name in self.names}
        names = "|".join(re.escape(name.partition("/")[2]) for name in self.names)
        named = re.compile(rf"/(?:.*[^a-z0-9])?(?:{names})(?![a-z0-9])")

        def passes_over(path: str, is_folder: bool) -> bool:
            folder = path.rpartition("/")[2]
            others = folder in teams and folder not in own and "/" in path
            return (others or not is_folder) and named.search(path) is None

        return passes_over

    def _within(self, source: str) -> bool:
        return (self.sources is None or source in self.sources) and (self.shard is None or self.shard.has(source))


class UnknownName(Exception):
    """A command is about something that the repository doesn't have. `hint`, if any, is for a person."""

    def __init__(self, message: str, hint: str | None) -> None:
        super().__init__(message)
        self.hint = hint


def require_known(repository: Repository, targets: Iterable[str], selection: Selection) -> None:
    """Raise UnknownName where a selection names what isn't there: it would find nothing wrong with it.

    What is gone but still rendered is known, so that its files can be deleted; what can't be read is known too.
    """
    rendered = str(repository.root / RENDERED)
    unusable = [path.removeprefix(f"{TEAMS}/") for path in repository.unusable if path.startswith(f"{TEAMS}/")]
    named = [name for name in selection.names if ServiceId(*name.partition("/")[::2]) not in repository.services]
    services = {*map(str, repository.services), *unusable} if named else set()
    for name in named:
        unlisted = name.startswith(tuple(f"{path}/" for path in unusable))
        if name not in services and not unlisted and not ("/" in name and _is_rendered(rendered, name, "*/{}")):
            # A shell completes the path of a file that lies in the service's folder.
            folder = next((s for s in services if f"{name}/".startswith(f"{TEAMS}/{s}/")), None)
            near = f"did you mean `{folder}`?" if folder else _nearest(name, services)
            hint = f"did you mean `--team {name}`?" if name in repository.teams else near
            raise UnknownName(f"there is no service `{name}`", hint)
    for team in selection.teams:
        known = {*repository.teams, *unusable}
        if team not in known and not _is_rendered(rendered, team, "*/{}"):
            raise UnknownName(f"there is no team `{team}`", _nearest(team, known))
    for environment in selection.environments:
        known = {*repository.environments, *targets}
        if environment not in known and not _is_rendered(rendered, environment, "{}", "{}@*"):
            raise UnknownName(f"there is no environment `{environment}`", _nearest(environment, known))


def _is_rendered(rendered: str, name: str, *patterns: str) -> bool:
    """Is there anything below rendered/ where one of these patterns, filled in with a plain name, says?"""
    plain = re.fullmatch(r"[a-z0-9@-]+(/[a-z0-9-]+)*", name)
    return plain is not None and any(glob(pattern.format(name), root_dir=rendered) for pattern in patterns)


def _nearest(name: str, known: Iterable[str]) -> str | None:
    near = did_you_mean(name, known)
    return f"did you mean `{near}`?" if near else None
