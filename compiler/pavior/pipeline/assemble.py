"""Assemble: one owner in one target → its artifacts. The layer, render and customise phases in a row, for values or with origins.

An owner is what a folder below rendered/<target>/ belongs to: a service, a team or the environment itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, NamedTuple, TypeVar

from pavior.diagnostics import Diagnostic
from pavior.expression import TemplateFault
from pavior.layering.merge import merge, part
from pavior.layering.ranks import Rank, component_rank, rank, service_layers
from pavior.layering.stack import Stack, needs_words, stack
from pavior.model import Document, Layer, Manifest, Path, ServiceId, Span, Target, Value
from pavior.phases import customize
from pavior.phases.compose import DEFAULTS_FILE
from pavior.phases.layer import layer
from pavior.phases.render import (
    PLAIN,
    PLATFORM_FOLDER,
    TEAM_FOLDER,
    BadContribution,
    ContributedTwice,
    Evaluator,
    Only,
    Rendered,
    bad_contribution_diagnostic,
    fault_diagnostic,
    render,
    render_shared,
    twice_diagnostic,
)
from pavior.platform import GoldenPath, Platform, Scene, Scope, TargetContext, scenes_of
from pavior.schema.context import COMPONENTS, LAYERING_KEYS

Item = TypeVar("Item")

RAW_ARTIFACT = "manifests.yaml"

MOST_REFUSED = 20
"""Faults of a service's raw manifests in one target after which no more are looked for."""


@dataclass(frozen=True, slots=True)
class TeamInput:
    """A team's file. Its namespace has its name. `waived`: environment → policy → the services that it is waived for."""

    name: str
    document: Document
    waived: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceInput:
    """A service's files, each of which has passed its schema."""

    id: ServiceId
    folder: str
    document: Document
    team: TeamInput
    path: GoldenPath
    raw: tuple[Document, ...] = ()
    patches: tuple[customize.Patch, ...] = ()
    targets: tuple[str, ...] = ()
    """The names of the targets that it runs in."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose artifacts: of a service, of a team (`service` None) or of the environment (both None), in one target."""

    target: TargetContext
    team: TeamInput | None = None
    service: ServiceInput | None = None

    @property
    def adds(self) -> bool:
        """Whether it is a service with manifests or patches of its own."""
        service = self.service
        return service is not None and not self.target.catalogue and bool(service.raw or service.patches)

    @property
    def folder(self) -> str:
        """The directory below rendered/ that belongs to this owner alone."""
        name = self.target.target.name
        if self.service is not None:
            return f"{name}/{self.service.id.team}/{self.service.id.name}"
        return f"{name}/{PLATFORM_FOLDER}" if self.team is None else f"{name}/{self.team.name}/{TEAM_FOLDER}"

    @property
    def source(self) -> str:
        """The folder or file of the repository that the artifacts are made from, as their headers name it."""
        if self.service is not None:
            return self.service.folder
        return "golden-paths" if self.team is None else f"teams/{self.team.name}"

    @property
    def name(self) -> str:
        """What messages call it, whatever the target."""
        if self.service is not None:
            return f"`{self.service.id}`"
        return "the platform" if self.team is None else f"team `{self.team.name}`"


class Placed(NamedTuple, Generic[Item]):
    """One manifest in its artifact. `rendered` is None for a raw manifest, which `raw` then is."""

    path: str
    item: Item
    rendered: Rendered[Item] | None = None
    raw: Document | None = None

    @property
    def is_text(self) -> bool:
        """Its item is a list of lines, perhaps of lists, and no manifest."""
        return self.rendered is not None and self.rendered.template.text


