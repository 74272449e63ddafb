"""Lookup: from what a person points at (a rendered file and line, or a service) to the owner that it belongs to."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from pavior.emit import marker_source
from pavior.model import CATALOGUE, RENDERED, Positions, Source, Span
from pavior.model import Path as ValuePath
from pavior.phases.load import load_all
from pavior.pipeline.assemble import Owner, ServiceInput
from pavior.pipeline.fleet import Fleet
from pavior.platform import TargetContext
from pavior.repository import shown
from pavior.syntax.pointers import item_index


class NotFound(Exception):
    """What the person pointed at is not there. The message says what is."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a rendered file: the `document`-th manifest (from 0) and the path in it."""

    document: int
    at: ValuePath


def targets_of(fleet: Fleet, name: str) -> list[TargetContext]:
    """The render target of a name, or all those of an environment. Raises NotFound where there is none."""
    found = [t for t in fleet.platform.targets if name in (t.target.name, t.target.environment)]
    if not found:
        raise NotFound(f"there is no environment `{name}`: there are {', '.join(fleet.platform.target_names)}")
    return found


def catalogue_target(fleet: Fleet, service: ServiceInput | None = None) -> TargetContext:
    """What the catalogue's entry of a service, or of anything else, is about: the first target that it runs in."""
    return next(fleet.entries(service))


def artifact_content(root: Path, artifact: str) -> bytes:
    """What the artifact at a path below rendered/ holds. Raises NotFound where it is no plain file: a link may lead anywhere."""
    content = shown(root, f"{RENDERED}/{artifact}")
    if content is None:
        there = os.path.lexists(root / RENDERED / artifact)
        reason = "it is not a plain file of a usual size" if there else os.strerror(errno.ENOENT).lower()
        raise NotFound(f"{RENDERED}/{artifact} can't be read: {reason}")
    return content


def owner_of_artifact(fleet: Fleet, root: Path, artifact: str) -> Owner:
    """Whose the artifact at a path below rendered/ is, by the file's first line. Raises NotFound."""
    source = marker_source(artifact_content(root, artifact).split(b"\n", 1)[0])
    if source is None:
        raise NotFound(f"{RENDERED}/{artifact} was not rendered by Pavior")
    folder = artifact.split("/", maxsplit=1)[0]
    service = next((s for s in fleet.services.values() if s.folder == source), None)
    target = catalogue_target(fleet, service) if folder == CATALOGUE else targets_of(fleet, folder)[0]
    if service is not None:
        return Owner(target, service.team, service)
    for team in fleet.teams.values():
        if source == f"teams/{team.name}":
            return Owner(target, team)
    if source.startswith("teams/"):
        raise NotFound(f"{source}, which it was rendered from, is gone or has errors: run `pavior validate`")
    return Owner(target)


def place_at_line(content: bytes, line: int) -> Place:
    """The innermost value on a line of an artifact. Raises NotFound."""
    documents = load_all(Source(RENDERED, content)).value or ()
    best: tuple[int, Place] | None = None
    for index, document in enumerate(documents):
        positions = document.positions()
        for path, span in _spans(positions):
            if span.line <= line <= span.end_line:
                # The innermost value that begins on the line itself wins over what merely goes on there.
                rank = len(path) if span.line != line else len(path) + 1000
                if best is None or rank > best[0]:
                    best = (rank, Place(index, path))
    if best is None:
        raise NotFound(f"line {line} holds no value")
    return best[1]


def _spans(positions: Positions) -> list[tuple[ValuePath, Span]]:
    keys = dict(positions.keys)
    found = []
    for path, span in positions.values.items():
        start = keys.get(path, span)
        found.append((path, Span(span.file, start.line, start.column, max(span.line, _last(span)), span.end_column)))
    return found


def _last(span: Span) -> int:
    # A block ends where the next token begins, at the start of a line of its own.
    return span.end_line - 1 if span.end_column == 1 and span.end_line > span.line else span.end_line


def place_at_pointer(manifests: list[object], pointer: str) -> Place:
    """A JSON pointer, or a dotted path, in the first manifest that has it. Raises NotFound."""
    for index, manifest in enumerate(manifests):
        path = resolve(manifest, pointer)
        if path is not None:
            return Place(index, path)
    raise NotFound(f"no manifest of the file has {pointer}")


def resolve(value: object, pointer: str) -> ValuePath | None:
    """`/a/b~1c/0` or `a.b.0` as a path in a value, if it leads somewhere."""
    if pointer.startswith("/"):
        keys = [key.replace("~1", "/").replace("~0", "~") for key in pointer[1:].split("/")]
    else:
        keys = pointer.split(".") if pointer else []
    path: ValuePath = ()
    for key in keys:
        if isinstance(value, dict) and key in value:
            value, path = value[key], (*path, key)
        elif isinstance(value, list) and (index := item_index(key, len(value))) is not None:
            value, path = value[index], (*path, index)
        else:
            return None
    return path
