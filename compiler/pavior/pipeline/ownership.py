"""Ownership by directory: who must approve changes of what, as a block of a forge's CODEOWNERS.

GitHub and GitLab read the same form: a pattern as in .gitignore, then those who approve, any one of whom is enough; the last
pattern that matches a file decides (docs.github.com "About code owners", docs.gitlab.com "Code Owners syntax"). Neither reads
negations, and what is in the block are names whose schemas let no space, `#` or line break through.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pavior.diagnostics import Diagnostic
from pavior.diagnostics.codes.check import STALE_CODE_OWNERS
from pavior.diagnostics.codes.discover import NOT_A_PLAIN_FILE
from pavior.diagnostics.codes.link import NO_REVIEWERS
from pavior.model import Document, Span
from pavior.phases.write import recover
from pavior.phases.write.replace import replace
from pavior.pipeline.clock import Clock
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.prepare import prepare

PLACES = (".github/CODEOWNERS", ".gitlab/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where forges look for the file."""
LARGEST = 3 * 2**20
"""Bytes of a file; GitHub reads no larger one."""
_KEY = "reviewers"
_FIRST = "# pavior codeowners: what is between these two lines is written by `pavior codeowners`"
_LAST = "# pavior codeowners: end"
_FOLDERS = (".github", ".gitlab", "golden-paths", "schemas", "rendered", "teams")
"""Folders of the platform's own, or where the names in them are the platform's to give."""


def code_owners(root: Path, path: str, *, write: bool) -> tuple[list[Diagnostic], list[str]]:
    """Bring the block in a CODEOWNERS file up to date, or, without `write`, only say whether it is not."""
    recover(root)
    outcome = prepare(root, Clock(), rendering=True)
    found = [d for d in outcome.diagnostics if d.is_error]
    if outcome.value is None or outcome.value.broken_teams:
        return found, []
    fleet = outcome.value
    if not _reviewers(fleet.platform.organization):
        span = fleet.platform.organization.positions().key(("apiVersion",))
        message = f"`{_KEY}` does not say who approves changes of the platform's own files"
        return [Diagnostic(NO_REVIEWERS, span, message, f'add `{_KEY}: ["@organization/platform-team"]`')], []
    there = _content(root, path)
    if there is None and (os.path.lexists(root / path) or os.path.islink((root / path).parent)):
        message, hint = f"`{path}` is not a plain file of at most {LARGEST // 2**20} MiB", "replace it by a plain file"
        return [Diagnostic(NOT_A_PLAIN_FILE, Span(path), message, hint)], []
    wanted = _with_block(there or "", block(fleet))
    if wanted == there:
        return [], []
    if write and there is not None:
        replace(root, path, _bytes(there), _bytes(wanted))
    elif write:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(_bytes(wanted))
    return [], [path]


def stale_code_owners(fleet: Fleet) -> Iterator[Diagnostic]:
    """The CODEOWNERS files with a block that says something else than the fleet does. Those without one are nobody's business."""
    if fleet.broken_teams or not _reviewers(fleet.platform.organization):
        return
    for path in PLACES:
        there = _content(fleet.repository.root, path)
        if there is None or _FIRST not in there:
            continue
        wanted = _with_block(there, block(fleet))
        if wanted != there:
            hint = f"run `pavior codeowners {path}` and commit the result"
            yield Diagnostic(STALE_CODE_OWNERS, _difference(path, there, wanted), f"`{path}` is out of date", hint)


def texts(root: Path) -> tuple[str | None, ...]:
    """What the CODEOWNERS files hold, all that a check reads beside the files of the fleet and what is rendered."""
    return tuple(_content(root, path) for path in PLACES)


def block(fleet: Fleet) -> str:
    """The lines of the block, its two marks included."""
    platform = _reviewers(fleet.platform.organization)
    # A file at another place than the one in use could be the one that the forge reads.
    own = [f"/{folder}/" for folder in _FOLDERS] + [f"/{place}" for place in PLACES if place[0] != "."]
    lines = [_FIRST, *(_line(pattern, platform) for pattern in own)]
    for name, team in sorted(fleet.teams.items()):
        lines += _of_team(name, _reviewers(team.document), platform)
    return "\n".join([*lines, _LAST, ""])


def _of_team(name: str, team: tuple[str, ...], platform: tuple[str, ...]) -> list[str]:
    """What a team approves. Its team.yaml says what it may have, so that and what is made of it stay the platform's."""
    if not team:
        return []
    either = tuple(dict.fromkeys((*team, *platform)))
    return [
        _line(f"/teams/{name}/", team),
        _line(f"/teams/{name}/team.yaml", platform),
        _line(f"/rendered/*/{name}/", either),
        _line(f"/rendered/*/{name}/team/", platform),
        _line(f"/rendered/*/argocd/{name}/", either),
    ]


def _line(pattern: str, reviewers: Iterable[str]) -> str:
    return " ".join((pattern, *reviewers))


def _reviewers(document: Document) -> tuple[str, ...]:
    value: Mapping[str, object] = document.value
    said = value.get(_KEY)
    return tuple(str(each) for each in said) if isinstance(said, list) else ()


def _with_block(there: str, wanted: str) -> str:
    """A file with this block in the place of the one that it has, else at its end."""
    before, first, rest = there.partition(_FIRST)
    if not first:
        return f"{there}{'' if not there or there.endswith(chr(10)) else chr(10)}{chr(10) if there else ''}{wanted}"
    _, last, after = rest.partition(_LAST)
    return before + wanted + (after.removeprefix("\n") if last else "")


def _content(root: Path, path: str) -> str | None:
    """The text of a file below the root; None where there is none that a forge reads, or where a link is on the way to it."""
    place = root
    for part in path.split("/"):
        place /= part
        if not os.path.lexists(place) or stat.S_ISLNK(place.lstat().st_mode):
            return None
    if not place.is_file() or place.stat().st_size > LARGEST:
        return None
    return place.read_bytes().decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    """What a file holds with this text: lines of others stay as they are, whatever they are written in."""
    return text.encode("utf-8", "surrogateescape")


def _difference(path: str, there: str, wanted: str) -> Span:
    """The first line that is not as it would be written."""
    lines = there.split("\n")
    pairs = zip(lines, wanted.split("\n"), strict=False)
    index = next((index for index, (one, other) in enumerate(pairs) if one != other), 0)
    return Span(path, index + 1, 1, index + 1, len(lines[index]) + 1)
