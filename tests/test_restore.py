"""Rendering one service: of a fleet that an earlier run brought in, only what changed is brought in anew."""

from __future__ import annotations

import shutil

import pytest

from commits import commit
from fleets import edit, put, run, tree
from pavior import pipeline
from pavior.git import resolve
from pavior.git.blobs import Blobs
from pavior.phases.discover import read
from pavior.pipeline.clock import Clock
from pavior.pipeline.restore import Listing
from pavior.pipeline.side import base_of, head_of
from test_unchanged import rendered, settle


@pytest.fixture
def root(tmp_path, monkeypatch):
    return rendered(tmp_path, monkeypatch)


@pytest.fixture
def restored(monkeypatch):
    """Whether each render of a service found a fleet to restore."""
    found: list[bool] = []
    original = pipeline.restored

    def noted(*arguments):
        fleet = original(*arguments)
        found.append(fleet is not None)
        return fleet

    monkeypatch.setattr(pipeline, "restored", noted)
    return found


PORT = "port: 80\n"


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("teams/red/one/platform.yaml", "one:1", "one:2"),
        ("teams/red/one/platform.yaml", PORT, "port: 81\n"),
        ("teams/blue/three/platform.yaml", "three:1", "three:2"),
        ("teams/red/two/platform.yaml", "dev: {env: {A: b}}", "dev: {env: {A: c}}"),
    ],
)
def test_a_change_of_its_own_is_brought_in_alone(root, restored, path, old, new):
    edit(root, path, old, new)
    for service in ("red/one", "red/two", "blue/three"):
        assert run(root, "render", service).status == 0
    assert restored == [True] * 3
    rendered = tree(root)
    shutil.rmtree(root / "rendered")
    run(root, "render")
    assert tree(root) == rendered


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("teams/red/two/platform.yaml", "calls: [red/one]", "calls: [blue/three]"),
        ("teams/red/two/platform.yaml", "dev: {env: {A: b}}", "dev: false"),
        ("teams/red/two/platform.yaml", "calls: [red/one]", "retries: many"),
        ("teams/red/team.yaml", "The red ones.", "Those in red."),
        ("golden-paths/organization.yaml", "name: tiny", "name: small"),
    ],
)
def test_what_concerns_others_is_looked_at_in_full(root, restored, path, old, new):
    edit(root, path, old, new)
    run(root, "render", "red/one")
    assert restored == [False]


def test_a_service_that_comes_or_goes_is_looked_at_in_full(root, restored):
    put(root, "teams/red/four/platform.yaml", "apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: t.example/four:1\n")
    assert run(root, "render", "red/four").status == 0
    shutil.rmtree(root / "teams/red/four")
    assert run(root, "render", "red/four").status == 0
    assert restored == [False, False]
    assert not any("four" in path for path in tree(root))


def test_what_one_service_says_of_itself_reaches_those_that_read_it(root, restored):
    edit(root, "teams/red/one/platform.yaml", PORT, "port: 8123\n")
    run(root, "render", "red/two")
    assert restored == [True]
    assert b'call.red.one: "8123"' in tree(root)["dev/red/two/process.yaml"]


def test_a_warning_is_told_by_each_run_about_another_service(root, restored):
    edit(root, "teams/red/two/platform.yaml", "calls: [red/one]", "calls: [red/two]")
    first = run(root, "render", "blue/three", "--format", "concise")
    again = run(root, "render", "blue/three", "--format", "concise")
    assert restored == [False, True]
    assert again.codes == first.codes != []


def test_the_next_run_starts_from_what_the_last_one_brought_in(root, restored):
    for before, port in (("80", "82"), ("82", "83"), ("83", "84")):
        edit(root, "teams/red/one/platform.yaml", f"port: {before}", f"port: {port}")
        run(root, "render", "red/two")
        settle()
        assert f'"{port}"'.encode() in tree(root)["dev/red/two/process.yaml"]
    assert restored == [True] * 3


def test_what_is_left_of_a_service_is_deleted_wherever_it_bears_its_name(root, restored):
    content = (root / "rendered/dev/red/one/process.yaml").read_bytes()
    for path in ("dev/argocd/old/one.yaml", "dev/red/one/old.yaml", "dev/argocd/red-one.yaml"):
        (root / "rendered" / path).parent.mkdir(exist_ok=True)
        (root / "rendered" / path).write_bytes(content)
    run(root, "render", "red/one")
    assert not any("old" in path or "red-one" in path for path in tree(root))


def test_a_commit_that_was_listed_before_still_has_all_of_its_files(root):
    put(root, "golden-paths/notes.yaml", "a: 1\n")
    put(root, "teams/red/one/README.md", "# One\n")
    base = resolve(root, commit(root, "base"))
    listings = []
    for _ in range(2):
        blobs = Blobs(base.root)
        head = head_of(root, Clock(), base.digest, {}).value
        assert head is not None
        side = base_of(base, blobs, head, {})
        assert side is not None
        files = side.fleet.repository
        contents = [read(files, path).value for path in ("golden-paths/notes.yaml", "teams/red/one/README.md")]
        listings.append((list(files.services), dict(side.ids), contents))
        blobs.close()
    assert isinstance(files.services, Listing)
    assert listings[0] == listings[1]
    assert None not in contents
