"""What was gathered of a fleet's changes → groups as people read them. `grouping.py` gathers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import NamedTuple, TypeAlias

from pavior.compare import Edit, FieldChange, Identity, Risk
from pavior.compare.difference import Group, Reach, Shared, Variant, Where
from pavior.compare.templating import brief, is_marked, shown, unmarked

MOST_VARIANTS = 100
"""Values of one group that are kept; of further ones only a count."""

MOST_NAMES = 3
"""Names of manifests that are told with a group; of more, none."""

Bits: TypeAlias = int
"""A set of owners: the bit of an owner's number is set. Three thousand are 400 bytes."""

Values: TypeAlias = tuple[str | None, str | None]
"""Before and after, with marks for names: see `Templating.marked`."""


class Key(NamedTuple):
    """What changes of one group have in common. With a `subject`, `kind` is empty and `path` is what is beneath the subject."""

    risk: Risk
    edit: Edit
    kind: str | None
    path: str | None
    words: str
    subject: str = ""


class Example(NamedTuple):
    """One of the changes; the first by `order` is told."""

    order: tuple[tuple[str, ...], Identity, int]
    where: Where
    identity: Identity
    field: FieldChange | None


@dataclass(slots=True)
class Tally:
    """Where something happened, and how often."""

    example: Example
    reach: dict[str, Bits] = field(default_factory=dict)
    times: int = 0

    @property
    def owners(self) -> Bits:
        """Those of all targets."""
        return reduce(or_, self.reach.values(), 0)

    def add(self, target: str, bits: Bits, times: int) -> None:
        self.reach[target] = self.reach.get(target, 0) | bits
        self.times += times

    def join(self, other: Tally, moved: Callable[[Bits], Bits] = lambda bits: bits) -> None:
        """Take in `other`, whose owners have the numbers that `moved` makes of them."""
        for target, bits in other.reach.items():
            self.add(target, moved(bits), 0)
        self.times += other.times
        self.example = min(self.example, other.example, key=lambda example: example.order)

    def copy(self) -> Tally:
        return Tally(self.example, dict(self.reach), self.times)


@dataclass(slots=True)
class Gathered:
    """What is known of one group. `untold` counts what had other values than the MOST_VARIANTS first ones.

    `kinds` are those of the manifests, each with the pattern of the path there, `targets` where those with a subject are; `names`
    their first ones, one more than are told; `contents` what comes or goes with owners, with its class; `effects` what follows,
    in words of components.
    """

    variants: dict[Values, Tally] = field(default_factory=dict)
    untold: Tally | None = None
    kinds: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    contents: Counter[tuple[Risk, str]] = field(default_factory=Counter)
    effects: set[str] = field(default_factory=set)
    targets: dict[str, set[str]] = field(default_factory=dict)

    def tally(self, values: Values, example: Example) -> Tally:
        known = self.variants.get(values)
        if known is None and len(self.variants) < MOST_VARIANTS:
            known = self.variants[values] = Tally(example)
        elif known is None:
            known = self.untold = self.untold or Tally(example)
        if example.order < known.example.order:
            known.example = example
        return known

    def name(self, *names: str) -> None:
        """Take in names of manifests; which are kept doesn't depend on the order."""
        if self.names.issuperset(names):
            return
        self.names = set(sorted(self.names.union(names))[: MOST_NAMES + 1])

    def join(self, other: Gathered, moved: Callable[[Bits], Bits] = lambda bits: bits) -> None:
        for values, tally in other.variants.items():
            self.tally(values, tally.example).join(tally, moved)
        if other.untold is not None:
            self.untold = self.untold or Tally(other.untold.example)
            self.untold.join(other.untold, moved)
        self.kinds = {**other.kinds, **self.kinds}
        self.name(*other.names)
        self.contents.update(other.contents)
        self.effects |= other.effects
        for kind, targets in other.targets.items():
            self.targets.setdefault(kind, set()).update(targets)

    def copy(self) -> Gathered:
        copied = Gathered()
        copied.join(self)
        return copied


def groups(gathered: Mapping[Key, Gathered], names: Sequence[str]) -> tuple[Group, ...]:
    """All groups, the worst first. `names` are those of owners by number."""
    return tuple(sorted((_group(*each, names) for each in _alike(gathered)), key=_rank))


def reach_of(parts: Iterable[Mapping[str, Bits]], names: Sequence[str]) -> Reach:
    """How far all parts go together."""
    joined: dict[str, Bits] = {}
    for part in parts:
        for target, bits in part.items():
            joined[target] = joined.get(target, 0) | bits
    return Reach({target: tuple(sorted(names[n] for n in members(joined[target]))) for target in sorted(joined)})


def members(bits: Bits) -> Iterator[int]:
    """The numbers in a set."""
    return (number for number, digit in enumerate(reversed(f"{bits:b}")) if digit == "1")


Classes: TypeAlias = Mapping[str, Risk]


