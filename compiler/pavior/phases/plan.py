"""What writing would change: the new files against the tree that is there.

Planned unit by unit, so that nobody holds the fleet's bytes: what a service owns in a target is a directory unit, and an
artifact elsewhere (`argocd/…`) a unit of its own. Only files that carry Pavior's first line are changed or deleted.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pavior.diagnostics import Diagnostic, Note, Outcome
from pavior.diagnostics.codes.plan import ARTIFACT_TAKEN, DIFFERS, FOREIGN_FILE, STRANGER, SYMBOLIC_LINK
from pavior.emit import marker_source
from pavior.model import RENDERED, Action, Change, Span, UnitPlan
from pavior.repository.states import bytes_of, digest_of, state_of

_LONGEST_FIRST_LINE = 4096
_MANIFESTS = (".yaml", ".yml", ".json", ".jsonnet")
"""What Argo CD applies of a folder (argo-cd, reposerver/repository/repository.go: `manifestFile`)."""
_NOTES = (".md", ".txt")


def plan(
    root: Path | str, directory: str, files: Mapping[str, bytes], *, noting: bool = False
) -> Outcome[tuple[UnitPlan, ...]]:
    """What writing `files` would change: path relative to rendered/ → bytes, all that one owner has in one target.

    `directory` is the owner's own (`prod/payments/checkout`): one unit with all that lies below it, so that files of ours
    that are there and not in `files` are deleted. Each file elsewhere is its own unit. Units come sorted, the directory
    first, and unchanged ones too. The outcome has no value where something foreign stands in the way. `noting`: say in what
    state the files are that are kept.
    """
    rendered = os.path.join(root, RENDERED)
    inside = {path: content for path, content in files.items() if path.startswith(f"{directory}/")}
    diagnostics: list[Diagnostic] = []
    plans = []
    real: set[str] = set()
    for path in (directory, *sorted(files.keys() - inside.keys())):
        require_inside(path)
        obstacle = _obstacle(rendered, f"{path}/" if path == directory else path, real)
        if obstacle:
            diagnostics.append(obstacle)
        elif path == directory:
            plans.append(_plan_directory(rendered, directory, inside, diagnostics, noting=noting))
        else:
            plans.append(_plan_file(rendered, path, files[path], diagnostics, noting=noting))
    return Outcome(None, tuple(diagnostics)) if diagnostics else Outcome(tuple(plans))


def claim(claimed: dict[str, str], plans: Iterable[UnitPlan], source: str) -> Iterator[Diagnostic]:
    """Note in `claimed` (path of a unit → folder that renders it) that `source` renders `plans`; yield what others have."""
    for unit in plans:
        other = claimed.setdefault(unit.path, source)
        if other != source:
            yield Diagnostic(
                ARTIFACT_TAKEN,
                Span(f"{RENDERED}/{unit.path}"),
                f"`{other}` and `{source}` both render `{RENDERED}/{unit.path}`",
                "make the path of `artifact:` in component.yaml name what it is rendered for",
            )


def stale(
    root: Path | str,
    wanted: Collection[str],
    answers_for: Callable[[str, str], bool],
    passes_over: Callable[[str, bool], bool] = lambda path, is_folder: False,
) -> Iterator[UnitPlan]:
    """Plans that delete what nothing renders any more: removed services, teams, environments, artifacts.

    `wanted` are the paths of the units that someone renders (nothing in them is looked at), and of folders to leave alone,
    such as the targets that a run is not about. `answers_for(path, source)` says whether this run may delete the file at
    `path` that was rendered from the folder `source`. A directory that holds no wanted unit goes as one unit. What
    `passes_over(path, whether it is a folder)` says is not looked at.
    """
    rendered = os.path.join(root, RENDERED)
    if os.path.islink(rendered) or not os.path.isdir(rendered):
        return
    scan = _StaleScan(rendered, frozenset(wanted), frozenset(_parents(wanted)), answers_for, passes_over)
    yield from scan.below("")


def differences(root: Path | str, unit: UnitPlan) -> Iterator[Diagnostic]:
    """A diagnostic for each file of the tree that is not what would be rendered, at its first line that differs."""
    for change in unit.changed:
        path = f"{RENDERED}/{change.path}"
        hint = "run `pavior render` and commit the result"
        if change.action is Action.CREATE:
            yield Diagnostic(DIFFERS, Span(path), f"`{path}` is missing", hint, like="missing")
        elif change.action is Action.DELETE:
            yield Diagnostic(DIFFERS, Span(path), f"`{path}` is rendered from nothing any more", hint, like="left over")
        else:
            content = change.content or b""
            # What differs begins in what is as long as the new one, whatever somebody added to the file.
            present = (
                bytes_of(os.path.join(root, path), len(content) + _LONGEST_FIRST_LINE)
                .decode("utf-8", "replace")
                .split("\n")
            )
            new = content.decode("utf-8", "replace").split("\n")
            span, notes = _first_difference(path, present, new)
            like = "\n".join((present[span.line - 1].strip(), *(note.message for note in notes)))
            message = f"`{path}` differs from what would be rendered"
            yield Diagnostic(DIFFERS, span, message, hint, notes, like=like)


def strangers(root: Path | str) -> Iterator[Diagnostic]:
    """A diagnostic for each file of the tree that Pavior did not render and that can change what is synced, in the order of
    paths; where the tree itself is no folder, for that."""
    rendered = os.path.join(root, RENDERED)
    obstacle = _obstacle(rendered, "", set())
    if obstacle:
        yield obstacle
    elif os.path.lexists(rendered):
        yield from _strangers_in(rendered, "")


def may_be_synced(name: str) -> bool:
    """Whether a file of this name is more than a note, or what programs hide: a manifest, or what says how others are read.

    Such as `Kustomization`, which makes Argo CD build a folder instead of applying it.
    """
    return name.endswith(_MANIFESTS) or not (name.startswith(".") or name.lower().endswith(_NOTES))


def require_inside(path: str) -> None:
    """Raise ValueError unless `path` is plainly below rendered/: the names in it are checked where they come from."""
    framed = f"/{path}/"
    if "//" in framed or "/./" in framed or "/../" in framed or "\\" in path or "\0" in path:
        raise ValueError(f"{path!r} is not a path below {RENDERED}/")


def _strangers_in(rendered: str, folder: str) -> Iterator[Diagnostic]:
    with os.scandir(f"{rendered}/{folder}") as scanned:
        entries = sorted(scanned, key=lambda entry: entry.name)
    for entry in entries:
        path = f"{folder}/{entry.name}" if folder else entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _strangers_in(rendered, path)
        elif may_be_synced(entry.name) and (
            not entry.is_file(follow_symlinks=False) or _rendered_from(f"{rendered}/{path}") is None
        ):
            effect = "is synced all the same" if entry.name.endswith(_MANIFESTS) else "may change what is synced"
            message = f"`{RENDERED}/{path}` was not rendered by Pavior, and {effect}"
            hint = "delete it; what a service needs beside its golden path belongs into its `manifests/`"
            yield Diagnostic(STRANGER, Span(f"{RENDERED}/{path}"), message, hint)


@dataclass(slots=True)
class _Present:
    """What lies below a directory, by path relative to rendered/."""

    files: dict[str, os.stat_result] = field(default_factory=dict)
    """Regular files."""
    others: list[str] = field(default_factory=list)
    """Symbolic links, pipes and the like: never Pavior's."""
    directories: set[str] = field(default_factory=set)


