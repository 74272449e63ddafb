"""The short way from owners to bytes: each manifest is checked and emitted as soon as it is rendered, and let go.

It is for owners in which nothing is wrong and that add nothing of their own, as nearly all are. The others go the long way of
`pipeline/compile.py`, which gives the same bytes and says what is wrong. Services of one golden path pass together in all their
targets, so that one template mostly runs for each of them before the next does: its code and what it made stay in the processor's
caches, which all templates, or all manifests of a service, don't fit in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
from pavior.policies.enforce import Enforcement


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
    enforced: Callable[[Owner], Enforcement | None],
    clock: Clock,
) -> list[Passed | None]:
    """Render, check and emit what owners have in their targets; None for each in which something is wrong.

    `schemas` are a target's, `enforced` the policies that an owner is held to.
    """
    making = [
        _Making(
            owner.source, assemble(platform, owner, scene, PLAIN), schemas(owner.target.target.name), enforced(owner)
        )
        for owner, scene in zip(owners, scenes, strict=True)
    ]
    steps = (_Making.check, _Making.emit) if not clock.running else (_timed(clock, "check"), _timed(clock, "emit"))
    with clock.phase("render"):
        left = making
        while left:
            left = _all(left, _Making.go_on)
            for step in steps:
                left = _all(left, step)
    with clock.phase("emit"):
        return [each.passed() for each in making]


def _all(making: list[_Making], step: Callable[[_Making], bool]) -> list[_Making]:
    """Take a step with each; those that go on."""
    going = []
    for each in making:
        try:
            if step(each):
                going.append(each)
        except (TemplateFault, BadContribution, ContributedTwice, NotEmittable, _Fault):
            each.wrong = True
    return going


class _Fault(Exception):
    """Something is wrong with a manifest: the long way says what."""


@dataclass(slots=True)
class _Making:
    """One owner's artifacts while its manifests pass: text in pieces, or lines. Each step tells whether there is a next."""

    source: str
    running: Iterator[Placed[Manifest]]
    schemas: ManifestSchemas
    enforced: Enforcement | None
    placed: Placed[Manifest] | None = None
    wrong: bool = False
    identities: dict[Identity, None] = field(default_factory=dict)
    pieces: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, list[Value]] = field(default_factory=dict)

    def go_on(self) -> bool:
        """Render the next manifest."""
        self.placed = next(self.running, None)
        return self.placed is not None

    def check(self) -> bool:
        placed = self.placed
        assert placed is not None
        if placed.is_text:
            return True
        manifest = placed.item
        if self.schemas.faults(manifest) or not is_named(manifest):
            raise _Fault
        me = identity(manifest)
        if me in self.identities:
            raise _Fault
        self.identities[me] = None
        if self.enforced is not None and not self.enforced.hold(manifest):
            raise _Fault
        return True

    def emit(self) -> bool:
        placed = self.placed
        assert placed is not None
        path = placed.path
        if placed.is_text:
            self.lines.setdefault(path, []).append(placed.item)
            return True
        if path not in self.pieces:
            self.pieces[path] = begin(self.source)
        add(self.pieces[path], placed.item)
        return True

    def passed(self) -> Passed | None:
        if self.wrong:
            return None
        try:
            files = {path: "".join(pieces).encode() for path, pieces in self.pieces.items()}
            files.update((path, emit_text(self.source, lines)) for path, lines in self.lines.items())
        except NotEmittable:
            return None
        return Passed(files, tuple(self.identities))


def _timed(clock: Clock, name: str) -> Callable[[_Making], bool]:
    """A step that counts for its own phase, not for the one that it runs in."""
    step = getattr(_Making, name)

    def timed(made: _Making) -> bool:
        start = perf_counter()
        try:
            return bool(step(made))
        finally:
            clock.move("render", name, perf_counter() - start)

    return timed