def _alike(gathered: Mapping[Key, Gathered]) -> Iterator[tuple[Key, Gathered, Classes]]:
    """Each group; a change of one subject that is milder for some kinds is told once, with the worst."""
    of_subjects: dict[Key, list[Key]] = {}
    for key, each in gathered.items():
        if key.subject:
            of_subjects.setdefault(key._replace(risk=Risk.COSMETIC), []).append(key)
        else:
            yield key, each, dict.fromkeys(each.kinds, key.risk)
    for keys in of_subjects.values():
        worst, *others = sorted(keys)
        joined = gathered[worst].copy()
        classes = dict.fromkeys(joined.kinds, worst.risk)
        for key in others:
            each = gathered[key]
            if _same_in_other_kinds(each, joined):
                joined.join(each)
                classes |= dict.fromkeys(each.kinds, key.risk)
            else:
                yield key, each, dict.fromkeys(each.kinds, key.risk)
        yield worst, joined, classes


def _same_in_other_kinds(milder: Gathered, worst: Gathered) -> bool:
    """Whether nothing but the kinds tells two groups apart."""
    counted = milder.untold is not None or worst.untold is not None
    return (
        not counted and milder.kinds.keys().isdisjoint(worst.kinds) and milder.variants.keys() <= worst.variants.keys()
    )


def _group(key: Key, gathered: Gathered, classes: Classes, names: Sequence[str]) -> Group:
    tallies = [*gathered.variants.values(), *([gathered.untold] if gathered.untold else [])]
    variants = [_variant(values, tally, names) for values, tally in _by_raw_values(gathered).items()]
    variants.sort(key=lambda each: (-each.reach.places, -each.times, each.before or "", each.after or ""))
    everywhere = reduce(or_, (tally.owners for tally in tallies))
    where = min((tally.example for tally in tallies), key=lambda example: example.order).where
    one, targets = everywhere.bit_count() == 1, {target for tally in tallies for target in tally.reach}

    def told(text: str) -> str:
        return unmarked(text, where, owner=one, target=len(targets) == 1)

    kinds = sorted(gathered.kinds)
    shared = None
    if key.subject and len(kinds) > 1:
        of_kinds = tuple((kind, classes[kind]) for kind in kinds)
        places = tuple(tuple(sorted(gathered.targets.get(kind, ()))) for kind in kinds)
        shared = Shared(key.subject, told(key.path or ""), of_kinds, places)
    path = gathered.kinds[kinds[0]] if key.subject else key.path
    return Group(
        key.risk,
        key.edit,
        kinds[0] if key.subject else key.kind,
        None if path is None else told(path),
        key.words,
        variants=tuple(variants),
        untold=gathered.untold.times if gathered.untold else 0,
        reach=reach_of([tally.reach for tally in tallies], names),
        times=sum(tally.times for tally in tallies),
        names=tuple(map(told, sorted(gathered.names))) if len(gathered.names) <= MOST_NAMES else (),
        contents=_contents(gathered.contents),
        shared=shared,
        effects=tuple(sorted(gathered.effects)),
    )


def _contents(counted: Counter[tuple[Risk, str]]) -> tuple[tuple[str, int], ...]:
    """Words and how many, the worst first; what an owner may do comes and goes with it, and so is told last."""
    found: dict[str, int] = {}

    def rank(each: tuple[tuple[Risk, str], int]) -> tuple[bool, Risk, int, str]:
        (risk, words), number = each
        return (risk is Risk.CHANGES_PERMISSIONS, risk, -number, words)

    for (_, words), number in sorted(counted.items(), key=rank):
        found[words] = found.get(words, 0) + number
    return tuple(found.items())


def _by_raw_values(gathered: Gathered) -> dict[Values, Tally]:
    """The variants, but that one of a single owner, whose name stands in the value by chance, is what others have too."""
    found = dict(gathered.variants)
    for values, tally in gathered.variants.items():
        change = tally.example.field
        if change is None or not any(value is not None and is_marked(value) for value in values):
            continue
        raw = raw_values(change)
        if raw != values and raw in found and tally.owners.bit_count() == 1:
            del found[values]
            found[raw] = found[raw].copy()
            found[raw].join(tally)
    return found


def raw_values(change: FieldChange) -> Values:
    """Both values as they are, in words where components have some."""
    before, after = (
        told if told is not None else None if value is None else shown(value)
        for value, told in zip((change.before, change.after), change.told, strict=True)
    )
    return brief(before), brief(after)


def _variant(values: Values, tally: Tally, names: Sequence[str]) -> Variant:
    _, where, identity, change = tally.example
    if change is not None and tally.times == 1:  # of a single one its own words say more than a pattern
        values = raw_values(change)
    one, target = tally.owners.bit_count() == 1, len(tally.reach) == 1
    before, after = (None if v is None else unmarked(v, where, owner=one, target=target) for v in values)
    return Variant(before, after, reach_of([tally.reach], names), tally.times, change, identity, where)


def _rank(group: Group) -> tuple[int, int, bool, str, str, str, str]:
    example = group.variants[0].example if group.variants else None
    follows = example is None or not example.leads
    return (group.risk, -group.reach.places, follows, group.kind or "", group.path or "", group.edit.value, group.words)
