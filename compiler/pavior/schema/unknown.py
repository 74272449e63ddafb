"""Keys that are no fields: what was meant instead, or where the field belongs."""

from __future__ import annotations

from collections.abc import Iterator

from pavior.diagnostics import Code
from pavior.diagnostics.codes import validate as codes
from pavior.diagnostics.suggest import did_you_mean
from pavior.model import Path
from pavior.schema import Node
from pavior.schema.fault import Fault, Refusal, Subject
from pavior.schema.foreign import foreign
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
            yield _unknown_key(path, key, known, _KEYS[what]) if what else _unknown_field(path, key, known, subject)


def _unknown_key(path: Path, key: str, known: list[str], what: tuple[Code, str]) -> Fault:
    code, noun = what
    close = did_you_mean(key.lower(), known)
    hint = f"did you mean `{close}`?" if close else f"there are {listed(known)}" if known else "there are none"
    return Fault(code, (*path, key), f"{quoted(key)} is not {noun}", hint, at="key")


def _unknown_field(path: Path, key: str, known: list[str], subject: Subject) -> Fault:
    name = name_of(path, subject.name)
    hint, means = _meant(path, key, known, subject)
    takes = f"{name} takes {listed(known)} ({subject.reference})" if known else f"{name} takes no fields"
    message = f"{quoted(key)} is not a field of {name}"
    notes = () if hint and len(known) > MOST_LISTED else (takes,)
    return Fault(codes.UNKNOWN_FIELD, (*path, key), message, hint, notes, "key", (*path, means) if means else None)


def _meant(path: Path, key: str, known: list[str], subject: Subject) -> tuple[str | None, str | None]:
    """The hint for an unknown key, and the sibling that it stands for, if one."""
    same = {name.lower().replace("_", "").replace("-", ""): name for name in reversed(known)}
    spelt = same.get(key.lower().replace("_", "").replace("-", ""))
    if spelt:
        return f"did you mean `{spelt}`?", spelt
    places = places_of(key, subject.root)
    other = foreign(key)
    if other and not (places and len(places) == 1):
        first = other.split(".")[0]
        if first in known:
            return f"did you mean `{other}`?", first
        if not path or first in subject.root.get("properties", ()):
            return f"Pavior calls it `{other}`", None
    # Fields of other golden paths can only be meant where fields of platform.yaml stand, and they include `needs`.
    elsewhere = subject.elsewhere(key) if not path or "needs" in known else None
    if places or elsewhere:
        return elsewhere or _belongs(key, places, subject), None
    close = did_you_mean(key, known)
    return (f"did you mean `{close}`?", close) if close else (None, None)


def _belongs(key: str, places: list[Path], subject: Subject) -> str:
    if () in places:
        return f"{quoted(key)} is a field of {subject.name} itself: move it out"
    named = [f"`{dotted(place)}`" for place in places[:3]]
    return f"{quoted(key)} belongs under {either(named)}{', …' if len(places) > 3 else ''}"


def places_of(key: str, root: Node) -> list[Path]:
    """The maps of a schema that have a field `key`, outermost first; entries of open maps are `<name>`."""
    found: list[Path] = []
    under: list[tuple[Path, Node]] = [((), root)]
    followed: set[str] = set()
    for path, node in under:  # grows as it goes: the outermost first
        reference = node.get("$ref", "")
        if reference and reference not in followed:
            followed.add(reference)
            under.append((path, root["$defs"][reference.rpartition("/")[2]]))
        if key in node.get("properties", ()):
            found.append(path)
        under += [
            ((*path, name), value) for name, value in node.get("properties", {}).items() if name != "environments"
        ]
        items, values = node.get("items"), node.get("additionalProperties")
        under += [(path, items)] if isinstance(items, dict) else []
        under += [((*path, "<name>"), values)] if isinstance(values, dict) else []
        under += [(path, branch) for keyword in ("anyOf", "oneOf") for branch in node.get(keyword, ())]
    return list(dict.fromkeys(found))
