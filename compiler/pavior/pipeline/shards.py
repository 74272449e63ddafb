"""Shards, held against one another: are they together the whole run that they are the parts of?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pavior.diagnostics import Diagnostic, Note, Outcome
from pavior.diagnostics.codes import shards as codes
from pavior.diagnostics.codes.check import SAME_IDENTITY
from pavior.model import RENDERED, ServiceId, Span
from pavior.phases.discover import Repository, discover
from pavior.phases.write import recover
from pavior.pipeline import Report
from pavior.pipeline.proof import Inputs, NotAProof, Part, Proof, inputs, prove, read, rendered
from pavior.pipeline.shard import Shard
from pavior.repository import GOLDEN_PATHS, TEAMS

Proofs = list[tuple[str, Proof]]
"""With the name of the file that each is in."""

_SHOWN = 5
_AGAIN = "run all shards again, from one commit and with one Pavior"
_OTHER = {
    "command": "another command, `{0}`, than `{1}`",
    "pavior": "another Pavior than",
    "repository": "other files in golden-paths/, teams/ or schemas/ than",
    "base": "another base, `{0}`, than `{1}`",
    "today": "another day, {0}, than {1}",
}
"""What a shard was made with that others were not, by the field of its inputs."""


@dataclass(frozen=True, slots=True)
class Whole:
    """What shards are together."""

    command: str
    shards: int
    services: int
    manifests: int


def sharded(root: Path, shard: Shard, made_of: Inputs, report: Report) -> Proof:
    """The proof of a shard of which a run gave this report."""
    found = discover(root).value
    errors = sum(d.is_error for d in report.diagnostics)
    return prove(root, shard, made_of, errors, sources(found) if found is not None else (), report.taken)


def sources(repository: Repository) -> list[str]:
    """All folders that something may be rendered from, as `Owner.source` calls them."""
    teams = [f"{TEAMS}/{name}" for name in (*repository.teams, *repository.services)]
    return [GOLDEN_PATHS, *teams]


def together(root: Path, files: Sequence[Path]) -> Outcome[Whole]:
    """Whether the shards whose proofs these files hold are a run over all of the repository at `root`, as it is there.

    Each of one count once; of the same inputs, which are here; without an error; none has what is another's; and rendered/
    holds what they have, and nothing else that Pavior rendered. No value where that is not so.
    """
    recover(root)
    found: list[Diagnostic] = []
    proofs: Proofs = []
    for file in dict.fromkeys(files):
        try:
            proofs.append((str(file), read(file)))
        except NotAProof as reason:
            hint = "name the files that the shards wrote for `--proof`"
            found.append(Diagnostic(codes.NOT_A_PROOF, Span(str(file)), f"this is no shard's proof: {reason}", hint))
    # What one question finds makes the next ones meaningless.
    for question in (_incomplete, _of_others, _failed, _uncovered):
        found = found or list(question(root, proofs))
    if found:
        return Outcome(None, tuple(found))
    repository = discover(root).value
    assert repository is not None, "shards of the same files found no error"
    parts = {source: part for _, proof in proofs for source, part in proof.parts.items()}
    found = [*_different(root, parts), *_taken_twice(repository, parts)]
    if found:
        return Outcome(None, tuple(found))
    manifests = sum(len(each) for part in parts.values() for each in part.manifests.values())
    return Outcome(Whole(proofs[0][1].inputs.command, len(proofs), len(repository.services), manifests))


def _incomplete(root: Path, proofs: Proofs) -> Iterator[Diagnostic]:
    """Shards that are missing, there twice, or of another count."""
    first, reference = proofs[0]
    by_index: dict[int, str] = {}
    for file, proof in proofs:
        shard = proof.shard
        if shard.count != reference.shard.count:
            message = f"this is shard {shard}, and `{first}` is shard {reference.shard}"
            yield Diagnostic(codes.MISSING_SHARD, Span(file), message, "name the shards of one run")
        elif by_index.setdefault(shard.index, file) != file:
            message = f"this is shard {shard}, and `{by_index[shard.index]}` is too"
            yield Diagnostic(codes.MISSING_SHARD, Span(file), message, "name each shard once")
    if any(proof.shard.count != reference.shard.count for _, proof in proofs):
        return
    missing = [str(Shard(i, reference.shard.count)) for i in range(1, reference.shard.count + 1) if i not in by_index]
    if missing:
        shown = ", ".join(missing[:_SHOWN]) + (f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else "")
        message = f"of {reference.shard.count} shards, {shown} {'is' if len(missing) == 1 else 'are'} missing"
        yield Diagnostic(codes.MISSING_SHARD, Span(first), message, "name the proofs of all of them")


def _of_others(root: Path, proofs: Proofs) -> Iterator[Diagnostic]:
    """Shards that were made of something else than the first, or than what is here."""
    first, reference = proofs[0]
    here = inputs(root, reference.inputs.command, None, date.min)
    mine = {"pavior": here.pavior, "repository": here.repository}
    for file, proof in proofs:
        for name, other in _OTHER.items():
            has = getattr(proof.inputs, name)
            wanted = mine.get(name, getattr(reference.inputs, name))
            if has != wanted:
                than = "here" if name in mine else f"in `{first}`"
                message = f"this shard was made with {other.format(has, wanted)} {than}"
                yield Diagnostic(codes.OTHER_INPUTS, Span(file), message, _AGAIN)


def _failed(root: Path, proofs: Proofs) -> Iterator[Diagnostic]:
    for file, proof in proofs:
        if proof.errors:
            errors = f"{proof.errors:,} error{'' if proof.errors == 1 else 's'}"
            hint = "mend what it says, and run all shards again"
            yield Diagnostic(codes.FAILED_SHARD, Span(file), f"shard {proof.shard} found {errors}", hint)


def _uncovered(root: Path, proofs: Proofs) -> Iterator[Diagnostic]:
    """Folders that no shard answers for. None has what is another's, or it would be no proof."""
    repository = discover(root).value
    covered = {source for _, proof in proofs for source in proof.parts}
    for source in sources(repository) if repository is not None else ():
        if source not in covered:
            yield Diagnostic(codes.MISSING_SHARD, Span(source), f"no shard has `{source}`", _AGAIN)


