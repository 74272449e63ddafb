"""kill -9 at random moments of a real `pavior render`: each service's directory is wholly old or wholly new, always.

PAVIOR_KILLS says how often, one time in three on a copy of this repository; `make faults` kills 500 times.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crash import Kill, Tree, kill_after
from disturbed import ENDINGS, heed_endings
from fleets import ROOT, command, put, reference, run, tiny, tree

KILLS = int(os.environ.get("PAVIOR_KILLS", "9"))
STAGING = ".pavior/staging"


@dataclass(slots=True)
class Repository:
    """A platform repository whose golden paths are now those of one version, now those of the other."""

    root: Path
    aside: Path
    """Where the version that is not in use lies."""
    trees: list[Tree] = field(default_factory=list)
    seconds: float = 0.0
    """How long it takes to render."""
    version: int = 0

    def switch(self) -> None:
        self.version = 1 - self.version
        between = self.aside.with_name("between")
        (self.root / "golden-paths").rename(between)
        self.aside.rename(self.root / "golden-paths")
        between.rename(self.aside)

    def beside(self) -> dict[str, bytes]:
        """All files but the rendered ones and what Git ignores."""
        apart = ("rendered", ".pavior")
        files = (path for path in self.root.rglob("*") if path.is_file())
        named = ((path.relative_to(self.root), path) for path in files)
        return {str(name): path.read_bytes() for name, path in named if name.parts[0] not in apart}


def made(root: Path, place: Path, replaced: dict[str, str]) -> Repository:
    """Render both versions, the second of which has other text in the templates, by patterns: it shows in every file."""
    it = Repository(root, place / "golden-paths")
    shutil.copytree(root / "golden-paths", it.aside)
    for file in it.aside.glob("components/*/*/*.yaml"):
        text = file.read_text(encoding="utf-8")
        for old, new in replaced.items():
            text = re.sub(old, new, text) if "cases" not in file.parts else text
        file.write_text(text, encoding="utf-8")
    for _ in range(2):
        began = time.perf_counter()
        assert run(root, "render").status == 0
        it.seconds = time.perf_counter() - began
        it.trees.append(tree(root))
        it.switch()
    one, two = it.trees
    assert one.keys() == two.keys()
    assert [path for path in one if one[path] == two[path]] == []
    return it


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("aside")


def twenty(place: Path) -> Path:
    """A tiny repository with enough services for several workers."""
    root = tiny(place)
    for number in range(17):
        text = f"apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: a/b:{number}\nneeds: {{disk: {{type: store}}}}\n"
        put(root, f"teams/blue/more{number}/platform.yaml", text)
    return root


def test_kills_of_a_small_render_leave_each_unit_old_or_new(tmp_path: Path, place: Path) -> None:
    root = twenty(tmp_path)
    changes = {
        r"metadata: \{": "metadata: {annotations: {a: two}, ",
        "metadata:\n": "metadata:\n  annotations: {a: two}\n",
    }
    kill_and_complete(made(root, place, changes), KILLS - KILLS // 3)


def test_kills_of_a_render_of_this_repository_leave_each_unit_old_or_new(tmp_path: Path, place: Path) -> None:
    root = reference(tmp_path)
    changes = {
        r"(app\.kubernetes\.io/managed-by: pavior)": r"\1-two",
        # The portal's entries have no such label, and runbooks are text.
        r"(apiVersion: backstage\.io/\w+\nkind: \w+\nmetadata:\n)": r"\1  title: Two\n",
        r"(?m)^(lines:\n)": r"\1  - Two.\n",
    }
    kill_and_complete(made(root, place, changes), KILLS // 3)


def kill_and_complete(repository: Repository, times: int) -> None:
    """Kill renders from one version to the other; after each, see what is there and let the next command complete it."""
    root, chance = repository.root, random.Random(time.time_ns())
    kills: list[Kill] = []
    for number in range(times):
        old = tree(root)
        if old == repository.trees[repository.version]:
            repository.switch()
        new, mine = repository.trees[repository.version], repository.beside()
        # A third of the kills each: at any moment, while files are staged, and while the commit goes on.
        since, longest = (
            (None, 2 * repository.seconds),
            (root / STAGING, repository.seconds / 2),
            (root / STAGING / "log", 0.04),
        )[number % 3]
        delay = chance.uniform(0.0, longest)
        killed = command("render", "--jobs", chance.choice("12"))
        seen = kill_after(killed, root, delay, old, new, since, PYTHONPATH=str(ROOT / "compiler"))
        kills.append(seen)
        assert seen.torn == [], f"killed {delay} s after {since or 'the start'}"
        assert only_staging(root)
        assert repository.beside() == mine
        next_command = ("check", "render", "list")[number // 3 % 3]
        found = run(root, next_command)
        after = tree(root)
        assert after in ((new,) if next_command == "render" else (old, new))
        assert found.status == (1 if next_command == "check" and after == old else 0), found.output
        assert not (root / STAGING).exists()
        assert repository.beside() == mine
    print(f"\n{times} kills of a render of {len(new)} files: {sum(k.ended for k in kills)} after the end,", end=" ")
    print(
        f"{sum(k.is_old for k in kills)} with the old tree, {sum(k.is_new for k in kills)} with the new one,", end=" "
    )
    print(f"{sum(not k.is_old and not k.is_new for k in kills)} between")
    assert sum(not kill.ended for kill in kills) >= times / 3


def only_staging(root: Path) -> bool:
    """Is what Pavior keeps beside the rendered tree out of Git's sight, and nothing but its lock and its staging?"""
    private = root / ".pavior"
    if not private.exists():
        return True
    names = {path.name for path in private.iterdir()}
    ignored = not (names - {".gitignore"}) or (private / ".gitignore").read_text() == "*\n"
    return ignored and names <= {".gitignore", "lock", "staging"}


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("ending", ENDINGS, ids=["Ctrl-C", "SIGTERM", "SIGHUP"])
def test_a_render_that_is_told_to_end_does_so_at_once_and_leaves_nothing_behind(
    tmp_path: Path, ending: signal.Signals, jobs: str
) -> None:
    root = twenty(tmp_path)
    process = subprocess.Popen(
        command("render", "--jobs", jobs),
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(ROOT / "compiler")},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_endings,  # noqa: PLW1509  (no threads here)
    )
    while not (root / STAGING).exists() and process.poll() is None:
        time.sleep(0.0005)
    os.killpg(process.pid, ending)  # as terminals and runners of jobs do it: the workers get it too
    _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors
    assert not (root / STAGING).exists()
    left = tree(root)
    assert run(root, "render").status == 0
    assert left in ({}, tree(root))
    assert left or process.returncode != 0


