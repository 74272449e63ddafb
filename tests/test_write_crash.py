"""Kills and faults at every moment of a commit: each unit stays old or new, and the next command ends with the new tree."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crash import kill_after, read_tree, torn_units, write_tree
from pavior.phases.write import WriteFailed, journal, recover
from write_tree import bring_to, state

STEPS = ("mkdir", "open", "write", "link", "rename", "unlink", "rmdir")
OLD, NEW = state(0, services=5), state(1, services=6)


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
    write_tree(root, {path: content for path, content in OLD.items() if present.get(path) != content})


@pytest.mark.parametrize("exchanges", [True, False], ids=["exchange", "two renames"])
def test_a_kill_at_any_step_leaves_each_unit_old_or_new_and_is_completed(tmp_path: Path, exchanges: bool) -> None:
    # The two ways differ in the commit only, so the staging's steps are walked once.
    first = 1 if exchanges else step_of_commit(tmp_path, exchanges) - 5
    for number in range(first, 10_000):
        reset(tmp_path)
        killed = die_in_child(number, tmp_path, exchanges, lambda: bring_to(tmp_path, NEW))
        now = read_tree(tmp_path)
        assert torn_units(now, OLD, NEW, absent=not exchanges) == [], f"killed at step {number}"
        assert debris(tmp_path) <= {".pavior/staging"}
        completed = recover(tmp_path)
        assert read_tree(tmp_path) == (NEW if completed or not killed or now == NEW else OLD)
        assert debris(tmp_path) == set()
        assert [path for path in tmp_path.rglob("*") if path.is_dir() and not any(path.iterdir())] == []
        if not killed:
            assert now == NEW
            assert number > 80
            return
    pytest.fail("the commit never came to its end")


@pytest.mark.parametrize("exchanges", [True, False], ids=["exchange", "two renames"])
def test_a_kill_at_any_step_of_the_completion_is_completed_too(tmp_path: Path, exchanges: bool) -> None:
    committed = step_of_commit(tmp_path, exchanges)
    for number in range(1, 10_000):
        assert commits_before(committed + 7, tmp_path, exchanges)
        killed = die_in_child(number, tmp_path, exchanges, lambda: recover(tmp_path))
        assert torn_units(read_tree(tmp_path), OLD, NEW, absent=not exchanges) == [], f"killed at step {number}"
        recover(tmp_path)
        assert read_tree(tmp_path) == NEW
        if not killed:
            assert number > 10
            return
    pytest.fail("the completion never came to its end")


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
    tmp_path: Path, exchanges: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def full() -> None:
        seen.append(number)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    failed = 0
    first = 1 if exchanges else step_of_commit(tmp_path, exchanges) - 5
    for number in range(first, 10_000):
        reset(tmp_path)
        with monkeypatch.context() as patch:
            at_step(number, full, patch, exchanges)
            reason = failure_of(lambda: bring_to(tmp_path, NEW))
        assert read_tree(tmp_path) == (OLD if reason else NEW), f"failed at step {number}: {reason}"
        recover(tmp_path)
        assert debris(tmp_path) == set()
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


def test_a_kill_at_a_random_moment_leaves_each_unit_old_or_new_and_is_completed(tmp_path: Path) -> None:
    one, other = state(0, services=40), state(1, services=40)
    write_tree(tmp_path, one)
    here = Path(__file__).parent
    command = [sys.executable, str(here / "write_tree.py"), str(tmp_path)]
    moments = random.Random(time.time_ns())
    for _ in range(8):
        delay = moments.uniform(0.15, 0.4)
        seen = kill_after(command, tmp_path, delay, one, other, PYTHONPATH=str(here.parent / "compiler"))
        assert not seen.ended
        assert seen.torn == [], f"killed after {delay} s"
        recover(tmp_path)
        assert read_tree(tmp_path) in (one, other)
        assert not (tmp_path / ".pavior" / "staging").exists()
