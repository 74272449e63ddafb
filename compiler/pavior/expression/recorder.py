"""What traced templates call besides the runtime: it notes which paths each scalar reads, and builds the origins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from pavior.expression.runtime import merge, sources
from pavior.expression.template import Condition, LeafOrigin, OriginTree
from pavior.expression.tree import Site
from pavior.model import Path, Span, Value


class _Stands(Enum):
    """What a note holds where its value is not the one at its path."""

    SETTLED = "no fault can be about it"
    NONE_BELOW = "something computed from it was none"


@dataclass(frozen=True, slots=True)
class Mark:
    """A scalar of the template: where it is, and the part of it that is an expression."""

    site: Site
    offset: int = 0

    def span(self) -> Span:
        return self.site.part(self.offset, len(self.site.written)) if self.offset else self.site.span()

    @property
    def text(self) -> str:
        return self.site.written


@dataclass(slots=True)
class Recorder:
    """Notes of one traced rendering."""

    marks: Sequence[Mark]
    mark: int = 0
    notes: list[tuple[Path, Value]] = field(default_factory=list)

    def at(self, mark: int) -> None:
        """Begin with another scalar."""
        self.mark = mark
        self.notes = []

    def read(self, value: Value, path: Path) -> Value:
        self.notes.append((path, value))
        return value

    def read_of(self, value: Value, path: Path | None, reads: tuple[Path, ...], steps: Path) -> Value:
        """A path below a variable: below where its value lies, or, where that was computed, all that went into it."""
        if path is not None:
            self.notes.append(((*path, *steps), value))
        else:
            # A none below a computed value has no path of its own; the paths it was made of are the next best.
            stands = _Stands.NONE_BELOW if value is None else _Stands.SETTLED
            self.notes += [(read, stands) for read in reads]
        return value

    def forgive(self, value: Value) -> Value:
        """The last none was expected: it has a default."""
        for i in range(len(self.notes) - 1, -1, -1):
            if _is_none(self.notes[i][1]):
                self.notes[i] = (self.notes[i][0], _Stands.SETTLED)
                break
        return value

    def reads(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys(_clean(path) for path, _ in self.notes))

    def nones(self) -> tuple[Path, ...]:
        """The paths that were none where nothing else was expected."""
        return tuple(_clean(path) for path, value in self.notes if _is_none(value))

    def location(self, value: Value, is_path: bool) -> Path | None:
        """The path whose value this is: surely for an expression that is nothing but a path, by identity for the rest."""
        if is_path and self.notes and self.notes[-1][1] is value:
            return _clean(self.notes[-1][0])
        if isinstance(value, dict | list):
            for path, held in reversed(self.notes):
                if held is value:
                    return _clean(path)
        return None

    def condition(self) -> Condition:
        mark = self.marks[self.mark]
        return Condition(mark.span(), mark.text, self.reads())

    def literal(self, mark: int, conditions: tuple[Condition, ...]) -> LeafOrigin:
        return LeafOrigin(self.marks[mark].span(), self.marks[mark].text, (), conditions)

    def gathered(self, mark: int, origins: OriginTree) -> LeafOrigin:
        """Origins of one text that was made of all these."""
        leaves = list(_leaves(origins))
        reads = dict.fromkeys(read for leaf in leaves for read in leaf.reads)
        conditions = dict.fromkeys(condition for leaf in leaves for condition in leaf.conditions)
        return LeafOrigin(self.marks[mark].span(), self.marks[mark].text, tuple(reads), tuple(conditions))

    def leaf(self, raw: Value, value: Value, conditions: tuple[Condition, ...]) -> OriginTree:
        """Origins of a scalar's value; where it is a map or list of the context, each leaf in it has its own path."""
        mark = self.marks[self.mark]
        reads, path = self.reads(), self.location(raw, False)
        others = tuple(read for read in reads if read != path)
        span, written = mark.span(), mark.text

        def spread(part: Value, steps: Path) -> OriginTree:
            if isinstance(part, dict) and part:
                return {key: spread(inner, (*steps, key)) for key, inner in part.items()}
            if isinstance(part, list) and part:
                return [spread(inner, (*steps, i)) for i, inner in enumerate(part)]
            return LeafOrigin(span, written, reads if path is None else (*others, (*path, *steps)), conditions)

        return spread(value, ())


def _leaves(origins: OriginTree) -> Iterator[LeafOrigin]:
    if isinstance(origins, LeafOrigin):
        yield origins
        return
    for inner in origins.values() if isinstance(origins, dict) else origins:
        yield from _leaves(inner)


def _is_none(value: Value) -> bool:
    return value is None or value is _Stands.NONE_BELOW


def below(path: Path | None, step: str | int) -> Path | None:
    return None if path is None else (*path, step)


def merge_traced(
    base: Mapping[str, Value], base_origins: OriginTree, patch: Mapping[str, Value], patch_origins: OriginTree
) -> tuple[dict[str, Value], OriginTree]:
    """`merge`, with the origins of what wins."""
    return merge(base, patch), _merge_origins(base, base_origins, patch, patch_origins)


def _merge_origins(
    base: Value, base_origins: OriginTree, patch: Mapping[str, Value], origins: OriginTree
) -> OriginTree:
    result = dict(base_origins) if isinstance(base_origins, dict) else {}
    assert isinstance(origins, dict) or not patch
    for name, value in patch.items():
        origin = origins[name] if isinstance(origins, dict) else origins
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict) and value and isinstance(base.get(name), dict):
            result[name] = _merge_origins(base[name], result[name], value, origin)
        elif not (isinstance(value, dict) and isinstance(base.get(name), dict)):
            result[name] = origin
    return result


def sources_traced(value: Value, origins: OriginTree) -> list[tuple[Mapping[str, Value], OriginTree]]:
    """`sources`, each with its origins."""
    found = sources(value)
    if isinstance(value, list) and isinstance(origins, list):
        return list(zip(found, origins, strict=True))
    return [(source, origins) for source in found]


def _clean(path: Path) -> Path:
    """Up to a key that turned out to be none or no key at all."""
    for i, step in enumerate(path):
        if not isinstance(step, str | int) or isinstance(step, bool):
            return path[:i]
    return path
