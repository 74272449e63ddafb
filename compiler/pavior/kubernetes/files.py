"""Files in folders of schemas: plain ones of a bounded size, as a platform repository may add its own. No link is followed."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pavior.kubernetes import BrokenTool

LARGEST = 2**23
"""Bytes of a file; the largest that Kubernetes itself makes has a tenth of it."""


def content(folder: Path, name: str) -> bytes | None:
    """A file below a folder of schemas; None where there is none that is plain and not too large."""
    place = folder / name
    if place.parent != folder and place.parent.is_symlink():
        return None
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        return file.read() if stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST else None


def data(folder: Path, name: str) -> Any:
    """What a JSON file says that describes kinds; None where there is no such file. Raises BrokenTool."""
    found = content(folder, name)
    if found is None:
        return None
    try:
        return json.loads(found)
    except (ValueError, RecursionError):
        raise BrokenTool(f"`{folder / name}` is no JSON") from None


@contextmanager
def as_meant(folder: Path) -> Iterator[None]:
    """While this is entered, data of a folder that is read has the form that is read. Raises BrokenTool."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError):
        raise BrokenTool(f"a file in `{folder}` that describes kinds has another form than Pavior reads") from None


def names(folder: Path) -> Iterator[str]:
    """The names of the schemas of kinds in a folder: `<group>/<kind>_<version>.json`, in any order."""
    with os.scandir(folder) as groups:
        inner = [group.name for group in groups if group.is_dir(follow_symlinks=False)]
    for group in inner:
        with os.scandir(folder / group) as files:
            yield from (f"{group}/{file.name}" for file in files if file.name.endswith(".json"))
