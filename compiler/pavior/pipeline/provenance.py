"""Provenance: from what a template read to every layer that spoke of it, with file, line and column.

Layers are merged once more with origins for one service in one target; nothing else pays for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from pavior.expression import LeafOrigin, OriginTree, Template, Traced
from pavior.layering.merge import part
from pavior.model import Contributor, Document, Origins, Path, Span, Value
from pavior.phases.compose import settings_layers
from pavior.phases.layer import layer_with_origins
from pavior.phases.link import Declaration, parse
from pavior.phases.render import Contribution, Evaluator, gather, merge_contributions
from pavior.pipeline.assemble import Owner, layers_of, scene_of, team_layers
from pavior.pipeline.fleet import Fleet
from pavior.platform import Scene, scenes_of
from pavior.schema.context import COMPONENTS


def _trace(template: Template, scene: Scene) -> list[Traced]:
    return template.trace(scene)


def _value(item: Traced) -> Value:
    return item.value


TRACED: Evaluator[Traced] = Evaluator(_trace, _value)

PRODUCTION: Path = ("environment", "production")
"""What chooses the environment that an entry of the catalogue is about."""


@dataclass(frozen=True, slots=True)
class Step:
    """A template leaf between a read and the layers: of a contribution, or of a fact of another service."""

    origin: LeafOrigin
    reads: tuple[Read, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """One value that an expression read: every layer that spoke of it, the winner last, or the leaves that made it.

    `choices` are what chose those layers: a tier, a size, the type of an entry; and, of the catalogue's entry, the environment.
    """

    path: Path
    value: Value
    contributors: tuple[Contributor, ...] = ()
    steps: tuple[Step, ...] = ()
    choices: tuple[Read, ...] = ()


@dataclass(frozen=True, slots=True)
class Voice:
    """Whose template speaks: what `settings` and `need` mean to it."""

    component: str = ""
    need: str | None = None


@dataclass(slots=True)
class Provenance:
    """The scene of one owner with the origins of its spec, and how to follow a read from it."""

    fleet: Fleet
    owner: Owner
    scene: Scene = field(init=False)
    origins: Origins = field(init=False)
    _contributions: dict[tuple[str, str], tuple[Voice, OriginTree]] = field(init=False, default_factory=dict)
    _followed: dict[tuple[Path, Voice], Read] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        service, target = self.owner.service, self.owner.target
        spec: Value = {}
        self.origins = {}
        if service is not None:
            own = layers_of(service, target.target)
            assert own is not None, "an owner is a service in a target that it runs in"
            above = self.fleet.stacks.of(service.path, target.target, service.team)
            spec, self.origins = layer_with_origins(above, *own)
        self.scene = scene_of(target, self.owner.team, service, spec)
        if service is not None:
            self.scene["linked"] = self.fleet.links.linked(service.id, target.target)

    def gather(self) -> None:
        """Trace the contributions, so that reads of them can be followed."""
        service, target = self.owner.service, self.owner.target
        if service is None:
            return
        gathered: list[Contribution[Traced]] = list(gather(service.path, target, self.scene, TRACED))
        self.scene["contributions"] = merge_contributions(self.fleet.platform.accepted, gathered, TRACED)
        for contribution in gathered:
            voice = Voice(contribution.component, contribution.need)
            if isinstance(contribution.entries.origins, dict):
                for name, entry in contribution.entries.origins.items():
                    self._contributions[contribution.accepted, name] = (voice, entry)

    def follow(self, path: Path, voice: Voice) -> Read:
        """Who set what stands at a path of the scene."""
        if (path, voice) not in self._followed:
            read = self._follow(path, voice)
            self._followed[path, voice] = self._as_entry(read) if self.owner.target.catalogue else read
        return self._followed[path, voice]

    def _as_entry(self, read: Read) -> Read:
        """A read of the catalogue's entry: what an environment's file says of it was chosen with the environment."""
        environment = self.fleet.platform.environments[self.owner.target.target.environment]
        mine = [c.span.file == environment.source.path for c in read.contributors]
        if not any(mine):
            return read
        contributors = tuple(
            replace(c, chosen_by=c.chosen_by or PRODUCTION) if is_mine else c
            for c, is_mine in zip(read.contributors, mine, strict=True)
        )
        return replace(read, contributors=contributors, choices=(*read.choices, *self._productions()))

    def _productions(self) -> Iterator[Read]:
        """Which of the environments that the catalogue's entry could be about are production."""
        for name in dict.fromkeys(context.target.environment for context in self.fleet.entries(self.owner.service)):
            document = self.fleet.platform.environments[name]
            value, positions = part(document.value, PRODUCTION[1:]), document.positions()
            span = head(positions.value(())) if value is None else positions.value(PRODUCTION[1:])
            yield Read(PRODUCTION, value, (Contributor(f"environment {name}", span, value),))

    def _follow(self, path: Path, voice: Voice) -> Read:  # noqa: PLR0911  # one for each root
        root = path[0]
        if root == "need" and voice.need is not None:
            path = ("needs", voice.need) if path[1:] in ((), ("name",)) else ("needs", voice.need, *path[1:])
        elif root == "settings":
            return self._settings(path, voice.component, path[1:])
        elif root == COMPONENTS and len(path) > 1:
            return self._settings(path, str(path[1]), path[2:])
        elif root == "contributions":
            return Read(path, at_path(self.scene, path), steps=tuple(self._contributed(path)))
        elif root == "linked":
            return self._linked(path)
        elif root == "team" and path[1:2] == ("waived",):
            return Read(path, at_path(self.scene, path), steps=tuple(self._waivers(path[2:])))
        elif root == "team" and path[1:] not in ((), ("name",), ("namespace",)):
            return Read(path, at_path(self.scene, path), self._team(path[1:]))
        elif root in ("organization", "environment", "cluster", "target", "team", "service"):
            value = at_path(self.scene, path)
            return Read(path, value, tuple(self._file(path)) if value is not None else ())
        return self._layered(path)

    def _layered(self, path: Path) -> Read:
        contributors = self.origins.get(path, ())
        chosen_by = dict.fromkeys(c.chosen_by for c in contributors if c.chosen_by and c.chosen_by != path)
        return Read(path, at_path(self.scene, path), contributors, choices=tuple(self._layered(p) for p in chosen_by))

    def step(self, origin: LeafOrigin, voice: Voice) -> Step:
        paths = dict.fromkeys((*origin.reads, *(p for c in origin.conditions for p in c.reads)))
        if voice.need is not None:
            paths["needs", voice.need, "type"] = None  # an entry of another type would not have given it
        return Step(origin, tuple(self.follow(path, voice) for path in paths))

    def declared(self, kind: str, name: str, index: int) -> Span | None:
        """The span of the `index`-th name that a claim or reference of this service declares: of the last thing that it read."""
        service = self.owner.service
        assert service is not None
        for component in service.path.components:
            declared = component.claims if kind == "claims" else component.references
            if name not in declared:
                continue
            for context in scenes_of(component.type, self.scene, self.owner.target.settings[component.name]):
                voice = Voice(component.name, context["need"]["name"] if component.type else None)
                for traced in declared[name].names.trace(context):
                    if index < len(traced.value):
                        return self._span_of(traced.origins, index, voice)
                    index -= len(traced.value)
        return None

    def _span_of(self, tree: OriginTree, index: int, voice: Voice) -> Span | None:
        origin = tree[index] if isinstance(tree, list) else tree
        if not isinstance(origin, LeafOrigin):
            return None
        spans = [
            read.contributors[-1].span
            for read in (self.follow(path, voice) for path in reversed(origin.reads))
            if read.contributors
        ]
        # A name may be made of a team's word and an environment's domain: the team is who can change it.
        return next((span for span in spans if span.file.startswith("teams/")), spans[0] if spans else None)

    def _file(self, path: Path) -> Iterator[Contributor]:
        """The one file that says what stands at a path of a root that does not layer; its head for what its place says."""
        platform, target, root = self.fleet.platform, self.owner.target.target, path[0]
        environment = platform.environments[target.environment]
        places: dict[str | int, tuple[str, Document, Path]] = {
            "organization": ("organization", platform.organization, ()),
            "environment": (f"environment {target.environment}", environment, ()),
            "cluster": (f"cluster {target.cluster}", environment, ("clusters", target.cluster)),
            "target": (f"environment {target.environment}", environment, ("clusters", target.cluster)),
        }
        if self.owner.team is not None:
            places["team"] = (f"team {self.owner.team.name}", self.owner.team.document, ())
        if self.owner.service is not None:
            places["service"] = (f"folder {self.owner.service.folder}", self.owner.service.document, ())
        name, document, at = places[root]
        written = root not in ("target", "service") and part(document.value, (*at, *path[1:])) is not None
        span = document.positions().value((*at, *path[1:])) if written else head(document.positions().value(at))
        yield Contributor(name, span, at_path(self.scene, path))

    def _team(self, path: Path) -> tuple[Contributor, ...]:
        team, environment = self.owner.team, self.owner.target.target.environment
        if team is None:
            return ()
        names = (f"team {team.name}", f"team {team.name} in {environment}")
        said = [(names[bool(at)], team.document, at, values) for at, values in team_layers(team, environment)]
        return tuple(_speakers(said, path))

    def _waivers(self, path: Path) -> Iterator[Step]:
        """The waivers of the team's services in this environment, or of one policy: each where it is written."""
        team, environment = self.owner.team, self.owner.target.target.environment
        for service, waivers in self.fleet.waivers.items():
            known = self.fleet.services.get(service)
            for waiver in waivers:
                if known is None or team is None or service.team != team.name or waiver.environment != environment:
                    continue
                if path[:1] in ((), (waiver.policy,)):
                    yield Step(LeafOrigin(known.document.positions().key(waiver.at), waiver.policy, (), ()), ())

    def _settings(self, path: Path, component: str, within: Path) -> Read:
        target = self.owner.target
        said = settings_layers(self.fleet.files, component, target.target)
        value = at_path(target.settings.get(component, {}), within)
        return Read(path, value, tuple(_speakers(said, within)))

    def _contributed(self, path: Path) -> Iterator[Step]:
        for (accepted, name), (voice, tree) in self._contributions.items():
            if path[1:2] in ((), (accepted,)) and path[2:3] in ((), (name,)):
                for _, origin in leaves(_subtree(tree, path[3:])):
                    yield self.step(origin, voice)

    def _linked(self, path: Path) -> Read:
        """The reference that names the other service, and, for a fact of it, the leaf and the layers over there."""
        value = at_path(self.scene, path)
        steps = list(self._reference_steps(path))
        target = self.owner.target
        declaration = (
            self.fleet.links.declarations.get((target.target.place, parse(str(path[2])))) if len(path) > 2 else None
        )
        if declaration is not None:
            steps.extend(self._fact_steps(declaration, path[3:]))
        return Read(path, value, steps=tuple(steps))

    def _reference_steps(self, path: Path) -> Iterator[Step]:
        assert self.owner.service is not None
        for component in self.owner.service.path.components:
            reference = component.references.get(str(path[1])) if len(path) > 1 else None
            if reference is not None:
                for context in scenes_of(component.type, self.scene, self.owner.target.settings[component.name]):
                    voice = Voice(component.name, context["need"]["name"] if component.type else None)
                    for traced in reference.names.trace(context):
                        for origin in dict.fromkeys(origin for _, origin in leaves(traced.origins)):
                            yield self.step(origin, voice)

    def _fact_steps(self, declaration: Declaration, fact: Path) -> Iterator[Step]:
        other = Provenance(self.fleet, self.fleet.owner(declaration.service, self.owner.target))
        service = other.owner.service
        assert service is not None
        for component in service.path.components:
            if component.facts is not None:
                for context in scenes_of(component.type, other.scene, other.owner.target.settings[component.name]):
                    voice = Voice(component.name, context["need"]["name"] if component.type else None)
                    for traced in component.facts.trace(context):
                        for at, origin in leaves(traced.origins):
                            if at[: len(fact)] == fact:
                                yield other.step(origin, voice)


