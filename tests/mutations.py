"""Changes of one field of a fleet's inputs, what each changes in the artifacts, and which of them recorded a read of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pavior.model import Path as ValuePath
from pavior.model import Source, Span
from pavior.phases.load import load
from pavior.pipeline import Selection, owners
from pavior.pipeline.assemble import Owner, by_artifact, effective_spec, manifests, scene_of
from pavior.pipeline.clock import Clock
from pavior.pipeline.explain import explain_owner
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.prepare import prepare
from pavior.pipeline.provenance import Read


@dataclass(frozen=True, slots=True)
class Place:
    """A scalar in an input file."""

    file: str
    at: ValuePath
    value: Any
    span: Span

    def __str__(self) -> str:
        return f"{self.file}:{self.span.line} {'.'.join(map(str, self.at))}"


def places(root: Path, file: str) -> Iterator[Place]:
    """Every scalar of a file that stands on one line."""
    document = load(Source(file, (root / file).read_bytes())).value
    assert document is not None
    positions = document.positions()
    for at, value in _scalars(document.value, ()):
        span = positions.values[at]
        if span.line == span.end_line:
            yield Place(file, at, value, span)


def _scalars(value: Any, at: ValuePath) -> Iterator[tuple[ValuePath, Any]]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _scalars(inner, (*at, key))
    elif value is not None:
        yield at, value


def put(root: Path, place: Place, value: Any) -> None:
    """Write another value at a place, as JSON, which is YAML."""
    lines = (root / place.file).read_text(encoding="utf-8").split("\n")
    line, span = lines[place.span.line - 1], place.span
    lines[span.line - 1] = line[: span.column - 1] + json.dumps(value) + line[span.end_column - 1 :]
    (root / place.file).write_text("\n".join(lines), encoding="utf-8")


def others(place: Place, alike: Iterable[Any]) -> list[Any]:
    """What may stand there instead: what stands at like places, something near, and null, which takes the field away."""
    value, near = place.value, []
    if isinstance(value, bool):
        near = [not value]
    elif isinstance(value, int | float):
        near = [value + 1, value * 2, value - 1, 1, value * 10]
    elif isinstance(value, str):
        number = re.search(r"\d+", value)
        if number:
            more = str(int(number[0]) + 1)
            near.append(value[: number.start()] + more + value[number.end() :])
        near += [value + "x", value + " x"]
    known = [each for each in alike if type(each) is type(value) and each != value]
    return [*near[:1], *dict.fromkeys(known[:6]), *near[1:], None]


Artifacts = Mapping[str, Any]
"""Path below rendered/ → the manifests, or lines, of that artifact."""


def fleet_of(root: Path) -> Fleet | None:
    """The fleet, unless anything in it is at fault."""
    fleet = prepare(root, Clock()).value
    return None if fleet is None or any(d.is_error for d in fleet.diagnostics) else fleet


def everyone(fleet: Fleet) -> list[Owner]:
    return [owner for group in owners(fleet, Selection()) for owner in group]


def render(fleet: Fleet, of: Iterable[Owner] | None = None) -> Artifacts | None:
    """All artifacts in memory, or those of some owners; None where anything is at fault."""
    made: dict[str, Any] = {}
    for owner in everyone(fleet) if of is None else of:
        scene = scene_of(owner.target, owner.team)
        if owner.service is not None:
            spec = effective_spec(fleet.stacks, owner.service, owner.target.target)
            assert spec is not None
            if any(d.is_error for d in spec[1]):
                return None
            scene = scene_of(owner.target, owner.team, owner.service, spec[0])
            scene["linked"] = fleet.links.linked(owner.service.id, owner.target.target)
        placed, found = manifests(fleet.platform, owner, scene)
        if any(d.is_error for d in found):
            return None
        made.update({path: [each.item for each in items] for path, items in by_artifact(placed).items()})
    return made


def changed(before: Artifacts, after: Artifacts) -> set[str]:
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


@dataclass(slots=True)
class Reads:
    """By file and span: the artifacts that recorded it. `reaching`: in a leaf, from the layer that won; `all`: anywhere."""

    reaching: dict[Span, set[str]]
    all: dict[str, dict[Span, set[str]]]

    def of(self, place: Place) -> set[str]:
        """The artifacts that read the place or something around it."""
        spans = self.all.get(place.file, {}).items()
        return {artifact for span, artifacts in spans if _around(span, place.span) for artifact in artifacts}


def _around(outer: Span, inner: Span) -> bool:
    begin, end = (outer.line, outer.column), (outer.end_line, outer.end_column)
    return begin <= (inner.line, inner.column) and (inner.end_line, inner.end_column) <= end


def recorded(fleet: Fleet, of: Iterable[Owner]) -> Reads:
    """What `explain` says of all artifacts of these owners."""
    reads = Reads({}, {})
    for owner in of:
        for leaf in explain_owner(fleet, owner):
            for read in leaf.reads:
                for span in _winners(read):
                    reads.reaching.setdefault(span, set()).add(leaf.artifact)
            for read in (*leaf.reads, *(read for condition in leaf.conditions for read in condition)):
                for span in _spans(read):
                    reads.all.setdefault(span.file, {}).setdefault(span, set()).add(leaf.artifact)
    return reads


def _winners(read: Read) -> Iterator[Span]:
    """Where the values stand that a leaf is made of. Of a whole map or list perhaps only the keys are."""
    if isinstance(read.value, dict | list):
        return
    if read.contributors and not read.contributors[-1].removed:
        yield read.contributors[-1].span
    for step in read.steps:
        for inner in step.reads:
            yield from _winners(inner)


def _spans(read: Read) -> Iterator[Span]:
    for contributor in read.contributors:
        yield contributor.span
    for inner in (*read.choices, *(inner for step in read.steps for inner in step.reads)):
        yield from _spans(inner)
