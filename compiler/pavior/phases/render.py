"""Render: golden path × effective spec → manifests. Pure; the templates are compiled already.

The flow is written once for both ways of rendering: `Plain` gives values, and `pavior.explain` evaluates the same templates with
origins. That both give the same bytes is a property test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from pavior.diagnostics import Diagnostic, Note
from pavior.diagnostics.codes import render as codes
from pavior.expression import LeafOrigin, Template, TemplateFault
from pavior.model import Document, Path, Span, Value
from pavior.platform import Component, GoldenPath, ManifestTemplate, Platform, Scene, Scope, TargetContext, scenes_of
from pavior.schema import Schema
from pavior.schema.compiled import schema as schema_of
from pavior.schema.fault import Fault

Item = TypeVar("Item")

DATA_FOLDER = "data"
TEAM_FOLDER = "team"
PLATFORM_FOLDER = "platform"

_NEED = Scope.NEED  # Python looks up a member of an enumeration slowly


@dataclass(frozen=True, slots=True)
class Evaluator(Generic[Item]):
    """How to run a template: `run` gives its items, `plain` the value of an item."""

    run: Callable[[Template, Scene], list[Item]]
    plain: Callable[[Item], Value]


PLAIN: Evaluator[Value] = Evaluator(lambda template, scene: template.render(scene), lambda item: item)


class Contribution(NamedTuple, Generic[Item]):
    """What one component, for one of its entries of `needs` if it is a type, gives to all that read `accepted`."""

    accepted: str
    component: str
    need: str | None
    entries: Item


class Rendered(NamedTuple, Generic[Item]):
    """One manifest and where it belongs. `path` is that of its artifact, below rendered/."""

    path: str
    component: Component
    template: ManifestTemplate
    need: str | None
    item: Item


@dataclass(frozen=True, slots=True)
class Only:
    """The components whose templates are rendered; `contributions`: these templates read some."""

    components: frozenset[str]
    contributions: bool


def render(
    platform: Platform,
    path: GoldenPath,
    target: TargetContext,
    scene: Scene,
    evaluator: Evaluator[Item],
    only: Only | None = None,
) -> Iterator[Rendered[Item]]:
    """All manifests of one service in one target, or those of some components, in the order of components and templates.

    `scene` holds the roots of the context but `contributions`, `settings` and `need`, which are set here.
    Raises `TemplateFault`, or `ContributedTwice` where two contributions have one name.
    """
    if only is None or only.contributions:
        gathered = list(gather(path, target, scene, evaluator))
        scene["contributions"] = merge_contributions(platform.accepted, gathered, evaluator)
    folder = f"{target.target.name}/{scene['service']['id']}"
    needed = _types_needed(scene)
    templates = path.templates if only is None else [t for t in path.templates if t[0].name in only.components]
    for component, template in templates:
        per_need = template.scope is _NEED
        if template.catalogue != target.catalogue or (per_need and component.type not in needed):
            continue
        for context in scenes_of(component.type if per_need else None, scene, target.settings[component.name]):
            items = evaluator.run(template.template, context)
            if items:
                data = f"{DATA_FOLDER}/" if per_need and component.holds_data else ""
                place = _artifact(template, scene, target) or f"{folder}/{data}{component.name}.yaml"
                need = context["need"]["name"] if per_need else None
                for item in items:
                    yield Rendered(place, component, template, need, item)


def render_shared(
    components: Iterable[Component], scope: Scope, target: TargetContext, scene: Scene, evaluator: Evaluator[Item]
) -> Iterator[Rendered[Item]]:
    """The manifests of team or environment scope in one target."""
    for component in components:
        for template in component.manifests:
            if template.scope is not scope or template.catalogue != target.catalogue:
                continue
            scene["settings"] = target.settings[component.name]
            items = evaluator.run(template.template, scene)
            if items:
                folder = f"{scene['team']['name']}/{TEAM_FOLDER}" if scope is Scope.TEAM else PLATFORM_FOLDER
                place = _artifact(template, scene, target) or f"{target.target.name}/{folder}/{component.name}.yaml"
                for item in items:
                    yield Rendered(place, component, template, None, item)


def gather(
    path: GoldenPath, target: TargetContext, scene: Scene, evaluator: Evaluator[Item]
) -> Iterator[Contribution[Item]]:
    """What the path's components contribute to one service, in the order of components and entries of `needs`; no empty maps."""
    needed = _types_needed(scene)
    for component in path.components:
        if not component.provides or (component.type and component.type not in needed):
            continue
        for context in scenes_of(component.type, scene, target.settings[component.name]):
            need = context["need"]["name"] if component.type else None
            for accepted, template in component.provides.items():
                for item in evaluator.run(template, context):
                    if evaluator.plain(item):
                        yield Contribution(accepted, component.name, need, item)


def _types_needed(scene: Scene) -> frozenset[str]:
    return frozenset(entry["type"] for entry in (scene.get("needs") or {}).values() if "type" in entry)


