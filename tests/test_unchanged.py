"""A run over everything after which nothing changed: the next one looks at all files, reads none, and tells the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from fleets import ROOT, command, edit, put, run, states, tiny, tree
from pavior import cache, pipeline
from pavior.pipeline import checking
from pavior.repository import WorkingTree
from pavior.repository import states as kept_states
from pavior.repository.states import UNKNOWN, NotingTree, changes

TICK = 20 * 10**6


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(kept_states, "_TICK", TICK)
    return tmp_path / "cache" / "pavior"


@pytest.fixture
def root(tmp_path, home):
    return tiny(tmp_path / "repository")


def rendered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A rendered repository in a folder, with a cache of its own and a clock of short ticks."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setattr(kept_states, "_TICK", TICK)
    place = tiny(folder / "repository")
    run(place, "render")
    return place


def settle() -> None:
    """Let all files grow older than the clock's tick."""
    time.sleep(2 * TICK / 1e9)


def prepares(monkeypatch) -> list[Path]:
    """Notes each time that a run prepares, which one that is over at once doesn't."""
    prepared: list[Path] = []
    original = pipeline.prepare

    def noted(root, *rest, **named):
        prepared.append(root)
        return original(root, *rest, **named)

    monkeypatch.setattr(pipeline, "prepare", noted)
    monkeypatch.setattr(checking, "prepare", noted)
    return prepared


@pytest.mark.parametrize("command", ["render", "check"])
def test_the_second_run_prepares_nothing_and_tells_the_same_warnings(root, monkeypatch, command):
    edit(root, "teams/red/two/platform.yaml", "calls: [red/one]", "calls: [red/two]")
    run(root, "render")
    first = run(root, command, "--format", "concise")
    assert first.codes
    rendered, prepared = states(root), prepares(monkeypatch)
    settle()
    for _ in range(2):
        again = run(root, command, "--format", "concise")
        assert (again.status, again.output.splitlines()[:-1]) == (first.status, first.output.splitlines()[:-1])
    assert not prepared
    assert states(root) == rendered


def test_files_are_read_once_more_after_the_run_that_wrote_them_and_then_no_more(root, monkeypatch):
    run(root, "render")
    settle()
    read: list[str] = []
    original = pipeline.outputs.bytes_of
    monkeypatch.setattr(pipeline.outputs, "bytes_of", lambda path, *most: read.append(path) or original(path, *most))
    run(root, "render")
    assert read
    read.clear()
    run(root, "render")
    assert not read


@pytest.mark.parametrize(
    ("path", "added"),
    [
        ("rendered/dev/red/one/process.yaml", None),
        ("rendered/dev/red/one/process.yaml", "# edited\n"),
        ("rendered/dev/red/one/left.yaml", ""),
        ("rendered/dev/gone/left.yaml", ""),
    ],
)
def test_what_changed_below_rendered_is_mended(root, path, added):
    run(root, "render")
    first = tree(root)
    settle()
    file = root / path
    if added is None:
        file.unlink()
    else:
        same = (root / "rendered/dev/red/one/process.yaml").read_text(encoding="utf-8")
        put(root, path, same + added)
    run(root, "render")
    assert tree(root) == first


def test_an_edit_that_keeps_size_and_times_is_seen(root, monkeypatch):
    run(root, "render")
    settle()
    run(root, "render")
    file = root / "teams/red/one/platform.yaml"
    before = file.stat()
    edit(root, "teams/red/one/platform.yaml", "one:1", "one:2")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    run(root, "render")
    assert b"one:2" in tree(root)["dev/red/one/process.yaml"]


def test_a_file_that_changed_shortly_before_it_was_read_is_read_again(root):
    settle()
    put(root, "teams/red/one/platform.yaml", "a: 1\n")
    tree_ = WorkingTree(str(root))
    noting = NotingTree(tree_)
    for path in ("teams/red/one/platform.yaml", "teams/red/two/platform.yaml"):
        noting.content(path, 1000)
    assert noting.files["teams/red/one/platform.yaml"][0] == UNKNOWN
    assert noting.files["teams/red/two/platform.yaml"][0] != UNKNOWN
    settle()
    found = changes(tree_, noting.inputs())
    assert found is not None
    assert (found.files, found.fresh) == (frozenset(), True)
    assert UNKNOWN not in {state for state, _ in found.inputs.files.values()}


