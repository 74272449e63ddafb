"""Entries of `needs`: each is checked by the schema of its type, which another layer may have given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pavior.diagnostics.codes import validate as codes
from pavior.diagnostics.suggest import clearly_meant, did_you_mean
from pavior.model import Path, Value
from pavior.schema import PathSchemas, Schemas
from pavior.schema.explain import faults
from pavior.schema.fault import Fault, Subject, beneath
from pavior.schema.wording import dotted, given, listed, quoted

Written = Callable[[Path], str | None]


@dataclass(frozen=True, slots=True)
class Needs:
    """What entries are checked against. `types` are those that layers beneath give, by the entry's name."""

    path: PathSchemas
    schemas: Schemas
    types: Mapping[str, str]


def entries(needs: Needs, value: Value, places: Sequence[Path], written: Written) -> Iterator[Fault]:
    """The faults of all entries of a file. `places` are where fields of platform.yaml stand, the first beneath the rest."""
    types: dict[str, Value] = dict(needs.types)
    for index, place in enumerate(places):
        for at, fields in _at(value, place):
            said = fields.get("needs")
            for name, entry in said.items() if isinstance(said, dict) else ():
                if isinstance(entry, dict):
                    yield from entry_faults(needs, (*at, "needs", name), entry, types, written)
                    if index == 0 and "type" in entry:
                        types[name] = entry["type"]


def entry_faults(
    needs: Needs, at: Path, entry: dict[str, Value], types: Mapping[str, Value], written: Written
) -> Iterator[Fault]:
    """The faults of one entry of a layer; `types` are those that entries have already, by name."""
    name, known = quoted(f"needs.{at[-1]}"), types.get(str(at[-1]))
    if "type" not in entry and known is None:
        yield _untyped(needs, at, entry, name, types)
        return
    type_name: Value = entry.get("type", known)
    fault = _type_fault(needs, at, type_name, known, name)
    if fault:
        # Of an entry that only lacks a good type elsewhere, the fault is told there.
        yield from (fault,) if "type" in entry else ()
        return
    schema = needs.path.entries[type_name].layer
    if not schema.accepts(entry):
        subject = Subject(name, at=at, written=written, elsewhere=lambda key: _other_type(needs, key))
        for each in faults(schema, entry, subject):
            yield beneath(each, at)


def full_entry_faults(needs: Needs, name: str, entry: Value) -> Iterator[Fault]:
    """The faults of one entry of an effective spec."""
    at: Path = ("needs", name)
    type_name: Value = entry.get("type") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or type_name is None:
        yield _untyped(needs, at, {}, quoted(dotted(at)), {})
        return
    fault = _type_fault(needs, at, type_name, None, quoted(dotted(at)))
    if fault:
        yield fault
        return
    schema = needs.path.entries[type_name].full
    if not schema.accepts(entry):
        for each in faults(schema, entry, Subject(quoted(dotted(at)))):
            yield beneath(each, at)


def _at(value: Value, place: Path, at: Path = ()) -> Iterator[tuple[Path, dict[str, Value]]]:
    if not isinstance(value, dict):
        return
    if not place:
        yield at, value
    elif place[0] == "*":
        for key, inner in value.items():
            yield from _at(inner, place[1:], (*at, key))
    elif place[0] in value:
        yield from _at(value[place[0]], place[1:], (*at, place[0]))


def _untyped(needs: Needs, at: Path, entry: Mapping[str, Value], name: str, types: Mapping[str, Value]) -> Fault:
    close = next((key for key in entry if did_you_mean(key.lower(), ["type"])), None)
    offered = list(needs.path.entries)
    if close is not None:
        message = f"{quoted(close)} is not a field of {name}"
        clear = clearly_meant(close.lower(), ["type"])
        return Fault(codes.UNKNOWN_FIELD, (*at, close), message, "did you mean `type`?", at="key", replacement=clear)
    likely = at[-1] if at[-1] in offered else did_you_mean(str(at[-1]), offered)
    hint = f"add `type: {likely}`" if likely else f"add `type: …`, one of {listed(offered)}" if offered else None
    meant = did_you_mean(str(at[-1]), types)
    if meant:
        hint = f"did you mean `{meant}`?" + (f" otherwise {hint}" if hint else "")
    return Fault(codes.MISSING_FIELD, (*at, "type"), f"{name} lacks `type`", hint, at="missing")


def _type_fault(needs: Needs, at: Path, type_name: Value, known: Value, name: str) -> Fault | None:
    where = (*at, "type")
    if type_name is None:
        return Fault(codes.NO_VALUE, where, "`type` has no value", "give it a value, or remove the line", at="key")
    if not isinstance(type_name, str):
        offered = next(iter(needs.path.entries), None)
        hint = f"for example `type: {offered}`" if offered else None
        return Fault(codes.WRONG_TYPE, where, f"`type` must be text, not {given(type_name)}", hint)
    if isinstance(known, str) and known in needs.path.entries and type_name != known:
        message = f"{name} has type {quoted(known)}, so it can't be {quoted(type_name)} here"
        return Fault(codes.CHANGED_TYPE, where, message, "give the other thing a name of its own")
    if type_name not in needs.path.entries:
        message, hint = f"{quoted(type_name)} is not a type of `needs`", _offered(needs, type_name)
        clear = clearly_meant(type_name.lower(), needs.path.entries)
        return Fault(codes.UNKNOWN_NEED_TYPE, where, message, hint, replacement=clear)
    return None


def _offered(needs: Needs, type_name: str) -> str:
    offered = list(needs.path.entries)
    path = f"golden path `{needs.path.name}`" if needs.path.name else "this platform"
    paths = [name for name, path in needs.schemas.paths.items() if type_name in path.entries]
    if paths:
        return f"{path} does not offer it; {listed(paths)} {'does' if len(paths) == 1 else 'do'}"
    close = did_you_mean(type_name.lower(), offered)
    if close:
        return f"did you mean `{close}`?"
    return f"{path} offers {listed(offered)}" if offered else f"{path} offers none"


def _other_type(needs: Needs, key: str) -> str | None:
    types = [name for name, entry in needs.schemas.union.entries.items() if key in entry.full.node["properties"]]
    return f"{quoted(key)} is a field of type {listed(types)}" if types else None
