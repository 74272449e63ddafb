"""Keys that are no fields: what was meant instead, or where the field belongs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pavior.diagnostics import Code
from pavior.diagnostics.codes import validate as codes
from pavior.diagnostics.suggest import clearly_meant, did_you_mean
from pavior.model import Path, Value
from pavior.schema import Node
from pavior.schema.fault import Fault, Refusal, Subject
from pavior.schema.wording import MOST_LISTED, dotted, either, listed, name_of, quoted

_KEYS: dict[str, tuple[Code, str]] = {
    "environment": (codes.UNKNOWN_ENVIRONMENT, "an environment"),
    "need type": (codes.UNKNOWN_NEED_TYPE, "a type of `needs`"),
    "component": (codes.UNKNOWN_COMPONENT, "a component with settings"),
    "tier": (codes.NOT_ONE_OF, "a tier"),
}


def unknown_fields(refusal: Refusal, subject: Subject) -> Iterator[Fault]:
    """A fault for each key that the map doesn't take."""
    path: Path = refusal.path
    known = list(refusal.node.get("properties", ()))
    for key in refusal.value:
        if key not in known:
            what = refusal.node.get("x-keys")
            found = _unknown_key(path, key, known, _KEYS[what]) if what else _unknown_field(path, key, known, subject)
            alone = found.replacement not in refusal.value and (not found.within or _stays_one(refusal.value[key]))
            yield found if alone else replace(found, replacement=None)


def _unknown_key(path: Path, key: str, known: list[str], what: tuple[Code, str]) -> Fault:
    code, noun = what
    close = did_you_mean(key.lower(), known)
    hint = f"did you mean `{close}`?" if close else f"there are {listed(known)}" if known else "there are none"
    clear = clearly_meant(key.lower(), known)
    return Fault(code, (*path, key), f"{quoted(key)} is not {noun}", hint, at="key", replacement=clear)


def _unknown_field(path: Path, key: str, known: list[str], subject: Subject) -> Fault:
    name = name_of(path, subject.name)
    hint, means, within = _meant(path, key, known, subject)
    takes = f"{name} takes {listed(known)} ({subject.reference})" if known else f"{name} takes no fields"
    message = f"{quoted(key)} is not a field of {name}"
    notes = () if hint and len(known) > MOST_LISTED else (takes,)
    instead = (*path, means) if means else None
    instead_of = None if within is None else means
    return Fault(codes.UNKNOWN_FIELD, (*path, key), message, hint, notes, "key", instead, instead_of, within or ())


def _stays_one(value: Value) -> bool:
    """Is it the same between braces? A plain text with a comma isn't."""
    return not isinstance(value, str) or re.fullmatch(r"[A-Za-z0-9_./@-]+", value) is not None


_Meaning = tuple[str | None, str | None, tuple[str, ...] | None]
"""The hint for an unknown key, the sibling that it stands for, if one, and, if that alone can be meant, the keys beneath that
sibling in which the value belongs."""


def _meant(path: Path, key: str, known: list[str], subject: Subject) -> _Meaning:
    spelt = next((name for name in known if _plain(name) == _plain(key)), None)
    if spelt:
        return f"did you mean `{spelt}`?", spelt, ()
    fields = list(fields_of(subject.root))
    if any(path[-len(at) :] == at and _is_called(key, node) for at, node in fields):
        return f"leave {quoted(key)} out: what it holds stands directly under {quoted(path[-1])}", None, None
    places = list(dict.fromkeys(at[:-1] for at, _ in fields if at[-1] == key))
    if len(places) != 1:
        called = [at for at, node in fields if _is_called(key, node)]
        if called:
            return _renamed(path, called[0], known)
    # Fields of other golden paths can only be meant where fields of platform.yaml stand, and they include `needs`.
    elsewhere = subject.elsewhere(key) if not path or "needs" in known else None
    if places or elsewhere:
        return elsewhere or _belongs(key, places, subject), None, None
    close = did_you_mean(key, known)
    return (
        (f"did you mean `{close}`?", close, () if clearly_meant(key, known) == close else None)
        if close
        else (None, None, None)
    )


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _is_called(key: str, node: Node) -> bool:
    """Is a key another tool's word for the field with this schema?"""
    return _plain(key) in map(_plain, node.get("x-aliases", ()))


def _renamed(path: Path, called: Path, known: list[str]) -> _Meaning:
    """The hint for a key that is another tool's word for the field at `called`."""
    inside = called[len(path) :] if called[: len(path)] == path else called
    if inside[0] in known:
        return (
            f"did you mean `{dotted(inside)}`?",
            str(inside[0]),
            None if "<name>" in inside else tuple(map(str, inside[1:])),
        )
    return f"it is called `{dotted(called)}`", None, None


def _belongs(key: str, places: list[Path], subject: Subject) -> str:
    if () in places:
        return f"{quoted(key)} is a field of {subject.name} itself: move it out"
    named = [f"`{dotted(place)}`" for place in places[:3]]
    return f"{quoted(key)} belongs under {either(named)}{', …' if len(places) > 3 else ''}"


def fields_of(root: Node) -> Iterator[tuple[Path, Node]]:
    """The fields of a schema at all depths, outermost first; an entry of an open map is `<name>` in their paths."""
    under: list[tuple[Path, Node]] = [((), root)]
    followed: set[str] = set()
    for path, node in under:  # grows as it goes
        reference = node.get("$ref", "")
        if reference and reference not in followed:
            followed.add(reference)
            under.append((path, root["$defs"][reference.rpartition("/")[2]]))
        for name, value in node.get("properties", {}).items():
            yield (*path, name), value
            if name != "environments":  # what stands there is what stands at the root
                under.append(((*path, name), value))
        items, values = node.get("items"), node.get("additionalProperties")
        under += [(path, items)] if isinstance(items, dict) else []
        under += [((*path, "<name>"), values)] if isinstance(values, dict) else []
        under += [(path, branch) for keyword in ("anyOf", "oneOf") for branch in node.get(keyword, ())]
