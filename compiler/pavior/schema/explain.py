"""Why the fast check said no: jsonschema finds the faults, one small generator for each keyword tells them.

One fault has one message: at a place only the most telling is kept, and what follows from another is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from pavior.diagnostics import Code
from pavior.diagnostics.codes import validate as codes
from pavior.diagnostics.suggest import clearly_meant, did_you_mean
from pavior.model import Path, Value
from pavior.schema import Node, Schema
from pavior.schema.branches import alternatives, chosen
from pavior.schema.compiled import matches, validator
from pavior.schema.fault import Fault, Refusal, Subject
from pavior.schema.unknown import unknown_fields
from pavior.schema.wording import MOST_LISTED, dotted, either, flow, given, listed, name_of, quoted, types, write_as

MOST_FAULTS = 100
"""More faults than these in one file are not told: the time for any input is bounded."""

_CODES = {code.name: code for code in vars(codes).values() if isinstance(code, Code)}

_TELLING = ("type", "anyOf", "oneOf", "const", "enum", "minLength", "maxLength", "pattern", "format")
"""At one place, the keyword that stands first here is told, and the others are not."""


def faults(schema: Schema, value: Value, subject: Subject | None = None) -> list[Fault]:
    """What is wrong with `value`; empty only if the schema accepts it."""
    if schema.accepts(value):
        return []
    from pavior.schema.refusals import refusals  # noqa: PLC0415  # jsonschema costs 60 ms to import

    subject = replace(subject or Subject(), root=schema.node)
    found = list(islice(explained(refusals(schema.node, value), subject), MOST_FAULTS))
    # The two engines agree on all that composition lets through; if they ever don't, the one that decides has the word.
    return essential(found) or [_unexplained(schema.node, value)]


def explained(found: Iterator[Refusal], subject: Subject) -> Iterator[Fault]:
    """Each refusal in words, the most telling first at each place."""
    ranked = sorted(islice(found, MOST_FAULTS), key=_telling)
    return (fault for refusal in ranked for fault in EXPLANATIONS[refusal.keyword](refusal, subject))


def essential(found: Sequence[Fault]) -> list[Fault]:
    """One fault at each place, and none that another one explains: a missing field that stands there misspelt."""
    misspelt = {fault.means for fault in found if fault.means is not None}
    kept: dict[Path, Fault] = {}
    for fault in found:
        if not (fault.at == "missing" and fault.path in misspelt):
            kept.setdefault(fault.path, fault)
    return list(kept.values())


def _telling(refusal: Refusal) -> int:
    return _TELLING.index(refusal.keyword) if refusal.keyword in _TELLING else len(_TELLING)


def _wrong_type(refusal: Refusal, subject: Subject) -> Iterator[Fault]:
    said = refusal.said
    yield wrong_type([said] if isinstance(said, str) else said, refusal, subject)


def wrong_type(expected: Sequence[str], refusal: Refusal, subject: Subject) -> Fault:
    path, value, node = refusal.path, refusal.value, refusal.node
    name, how = name_of(path, subject.name), node.get("x-message", "").partition(": ")[2]
    if value is None:
        message = f"{name} has no value" if path else f"{name} is empty"
        remedy = "give it a value, or remove the line" if path else None
        return Fault(
            codes.NO_VALUE, path, message, f"write {how}" if how and refusal.keyword == "anyOf" else remedy, at="key"
        )
    written = subject.written((*subject.at, *path))
    message = f"{name} must be {types(expected)}, not {given(value, written)}"
    hint, replacement = write_as(expected, value, written, node.get("examples", ()))
    if hint is None and "object" in expected and node.get("properties"):
        hint = f"write a map; it takes {listed(node['properties'])}"
    if (
        how
        and "pattern" in node
        and not isinstance(value, str)
        and not matches(node["pattern"], written or flow(value))
    ):
        hint, replacement = f"write {how}", None  # quotes alone don't make an amount of memory of a number
    return Fault(codes.WRONG_TYPE, path, message, hint, replacement=replacement)


def _not_one_of(refusal: Refusal, subject: Subject) -> Iterator[Fault]:
    said = refusal.said if refusal.keyword == "enum" else [refusal.said]
    words = [flow(word) for word in said if word is not None]
    if refusal.value is None:
        yield wrong_type(("string",), refusal, subject)
        return
    value = refusal.value
    code = _CODES.get(refusal.node.get("x-code", ""), codes.NOT_ONE_OF)
    kinds = {
        codes.UNKNOWN_ENVIRONMENT: "an environment",
        codes.UNKNOWN_COMPONENT: "a component",
        codes.UNKNOWN_API_VERSION: "an `apiVersion` that Pavior reads",
    }
    listing = either([f"`{word}`" for word in words[:MOST_LISTED]]) + (", …" if len(words) > MOST_LISTED else "")
    message = f"{quoted(value)} is not {kinds[code]}" if code in kinds else f"{quoted(value)} is not one of {listing}"
    if not isinstance(value, str):
        message = f"{name_of(refusal.path, subject.name)} must be {listing}, not {given(value)}"
    close = did_you_mean(value.lower(), words) if isinstance(value, str) else None
    hint = f"did you mean `{close}`?" if close else None if code is codes.NOT_ONE_OF else f"write {listing}"
    # Another version may well be meant: by whoever writes for a newer Pavior.
    guessed = isinstance(value, str) and code is not codes.UNKNOWN_API_VERSION
    clear = clearly_meant(value.lower(), words) if guessed else None
    yield Fault(code, refusal.path, message, hint, replacement=None if clear is None else flow(clear))


def _missing(refusal: Refusal, subject: Subject) -> Iterator[Fault]:
    path = refusal.path
    for name in refusal.said:
        if name not in refusal.value:
            node = refusal.node.get("properties", {}).get(name, {})
            yield missing_field((*path, name), node, subject)


def missing_field(path: Path, node: Node, subject: Subject) -> Fault:
    message = f"{name_of(path[:-1], subject.name)} lacks {quoted(path[-1])}"
    examples = node.get("examples") or node.get("enum") or ([node["const"]] if "const" in node else [])
    under = f" under `{dotted(path[:-1])}`" if len(path) > 1 and path[0] != "needs" else ""
    hint = f"add it{under}, for example `{path[-1]}: {flow(examples[0])}`" if examples else f"add `{path[-1]}`{under}"
    note = (f"`{path[-1]}`: {node['description']}",) if "description" in node else ()
    return Fault(codes.MISSING_FIELD, path, message, hint, note, at="missing")


def _depends(refusal: Refusal, subject: Subject) -> Iterator[Fault]:
    path = refusal.path
    for name, others in refusal.said.items():
        for other in others if name in refusal.value else ():
            if other not in refusal.value:
                message = f"{quoted(name)} needs {quoted(other)} beside it"
                yield Fault(codes.INCOMPLETE, (*path, name), message, f"add `{other}`, or remove `{name}`", at="key")


def malformed(refusal: Refusal, subject: Subject) -> Iterator[Fault]:
    """By the schema's own word on what a value must be (`x-message`), else by its examples."""
    phrase = refusal.node.get("x-message")
    examples = refusal.node.get("examples", ())
    if phrase:
        noun, _, how = phrase.partition(": ")
        hint = f"write {how}" if how else None
        yield Fault(codes.MALFORMED, refusal.path, f"{quoted(refusal.value)} is not {noun}", hint)
    else:
        hint = f"for example {quoted(examples[0])}" if examples else f"it must match `{refusal.node.get('pattern')}`"
        name = name_of(refusal.path, subject.name)
        yield Fault(codes.MALFORMED, refusal.path, f"{quoted(refusal.value)} is not a valid {name}", hint)


