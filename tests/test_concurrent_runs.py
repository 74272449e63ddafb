"""Several commands on one repository at once: one writes, the others are told or wait, and nobody sees half of anything.

PAVIOR_ROUNDS says how often; `make faults` does it 100 times.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from commits import commit
from crash import torn_units
from fleets import FILES, ROOT, command, put, run, tiny, tree
from pavior.phases.write import transaction

ROUNDS = int(os.environ.get("PAVIOR_ROUNDS", "2"))
LOCKED = re.compile(r"pavior: another pavior is writing here( \(process \d+\))?; wait until it ends\n")
SETTINGS = "golden-paths/components/process/manifests/settings.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tiny(tmp_path / "repository")
    for number in range(20):
        text = f"apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: a:{number}\nport: 80\n"
        put(root, f"teams/red/more{number}/platform.yaml", text)
    return root


def switch(root: Path) -> None:
    """Have every service's files be others, or what they were."""
    text = (root / SETTINGS).read_text()
    put(
        root,
        SETTINGS,
        FILES[SETTINGS] if text != FILES[SETTINGS] else text.replace("labels: {", "labels: {more: 'yes', "),
    )


def start(root: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "compiler")}
    return subprocess.Popen(
        command(*arguments), cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


CROWDS: dict[str, list[tuple[str, ...]]] = {
    "renders of everything": [("render",)] * 4,
    "renders of one service": [("render", "red/one")] * 4,
    "renders of different services": [("render", f"red/more{number}") for number in range(4)],
    "a render beside what reads": [
        ("render",),
        ("check",),
        ("diff", "--base", "HEAD"),
        ("list",),
        ("check", "--team", "red"),
    ],
}


@pytest.mark.parametrize("crowd", CROWDS)
def test_commands_at_once_do_their_work_or_say_who_does_his(root: Path, crowd: str) -> None:
    run(root, "render")
    trees = [tree(root)]
    commit(root, "rendered")
    switch(root)
    run(root, "render")
    trees.append(tree(root))
    chance, seen = random.Random(), Counter[str]()
    for number in range(ROUNDS):
        switch(root)
        old, new = (trees[1], trees[0]) if number % 2 == 0 else trees
        running = [
            (arguments, start(root, *arguments)) for arguments in chance.sample(CROWDS[crowd], len(CROWDS[crowd]))
        ]
        for arguments, process in running:
            output, errors = process.communicate(timeout=120)
            assert "Traceback" not in errors, errors
            assert process.returncode in ((0, 3) if arguments[0] in ("render", "diff", "list") else (0, 1, 3)), output
            # A command that reads may meet files that vanish under its hands, which it tells, too.
            told = LOCKED.fullmatch(errors) or (arguments[0] != "render" and "run the command again" in errors)
            assert process.returncode != 3 or told, errors
            seen[f"{arguments[0]} {'told to wait' if process.returncode == 3 else 'done'}"] += 1
        assert torn_units(tree(root), old, new) == []
        assert not (root / ".pavior/staging").exists()
        assert run(root, "render").status == 0
        assert tree(root) == new
    print(f"\n{ROUNDS} times {crowd}: {dict(sorted(seen.items()))}")
    assert seen["render done"] >= ROUNDS


@pytest.mark.parametrize("arguments", [("render",), ("render", "red/one"), ("render", "--jobs", "2")])
def test_a_render_during_another_one_says_so_and_does_nothing(root: Path, arguments: tuple[str, ...]) -> None:
    with transaction(root):
        process = start(root, *arguments)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 3
    assert output == ""
    assert errors == f"pavior: another pavior is writing here (process {os.getpid()}); wait until it ends\n"
    assert tree(root) == {}
    assert run(root, *arguments).status == 0


def test_what_only_reads_does_not_wait_for_a_render_that_prepares(root: Path) -> None:
    assert run(root, "render").status == 0
    commit(root, "rendered")
    with transaction(root):
        for arguments in (
            ("check",),
            ("diff",),
            ("list",),
            ("validate",),
            ("explain", "red/one", "image", "--env", "dev"),
        ):
            process = start(root, *arguments)
            _, errors = process.communicate(timeout=60)
            assert (process.returncode, errors) == (0, "")
