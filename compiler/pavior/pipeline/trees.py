"""Two trees of rendered YAML, compared without knowing what they were rendered from."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pavior.compare import Edit
from pavior.compare.difference import DiffReport, Where
from pavior.compare.grouping import Grouping
from pavior.compare.knowledge import Knowledge
from pavior.compare.manifests import compare
from pavior.diagnostics import Diagnostic
from pavior.diagnostics.codes.plan import UNREADABLE_TREE
from pavior.emit import marker_source
from pavior.model import Manifest, Span
from pavior.phases.discover import discover
from pavior.phases.removal import read_manifests
from pavior.pipeline.golden_paths import load_platform
from pavior.pipeline.knowledge import knowledge_of

_MANIFESTS = (".yaml", ".yml")


def diff_trees(root: Path, old: Path, new: Path, *, details: bool = False) -> DiffReport:
    """What differs between two trees like rendered/, by what the components of the platform repository at `root` know of kinds.

    The first folder of a path is its target; whose a file is says its first line, or else the folders after the first.
    """
    repository = discover(root).value
    loaded = load_platform(repository).value if repository is not None else None
    rules = knowledge_of(repository, loaded[0].schemas).value if repository is not None and loaded is not None else None
    knowledge = rules or Knowledge(())
    grouping = Grouping(details=details)
    found: list[Diagnostic] = []
    sides: list[dict[Where, list[Manifest]]] = [defaultdict(list), defaultdict(list)]
    listed = [dict(_files(tree)) for tree in (old, new)]
    for path in sorted(listed[0].keys() | listed[1].keys()):
        contents = [files[path].read_bytes() if path in files else None for files in listed]
        if contents[0] == contents[1]:
            continue
        for tree, content, side in zip((old, new), contents, sides, strict=True):
            manifests = read_manifests(content) if content is not None else ()
            if manifests is None:
                place = os.path.join(tree, path)
                message = f"`{place}` can't be read as manifests"
                found.append(Diagnostic(UNREADABLE_TREE, Span(place), message, "mend it, or leave it out of the tree"))
            elif manifests:
                side[_where(path, content or b"")] += manifests
    for where in sorted(sides[0].keys() | sides[1].keys(), key=_order):
        before, after = sides[0].get(where, []), sides[1].get(where, [])
        grouping.add(where, compare(before, after, knowledge))
    return replace(grouping.report(str(old), str(new)), diagnostics=tuple(found))


def _files(tree: Path) -> Iterator[tuple[str, Path]]:
    """The plain YAML files below a folder, by path relative to it; links are not followed."""
    for folder, _, names in os.walk(tree):
        for name in names:
            file = Path(folder, name)
            if name.endswith(_MANIFESTS) and file.is_file() and not file.is_symlink():
                yield file.relative_to(tree).as_posix(), file


def _order(where: Where) -> tuple[str, ...]:
    return (where.target, where.team or "", where.service or "", where.path)


def _where(path: str, content: bytes) -> Where:
    target, *rest = path.split("/")
    source = (marker_source(content.split(b"\n", 1)[0]) or "").split("/")
    names = source[1:] if source[0] == "teams" else [] if source[0] else rest[:-1]
    team, service = (*names, None, None)[:2]
    environment, _, cluster = target.partition("@")
    return Where(target, environment, cluster or environment, team, service, path.rpartition("/")[0], Edit.CHANGED)