def _look(rendered: str, directory: str, present: _Present) -> None:
    try:
        entries = os.scandir(f"{rendered}/{directory}")
    except FileNotFoundError:
        return
    present.directories.add(directory)
    with entries:
        for entry in entries:
            path = f"{directory}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                _look(rendered, path, present)
            elif entry.is_file(follow_symlinks=False):
                present.files[path] = entry.stat(follow_symlinks=False)
            else:
                present.others.append(path)


def _plan_directory(
    rendered: str, directory: str, files: Mapping[str, bytes], diagnostics: list[Diagnostic], *, noting: bool
) -> UnitPlan:
    present = _Present()
    _look(rendered, directory, present)
    in_the_way = {*present.others, *(path for path in present.files if path not in files)}
    changes = []
    for path in sorted(files):
        require_inside(path)
        ups = (path, *_ancestors(path, directory)) if in_the_way else ()
        obstacle = next((up for up in ups if up in in_the_way), None)
        if obstacle or path in present.directories:
            diagnostics.append(_foreign(obstacle or path))
        else:
            status = present.files.get(path)
            changes.append(_plan_content(rendered, path, status, files[path], diagnostics, noting=noting))
    carried = present.others
    for path in sorted(present.files.keys() - files.keys()):
        if _rendered_from(f"{rendered}/{path}") is None:
            carried.append(path)
        else:
            changes.append(Change(path, Action.DELETE))
    return UnitPlan(directory, True, bool(present.directories), tuple(changes), tuple(sorted(carried)))


def _plan_file(rendered: str, path: str, content: bytes, diagnostics: list[Diagnostic], *, noting: bool) -> UnitPlan:
    status = None
    try:
        status = os.lstat(f"{rendered}/{path}")
    except FileNotFoundError:
        pass
    else:
        if not stat.S_ISREG(status.st_mode):
            diagnostics.append(_foreign(path))
            return UnitPlan(path, False, True, ())
    change = _plan_content(rendered, path, status, content, diagnostics, noting=noting)
    return UnitPlan(path, False, status is not None, (change,))


