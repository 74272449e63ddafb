"""What all forms say: groups as pieces of text, of which those that came from manifests or names are marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from difflib import unified_diff
from typing import NamedTuple, TypeAlias

from pavior.compare import Edit, Risk, written
from pavior.compare.difference import Cost, DiffReport, Group, Reach, Variant
from pavior.compare.grouping import FURTHER
from pavior.compare.templating import shown
from pavior.diagnostics.secrets import conceal

EXAMPLES = 3
"""Names that stand for many."""

_LABELS = {Risk.UNCLASSIFIED: "unclassified, look at it"}
_MEANINGS = {
    Risk.DESTROYS_DATA: "data is lost, or nothing protects it any more",
    Risk.WIDENS_ACCESS: "somebody or something may do or reach more than before",
    Risk.CHANGES_PERMISSIONS: "who may do what, or holds which secret",
    Risk.CHANGES_TRAFFIC: "which requests go where, or arrive at all",
    Risk.WEAKENS_SAFEGUARDS: "alerts, probes, budgets, backups and the like that protect no more",
    Risk.UNCLASSIFIED: "no rule of a component knows it",
    Risk.RESTARTS_PODS: "pods are replaced by new ones",
    Risk.CHANGES_COST: "sizes and numbers",
    Risk.CHANGES_OPERATIONS: "how things are watched, scaled and delivered",
    Risk.COSMETIC: "nothing that runs",
}
_EDITS = {
    Edit.ADDED: "added",
    Edit.REMOVED: "removed",
    Edit.CHANGED: "changed",
    Edit.RENAMED: "renamed",
    Edit.REORDERED: "in another order",
}


LONGEST_TEXT = 2_000
"""Lines of a text that are compared one by one: the time for any input is bounded."""


class Piece(NamedTuple):
    """A part of a line. `foreign`: it came from manifests or from names of people's choice, and is shown as such."""

    text: str
    foreign: bool = False


Line: TypeAlias = tuple[Piece, ...]


def foreign(text: str) -> Piece:
    """Text of people's choice, with what looks like a secret concealed."""
    return Piece(conceal(text), foreign=True)


def label(risk: Risk) -> str:
    return _LABELS.get(risk, risk.slug.replace("-", " "))


def meaning(risk: Risk) -> str:
    return _MEANINGS[risk]


