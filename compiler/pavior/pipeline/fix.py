"""Fix: what is wrong with the files that people write, mended where the hint alone says how."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pavior.diagnostics import Diagnostic
from pavior.model import Document, Source
from pavior.phases import validate
from pavior.phases.discover import Repository, discover, read
from pavior.phases.load import load_all
from pavior.phases.mend import Diagnose, Mended, mend
from pavior.phases.screen import screen
from pavior.phases.write import recover
from pavior.phases.write.replace import replace
from pavior.pipeline.assemble import Stacks, TeamInput
from pavior.pipeline.golden_paths import load_platform, parse_source
from pavior.pipeline.handwritten import is_below, of_golden_paths, schemas_of
from pavior.repository import GOLDEN_PATHS
from pavior.schema import Kind, Schemas


@dataclass(slots=True)
class Fixes:
    """What was mended, by file, with what it was; `left` is all that is wrong with the files by themselves now.

    `unseen`: golden paths are at fault, so teams' files could not be judged.
    """

    mended: list[tuple[Source, Mended]] = field(default_factory=list)
    left: list[Diagnostic] = field(default_factory=list)
    unseen: bool = False


def fix(root: Path, paths: Collection[str], *, write: bool) -> Fixes:
    """Mend the files at or below `paths`, relative to the root (all that are read where there are none), or only say how."""
    recover(root)
    found = discover(root)
    fixes = Fixes(left=list(found.diagnostics))
    if found.value is None:
        return fixes
    chosen = _Chosen(found.value, frozenset(paths), write)
    for path, diagnose in _of_golden_paths(found.value):
        chosen.mend(path, diagnose, fixes)
    sound = not any(path.startswith(f"{GOLDEN_PATHS}/") for path in found.value.unusable)
    platform = load_platform(found.value).value if sound else None
    fixes.unseen = platform is None
    if platform is not None:
        stacks = Stacks(platform[0])
        for path, diagnose in _of_teams(found.value, stacks):
            chosen.mend(path, diagnose, fixes)
    return fixes


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Which files are wanted, and whether they are written."""

    repository: Repository
    paths: frozenset[str]
    write: bool

    def mend(self, path: str, diagnose: Diagnose, fixes: Fixes) -> None:
        if self.paths and not is_below(path, self.paths):
            return
        source = read(self.repository, path)
        fixes.left.extend(source.diagnostics)
        if source.value is None:
            return
        mended = mend(source.value, diagnose)
        fixes.left.extend(mended.left)
        if mended.fixed:
            fixes.mended.append((source.value, mended))
            if self.write:
                replace(self.repository.root, path, source.value.content, mended.source.content)


def _of_golden_paths(repository: Repository) -> Iterator[tuple[str, Diagnose]]:
    """The files of golden-paths/ that are no templates. While one can't be read, the others are judged without schemas."""
    schemas = schemas_of(repository).value
    for file in of_golden_paths(repository):
        if schemas is None:
            yield file.path, lambda source: parse_source(source).diagnostics
        else:
            yield file.path, _judge(file.kind, schemas, file.golden_path)


def _judge(kind: Kind, schemas: Schemas, golden_path: str = "") -> Diagnose:
    def diagnose(source: Source) -> tuple[Diagnostic, ...]:
        document = parse_source(source)
        if document.value is None:
            return document.diagnostics
        return validate.validate(document.value, kind, schemas, golden_path=golden_path).diagnostics

    return diagnose


def _of_teams(repository: Repository, stacks: Stacks) -> Iterator[tuple[str, Diagnose]]:
    """The files of teams/. Each team's own comes before those of its services, which are judged by what it says now."""
    schemas = stacks.platform.schemas
    teams: dict[str, TeamInput] = {}
    for name, path in repository.teams.items():
        yield path, _judge("team", schemas)
        document = _document(repository, path)
        if document is not None:
            teams[name] = TeamInput(name, document)
    for service, files in repository.services.items():
        yield files.platform, _judge_service(stacks, teams.get(service.team))
        for path in files.patches:
            yield path, _judge("patch", schemas)
        for path in files.manifests:
            yield path, _judge_manifests


def _document(repository: Repository, path: str) -> Document | None:
    source = read(repository, path).value
    return parse_source(source).value if source is not None else None


def _judge_service(stacks: Stacks, team: TeamInput | None) -> Diagnose:
    def diagnose(source: Source) -> tuple[Diagnostic, ...]:
        document = parse_source(source)
        if document.value is None:
            return document.diagnostics
        types = stacks.types_of_needs(document.value, team)
        return validate.validate(document.value, "platform", stacks.platform.schemas, types=types).diagnostics

    return diagnose


def _judge_manifests(source: Source) -> tuple[Diagnostic, ...]:
    documents = load_all(source)
    return screen(source, documents.value or ()) or documents.diagnostics
