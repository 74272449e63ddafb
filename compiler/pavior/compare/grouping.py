"""Grouping: the changes of a fleet, one owner after another, merged where they are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pavior.compare import Edit, FieldChange, Identity, Item, ManifestChange, Risk, Step, Steps, written
from pavior.compare.difference import Counts, DiffReport, Where
from pavior.compare.groups import Bits, Example, Gathered, Key, Values, groups, members, reach_of
from pavior.compare.renames import without_hash
from pavior.compare.templating import Templating, brief, shown

MOST_GROUPS = 2_000
"""Of further ones only a count is kept, by kind and risk."""

FURTHER = "*"
"""The path of a group that counts what is beyond MOST_GROUPS."""

_ALONE = (Risk.DESTROYS_DATA, Risk.WIDENS_ACCESS)
"""What is told on its own even where the whole owner comes or goes."""


class Grouping:
    """Takes changes in, in any order, and keeps counts: its memory grows with how many different changes there are.

    It can be sent to another process, and `merge` joins what two of them gathered.
    """

    def __init__(self, constants: Sequence[str] = (), *, details: bool = False) -> None:
        """In `constants` no name is looked for: the organisation's domain and the like. `details`: keep each change."""
        self._constants = tuple(constants)
        self._groups: dict[Key, Gathered] = {}
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
            key = Key(risk, where.owner, None, None, what)
            gathered = self._count(key, "", (None, None), _example(where, others[0].identity, None), bit, len(others))
            gathered.contents.update((each.risk, each.words or each.identity.kind) for each in others)
        return alone

    def _manifest(self, where: Where, change: ManifestChange, templating: Templating, bit: Bits) -> None:
        identity, kind = change.identity, change.identity.group_kind
        name = _named(identity, templating)
        if change.edit is not Edit.CHANGED:
            key = Key(change.risk, change.edit, kind, None, change.words)
            whole = self._count(key, kind, _names(change, name, templating), _example(where, identity, None), bit, 1)
            whole.effects.update(filter(None, [change.effect]))
            if change.edit is Edit.REPLACED:
                whole.name(name)
        for number, each in enumerate(change.fields):
            before, after = (
                brief(templating.marked(told if told is not None else shown(value))) if value is not None else None
                for value, told in zip((each.before, each.after), each.told, strict=True)
            )
            key = _key(each, kind, templating)
            gathered = self._count(key, kind, (before, after), _example(where, identity, each, number), bit, 1)
            gathered.name(name)
            if each.effect:
                gathered.effects.add(each.effect)
            if kind not in gathered.kinds:
                gathered.kinds[kind] = _pattern(each.path, templating)
            if each.subject is not None:
                gathered.targets.setdefault(kind, set()).add(where.target)

    def _count(self, key: Key, kind: str, values: Values, example: Example, bit: Bits, times: int) -> Gathered:
        gathered = self._gathered(key, kind)
        gathered.tally(values, example).add(example.where.target, bit, times)
        return gathered

    def _gathered(self, key: Key, kind: str) -> Gathered:
        known = self._groups.get(key)
        if known is None:
            if len(self._groups) >= MOST_GROUPS:
                key = Key(key.risk, key.edit, kind if key.subject else key.kind, FURTHER, "")
            known = self._groups.setdefault(key, Gathered())
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
            self._gathered(key, min(gathered.kinds, default="")).join(gathered, moved)

    def report(self, base: str, head: str) -> DiffReport:
        """The groups, worst first, and counts. `base` and `head` say in words what was compared."""
        names = list(self._owners)
        counts = self._counts
        return DiffReport(
            base=base,
            head=head,
            groups=groups(self._groups, names),
            counts=Counts(**{edit.value: counts[edit] for edit in Edit if edit is not Edit.REORDERED}),
            reach=reach_of([self._seen], names),
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
        return sum(1 << self._numbers[number] for number in members(bits))


def _order(where: Where) -> tuple[str, ...]:
    return (where.target, where.team or "", where.service or "", where.path)


def _example(where: Where, identity: Identity, change: FieldChange | None, number: int = 0) -> Example:
    """`number` tells the changes of one manifest apart; they are in an order of their own."""
    return Example((_order(where), identity, number), where, identity, change)


def _named(identity: Identity, templating: Templating) -> str:
    return templating.marked(without_hash(identity.name, "-{hash}"))


def _names(change: ManifestChange, name: str, templating: Templating) -> Values:
    """The name in the base and in the head, with the gist of what came or went."""
    if change.edit is Edit.RENAMED:
        return _named(change.former or change.identity, templating), name
    if change.edit is Edit.REPLACED and change.former is not None:
        old, new = change.former, change.identity
        return (old.kind, new.kind) if old.kind != new.kind else (old.group_kind, new.group_kind)
    said = brief(f"{name}: {templating.marked(change.told)}") if change.told else name
    return (None, said) if change.edit is Edit.ADDED else (said, None)


def _key(change: FieldChange, kind: str, templating: Templating) -> Key:
    subject, path = change.subject, change.path
    if subject is None:
        return Key(change.risk, change.edit, kind, _pattern(path, templating), change.words)
    return Key(change.risk, change.edit, "", _pattern(path[subject.depth :], templating), change.words, subject.words)


def _pattern(path: Steps, templating: Templating) -> str:
    """A path in which an item's place in a list is of no account. A plain word is a field, whatever services are called."""
    return written(tuple(_step(step, templating) for step in path))


def _step(step: Step, templating: Templating) -> Step:
    if isinstance(step, Item):
        return Item(tuple((key, templating.marked(value)) for key, value in step.keys))
    if isinstance(step, str):
        return step if step.isalnum() else templating.marked(step)
    return "*" if isinstance(step, int) else step
