"""What all forms say of the sources that were edited, as pieces of text like those of `wording.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pavior.compare import Edit
from pavior.compare.difference import DiffReport, EditedField, FileEdit
from pavior.report.changes.wording import Line, Piece, apart, count, foreign, listed, value_piece

MOST_FIELDS = 10
MOST_FILES = 5


def edit_lines(report: DiffReport) -> Iterator[Line]:
    """`team.yaml: tier critical → experimental`, the same of several files once; then the files that are only named."""
    yield from _fields(report.edits)
    for words, files in _named(report.edits):
        if files:
            yield (Piece(f"{words}: "), *listed([each.path for each in files], MOST_FILES))


def _fields(edits: Sequence[FileEdit]) -> Iterator[Line]:
    places: dict[EditedField, list[str]] = {}
    for each in edits:
        for field in each.fields or ():
            places.setdefault(field, []).append(each.path)
    share = max(2, MOST_FIELDS // max(1, sum(bool(each.fields) for each in edits)))
    told: dict[str, int] = {}
    left = 0
    for field, paths in places.items():
        first = paths[0]
        told[first] = told.get(first, 0) + 1
        if sum(told.values()) - left > MOST_FIELDS or (len(places) > MOST_FIELDS and told[first] > share):
            left += 1
            continue
        yield (*listed(paths, 2), Piece(": "), *_field(field))
    if left:
        yield (Piece(f"and {count(left, 'more field')}"),)


def _field(field: EditedField) -> Line:
    path = foreign(field.path)
    if field.before is not None and field.after is not None:
        before, after = apart(foreign(field.before).text, foreign(field.after).text)
        order = " in another order: " if field.edit is Edit.REORDERED else " "
        return (path, Piece(order), value_piece(before), Piece(" → "), value_piece(after))
    return (path, Piece(f" {field.edit.value}: "), value_piece(foreign(field.before or field.after or "").text))


def _named(edits: Sequence[FileEdit]) -> Iterator[tuple[str, list[FileEdit]]]:
    yield "changed", [each for each in edits if each.edit is Edit.CHANGED and each.fields is None]
    yield "only comments or layout", [each for each in edits if each.fields == ()]
    yield "added", [each for each in edits if each.edit is Edit.ADDED]
    yield "removed", [each for each in edits if each.edit is Edit.REMOVED]
