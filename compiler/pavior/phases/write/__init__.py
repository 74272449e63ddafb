"""The only writer. What is staged replaces the present tree unit by unit; a crash leaves each wholly old or wholly new.

    with transaction(root) as t:
        for unit in plans:
            t.stage(unit)
        t.commit()

New content is staged in `.pavior/staging/`, on the same file system and outside of Git, at once: nothing piles up in
memory. The commit writes a redo log, then lets each unit trade places with its successor. Leaving without a commit, by an
exception, Ctrl-C or SIGTERM too, discards what was staged. After a kill, the next command completes or discards it.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from pavior.model import RENDERED, Action, Change, UnitPlan
from pavior.phases.write.endings import endings_as_exceptions, endings_deferred
from pavior.phases.write.journal import (
    Operation,
    carry_out,
    digest_of,
    discard,
    finish,
    is_committed,
    staging_folder,
    take_back,
    write_log,
)
from pavior.phases.write.private import Locked, WriteFailed, disk_failures, lock
from pavior.repository.states import State, state_of

__all__ = ["Locked", "Transaction", "WriteFailed", "recover", "transaction"]

_PATIENCE = 10.0
"""Seconds that a reader waits for a commit under way; one of 3,000 directories takes a fraction of one."""


@contextmanager
def transaction(root: Path | str) -> Iterator[Transaction]:
    """All writing to the rendered tree of the repository at `root`, after completing what a killed one left.

    Raises Locked where another process is writing, WriteFailed where the disk refuses; the tree is then as it was.
    """
    place = os.fspath(root)
    with lock(place), endings_as_exceptions():
        with disk_failures():
            finish(place)
        it = Transaction(place)
        try:
            yield it
        finally:
            it.close()


def recover(root: Path | str) -> bool:
    """Complete what a killed process committed, discard what it didn't: every command's first step. Was there any?

    Costs one system call where there is nothing. While another process stages, the tree is whole and stays old; while it
    commits, wait for it, and raise Locked after some seconds.
    """
    place = os.fspath(root)
    staging = staging_folder(place)
    deadline = time.monotonic() + _PATIENCE
    while os.path.lexists(staging):
        try:
            with lock(place), endings_deferred(), disk_failures():
                return finish(place)
        except Locked:
            if not is_committed(staging):
                return False
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
    return False


class Transaction:
    """What is staged so far. Made by `transaction` only."""

    def __init__(self, root: str) -> None:
        self._rendered = os.path.join(root, RENDERED)
        self._root = root
        self._staging = staging_folder(root)
        self._operations: list[Operation] = []
        self._paths: set[str] = set()
        self._process = os.getpid()

    def stage(self, unit: UnitPlan) -> Mapping[str, State]:
        """Write the unit's new content to the staging; of an unchanged unit nothing. Raises WriteFailed.

        Unchanged files are linked, so that they keep inode and time of change. What it returns are the states of the written
        files that committing doesn't touch, because it moves the folders that they are in.
        """
        changed = unit.changed
        if not changed:
            return {}
        if unit.path in self._paths:
            raise ValueError(f"{unit.path} is staged twice")
        self._paths.add(unit.path)
        with disk_failures():
            if len(self._paths) == 1:
                os.mkdir(self._staging)
            # One file changes at one instant, so its unit needn't be made anew.
            if len(changed) == 1:
                self._stage_file(changed[0])
                return {}
            return self._stage_directory(unit, changed)

    def withdraw(self, path: str) -> None:
        """Take back what was staged for the unit at `path`, if anything was: the unit stays as it is."""
        inside = f"{path}/"
        self._operations = [o for o in self._operations if o.path != path and not o.path.startswith(inside)]

    def commit(self) -> None:
        """Put everything staged in its place. Raises WriteFailed, with the tree as it was."""
        if not self._operations:
            self.close()
            return
        with endings_deferred(), disk_failures():
            write_log(self._staging, self._operations)
            done: list[Operation] = []
            real: set[str] = set()
            try:
                for operation in self._operations:
                    done.append(operation)
                    carry_out(self._root, operation, real)
            except OSError:
                for operation in reversed(done):
                    take_back(self._root, operation)
                discard(self._staging)
                raise
            self._operations.clear()
            # All is in its place: what can't be removed now is the next command's to remove.
            with suppress(OSError):
                discard(self._staging)

    def close(self) -> None:
        """Discard what was staged and not committed; a log that could be neither completed nor undone stays."""
        # A worker process that was forked inside the transaction must not discard its parent's staging.
        if self._process == os.getpid() and not is_committed(self._staging):
            with endings_deferred(), suppress(OSError):
                discard(self._staging)

    def _stage_file(self, change: Change) -> None:
        number = len(self._paths) - 1
        if change.content is None:
            self._operations.append(Operation(number, "remove", change.path))
            return
        _write(f"{self._staging}/{number}", change.content)
        if change.action is Action.CREATE:
            self._operations.append(Operation(number, "place", change.path))
        else:
            self._operations.append(Operation(number, "exchange", change.path, "", digest_of(change.content)))

    def _stage_directory(self, unit: UnitPlan, changed: tuple[Change, ...]) -> Mapping[str, State]:
        number = len(self._paths) - 1
        new = f"{self._staging}/{number}"
        cut = len(unit.path)
        written = [change for change in unit.changes if change.content is not None]
        kept = [change.path for change in unit.changes if change.action is Action.KEEP]
        kept.extend(unit.carried)
        if not written and not kept:
            self._operations.append(Operation(number, "remove", unit.path))
            return {}
        made: set[str] = set()
        states = {}
        for change in written:
            _make_folder(new, change.path[cut:], made)
            states[change.path] = _write(new + change.path[cut:], change.content or b"")
        for path in kept:
            _make_folder(new, path[cut:], made)
            _link(f"{self._rendered}/{path}", new + path[cut:])
        if not unit.present:
            self._operations.append(Operation(number, "place", unit.path))
            return states
        witness = (written or changed)[0]
        digest = "" if witness.content is None else digest_of(witness.content)
        self._operations.append(Operation(number, "exchange", unit.path, witness.path[cut + 1 :], digest))
        return states


def _make_folder(top: str, path: str, made: set[str]) -> None:
    """Make the folder of the file at `path` (`/data/postgres.yaml`) below `top`, once."""
    folder = path.rpartition("/")[0]
    if folder not in made:
        if folder:
            _make_folder(top, folder, made)
        os.mkdir(top + folder)
        made.add(folder)


def _write(path: str, content: bytes) -> State:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        written = os.write(descriptor, content)
        while written < len(content):
            written += os.write(descriptor, content[written:])
        return state_of(os.fstat(descriptor))
    finally:
        os.close(descriptor)


def _link(present: str, new: str) -> None:
    """The same file at a second place; where the file system has no hard links, a copy of the same time of change."""
    try:
        os.link(present, new, follow_symlinks=False)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copy2(present, new, follow_symlinks=False)
