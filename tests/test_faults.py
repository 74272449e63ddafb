"""What else goes wrong on a machine: modes and owners, full disks, a cache that isn't one, endings at any moment.

PAVIOR_ROUNDS says how often what happens at random is tried; `make faults` tries 100 times.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from disturbed import ENDINGS, heed_endings, held_to_modes, mounting, with_mounts
from fleets import FILES, ROOT, Run, command, put, run, tiny, tree
from pavior.phases.write import WriteFailed
from pavior.pipeline import Selection, render

ROUNDS = int(os.environ.get("PAVIOR_ROUNDS", "4"))
HERE = Path(__file__).parent


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def root(tmp_path: Path, home: Path) -> Iterator[Path]:
    """A tiny repository, rendered, and changed since so that each service's files will be others."""
    root = tiny(tmp_path / "repository")
    for number in range(12):
        put(
            root,
            f"teams/red/more{number}/platform.yaml",
            f"apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: a:{number}\n",
        )
    assert run(root, "render").status == 0
    switch(root)
    yield root
    for folder, _, names in os.walk(tmp_path):
        os.chmod(folder, 0o755)
        for name in names:
            if not os.path.islink(f"{folder}/{name}"):
                os.chmod(f"{folder}/{name}", 0o644)


def switch(root: Path) -> None:
    """Change the templates so that files of each service will be others, or back."""
    for template in ("process/manifests/settings.yaml", "store/manifests/claim.yaml"):
        path = f"golden-paths/components/{template}"
        text = (root / path).read_text()
        put(root, path, FILES[path] if text != FILES[path] else text.replace("labels: {", "labels: {more: 'yes', "))


@pytest.fixture
def new(root: Path, tmp_path: Path) -> dict[str, bytes]:
    """What a render of the repository as it is now makes."""
    twin = tmp_path / "twin"
    shutil.copytree(root, twin)
    assert run(twin, "render").status == 0
    return tree(twin)