def test_what_changes_while_a_run_reads_it_is_never_recognised(root):
    noting = NotingTree(WorkingTree(str(root)))
    path = "teams/red/one/platform.yaml"
    first = noting.content(path, 1000)
    edit(root, path, "one:1", "one:2")
    assert noting.content(path, 1000) != first
    found = changes(noting.tree, noting.inputs())
    assert found is not None
    assert found.files == {path}


def test_schemas_that_the_repository_adds_are_looked_at(root, monkeypatch):
    run(root, "render")
    settle()
    prepared = prepares(monkeypatch)
    put(root, "schemas/kubernetes/definitions.json", '{"definitions": [], "embeds": []}')
    for runs in (1, 1):
        run(root, "render")
        settle()
        assert len(prepared) == runs
    put(root, "schemas/kubernetes/v1/thing_v1.json", "{}")
    run(root, "render")
    assert len(prepared) == 2
    (root / "schemas/kubernetes/link.json").symlink_to("definitions.json")
    for runs in (3, 4):
        run(root, "render")
        settle()
        assert len(prepared) == runs


def test_another_compiler_trusts_nothing(root, monkeypatch):
    run(root, "render")
    settle()
    monkeypatch.setattr(cache, "compiler", lambda *folders: b"another")
    prepared = prepares(monkeypatch)
    run(root, "render")
    assert prepared


def test_the_compiler_is_known_by_its_code(tmp_path, home, monkeypatch):
    package = tmp_path / "package"
    put(package, "a.py", "A = 1\n")
    monkeypatch.setattr(cache, "__file__", str(package / "cache.py"))
    known = [cache.compiler.__wrapped__() for _ in range(2)]
    assert known[0] == known[1]
    put(package, "a.py", "A = 2\n")
    assert cache.compiler.__wrapped__() != known[0]


def test_runs_at_once_and_killed_ones_leave_a_cache_that_tells_the_truth(root, home, tmp_path):
    run(root, "render")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "compiler")}
    for seconds in (0.2, 0.5, 0.8):
        edit(root, "teams/red/one/platform.yaml", "image: ", "image: a.")
        running = [
            subprocess.Popen(
                command(*arguments), cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            for arguments in (("render",), ("check",), ("render", "red/one"))
        ]
        time.sleep(seconds)
        running[0].kill()
        for process in running:
            process.wait()
        found = run(root, "render")
        assert found.status == 0
        rendered = tree(root)
        aside = home.rename(tmp_path / f"kept-{seconds}")
        run(root, "render")
        assert tree(root) == rendered
        shutil.rmtree(home)
        aside.rename(home)


def test_a_cache_that_cannot_be_written_is_none(root, home, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert run(root, "render").status == 0
    assert run(root, "check").status == 0


def test_a_folder_that_became_a_link_is_looked_at(root, monkeypatch):
    run(root, "render")
    settle()
    (root / "teams").rename(root / "elsewhere")
    (root / "teams").symlink_to("elsewhere")
    prepared = prepares(monkeypatch)
    assert run(root, "render").status == 1
    assert prepared


def test_a_check_reads_code_owners_too(root):
    edit(root, "golden-paths/organization.yaml", "name: tiny", 'reviewers: ["@tiny/platform"]\nname: tiny')
    put(root, "CODEOWNERS", "")
    run(root, "codeowners", "CODEOWNERS")
    run(root, "render")
    assert run(root, "check").codes == []
    settle()
    text = (root / "CODEOWNERS").read_text(encoding="utf-8")
    put(root, "CODEOWNERS", text.replace("@tiny/platform", "@tiny/nobody"))
    assert "CODEOWNERS" in run(root, "check").output
