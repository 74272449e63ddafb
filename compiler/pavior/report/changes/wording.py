"""What all forms say: groups as pieces of text, of which those that came from manifests or names are marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import unified_diff
from typing import NamedTuple, TypeAlias

from pavior.compare import Edit, Risk, written
from pavior.compare.difference import DiffReport, Group, Reach, Shared, Variant
from pavior.compare.grouping import FURTHER
from pavior.compare.templating import shown
from pavior.diagnostics.secrets import conceal

EXAMPLES = 3
"""Names that stand for many."""

LONG_VALUE = 60
CONTEXT = 20
"""Of two values longer than that, what is the same in both is left out but for so many characters beside what is not."""

MOST_CONTENTS = 12
MOST_EFFECTS = 3
MOST_TEAMS = 8

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
    Edit.REPLACED: "replaced",
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
        (counts.replaced, "replaced"),
    )
    parts = ", ".join(f"{number:,} {word}" for number, word in named if number)
    owners = [
        count(len(names), noun) for names, noun in ((report.services, "service"), (report.teams, "team")) if names
    ]
    return f"{count(counts.total, 'manifest')} ({parts}) of {' of '.join(owners) or 'the platform'}"


def teams(report: DiffReport) -> Line:
    """` (accounts, payments)`: all of them by name where they are few, else nothing."""
    if not 0 < len(report.teams) <= MOST_TEAMS:
        return ()
    return (Piece(" ("), *listed(report.teams, MOST_TEAMS), Piece(")"))


def heading(report: DiffReport) -> str:
    """The first that a reader sees. What could not be compared can be worse than what could."""
    if report.withheld:
        return "Not all of this change could be compared"
    return "Nothing changes in the clusters" if report.risk is None else f"Worst: {label(report.risk)}"


def title(group: Group) -> Line:
    """What changed: `memory limit: 256Mi → 512Mi`, with the values where there is one variant."""
    only = group.variants[0] if len(group.variants) == 1 and not group.untold else None
    told = values(only) if only is not None and not difference(group, 1) else ()
    return (*_subject(group), *((Piece(": "), *told) if told else ()))


def _subject(group: Group) -> Line:
    """`memory limit`, `queue removed`."""
    subject = Piece(group.words) if group.words else foreign(_kind(group))
    return (subject,) if group.edit is Edit.CHANGED else (subject, Piece(f" {_EDITS[group.edit]}"))


def summary(groups: Sequence[Group], most: int) -> Line:
    """What groups are about, each once: `queue removed, memory limit and 3 more`."""
    subjects = list(dict.fromkeys(_subject(group) for group in groups))
    line: list[Piece] = []
    for subject in subjects[:most]:
        line += [Piece(", "), *subject] if line else subject
    return (*line, Piece(f" and {len(subjects) - most:,} more")) if len(subjects) > most else tuple(line)


def effects(group: Group) -> Line:
    """`running pods stay; it can't be undone`: what follows, nothing where no component says so."""
    return (Piece("; ".join(group.effects[:MOST_EFFECTS])),) if group.effects else ()


def place(group: Group) -> Line:
    """Where in a manifest: `Deployment spec.replicas`; nothing where it is about owners.

    Names of manifests stand there if they say more than the owners' do.
    """
    if group.kind is None:
        return ()
    if group.path is None or group.path == FURTHER:
        named = _names(group)
        return (foreign(_kind(group)), *((Piece(" "), *named[:-1]) if named else ()))
    if group.shared is not None:
        return _shared_place(group.shared)
    only = group.variants[0].example if group.times == 1 and group.variants else None
    path = foreign(written(only.path) if only is not None else group.path)
    return (foreign(_kind(group)), Piece(" "), *_names(group), path)


def _names(group: Group) -> Line:
    owners = {"{service}", *(name.rpartition("/")[2] for name in group.reach.names)}
    return () if owners.issuperset(group.names) else (*listed(group.names, EXAMPLES), Piece(" "))


def _shared_place(shared: Shared) -> Line:
    """`spec.containers[name=c].image in the pod template of CronJob, Deployment (of CronJob changes operations)`."""
    worst = min(risk for _, risk in shared.kinds)
    milder: dict[Risk, list[str]] = {}
    for kind, risk in shared.kinds:
        if risk is not worst:
            milder.setdefault(risk, []).append(kind.rpartition("/")[2])
    line: Line = (Piece(f"the {shared.subject} of "), *_kinds_of(shared))
    if shared.path:
        line = (foreign(shared.path), Piece(" in "), *line)
    for risk, some in sorted(milder.items()):
        line = (*line, Piece(" (of "), *listed(some, 6), Piece(f": {label(risk)})"))
    return line


def _kinds_of(shared: Shared) -> Line:
    """`CronJob, Deployment`; `Deployment in dev, Rollout in prod` where not all are in the same targets."""
    names = [kind.rpartition("/")[2] for kind, _ in shared.kinds]
    if len(set(shared.targets)) == 1:
        return listed(names, 6)
    line: Line = ()
    for name, targets in list(zip(names, shared.targets, strict=True))[:6]:
        line = (*line, *((Piece("; "),) if line else ()), foreign(name), Piece(" in "), *listed(targets, 4))
    return (*line, Piece(f" and {len(names) - 6:,} more")) if len(names) > 6 else line


def _kind(group: Group) -> str:
    return (group.kind or "").rpartition("/")[2]


def values(variant: Variant) -> Line:
    """`256Mi → 512Mi`; the one that there is."""
    before, after = variant.before, variant.after
    if before is None or after is None:
        return tuple(value_piece(conceal(text)) for text in (before, after) if text is not None)
    before, after = apart(conceal(before), conceal(after))
    return (value_piece(before), Piece(" → "), value_piece(after))


_DIGEST = re.compile(r"(sha256:[0-9a-f]{16})[0-9a-f]{48}")
_WORD = re.compile(r"[\w.]")


def value_piece(text: str) -> Piece:
    """A value without what is the same in any other, such as most of a digest; it must be concealed."""
    return Piece(_DIGEST.sub(r"\1…", text), foreign=True)


def apart(before: str, after: str) -> tuple[str, str]:
    """Two texts that are long without most of what both begin and end with."""
    if max(len(before), len(after)) <= LONG_VALUE:
        return before, after
    start = _shared_start(before, after)
    end = min(_shared_start(before[::-1], after[::-1]), min(len(before), len(after)) - start)
    while start and _WORD.match(before[start - 1]):
        start -= 1
    while end and _WORD.match(before[-end]):
        end -= 1
    start, end = max(0, start - CONTEXT), max(0, end - CONTEXT)
    return _within(before, start, end), _within(after, start, end)


def _shared_start(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _within(text: str, start: int, end: int) -> str:
    return f"{'…' if start else ''}{text[start : len(text) - end]}{'…' if end else ''}"


def extent_of(group: Group) -> Line:
    """How far a group goes."""
    if group.kind is None:
        return (*reach(group.reach), Piece(f" ({count(group.times, 'manifest')}"), *_contents(group), Piece(")"))
    return reach(group.reach, group.times)


def _contents(group: Group) -> Line:
    """`: 4 database, 4 workload, …`, the worst first."""
    line: Line = ()
    for words, number in group.contents[:MOST_CONTENTS]:
        line = (*line, Piece(f"{', ' if line else ': '}{number:,} "), foreign(words))
    return (*line, Piece(", …")) if len(group.contents) > MOST_CONTENTS else line


def reach(reached: Reach, times: int | None = None) -> Line:
    """`312 services in prod, e.g. payments/checkout, payments/ledger, …`, one or two by their names alone."""
    names, targets = reached.names, tuple(reached.owners)
    where: Line = (Piece(" in "), *listed(targets, 4))
    more = times is not None and times > reached.places
    often: Line = (Piece(f" ({times:,} times)"),) if more else ()
    if len(names) <= EXAMPLES:
        return (*listed(names, EXAMPLES), *where, *often)
    noun = "service" if all("/" in name for name in names) else "owner"
    return (Piece(count(len(names), noun)), *where, *often, Piece(", e.g. "), *listed(names[:EXAMPLES], EXAMPLES))


def listed(names: Sequence[str], most: int) -> Line:
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
    alike: dict[Line, list[Variant]] = {}
    for variant in group.variants[:most]:
        alike.setdefault(values(variant) or (Piece("the same"),), []).append(variant)
    for line, same in alike.items():
        yield (*line, Piece(": "), *reach(_joined(same), sum(variant.times for variant in same)))
    rest = group.times - sum(variant.times for variant in group.variants[:most])
    if rest:
        yield (Piece(f"{count(rest, 'change')} with other values"),)


def _joined(variants: Sequence[Variant]) -> Reach:
    targets = sorted({target for variant in variants for target in variant.reach.owners})
    return Reach(
        {
            target: tuple(sorted({name for variant in variants for name in variant.reach.owners.get(target, ())}))
            for target in targets
        }
    )


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
