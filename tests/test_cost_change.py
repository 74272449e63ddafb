"""What the difference says of costs is what two estimates of the whole fleet differ by."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from commits import commit
from fleets import reference, run
from pavior.pipeline import Selection
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


def whole(root: Path) -> Costs:
    report = estimate(root, Selection()).value
    assert report is not None
    costs: Costs = {}
    for line in report.lines:
        key = (line.team or PLATFORM, line.environment)
        costs[key] = costs.get(key, Decimal(0)) + line.amount
    return costs


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
    expected = {key: after.get(key, Decimal(0)) - before.get(key, Decimal(0)) for key in before | after}
    report = diff(root, "HEAD", Selection(), jobs=1).report
    assert report is not None
    assert report.cost is not None
    found = {(each.team, each.environment): each.after - each.before for each in report.cost.differences}
    assert found == {key: amount for key, amount in expected.items() if amount}
    assert found
