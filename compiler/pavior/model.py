"""The data that phases hand to one another: frozen, plain, without behaviour of their own.

Values are what YAML 1.2 core and JSON share: None, bool, int, float, str, list and dict with str keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

Value: TypeAlias = Any
"""None | bool | int | float | str | list[Value] | dict[str, Value]; never shared mutably: whoever changes a value copies it."""

Path: TypeAlias = tuple[str | int, ...]
"""Where a value is inside a document: keys of maps and indexes of lists, outermost first; () is the whole."""

Manifest: TypeAlias = dict[str, Value]
"""One Kubernetes object."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a file. Lines and columns count from 1, in characters; the end column is exclusive.

    `file` is the path relative to the repository's root, with forward slashes.
    """

    file: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of one file of the repository."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Positions:
    """The span of every key and value of a document, by path. Keys of list items have no entry in `keys`."""

    keys: Mapping[Path, Span]
    values: Mapping[Path, Span]

    def key(self, path: Path) -> Span:
        """Span of the key at `path`; where there is none (list item, root, absent), the nearest enclosing one there is."""
        while path and path not in self.keys:
            if path in self.values:
                return self.values[path]
            path = path[:-1]
        return self.keys.get(path) or self.values[()]

    def value(self, path: Path) -> Span:
        """Span of the value at `path`; where it is absent, of the nearest enclosing key or value."""
        if path in self.values:
            return self.values[path]
        return self.key(path[:-1]) if path else Span("")


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its value at once, its positions when somebody asks (found by composing the source again)."""

    source: Source
    value: Value
    positions: Callable[[], Positions] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of values: the part of `document` at `at`.

    `name` is what people read: `golden path web-service`, `team payments in prod`. `values` may hold null, which removes.
    `chosen_by` is the field of the effective spec whose value chose this layer, `*` for the entry that it speaks of.
    """

    name: str
    document: Document
    at: Path = ()
    values: Mapping[str, Value] = field(default_factory=dict)
    chosen_by: Path = ()


@dataclass(frozen=True, slots=True)
class Contributor:
    """One layer's word on one value. `removed`: the layer said null. `span` is the value's, in the layer's own file.

    `chosen_by` is the path in the effective spec of what chose the layer: a tier, a size, the type of an entry.
    """

    layer: str
    span: Span
    value: Value
    removed: bool = False
    chosen_by: Path = ()


Origins: TypeAlias = Mapping[Path, tuple[Contributor, ...]]
"""For each path of an effective spec, maps and lists included, every contributor, the winner last.

A path that a layer removed and none set again is there too, its winner `removed`."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a tree under rendered/ is for: an environment, or one cluster of an environment that has several.

    `name` is the folder's: `prod`, or `prod@eu-1`.
    """

    name: str
    environment: str
    cluster: str

    @property
    def place(self) -> str:
        """The cluster that it is about, whatever the folder is called: the catalogue's entries are about one too."""
        return f"{self.environment}@{self.cluster}"


@dataclass(frozen=True, slots=True, order=True)
class ServiceId:
    team: str
    name: str

    def __str__(self) -> str:
        return f"{self.team}/{self.name}"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file under rendered/. `path` is relative to it, with forward slashes; `source` is the folder that it was made from."""

    path: str
    source: str
    manifests: tuple[Manifest, ...]


CATALOGUE = "backstage"
"""The folder below rendered/ of what the developer portal reads, which is of no single target."""

RENDERED = "rendered"
"""The folder of a platform repository that Pavior writes."""


class Action(Enum):
    """What writing does to one file."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    KEEP = "keep"


class Change(NamedTuple):
    """What writing does to the file at `path`, relative to rendered/; `content` is what a created or updated file holds.

    `seen`, where somebody wants to know: the state of a file that is kept, and the digest of what it holds.
    """

    path: str
    action: Action
    content: bytes | None = None
    seen: tuple[bytes, bytes] | None = None


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """What writing does to one unit: what a crash leaves wholly old or wholly new, a directory with all below it or a file.

    `path` and the paths of `changes` and `carried` are relative to rendered/, with forward slashes. `present`: something is
    there now. `carried`: what lies in the directory and isn't Pavior's, which stays as it is.
    """

    path: str
    is_directory: bool
    present: bool
    changes: tuple[Change, ...]
    carried: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[Change, ...]:
        """The changes that writing makes."""
        return tuple(change for change in self.changes if change.action is not Action.KEEP)
