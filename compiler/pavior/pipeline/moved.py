"""Which components' artifacts can differ between two sides, without rendering them.

What a template makes follows from the template and from what it reads, and the compiler knows every path that it can read. So a
component's artifacts are the same on both sides if its templates are, and the values at these paths, contributions included.
"""

from __future__ import annotations

import marshal
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from pavior.expression import Template
from pavior.model import Path, Value
from pavior.phases.compose import FRAGMENTS_FOLDER, MANIFESTS_FOLDER, POLICIES_FOLDER, TEXTS_FOLDER
from pavior.platform import Component, GoldenPath, ManifestTemplate, Platform, Scene, Scope, TargetContext

SERVICE_SCOPES = frozenset({Scope.SERVICE, Scope.NEED})

_ANY = "*"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the templates of one owner read on one side. `path` is None for a team and for the platform itself."""

    platform: Platform
    target: TargetContext
    scene: Scene
    path: GoldenPath | None = None

    @property
    def components(self) -> Iterable[Component]:
        return self.platform.components.values() if self.path is None else self.path.components


ReadsByRoot: TypeAlias = Mapping[str | int, Sequence[Path]]
"""Paths in the context, by the name that each begins with."""


class Movement(NamedTuple):
    """What can differ for one owner: these components' manifests, and perhaps what components contribute to one another."""

    components: frozenset[str]
    contributions: bool


@dataclass(slots=True)
class Moved:
    """Compares the two sides' components once, and then owner after owner what these read."""

    base: Platform
    head: Platform
    _rewritten: frozenset[str] = frozenset()
    _provided: frozenset[tuple[str, str]] = frozenset()
    labels: bool = False
    """Whether what all manifests of some services carry is said otherwise."""
    _reads: dict[tuple[int, frozenset[Scope], bool], ReadsByRoot] = field(default_factory=dict)
    _embedded_reads: dict[int, ReadsByRoot] = field(default_factory=dict)
    _settings: dict[tuple[int, int, str], bool] = field(default_factory=dict)
    """Whether a component's settings are the same in two targets."""
    _alike: dict[tuple[object, ...], Movement] = field(default_factory=dict)
    """What was found, by all that it follows from: a changed default moves many owners alike."""

    @staticmethod
    def between(base: Platform, head: Platform) -> Moved:
        """Compare the templates of all components."""
        if base is head:
            return Moved(base, head)
        names = base.components.keys() | head.components.keys()
        fragments = [_fragments(side) for side in (base, head)]
        rewritten, provided, labels = set(), set(), False
        for name in names:
            one, other = base.components.get(name), head.components.get(name)
            if one is None or other is None or _templates(one, fragments[0]) != _templates(other, fragments[1]):
                rewritten.add(name)
            given = [_embedded(each, "provides", fragments[i]) for i, each in enumerate((one, other))]
            provided |= {(name, a) for a in given[0].keys() | given[1].keys() if given[0].get(a) != given[1].get(a)}
            own = [_embedded(each, "labels", fragments[i]) for i, each in enumerate((one, other))]
            labels = labels or own[0] != own[1]
        return Moved(base, head, frozenset(rewritten), frozenset(provided), labels)

    def of(self, base: Seen, head: Seen, scopes: frozenset[Scope]) -> Movement:
        """What can differ of the manifests of these scopes, for an owner that both sides have."""
        comparison = _Comparison(base, head)
        alike = (id(base.path), id(head.path), id(base.target), id(head.target), scopes, comparison.differences())
        if alike not in self._alike:
            self._alike[alike] = self._of(comparison, base, head, scopes)
        return self._alike[alike]

    def _of(self, comparison: _Comparison, base: Seen, head: Seen, scopes: frozenset[Scope]) -> Movement:
        there, here = ({c.name: c for c in side.components} for side in (base, head))
        found = set(there.keys() ^ here.keys())
        if [n for n in there if n in here] != [n for n in here if n in there]:
            # Contributions come in the order of components.
            return Movement(frozenset(there.keys() | here.keys()), contributions=True)
        changed = set(self._contributions(comparison, there, here)) if base.path is not None else set()
        catalogue = head.target.catalogue
        for name in there.keys() & here.keys():
            if name in self._rewritten:
                found.add(name)
                continue
            component = here[name]
            reads = self._known(component, scopes, catalogue)
            entries = component.type is not None and comparison.entries(component.type, ())
            if entries or self._differs(comparison, component, reads, changed):
                found.add(name)
        return Movement(frozenset(found), bool(changed))

    def labels_differ(self, base: Seen, head: Seen) -> bool:
        """Whether what all manifests of a service carry can differ."""
        comparison = _Comparison(base, head)
        if comparison.differences() == _NOTHING and base.target is head.target:
            return self.labels
        return self.labels or any(
            component.labels is not None
            and self._differs(comparison, component, self._of_template(component.labels), frozenset())
            for component in head.components
        )

    def contributing(self, names: frozenset[str], side: Seen) -> bool:
        """Whether any of these components' manifests of a service read contributions."""
        return any(
            "contributions" in self._known(component, SERVICE_SCOPES, side.target.catalogue)
            for component in side.components
            if component.name in names
        )

    def _known(self, component: Component, scopes: frozenset[Scope], catalogue: bool) -> ReadsByRoot:
        """Every path that a component's templates of these scopes can read."""
        key = (id(component), scopes, catalogue)
        if key not in self._reads:
            used = [t for t in component.manifests if t.scope in scopes and t.catalogue == catalogue]
            self._reads[key] = _by_root(read for template in used for read in _reads(template))
        return self._reads[key]

    def _of_template(self, template: Template) -> ReadsByRoot:
        if id(template) not in self._embedded_reads:
            self._embedded_reads[id(template)] = _by_root(template.static_reads)
        return self._embedded_reads[id(template)]

    def _contributions(
        self, comparison: _Comparison, there: Mapping[str, Component], here: Mapping[str, Component]
    ) -> Iterator[str]:
        """The names of the contributions that can differ. What gives them reads none."""
        for name in there.keys() ^ here.keys():
            yield from (there.get(name) or here[name]).provides
        for name in there.keys() & here.keys():
            component = here[name]
            entries = component.type is not None and comparison.entries(component.type, ())
            for accepted in there[name].provides.keys() | component.provides.keys():
                template = component.provides.get(accepted)
                if (
                    entries
                    or template is None
                    or (name, accepted) in self._provided
                    or self._differs(comparison, component, self._of_template(template), frozenset())
                ):
                    yield accepted

    def _differs(
        self, comparison: _Comparison, component: Component, reads: ReadsByRoot, contributions: Collection[str]
    ) -> bool:
        """Whether any of these values can differ, to a component."""
        for root, paths in reads.items():
            if root == "contributions":
                found = any(len(p) == 1 or p[1] == _ANY or p[1] in contributions for p in paths if contributions)
            elif root == "settings":
                found = not self._same_settings(comparison, component) and any(
                    comparison.settings(component.name, path[1:]) for path in paths
                )
            elif root == "need":
                found = component.type is not None and any(comparison.entries(component.type, p[1:]) for p in paths)
            else:
                found = comparison.moved(root) and any(comparison.value(path) for path in paths)
            if found:
                return True
        return False

    def _same_settings(self, comparison: _Comparison, component: Component) -> bool:
        key = (id(comparison.base.target), id(comparison.head.target), component.name)
        if key not in self._settings:
            self._settings[key] = not comparison.settings(component.name, ())
        return self._settings[key]


