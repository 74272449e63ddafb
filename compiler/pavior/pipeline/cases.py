"""Cases: what a component promises, as data. `cases/*.yaml` holds values in and manifests out; no Python is needed for either.

`schemas/case.core.schema.json` says what a case holds. It is rendered with the repository's own golden paths, organisation and
environments; `expect` is exactly what the component renders for it, apart from what other components render: manifests, and texts
as they read below the line that marks them. `costs`, where a case has it, is exactly what the component says of its costs, in
quantities: prices change too often to be expected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pavior.diagnostics import Diagnostic
from pavior.diagnostics.codes import validate as codes
from pavior.diagnostics.suggest import did_you_mean
from pavior.emit import emit_value, text_lines
from pavior.expression import TemplateFault
from pavior.layering.merge import part
from pavior.model import Document, Positions, ServiceId, Source, Value
from pavior.phases import validate
from pavior.phases.cost import items_of, shared_items_of
from pavior.phases.discover import read
from pavior.phases.load import load
from pavior.phases.render import fault_diagnostic
from pavior.pipeline.assemble import (
    Owner,
    Placed,
    ServiceInput,
    Stacks,
    TeamInput,
    effective_spec,
    manifests,
    scene_of,
)
from pavior.pipeline.clock import Clock
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.prepare import prepare
from pavior.platform import Component, Scene, TargetContext
from pavior.repository import COMPONENTS
from pavior.schema import Kind

CASES_FOLDER = "cases"

_API_VERSION = "pavior.dev/v1"
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "service": ("team", "service", "platform"),
    "team": ("team",),
    "environment": (),
}


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case: what is wrong with it as a file, or what its component renders beside what it expects."""

    path: str
    description: str
    expected: tuple[Value, ...] = ()
    rendered: tuple[Value, ...] = ()
    expected_costs: Value = None
    costs: Value = None
    """None where the case expects none."""
    diagnostics: tuple[Diagnostic, ...] = ()
    document: Document | None = None

    @property
    def passed(self) -> bool:
        return not self.diagnostics and self.expected == self.rendered and self.expected_costs == self.costs

    def lines(self) -> tuple[list[str], list[str]]:
        """What was expected and what was rendered as lines of YAML or text, to be compared."""
        return _lines(self.expected, self.expected_costs), _lines(self.rendered, self.costs)


def _lines(items: Iterable[Value], costs: Value) -> list[str]:
    shown = [*map(_shown, items), *([] if costs is None else [emit_value({"costs": costs})])]
    return "".join(f"---\n{item}" for item in shown).splitlines()


class NoSuchComponent(Exception):
    """A component was named that the repository doesn't have. The message says what it has."""


def run_cases(root: Path, names: tuple[str, ...] = ()) -> Iterator[CaseResult]:
    """Run the cases of these components of a platform repository, of all if none is named. Raises NoSuchComponent."""
    outcome = prepare(root, Clock())
    if outcome.value is None:
        yield CaseResult(str(root), "golden paths, organisation and environments", diagnostics=outcome.diagnostics)
        return
    fleet = outcome.value
    known = list(fleet.platform.components)
    for name in names:
        if name not in known:
            close = did_you_mean(name, known)
            hint = f"did you mean {close}?" if close else f"there are {', '.join(known)}"
            raise NoSuchComponent(f"there is no component {name}: {hint}")
    for name in known:
        for path in case_files(fleet, name) if not names or name in names else ():
            yield run_case(fleet, fleet.platform.components[name], path)


def case_files(fleet: Fleet, component: str) -> list[str]:
    """The paths of a component's cases, from the repository's root."""
    folder = f"{COMPONENTS}/{component}/{CASES_FOLDER}/"
    return [p for p in fleet.repository.components[component] if p.startswith(folder) and p.endswith(".yaml")]


def run_case(fleet: Fleet, component: Component, path: str) -> CaseResult:
    """Render one case."""
    source = read(fleet.repository, path)
    loaded = load(source.value) if source.value else None
    if loaded is None or loaded.value is None:
        return CaseResult(path, "", diagnostics=source.diagnostics + (loaded.diagnostics if loaded else ()))
    case = loaded.value
    found = list(_faults(fleet, case))
    if found:
        return CaseResult(path, "", diagnostics=tuple(found))
    found, owner = _owner(fleet, case)
    rendered: list[Value] = []
    costs: Value = None
    if owner is not None:
        scene, found = _scene(fleet, owner, case.value.get("linked", {}))
        if scene is not None:
            if "costs" in case.value:
                costs, faults = _costs(owner, component, dict(scene))
                found += faults
            placed, faults = manifests(fleet.platform, owner, scene)
            rendered = [_item(p) for p in placed if p.rendered and p.rendered.component.name == component.name]
            found += faults
    expected = tuple(case.value["expect"])
    said = case.value.get("costs")
    return CaseResult(path, case.value["description"], expected, tuple(rendered), said, costs, tuple(found), case)


def updated(result: CaseResult) -> bytes:
    """The case's file, expecting what is rendered; what else is in it stays as it is."""
    assert result.document is not None
    content = result.document.source.content.decode()
    lines = content.splitlines(keepends=True)
    keys = result.document.positions().keys
    starts = sorted(span.line for path, span in keys.items() if len(path) == 1)
    parts: dict[str, Value] = {"expect": list(result.rendered)}
    if "costs" in result.document.value:
        parts["costs"] = result.costs
    for name in sorted(parts, key=lambda name: -keys[name,].line):
        first = keys[name,].line
        end = next((line for line in starts if line > first), len(lines) + 1)
        while end <= len(lines) and lines[end - 2].lstrip().startswith("#"):
            end -= 1
        lines[first - 1 : end - 1] = [emit_value({name: parts[name]}).rstrip("\n") + "\n"]
    return "".join(lines).encode()


