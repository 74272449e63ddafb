"""Grouping: the changes of a fleet, one owner after another, merged where they are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import NamedTuple, TypeAlias

from pavior.compare import Edit, FieldChange, Identity, Item, ManifestChange, Risk, Step, Steps, written
from pavior.compare.difference import Counts, DiffReport, Group, Reach, Variant, Where
from pavior.compare.renames import without_hash
from pavior.compare.templating import Templating, brief, shown

MOST_GROUPS = 2_000
"""Of further ones only a count is kept, by kind and risk."""

MOST_VARIANTS = 100
"""Values of one group that are kept; of further ones only a count."""

FURTHER = "*"
"""The path of a group that counts what is beyond MOST_GROUPS."""

_ALONE = (Risk.DESTROYS_DATA, Risk.WIDENS_ACCESS)
"""What is told on its own even where the whole owner comes or goes."""

Bits: TypeAlias = int
"""A set of owners: the bit of an owner's number is set. Three thousand are 400 bytes."""


class _Key(NamedTuple):
    """What changes of one group have in common."""

    risk: Risk
    edit: Edit
    kind: str | None
    path: str | None
    words: str


class _Example(NamedTuple):
    order: tuple[tuple[str, ...], Identity, int]
    where: Where
    identity: Identity
    field: FieldChange | None


@dataclass(slots=True)
class _Tally:
    """Where something happened, and how often."""

    example: _Example
    reach: dict[str, Bits] = field(default_factory=dict)
    times: int = 0

    @property
    def owners(self) -> Bits:
        """Those of all targets."""
        return reduce(or_, self.reach.values(), 0)

    def add(self, target: str, bits: Bits, times: int) -> None:
        self.reach[target] = self.reach.get(target, 0) | bits
        self.times += times


@dataclass(slots=True)
class _Gathered:
    """What is known of one group. `untold` counts what had other values than the MOST_VARIANTS first ones."""

    variants: dict[tuple[str | None, str | None], _Tally] = field(default_factory=dict)
    untold: _Tally | None = None

    def tally(self, values: tuple[str | None, str | None], example: _Example) -> _Tally:
        known = self.variants.get(values)
        if known is None and len(self.variants) < MOST_VARIANTS:
            known = self.variants[values] = _Tally(example)
        elif known is None:
            known = self.untold = self.untold or _Tally(example)
        if example.order < known.example.order:
            known.example = example
        return known


