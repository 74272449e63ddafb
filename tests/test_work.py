"""A render makes no more function calls than its budget has, and as many for a service of a large fleet as for one of a small.

Calls are counted, so the verdict is the same on a machine that does other work.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.budget import Counted, Work, budget_of, count, count_fleets, excesses, load, marginal, renewed, work
from benchmarks.tree import service_folders

from fleets import FILES, put, tiny


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sequence[Counted], Counted]:
    return count_fleets(tmp_path_factory.mktemp("fleets"))


def test_a_render_keeps_to_its_budget(counted: tuple[Sequence[Counted], Counted]) -> None:
    found = excesses(work(*counted), budget_of(sys.version_info[:2], load()))
    assert not found, "\n".join(found)


def test_a_service_of_a_large_fleet_costs_what_one_of_a_small_fleet_does(
    counted: tuple[Sequence[Counted], Counted],
) -> None:
    small, middle, large = counted[0]
    assert marginal(middle, large) == pytest.approx(marginal(small, middle), rel=0.05)


DONE = Work(start=1000, again=500, service_environment=100, manifests=10.0)
BUDGET = {"start": 1000, "again": 500, "service_environment": 100, "manifests": 10.0}


def test_a_tenth_more_is_let_through_and_less_is_welcome() -> None:
    assert not excesses(replace(DONE, start=1100, again=550, service_environment=110), BUDGET)
    assert not excesses(replace(DONE, start=1, again=1, service_environment=1), BUDGET)


@pytest.mark.parametrize(("name", "calls"), [("start", 1101), ("again", 551), ("service_environment", 111)])
def test_more_than_a_tenth_above_is_told_with_how_to_renew_the_budget(name: str, calls: int) -> None:
    first, *_, last = excesses(replace(DONE, **{name: calls}), BUDGET)
    assert first.startswith(f"{name}: {calls:,} ")
    assert "`make budget`" in last


def test_services_and_start_are_told_apart() -> None:
    fleets = [Counted(1400, 40, 4), Counted(2600, 160, 16), Counted(7400, 640, 64)]
    assert work(fleets, Counted(700, 0, 4)) == Work(1000, 700, 100, 10.0)


def test_a_version_without_a_budget_has_the_next_older_ones() -> None:
    budgets = {"3.9": {"start": 3}, "3.11": {"start": 1}, "3.13": {"start": 2}}
    assert [budget_of((3, minor), budgets)["start"] for minor in (10, 11, 12, 13, 14)] == [3, 1, 1, 2, 2]
    with pytest.raises(LookupError):
        budget_of((3, 8), budgets)


def test_renewing_a_budget_changes_that_of_other_versions_as_much() -> None:
    other = {"start": 2000, "again": 400, "service_environment": 50, "manifests": 10.0}
    made = renewed({"3.11": BUDGET, "3.13": other}, "3.11", Work(1100, 500, 200, 12.5))
    assert made == {
        "3.11": {"start": 1100, "again": 500, "service_environment": 200, "manifests": 12.5},
        "3.13": {"start": 2200, "again": 400, "service_environment": 100, "manifests": 12.5},
    }


def test_the_same_render_makes_the_same_calls_and_more_of_them_where_there_is_more_to_do(tmp_path: Path) -> None:
    def counted(name: str, variables: int) -> Counted:
        root = tiny(tmp_path / name)
        values = "".join(f"  V{number}: text\n" for number in range(variables))
        put(root, "teams/red/one/platform.yaml", FILES["teams/red/one/platform.yaml"] + f"env:\n{values}")
        return count(root, tmp_path / f"cache-{name}")

    first, again, more = counted("first", 1), counted("again", 1), counted("more", 501)
    assert first.service_environments == len(service_folders(tmp_path / "first")) == 9
    assert first.calls == pytest.approx(again.calls, rel=0.001)
    assert more.calls > first.calls + 3 * 500  # each variable, in each of three targets
