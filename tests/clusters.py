"""The rendered tree as clusters would hold it: the manifests of each target, read once, with what to find in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml

ROOT = Path(__file__).parents[1]
RENDERED = ROOT / "rendered"
CATALOGUE = "backstage"

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Object: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class Cluster:
    """The manifests of one target, and what its compositions make of them. `files` says where each lies, below rendered/."""

    name: str
    objects: list[Object]
    files: list[str]
    _kinds: dict[str, dict[tuple[str, str], Object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._index(self.objects)
        self._index(list(self._composed()))

    def _index(self, objects: list[Object]) -> None:
        for each in objects:
            self._kinds.setdefault(each["kind"], {})[namespace(each), each["metadata"]["name"]] = each

    def claims(self) -> Iterator[tuple[Object, Object]]:
        """Every composite resource with the composition that makes it."""
        for definition in self.of("CompositeResourceDefinition"):
            for claim in self.of(definition["spec"]["names"]["kind"]):
                asked = claim["spec"].get("crossplane", {}).get("compositionRef", {}).get("name")
                name = asked or definition["spec"]["defaultCompositionRef"]["name"]
                composition = self.get("Composition", "", name)
                if composition is not None:
                    yield claim, composition

    def _composed(self) -> Iterator[Object]:
        for claim, composition in self.claims():
            for step in composition["spec"]["pipeline"]:
                sets = {each["name"]: each["patches"] for each in step.get("input", {}).get("patchSets", ())}
                for resource in step.get("input", {}).get("resources", ()):
                    yield compose(claim, resource, sets)

    def of(self, *kinds: str) -> Iterator[Object]:
        for kind in kinds:
            yield from self._kinds.get(kind, {}).values()

    def get(self, kind: str, space: str, name: str) -> Object | None:
        return self._kinds.get(kind, {}).get((space, name))

    def has(self, kind: str, space: str, name: str) -> bool:
        return self.get(kind, space, name) is not None

    def pods(self) -> Iterator[tuple[Object, Object]]:
        """What runs pods, with the template of the pods."""
        for each in self.of("Deployment", "StatefulSet", "DaemonSet", "Rollout", "Job"):
            yield each, each["spec"]["template"]
        for each in self.of("CronJob"):
            yield each, each["spec"]["jobTemplate"]["spec"]["template"]

    def selected(self, space: str, labels: Mapping[str, str]) -> list[tuple[Object, Object]]:
        """Of what runs pods in a namespace, whose pods carry these labels."""
        return [(owner, pod) for owner, pod in self.pods() if namespace(owner) == space and carries(pod, labels)]


def compose(claim: Object, resource: Object, sets: Mapping[str, list[Object]]) -> Object:
    """What a composition makes of one of its resources, as far as texts of the claim are copied or put into a format."""
    made = deepcopy(resource["base"])
    metadata = made.setdefault("metadata", {})
    metadata.setdefault("namespace", namespace(claim))
    patches = [p for each in resource.get("patches", ()) for p in sets.get(each.get("patchSetName", ""), [each])]
    for patch in patches:
        kind = patch.get("type", "FromCompositeFieldPath")
        value = next(within(claim, *steps(patch.get("fromFieldPath", "none"))), None)
        if kind == "CombineFromComposite":
            found = [next(within(claim, *steps(v["fromFieldPath"])), None) for v in patch["combine"]["variables"]]
            value = None if None in found else formatted(patch["combine"]["string"]["fmt"], found)
        elif kind != "FromCompositeFieldPath":
            continue
        for transform in patch.get("transforms", ()):
            if transform.get("string", {}).get("type") == "Format" and value is not None:
                value = formatted(transform["string"]["fmt"], [value])
        *outer, last = steps(patch.get("toFieldPath", patch.get("fromFieldPath", "none")))
        place = made
        for step in outer:
            place = _item(place, int(step)) if isinstance(place, list) else place.setdefault(step, {})
        if value is not None and isinstance(place, dict):
            place[last] = value
    metadata.setdefault(
        "name", f"{claim['metadata']['name']}-{resource['name']}"
    )  # the controller adds something by chance
    return made


def _item(items: list[Any], index: int) -> Any:
    """The item of a list, which patches make longer."""
    items.extend({} for _ in range(len(items), index + 1))
    return items[index]


def formatted(form: str, values: list[Any]) -> str:
    """Go's `%s`, and `%[2]s` for the second value."""
    turn = iter(values)
    return re.sub(r"%(?:\[(\d+)\])?[sv]", lambda m: str(values[int(m[1]) - 1] if m[1] else next(turn)), form)


def steps(path: str) -> list[str]:
    """The keys of a field path: `a.b[0].c[d/e]`."""
    return [key.strip("[]'\"") for key in re.findall(r"\[[^\]]+\]|[^.\[]+", path)]


def namespace(manifest: Object) -> str:
    return str(manifest["metadata"].get("namespace", ""))


def named(manifest: Object) -> str:
    return f"{manifest['kind']} {namespace(manifest)}/{manifest['metadata']['name']}".replace(" /", " ")


def carries(pod: Object, labels: Mapping[str, str]) -> bool:
    return labels.items() <= pod["metadata"]["labels"].items()


def containers(pod: Object) -> list[Object]:
    """The containers of a pod's template, those that begin before the others included."""
    return [*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]]


def ports_of(pods: Iterable[tuple[Object, Object]]) -> set[int | str]:
    """Numbers and names of all ports that the pods' containers open."""
    found: set[int | str] = set()
    for _, pod in pods:
        for port in (port for each in containers(pod) for port in each.get("ports", ())):
            found |= {port["containerPort"], port.get("name", port["containerPort"])}
    return found


def within(value: Any, *keys: str) -> Iterator[Any]:
    """What stands below keys, through every list and, for `*`, every key on the way."""
    if isinstance(value, list):
        for item in value:
            yield from within(item, *keys)
    elif not keys:
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if keys[0] in ("*", key):
                yield from within(item, *keys[1:])


def anywhere(value: Any, key: str) -> Iterator[Any]:
    """Each value of a key, at any depth."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name == key:
                yield item
            yield from anywhere(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from anywhere(item, key)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


@cache
def clusters() -> Mapping[str, Cluster]:
    """By name of its target."""
    found = {}
    for folder in sorted(RENDERED.iterdir()):
        if folder.name != CATALOGUE:
            read = list(_manifests(folder))
            found[folder.name] = Cluster(folder.name, [each for _, each in read], [file for file, _ in read])
    assert len(found) >= 4
    return found


@cache
def settings(component: str) -> Mapping[str, Any]:
    """What the platform team may set for a component, as the component itself sets it."""
    text = (ROOT / f"golden-paths/components/{component}/settings.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def _manifests(folder: Path) -> Iterator[tuple[str, Object]]:
    for path in sorted(folder.rglob("*.yaml")):
        for manifest in yaml.load_all(_slim(path.read_text(encoding="utf-8")), Loader=_Loader):
            yield path.relative_to(RENDERED).as_posix(), manifest


def _slim(text: str) -> str:
    """Without the documents inside dashboards, which are half of the tree and hold no manifest."""
    return re.sub(r"^  json: [|>][^\n]*\n(?:    [^\n]*\n|\n)*", "  json: '{}'\n", text, flags=re.MULTILINE)
