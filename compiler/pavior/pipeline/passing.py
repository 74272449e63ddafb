"""The short way from owners to bytes: each manifest is checked and emitted as soon as it is rendered, and let go.

It is for owners in which nothing is wrong and that add nothing of their own, as nearly all are. The others go the long way of
`pipeline/compile.py`, which gives the same bytes and says what is wrong. All targets of a service pass together, so that one
template mostly runs for each of them before the next does: its code and what it made stay in the processor's caches, which
all templates, or all manifests of a service, don't fit in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from time import perf_counter

from pavior.emit import NotEmittable, add, begin, emit_text
from pavior.expression import TemplateFault
from pavior.kubernetes.schemas import ManifestSchemas
from pavior.model import Manifest, Value
from pavior.phases.check import Identity, identity, is_named
from pavior.phases.render import PLAIN, BadContribution, ContributedTwice
from pavior.pipeline.assemble import Owner, Placed, assemble
from pavior.pipeline.clock import Clock
from pavior.platform import Platform, Scene


@dataclass(frozen=True, slots=True)
class Passed:
    """What became of one owner: the bytes of its artifacts, by path below rendered/, and its manifests' identities, in order."""

    files: Mapping[str, bytes]
    identities: tuple[Identity, ...]


def passing(
    platform: Platform,
    owners: Sequence[Owner],
    scenes: Sequence[Scene],
    schemas: Callable[[str], ManifestSchemas],
    clock: Clock,
) -> list[Passed] | None:
    """Render, check and emit what owners have in their targets; None where something is wrong. `schemas` are a target's."""
    making = [_Making(owner.source, schemas(owner.target.target.name)) for owner in owners]
    running = [assemble(platform, owner, scene, PLAIN) for owner, scene in zip(owners, scenes, strict=True)]
    steps = (_Making.check, _Making.emit) if not clock.running else (_timed(clock, "check"), _timed(clock, "emit"))
    try:
        with clock.phase("render"):
            for row in zip_longest(*running):
                for step in steps:
                    for made, placed in zip(making, row, strict=True):
                        if placed is not None:
                            step(made, placed)
        with clock.phase("emit"):
            return [Passed(each.files(), tuple(each.identities)) for each in making]
    except (TemplateFault, BadContribution, ContributedTwice, NotEmittable, _Fault):
        return None


class _Fault(Exception):
    """Something is wrong with a manifest: the long way says what."""


@dataclass(slots=True)
class _Making:
    """One owner's artifacts while its manifests pass: text in pieces, or lines."""

    source: str
    schemas: ManifestSchemas
    identities: dict[Identity, None] = field(default_factory=dict)
    pieces: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, list[Value]] = field(default_factory=dict)

    def check(self, placed: Placed[Manifest]) -> None:
        if placed.is_text:
            return
        manifest = placed.item
        if self.schemas.faults(manifest) or not is_named(manifest):
            raise _Fault
        me = identity(manifest)
        if me in self.identities:
            raise _Fault
        self.identities[me] = None

    def emit(self, placed: Placed[Manifest]) -> None:
        path = placed.path
        if placed.is_text:
            self.lines.setdefault(path, []).append(placed.item)
            return
        if path not in self.pieces:
            self.pieces[path] = begin(self.source)
        add(self.pieces[path], placed.item)

    def files(self) -> dict[str, bytes]:
        found = {path: "".join(pieces).encode() for path, pieces in self.pieces.items()}
        found.update((path, emit_text(self.source, lines)) for path, lines in self.lines.items())
        return found


def _timed(clock: Clock, name: str) -> Callable[[_Making, Placed[Manifest]], None]:
    """A step that counts for its own phase, not for the one that it runs in."""
    step = getattr(_Making, name)

    def timed(made: _Making, placed: Placed[Manifest]) -> None:
        start = perf_counter()
        step(made, placed)
        clock.move("render", name, perf_counter() - start)

    return timed
