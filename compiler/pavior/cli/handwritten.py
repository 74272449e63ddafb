"""What commands that change the files of people have in common: which are meant, and a patch instead of writing."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

from pavior.model import Source
from pavior.pipeline.selection import UnknownName
from pavior.report.escaping import visible_line


def below(root: Path, path: Path) -> str:
    """The path relative to the repository; "" is the whole. Raises UnknownName."""
    if not path.exists():
        raise UnknownName(f"there is nothing at `{path}`", "name files or folders of `teams/` or `golden-paths/`")
    try:
        relative = path.resolve().relative_to(root)
    except ValueError:
        message = f"`{path}` is not in the platform repository `{root}`"
        raise UnknownName(message, "name files or folders of it") from None
    return "" if relative == Path() else relative.as_posix()


def patch(before: Source, after: Source) -> Iterator[str]:
    """What changes in a file, as a unified diff."""
    old, new = (each.content.decode().split("\n") for each in (before, after))
    for line in difflib.unified_diff(old, new, f"a/{before.path}", f"b/{before.path}", lineterm=""):
        yield visible_line(line)