class Grouping:
    """Takes changes in, in any order, and keeps counts: its memory grows with how many different changes there are.

    It can be sent to another process, and `merge` joins what two of them gathered.
    """

    def __init__(self, constants: Sequence[str] = (), *, details: bool = False) -> None:
        """In `constants` no name is looked for: the organisation's domain and the like. `details`: keep each change."""
        self._constants = tuple(constants)
        self._groups: dict[_Key, _Gathered] = {}
        self._owners: dict[str, int] = {}
        self._seen: dict[str, Bits] = {}
        self._services: set[str] = set()
        self._teams: set[str] = set()
        self._environments: set[str] = set()
        self._counts: Counter[Edit] = Counter()
        self._keeps_details = details
        self._details: list[tuple[Where, ManifestChange]] = []

    def add(self, where: Where, changes: Sequence[ManifestChange]) -> None:
        """The changes of one owner's manifests in one target; may be called several times for one."""
        if not changes:
            return
        bit = 1 << self._owners.setdefault(where.name, len(self._owners))
        self._seen[where.target] = self._seen.get(where.target, 0) | bit
        self._environments.add(where.environment)
        if where.team is not None:
            self._teams.add(where.team)
            if where.service is not None:
                self._services.add(where.name)
        self._counts.update(change.edit for change in changes)
        if self._keeps_details:
            self._details += [(where, change) for change in changes]
        if where.owner is not Edit.CHANGED:
            changes = self._whole_owner(where, changes, bit)
        templating = Templating(where, self._constants)
        for change in changes:
            self._manifest(where, change, templating, bit)

    def _whole_owner(self, where: Where, changes: Sequence[ManifestChange], bit: Bits) -> list[ManifestChange]:
        """One change for everything that comes or goes with its owner, but for what must be told on its own."""
        alone = [change for change in changes if change.risk in _ALONE]
        others = [change for change in changes if change.risk not in _ALONE]
        if others:
            what = "service" if where.service is not None else "team" if where.team is not None else "target"
            # What it may do comes and goes with it.
            risk = min((r for c in others if (r := c.risk) is not Risk.CHANGES_PERMISSIONS), default=others[0].risk)
            key = _Key(risk, where.owner, None, None, what)
            self._count(key, (None, None), _example(where, others[0].identity, None), bit, len(others))
        return alone

    def _manifest(self, where: Where, change: ManifestChange, templating: Templating, bit: Bits) -> None:
        identity, kind = change.identity, change.identity.group_kind
        if change.edit is not Edit.CHANGED:
            key = _Key(change.risk, change.edit, kind, None, change.words)
            names = (_named(change.renamed_from or identity, templating), _named(identity, templating))
            values = (
                None if change.edit is Edit.ADDED else names[0],
                None if change.edit is Edit.REMOVED else names[1],
            )
            self._count(key, values, _example(where, identity, None), bit, 1)
        for number, each in enumerate(change.fields):
            key = _Key(each.risk, each.edit, kind, _pattern(each.path, templating), each.words)
            before = None if each.before is None else brief(templating(shown(each.before)))
            after = None if each.after is None else brief(templating(shown(each.after)))
            self._count(key, (before, after), _example(where, identity, each, number), bit, 1)

    def _count(
        self, key: _Key, values: tuple[str | None, str | None], example: _Example, bit: Bits, times: int
    ) -> None:
        self._gathered(key).tally(values, example).add(example.where.target, bit, times)

    def _gathered(self, key: _Key) -> _Gathered:
        known = self._groups.get(key)
        if known is None:
            if len(self._groups) >= MOST_GROUPS:
                key = key._replace(path=FURTHER, words="")
            known = self._groups.setdefault(key, _Gathered())
        return known

    def merge(self, other: Grouping) -> None:
        """Take in everything that `other` gathered, of the same constants."""
        moved = _Moved([self._owners.setdefault(name, len(self._owners)) for name in other._owners])
        for target, bits in other._seen.items():
            self._seen[target] = self._seen.get(target, 0) | moved(bits)
        self._services |= other._services
        self._teams |= other._teams
        self._environments |= other._environments
        self._counts += other._counts
        self._details += other._details
        for key, gathered in other._groups.items():
            mine = self._gathered(key)
            for values, tally in gathered.variants.items():
                _join(mine.tally(values, tally.example), tally, moved)
            if gathered.untold is not None:
                mine.untold = mine.untold or _Tally(gathered.untold.example)
                _join(mine.untold, gathered.untold, moved)

    def report(self, base: str, head: str) -> DiffReport:
        """The groups, worst first, and counts. `base` and `head` say in words what was compared."""
        names = list(self._owners)
        groups = sorted((_group(key, gathered, names) for key, gathered in self._groups.items()), key=_rank)
        counts = self._counts
        return DiffReport(
            base=base,
            head=head,
            groups=tuple(groups),
            counts=Counts(counts[Edit.ADDED], counts[Edit.REMOVED], counts[Edit.CHANGED], counts[Edit.RENAMED]),
            reach=_reach([self._seen], names),
            services=tuple(sorted(self._services)),
            teams=tuple(sorted(self._teams)),
            environments=tuple(sorted(self._environments)),
            details=tuple(sorted(self._details, key=lambda each: (_order(each[0]), each[1].identity))),
        )


