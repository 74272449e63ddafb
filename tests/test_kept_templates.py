"""Templates that an earlier run compiled: used where nothing changed, never where anything did or the cache isn't trusted."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from fleets import ROOT, edit, run, tiny, tree


@pytest.fixture
def home(tmp_path, monkeypatch):
    place = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    return place / "pavior"


@pytest.fixture
def root(tmp_path):
    return tiny(tmp_path / "repository")


def forget_runs(home):
    """Let the next run look at everything."""
    for kept in home.glob("run-*"):
        kept.unlink()


def test_a_second_run_compiles_nothing_and_renders_the_same(root, home):
    run(root, "render")
    first = tree(root)
    (kept,) = home.glob("platform-*")
    written = kept.stat().st_mtime_ns
    forget_runs(home)
    script = (
        "import sys; from pathlib import Path; from pavior.pipeline import Selection, render; "
        "render(Path.cwd(), Selection()); sys.exit('jinja2' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "compiler")}
    assert subprocess.run([sys.executable, "-c", script], cwd=root, env=environment, check=False).returncode == 0
    assert tree(root) == first
    assert kept.stat().st_mtime_ns == written


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("golden-paths/components/process/manifests/settings.yaml", 'image: "{{ image }}"', 'image: "{{ image }}!"'),
        ("golden-paths/components/store/schema.json", '"enum": ["slow", "fast"]', '"enum": ["fast", "slow"]'),
        ("golden-paths/organization.yaml", "name: tiny", "name: small"),
    ],
)
def test_a_change_to_golden_paths_compiles_them_anew(root, home, path, old, new):
    run(root, "render")
    edit(root, path, old, new)
    run(root, "render")
    assert len(list(home.glob("platform-*"))) == 2
    rendered = tree(root)
    for each in home.iterdir():
        each.unlink()
    run(root, "render")
    assert tree(root) == rendered


def test_explain_and_faults_know_their_places_with_kept_templates(root, home):
    run(root, "render")
    place = "rendered/dev/red/one/process.yaml"
    assert "process/manifests/settings.yaml:8:" in run(root, "explain", place, "/data/image").output
    edit(root, "teams/red/one/platform.yaml", "port: 80", "retries: many")
    found = run(root, "render")
    assert found.status == 1
    assert "process/manifests/settings.yaml:9:" in found.output


@pytest.mark.parametrize("damage", ["cut", "changed", "empty"])
def test_a_damaged_cache_is_no_cache(root, home, damage):
    run(root, "render")
    first = tree(root)
    for kept in home.iterdir():
        content = bytearray(kept.read_bytes())
        content[len(content) // 2] ^= 1
        kept.write_bytes({"cut": bytes(content[:-100]), "changed": bytes(content), "empty": b""}[damage])
    assert run(root, "render").status == 0
    assert tree(root) == first


def test_a_folder_that_others_can_write_to_is_not_trusted(root, home):
    run(root, "render")
    os.chmod(home, 0o777)
    for kept in home.iterdir():
        kept.write_bytes(b"not looked at")
    assert run(root, "render").status == 0
    assert {kept.read_bytes() for kept in home.iterdir()} == {b"not looked at"}


def test_without_a_home_nothing_is_kept(root, monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    assert run(root, "render").status == 0
    assert {each.name for each in tmp_path.iterdir()} == {"repository"}


def test_nothing_in_the_repository_is_taken_for_the_cache(root, home):
    run(root, "render")
    assert not list(root.rglob("platform-*"))
