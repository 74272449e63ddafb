"""What differs between two lists of manifests, in meaning and not in text, and what that risks.

What a kind's fields mean is data: `changes.yaml` of components, looked up as `Knowledge`. Nothing here reads or formats.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import NamedTuple, TypeAlias

from pavior.model import Manifest, Value


class Risk(IntEnum):
    """What a change can do, the worst first: of two, the smaller one leads. `slug` is its name in data."""

    DESTROYS_DATA = 0
    WIDENS_ACCESS = 1
    CHANGES_PERMISSIONS = 2
    CHANGES_TRAFFIC = 3
    WEAKENS_SAFEGUARDS = 4
    UNCLASSIFIED = 5
    """No rule knows it. It stands above what is known to be harmless, because it may be anything."""
    RESTARTS_PODS = 6
    CHANGES_COST = 7
    CHANGES_OPERATIONS = 8
    COSMETIC = 9

    @property
    def slug(self) -> str:
        return self.name.lower().replace("_", "-")


class Edit(Enum):
    """What happened to a manifest or a value. RENAMED and REPLACED (by one of another kind) are of manifests only, REORDERED of
    lists only."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"
    REPLACED = "replaced"
    REORDERED = "reordered"


class Item(NamedTuple):
    """A step to the item of a list that these fields name: `[name=orders]`."""

    keys: tuple[tuple[str, str], ...]


class Member(Enum):
    """Steps that lead to no key and no numbered item."""

    ELEMENT = "[]"
    """An item of a list without order; it is known by its value only."""
    DOCUMENT = "#"
    """Into the document that a text holds as JSON."""


Step: TypeAlias = str | int | Item | Member
"""A key of a map, the index of an item (in the head; of a removed one in the base), or one of the above."""

Steps: TypeAlias = tuple[Step, ...]


class Identity(NamedTuple):
    """What a manifest is called, whatever the version of its API. `namespace` is empty where it has none."""

    group: str
    kind: str
    namespace: str
    name: str

    @property
    def group_kind(self) -> str:
        """`apps/Deployment`; of the core group, which has no name, only the kind."""
        return f"{self.group}/{self.kind}" if self.group else self.kind


class Subject(NamedTuple):
    """What several kinds have in common, such as a `pod template`: the first `depth` steps of a path lead there."""

    words: str
    depth: int


class FieldChange(NamedTuple):
    """One difference. `before` is None where it was added, `after` where it was removed.

    `words` say what the value is, such as `memory limit`, or are empty. Of a REORDERED list both are what names its items,
    in both orders. `told` are both values in words of components, where they have some. `subject` is what the path leads through.
    `leads`: of changes that reach as far, people care for this one first. `effect` says in a sentence what follows, or is empty.
    """

    path: Steps
    edit: Edit
    before: Value
    after: Value
    risk: Risk
    words: str
    told: tuple[str | None, str | None] = (None, None)
    subject: Subject | None = None
    leads: bool = False
    effect: str = ""


class Consequence(NamedTuple):
    """A reference that follows a renamed manifest."""

    identity: Identity
    path: Steps
    risk: Risk


@dataclass(frozen=True, slots=True)
class ManifestChange:
    """What happened to one manifest. `identity` is that in the head, of a removed one in the base.

    `risk` is the worst of the manifest's own, of its fields' and of its consequences'. `words` say what the manifest is, such as
    `database`, or are empty. `fields` of an added or removed manifest are empty: all of it is new or gone, and `told` is the gist
    of it in words of components, or empty. `former` is what a renamed or replaced one was called; `fields` of a replaced one are
    of what both kinds have in common, at their places in the new one. `effect` is as that of a field.
    """

    edit: Edit
    identity: Identity
    risk: Risk
    words: str
    fields: tuple[FieldChange, ...] = ()
    before: Manifest | None = None
    after: Manifest | None = None
    former: Identity | None = None
    consequences: tuple[Consequence, ...] = ()
    told: str = ""
    effect: str = ""


def written(path: Steps) -> str:
    """A path as people write it: `spec.containers[name=orders].env[name=A].value`."""
    text = ""
    for step in path:
        if isinstance(step, str):
            key = step if step.replace("-", "").replace("_", "").isalnum() else f"[{step}]"
            text += f".{key}" if text and text[-1] != "#" and key is step else key
        elif isinstance(step, Item):
            text += f"[{','.join(f'{key}={value}' for key, value in step.keys)}]"
        else:
            text += step.value if isinstance(step, Member) else f"[{step}]"
    return text
