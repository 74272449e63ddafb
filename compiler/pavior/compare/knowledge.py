"""What components say of changes: how fields compare, and what changing them risks. Rules go in, answers by path come out.

A rule speaks of everything beneath its pointer, and the nearest rule wins, attribute by attribute.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

from pavior.compare import Edit, Risk, Subject
from pavior.model import Manifest, Value

RISKS = {risk.slug: risk for risk in Risk}
EVERY_KIND = "*"
"""In `kinds`: rules of all kinds, beneath those of any one. In a pointer: any key or item."""

_VALUE_EVENTS = ("added", "removed", "changed", "increased", "decreased", "reordered")
_MANIFEST_EVENTS = ("added", "removed", "renamed", "replaced")
_REFINED = {"increased": "changed", "decreased": "changed", "reordered": "changed"}
"""What an event is when no rule names it."""


class Form(Enum):
    """How a scalar is read before it is compared. What cannot be read so is compared as it is."""

    QUANTITY = "quantity"
    DURATION = "duration"


Reading: TypeAlias = Form | tuple[Value, ...]
"""A form, or words from the least to the most."""


class Arrangement(Enum):
    """Whether the order of a list's items has a meaning. WHOLE: so much that what changes in it is told as all of it."""

    SEQUENCE = "sequence"
    SET = "set"
    WHOLE = "whole"


class Pointer(NamedTuple):
    """The place in a phrase of what `steps` lead to."""

    steps: tuple[str, ...]


PhrasePart: TypeAlias = str | Pointer | tuple[str | Pointer, ...]
"""Text, a pointer, or what stands in brackets."""


class Phrase(NamedTuple):
    """How a value is told. `open`: what it doesn't name may stay untold."""

    parts: tuple[PhrasePart, ...]
    open: bool


@dataclass(slots=True)
class _Node:
    """What was said at one pointer, and below."""

    said: dict[str, Any] = field(default_factory=dict)
    below: dict[str, _Node] = field(default_factory=dict)

    def at(self, steps: Iterable[str]) -> _Node:
        node = self
        for step in steps:
            node = node.below.setdefault(step, _Node())
        return node


class Meaning:
    """What is known at one path of a kind. `risks`, and `effects`, sentences of what follows, are by event.

    `effects`, `keys`, `arrangement`, `default`, `phrases` and `leads` speak of this value alone, the rest of everything beneath
    too. `has_default`: `default` equals absence. `decided`: the events that a rule of this very value names, so that what comes
    or goes with it has no say."""

    __slots__ = (
        "_below",
        "_depth",
        "_nodes",
        "arrangement",
        "decided",
        "default",
        "effects",
        "form",
        "has_default",
        "keys",
        "leads",
        "phrases",
        "risks",
        "subject",
        "words",
    )

    def __init__(self, nodes: tuple[_Node, ...], above: Meaning | None) -> None:
        said: dict[str, Any] = {}
        risks: dict[str, Risk] = dict(above.risks) if above else {}
        effects: dict[str, str] = {}
        for node in nodes:
            said.update(node.said)
            risks.update(node.said.get("risk", {}))
            effects.update(node.said.get("effect", {}))
        self.decided: frozenset[str] = frozenset().union(*(node.said.get("decided", ()) for node in nodes))
        self._nodes = tuple(node for node in nodes if node.below)
        self._below: dict[str, Meaning] = {}
        self.risks: Mapping[str, Risk] = risks
        self.effects: Mapping[str, str] = effects
        self.words: str = said.get("words", above.words if above else "")
        self.form: Reading | None = said.get("form", above.form if above else None)
        self.keys: tuple[tuple[str, ...], ...] = said.get("keys", ())
        """What names an item: keys inside it, each as the steps that lead there."""
        self.arrangement: Arrangement | None = said.get("arrangement")
        self._depth: int = above._depth + 1 if above else 0
        self.subject: Subject | None = Subject(said["subject"], self._depth) if "subject" in said else None
        if self.subject is None and above is not None:
            self.subject = above.subject
        self.leads: bool = said.get("leads", False)
        self.phrases: tuple[Phrase, ...] = said.get("told", ())
        self.has_default = "default" in said
        self.default: Value = said.get("default")

    def below(self, step: str) -> Meaning:
        """What is known of the value at a key, or of an item (any step) of a list. Kept, so asking again is cheap."""
        known = self._below.get(step)
        if known is not None:
            return known
        named = [node.below[step] for node in self._nodes if step in node.below]
        name = step if named else EVERY_KIND  # what no rule names is answered once, whatever manifests call it
        known = self._below.get(name)
        if known is None:
            any_step = [node.below[EVERY_KIND] for node in self._nodes if EVERY_KIND in node.below]
            known = self._below[name] = Meaning((*any_step, *(named if name != EVERY_KIND else ())), self)
        return known

    def risk(self, event: str) -> Risk:
        """The class of an event: `added`, `removed`, `changed`, `increased`, `decreased`, `reordered`."""
        return self.risks.get(event, Risk.UNCLASSIFIED)


