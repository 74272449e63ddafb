"""Kills and faults at every moment of a commit: each unit stays old or new, and the next command ends with the new tree."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crash import kill_after, read_tree, torn_units, write_tree
from pavior.phases.write import WriteFailed, journal, recover
from write_tree import bring_to, state

STEPS = ("mkdir", "open", "write", "link", "rename", "unlink", "rmdir")
OLD, NEW = state(0, services=5), state(1, services=6)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where the system has one: some hundred trees are written, and a disk would take its time."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def at_step(number: int, then: Callable[[], None], patch: pytest.MonkeyPatch, exchanges: bool) -> None:
    """From now on, before the `number`-th call that changes the disk, `then` happens."""
    left = number

    def counted(call: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object, **options: object) -> object:
            nonlocal left
            left -= 1
            if left == 0:
                then()
            return call(*arguments, **options)

        return step

    for name in STEPS:
        patch.setattr(os, name, counted(getattr(os, name)))
    # A kill loses nothing that the system has, so the test needn't wait for the disk.
    patch.setattr(os, "fsync", counted(lambda descriptor: None))
    patch.setattr(journal, "exchange", counted(journal.exchange) if exchanges else lambda one, other: False)


def die_in_child(number: int, root: Path, exchanges: bool, work: Callable[[], object]) -> bool:
    """Do `work` in a child that kills itself at a step; was it killed?"""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            at_step(number, lambda: os.kill(os.getpid(), signal.SIGKILL), pytest.MonkeyPatch(), exchanges)
            work()
            status = 0
        finally:
            os._exit(status)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ended in (0, -signal.SIGKILL)
    return ended != 0


def debris(root: Path) -> set[str]:
    """What a command left beside the rendered tree."""
    beside = {str(path.relative_to(root)) for path in root.glob("*/*") if path.parent.name != "rendered"}
    return beside - {".pavior/.gitignore", ".pavior/lock"}


def reset(root: Path) -> None:
    """The old tree and nothing staged, by other means than the writer's."""
    shutil.rmtree(root / ".pavior", ignore_errors=True)
    present = read_tree(root) if (root / "rendered").exists() else {}
    for path in present.keys() - OLD.keys():
        (root / "rendered" / path).unlink()
    for folder in sorted((root / "rendered").rglob("*"), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    write_tree(root, {path: content for path, content in OLD.items() if present.get(path) != content})


@pytest.mark.parametrize("exchanges", [True, False], ids=["exchange", "two renames"])
def test_a_kill_at_any_step_leaves_each_unit_old_or_new_and_is_completed(root: Path, exchanges: bool) -> None:
    for number in moments(root, exchanges):
        reset(root)
        killed = die_in_child(number, root, exchanges, lambda: bring_to(root, NEW))
        now = read_tree(root)
        assert torn_units(now, OLD, NEW, absent=not exchanges) == [], f"killed at step {number}"
        assert debris(root) <= {".pavior/staging"}
        completed = recover(root)
        assert read_tree(root) == (NEW if completed or not killed or now == NEW else OLD)
        assert debris(root) == set()
        assert [path for path in root.rglob("*") if path.is_dir() and not any(path.iterdir())] == []
        if not killed:
            assert now == NEW
            assert number > 80
            return
    pytest.fail("the commit never came to its end")


@pytest.mark.parametrize("exchanges", [True, False], ids=["exchange", "two renames"])
def test_a_kill_at_any_step_of_the_completion_is_completed_too(root: Path, exchanges: bool) -> None:
    committed = step_of_commit(root, exchanges)
    for number in range(1, 10_000):
        assert commits_before(committed + 7, root, exchanges)
        killed = die_in_child(number, root, exchanges, lambda: recover(root))
        assert torn_units(read_tree(root), OLD, NEW, absent=not exchanges) == [], f"killed at step {number}"
        recover(root)
        assert read_tree(root) == NEW
        if not killed:
            assert number > 10
            return
    pytest.fail("the completion never came to its end")


def moments(root: Path, exchanges: bool) -> Iterator[int]:
    """Every step from the end of the staging on. Before it, where nothing but staging is touched, every seventh."""
    commit = step_of_commit(root, exchanges)
    yield from range(1, commit - 5, 7)
    yield from range(commit - 5, 10_000)


def step_of_commit(root: Path, exchanges: bool) -> int:
    """One of the first five steps after which the commit is begun."""
    return next(number for number in range(5, 10_000, 5) if commits_before(number, root, exchanges))


def commits_before(number: int, root: Path, exchanges: bool) -> bool:
    """Start over and die at step `number`: was the commit begun?"""
    reset(root)
    die_in_child(number, root, exchanges, lambda: bring_to(root, NEW))
    return journal.is_committed(journal.staging_folder(str(root)))


@pytest.mark.parametrize("exchanges", [True, False], ids=["exchange", "two renames"])
def test_a_full_disk_at_any_step_leaves_the_tree_as_it_was(
    root: Path, exchanges: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def full() -> None:
        seen.append(number)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    failed = 0
    for number in moments(root, exchanges):
        reset(root)
        with monkeypatch.context() as patch:
            at_step(number, full, patch, exchanges)
            reason = failure_of(lambda: bring_to(root, NEW))
        assert read_tree(root) == (OLD if reason else NEW), f"failed at step {number}: {reason}"
        recover(root)
        assert debris(root) == set()
        if number not in seen:
            break
        failed += "No space left" in reason
    assert failed > 15


def failure_of(work: Callable[[], object]) -> str:
    try:
        work()
    except WriteFailed as fault:
        return fault.reason
    return ""


def test_a_kill_at_a_random_moment_leaves_each_unit_old_or_new_and_is_completed(root: Path) -> None:
    one, other = state(0, services=40), state(1, services=40)
    write_tree(root, one)
    here = Path(__file__).parent
    command = [sys.executable, str(here / "write_tree.py"), str(root)]
    chance = random.Random(time.time_ns())
    for _ in range(8):
        delay = chance.uniform(0.15, 0.4)
        seen = kill_after(command, root, delay, one, other, PYTHONPATH=str(here.parent / "compiler"))
        assert not seen.ended
        assert seen.torn == [], f"killed after {delay} s"
        recover(root)
        assert read_tree(root) in (one, other)
        assert not (root / ".pavior" / "staging").exists()
