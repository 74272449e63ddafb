"""Fmt: the files that people write, each in the one layout."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pavior.diagnostics import Diagnostic
from pavior.model import Source
from pavior.phases.discover import Repository, discover, read
from pavior.phases.lay_out import lay_out
from pavior.phases.write import recover
from pavior.phases.write.replace import replace
from pavior.pipeline.golden_paths import parse_source
from pavior.pipeline.handwritten import Handwritten, is_below, of_golden_paths, schemas_of
from pavior.schema import Schemas
from pavior.schema.order import orders

_USUAL = frozenset({"platform", "team", "environment", "organization"})
_UNORDERED = frozenset({"component", "prices"})
"""Their authors tell one thing after another, with comments between; only blanks and quotes are laid out."""


@dataclass(slots=True)
class Formatted:
    """How many files were looked at, those that have another layout with that, and what keeps others from having any."""

    seen: int = 0
    changed: list[tuple[Source, Source]] = field(default_factory=list)
    unread: list[Diagnostic] = field(default_factory=list)


def fmt(root: Path, paths: Collection[str], *, every_kind: bool, write: bool) -> Formatted:
    """Lay out the files at or below `paths`, relative to the root (all where there are none), or only say how.

    The platform team's own (golden-path.yaml, component.yaml, prices.yaml) only where they are named, or with `every_kind`.
    Nothing is laid out while a file of golden-paths/ can't be read: the order of fields is not known then.
    """
    recover(root)
    found = discover(root)
    formatted = Formatted(unread=[d for d in found.diagnostics if d.is_error])
    if found.value is None:
        return formatted
    schemas = schemas_of(found.value)
    if schemas.value is None:
        formatted.unread.extend(schemas.diagnostics)
        return formatted
    for file in _files(found.value):
        usual = every_kind or file.kind in _USUAL
        if file.path in paths or (usual and (not paths or is_below(file.path, paths))):
            _format(found.value, schemas.value, file, formatted, write=write)
    return formatted


def _files(repository: Repository) -> Iterator[Handwritten]:
    yield from of_golden_paths(repository)
    yield from (Handwritten(path, "team") for path in repository.teams.values())
    yield from (Handwritten(files.platform, "platform") for files in repository.services.values())


def _format(repository: Repository, schemas: Schemas, file: Handwritten, formatted: Formatted, *, write: bool) -> None:
    source = read(repository, file.path)
    document = parse_source(source.value) if source.value is not None else None
    formatted.unread.extend(source.diagnostics if document is None else document.diagnostics)
    if document is None or document.value is None:
        return
    formatted.seen += 1
    ordered = {} if file.kind in _UNORDERED else orders(schemas, file.kind, document.value.value, file.golden_path)
    before, after = document.value.source, lay_out(document.value, ordered)
    if after.content != before.content:
        formatted.changed.append((before, after))
        if write:
            replace(repository.root, file.path, before.content, after.content)
