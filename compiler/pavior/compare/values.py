"""Two values of one field → its changes, found top down: what is equal is left at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pavior.compare import Edit, FieldChange, Member, Risk, Step, Steps, written
from pavior.compare.items import Matching, Pair, canonical, match
from pavior.compare.knowledge import Arrangement, Meaning
from pavior.compare.scalars import direction, same
from pavior.compare.telling import tell
from pavior.model import Value

DEEPEST = 64
"""Values deeper than this are compared as a whole: no input can exhaust the stack."""

_DOCUMENT_STARTS = ("{", "[")


def differences(before: Mapping[str, Value], after: Mapping[str, Value], meaning: Meaning) -> list[FieldChange]:
    """The changes between two maps, sorted by path. Null is the same as absence."""
    found: list[FieldChange] = []
    _maps(before, after, meaning, (), found)
    if len(found) == 1:
        return found
    return sorted(found, key=lambda change: (written(change.path), change.edit.value, canonical(change.after)))


def differences_at(before: Value, after: Value, meaning: Meaning, path: Steps) -> list[FieldChange]:
    """The changes between two values, of which one may be absent, at `path`, of which `meaning` is what is known."""
    found: list[FieldChange] = []
    if before != after:
        _either(before, after, meaning, path, found)
    return found


class Weight(NamedTuple):
    """What it means that a value comes or goes. `default`: nothing, since all of it is what absence means."""

    risk: Risk
    words: str
    default: bool
    effect: str = ""


def weigh(value: Value, meaning: Meaning, edit: Edit, depth: int = 0) -> Weight:
    """The worst that is said of anything in a value that is `edit` (ADDED or REMOVED) with it, in the words of that."""
    event = edit.value
    default = meaning.has_default and value == meaning.default
    own = Weight(meaning.risk(event), meaning.words, default, meaning.effects.get(event, ""))
    if own.default or event in meaning.decided or depth > DEEPEST:
        return own
    if isinstance(value, dict):
        parts = [weigh(part, meaning.below(key), edit, depth + 1) for key, part in value.items() if part is not None]
    elif isinstance(value, list):
        parts = [weigh(part, meaning.below("-"), edit, depth + 1) for part in value]
    else:
        event = _against_default(value, meaning, edit)
        return own._replace(risk=meaning.risk(event), effect=meaning.effects.get(event, ""))
    if not parts:
        return own
    if isinstance(value, dict) and all(part.default for part in parts):
        return own._replace(default=True)
    worst = min((part for part in parts if not part.default), key=lambda part: part.risk, default=own)
    return worst if worst.risk < own.risk else own._replace(risk=worst.risk)


def _against_default(value: Value, meaning: Meaning, edit: Edit) -> str:
    """The event of a scalar that comes or goes: where absence has a value, a change from or to that."""
    if not meaning.has_default:
        return edit.value
    one, other = (meaning.default, value) if edit is Edit.ADDED else (value, meaning.default)
    return direction(one, other, meaning.form)


def _maps(
    before: Mapping[str, Value], after: Mapping[str, Value], meaning: Meaning, path: Steps, found: list[FieldChange]
) -> None:
    for key, old in before.items():
        new = after.get(key)
        if old is not new and old != new:
            _either(old, new, meaning.below(key), (*path, key), found)
    for key, new in after.items():
        if new is not None and key not in before:
            _either(None, new, meaning.below(key), (*path, key), found)


def _either(before: Value, after: Value, meaning: Meaning, path: Steps, found: list[FieldChange]) -> None:
    """The changes between values of which one may be absent."""
    if before is None or after is None:
        came = before is None
        whole = after if came else before
        if _in_parts(whole, meaning, Edit.ADDED if came else Edit.REMOVED) and len(path) < DEEPEST:
            nothing: Value = type(whole)()
            _either(nothing if came else before, after if came else nothing, meaning, path, found)
            return
        _passing(whole, meaning, path, Edit.ADDED if came else Edit.REMOVED, found)
    elif isinstance(before, dict) and isinstance(after, dict) and len(path) < DEEPEST:
        _maps(before, after, meaning, path, found)
    elif isinstance(before, list) and isinstance(after, list) and len(path) < DEEPEST:
        _lists(before, after, meaning, path, found)
    elif not _same_document(before, after, meaning, path, found) and not _equal(before, after, meaning):
        event = direction(before, after, meaning.form)
        weight = Weight(meaning.risk(event), meaning.words, False, meaning.effects.get(event, ""))
        found.append(_change(path, Edit.CHANGED, (before, after), weight, meaning))


def _in_parts(value: Value, meaning: Meaning, edit: Edit) -> bool:
    """Whether the entries of a map or list that comes or goes do so one by one: where absence means an empty one, and of a list
    unless a rule says what the list as a whole means."""
    if isinstance(value, list):
        return bool(value) and edit.value not in meaning.decided
    return isinstance(value, dict) and meaning.default == {}


def _equal(before: Value, after: Value, meaning: Meaning) -> bool:
    if isinstance(before, dict | list) or isinstance(after, dict | list):
        return bool(before == after)
    return same(before, after, meaning.form)


def _passing(value: Value, meaning: Meaning, path: Steps, edit: Edit, found: list[FieldChange]) -> None:
    weight = weigh(value, meaning, edit)
    if not weight.default:
        before, after = (None, value) if edit is Edit.ADDED else (value, None)
        found.append(_change(path, edit, (before, after), weight, meaning))


def _change(path: Steps, edit: Edit, values: tuple[Value, Value], weight: Weight, meaning: Meaning) -> FieldChange:
    told = (tell(values[0], meaning), tell(values[1], meaning))
    return FieldChange(
        path, edit, *values, weight.risk, weight.words, told, meaning.subject, meaning.leads, weight.effect
    )


def _lists(before: list[Value], after: list[Value], meaning: Meaning, path: Steps, found: list[FieldChange]) -> None:
    if meaning.arrangement is Arrangement.WHOLE:
        parts: list[FieldChange] = []
        _items(before, after, meaning, path, parts)
        found += _as_whole(before, after, meaning, path, parts)
    else:
        _items(before, after, meaning, path, found)


def _as_whole(
    before: list[Value], after: list[Value], meaning: Meaning, path: Steps, parts: Sequence[FieldChange]
) -> Iterator[FieldChange]:
    """One change for all in a list that has the list's own words, with the worst class; what has other words stays as it is."""
    own = [part for part in parts if part.words == meaning.words]
    if own:
        edit = Edit.CHANGED if before and after else Edit.REMOVED if before else Edit.ADDED
        weight = Weight(min(part.risk for part in own), meaning.words, False, meaning.effects.get(edit.value, ""))
        yield _change(path, edit, (before or None, after or None), weight, meaning)
    yield from (part for part in parts if part.words != meaning.words)


