"""A check over everything after the last one: what changed since is looked at anew, and what is told is the same."""

from __future__ import annotations

import os
import shutil

import pytest

from commits import commit
from fleets import edit, put, run
from pavior.pipeline import checking, looking
from test_unchanged import rendered, settle

ONE, TWO, THREE = (f"teams/{service}/platform.yaml" for service in ("red/one", "red/two", "blue/three"))
BASE = ("--base", "HEAD")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository that was rendered, committed and checked."""
    place = rendered(tmp_path, monkeypatch)
    commit(place, "base")
    settle()
    assert run(place, "check").status == 0
    return place


@pytest.fixture
def prepares(monkeypatch):
    """Notes each check that looks at everything."""
    prepared: list[object] = []
    original = checking.prepare

    def noted(*arguments, **named):
        prepared.append(arguments)
        return original(*arguments, **named)

    monkeypatch.setattr(checking, "prepare", noted)
    return prepared


def same_as_with_nothing_kept(root, tmp_path, monkeypatch, *arguments):
    """What a check tells, which is what it tells with an empty cache."""
    found = run(root, "check", *arguments)
    with monkeypatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path / "none"))
        wanted = run(root, "check", *arguments)
    shutil.rmtree(tmp_path / "none")
    assert (found.status, found.output, found.errors) == (wanted.status, wanted.output, wanted.errors)
    return found


@pytest.mark.parametrize("base", [(), BASE])
@pytest.mark.parametrize("committed", [False, True])
def test_only_what_changed_is_looked_at_after_an_edit_that_is_rendered(
    root, tmp_path, monkeypatch, prepares, base, committed
):
    edit(root, THREE, "three:1", "three:2")
    run(root, "render", "blue/three")
    if committed:
        commit(root, "more")
    found = run(root, "check", *base)
    assert (found.status, prepares) == (0, [])
    assert "everything is as it would be rendered" in found.output
    same_as_with_nothing_kept(root, tmp_path, monkeypatch, *base)


def test_what_is_not_rendered_is_told(root, tmp_path, monkeypatch, prepares):
    edit(root, THREE, "three:1", "three:2")
    found = run(root, "check")
    assert (found.status, prepares) == (1, [])
    assert "6 errors, all fixable with `pavior render`" in found.output
    same_as_with_nothing_kept(root, tmp_path, monkeypatch, *BASE)


def test_who_reads_what_a_service_says_of_itself_is_looked_at_too(root, tmp_path, monkeypatch, prepares):
    edit(root, ONE, "port: 80", "port: 81")
    run(root, "render", "red/one")
    found = run(root, "check")
    assert (found.status, prepares) == (1, [])
    assert "rendered/dev/red/two/process.yaml" in found.output
    same_as_with_nothing_kept(root, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("dev/blue/three/process.yaml", None),
        ("dev/blue/three/process.yaml", "edited"),
        ("dev/argocd/blue/three.yaml", "edited"),
        ("dev/blue/three/more.yaml", "a: b\n"),
        ("dev/stray.yaml", "a: b\n"),
        ("dev/blue/team/process.yaml", "edited"),
    ],
)
def test_what_somebody_did_below_rendered_is_told(root, tmp_path, monkeypatch, path, content):
    file = root / "rendered" / path
    if content is None:
        file.unlink()
    elif content == "edited":
        status = file.stat()
        file.write_bytes(file.read_bytes()[:-2] + b"X\n")
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    else:
        put(root, f"rendered/{path}", content)
    for base in ((), BASE):
        assert same_as_with_nothing_kept(root, tmp_path, monkeypatch, *base).status == 1


def test_an_edit_and_what_it_leaves_behind_elsewhere(root, tmp_path, monkeypatch):
    edit(root, THREE, "three:1", "three:2")
    run(root, "render", "blue/three")
    copied = (root / "rendered/dev/blue/three/process.yaml").read_bytes()
    (root / "rendered/dev/argocd/blue/blue-three.yaml").write_bytes(copied)
    assert same_as_with_nothing_kept(root, tmp_path, monkeypatch).status == 1


def test_a_name_that_another_service_has_is_told(root, tmp_path, monkeypatch):
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {a: b}\n"
    put(root, "teams/blue/three/manifests/more.yaml", text.replace("NAME", "more"))
    put(root, "teams/blue/four/platform.yaml", (root / ONE).read_text(encoding="utf-8"))
    put(root, "teams/blue/four/manifests/more.yaml", text.replace("NAME", "other"))
    run(root, "render")
    settle()
    assert run(root, "check").status == 0
    put(root, "teams/blue/four/manifests/more.yaml", text.replace("NAME", "more"))
    found = same_as_with_nothing_kept(root, tmp_path, monkeypatch)
    assert found.status == 1


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (TWO, "calls: [red/one]", "calls: [red/two]"),
        (TWO, "dev: {env: {A: b}}", "dev: false"),
        (TWO, "calls: [red/one]", "retries: many"),
        ("teams/red/team.yaml", "The red ones.", "Those in red."),
        ("golden-paths/organization.yaml", "name: tiny", "name: small"),
        ("golden-paths/components/process/manifests/settings.yaml", "image: ", "picture: "),
    ],
)
def test_what_concerns_others_tells_the_same(root, tmp_path, monkeypatch, path, old, new):
    edit(root, path, old, new)
    same_as_with_nothing_kept(root, tmp_path, monkeypatch)
    run(root, "render")
    for _ in range(2):
        settle()
        same_as_with_nothing_kept(root, tmp_path, monkeypatch, *BASE)


def test_data_that_a_change_loses_is_told_whether_its_files_are_there_or_not(root, tmp_path, monkeypatch, prepares):
    assert run(root, "check", *BASE).status == 0
    assert prepares == []
    edit(root, THREE, "needs: {disk: {type: store, space: 2Gi}}\n", "")
    for path in (root / "rendered").rglob("blue/three/data"):
        shutil.rmtree(path)
    found = same_as_with_nothing_kept(root, tmp_path, monkeypatch, *BASE)
    assert "holds data and would be removed" in found.output


def test_what_many_edits_came_to_is_where_the_next_check_begins(root, monkeypatch, prepares):
    for number in range(12):
        put(root, f"teams/red/more-{number}/platform.yaml", (root / ONE).read_text(encoding="utf-8"))
    run(root, "render")
    settle()
    assert run(root, "check").status == 0
    prepares.clear()
    for number in range(12):
        edit(root, f"teams/red/more-{number}/platform.yaml", "one:1", "one:2")
    run(root, "render")
    settle()
    looked: list[int] = []
    original = looking.look
    monkeypatch.setattr("pavior.pipeline.resume.look", lambda *rest: looked.append(1) or original(*rest))
    assert [run(root, "check").status for _ in range(2)] == [0, 0]
    assert (prepares, looked) == ([], [1])