class _Moved:
    """Sets of owners by one numbering as sets by another."""

    def __init__(self, numbers: Sequence[int]) -> None:
        offset = numbers[0] if numbers else 0
        self._shift = offset if list(numbers) == list(range(offset, offset + len(numbers))) else None
        self._numbers = numbers

    def __call__(self, bits: Bits) -> Bits:
        if self._shift is not None:
            return bits << self._shift
        return sum(1 << self._numbers[number] for number in _members(bits))


def _join(mine: _Tally, other: _Tally, moved: Callable[[Bits], Bits]) -> None:
    for target, bits in other.reach.items():
        mine.add(target, moved(bits), 0)
    mine.times += other.times
    mine.example = min(mine.example, other.example, key=lambda example: example.order)


def _order(where: Where) -> tuple[str, ...]:
    return (where.target, where.team or "", where.service or "", where.path)


def _example(where: Where, identity: Identity, change: FieldChange | None, number: int = 0) -> _Example:
    """`number` tells the changes of one manifest apart; they are in an order of their own."""
    return _Example((_order(where), identity, number), where, identity, change)


def _named(identity: Identity, templating: Templating) -> str:
    return templating(without_hash(identity.name, "-{hash}"))


def _pattern(path: Steps, templating: Templating) -> str:
    """A path in which an item's place in a list is of no account. A plain word is a field, whatever services are called."""
    return written(tuple(_step(step, templating) for step in path))


def _step(step: Step, templating: Templating) -> Step:
    if isinstance(step, Item):
        return Item(tuple((key, templating(value)) for key, value in step.keys))
    if isinstance(step, str):
        return step if step.isalnum() else templating(step)
    return "*" if isinstance(step, int) else step


def _members(bits: Bits) -> Iterator[int]:
    return (number for number, digit in enumerate(reversed(f"{bits:b}")) if digit == "1")


def _reach(parts: Iterable[Mapping[str, Bits]], names: Sequence[str]) -> Reach:
    joined: dict[str, Bits] = {}
    for part in parts:
        for target, bits in part.items():
            joined[target] = joined.get(target, 0) | bits
    return Reach({target: tuple(sorted(names[n] for n in _members(joined[target]))) for target in sorted(joined)})


def _by_raw_values(gathered: _Gathered) -> dict[tuple[str | None, str | None], _Tally]:
    """The variants, but that one of a single owner, whose name stands in the value by chance, is what others have too."""
    found = dict(gathered.variants)
    for values, tally in gathered.variants.items():
        change = tally.example.field
        if change is None or not any(value is not None and "{" in value for value in values):
            continue
        raw = _raw(change)
        if raw != values and raw in found and tally.owners.bit_count() == 1:
            del found[values]
            joined = found[raw]
            found[raw] = _Tally(joined.example, dict(joined.reach), joined.times)
            _join(found[raw], tally, lambda bits: bits)
    return found


def _raw(change: FieldChange) -> tuple[str | None, str | None]:
    before, after = (None if value is None else brief(shown(value)) for value in (change.before, change.after))
    return before, after


def _group(key: _Key, gathered: _Gathered, names: Sequence[str]) -> Group:
    tallies = [*gathered.variants.values(), *([gathered.untold] if gathered.untold else [])]
    variants = [_variant(values, tally, names) for values, tally in _by_raw_values(gathered).items()]
    variants.sort(key=lambda each: (-each.reach.places, -each.times, each.before or "", each.after or ""))
    return Group(
        *key,
        variants=tuple(variants),
        untold=gathered.untold.times if gathered.untold else 0,
        reach=_reach([tally.reach for tally in tallies], names),
        times=sum(tally.times for tally in tallies),
    )


def _variant(values: tuple[str | None, str | None], tally: _Tally, names: Sequence[str]) -> Variant:
    _, where, identity, change = tally.example
    if change is not None and tally.times == 1:  # of a single one its own words say more than a pattern
        values = _raw(change)
    return Variant(*values, _reach([tally.reach], names), tally.times, change, identity, where)


def _rank(group: Group) -> tuple[int, int, str, str, str, str]:
    return (group.risk, -group.reach.places, group.kind or "", group.path or "", group.edit.value, group.words)