@dataclass(frozen=True, slots=True)
class KindMeaning:
    """What is known of one manifest: of its fields, and of the manifest as a whole.

    `role` is what kinds that can stand for one another have, or empty; `common` is where what those have in common is in this
    one, by its name.
    """

    fields: Meaning
    whole: Mapping[str, Risk]
    words: str
    phrases: tuple[Phrase, ...] = ()
    effects: Mapping[str, str] = field(default_factory=dict)
    role: str = ""
    common: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)

    def risk(self, edit: Edit) -> Risk:
        """The class of an added, removed or renamed manifest; a rename is a removal and an addition, if no rule knows better."""
        if edit.value in self.whole:
            return self.whole[edit.value]
        if edit is Edit.RENAMED:
            return min(self.risk(Edit.REMOVED), self.risk(Edit.ADDED))
        return Risk.UNCLASSIFIED


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of `changes:`, of one kind."""

    where: tuple[tuple[tuple[str, ...], Value], ...]
    rules: Mapping[str, Any]


class Knowledge:
    """The rules of all components. Meanings are made when first asked for, and kept."""

    def __init__(self, entries: Iterable[Mapping[str, Value]]) -> None:
        """`entries` are those of `changes:` in changes.yaml, valid by its schema; of two that say the same, the later wins."""
        self._entries: dict[str, list[_Entry]] = {}
        self._meanings: dict[tuple[str, str, tuple[bool, ...]], KindMeaning] = {}
        for entry in entries:
            where = tuple((_steps(pointer), value) for pointer, value in entry.get("where", {}).items())
            for kind in entry["kinds"]:
                self._entries.setdefault(kind, []).append(_Entry(where, entry))

    def of(self, manifest: Manifest) -> KindMeaning:
        """What is known of a manifest: of all kinds, of its kind in any group, and of its kind in its group."""
        group, kind = group_and_kind(manifest)
        entries = [
            *self._entries.get(EVERY_KIND, ()),
            *self._entries.get(kind, ()),
            *(self._entries.get(f"{group}/{kind}", ()) if group else ()),
        ]
        holding = tuple(all(_at(manifest, steps) == value for steps, value in each.where) for each in entries)
        name = (group, kind, holding)
        known = self._meanings.get(name)
        if known is None:
            known = self._meanings[name] = _meaning([e for e, holds in zip(entries, holding, strict=True) if holds])
        return known

    def knows(self, group: str, kind: str) -> bool:
        """Whether some rule speaks of this kind by name."""
        return kind in self._entries or f"{group}/{kind}" in self._entries


def group_and_kind(manifest: Manifest) -> tuple[str, str]:
    """The group (empty for the core's) and the kind."""
    version = manifest.get("apiVersion")
    return (version.rpartition("/")[0] if isinstance(version, str) else ""), str(manifest.get("kind", ""))


def _meaning(entries: Iterable[_Entry]) -> KindMeaning:
    root = _Node()
    whole: dict[str, Risk] = {}
    effects: dict[str, str] = {}
    words = role = ""
    told: tuple[Phrase, ...] = ()
    common: dict[str, tuple[tuple[str, ...], ...]] = {}
    # A condition is more special than none.
    for entry in sorted(entries, key=lambda each: bool(each.where)):
        manifest = entry.rules.get("manifest", {})
        whole |= {event: RISKS[slug] for event, slug in _events(manifest.get("risk", {}), _MANIFEST_EVENTS).items()}
        effects |= _events(manifest.get("effect", {}), _MANIFEST_EVENTS)
        words, role = manifest.get("words", words), manifest.get("role", role)
        common |= {name: (_steps(pointer),) for name, pointer in manifest.get("common", {}).items()}
        told = _phrases(manifest["told"]) if "told" in manifest else told
        prefixes = entry.rules.get("below", [""])
        if "subject" in entry.rules:
            common[entry.rules["subject"]] = tuple(map(_steps, prefixes))
        for prefix in prefixes:
            if "subject" in entry.rules:
                root.at(_steps(prefix)).said["subject"] = entry.rules["subject"]
            for pointer, rule in entry.rules.get("fields", {}).items():
                _say(root.at((*_steps(prefix), *_steps(pointer))), rule)
    return KindMeaning(Meaning((root,), None), whole, words, told, effects, role, common)


def _say(node: _Node, rule: Mapping[str, Value]) -> None:
    said = node.said
    if "risk" in rule:
        risks = {event: RISKS[slug] for event, slug in _events(rule["risk"], _VALUE_EVENTS).items()}
        said["risk"] = {**said.get("risk", {}), **risks}
        said["decided"] = said.get("decided", frozenset()).union(rule["risk"] if isinstance(rule["risk"], dict) else ())
    if "effect" in rule:
        said["effect"] = {**said.get("effect", {}), **_events(rule["effect"], _VALUE_EVENTS)}
    if "as" in rule:
        said["form"] = tuple(rule["as"]) if isinstance(rule["as"], list) else Form(rule["as"])
    if "keys" in rule:
        said["keys"] = tuple(_steps(f"/{key}") for key in rule["keys"])
    if "list" in rule:
        said["arrangement"] = Arrangement(rule["list"])
    if "told" in rule:
        said["told"] = _phrases(rule["told"])
    said.update({key: rule[key] for key in ("words", "default", "leads") if key in rule})


_PHRASE = re.compile(r"\[(?P<optional>[^]]*)\]|\{(?P<pointer>[^}]*)\}|(?P<text>[^][{}]+)")
_OPEN = "…"


def _phrases(given: Value) -> tuple[Phrase, ...]:
    texts = given if isinstance(given, list) else [given]
    return tuple(Phrase(_parts(text.removesuffix(_OPEN)), text.endswith(_OPEN)) for text in texts)


def _parts(text: str) -> tuple[Any, ...]:
    """The parts of a phrase, valid by its schema: brackets don't nest."""
    parts: list[PhrasePart] = []
    for found in _PHRASE.finditer(text):
        if found["optional"] is not None:
            parts.append(_parts(found["optional"]))
        else:
            parts.append(Pointer(_steps(f"/{found['pointer']}")) if found["pointer"] is not None else found["text"])
    return tuple(parts)


def _events(given: Value, events: tuple[str, ...]) -> dict[str, str]:
    """A text is for every event; a map for those that it names, `changed` also for those that are finer."""
    if isinstance(given, str):
        return dict.fromkeys(events, given)
    finer = {event: given[wide] for event, wide in _REFINED.items() if wide in given and event in events}
    return {**finer, **given}


def _steps(pointer: str) -> tuple[str, ...]:
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def _at(value: Value, steps: tuple[str, ...]) -> Value:
    for step in steps:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value