def _different(root: Path, parts: Mapping[str, Part]) -> Iterator[Diagnostic]:
    """Folders from which rendered/ here holds something else than their shards had."""
    present = rendered(root)
    for source in sorted({*parts, *present}):
        wanted = parts[source].files if source in parts else ""
        if present.get(source, "") != wanted:
            if source not in present:
                message = f"`{RENDERED}/` lacks the files from `{source}` that its shard has"
            elif wanted:
                message = f"`{RENDERED}/` has other files from `{source}` than its shard"
            else:
                message = f"`{RENDERED}/` has files from `{source}`, and its shard has none"
            hint = "check out what the shards ran on, and apply what all of them changed, and nothing else"
            yield Diagnostic(codes.DIFFERS_FROM_SHARDS, Span(source), message, hint, like=RENDERED)


def _taken_twice(repository: Repository, parts: Mapping[str, Part]) -> Iterator[Diagnostic]:
    """Folders from which one manifest is rendered twice. Within a shard that is an error that it found itself."""
    taken: dict[str, dict[int, str]] = {}
    pairs: dict[tuple[str, str], list[str]] = {}
    for source, part in parts.items():
        for target, numbers in part.manifests.items():
            of_target = taken.setdefault(target, {})
            for number in numbers:
                other = of_target.setdefault(number, source)
                if other != source and target not in pairs.setdefault((other, source), []):
                    pairs[other, source].append(target)
    for (one, other), targets in sorted(pairs.items()):
        names = [source.removeprefix(f"{TEAMS}/") for source in (one, other)]
        both = " ".join(names) if all("/" in name for name in names) else ""
        message = f"`{names[0]}` and `{names[1]}`, which are of two shards, have one manifest together"
        hint = f"`pavior check{f' {both}' if both else ''}` says which; rename one of what they are made from"
        span = Span(_file_of(repository, other))
        yield Diagnostic(SAME_IDENTITY, span, message, hint, (Note("in", targets=tuple(sorted(targets))),))


def _file_of(repository: Repository, source: str) -> str:
    _, team, service = (*source.split("/"), "", "")[:3]
    if service:
        return repository.services[ServiceId(team, service)].platform
    return repository.teams[team] if team else repository.organization