def plainly(root: Path, *arguments: str) -> Run:
    """Run a command as somebody for whom modes hold."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "compiler"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        held_to_modes(command(*arguments)), cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Run(done.returncode, done.stdout, done.stderr)


def modes(place: Path, folders: int, files: int) -> None:
    """Give everything at and below a place these modes."""
    for folder, _, names in os.walk(place, topdown=False):
        for name in names:
            os.chmod(f"{folder}/{name}", files)
        os.chmod(folder, folders)


REFUSED: dict[str, Callable[[Path], None]] = {
    "rendered/ is read-only": lambda root: modes(root / "rendered", 0o555, 0o444),
    "one service's folder is read-only": lambda root: modes(root / "rendered/prod@eu-1/red/one", 0o555, 0o444),
    "the folder above a service's is read-only": lambda root: os.chmod(root / "rendered/dev/blue", 0o555),
    ".pavior is read-only": lambda root: modes(root / ".pavior", 0o555, 0o444),
    "the repository is read-only": lambda root: (shutil.rmtree(root / ".pavior"), os.chmod(root, 0o555)),
    ".pavior is a file": lambda root: (shutil.rmtree(root / ".pavior"), put(root, ".pavior", "")),
    "the lock is a folder": lambda root: ((root / ".pavior/lock").unlink(), (root / ".pavior/lock").mkdir()),
    "the staging is a file": lambda root: put(root, ".pavior/staging", ""),
    "a rendered file may not be read": lambda root: os.chmod(root / "rendered/dev/red/one/process.yaml", 0o000),
    "a rendered folder may not be read": lambda root: os.chmod(root / "rendered/dev/red/one", 0o000),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_disk_that_refuses_is_told_with_the_place_and_nothing_is_written(
    root: Path, new: dict[str, bytes], what: str
) -> None:
    old = tree(root)
    REFUSED[what](root)
    found = plainly(root, "render")
    assert found.status == 3
    assert found.errors.startswith("pavior: ")
    assert str(root) in found.errors
    assert found.errors.count("\n") <= 2
    for folder in (root, root / "rendered", root / ".pavior"):
        if folder.is_dir():
            os.chmod(folder, 0o755)
    modes(root / "rendered", 0o755, 0o644)
    assert tree(root) == old
    assert not (root / ".pavior/staging/log").exists()
    for path in (".pavior", ".pavior/lock", ".pavior/staging"):
        place = root / path
        shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
    assert run(root, "render").status == 0
    assert tree(root) == new


@pytest.mark.parametrize(
    "arguments", [("check",), ("validate",), ("list",), ("explain", "red/one", "image", "--env", "dev")]
)
def test_what_only_reads_works_where_nothing_can_be_written(root: Path, home: Path, arguments: tuple[str, ...]) -> None:
    wanted = run(root, *arguments)
    shutil.rmtree(root / ".pavior")
    shutil.rmtree(home)
    modes(root.parent, 0o555, 0o444)
    found = plainly(root, *arguments)
    assert (found.status, found.output) == (wanted.status, wanted.output)
    assert found.errors == ""


def foreign(home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only a superuser can give a folder to somebody else")
    for folder, _, names in os.walk(home):
        for path in (folder, *(f"{folder}/{name}" for name in names)):
            os.chown(path, 12345, 12345)


CACHES: dict[str, Callable[[Path], None]] = {
    "is gone": shutil.rmtree,
    "is a file": lambda home: (shutil.rmtree(home), home.write_text("mine")),
    "is a link to nowhere": lambda home: (shutil.rmtree(home), home.symlink_to("nowhere/at/all")),
    "may not be written": lambda home: modes(home, 0o555, 0o444),
    "may not be read": lambda home: modes(home, 0o000, 0o000),
    "may be written by anybody": lambda home: modes(home, 0o777, 0o666),
    "belongs to somebody else": foreign,
    "holds rubbish under every name": lambda home: [
        p.write_bytes(os.urandom(99)) for p in home.rglob("*") if p.is_file()
    ],
    "holds folders under every name": lambda home: [
        (p.unlink(), p.mkdir()) for p in list(home.rglob("*")) if p.is_file()
    ],
    "holds old content, newly dated": lambda home: [os.utime(p, (2e9, 2e9)) for p in home.rglob("*")],
}


@pytest.mark.parametrize("what", CACHES)
def test_whatever_the_cache_folder_is_the_bytes_are_the_same(
    root: Path, home: Path, new: dict[str, bytes], what: str
) -> None:
    assert list(home.rglob("*"))
    CACHES[what](home)
    for _ in range(2):
        found = plainly(root, "render")
        assert (found.status, found.errors) == (0, "")
        assert tree(root) == new
        assert plainly(root, "check").status == 0


@pytest.mark.parametrize("gone", [".pavior", ".pavior/staging", "home"])
def test_folders_that_vanish_during_a_render_end_it_or_are_not_missed(
    root: Path, home: Path, new: dict[str, bytes], gone: str
) -> None:
    old = tree(root)
    place = home if gone == "home" else root / gone
    for at in (1, 8, 14):
        shutil.rmtree(root / "rendered")
        for path, content in old.items():
            (root / "rendered" / path).parent.mkdir(parents=True, exist_ok=True)
            (root / "rendered" / path).write_bytes(content)

        def vanish(done: int, _: int, at: int = at) -> None:
            if done == at:
                shutil.rmtree(place, ignore_errors=True)

        try:
            render(root, Selection(), progress=vanish)
        except WriteFailed:
            assert tree(root) == old
        else:
            assert tree(root) == new
        assert not (root / ".pavior/staging").exists()
    assert run(root, "render").status == 0
    assert tree(root) == new


def test_files_that_vanish_while_they_are_compared_end_a_check_with_a_message(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def scan_and_lose(path: str) -> object:
        with scandir(path) as entries:
            found = list(entries)
        if "/rendered/dev/red/two" in str(path):
            shutil.rmtree(path)
        return Entries(found)

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", scan_and_lose)
        found = run(root, "check")
    assert found.status == 3
    assert "rendered/dev/red/two/process.yaml" in found.errors
    assert "run the command again" in found.errors


def test_a_disk_that_breaks_is_told_and_is_no_bug(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def broken(path: str) -> object:
        if "/teams/red" in str(path):
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)
        return scandir(path)

    for name in ("render", "check", "validate", "list"):
        with monkeypatch.context() as patched:
            patched.setattr(os, "scandir", broken)
            found = run(root, name)
        assert (found.status, found.errors) == (3, f"pavior: {root}/teams/red: Input/output error\n")


class Entries(list[os.DirEntry[str]]):
    """What `os.scandir` gave, to be looked at later."""

    def __enter__(self) -> Entries:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_a_disk_that_writes_a_few_bytes_at_a_time_and_is_interrupted_holds_the_same(
    root: Path, new: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    write, chance = os.write, random.Random(1)
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, bytes(data)[: chance.randint(1, 300)]))
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _: rung.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        assert run(root, "render").status == 0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert tree(root) == new
    assert len(rung) > 10


def test_an_ending_while_a_file_of_a_person_is_replaced_waits_until_it_is(root: Path) -> None:
    program = """\