@dataclass(slots=True)
class Stacks:
    """The layers above services, merged once for each golden path, target and team, on top of one another."""

    platform: Platform
    _components: dict[str, Stack] = field(default_factory=dict)
    _targets: dict[tuple[str, str], Stack] = field(default_factory=dict)
    _teams: dict[tuple[str, str, str], Stack] = field(default_factory=dict)
    _types: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)

    def of(self, path: GoldenPath, target: Target, team: TeamInput) -> Stack:
        key = (path.name, target.place, team.name)
        if key not in self._teams:
            ranks = [
                rank(f"team {team.name}", team.document),
                rank(f"team {team.name} in {target.environment}", team.document, ("environments", target.environment)),
            ]
            self._teams[key] = stack(self._known(path, ranks), beneath=self._target(path, target))
        return self._teams[key]

    def types_of_needs(self, document: Document, team: TeamInput | None) -> Mapping[str, str]:
        """The types of the entries of `needs` that layers beneath a service bring, of which its file may leave the type out."""
        path = self.platform.golden_paths.get(str(part(document.value, ("goldenPath",))))
        if path is None or team is None:
            return {}
        key = (path.name, team.name)
        if key not in self._types:
            self._types[key] = {
                name: entry["type"]
                for target in self.platform.targets
                for word in needs_words(self.of(path, target.target, team), None)
                if isinstance(word.value, dict)
                for name, entry in word.value.items()
                if isinstance(entry, dict) and isinstance(entry.get("type"), str)
            }
        return self._types[key]

    def _target(self, path: GoldenPath, target: Target) -> Stack:
        key = (path.name, target.place)
        if key not in self._targets:
            environment = self.platform.environments[target.environment]
            ranks: list[Rank] = [
                rank(f"golden path {path.name}", path.document),
                rank("organization", self.platform.organization),
                rank(f"environment {target.environment}", environment),
                rank(f"cluster {target.cluster}", environment, ("clusters", target.cluster)),
            ]
            self._targets[key] = stack(self._known(path, ranks), beneath=self._lowest(path))
        return self._targets[key]

    def _known(self, path: GoldenPath, ranks: list[Rank]) -> list[Rank]:
        """The ranks without the fields that the golden path's components lack: a wide layer speaks to many paths."""
        fields = self.platform.schemas.paths[path.name].fields

        def known(layer: Layer) -> Layer:
            return replace(layer, values={k: v for k, v in layer.values.items() if k in fields})

        return [
            replace(
                each,
                defaults=known(each.defaults) if each.defaults else None,
                tiers={tier: known(layer) for tier, layer in each.tiers.items()},
            )
            for each in ranks
        ]

    def _lowest(self, path: GoldenPath) -> Stack:
        if path.name not in self._components:
            ranks = [component_rank(c.name, c.document, c.documents.get(DEFAULTS_FILE)) for c in path.components]
            self._components[path.name] = stack(ranks)
        return self._components[path.name]


def layers_of(service: ServiceInput, target: Target) -> tuple[Layer, Layer | None] | None:
    """The service's own layers in a target; None where it leaves the environment out."""
    return service_layers(service.id, target.environment, service.document)


def effective_spec(
    stacks: Stacks, service: ServiceInput, target: Target
) -> tuple[Value, tuple[Diagnostic, ...]] | None:
    """The effective spec and the faults of layering; None where the service leaves the environment out."""
    own = layers_of(service, target)
    if own is None:
        return None
    outcome = layer(stacks.of(service.path, target, service.team), *own)
    return outcome.value, outcome.diagnostics


def scene_of(
    target: TargetContext, team: TeamInput | None, service: ServiceInput | None = None, spec: Value = None
) -> Scene:
    """What templates of an owner read, without what render adds."""
    scene: Scene = dict(target.roots)
    if team is not None:
        said: Value = {}
        for _, values in team_layers(team, target.target.environment):
            said = merge(said, values)
        waived = team.waived.get(target.target.environment, {})
        own = {"name": team.name, "namespace": team.name, "waived": {name: list(of) for name, of in waived.items()}}
        scene["team"] = {**said, **own}
    if service is None:
        scene[COMPONENTS] = target.settings
    if service is not None and team is not None:
        scene.update(spec)
        scene["service"] = {
            "name": service.id.name,
            "namespace": team.name,
            "team": team.name,
            "id": str(service.id),
            "goldenPath": service.path.name,
            "folder": service.folder,
            "targets": list(service.targets),
        }
    return scene


def team_layers(team: TeamInput, environment: str) -> Iterator[tuple[Path, Mapping[str, Value]]]:
    """What team.yaml says to templates: of the team, then of the team in an environment; each with where it stands."""
    for at in ((), ("environments", environment)):
        values = part(team.document.value, at)
        if isinstance(values, dict):
            yield at, {k: v for k, v in values.items() if k not in LAYERING_KEYS}


