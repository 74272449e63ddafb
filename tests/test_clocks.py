"""Clocks that jump, stand still or lie: what is rendered follows from what files hold, not from when they were written."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from fleets import ROOT, command, edit, put, run, tiny, tree

YEARS = {"in 1970": 1, "in 2100": 4_102_444_800, "at the end of time": 2**33}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return tiny(tmp_path / "repository")


def fresh(root: Path) -> dict[str, bytes]:
    """What is rendered of the same files elsewhere, where nothing was rendered before and no cache is."""
    twin = root.with_name("twin")
    subprocess.run(["cp", "-r", str(root), str(twin)], check=True)
    subprocess.run(["rm", "-rf", str(twin / "rendered"), str(twin / ".pavior")], check=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "compiler"), "XDG_CACHE_HOME": str(root.with_name("nowhere"))}
    subprocess.run(command("render"), cwd=twin, env=environment, check=True, capture_output=True)
    found = tree(twin)
    subprocess.run(["rm", "-rf", str(twin), str(root.with_name("nowhere"))], check=True)
    return found


def date_all(place: Path, seconds: float) -> None:
    for path in [place, *place.rglob("*")]:
        os.utime(path, (seconds, seconds), follow_symlinks=False)


@pytest.mark.parametrize("when", YEARS)
def test_edits_are_rendered_whatever_the_files_are_dated(root: Path, when: str) -> None:
    run(root, "render")
    date_all(root.parent, YEARS[when])
    edit(root, "teams/red/one/platform.yaml", "one:1", "one:2")
    edit(root, "golden-paths/components/process/defaults.yaml", "loud", "weak")
    date_all(root.parent, YEARS[when])
    assert run(root, "check").status == 1
    assert run(root, "render").status == 0
    assert tree(root) == fresh(root)
    assert run(root, "check").status == 0


def test_edits_that_keep_size_and_date_are_rendered(root: Path) -> None:
    """As a checkout of another branch, or `cp -p`, may leave them."""
    files = [*root.glob("teams/*/*/platform.yaml"), *root.glob("golden-paths/**/*.yaml")]
    dates = {file: file.stat() for file in files}
    for letter in "xyz":
        run(root, "render")
        put(root, "golden-paths/components/process/defaults.yaml", f"retries: 3\nenv: {{LEVEL: lou{letter}}}\n")
        put(root, "teams/blue/team.yaml", f"apiVersion: pavior.dev/v1\ndescription: The blue on{letter}s.\n")
        text = f"apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: tiny.example/on{letter}:1\nport: 80\n"
        put(root, "teams/red/one/platform.yaml", text)
        for file, status in dates.items():
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert run(root, "check").status == 1
        assert run(root, "render").status == 0
        assert tree(root) == fresh(root)


def test_edits_of_rendered_files_that_keep_size_and_date_are_found_and_mended(root: Path) -> None:
    run(root, "render")
    wanted = tree(root)
    for path in sorted(wanted)[::5]:
        place = root / "rendered" / path
        status, content = place.stat(), wanted[path]
        place.write_bytes(content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
        os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert run(root, "check", "--format", "concise").codes == ["PV701"]
        assert run(root, "render").status == 0
        assert tree(root) == wanted


def test_a_clock_that_jumps_between_and_within_runs_shows_nowhere(root: Path) -> None:
    """The clock of the process leaps at every look, back too; what the system dates files with goes its own way."""
    program = """\
import random, sys, time
chance = random.Random(int(sys.argv[1]))
for name, most in (("time", 2**33), ("time_ns", 2**63 - 1), ("monotonic_ns", 2**63 - 1)):
    setattr(time, name, lambda most=most: chance.randrange(most) if most > 2**40 else chance.random() * most)
from pavior.cli.app import pavior
pavior(["render"])
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "compiler")}
    chance = random.Random(7)
    for seed in range(4):
        put(root, "teams/red/one/platform.yaml", f"apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: a:{seed}\n")
        date_all(root.parent, chance.choice(list(YEARS.values())))
        done = subprocess.run(
            [sys.executable, "-c", program, str(seed)],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert tree(root) == fresh(root)
        assert run(root, "check").status == 0
