"""The base of a change, read from Git: which commit it is, what of it is read and how, and the data that it has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commits import commit, git
from fleets import put, tiny
from pavior.cli.app import pavior
from pavior.git import GitProblem, UnknownReference, nodes, resolve
from pavior.git.blobs import Blobs
from pavior.git.identity import blob_id

THREE = "teams/blue/three/platform.yaml"
KEPT = "apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: tiny.example/three:1\n"


def run(root: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(pavior, ["-C", str(root), *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A rendered and committed repository: blue/three holds data in each target."""
    place = tiny(tmp_path / "platform")
    assert run(place, "render").exit_code == 0
    commit(place, "base")
    return place


def lost(result: Result) -> int:
    return result.output.count("error[PV704")


def test_nothing_is_lost_where_nothing_changes(root: Path) -> None:
    result = run(root, "check", "--base", "HEAD")
    assert (result.exit_code, lost(result)) == (0, 0), result.output


def test_an_entry_removed_together_with_what_was_rendered_of_it_is_refused(root: Path) -> None:
    put(root, THREE, KEPT)
    for folder in (root / "rendered").glob("*/blue/three/data"):
        (folder / "store.yaml").unlink()
    run(root, "render")
    commit(root, "remove the disk")
    assert run(root, "check").exit_code == 0
    result = run(root, "check", "--base", "HEAD^")
    assert result.exit_code == 1
    assert lost(result) == 1
    assert f"add `retired.disk` in {THREE}" in result.output
    assert run(root, "check", "--base", "HEAD").exit_code == 0


def test_a_note_says_that_it_is_on_purpose(root: Path) -> None:
    note = "retired: {disk: {type: store, environments: [dev, prod], owner: ana@tiny.example, date: 2026-11-02,"
    note += " reason: moved}}\n"
    put(root, THREE, KEPT + note)
    run(root, "render")
    result = run(root, "check", "--base", "HEAD")
    assert (result.exit_code, lost(result)) == (0, 0), result.output


def test_a_service_renamed_together_with_what_was_rendered_of_it_is_refused(root: Path) -> None:
    (root / "teams/blue/three").rename(root / "teams/blue/drei")
    git(root, "rm", "-rq", "--cached", "rendered")
    for folder in (root / "rendered").glob("*/blue/three"):
        for file in sorted(folder.rglob("*.yaml")):
            file.unlink()
    assert run(root, "render").exit_code == 0
    commit(root, "rename")
    result = run(root, "check", "--base", "HEAD^")
    assert (result.exit_code, lost(result)) == (1, 1), result.output


def test_an_environment_left_out_together_with_what_was_rendered_for_it_is_refused(root: Path) -> None:
    put(root, THREE, KEPT + "needs: {disk: {type: store, space: 2Gi}}\nenvironments: {dev: false}\n")
    for file in sorted((root / "rendered/dev/blue/three").rglob("*.yaml")):
        file.unlink()
    assert run(root, "render").exit_code == 0
    result = run(root, "check", "--base", "HEAD")
    assert (result.exit_code, lost(result)) == (1, 1), result.output
    assert f"{THREE}:5" in result.output


def test_an_immutable_field_changed_together_with_what_was_rendered_of_it_is_refused(root: Path) -> None:
    put(root, THREE, KEPT + "needs: {disk: {type: store, kind: fast}}\n")
    for file in sorted((root / "rendered").glob("*/blue/three/data/*.yaml")):
        file.unlink()
    assert run(root, "render").exit_code == 0
    result = run(root, "check", "--base", "HEAD")
    assert result.exit_code == 1
    assert result.output.count("error[PV705") == 1, result.output


def test_what_is_lost_against_the_present_tree_too_is_told_once(root: Path) -> None:
    put(root, THREE, KEPT)
    result = run(root, "check", "--base", "HEAD")
    assert (result.exit_code, lost(result)) == (1, 1), result.output


def test_a_service_that_is_gone_and_still_rendered_is_told_once(root: Path) -> None:
    (root / THREE).unlink()
    (root / THREE).parent.rmdir()
    result = run(root, "check", "--base", "HEAD")
    assert (result.exit_code, lost(result)) == (1, 1), result.output
    assert "what is there in the base" not in result.output


def test_a_selection_is_told_of_its_own_losses_only(root: Path) -> None:
    put(root, THREE, KEPT)
    for file in sorted((root / "rendered").glob("*/blue/three/data/*.yaml")):
        file.unlink()
    run(root, "render")
    assert lost(run(root, "check", "--base", "HEAD", "red/one")) == 0
    assert lost(run(root, "check", "--base", "HEAD", "--team", "blue", "--env", "prod")) == 1