_NOTHING = marshal.dumps([], 0)


@dataclass(slots=True)
class _Comparison:
    """Two scenes, compared path by path; a root that is the same is looked at once."""

    base: Seen
    head: Seen
    _same: dict[str | int, bool] = field(default_factory=dict)

    def differences(self) -> bytes:
        """The roots of the scenes that differ, with what each is on either side, as something to compare."""
        there, here = self.base.scene, self.head.scene
        for root in there.keys() | here.keys():
            self._same[root] = same(there.get(root), here.get(root))
        moved = sorted(root for root in there.keys() | here.keys() if not self._same[root])
        return marshal.dumps([(root, there.get(root), here.get(root)) for root in moved], 0)

    def moved(self, root: str | int) -> bool:
        """Whether the value of a name differs at all."""
        return not self._same.get(root, True)

    def value(self, read: Path) -> bool:
        """Whether the value at a path differs."""
        return self.moved(read[0]) and not same(_at(self.base.scene, read), _at(self.head.scene, read))

    def settings(self, component: str, rest: Path) -> bool:
        one, other = self.base.target.settings.get(component), self.head.target.settings.get(component)
        return not (one is other or same(_at(one, rest), _at(other, rest)))

    def entries(self, type_name: str, rest: Path) -> bool:
        """Whether the entries of `needs` of a type differ: which there are, or what they have at a path."""
        if not self.value(("needs",)):
            return False
        there, here = (_entries(side.scene, type_name, rest) for side in (self.base, self.head))
        return not same(there, here)


def same(one: Value, other: Value) -> bool:
    """Whether two values are the same to a template: `1`, `1.0` and `true` are not, nor maps in another order."""
    return one is other or marshal.dumps(one, 0) == marshal.dumps(other, 0)


def _entries(scene: Scene, type_name: str, rest: Path) -> dict[str, Value]:
    needs = scene.get("needs") or {}
    of_type = {n: entry for n, entry in needs.items() if isinstance(entry, dict) and entry.get("type") == type_name}
    if rest[:1] == ("name",):
        return dict.fromkeys(of_type)
    return {name: _at(entry, rest) if rest else None for name, entry in of_type.items()}


def _at(value: Any, read: Path) -> Value:
    """The value at a path, up to its first `*`; the nearest there is where a step fits no map or list."""
    for step in read:
        if step == _ANY:
            return value
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return value
    return value


def _by_root(reads: Iterable[Path]) -> ReadsByRoot:
    found: dict[str | int, list[Path]] = {}
    for read in sorted(set(reads), key=repr):
        found.setdefault(read[0], []).append(read)
    return found


def _reads(template: ManifestTemplate) -> Iterator[Path]:
    parts: tuple[Template | None, ...] = (template.template, template.artifact)
    for part in parts:
        if part is not None:
            yield from part.static_reads


def _fragments(platform: Platform) -> Mapping[str, bytes]:
    return {
        f"{name}/{path}": document.source.content
        for name, component in sorted(platform.components.items())
        for path, document in component.documents.items()
        if path.startswith(f"{FRAGMENTS_FOLDER}/")
    }


def _templates(component: Component, fragments: Mapping[str, bytes]) -> object:
    """All that says what a component renders; with the fragments, if it takes any in."""
    declared = component.document.value
    files = {
        path: document.source.content
        for path, document in component.documents.items()
        if path.startswith((f"{MANIFESTS_FOLDER}/", f"{TEXTS_FOLDER}/", f"{POLICIES_FOLDER}/"))
    }
    said = repr([declared.get(key) for key in ("type", "holdsData", "manifests", "texts", "policies")])
    return said, files, fragments if any(b"$include" in content for content in files.values()) else None


def _embedded(component: Component | None, key: str, fragments: Mapping[str, bytes]) -> dict[str, object]:
    """The templates at a key of component.yaml, each as something to compare."""
    declared = {} if component is None else component.document.value.get(key) or {}
    return {name: (repr(value), fragments if "$include" in repr(value) else None) for name, value in declared.items()}
