"""What can be wrong with layers that are each right by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from pavior.diagnostics import Diagnostic, Note
from pavior.diagnostics.codes import layer as codes
from pavior.diagnostics.suggest import did_you_mean
from pavior.layering.entries import Entry, entry_sequence
from pavior.layering.ranks import Sizes
from pavior.layering.stack import Chosen, Stack, Word


def size_faults(above: Stack, chosen: Chosen, words: Callable[[], Sequence[Word]]) -> Iterator[Diagnostic]:
    """The chosen size names of the service's own fields that no component defines; `words` says what was said of the fields."""
    for size_field, name in chosen:
        if name not in above.sizes[size_field]:
            yield _unknown_size(above.sizes, size_field, name, words())


def needs_faults(above: Stack, of_needs: Sequence[Entry]) -> Iterator[Diagnostic]:
    """Entries of `needs` without a type, and their size names that the type's component doesn't define."""
    for entry in of_needs:
        if entry.standing and entry.type is None:
            yield _without_type(above, entry, of_needs)
        if entry.type is None:
            continue
        for size_field, name in entry.chosen:
            sizes = above.type_sizes[entry.type]
            if name not in sizes[size_field]:
                yield _unknown_size(sizes, size_field, name, entry_sequence(above, entry), f" of `{entry.type}`")


def _without_type(above: Stack, entry: Entry, of_needs: Sequence[Entry]) -> Diagnostic:
    """At the lowest layer that names the entry: the one that a type is missing from, or that misspells the name."""
    lowest = entry.standing[0]
    meant = did_you_mean(entry.name, [other.name for other in of_needs if other.type is not None])
    types = sorted({type_of_need for each in above.ranks for type_of_need in (*each.types, *each.type_sizes)})
    remedy = "give it a `type`" + (f": one of {', '.join(types)}" if types else "")
    return Diagnostic(
        codes.NEED_WITHOUT_TYPE,
        lowest.layer.document.positions().key((*lowest.layer.at, *lowest.at)),
        f"`{entry.name}` has no `type` in any layer",
        f"did you mean to change `{meant}`? otherwise {remedy}" if meant else remedy,
    )


def _unknown_size(sizes: Sizes, size_field: str, name: str, words: Sequence[Word], owner: str = "") -> Diagnostic:
    """At the highest of `words`, which is the one that chose the name."""
    chose = next(word for word in reversed(words) if isinstance(word.value, dict) and size_field in word.value)
    known = sizes[size_field]
    meant = did_you_mean(name, list(known))
    names = f"one of {', '.join(known)}"
    notes: tuple[Note, ...] = ()
    if known:
        layer = next(iter(known.values()))
        notes = (Note("the sizes are defined here", layer.document.positions().key(layer.at[:-1])),)
    return Diagnostic(
        codes.UNKNOWN_SIZE,
        chose.layer.document.positions().value((*chose.layer.at, *chose.at, size_field)),
        f"`{name}` is not a `{size_field}`{owner}",
        f"did you mean `{meant}`? it is {names}" if meant else f"use {names}" if known else "remove it",
        notes,
    )