def count(number: int, noun: str) -> str:
    """`1 service`, `1,200 services`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeo" else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def by_risk(report: DiffReport) -> Iterator[tuple[Risk, Sequence[Group]]]:
    """The classes that occur, the worst first, each with its groups."""
    for risk in Risk:
        groups = [group for group in report.groups if group.risk is risk]
        if groups:
            yield risk, groups


def extent(report: DiffReport) -> str:
    """`412 manifests (1 added, 411 changed) of 40 services of 3 teams in dev, prod`."""
    counts = report.counts
    named = (
        (counts.added, "added"),
        (counts.removed, "removed"),
        (counts.changed, "changed"),
        (counts.renamed, "renamed"),
    )
    parts = ", ".join(f"{number:,} {word}" for number, word in named if number)
    owners = (
        f"{count(len(report.services), 'service')} of {count(len(report.teams), 'team')}"
        if report.teams
        else "the platform"
    )
    return f"{count(counts.total, 'manifest')} ({parts}) of {owners}"


def heading(report: DiffReport) -> str:
    """The first that a reader sees. What could not be compared can be worse than what could."""
    if report.withheld:
        return "Not all of this change could be compared"
    return "Nothing changes in the clusters" if report.risk is None else f"Worst: {label(report.risk)}"


def title(group: Group) -> Line:
    """What changed: `memory limit: 256Mi → 512Mi`, with the values where there is one variant."""
    only = group.variants[0] if len(group.variants) == 1 and not group.untold else None
    subject = Piece(group.words) if group.words else foreign(_kind(group))
    edit = () if group.edit is Edit.CHANGED else (Piece(f" {_EDITS[group.edit]}"),)
    told = values(only) if only is not None and not difference(group, 1) else ()
    return (subject, *edit, *((Piece(": "), *told) if told else ()))


def place(group: Group) -> Line:
    """Where in a manifest: `Deployment spec.replicas`; nothing where it is about owners."""
    if group.kind is None:
        return ()
    if group.path is None or group.path == FURTHER:
        return (foreign(_kind(group)),)
    only = group.variants[0].example if group.times == 1 and group.variants else None
    return (foreign(_kind(group)), Piece(" "), foreign(written(only.path) if only is not None else group.path))


def _kind(group: Group) -> str:
    return (group.kind or "").rpartition("/")[2]


def values(variant: Variant) -> Line:
    """`256Mi → 512Mi`; the one that there is."""
    there = [foreign(text) for text in (variant.before, variant.after) if text is not None]
    if len(there) < 2:
        return tuple(there)
    return (there[0], Piece(" → "), there[1])


def extent_of(group: Group) -> Line:
    """How far a group goes."""
    if group.kind is None:
        return (*reach(group.reach), Piece(f" ({count(group.times, 'manifest')})"))
    return reach(group.reach, group.times)


def reach(reached: Reach, times: int | None = None) -> Line:
    """`312 services in prod, e.g. payments/checkout, payments/ledger, …`, one or two by their names alone."""
    names, targets = reached.names, tuple(reached.owners)
    where: Line = (Piece(" in "), *_listed(targets, 4))
    more = times is not None and times > reached.places
    often: Line = (Piece(f" ({times:,} times)"),) if more else ()
    if len(names) <= EXAMPLES:
        return (*_listed(names, EXAMPLES), *where, *often)
    noun = "service" if all("/" in name for name in names) else "owner"
    return (Piece(count(len(names), noun)), *where, *often, Piece(", e.g. "), *_listed(names[:EXAMPLES], EXAMPLES))


def _listed(names: Sequence[str], most: int) -> Line:
    pieces: list[Piece] = []
    for name in names[:most]:
        pieces += [Piece(", "), foreign(name)] if pieces else [foreign(name)]
    if len(names) > most:
        pieces.append(Piece(f" and {len(names) - most:,} more"))
    return tuple(pieces)


def variants(group: Group, most: int) -> Iterator[Line]:
    """A line for each of the most frequent values of a group that has several, and one that counts the rest."""
    if len(group.variants) == 1 and not group.untold:
        return
    for variant in group.variants[:most]:
        yield (*(values(variant) or (Piece("the same"),)), Piece(": "), *reach(variant.reach, variant.times))
    rest = group.times - sum(variant.times for variant in group.variants[:most])
    if rest:
        yield (Piece(f"{count(rest, 'change')} with other values"),)


def difference(group: Group, most: int) -> list[str]:
    """A unified diff of at most `most` lines, where all of the group changes one text of several lines to another; else nothing.

    Where owners have names of their own in it, it is that of one of them.
    """
    example = group.variants[0].example if len(group.variants) == 1 and not group.untold else None
    if example is None or example.edit is not Edit.CHANGED:
        return []
    return text_difference(example.before, example.after, most)


def text_difference(before: object, after: object, most: int) -> list[str]:
    """A unified diff of two texts of which one has several lines; nothing for anything else."""
    if not isinstance(before, str) or not isinstance(after, str) or "\n" not in before.strip() + after.strip():
        return []
    old, new = conceal(before).splitlines(), conceal(after).splitlines()
    if max(len(old), len(new)) > LONGEST_TEXT:
        return []
    lines = list(unified_diff(old, new, lineterm="", n=2))[2:]
    left = len(lines) - most
    return lines if left <= 0 else [*lines[:most], f"… {count(left, 'line')} more"]


def single(value: object) -> str:
    """A value as one text."""
    return conceal(shown(value))


def money(cost: Cost, amount: Decimal, *, signed: bool = False) -> str:
    return f"{amount:{'+' if signed else ''},.2f} {cost.currency}"


def total_cost(cost: Cost) -> str:
    """`+120.00 EUR a month (1,000.00 EUR → 1,120.00 EUR)`, of those whose cost differs."""
    if not cost.differences:
        return "no difference"
    before = sum((each.before for each in cost.differences), Decimal(0))
    after = sum((each.after for each in cost.differences), Decimal(0))
    return f"{money(cost, after - before, signed=True)} a month ({money(cost, before)} → {money(cost, after)})"