def _out_of_range(refusal: Refusal, subject: Subject) -> Iterator[Fault]:
    bound = flow(refusal.said)
    words = {
        "minimum": f"at least {bound}",
        "maximum": f"at most {bound}",
        "exclusiveMinimum": f"more than {bound}",
        "exclusiveMaximum": f"less than {bound}",
        "multipleOf": f"a multiple of {bound}",
    }[refusal.keyword]
    least, most = refusal.node.get("minimum"), refusal.node.get("maximum")
    hint = f"choose a number from {flow(least)} to {flow(most)}" if least is not None and most is not None else None
    message = f"{name_of(refusal.path, subject.name)} must be {words}, not {flow(refusal.value)}"
    yield Fault(codes.OUT_OF_RANGE, refusal.path, message, hint)


def _wrong_size(refusal: Refusal, subject: Subject) -> Iterator[Fault]:
    keyword, bound, size = refusal.keyword, refusal.said, len(refusal.value)
    unit = {"Length": "character", "Items": "item", "Properties": "entry"}[keyword[3:]]
    units = unit if bound == 1 else "entries" if unit == "entry" else f"{unit}s"
    name = name_of(refusal.path, subject.name)
    rule = f"must have at {'least' if keyword.startswith('min') else 'most'} {bound} {units}"
    message = f"{name} is empty" if size == 0 else f"{name} {rule}, not {size}"
    less = "shorten it" if unit == "character" else f"remove {size - bound} of them"
    hint = f"it {rule}" if size == 0 else less if keyword.startswith("max") else None
    yield Fault(codes.WRONG_SIZE, refusal.path, message, hint, at="key" if keyword.endswith("Properties") else "value")