class BadContribution(Exception):
    """An entry of a contribution does not fit the schema of who accepts it. `faults` say how, `giver` whose it is."""

    def __init__(self, accepted: str, name: str, giver: Contribution[Any], faults: Sequence[Fault]) -> None:
        super().__init__(accepted, name)
        self.accepted, self.name, self.giver, self.faults = accepted, name, giver, faults


class ContributedTwice(Exception):
    """Two contributions to `accepted` have an entry `name`. `first` and `second` say who gave them."""

    def __init__(self, accepted: str, name: str, first: Contribution[Value], second: Contribution[Value]) -> None:
        super().__init__(accepted, name)
        self.accepted, self.name, self.first, self.second = accepted, name, first, second


def merge_contributions(
    accepted: Mapping[str, Schema], gathered: Sequence[Contribution[Item]], evaluator: Evaluator[Item]
) -> dict[str, dict[str, Value]]:
    """Accepted name → entry name → entry. Every accepted name is there, empty where nobody contributes.

    Contributions of one name that say the same are one: two queues of a service are reached at one host.
    Raises `BadContribution` and `ContributedTwice`.
    """
    merged: dict[str, dict[str, Value]] = {name: {} for name in accepted}
    for contribution in gathered:
        entries = evaluator.plain(contribution.entries)
        schema, known = accepted[contribution.accepted], merged[contribution.accepted]
        if not schema.accepts(entries):
            raise _bad_contribution(contribution, entries, schema)
        for name in entries if known else ():
            if name in known and known[name] != entries[name]:
                givers = (c for c in gathered if c.accepted == contribution.accepted)
                first = next(c for c in givers if name in evaluator.plain(c.entries))
                raise ContributedTwice(contribution.accepted, name, first, contribution)
        known.update(entries)
    return merged


def _bad_contribution(
    contribution: Contribution[Item], entries: Mapping[str, Value], schema: Schema
) -> BadContribution:
    from pavior.schema.explain import faults  # noqa: PLC0415  (only where something is wrong)

    of_entry = schema_of(schema.node["additionalProperties"])
    name = next(name for name, entry in entries.items() if not of_entry.accepts(entry))
    return BadContribution(contribution.accepted, name, contribution, faults(of_entry, entries[name]))


def _artifact(template: ManifestTemplate, scene: Scene, target: TargetContext) -> str | None:
    if template.artifact is None:
        return None
    path = template.artifact.render(scene)[0]
    ending = ".md" if template.text else ".yaml"
    segments = path.split("/") if isinstance(path, str) else []
    if not segments or any(s in ("", "..") or s.startswith(".") for s in segments) or not path.endswith(ending):
        (traced,) = template.artifact.trace(scene)
        span = traced.origins.span if isinstance(traced.origins, LeafOrigin) else Span(template.path)
        message = f"`{path}` is not a relative path that ends in `{ending}`"
        raise TemplateFault(span, message, "write the artifact's path below the target's folder")
    return f"{target.target.name}/{path}"


def fault_diagnostic(fault: TemplateFault, subject: str, target: str) -> Diagnostic:
    """A template's fault with the values of one service, team or target, for a person. `subject` says whose."""
    notes = (Note(f"while rendering {subject} for", targets=(target,)),)
    return Diagnostic(codes.TEMPLATE_FAULT, fault.span, fault.message, fault.hint, notes)


def twice_diagnostic(fault: ContributedTwice, subject: str, target: str, span: Span) -> Diagnostic:
    first, second = (_giver(c) for c in (fault.first, fault.second))
    return Diagnostic(
        codes.CONTRIBUTED_TWICE,
        span,
        f"`{fault.name}` is given to `{fault.accepted}` by {first} and by {second}",
        hint="rename one of them; an entry of `needs` takes a `prefix`",
        notes=(Note(f"while rendering {subject} for", targets=(target,)),),
    )


def bad_contribution_diagnostic(fault: BadContribution, subject: str, target: str, provides: Document) -> Diagnostic:
    """`provides` is the component.yaml of who gave it."""
    first = fault.faults[0]
    where = ".".join(map(str, (fault.accepted, fault.name, *first.path)))
    positions = provides.positions()
    at: Path = ("provides", fault.accepted)
    inside = [p for p in positions.keys if p[:2] == at and first.path and p[-1] == first.path[-1]]
    span = positions.key(inside[0] if len(inside) == 1 else at)
    notes = (Note(f"while rendering {subject} for", targets=(target,)),)
    return Diagnostic(
        codes.BAD_CONTRIBUTION,
        span,
        f"what this gives as `{where}` is not accepted: {first.message}",
        first.hint,
        notes,
    )


def _giver(contribution: Contribution[Value]) -> str:
    return f"`needs.{contribution.need}`" if contribution.need else f"component `{contribution.component}`"