def _items(before: list[Value], after: list[Value], meaning: Meaning, path: Steps, found: list[FieldChange]) -> None:
    matching: Matching = match(before, after, meaning)
    for pair in matching.pairs:
        _item(pair, meaning, path, found)
    if matching.reordered is not None:
        old, new = matching.reordered
        weight = Weight(meaning.risk("reordered"), meaning.words, False, meaning.effects.get("reordered", ""))
        found.append(_change(path, Edit.REORDERED, (old, new), weight, meaning)._replace(told=(None, None)))


def _item(pair: Pair, meaning: Meaning, path: Steps, found: list[FieldChange]) -> None:
    step: Step = pair.step
    if pair.before is not None and pair.after is not None:
        if pair.before != pair.after:
            _either(pair.before, pair.after, meaning.below("-"), (*path, step), found)
    elif pair.before is not None or pair.after is not None:
        _either(pair.before, pair.after, meaning.below("-"), (*path, step), found)


def _same_document(before: Value, after: Value, meaning: Meaning, path: Steps, found: list[FieldChange]) -> bool:
    """Whether both texts hold JSON maps or lists; then their changes are found too."""
    if not isinstance(before, str) or not isinstance(after, str) or not before.lstrip().startswith(_DOCUMENT_STARTS):
        return False
    from orjson import JSONDecodeError, loads  # noqa: PLC0415  # few manifests hold documents

    try:
        old, new = loads(before), loads(after)
    except (JSONDecodeError, UnicodeEncodeError):
        return False
    if type(old) is not type(new) or not (_shallow(old) and _shallow(new)):
        return False
    if old != new:
        _either(old, new, meaning, (*path, Member.DOCUMENT), found)
    return True


def _shallow(value: Value) -> bool:
    """Whether a document is no deeper than what is compared; texts in manifests come from anyone."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return True
    return False