def _repeated(refusal: Refusal, subject: Subject) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, item in enumerate(refusal.value):
        if (known := repr(item)) in seen:
            message = f"{quoted(item)} is already in {name_of(refusal.path, subject.name)}"
            yield Fault(codes.REPEATED_ITEM, (*refusal.path, index), message, "remove one of the two")
        seen.add(known)


def _refused(refusal: Refusal, subject: Subject) -> Iterator[Fault]:
    if "x-message" in refusal.node:
        yield from malformed(refusal, subject)
        return
    excluded = refusal.said.get("required") if isinstance(refusal.said, dict) else None
    if excluded:
        words = " and ".join(f"`{name}`" for name in excluded)
        yield Fault(codes.EXCLUSIVE_FIELDS, refusal.path, f"{words} can't stand together", "keep one of them", at="key")
    else:
        name = name_of(refusal.path, subject.name)
        notes = (f"{name}: {refusal.node['description']}",) if "description" in refusal.node else ()
        message = f"{quoted(refusal.value)} is refused as {name}"
        yield Fault(codes.REFUSED_VALUE, refusal.path, message, "write another value", notes)


def _branches(refusal: Refusal, subject: Subject) -> Iterator[Fault]:
    branch = chosen(refusal)
    if branch:
        yield from explained(iter(branch), subject)
        return
    path, name = refusal.path, name_of(refusal.path, subject.name)
    together, needed = alternatives(refusal)
    if together:
        words = " and ".join(f"`{word}`" for word in together)
        yield Fault(codes.EXCLUSIVE_FIELDS, (*path, together[-1]), f"{words} exclude one another", "keep one", at="key")
    elif needed:
        message = f"{name} needs {either([f'`{word}`' for word in needed])}"
        yield Fault(codes.INCOMPLETE, path, message, "add one of them", at="key")
    elif refusal.value is None:
        yield wrong_type((), refusal, subject)
    elif "x-message" in refusal.node:
        yield from malformed(refusal, subject)
    else:
        expected = [name for part in refusal.said for name in _types_of(part)]
        yield wrong_type(list(dict.fromkeys(expected)), refusal, subject)


def _types_of(node: Node) -> list[str]:
    if "type" in node:
        return [node["type"]] if isinstance(node["type"], str) else list(node["type"])
    words = node.get("enum", [node["const"]] if "const" in node else [])
    return ["boolean" if isinstance(word, bool) else "string" for word in words]


def _bad_key(refusal: Refusal, subject: Subject) -> Iterator[Fault]:
    for fault in explained(iter(refusal.context), subject):
        yield replace(fault, at="key")


def _unexplained(node: Node, value: Value) -> Fault:
    try:
        error = next(validator(node).iter_errors(value), None)
    except ValueError:
        return Fault(codes.REFUSED_VALUE, (), "there is text here that is no Unicode", "remove the lone surrogates")
    if error is None:
        raise AssertionError("a refused value has an error")
    return Fault(codes.REFUSED_VALUE, tuple(error.instance_path), error.message[:1].lower() + error.message[1:200])


EXPLANATIONS: dict[str, Callable[[Refusal, Subject], Iterator[Fault]]] = {
    "type": _wrong_type,
    "enum": _not_one_of,
    "const": _not_one_of,
    "required": _missing,
    "dependentRequired": _depends,
    "additionalProperties": unknown_fields,
    "propertyNames": _bad_key,
    "pattern": malformed,
    "format": malformed,
    "minimum": _out_of_range,
    "maximum": _out_of_range,
    "exclusiveMinimum": _out_of_range,
    "exclusiveMaximum": _out_of_range,
    "multipleOf": _out_of_range,
    "minLength": _wrong_size,
    "maxLength": _wrong_size,
    "minItems": _wrong_size,
    "maxItems": _wrong_size,
    "minProperties": _wrong_size,
    "maxProperties": _wrong_size,
    "uniqueItems": _repeated,
    "not": _refused,
    "anyOf": _branches,
    "oneOf": _branches,
}