def owned(platform: Platform, service: ServiceInput, target: TargetContext, scene: Scene) -> customize.Owned:
    """What the platform says of every raw manifest of a service."""
    labels: dict[str, str] = {}
    for component in service.path.components:
        if component.labels is not None:
            for context in scenes_of(None, scene, target.settings[component.name]):
                for found in component.labels.render(context):
                    labels.update(found)
    organization = platform.organization.value
    return customize.Owned(service.id.team, labels, organization.get("rawKinds", {}), organization.get("rawKeys", {}))


def assemble(
    platform: Platform, owner: Owner, scene: Scene, evaluator: Evaluator[Item], only: Only | None = None
) -> Iterator[Placed[Item]]:
    """All manifests of an owner's templates, in the order of their artifacts. Raises what render raises."""
    found: Iterator[Rendered[Item]]
    if owner.service is not None:
        found = render(platform, owner.service.path, owner.target, scene, evaluator, only)
    else:
        scope = Scope.ENVIRONMENT if owner.team is None else Scope.TEAM
        components = (c for c in platform.components.values() if only is None or c.name in only.components)
        found = render_shared(components, scope, owner.target, scene, evaluator)
    for each in found:
        yield Placed(each.path, each.item, rendered=each)


def manifests(
    platform: Platform, owner: Owner, scene: Scene, only: Only | None = None
) -> tuple[list[Placed[Manifest]], list[Diagnostic]]:
    """An owner's manifests, raw ones included and patches applied, and what is wrong with them.

    `only` is not for services with manifests or patches of their own: a patch may be for any component's manifest.
    """
    try:
        placed = list(assemble(platform, owner, scene, PLAIN, only))
    except TemplateFault as fault:
        return [], [fault_diagnostic(fault, owner.name, owner.target.target.name)]
    except BadContribution as bad:
        document = platform.components[bad.giver.component].document
        return [], [bad_contribution_diagnostic(bad, owner.name, owner.target.target.name, document)]
    except ContributedTwice as twice:
        service = owner.service
        span = service.document.positions().key(("needs", twice.second.need or "")) if service else Span("")
        return [], [twice_diagnostic(twice, owner.name, owner.target.target.name, span)]
    if owner.service is None or not owner.adds:
        return placed, []
    return customized(platform, owner, owner.service, scene, placed)


def customized(
    platform: Platform, owner: Owner, service: ServiceInput, scene: Scene, placed: list[Placed[Manifest]]
) -> tuple[list[Placed[Manifest]], list[Diagnostic]]:
    """Raw manifests added and patches applied."""
    diagnostics: list[Diagnostic] = []
    limits = owned(platform, service, owner.target, scene)
    for document in service.raw:
        if len(diagnostics) >= MOST_REFUSED:
            return placed, diagnostics
        manifest, faults = customize.own(document, limits)
        diagnostics.extend(faults)
        if manifest is not None:
            placed.append(Placed(f"{owner.folder}/{RAW_ARTIFACT}", manifest, raw=document))
    for patch in service.patches:
        if patch.environments is not None and owner.target.target.environment not in patch.environments:
            continue
        index = matching(patch, owner, placed)
        if index is None:
            mine = [p.item for p in placed if p.path.startswith(f"{owner.folder}/") and not p.is_text]
            diagnostics.append(customize.no_match(patch, owner.target.target.name, mine))
            continue
        present = placed[index]
        patched, faults = customize.apply(patch, present.item, limits, sealed(present))
        diagnostics.extend(faults)
        placed[index] = Placed(present.path, patched, present.rendered, present.raw)
    return placed, diagnostics


def sealed(placed: Placed[Item]) -> tuple[str, ...]:
    """The pointers into a manifest to what no patch may change."""
    return placed.rendered.component.sealed if placed.rendered else ()


def matching(patch: customize.Patch, owner: Owner, placed: list[Placed[Manifest]]) -> int | None:
    """The index of the manifest that a patch is for: only what lies in the service's own folder can be patched."""
    for index, each in enumerate(placed):
        mine = each.path.startswith(f"{owner.folder}/") and not each.is_text
        if mine and each.item.get("kind") == patch.kind and each.item["metadata"]["name"] == patch.name:
            return index
    return None


def by_artifact(placed: list[Placed[Item]]) -> Mapping[str, list[Placed[Item]]]:
    """The manifests of each artifact, by path below rendered/, in order."""
    grouped: dict[str, list[Placed[Item]]] = {}
    for each in placed:
        grouped.setdefault(each.path, []).append(each)
    return grouped
