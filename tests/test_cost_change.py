"""What the difference says of costs is what two estimates of the whole fleet differ by."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from commits import commit, git
from fleets import reference, run
from mutations import Place, others, places
from mutations import put as put_value
from pavior.compare.difference import Cost
from pavior.pipeline import Selection, budget_change
from pavior.pipeline.cost import estimate
from pavior.pipeline.cost_change import PLATFORM
from pavior.pipeline.diff import diff

Costs = dict[tuple[str, str], Decimal]


def put_in(path: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        text = (root / path).read_text()
        assert old in text, f"{path} has no {old}"
        (root / path).write_text(text.replace(old, new))

    return edit


def without_service(root: Path) -> None:
    shutil.rmtree(root / "teams/storefront/size-guide")


CHECKOUT = "teams/payments/checkout/platform.yaml"
EDITS: dict[str, Callable[[Path], None]] = {
    "a size of a need": put_in(CHECKOUT, "{type: redis}", "{type: redis, size: medium}"),
    "replicas in one environment": put_in(CHECKOUT, "min: 6", "min: 9"),
    "a service goes": without_service,
    "a size that many have": put_in("golden-paths/components/pod/component.yaml", "memory: 256Mi", "memory: 320Mi"),
    "a price": put_in("golden-paths/prices.yaml", "cpu-core: {amount: 0.0303", "cpu-core: {amount: 0.0404"),
    "a price of the platform alone": put_in(
        "golden-paths/prices.yaml", "load-balancer: {amount: 0.0239", "load-balancer: {amount: 0.5"
    ),
    "a region": put_in("golden-paths/environments/staging.yaml", "region: eu-north-1", "region: eu-south-1"),
    "what an environment sets": put_in(
        "golden-paths/environments/dev.yaml", "postgres: {variant: in-cluster}", "postgres: {variant: aws}"
    ),
}


def whole(root: Path) -> Costs | None:
    """What a fleet costs by team and environment; None where something of it is at fault, and then left out."""
    outcome = estimate(root, Selection())
    if outcome.value is None or any(d.is_error for d in outcome.diagnostics):
        return None
    costs: Costs = {}
    for line in outcome.value.lines:
        key = (line.team or PLATFORM, line.environment)
        costs[key] = costs.get(key, Decimal(0)) + line.amount
    return costs


def difference(before: Costs, after: Costs) -> Costs:
    found = {key: after.get(key, Decimal(0)) - before.get(key, Decimal(0)) for key in before | after}
    return {key: amount for key, amount in found.items() if amount}


def told(root: Path) -> Costs:
    """What the difference says; where only the most is another, the estimate is the same."""
    found = {(each.team, each.environment): each.after - each.before for each in cost_of(root).differences}
    return {key: amount for key, amount in found.items() if amount}


def cost_of(root: Path) -> Cost:
    report = diff(root, "HEAD", Selection(), jobs=1).report
    assert report is not None
    assert report.cost is not None
    return report.cost


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = reference(tmp_path_factory.mktemp("base"))
    assert run(root, "render").status == 0
    commit(root, "base")
    return root


@pytest.mark.parametrize("name", EDITS)
def test_the_cost_of_a_change_is_what_two_estimates_differ_by(base: Path, tmp_path: Path, name: str) -> None:
    root = tmp_path / "fleet"
    shutil.copytree(base, root)
    EDITS[name](root)
    before, after = whole(base), whole(root)
    assert before is not None
    assert after is not None
    found = told(root)
    assert found == difference(before, after)
    assert found
    totals = {(each.team, each.environment): each.team_after for each in cost_of(root).differences}
    assert totals == {key: None if key[0] == PLATFORM else after[key] for key in totals}
    assert {team for team, _ in totals} >= {team for team, _ in found}


TEAM = "teams/payments/team.yaml"
SEARCH = "teams/storefront/search/platform.yaml"
BUDGETS: dict[str, tuple[Callable[[Path], None], list[tuple[str, tuple[str, ...], bool, str, str]]]] = {
    "passed by replicas": (
        put_in(CHECKOUT, "min: 6", "min: 18"),
        [("payments", ("prod",), False, "within", "over")],
    ),
    "lowered below what is spent": (
        put_in(TEAM, "month: 2800", "month: 2000"),
        [("payments", ("prod",), False, "within", "over")],
    ),
    "raised, and kept as before": (
        put_in(TEAM, "month: 2800", "month: 3000"),
        [("payments", ("prod",), False, "within", "within")],
    ),
    "of one service": (
        put_in(SEARCH, "min: 2", "min: 4"),
        [("storefront/search", ("dev", "prod", "staging"), False, "within", "over")],
    ),
    "of the organisation": (
        put_in("golden-paths/organization.yaml", "payments: 4000", "payments: 1000"),
        [("payments", ("dev", "prod", "staging"), True, "within", "over")],
    ),
    "kept well": (put_in(CHECKOUT, "min: 6", "min: 7"), []),
    "of nobody who changes": (
        put_in("teams/insights/handbook/platform.yaml", "goldenPath", "size: small\ngoldenPath"),
        [],
    ),
}


@pytest.mark.parametrize("name", BUDGETS)
def test_budgets_are_told_that_a_change_passes_or_sets(base: Path, tmp_path: Path, name: str) -> None:
    root = tmp_path / "fleet"
    shutil.copytree(base, root)
    edit, expected = BUDGETS[name]
    edit(root)
    found = [
        (each.name, each.environments, each.cap, each.before.keeping.value, each.after.keeping.value)
        for each in cost_of(root).budgets
        if each.before is not None and each.after is not None
    ]
    assert found == expected
    over = {budget for budget, *_, after in expected if after == "over"}
    checked = run(root, "check").output
    assert all(f"`{name}` costs an estimated" in checked for name in over)


def test_a_part_of_the_fleet_says_nothing_of_budgets(base: Path, tmp_path: Path) -> None:
    root = tmp_path / "fleet"
    shutil.copytree(base, root)
    put_in(CHECKOUT, "min: 6", "min: 18")(root)
    report = diff(root, "HEAD", Selection(environments=("prod",)), jobs=1).report
    assert report is not None
    assert report.cost is not None
    assert (report.cost.budgets, report.cost.differences[0].team_after) == ((), None)


PRICES = "golden-paths/prices.yaml"
UNKNOWN: dict[str, tuple[Callable[[Path], None], str]] = {
    "at fault": (put_in(PRICES, "amount: 0.0303", "amount: cheap"), f"{PRICES} is at fault; pavior check says how"),
    "gone": (lambda root: (root / PRICES).unlink(), f"{PRICES} is gone"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_why_costs_are_not_known_is_told(base: Path, tmp_path: Path, name: str) -> None:
    root = tmp_path / "fleet"
    shutil.copytree(base, root)
    edit, why = UNKNOWN[name]
    edit(root)
    report = diff(root, "HEAD", Selection(), jobs=1).report
    assert report is not None
    assert (report.cost, report.cost_unknown) == (None, why)
    commit(root, "without prices")
    git(root, "checkout", "-q", "HEAD~1", "--", PRICES)
    report = diff(root, "HEAD", Selection(), jobs=1).report
    assert report is not None
    was = "is not there yet" if name == "gone" else "is at fault"
    assert report.cost_unknown == f"{PRICES} {was} in the base"


WHERE = {
    "teams/*/*/platform.yaml": 6,
    "teams/*/team.yaml": 1,
    "golden-paths/environments/*.yaml": 3,
    "golden-paths/components/*/defaults.yaml": 3,
    "golden-paths/components/*/component.yaml": 2,
    "golden-paths/prices.yaml": 5,
}


def _random_places(root: Path) -> Iterator[Place]:
    chance = random.Random(17)
    for pattern, count in WHERE.items():
        files = sorted(str(path.relative_to(root)) for path in root.glob(pattern))
        # What costs something is mostly a number.
        known = [p for file in files for p in places(root, file) if isinstance(p.value, int | float)]
        yield from chance.sample(known, min(count, len(known)))


def test_the_cost_of_random_edits_is_what_two_estimates_differ_by(base: Path, tmp_path: Path) -> None:
    root = tmp_path / "fleet"
    shutil.copytree(base, root)
    before = whole(root)
    assert before is not None
    sound = dearer = 0
    for place in list(_random_places(root)):
        put_value(root, place, others(place, [])[0])
        after = whole(root)
        if after is not None:
            assert told(root) == difference(before, after), str(place)
            sound += 1
            dearer += after != before
        git(root, "checkout", "-q", ".")
    assert sound >= 10
    assert dearer >= 4


def test_budgets_of_large_teams_are_left_to_check(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "fleet"
    shutil.copytree(base, root)
    put_in(SEARCH, "min: 2", "min: 4")(root)
    monkeypatch.setattr(budget_change, "MOST_OTHERS", 1)
    cost = cost_of(root)
    assert [each.name for each in cost.budgets] == ["storefront/search"]
    assert cost.skipped
    assert {each.team_after for each in cost.differences} == {None}