import os, signal, sys
from pathlib import Path
from pavior.phases.write.replace import replace
fsync = os.fsync
os.fsync = lambda descriptor: (os.kill(os.getpid(), int(sys.argv[2])), fsync(descriptor))
replace(Path(sys.argv[1]), "teams/red/team.yaml", Path(sys.argv[1], "teams/red/team.yaml").read_bytes(), b"new\\n")
os._exit(0)
"""
    before = (root / "teams/red/team.yaml").read_text()
    for ending in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        put(root, "teams/red/team.yaml", before)
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "compiler")}
        arguments = [sys.executable, "-c", program, str(root), str(int(ending))]
        done = subprocess.run(
            arguments,
            env=environment,
            capture_output=True,
            check=False,
            preexec_fn=heed_endings,
        )
        assert done.returncode in (-ending, 128 + ending)
        assert (root / "teams/red/team.yaml").read_text() == "new\n"
        assert [path.name for path in (root / "teams/red").iterdir() if path.is_file()] == ["team.yaml"]


def test_a_limit_on_the_size_of_files_leaves_the_tree_as_it_was(root: Path, new: dict[str, bytes]) -> None:
    old, seen = tree(root), Counter[str]()
    for limit in (16, 64, 200, 500, 1_000, 2_000, 5_000, 10_000_000):
        limiting = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit},) * 2)"
        limited = f"import os, resource, sys; {limiting}; os.execv(sys.argv[1], sys.argv[1:])"
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "compiler"), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", limited, *command("render")],
            cwd=root,
            env=environment,
            capture_output=True,
            check=False,
        )
        assert b"Traceback" not in done.stderr
        assert done.returncode == 0 or b"File too large" in done.stderr
        assert tree(root) == (new if done.returncode == 0 else old)
        assert not (root / ".pavior/staging").exists()
        seen["written" if done.returncode == 0 else "refused"] += 1
        if done.returncode == 0:
            break
    assert seen["refused"] > 3
    assert seen["written"] == 1
    print(f"\nfiles of limited size: {dict(seen)}")


def test_a_full_disk_leaves_the_tree_as_it_was_and_no_debris(root: Path, new: dict[str, bytes], tmp_path: Path) -> None:
    if not mounting():
        pytest.skip("this machine lets nobody mount a small file system (the limit on files is tried all the same)")
    put(tmp_path, "new.txt", "")
    shutil.copytree(tmp_path / "twin/rendered", tmp_path / "wanted")
    script = with_mounts([sys.executable, str(HERE / "full_disk.py"), str(root), str(tmp_path / "wanted"), str(ROUNDS)])
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "compiler"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    print(f"\n{done.stdout.strip()}")


@pytest.mark.parametrize("told", ["KeyboardInterrupt()", "RuntimeError('__set_name__')"])
def test_an_ending_while_modules_are_loaded_is_no_traceback(root: Path, told: str) -> None:
    """Python 3.11 wraps what comes while a class is made."""
    program = f"""
import sys
class Interrupting:
    def find_spec(self, name, *_):
        if name == "pavior.pipeline.fleet":
            raise {told} from KeyboardInterrupt()
sys.meta_path.insert(0, Interrupting())
from pavior.cli import main
sys.argv[1:] = ["render"]
main()
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "compiler")}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (1, "Aborted!")


def test_an_ending_at_a_random_moment_leaves_no_debris(root: Path, home: Path, new: dict[str, bytes]) -> None:
    old, chance, seen = tree(root), random.Random(time.time_ns()), Counter[str]()
    sources = {p: p.read_bytes() for p in root.rglob("*") if p.is_file() and "rendered" not in p.parts}
    began = time.perf_counter()
    assert plainly(root, "list").status == 0
    longest = 3 * (time.perf_counter() - began)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "compiler"), "PYTHONDONTWRITEBYTECODE": "1"}
    for number in range(3 * ROUNDS):
        ending, jobs = ENDINGS[number % 3], chance.choice("12")
        process = subprocess.Popen(
            command("render", "--jobs", jobs), cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, start_new_session=True, preexec_fn=heed_endings,  # noqa: PLW1509  (no threads here)
        )  # fmt: skip
        time.sleep(chance.uniform(0.05, longest))
        (os.killpg if chance.random() < 0.5 else os.kill)(process.pid, ending)
        _, errors = process.communicate(timeout=60)
        assert "in main" not in errors, errors  # before that, it is the interpreter's start that ends
        assert not (root / ".pavior/staging").exists()
        assert tree(root) in (old, new)
        beside = {p: p.read_bytes() for p in root.rglob("*") if p.is_file() and "rendered" not in p.parts}
        assert {**beside, root / ".pavior/lock": b""} == {**sources, root / ".pavior/lock": b""}
        state = "new" if tree(root) == new else "old"
        assert process.returncode != 0 or state == "new"
        seen[f"{ending.name} {state}"] += 1
        if state == "new":
            old, new = new, old
            switch(root)
            sources.update({p: p.read_bytes() for p in root.glob("golden-paths/components/*/manifests/*")})
    print(f"\n{3 * ROUNDS} endings: {dict(sorted(seen.items()))}")
