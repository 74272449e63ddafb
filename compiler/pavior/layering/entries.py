"""Entries of `needs`: which layers' words stand, the type they give, the size they choose, and their merge.

A rank speaks of an entry twice: of its type, and directly above that of the entry by name. Removing an entry takes away
all that was said of it by name until then. What is said of its type isn't said of the entry, so it neither brings a
removed entry back nor is lost when a layer above names the entry again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pavior.layering.merge import merge_all
from pavior.layering.ranks import Sizes
from pavior.layering.stack import Chosen, Stack, Word, choose, expansion, highest, type_base, type_words
from pavior.model import Value


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry before it is merged. `standing`: the words after the last removal, none if it is removed; `past`: up to it.

    `type` is None where no standing word gives one. `chosen` are the size names it uses, known or not.
    """

    name: str
    past: Sequence[Word]
    standing: Sequence[Word]
    type: str | None
    chosen: Chosen


def entries(above: Stack, said: Sequence[Word]) -> list[Entry]:
    """The entries that `said`, the words on `needs` from the lowest up, speaks of, in the order in which they are first named."""
    words: dict[str, list[Word]] = {}
    for word in said:
        if word.value is None:
            for earlier in words.values():
                earlier.append(word)
        elif isinstance(word.value, dict):
            for name, value in word.value.items():
                words.setdefault(name, []).append(Word(word.rank, word.layer, (*word.at, name), value))
    return [_entry(above, name, of_entry) for name, of_entry in words.items()]


def entry_value(above: Stack, entry: Entry) -> Value:
    """The merged entry, which must have standing words."""
    if entry.standing[0].rank == len(above.ranks):  # only the service names it, which is above every rank
        below = type_base(above, entry.type, entry.chosen) if entry.type is not None else {}
        return merge_all(below, [word.value for word in entry.standing])
    sizes = above.type_sizes.get(entry.type, {}) if entry.type is not None else {}
    return merge_all(expansion(sizes, entry.chosen), [word.value for word in entry_sequence(above, entry)])


def entry_sequence(above: Stack, entry: Entry) -> list[Word]:
    """The words on the entry's type and the standing ones, lowest first: at equal rank the type's before the entry's."""
    of_type = type_words(above, entry.type) if entry.type is not None else ()
    return sorted((*of_type, *entry.standing), key=lambda word: word.rank)


def _entry(above: Stack, name: str, words: Sequence[Word]) -> Entry:
    first_standing = 0
    for index, word in enumerate(words):
        if word.value is None:
            first_standing = index + 1
    entry = Entry(name, words[:first_standing], words[first_standing:], None, ())
    type_of_need = highest("type", [word.value for word in entry.standing])
    if not isinstance(type_of_need, str):
        return entry
    sizes: Sizes = above.type_sizes.get(type_of_need, {})
    typed = Entry(name, entry.past, entry.standing, type_of_need, ())
    if not sizes:
        return typed
    said: list[Value]
    if entry.standing[0].rank == len(above.ranks):
        said = [type_base(above, type_of_need, ()), *[word.value for word in entry.standing]]
    else:
        said = [word.value for word in entry_sequence(above, typed)]
    return Entry(name, entry.past, entry.standing, type_of_need, choose(sizes, said))