def _subtree(tree: OriginTree, path: Path) -> OriginTree:
    """What made the value at `path`; of a value that is not there, nothing."""
    for key in path:
        if isinstance(tree, LeafOrigin):
            break
        if isinstance(tree, list):
            tree = tree[key] if isinstance(key, int) and key < len(tree) else {}
        else:
            tree = tree.get(str(key), {})
    return tree


def _speakers(said: Iterable[tuple[str, Document, Path, Value]], path: Path) -> Iterator[Contributor]:
    """Who of these layers, lowest first, spoke of what stands at `path`. A list is its winner's alone."""
    whole = next((path[:i] for i, key in enumerate(path) if isinstance(key, int)), path)
    found = [(name, document, at, values) for name, document, at, values in said if at_path(values, whole) is not None]
    for name, document, at, values in found if whole == path else found[-1:]:
        yield Contributor(name, document.positions().value((*at, *path)), at_path(values, path))


def leaves(tree: OriginTree, at: Path = ()) -> Iterator[tuple[Path, LeafOrigin]]:
    """Every leaf of a tree of origins, with its path."""
    if isinstance(tree, LeafOrigin):
        yield at, tree
    else:
        for key, child in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from leaves(child, (*at, key))


def at_path(value: Value, path: Path) -> Value:
    """What stands at a path of maps and lists; None where nothing does."""
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def head(span: Span) -> Span:
    """The first character of a span: for what a file says by being there."""
    return Span(span.file, span.line, span.column, span.line, span.column + 1)
