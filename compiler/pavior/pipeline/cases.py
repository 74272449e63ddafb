"""Cases: what a component promises, as data. `cases/*.yaml` holds values in and manifests out; no Python is needed for either.

A case names what it is for (`scope`: service, which is the default, team or environment) and one of the repository's
environments. A service is given by `platform` (its platform.yaml), and, where they matter, `teamFile` (its team.yaml) and
`linked` (what the link phase would have found); `expect` is exactly what the component renders for it, apart from what other
components render.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pavior.diagnostics import Diagnostic
from pavior.emit import emit_value
from pavior.layering.merge import part
from pavior.model import Document, Manifest, Positions, ServiceId, Source, Value
from pavior.model import Path as ValuePath
from pavior.phases import validate
from pavior.phases.discover import read
from pavior.phases.load import load
from pavior.pipeline.assemble import Owner, ServiceInput, Stacks, TeamInput, effective_spec, manifests, scene_of
from pavior.pipeline.clock import Clock
from pavior.pipeline.fleet import Fleet, prepare
from pavior.platform import Component
from pavior.repository import COMPONENTS

CASES_FOLDER = "cases"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case: what is wrong with it as a file, or what its component renders beside what it expects."""

    path: str
    description: str
    expected: tuple[Manifest, ...] = ()
    rendered: tuple[Manifest, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.diagnostics and self.expected == self.rendered

    def lines(self) -> tuple[list[str], list[str]]:
        """What was expected and what was rendered as lines of YAML, to be compared."""
        both = ["".join(f"---\n{emit_value(m)}" for m in side) for side in (self.expected, self.rendered)]
        return both[0].splitlines(), both[1].splitlines()


def run_cases(root: Path, names: tuple[str, ...] = ()) -> Iterator[CaseResult]:
    """Run the cases of these components of a platform repository, of all if none is named."""
    outcome = prepare(root, Clock())
    if outcome.value is None:
        yield CaseResult(str(root), "golden paths, organisation and environments", diagnostics=outcome.diagnostics)
        return
    fleet = outcome.value
    for name, component in fleet.platform.components.items():
        if names and name not in names:
            continue
        for path in case_files(fleet, name):
            yield run_case(fleet, component, path)


def case_files(fleet: Fleet, component: str) -> list[str]:
    """The paths of a component's cases, from the repository's root."""
    folder = f"{COMPONENTS}/{component}/{CASES_FOLDER}/"
    return [p for p in fleet.repository.components[component] if p.startswith(folder) and p.endswith(".yaml")]


def run_case(fleet: Fleet, component: Component, path: str) -> CaseResult:
    """Render one case with the repository's own golden paths, organisation and environments."""
    source = read(fleet.repository, path)
    document = load(source.value) if source.value else None
    if document is None or document.value is None:
        return CaseResult(path, "", diagnostics=source.diagnostics + (document.diagnostics if document else ()))
    case = document.value
    found, owner = _owner(fleet, case)
    description = str(case.value.get("description", ""))
    if owner is None:
        return CaseResult(path, description, diagnostics=tuple(found))
    rendered, faults = _render(fleet, owner, component, case.value.get("linked", {}))
    return CaseResult(path, description, tuple(case.value.get("expect", ())), tuple(rendered), (*found, *faults))


def _owner(fleet: Fleet, case: Document) -> tuple[list[Diagnostic], Owner | None]:
    value, schemas = case.value, fleet.platform.schemas
    wanted = value.get("environment")
    target = next(t for t in fleet.platform.targets if wanted in (t.target.name, t.target.environment))
    scope = value.get("scope", "service")
    if scope == "environment":
        return [], Owner(target)
    team_file = _inner(case, "teamFile", {"apiVersion": "pavior.dev/v1", "description": "A team of a case."})
    team = TeamInput(value["team"], team_file)
    if scope == "team":
        return [], Owner(target, team)
    platform = _inner(case, "platform", {})
    found = list(validate.validate(platform, "platform", schemas))
    if any(d.is_error for d in found):
        return found, None
    service = ServiceId(value["team"], value["service"])
    path = fleet.platform.golden_paths[platform.value["goldenPath"]]
    return found, Owner(target, team, ServiceInput(service, f"teams/{service}", platform, team, path))


def _render(fleet: Fleet, owner: Owner, component: Component, linked: Value) -> tuple[list[Manifest], list[Diagnostic]]:
    spec: Value = None
    found: list[Diagnostic] = []
    if owner.service is not None:
        made = effective_spec(Stacks(fleet.platform), owner.service, owner.target.target)
        assert made is not None, "a case names an environment that its service does not leave out"
        spec, layering = made
        found.extend(layering)
    scene = scene_of(owner.target, owner.team, owner.service, spec)
    scene["linked"] = {**{name: {} for name in fleet.links.reference_names}, **linked}
    placed, faults = manifests(fleet.platform, owner, scene)
    mine = [p.item for p in placed if p.rendered is not None and p.rendered.component.name == component.name]
    return mine, [*found, *faults]


def _inner(case: Document, key: str, default: Value) -> Document:
    """The part of a case that stands for a file of its own, its positions being those in the case."""
    value = part(case.value, (key,))

    def positions() -> Positions:
        whole = case.positions()
        cut = {p[1:]: s for p, s in whole.keys.items() if p[:1] == (key,) and len(p) > 1}
        inside: dict[ValuePath, object] = {p[1:]: s for p, s in whole.values.items() if p[:1] == (key,)}
        inside.setdefault((), whole.value(()))
        return Positions(cut, inside)  # type: ignore[arg-type]

    return Document(Source(case.source.path, case.source.content), default if value is None else value, positions)