def _plan_content(
    rendered: str,
    path: str,
    status: os.stat_result | None,
    new: bytes,
    diagnostics: list[Diagnostic],
    *,
    noting: bool,
) -> Change:
    """The change that makes `new` of the regular file at `path`; `status` is None where there is none."""
    if status is None:
        return Change(path, Action.CREATE, new)
    if status.st_size == len(new) and bytes_of(f"{rendered}/{path}") == new:
        return Change(path, Action.KEEP, None, (state_of(status), digest_of(new)) if noting else None)
    # A power failure may leave an empty file of ours: nobody loses anything when it is written again.
    if status.st_size and _rendered_from(f"{rendered}/{path}") is None:
        diagnostics.append(_foreign(path))
    return Change(path, Action.UPDATE, new)


@dataclass(frozen=True, slots=True)
class _StaleScan:
    rendered: str
    wanted: frozenset[str]
    parents: frozenset[str]
    """Directories that hold something wanted, so that they are never a unit."""
    answers_for: Callable[[str, str], bool]
    passes_over: Callable[[str, bool], bool]

    def below(self, directory: str) -> Iterator[UnitPlan]:
        with os.scandir(f"{self.rendered}/{directory}") as scanned:
            entries = sorted(scanned, key=lambda entry: entry.name)
        for entry in entries:
            path = f"{directory}/{entry.name}" if directory else entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if path in self.wanted or self.passes_over(path, is_folder):
                continue
            if not is_folder:
                if entry.is_file(follow_symlinks=False) and self.may_delete(path):
                    yield UnitPlan(path, False, True, (Change(path, Action.DELETE),))
            elif path in self.parents:
                yield from self.below(path)
            else:
                yield from self.unwanted(path)

    def unwanted(self, directory: str) -> Iterator[UnitPlan]:
        """A directory without anything wanted: one unit, unless it holds files that another run answers for."""
        present = _Present()
        _look(self.rendered, directory, present)
        if any(self.passes_over(path, False) for path in present.files):
            yield from self.below(directory)
            return
        carried, deleted = present.others, []
        for path in sorted(present.files):
            source = _rendered_from(f"{self.rendered}/{path}")
            if source is None:
                carried.append(path)
            elif self.answers_for(path, source):
                deleted.append(Change(path, Action.DELETE))
            else:
                yield from self.below(directory)
                return
        if deleted:
            yield UnitPlan(directory, True, True, tuple(deleted), tuple(sorted(carried)))

    def may_delete(self, path: str) -> bool:
        source = _rendered_from(f"{self.rendered}/{path}")
        return source is not None and self.answers_for(path, source)


def _obstacle(rendered: str, path: str, real: set[str]) -> Diagnostic | None:
    """What is in the way of writing to `path`: a folder there that isn't a real one. A directory's path ends in a slash.

    `real` are folders that were looked at before, and takes in those that are looked at now.
    """
    for up in ("", *reversed(_ancestors(path, ""))):
        if up in real:
            continue
        place = f"{rendered}/{up}" if up else rendered
        try:
            mode = os.lstat(place).st_mode
        except FileNotFoundError:
            return None
        if stat.S_ISLNK(mode):
            shown = f"{RENDERED}/{up}" if up else RENDERED
            return Diagnostic(
                SYMBOLIC_LINK, Span(shown), f"`{shown}` is a symbolic link", "replace it by a folder, or delete it"
            )
        if not stat.S_ISDIR(mode):
            return _foreign(up) if up else _foreign_at(RENDERED)
        real.add(up)
    return None


def _ancestors(path: str, top: str) -> list[str]:
    """The folders that `path` is in, innermost first, below `top` and without it."""
    found = []
    up = path.rpartition("/")[0]
    while up != top:
        found.append(up)
        up = up.rpartition("/")[0]
    return found


def _parents(paths: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        up = os.path.dirname(path)
        while up and up not in found:
            found.add(up)
            up = os.path.dirname(up)
    return found


def _foreign(path: str) -> Diagnostic:
    return _foreign_at(f"{RENDERED}/{path}")


def _foreign_at(place: str) -> Diagnostic:
    return Diagnostic(
        FOREIGN_FILE,
        Span(place),
        f"`{place}` stands where an artifact belongs, and was not rendered by Pavior",
        "move it elsewhere or delete it, then render again",
    )


def _first_difference(path: str, present: list[str], new: list[str]) -> tuple[Span, tuple[Note, ...]]:
    """The first line of `present` that isn't the one of `new`, and what the new one is."""
    paired = (i for i, (a, b) in enumerate(zip(present, new, strict=False)) if a != b)
    line = next(paired, min(len(present), len(new)))
    at = min(line, len(present) - 1)
    start = len(present[at]) - len(present[at].lstrip())
    span = Span(path, at + 1, start + 1, at + 1, max(start, len(present[at].rstrip())) + 1)
    if line < len(new) and new[line].strip() and len(new[line]) <= 120:
        return span, (Note(f"this line would be `{new[line].strip()}`"),)
    return span, ()


def _rendered_from(place: str) -> str | None:
    """The folder that the regular file at `place` was rendered from; None where it isn't Pavior's."""
    return marker_source(bytes_of(place, _LONGEST_FIRST_LINE).split(b"\n", 1)[0])
