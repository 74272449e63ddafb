"""Edited: what people wrote otherwise than in the base, field by field. Only files that differ are read."""

from __future__ import annotations

from collections.abc import Iterator

from pavior.compare import Edit, FieldChange, Item, written
from pavior.compare.difference import EditedField, FileEdit
from pavior.compare.knowledge import Knowledge
from pavior.compare.templating import brief, shown
from pavior.compare.values import differences
from pavior.diagnostics.secrets import named
from pavior.model import ServiceId, Value
from pavior.phases.compose import CHANGES_FILE, DEFAULTS_FILE
from pavior.phases.discover import Repository, read
from pavior.phases.load import load
from pavior.pipeline.selection import Selection
from pavior.pipeline.side import Side, differing, is_compiled
from pavior.repository import COMPONENTS, TEAMS

MOST_READ = 60
"""Files that are compared field by field; further ones are only named."""

_SHORTEST = 4
"""Characters of a secret from which on it is looked for everywhere, and not only where its name stands."""


def edited(base: Side | None, head: Side, selection: Selection) -> tuple[FileEdit, ...]:
    """The files that differ and that the compiler or whoever reviews reads, those of everyone first, then by path.

    Nothing where the base's sources can't be read. Of what is no plain document of settings (templates, raw manifests) the name
    says that it differs.
    """
    if base is None:
        return ()
    found = []
    for number, path in enumerate(_paths(base, head, selection)):
        before, after = (side.fleet.repository for side in (base, head))
        edit = Edit.ADDED if not _has(base, path) else Edit.REMOVED if not _has(head, path) else Edit.CHANGED
        compared = edit is Edit.CHANGED and _is_settings(path) and number < MOST_READ
        found.append(FileEdit(path, edit, _fields(before, after, path) if compared else None))
    return tuple(found)


def _paths(base: Side, head: Side, selection: Selection) -> Iterator[str]:
    paths = [path for path in differing(base.ids, head.ids) if path.startswith(f"{TEAMS}/") or is_compiled(path)]
    paths += [path for path in sorted(_others(base) | _others(head)) if _bytes(base, path) != _bytes(head, path)]
    yield from sorted(path for path in paths if _asked(path, selection))


def _others(side: Side) -> set[str]:
    """The files that say something of manifests, but of which none is made; sides know no ids of them."""
    repository = side.fleet.repository
    rules = {f"{COMPONENTS}/{name}/{CHANGES_FILE}" for name in repository.components}
    listed = {path for paths in repository.components.values() for path in paths}
    return (rules & listed) | {path for path in (repository.channels, repository.prices) if path is not None}


def _has(side: Side, path: str) -> bool:
    return path in side.ids or path in _others(side)


def _bytes(side: Side, path: str) -> bytes | None:
    source = read(side.fleet.repository, path).value if path in _others(side) else None
    return source.content if source is not None else None


def _is_settings(path: str) -> bool:
    """Whether a file is one document of fields that mean something by themselves."""
    parts = path.split("/")
    if path.startswith(f"{TEAMS}/"):
        return parts[2:] == ["team.yaml"] or parts[3:] == ["platform.yaml"]
    return not path.startswith(f"{COMPONENTS}/") or parts[3:] == [DEFAULTS_FILE]


def _asked(path: str, selection: Selection) -> bool:
    """Whether a file can matter to what somebody asked about; a team's own does to its services, everyone's to all."""
    root, team, *rest = path.split("/")
    if root != TEAMS:
        return True
    if len(rest) > 1:
        return selection.service(ServiceId(team, rest[0]))
    of_names = not selection.names or any(name.startswith(f"{team}/") for name in selection.names)
    return of_names and (not selection.teams or team in selection.teams)


def _fields(base: Repository, head: Repository, path: str) -> tuple[EditedField, ...] | None:
    """The fields that differ; None where a side can't be read."""
    sources = [read(repository, path).value for repository in (base, head)]
    documents = [load(source).value if source is not None else None for source in sources]
    before, after = ({} if document is None else document.value for document in documents)
    if None in documents:
        return None
    secrets = {text for value in (before, after) for _, _, text in named(value) if len(text) >= _SHORTEST}
    return tuple(_field(change, secrets) for change in differences(before, after, Knowledge(()).of({}).fields))


def _field(change: FieldChange, secrets: set[str]) -> EditedField:
    texts = (_text(value, _name(change), secrets) for value in (change.before, change.after))
    return EditedField(written(change.path), change.edit, *texts)


def _name(change: FieldChange) -> str:
    """What a value is called: by its key, or by its item where that is `value`."""
    *above, last = change.path
    if last == "value" and above and isinstance(above[-1], Item):
        return above[-1].keys[0][1]
    return next((step for step in reversed(change.path) if isinstance(step, str)), "")


def _text(value: Value, name: str, secrets: set[str]) -> str | None:
    """A value as text, with stars for what its name, or that of another value, says is secret."""
    if value is None:
        return None
    text = shown(value)
    for secret in sorted(secrets | {found for _, _, found in named(value, (), name)}, key=len, reverse=True):
        text = text.replace(secret, "*" * len(secret))
    return brief(text)