def _faults(fleet: Fleet, case: Document) -> Iterator[Diagnostic]:
    """What is wrong with a case before anything is rendered."""
    found = list(validate.validate(case, "case", fleet.platform.schemas))
    yield from found
    if found:
        return
    positions = case.positions()
    scope = case.value.get("scope", "service")
    for name in _NEEDED[scope]:
        if name not in case.value:
            message = f"a case of scope `{scope}` lacks `{name}`"
            yield Diagnostic(codes.MISSING_FIELD, positions.key(("description",)), message, f"add `{name}`")
    clusters = [t.target.cluster for t in fleet.platform.targets_of(case.value["environment"])]
    cluster = case.value.get("cluster", clusters[0])
    if cluster not in clusters:
        message = f"environment `{case.value['environment']}` has no cluster `{cluster}`"
        yield Diagnostic(codes.NOT_ONE_OF, positions.value(("cluster",)), message, _near(cluster, clusters))
    for name in case.value.get("linked", {}):
        if name not in fleet.links.reference_names:
            message = f"`{name}` is no reference of any component"
            hint = _near(name, fleet.links.reference_names)
            yield Diagnostic(codes.UNKNOWN_FIELD, positions.key(("linked", name)), message, hint)


def _near(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = did_you_mean(word, names)
    return f"did you mean `{close}`?" if close else f"there are {', '.join(f'`{name}`' for name in names)}"


def _owner(fleet: Fleet, case: Document) -> tuple[list[Diagnostic], Owner | None]:
    """Whose manifests a case is about, and what is wrong with the files that it stands for; None with an error."""
    value = case.value
    target = _target(fleet, value)
    scope = value.get("scope", "service")
    if scope == "environment":
        return [], Owner(target)
    team_file = _inner(case, "teamFile", {"apiVersion": _API_VERSION, "description": "A team of a case."})
    found = _inner_faults(fleet, team_file, "team")
    team = TeamInput(value["team"], team_file)
    if scope == "team":
        return found, None if found else Owner(target, team)
    beneath = {"apiVersion": _API_VERSION}
    if "goldenPath" in value:
        beneath["goldenPath"] = value["goldenPath"]
    platform = _inner(case, "platform", beneath)
    found += _inner_faults(fleet, platform, "platform")
    if found:
        return found, None
    service = ServiceId(value["team"], value["service"])
    path = fleet.platform.golden_paths[platform.value["goldenPath"]]
    return [], Owner(target, team, ServiceInput(service, f"teams/{service}", platform, team, path))


def _target(fleet: Fleet, case: Value) -> TargetContext:
    targets = fleet.platform.targets_of(case["environment"])
    target = next(t for t in targets if t.target.cluster == case.get("cluster", targets[0].target.cluster))
    if not case.get("catalogue", False):
        return target
    return next(t for t in fleet.platform.catalogue if t.target.place == target.target.place)


def _item(placed: Placed[Value]) -> Value:
    return "".join(f"{line}\n" for line in text_lines(placed.item)) if placed.is_text else placed.item


def _shown(item: Value) -> str:
    return item if isinstance(item, str) else emit_value(item)


def _inner_faults(fleet: Fleet, document: Document, kind: Kind) -> list[Diagnostic]:
    return list(validate.validate(document, kind, fleet.platform.schemas))


def _scene(fleet: Fleet, owner: Owner, linked: Value) -> tuple[Scene | None, list[Diagnostic]]:
    """What the templates of a case read; None with a fault of its service's."""
    spec: Value = None
    if owner.service is not None:
        service, target = owner.service, owner.target.target
        made = effective_spec(Stacks(fleet.platform), service, target)
        if made is None:
            message = f"the case is for `{target.environment}`, which its service leaves out"
            span = service.document.positions().key(("environments", target.environment))
            return None, [Diagnostic(codes.REFUSED_VALUE, span, message, "name another environment")]
        spec, layering = made
        found = [*layering, *_spec_faults(fleet, service, target.name, spec)]
        if found:
            return None, found
    scene = scene_of(owner.target, owner.team, owner.service, spec)
    scene["linked"] = {**{name: {} for name in fleet.links.reference_names}, **linked}
    return scene, []


def _costs(owner: Owner, component: Component, scene: Scene) -> tuple[Value, list[Diagnostic]]:
    """What a component says of its costs: of a service, or of the environment itself."""
    try:
        if owner.service is not None:
            items = list(items_of([component], owner.target, scene))
        else:
            items = list(shared_items_of([component], owner.target)) if owner.team is None else []
    except TemplateFault as fault:
        return None, [fault_diagnostic(fault, owner.name, owner.target.target.name)]
    return {item.name: item.said for item in items}, []


def _spec_faults(fleet: Fleet, service: ServiceInput, target: str, spec: Value) -> Iterator[Diagnostic]:
    positions = service.document.positions()
    for fault in validate.validate_effective(spec, service.path.name, fleet.platform.schemas):
        yield validate.at_origin(fault, positions.key(fault.path), f"`{service.id}`", target)


def _inner(case: Document, key: str, beneath: Mapping[str, Value]) -> Document:
    """The part of a case that stands for a file of its own, its positions being those in the case.

    `beneath` are fields that the file has where the part doesn't say them.
    """
    value = part(case.value, (key,))

    def positions() -> Positions:
        whole = case.positions()
        cut = {p[1:]: s for p, s in whole.keys.items() if p[:1] == (key,) and len(p) > 1}
        inside = {p[1:]: s for p, s in whole.values.items() if p[:1] == (key,)}
        inside[()] = whole.key((key,))
        return Positions(cut, inside)

    return Document(Source(case.source.path, case.source.content), {**beneath, **(value or {})}, positions)
