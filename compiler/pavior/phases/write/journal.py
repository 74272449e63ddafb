"""The redo log: what a commit does to the rendered tree, written down before, so that the next command can complete it.

Whether an operation is done is read off the disk, so each can be carried out again after a kill at any moment:

- `place` and `remove` move something out of or into the staging: where it lies says whether it moved.
- `exchange` leaves the new or the old at the staged place; the operation's witness, one file of the unit whose content
  differs between the two, says which. Where the system can't exchange, the old goes to `<number>.old` first.

The log is durable before the tree is touched; the staged bytes are left to the system: after a power failure, rendering
again compares every byte and repairs what the disk lost.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pavior.model import RENDERED
from pavior.phases.write.exchange import exchange
from pavior.phases.write.private import PRIVATE, WriteFailed, require_folder

_AT_ONCE = 1000
"""Operations that are written to the log together."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of a commit. `number` names the staged file or directory, `path` its place relative to rendered/.

    `witness` is a path below the unit ("" for the unit itself), `digest` that of its new content, "" where it is deleted.
    """

    number: int
    action: Literal["exchange", "place", "remove"]
    path: str
    witness: str = ""
    digest: str = ""


def staging_folder(root: str) -> str:
    return os.path.join(root, PRIVATE, "staging")


def is_committed(staging: str) -> bool:
    """Is there a log in `staging`, so that its operations must be completed?"""
    return os.path.lexists(os.path.join(staging, "log"))


def digest_of(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def write_log(staging: str, operations: Sequence[Operation]) -> None:
    """From the moment this returns the operations will all be done, if not by this process then by the next."""
    draft = os.path.join(staging, "log.draft")
    with open(draft, "x", encoding="utf-8") as file:
        file.write("[")
        for start in range(0, len(operations), _AT_ONCE):
            part = operations[start : start + _AT_ONCE]
            told = json.dumps([(o.number, o.action, o.path, o.witness, o.digest) for o in part])
            file.write(f"{',' if start else ''}{told[1:-1]}")
        file.write("]")
        file.flush()
        os.fsync(file.fileno())
    os.rename(draft, os.path.join(staging, "log"))


def finish(root: str) -> bool:
    """Complete what an ended process committed, and discard what it didn't. Was there something to complete?

    The lock is held. On OSError the log stays, for the next try.
    """
    staging = staging_folder(root)
    require_folder(os.path.dirname(staging))
    require_folder(staging)
    committed = is_committed(staging)
    if committed:
        real: set[str] = set()
        for operation in _read_log(staging):
            carry_out(root, operation, real)
    discard(staging)
    return committed


def discard(staging: str) -> None:
    """Remove the staging, the log first: without it what is left is rubbish, whatever its state."""
    try:
        os.unlink(os.path.join(staging, "log"))
    except FileNotFoundError:
        if not os.path.lexists(staging):
            return
    shutil.rmtree(staging, ignore_errors=True)


def carry_out(root: str, operation: Operation, real: set[str]) -> None:
    """Do one operation, or what is left of it to do. `real` are the folders that were seen to be no links."""
    staged, place = _places(root, operation, real)
    old = f"{staged}.old"
    if operation.action == "remove":
        if os.path.lexists(place) and not os.path.lexists(staged):
            os.rename(place, staged)
        _prune(root, operation.path)
    elif operation.action == "place":
        if os.path.lexists(staged):
            _move(staged, place)
    elif os.path.lexists(old):
        if os.path.lexists(staged):
            os.rename(staged, place)
    elif _is_new(staged, operation):
        if not os.path.lexists(place):
            _move(staged, place)
        elif not exchange(staged, place):
            _swap(staged, place, old)


def take_back(root: str, operation: Operation) -> None:
    """Undo what was done of one operation. What was new is where it was staged again."""
    staged, place = _places(root, operation, set())
    old = f"{staged}.old"
    if operation.action == "remove":
        if os.path.lexists(staged):
            _move(staged, place)
    elif operation.action == "place":
        if not os.path.lexists(staged):
            os.rename(place, staged)
        _prune(root, operation.path)
    elif os.path.lexists(old):
        if not os.path.lexists(staged):
            os.rename(place, staged)
        os.rename(old, place)
    elif not _is_new(staged, operation):
        exchange(staged, place)


def _move(one: str, other: str) -> None:
    """Rename, into folders that are made where they are missing."""
    try:
        os.rename(one, other)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(other), exist_ok=True)
        os.rename(one, other)


def _swap(staged: str, place: str, old: str) -> None:
    """Exchange in two steps: of a file at one instant still, of a directory with an instant without any."""
    if os.path.isdir(place):
        os.rename(place, old)
    else:
        os.link(place, old, follow_symlinks=False)
    os.rename(staged, place)


def _is_new(staged: str, operation: Operation) -> bool:
    """Does the staged place hold the new of the exchange, and not the old?"""
    witness = os.path.join(staged, operation.witness) if operation.witness else staged
    if not os.path.lexists(staged):
        return False
    if not operation.digest:
        return not os.path.lexists(witness)
    try:
        descriptor = os.open(witness, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    with open(descriptor, "rb") as file:
        return digest_of(file.read()) == operation.digest


def _places(root: str, operation: Operation, real: set[str]) -> tuple[str, str]:
    """Where the operation's unit is staged, and its place in the rendered tree, which no link on the way leads out of."""
    rendered = os.path.join(root, RENDERED)
    place = os.path.join(rendered, operation.path)
    up = os.path.dirname(place)
    while len(up) >= len(rendered) and up not in real:
        require_folder(up)
        real.add(up)
        up = os.path.dirname(up)
    return os.path.join(staging_folder(root), str(operation.number)), place


def _prune(root: str, path: str) -> None:
    """Remove the folders above `path` that are empty now, up to rendered/."""
    up = os.path.dirname(path)
    while up:
        try:
            os.rmdir(os.path.join(root, RENDERED, up))
        except OSError:
            return
        up = os.path.dirname(up)


def _read_log(staging: str) -> list[Operation]:
    """The operations of a log. It may come from a pull request, so a path in it that leaves the tree is refused."""
    log = os.path.join(staging, "log")
    damaged = WriteFailed(log, f"this log can't be read; delete {staging} and render again")
    try:
        with open(os.open(log, os.O_RDONLY | os.O_NOFOLLOW), encoding="utf-8") as file:
            operations = [Operation(*entry) for entry in json.load(file)]
    except (ValueError, TypeError):
        raise damaged from None
    if not all(_is_sound(operation) for operation in operations):
        raise damaged
    return operations


def _is_sound(operation: Operation) -> bool:
    texts = (operation.path, operation.witness, operation.digest)
    return (
        type(operation.number) is int
        and operation.action in ("exchange", "place", "remove")
        and all(isinstance(text, str) and "\0" not in text for text in texts)
        and not any(part in ("", ".", "..") for part in operation.path.split("/"))
        and not any(part in (".", "..") for part in operation.witness.split("/"))
        and not operation.witness.startswith("/")
    )
