"""The writer on small trees: what changes on the disk, what stays, and what is refused."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crash import read_tree, write_tree
from pavior.model import Action, Change, UnitPlan
from pavior.phases.plan import plan
from pavior.phases.write import Locked, WriteFailed, recover, transaction
from write_tree import bring_to, content, state

OURS = content("teams/a/b", "old")
NEW = content("teams/a/b", "new")


def put(root: Path, directory: str, files: dict[str, bytes]) -> None:
    write(root, *plan(root, directory, files).value or ())


def write(root: Path, *units: UnitPlan) -> None:
    with transaction(root) as writing:
        for unit in units:
            writing.stage(unit)
        writing.commit()


def staging(root: Path) -> Path:
    return root / ".pavior" / "staging"


def test_the_planned_tree_is_written_and_nothing_else_remains(tmp_path: Path) -> None:
    bring_to(tmp_path, state(0, services=20))
    assert read_tree(tmp_path) == state(0, services=20)
    bring_to(tmp_path, state(1, services=20))
    assert read_tree(tmp_path) == state(1, services=20)
    assert sorted(p.name for p in (tmp_path / ".pavior").iterdir()) == [".gitignore", "lock"]
    assert not [p for p in (tmp_path / "rendered").rglob("*") if p.is_dir() and not any(p.iterdir())]


def test_unchanged_files_of_a_changed_unit_keep_inode_and_time(tmp_path: Path) -> None:
    names = [f"prod/a/b/{name}.yaml" for name in "cdef"]
    put(tmp_path, "prod/a/b", dict.fromkeys(names, OURS))
    os.utime(tmp_path / "rendered" / names[0], (1, 1))
    before = (tmp_path / "rendered" / names[0]).stat()
    put(tmp_path, "prod/a/b", {names[0]: OURS, names[1]: NEW, names[2]: NEW})
    after = (tmp_path / "rendered" / names[0]).stat()
    assert (after.st_ino, after.st_mtime, after.st_nlink) == (before.st_ino, 1, 1)
    assert read_tree(tmp_path) == {names[0]: OURS, names[1]: NEW, names[2]: NEW}


def test_an_unchanged_unit_is_not_touched(tmp_path: Path) -> None:
    put(tmp_path, "prod/a/b", {"prod/a/b/c.yaml": OURS})
    before = (tmp_path / "rendered/prod/a/b").stat()
    put(tmp_path, "prod/a/b", {"prod/a/b/c.yaml": OURS})
    assert (tmp_path / "rendered/prod/a/b").stat() == before


def test_foreign_files_and_links_are_carried_into_the_new_directory(tmp_path: Path) -> None:
    write_tree(tmp_path, {"prod/a/b/c.yaml": OURS, "prod/a/b/d.yaml": OURS, "prod/a/b/notes/x.md": b"mine"})
    (tmp_path / "rendered/prod/a/b/link").symlink_to("nowhere")
    put(tmp_path, "prod/a/b", {"prod/a/b/c.yaml": NEW, "prod/a/b/e.yaml": NEW})
    assert (tmp_path / "rendered/prod/a/b/link").readlink() == Path("nowhere")
    (tmp_path / "rendered/prod/a/b/link").unlink()
    assert read_tree(tmp_path) == {"prod/a/b/c.yaml": NEW, "prod/a/b/e.yaml": NEW, "prod/a/b/notes/x.md": b"mine"}


def test_folders_that_become_empty_go(tmp_path: Path) -> None:
    put(tmp_path, "prod/a/b", {"prod/a/b/data/c.yaml": OURS, "prod/argocd/a/b.yaml": OURS})
    paths = ("prod/a/b/data/c.yaml", "prod/argocd/a/b.yaml")
    write(tmp_path, *(UnitPlan(path, False, True, (Change(path, Action.DELETE),)) for path in paths))
    assert list((tmp_path / "rendered").iterdir()) == []


def test_without_a_commit_nothing_happens(tmp_path: Path) -> None:
    write_tree(tmp_path, {"prod/a/b/c.yaml": OURS})
    with transaction(tmp_path) as writing:
        for unit in plan(tmp_path, "prod/a/b", {"prod/a/b/d.yaml": NEW}).value or ():
            writing.stage(unit)
        assert staging(tmp_path).exists()
    assert read_tree(tmp_path) == {"prod/a/b/c.yaml": OURS}
    assert not staging(tmp_path).exists()


def test_a_unit_staged_twice_is_a_bug(tmp_path: Path) -> None:
    unit = UnitPlan("prod/a", False, False, (Change("prod/a", Action.CREATE, NEW),))
    with transaction(tmp_path) as writing:
        writing.stage(unit)
        with pytest.raises(ValueError, match="staged twice"):
            writing.stage(unit)


@pytest.fixture
def other_process(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Runs code in another process, inside a transaction with one unit staged, and waits until it says so."""
    started = []

    def start(code: str) -> subprocess.Popen[bytes]:
        script = (
            "import os, signal, sys, time\nfrom pathlib import Path\n"
            "from pavior.model import Action, Change, UnitPlan\nfrom pavior.phases.write import transaction\n"
            "root = Path(sys.argv[1])\n"
            # A shell's background jobs ignore one of these, what `nohup` starts another.
            "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "signal.signal(signal.SIGTERM, signal.SIG_DFL)\nsignal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
            "with transaction(root) as writing:\n"
            "    writing.stage(UnitPlan('prod/x', False, False, (Change('prod/x', Action.CREATE, b'x'),)))\n"
            f"    {code}\n"
        )
        source = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "compiler")}
        process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, env=source)
        started.append(process)
        assert process.stdout
        assert process.stdout.readline() == b"staged\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_second_writer_is_told_who_is_writing(
    tmp_path: Path, other_process: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    process = other_process("print('staged', flush=True); time.sleep(60)")
    with pytest.raises(Locked, match=f"process {process.pid}") as raised, transaction(tmp_path):
        pass
    assert raised.value.pid == process.pid
    assert recover(tmp_path) is False  # a reader needn't wait: the tree is whole
    assert staging(tmp_path).exists()