def start_of(root: Path, program: str) -> subprocess.Popen[str]:
    """`pavior render --jobs 2` in a session of its own, after a program that disturbs it."""
    rest = "from pavior.cli import main; import sys; sys.argv[1:] = ['render', '--jobs', '2']; main()"
    program = f"import os, signal; {program}\n{rest}"
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(ROOT / "compiler")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_endings,  # noqa: PLW1509  (no threads here)
    )


def members(session: int) -> list[str]:
    """The processes of a session that still run."""
    listed = subprocess.run(["ps", "-o", "pid=,stat=", "-s", str(session)], capture_output=True, text=True, check=False)
    return [line for line in listed.stdout.splitlines() if line.split()[1][0] != "Z"]


@pytest.mark.parametrize("ending", ENDINGS, ids=["Ctrl-C", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("worker", [1, 2])
def test_an_ending_while_workers_are_started_ends_them_too(tmp_path: Path, ending: signal.Signals, worker: int) -> None:
    root = twenty(tmp_path)
    disturbed = f"""
fork, left = os.fork, [{worker}]
def disturbed():
    child = fork()
    left[0] -= 1
    if child and left[0] == 0:
        os.kill(os.getpid(), {int(ending)})
    return child
os.fork = disturbed
"""
    process = start_of(root, disturbed)
    try:
        _, errors = process.communicate(timeout=30)
        assert process.returncode != 0
        assert "Traceback" not in errors
        assert tree(root) == {}
        assert not (root / STAGING).exists()
        assert members(process.pid) == []
    finally:
        if members(process.pid):
            os.killpg(process.pid, signal.SIGKILL)


def test_workers_do_not_outlive_a_killed_render(tmp_path: Path) -> None:
    root = twenty(tmp_path)
    stuck = (
        "import pavior.pipeline.work as it, time; it.work = lambda *_: (os.write(1, b'at work\\n'), time.sleep(600))"
    )
    process = start_of(root, stuck)
    assert process.stdout
    assert process.stdout.readline() == "at work\n"
    assert len(members(process.pid)) > 1
    process.kill()
    process.wait()
    deadline = time.monotonic() + 10
    while members(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = members(process.pid)
    if left:
        os.killpg(process.pid, signal.SIGKILL)
    assert left == []


def test_a_worker_that_is_killed_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    root = twenty(tmp_path)
    killed = "import os, pavior.pipeline.work as it; it.work = lambda *_: os.kill(os.getpid(), 9)"
    program = f"{killed}; from pavior.cli.app import pavior; pavior(['render', '--jobs', '2'])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "compiler")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr == "pavior: a worker process was killed; with `--jobs 1` less memory is needed\n"
    assert tree(root) == {}
    assert not (root / STAGING).exists()
