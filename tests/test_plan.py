"""What writing would change, on small trees."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crash import read_tree, write_tree
from pavior.diagnostics import Code
from pavior.diagnostics.codes.plan import ARTIFACT_TAKEN, DIFFERS, FOREIGN_FILE, SYMBOLIC_LINK
from pavior.model import Action, UnitPlan
from pavior.phases.plan import claim, differences, plan, stale
from write_tree import bring_to, content

OURS = content("teams/a/b", "old")
NEW = content("teams/a/b", "new")
FOREIGN = b"kind: Mine\n"


def actions(units: Iterable[UnitPlan] | None) -> dict[str, str]:
    return {change.path: change.action.value for unit in units or () for change in unit.changes}


def faults(root: Path, directory: str, files: dict[str, bytes]) -> list[tuple[Code, str]]:
    outcome = plan(root, directory, files)
    assert outcome.value is None
    return [(diagnostic.code, diagnostic.span.file) for diagnostic in outcome]


def test_files_are_created_updated_deleted_and_kept(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"prod/a/b/{name}.yaml": OURS for name in ("keep", "update", "data/delete")})
    files = {"prod/a/b/create.yaml": NEW, "prod/a/b/update.yaml": NEW, "prod/a/b/keep.yaml": OURS}
    outcome = plan(tmp_path, "prod/a/b", files)
    assert actions(outcome.value) == {
        "prod/a/b/create.yaml": "create",
        "prod/a/b/data/delete.yaml": "delete",
        "prod/a/b/keep.yaml": "keep",
        "prod/a/b/update.yaml": "update",
    }
    assert [len(unit.changed) for unit in outcome.value or ()] == [3]


def test_a_change_of_bytes_without_a_change_of_size_is_an_update(tmp_path: Path) -> None:
    write_tree(tmp_path, {"prod/a/b/c.yaml": OURS})
    assert len(OURS) == len(NEW)
    assert actions(plan(tmp_path, "prod/a/b", {"prod/a/b/c.yaml": NEW}).value) == {"prod/a/b/c.yaml": "update"}


def test_artifacts_outside_of_the_owner_s_directory_are_units_of_their_own(tmp_path: Path) -> None:
    files = {"prod/argocd/a/b.yaml": NEW, "prod/a/b/data/d.yaml": NEW, "prod/a/b/c.yaml": NEW, "prod/a/bc.yaml": NEW}
    units = plan(tmp_path, "prod/a/b", files).value or ()
    assert [(unit.path, unit.is_directory, unit.present) for unit in units] == [
        ("prod/a/b", True, False),
        ("prod/a/bc.yaml", False, False),
        ("prod/argocd/a/b.yaml", False, False),
    ]


def test_foreign_files_are_carried_and_never_deleted(tmp_path: Path) -> None:
    write_tree(tmp_path, {"prod/a/b/c.yaml": OURS, "prod/a/b/mine.yaml": FOREIGN, "prod/a/b/data/mine.md": FOREIGN})
    (tmp_path / "rendered/prod/a/b/link.yaml").symlink_to("c.yaml")
    (unit,) = plan(tmp_path, "prod/a/b", {}).value or ()
    assert actions([unit]) == {"prod/a/b/c.yaml": "delete"}
    assert unit.carried == ("prod/a/b/data/mine.md", "prod/a/b/link.yaml", "prod/a/b/mine.yaml")


@pytest.mark.parametrize("path", ["prod/a/b/c.yaml", "prod/argocd/c.yaml"])
def test_a_foreign_file_is_never_overwritten(tmp_path: Path, path: str) -> None:
    write_tree(tmp_path, {path: FOREIGN})
    assert faults(tmp_path, "prod/a/b", {path: NEW}) == [(FOREIGN_FILE, f"rendered/{path}")]


def test_a_foreign_file_of_the_very_bytes_is_kept(tmp_path: Path) -> None:
    write_tree(tmp_path, {"prod/a/b/c.yaml": FOREIGN})
    assert actions(plan(tmp_path, "prod/a/b", {"prod/a/b/c.yaml": FOREIGN}).value) == {"prod/a/b/c.yaml": "keep"}


def test_an_empty_file_that_a_power_failure_left_is_written_again(tmp_path: Path) -> None:
    write_tree(tmp_path, {"prod/a/b/c.yaml": b""})
    assert actions(plan(tmp_path, "prod/a/b", {"prod/a/b/c.yaml": NEW}).value) == {"prod/a/b/c.yaml": "update"}


def test_a_link_or_a_folder_where_a_file_belongs_is_in_the_way(tmp_path: Path) -> None:
    write_tree(tmp_path, {"prod/a/b/c.yaml/x": OURS, "prod/a/b/data": FOREIGN, "prod/argocd/c.yaml/x": OURS})
    (tmp_path / "rendered/prod/a/b/d.yaml").symlink_to("nowhere")
    files = [f"prod/{name}.yaml" for name in ("a/b/c", "a/b/d", "a/b/data/e", "argocd/c")]
    assert faults(tmp_path, "prod/a/b", dict.fromkeys(files, NEW)) == [
        (FOREIGN_FILE, "rendered/prod/a/b/c.yaml"),
        (FOREIGN_FILE, "rendered/prod/a/b/d.yaml"),
        (FOREIGN_FILE, "rendered/prod/a/b/data"),
        (FOREIGN_FILE, "rendered/prod/argocd/c.yaml"),
    ]


@pytest.mark.parametrize("link", ["rendered", "rendered/prod", "rendered/prod/a", "rendered/prod/a/b"])
def test_a_folder_that_is_a_link_is_not_looked_into(tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    write_tree(outside, {"prod/a/b/c.yaml": OURS, "a/b/c.yaml": OURS, "b/c.yaml": OURS, "c.yaml": OURS})
    root = tmp_path / "repository"
    (root / link).parent.mkdir(parents=True)
    (root / link).symlink_to(outside / "rendered")
    assert faults(root, "prod/a/b", {"prod/a/b/c.yaml": NEW}) == [(SYMBOLIC_LINK, link)]
    assert list(stale(root, {"staging"}, lambda path, source: True)) == []


def test_a_file_where_a_folder_belongs_is_in_the_way(tmp_path: Path) -> None:
    write_tree(tmp_path, {"prod/a": OURS})
    assert faults(tmp_path, "prod/a/b", {"prod/a/b/c.yaml": NEW}) == [(FOREIGN_FILE, "rendered/prod/a")]


@pytest.mark.parametrize(
    "path", ["../x", "prod/../../x", "/x", "prod//x", "prod/./x", "prod\\x", "prod/a/b/../c", "x\0"]
)
def test_a_path_that_leaves_the_tree_is_a_bug(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="is not a path below"):
        plan(tmp_path, "prod/a/b", {path: NEW})


def test_two_owners_of_one_artifact_are_named(tmp_path: Path) -> None:
    claimed: dict[str, str] = {}
    both = plan(tmp_path, "prod/a/b", {"prod/argocd/x.yaml": NEW}).value or ()
    assert list(claim(claimed, both, "teams/a/b")) == []
    assert list(claim(claimed, both, "teams/a/b")) == []
    other = plan(tmp_path, "prod/a/c", {"prod/argocd/x.yaml": NEW}).value or ()
    (diagnostic,) = claim(claimed, other, "teams/a/c")
    assert diagnostic.code is ARTIFACT_TAKEN
    assert diagnostic.message == "`teams/a/b` and `teams/a/c` both render `rendered/prod/argocd/x.yaml`"


def test_what_nothing_renders_any_more_goes_a_directory_at_a_time(tmp_path: Path) -> None:
    old = content("teams/a/old", "x")
    write_tree(
        tmp_path,
        {
            "README.md": FOREIGN,
            "prod/a/b/c.yaml": OURS,
            "prod/a/b/left-to-its-owner.yaml": OURS,
            "prod/a/old/c.yaml": old,
            "prod/a/old/data/d.yaml": old,
            "prod/a/old/mine.md": FOREIGN,
            "prod/argocd/a/b.yaml": OURS,
            "prod/argocd/a/old.yaml": old,
            "prod/argocd/a/mine.yaml": FOREIGN,
            "staging/a/old/c.yaml": old,
            "foreign/x.yaml": FOREIGN,
        },
    )
    units = list(stale(tmp_path, {"prod/a/b", "prod/argocd/a/b.yaml"}, lambda path, source: True))
    assert [(unit.path, unit.is_directory, len(unit.changed), unit.carried) for unit in units] == [
        ("prod/a/old", True, 2, ("prod/a/old/mine.md",)),
        ("prod/argocd/a/old.yaml", False, 1, ()),
        ("staging", True, 1, ()),
    ]


def test_what_another_run_answers_for_stays(tmp_path: Path) -> None:
    broken = content("teams/a/broken", "x")
    write_tree(
        tmp_path,
        {
            "prod/a/old/c.yaml": OURS,
            "prod/a/broken/c.yaml": broken,
            "prod/argocd/a/broken.yaml": broken,
            "dev/x/y/z.yaml": OURS,
        },
    )
    units = list(stale(tmp_path, {"dev"}, lambda path, source: path.startswith("prod/") and source != "teams/a/broken"))
    assert actions(units) == {"prod/a/old/c.yaml": "delete"}
    assert [unit.path for unit in units] == ["prod/a/old"]


def test_without_a_rendered_tree_nothing_is_stale(tmp_path: Path) -> None:
    assert list(stale(tmp_path, set(), lambda path, source: True)) == []


def test_differences_are_shown_at_the_first_line_that_differs(tmp_path: Path) -> None:
    old = OURS + b"replicas: 2\nport: 80\n"
    write_tree(tmp_path, {"prod/a/b/c.yaml": old, "prod/a/b/gone.yaml": OURS})
    files = {"prod/a/b/c.yaml": OURS + b"replicas: 3\n", "prod/a/b/new.yaml": NEW}
    found = [d for unit in plan(tmp_path, "prod/a/b", files).value or () for d in differences(tmp_path, unit)]
    assert {diagnostic.code for diagnostic in found} == {DIFFERS}
    assert [diagnostic.message for diagnostic in found] == [
        "`rendered/prod/a/b/c.yaml` differs from what would be rendered",
        "`rendered/prod/a/b/new.yaml` is missing",
        "`rendered/prod/a/b/gone.yaml` is rendered from nothing any more",
    ]
    assert (found[0].span.line, found[0].span.column, found[0].span.end_column) == (4, 1, 12)
    assert [note.message for note in found[0].notes] == ["this line would be `replicas: 3`"]


def test_what_is_added_to_a_file_costs_no_memory(tmp_path: Path) -> None:
    write_tree(tmp_path, {"prod/a/b/c.yaml": OURS + b"\n" * 2**24})
    (unit,) = plan(tmp_path, "prod/a/b", {"prod/a/b/c.yaml": OURS}).value or ()
    tracemalloc.start()
    (diagnostic,) = differences(tmp_path, unit)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (diagnostic.code, diagnostic.span.line) == (DIFFERS, OURS.count(b"\n") + 2)
    assert most < 2**20


def test_a_difference_at_the_end_is_shown_at_the_last_line_there_is(tmp_path: Path) -> None:
    write_tree(tmp_path, {"prod/a/b/c.yaml": OURS[:-1]})
    (unit,) = plan(tmp_path, "prod/a/b", {"prod/a/b/c.yaml": OURS}).value or ()
    (diagnostic,) = differences(tmp_path, unit)
    assert diagnostic.span.line == 3


NAMES = st.sampled_from(
    ["a/x/c.yaml", "a/x/d.yaml", "a/x/data/c.yaml", "a/y/c.yaml", "argocd/a/x.yaml", "argocd/a/y.yaml"]
)
TREES = st.dictionaries(NAMES.map("prod/{}".format), st.sampled_from([OURS, NEW]))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TREES, TREES)
def test_after_writing_there_is_nothing_left_to_write(
    tmp_path: Path, old: dict[str, bytes], new: dict[str, bytes]
) -> None:
    (tmp_path / "rendered").mkdir(exist_ok=True)
    write_tree(tmp_path, {"prod/a/x/mine": FOREIGN})
    bring_to(tmp_path, old)
    assert read_tree(tmp_path) == {**old, "prod/a/x/mine": FOREIGN}
    bring_to(tmp_path, new)
    assert read_tree(tmp_path) == {**new, "prod/a/x/mine": FOREIGN}
    before = {path: os.stat(path).st_mtime_ns for path in (tmp_path / "rendered").rglob("*")}
    bring_to(tmp_path, new)
    assert {path: os.stat(path).st_mtime_ns for path in (tmp_path / "rendered").rglob("*")} == before


def test_a_plan_holds_no_bytes_of_files_that_stay(tmp_path: Path) -> None:
    write_tree(tmp_path, {"prod/a/b/c.yaml": OURS})
    (unit,) = plan(tmp_path, "prod/a/b", {"prod/a/b/c.yaml": OURS}).value or ()
    assert [(change.action, change.content) for change in unit.changes] == [(Action.KEEP, None)]