def test_what_a_killed_writer_staged_is_discarded(
    tmp_path: Path, other_process: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    process = other_process("print('staged', flush=True); time.sleep(60)")
    process.kill()
    process.wait()
    assert staging(tmp_path).exists()
    assert recover(tmp_path) is False
    assert not staging(tmp_path).exists()


def test_a_forked_worker_that_outlives_its_killed_writer_holds_no_lock(
    tmp_path: Path, other_process: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    code = "os.fork() or print('staged', flush=True); os.close(1); time.sleep(2)"  # the child says so, once it runs
    process = other_process(code)
    process.kill()
    process.wait()
    with transaction(tmp_path) as writing:
        writing.commit()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_ended_writer_leaves_no_debris(
    tmp_path: Path, other_process: Callable[[str], subprocess.Popen[bytes]], ending: signal.Signals
) -> None:
    process = other_process("print('staged', flush=True); time.sleep(60)")
    process.send_signal(ending)
    assert process.wait() in (128 + ending, -ending)
    assert not staging(tmp_path).exists()
    assert not (tmp_path / "rendered").exists()


def test_an_ending_during_the_commit_waits_until_it_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = os.rename
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupted(*paths: str) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        rename(*paths)

    monkeypatch.setattr(os, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        put(tmp_path, "prod/a/b", {"prod/a/b/c.yaml": NEW, "prod/a/b/d.yaml": NEW, "prod/argocd/b.yaml": NEW})
    signal.signal(signal.SIGINT, before)
    assert len(read_tree(tmp_path)) == 3
    assert not staging(tmp_path).exists()


def test_a_link_on_the_way_is_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for link in ("repository/rendered/prod", "repository/.pavior"):
        place = tmp_path / link
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(outside)
        unit = UnitPlan("prod/a", False, False, (Change("prod/a", Action.CREATE, NEW),))
        with pytest.raises(WriteFailed, match="symbolic link"):
            write(tmp_path / "repository", unit)
        place.unlink()
        shutil.rmtree(tmp_path / "repository")
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    "log",
    [
        '[[0, "place", "../outside", "", ""]]',
        '[[0, "place", "prod//x", "", ""]]',
        '[[0, "exchange", "prod/a", "../../x", "00"]]',
        '[["0", "place", "prod/a", "", ""]]',
        '[[0, "other", "prod/a", "", ""]]',
        "[[0]]",
        "[0]",
        "",
    ],
)
def test_a_log_that_no_writer_wrote_is_refused(tmp_path: Path, log: str) -> None:
    staging(tmp_path).mkdir(parents=True)
    (staging(tmp_path) / "0").write_bytes(b"hostile")
    (staging(tmp_path) / "log").write_text(log)
    with pytest.raises(WriteFailed, match=r"delete .*staging and render again"):
        recover(tmp_path)
    assert not (tmp_path / "outside").exists()
    assert not (tmp_path / "rendered").exists()


def test_a_folder_that_may_not_be_written_fails_with_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, *_: object) -> int:
        raise PermissionError(13, "Permission denied", path)

    write_tree(tmp_path, {"prod/a/b/c.yaml": OURS})
    with transaction(tmp_path) as writing, monkeypatch.context() as patched:
        units = plan(tmp_path, "prod/a/b", {"prod/a/b/c.yaml": NEW}).value or ()
        patched.setattr(os, "open", refuse)
        with pytest.raises(WriteFailed, match="Permission denied") as raised:
            writing.stage(units[0])
    assert raised.value.path.endswith("staging/0")
    assert read_tree(tmp_path) == {"prod/a/b/c.yaml": OURS}
    assert not staging(tmp_path).exists()


def test_where_there_are_no_hard_links_unchanged_files_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    tree = {f"prod/a/b/{name}.yaml": OURS for name in "cde"}
    write_tree(tmp_path, tree)
    os.utime(tmp_path / "rendered/prod/a/b/c.yaml", (1, 1))
    monkeypatch.setattr(os, "link", refuse)
    changed = {**tree, "prod/a/b/d.yaml": NEW, "prod/a/b/e.yaml": NEW}
    put(tmp_path, "prod/a/b", changed)
    assert read_tree(tmp_path) == changed
    assert (tmp_path / "rendered/prod/a/b/c.yaml").stat().st_mtime == 1


def test_written_files_are_readable_as_the_user_wants(tmp_path: Path) -> None:
    put(tmp_path, "prod/a/b", {"prod/a/b/c.yaml": NEW})
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "rendered/prod/a/b/c.yaml").stat().st_mode) == 0o666 & ~mask
