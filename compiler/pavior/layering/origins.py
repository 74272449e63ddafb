"""The same merge once more, slowly, remembering who said what. Used only where somebody asks for origins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pavior.layering.stack import Word
from pavior.model import Contributor, Layer, Path, Positions, Span, Value


@dataclass(frozen=True, slots=True)
class Record:
    """Contributors so far, by path of the effective spec, and the positions of the documents that they are in."""

    contributors: dict[Path, list[Contributor]] = field(default_factory=dict)
    _positions: dict[int, Positions] = field(default_factory=dict, repr=False)

    def span(self, layer: Layer, at: Path) -> Span:
        """Where the value at `at` inside `layer` is written."""
        document = layer.document
        if id(document) not in self._positions:
            self._positions[id(document)] = document.positions()
        return self._positions[id(document)].value((*layer.at, *at))

    def add(self, path: Path, layer: Layer, span: Span, value: Value, removed: bool = False) -> None:
        """What `layer` says of `path`, at `span`."""
        chosen_by = tuple(path[1] if key == "*" else key for key in layer.chosen_by)
        self.contributors.setdefault(path, []).append(Contributor(layer.name, span, value, removed, chosen_by))


def apply_words(record: Record, path: Path, words: Sequence[Word]) -> Value:
    """`words` on the value at `path`, lowest first, applied in turn and recorded; None if none stands at the end."""
    value: Value = None
    for word in words:
        if word.value is None:
            _remove(record, path, word)
            value = None
        else:
            value = _apply(record, path, word, value)
    return value


def remove_below(record: Record, path: Path, layer: Layer, span: Span) -> None:
    """`layer` put at `path`, at `span`, what leaves no room for anything below: say so of all that was there.

    Items of a list have no say of their own in what replaces the list, so they are forgotten.
    """
    below = [known for known in record.contributors if len(known) > len(path) and known[: len(path)] == path]
    for known in below:
        if any(isinstance(key, int) for key in known[len(path) :]):
            del record.contributors[known]
        elif not record.contributors[known][-1].removed:
            record.add(known, layer, span, None, removed=True)


def _remove(record: Record, path: Path, word: Word) -> None:
    span = record.span(word.layer, word.at)
    record.add(path, word.layer, span, None, removed=True)
    remove_below(record, path, word.layer, span)


def _apply(record: Record, path: Path, word: Word, below: Value) -> Value:
    """What `word`, not null, makes of `below`, the value beneath it (None: nothing)."""
    span = record.span(word.layer, word.at)
    record.add(path, word.layer, span, word.value)
    if not isinstance(word.value, dict):
        remove_below(record, path, word.layer, span)
        _record_items(record, path, word)
        return word.value
    if isinstance(below, dict):
        merged = dict(below)
    else:
        merged = {}
        remove_below(record, path, word.layer, span)
    for key, value in word.value.items():
        inner = Word(word.rank, word.layer, (*word.at, key), value)
        if value is None:
            _remove(record, (*path, key), inner)
            merged.pop(key, None)
        else:
            merged[key] = _apply(record, (*path, key), inner, merged.get(key))
    return merged


def _record_items(record: Record, path: Path, word: Word) -> None:
    """Everything inside a list came with the list."""
    children: list[tuple[str | int, Value]] = []
    if isinstance(word.value, list):
        children = list(enumerate(word.value))
    elif isinstance(word.value, dict):
        children = list(word.value.items())
    for key, value in children:
        at, below = (*word.at, key), (*path, key)
        record.add(below, word.layer, record.span(word.layer, at), value)
        _record_items(record, below, Word(word.rank, word.layer, at, value))