def test_the_base_is_where_head_parted_from_the_branch(root: Path) -> None:
    git(root, "checkout", "-q", "-b", "feature")
    commit(root, "mine")
    git(root, "checkout", "-q", "main")
    base = git(root, "rev-parse", "HEAD")
    put(root, "teams/red/four/platform.yaml", KEPT + "needs: {more: {type: store}}\n")
    run(root, "render")
    main = commit(root, "theirs")
    git(root, "checkout", "-q", "feature")
    assert resolve(root, "main").id == base
    assert resolve(root, "main...feature").id == base
    assert resolve(root, "main..").id == main
    assert run(root, "check", "--base", "main").exit_code == 0
    assert lost(run(root, "check", "--base", "main..")) == 1


def test_on_a_merge_of_the_branch_the_base_is_what_was_merged_into(root: Path) -> None:
    git(root, "checkout", "-q", "-b", "feature")
    put(root, THREE, KEPT)
    for file in sorted((root / "rendered").glob("*/blue/three/data/*.yaml")):
        file.unlink()
    run(root, "render")
    commit(root, "mine")
    git(root, "checkout", "-q", "main")
    main = commit(root, "theirs")
    git(root, "merge", "-q", "--no-ff", "-m", "merged", "feature")
    assert resolve(root, main).id == main
    assert lost(run(root, "check", "--base", main)) == 1


def test_before_the_first_commit_there_is_nothing_to_lose(root: Path) -> None:
    result = run(root, "check", "--base", "0" * 40)
    assert result.exit_code == 0, result.output


def test_a_commit_that_a_force_push_took_away_is_told_how_to_fetch(root: Path) -> None:
    result = run(root, "check", "--base", "1" * 40)
    assert result.exit_code == 2
    assert "fetch it first: `git fetch origin 1111" in result.output


def test_a_force_push_compares_with_what_was_pushed_before(root: Path) -> None:
    before = git(root, "rev-parse", "HEAD")
    put(root, THREE, KEPT)
    for file in sorted((root / "rendered").glob("*/blue/three/data/*.yaml")):
        file.unlink()
    run(root, "render")
    git(root, "add", "-A", ".")
    git(root, "commit", "-q", "--amend", "-m", "rewritten")
    assert lost(run(root, "check", "--base", f"{before}..")) == 1


def test_a_shallow_clone_says_what_to_fetch(root: Path, tmp_path: Path) -> None:
    git(root, "checkout", "-q", "-b", "feature")
    commit(root, "mine")
    git(root, "checkout", "-q", "main")
    commit(root, "theirs")
    clone = tmp_path / "clone"
    git(root, "clone", "-q", "--depth", "1", "--branch", "feature", f"file://{root}", str(clone))
    result = run(clone, "check", "--base", "origin/main")
    assert (result.exit_code, "git fetch --depth 1 origin main" in result.output) == (2, True), result.output
    git(clone, "fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main")
    result = run(clone, "check", "--base", "origin/main")
    assert (result.exit_code, "git fetch --deepen 100 origin main" in result.output) == (3, True), result.output
    assert run(clone, "check", "--base", "origin/main..").exit_code == 0
    git(clone, "fetch", "-q", "--unshallow", "origin", "main", "feature")
    assert run(clone, "check", "--base", "origin/main").exit_code == 0


