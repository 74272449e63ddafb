"""The platform as compiled data: what `compose` makes of golden-paths/ and every later phase reads.

Nothing here knows what a manifest means; that is in the components.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from pavior.model import Document, Target, Value

if TYPE_CHECKING:
    from pavior.expression import Template
    from pavior.policies.policy import Policy
    from pavior.schema import Schema, Schemas


Scene: TypeAlias = dict[str, Value]
"""What templates read, by root name. One dict serves all templates of a service; `settings` and `need` change between them."""


class Scope(Enum):
    """What a template is rendered once for."""

    SERVICE = "service"
    NEED = "need"
    TEAM = "team"
    ENVIRONMENT = "environment"


class Within(Enum):
    """Where a claimed name must be unique."""

    TARGET = "target"
    ENVIRONMENT = "environment"
    FLEET = "fleet"


@dataclass(frozen=True, slots=True)
class ManifestTemplate:
    """One template of a component. `artifact`, if given, says where its manifests land below rendered/<target>/."""

    path: str
    scope: Scope
    template: Template
    artifact: Template | None = None
    catalogue: bool = False
    """Rendered once, into the catalogue's folder, not once for each target."""
    text: bool = False
    """Makes lines of text, not manifests."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Names that no two services may share. The templates yield lists of text.

    `below`: the domains that the names must lie in, if given, and with `directly` one label below. `reserved`: names that are
    the platform's own.
    """

    within: Within
    names: Template
    below: Template | None = None
    directly: bool = False
    reserved: Template | None = None


@dataclass(frozen=True, slots=True)
class Cycles:
    """What is told of services that name one another in a circle. `accepted` yields the names that may lead back."""

    accepted: Template
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Services that a service names. `mirror` is the reference of theirs that should name it back; `cycles` is set where it
    should not lead back to itself."""

    names: Template
    mirror: str | None = None
    cycles: Cycles | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """One capability. `type` is set where it is a type of `needs`; `labels` are those that raw manifests of its services must
    carry; `costs` are items of a service or an entry of `needs`, `platform_costs` those of a target, `prices` what either may
    ask for; `sealed` are pointers to what no patch may change; `faults` yields the list of what is wrong with a spec, `amounts`
    what a service takes of `quotas`, which are of teams, as
    the names of `team_claims` are; `documents` are its files by path inside its folder."""

    name: str
    document: Document
    type: str | None
    requires: tuple[str, ...]
    manifests: tuple[ManifestTemplate, ...]
    holds_data: bool
    immutable: tuple[str, ...]
    sealed: tuple[str, ...]
    accepts: tuple[str, ...]
    provides: Mapping[str, Template]
    costs: Template | None
    platform_costs: Template | None
    prices: Template | None
    labels: Template | None
    facts: Template | None
    claims: Mapping[str, Claim]
    references: Mapping[str, Reference]
    faults: Template | None
    amounts: Template | None
    quotas: Template | None
    team_claims: Template | None
    documents: Mapping[str, Document] = field(repr=False)


@dataclass(frozen=True, slots=True)
class GoldenPath:
    """A way to run a kind of service: its components in the order in which they are listed."""

    name: str
    document: Document
    components: tuple[Component, ...]
    templates: tuple[tuple[Component, ManifestTemplate], ...] = field(init=False, repr=False, compare=False)
    """Those that are rendered for each service, in the order of components and of what they list."""

    def __post_init__(self) -> None:
        listed = ((component, template) for component in self.components for template in component.manifests)
        own = tuple(pair for pair in listed if pair[1].scope in (Scope.SERVICE, Scope.NEED))
        object.__setattr__(self, "templates", own)

    def of_type(self, type_name: str) -> Component | None:
        """The component that provides entries of `needs` of this type, if the path has one."""
        return next((c for c in self.components if c.type == type_name), None)


@dataclass(frozen=True, slots=True)
class TargetContext:
    """What every template of one target may read: plain data by root name, and the settings of each component."""

    target: Target
    roots: Mapping[str, Value]
    settings: Mapping[str, Mapping[str, Value]]
    catalogue: bool = False


@dataclass(frozen=True, slots=True)
class Platform:
    """Everything of golden-paths/, checked and compiled."""

    organization: Document
    environments: Mapping[str, Document]
    components: Mapping[str, Component]
    golden_paths: Mapping[str, GoldenPath]
    targets: tuple[TargetContext, ...]
    catalogue: tuple[TargetContext, ...]
    """What the catalogue's entries are about: one for each target, production first. An entry takes the first that it can."""
    accepted: Mapping[str, Schema]
    """The schema of the entries, by name, of each contribution that some component accepts, by its own name."""
    schemas: Schemas
    policies: Mapping[str, Policy] = field(default_factory=dict)
    """By name; what each target makes of them is in the bindings that it renders."""

    def targets_of(self, environment: str) -> tuple[TargetContext, ...]:
        return tuple(t for t in self.targets if t.target.environment == environment)

    @property
    def target_names(self) -> tuple[str, ...]:
        return tuple(t.target.name for t in self.targets)


def scenes_of(type_name: str | None, scene: Scene, settings: Value) -> Iterable[Scene]:
    """The contexts in which a component's templates run: one, or one for each entry of `needs` of its type, by sorted name.

    It is `scene` itself each time, changed in place, so use it before asking for the next.
    """
    scene["settings"] = settings
    return (scene,) if type_name is None else _scenes_of_needs(type_name, scene)


def _scenes_of_needs(type_name: str, scene: Scene) -> Iterator[Scene]:
    for name, entry in sorted((scene.get("needs") or {}).items()):
        if entry.get("type") == type_name:
            scene["need"] = {"name": name, **entry}
            yield scene
    scene.pop("need", None)