def test_a_partial_clone_fetches_nothing_by_itself(root: Path, tmp_path: Path) -> None:
    put(root, THREE, KEPT)
    for file in sorted((root / "rendered").glob("*/blue/three/data/*.yaml")):
        file.unlink()
    run(root, "render")
    commit(root, "remove the disk")
    git(root, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(root, "clone", "-q", "--filter=blob:none", f"file://{root}", str(clone))
    result = run(clone, "check", "--base", "HEAD^")
    assert (result.exit_code, "git fetch --refetch --no-filter" in result.output) == (3, True), result.output


def test_a_platform_repository_may_be_a_folder_of_a_git_repository(tmp_path: Path) -> None:
    place = tiny(tmp_path / "mono" / "infra" / "platform")
    assert run(place, "render").exit_code == 0
    git(tmp_path / "mono", "init", "-q")
    git(tmp_path / "mono", "add", "-A", ".")
    git(tmp_path / "mono", "commit", "-q", "-m", "base")
    put(place, THREE, KEPT)
    for file in sorted((place / "rendered").glob("*/blue/three/data/*.yaml")):
        file.unlink()
    run(place, "render")
    assert lost(run(place, "check", "--base", "HEAD")) == 1


def test_a_linked_worktree_has_the_same_base(root: Path, tmp_path: Path) -> None:
    git(root, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "other")
    assert resolve(tmp_path / "linked", "main").id == git(root, "rev-parse", "HEAD")


def test_a_repository_of_sha_256_is_read_too(tmp_path: Path) -> None:
    place = tiny(tmp_path / "platform")
    git(place, "init", "-q", "--object-format=sha256")
    run(place, "render")
    commit(place, "base")
    assert resolve(place, "HEAD").digest == "sha256"
    assert run(place, "check", "--base", "HEAD").exit_code == 0


@pytest.mark.parametrize(
    "reference", ["--output=/tmp/x", "-q", "", "a b", "main\n", "--output=x...main", "main...--all"]
)
def test_a_hostile_reference_is_refused(root: Path, reference: str) -> None:
    with pytest.raises(UnknownReference):
        resolve(root, reference)


def test_half_a_character_is_no_reference(root: Path) -> None:
    with pytest.raises(GitProblem):
        resolve(root, "\ud800")


def test_outside_git_there_is_no_base(tmp_path: Path) -> None:
    result = run(tiny(tmp_path / "platform"), "check", "--base", "main")
    assert (result.exit_code, "not a Git repository" in result.output) == (3, True), result.output


def test_without_git_there_is_no_base(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    result = run(root, "check", "--base", "main")
    assert (result.exit_code, "Git is not installed" in result.output) == (3, True), result.output


def test_nothing_that_a_repository_configures_is_run(root: Path, tmp_path: Path) -> None:
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\ncat\n")
    spy.chmod(0o755)
    for name in (
        "core.fsmonitor",
        "diff.external",
        "filter.spy.clean",
        "filter.spy.smudge",
        "diff.spy.textconv",
        "core.pager",
    ):
        git(root, "config", name, str(spy))
    put(root, ".gitattributes", "* filter=spy diff=spy\n")
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        put(root, f".git/hooks/{hook}", spy.read_text())
        (root / f".git/hooks/{hook}").chmod(0o755)
    put(root, THREE, KEPT)
    run(root, "check", "--base", "HEAD")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("folder", ["infra/platform", "infra"])
def test_a_git_repository_that_is_committed_is_not_asked_for_the_base(folder: str, tmp_path: Path) -> None:
    mono = tmp_path / "mono"
    place = tiny(mono / "infra/platform")
    run(place, "render")
    commit(mono, "base")
    git(tmp_path, "clone", "-q", "--bare", str(mono), str(tmp_path / "bare"))
    for file in (path for path in (tmp_path / "bare").rglob("*") if path.is_file()):
        put(mono, f"{folder}/{file.relative_to(tmp_path / 'bare')}", "")
        (mono / folder / file.relative_to(tmp_path / "bare")).write_bytes(file.read_bytes())
    put(mono, f"{folder}/refs/heads/other", git(mono, "rev-parse", "HEAD"))
    commit(mono, "a repository in a repository")
    result = run(place, "check", "--base", "main")
    assert (result.exit_code, "Git repository of its own" in result.output) == (3, True), result.output


def test_the_environment_of_a_hook_leads_nowhere_else(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tiny(tmp_path / "other")
    commit(other, "other")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert resolve(root, "HEAD").id == git(root, "rev-parse", "HEAD")


def test_blobs_are_read_whole_or_not_at_all(root: Path) -> None:
    listed = dict(nodes(resolve(root, "HEAD"), "teams", "golden-paths"))
    blobs = Blobs(str(root))
    ids = [node.id for node in listed.values()] * 20  # more than is asked for at once
    contents = list(blobs.read_all(ids, 2**20))
    assert [content and blob_id(content) for content in contents] == ids
    assert contents[: len(listed)] == [(root / path).read_bytes() for path in listed]
    assert list(blobs.read_all(ids[:2], 8)) == [None, None]
    assert blobs.read(ids[0], 2**20) == contents[0]
    with pytest.raises(GitProblem, match="lacks objects"):
        blobs.read("1" * 40, 2**20)
    blobs.close()


def test_names_that_are_not_utf_8_are_listed(root: Path) -> None:
    name = os.fsdecode(b"teams/red/one/manifests/\xff.yaml")
    put(root, "teams/red/one/manifests/a.yaml", "{}")
    (root / "teams/red/one/manifests/a.yaml").rename(root / name)
    commit(root, "odd")
    assert name in dict(nodes(resolve(root, "HEAD"), "teams"))
