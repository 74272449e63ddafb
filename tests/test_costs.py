"""Costs: the arithmetic adds up, the price book is followed, budgets hold where they say, and a render knows nothing of it."""

from __future__ import annotations

import json
import re
import shutil
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, reduce
from operator import mul
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleets import ROOT, edit, put, run, tree
from pavior.costs import CostLine, CostReport, Factor, Price, PriceBook, total
from pavior.model import Target
from pavior.phases.cost import Item, cost
from pavior.pipeline.clock import Clock
from pavior.pipeline.cost import cost_report, estimate, price_book
from pavior.pipeline.prepare import prepare
from pavior.pipeline.selection import Selection
from pavior.platform import TargetContext
from pavior.report.costs import costs

PRICES = """\
apiVersion: pavior.dev/v1
currency: EUR
date: "2026-11-02"
source: the provider's list
prices:
  disk-gib: {amount: 2, per: month}
"""
LEDGER = "teams/books/ledger/platform.yaml"
NUMBER = r"[0-9]+(?:\.[0-9]+)?"
MONEY = r"[0-9,]+\.[0-9]{2}"


@cache
def fleet_report() -> CostReport:
    outcome = estimate(ROOT, Selection())
    assert not outcome.diagnostics
    assert outcome.value is not None
    return outcome.value


@pytest.fixture
def small(tmp_path: Path) -> Path:
    root = tmp_path / "platform"
    shutil.copytree(ROOT / "tests/platform", root)
    put(root, "golden-paths/prices.yaml", PRICES)
    return root


# What is shown


amounts = st.decimals(0, 1000, places=4)
names = st.sampled_from(["replicas", "cores", "GiB", "hours", "million messages"])
quantities = st.dictionaries(names, st.integers(0, 500) | st.floats(0, 500), min_size=1, max_size=4)
factors = st.lists(
    st.builds(Factor, st.sampled_from(["nodes", "discount"]), st.decimals("0.01", 2, places=2), st.just("so")),
    max_size=2,
)
items = st.lists(
    st.tuples(quantities, quantities, amounts, factors, st.sampled_from(["hour", "month", "unit"])),
    min_size=1,
    max_size=8,
)


def reckoned(drawn: Any) -> CostReport:
    """A report of items of one service each, in two targets."""
    lines = []
    for index, (quantity, most, amount, factor, per) in enumerate(drawn):
        book = PriceBook(
            "EUR", "2026-11-02", "made up", Decimal(730), {"p": Price("p", amount, per, {}, tuple(factor))}
        )
        component = cast(Any, SimpleNamespace(name="pod"))
        said = {"price": "p", "quantity": quantity, "most": {k: v for k, v in most.items() if k in quantity}}
        place = Target(f"prod@{index % 2}", "prod", str(index % 2))
        target = TargetContext(place, {"cluster": {}, "environment": {}}, {})
        lines.append(cost(Item(component, f"i{index}", said, ()), target, "shop", f"s{index % 3}", book))
    return CostReport("EUR", "2026-11-02", "made up", tuple(sorted(lines, key=lambda line: line.key)))


def added_up(report: CostReport) -> None:
    """Multiply and add what the arithmetic shows, by hand."""
    shown = list(costs("text", report, arithmetic=True))
    by_owner: dict[str, list[Decimal]] = {}
    heading = ""
    for line in shown:
        if found := re.fullmatch(rf"(\S+/\S+|the platform) in (\S+): ({MONEY})", line):
            heading = line
            by_owner[heading] = []
        elif found := re.fullmatch(rf"  [^:]+: (.+?) = ({MONEY})(, up to .*)?( \(assumed: .*\))?", line):
            numbers = [Decimal(re.match(NUMBER, part.strip())[0]) for part in found[1].split("×")]  # type: ignore[index]
            product = reduce(mul, numbers).quantize(Decimal("0.01"), ROUND_HALF_UP)
            assert product == money(found[2]), line
            by_owner[heading].append(product)
    assert sum(map(len, by_owner.values())) == len(report.lines)
    for text, parts in by_owner.items():
        assert money(text.rpartition(": ")[2]) == sum(parts), text
    (last,) = (line for line in shown if line.startswith("total "))
    assert money(last.split()[-2]) == sum(sum(parts) for parts in by_owner.values())


def money(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


@given(items)
@settings(max_examples=150, deadline=None)
def test_what_the_arithmetic_shows_multiplies_and_adds_up_to_the_totals(drawn):
    added_up(reckoned(drawn))


def test_the_arithmetic_of_this_fleet_adds_up():
    added_up(fleet_report())


@given(items)
@settings(max_examples=50, deadline=None)
def test_rows_add_up_to_the_total_in_every_column(drawn):
    report = reckoned(drawn)
    table = [line for line in costs("markdown", report) if line.startswith("| ")][2:]
    rows = [[cell.strip().strip("*") for cell in line.strip("|").split("|")] for line in table]
    services = [row for row in rows if row[0].startswith("s") and row[0] != "shop"]
    for column in range(1, len(rows[0])):
        assert sum(money(row[column]) for row in services) == money(rows[-1][column]) == money(rows[0][column])


def test_lines_have_one_key_each_in_order():
    keys = [line.key for line in fleet_report().lines]
    assert keys == sorted(set(keys))


def test_the_most_is_never_less():
    assert all(line.highest >= line.amount for line in fleet_report().lines)


def test_json_has_every_line_and_says_that_it_is_an_estimate():
    printed = run(ROOT, "cost", "--format", "json")
    document = json.loads(printed.output)
    report = fleet_report()
    assert (printed.status, document["estimate"], document["date"]) == (0, True, report.date)
    assert len(document["lines"]) == len(report.lines)
    assert (document["amount"], document["highest"]) == tuple(map(float, total(report.lines)))
    assert {line["currency"] for line in (document,)} == {"USD"}


def test_a_selection_is_a_part_of_the_whole():
    whole = fleet_report().lines
    for selection, wanted in (
        (Selection(names=("payments/ledger",)), [x for x in whole if (x.team, x.service) == ("payments", "ledger")]),
        (Selection(teams=("insights",)), [x for x in whole if x.team == "insights"]),
        (Selection(environments=("prod",)), [x for x in whole if x.environment == "prod"]),
        (Selection(environments=("prod@north",)), [x for x in whole if x.target == "prod@north"]),
    ):
        found = estimate(ROOT, selection).value
        assert found is not None
        assert list(found.lines) == wanted


# The price book


def test_components_ask_only_for_prices_that_they_list():
    fleet = prepare(ROOT, Clock()).value
    assert fleet is not None
    listed: dict[str, set[str]] = {}
    for component in fleet.platform.components.values():
        for target in fleet.platform.targets:
            if component.prices is not None:
                scene = {**target.roots, "settings": target.settings[component.name]}
                listed.setdefault(component.name, set()).update(*component.prices.render(scene))
    asked = {(line.component, line.price) for line in fleet_report().lines}
    assert asked
    assert [pair for pair in asked if pair[1] not in listed[pair[0]]] == []


def test_a_region_has_its_own_price_and_a_factor_multiplies(small):
    edit(small, "golden-paths/environments/dev.yaml", "clusters:", "region: eu-south-1\nclusters:")
    edit(small, "golden-paths/prices.yaml", "per: month}", "per: month, regions: {eu-south-1: 3}, factors: [discount]}")
    edit(small, "golden-paths/prices.yaml", "prices:\n", "factors: {discount: {times: 0.5, reason: agreed}}\nprices:\n")
    report = estimate(small, Selection(names=("books/ledger",))).value
    assert report is not None
    assert {line.target: line.amount for line in report.lines} == {"dev": Decimal("1.50"), "prod": Decimal("50.00")}


def test_what_is_paid_by_the_hour_takes_the_months_hours(small):
    edit(small, "golden-paths/prices.yaml", "amount: 2, per: month", "amount: 0.01, per: hour")
    edit(small, "golden-paths/prices.yaml", "currency:", "hoursPerMonth: 700\ncurrency:")
    report = estimate(small, Selection(names=("books/ledger",), environments=("prod",))).value
    assert report is not None
    (line,) = report.lines
    assert (line.quantity, line.amount) == ((("GiB", Decimal(50)), ("hours", Decimal(700))), Decimal("350.00"))


def test_without_a_price_book_nothing_is_estimated(small):
    (small / "golden-paths/prices.yaml").unlink()
    printed = run(small, "cost")
    assert (printed.status, printed.output) == (2, "")
    assert printed.errors == "pavior: there is no price book\n  hint: write golden-paths/prices.yaml\n"
    assert run(small, "validate").status == 0


def test_a_malformed_price_book_is_found_by_validate_and_check_and_stops_no_render(small):
    edit(small, "golden-paths/prices.yaml", "amount: 2", "amount: two")
    assert run(small, "render", "--format", "concise").codes == []
    for command in ("validate", "check"):
        printed = run(small, command, "--format", "concise")
        assert (printed.status, printed.codes) == (1, ["PV201"])


def test_a_render_runs_no_template_of_costs(small):
    assert run(small, "render").status == 0
    before = tree(small)
    edit(small, "golden-paths/components/volume/component.yaml", "/ 1073741824", "/ 0")
    assert run(small, "render").status == 0
    assert tree(small) == before
    printed = run(small, "cost")
    assert printed.status == 1
    assert "PV501" in printed.errors


def test_costs_read_neither_contributions_nor_what_is_linked(small):
    edit(
        small,
        "golden-paths/components/volume/component.yaml",
        "quantity: {GiB:",
        "quantity: {variables: '{{ contributions.env | length }}', GiB:",
    )
    assert "PV952" in run(small, "validate", "--format", "concise").codes


# Both sides of a change


def test_two_states_of_a_fleet_can_be_subtracted(small):
    def lines():
        fleet = prepare(small, Clock()).value
        assert fleet is not None
        book = price_book(fleet).value
        assert book is not None
        report = cost_report(fleet, book).value
        assert report is not None
        return {line.key: line.amount for line in report.lines}

    before = lines()
    edit(small, LEDGER, "storage: 50Gi", "storage: 80Gi")
    after = lines()
    changed = {key: after[key] - before[key] for key in before.keys() & after.keys() if after[key] != before[key]}
    assert before.keys() == after.keys()
    assert changed == {("prod", "books", "ledger", "volume", "entries/disk"): Decimal("60.00")}


# Budgets


def findings(root: Path, *arguments: str) -> list[str]:
    run(root, "render")
    return run(root, "check", "--format", "concise", *arguments).codes


def test_a_budget_of_a_layer_holds_for_every_service_below_it(small):
    edit(small, "golden-paths/environments/prod.yaml", "replicas: {min: 2}", "replicas: {min: 2}, cost: {budget: 30}")
    run(small, "render")
    printed = run(small, "check", "--format", "concise")
    assert printed.codes == ["PV631"]
    assert printed.output.startswith("golden-paths/environments/prod.yaml:6:")
    assert "`books/ledger` costs an estimated 100.00 EUR" in printed.output


def test_the_services_own_word_wins_over_the_layers(small):
    edit(small, "golden-paths/environments/prod.yaml", "replicas: {min: 2}", "replicas: {min: 2}, cost: {budget: 30}")
    edit(small, LEDGER, "environments: {dev:", "environments: {prod: {cost: {budget: 200}}, dev:")
    assert findings(small) == []


def test_a_teams_budget_is_not_compared_where_only_a_service_is_asked_for(small):
    put(small, "teams/books/team.yaml", "apiVersion: pavior.dev/v1\ndescription: Accounts.\nbudget: 10\n")
    assert findings(small, "books/ledger") == []
    assert findings(small, "--team", "shop") == []
    assert findings(small, "--team", "books") == ["PV631"]
    assert findings(small) == ["PV631"]


def test_all_environments_count_whichever_is_selected(small):
    put(small, "teams/books/team.yaml", "apiVersion: pavior.dev/v1\ndescription: Accounts.\nbudget: 101\n")
    assert findings(small, "--env", "dev") == ["PV631"]


@pytest.mark.parametrize(("month", "codes"), [(60, []), (50, ["PV630"]), (40, ["PV630"]), (39.99, ["PV631"])])
def test_a_share_of_the_budget_warns_and_the_whole_of_it_may_be_used(small, month, codes):
    budget = f"{{month: {month}, warnAt: 80}}"
    put(small, "teams/shop/team.yaml", f"apiVersion: pavior.dev/v1\ndescription: The shop.\nbudget: {budget}\n")
    assert findings(small) == codes


def test_a_warning_about_a_budget_fails_no_check_and_an_enforced_one_does(small):
    for enforce, status in (("false", 0), ("true", 1)):
        budget = f"{{month: 10, enforce: {enforce}}}"
        put(small, "teams/shop/team.yaml", f"apiVersion: pavior.dev/v1\ndescription: The shop.\nbudget: {budget}\n")
        assert run(small, "render").status == 0
        assert run(small, "check").status == status


def test_no_line_of_a_report_begins_with_a_command_to_the_log() -> None:
    one = Decimal(1)
    line = CostLine("dev", "red", "one", "::error::mine", "disk", "gib", one, (), (), (), one, one)
    lines = list(costs("text", CostReport("EUR", "2026-11-02", "a list", (line,)), arithmetic=True))
    assert any("error::mine" in each for each in lines)
    assert not any(each.lstrip().startswith("::") for each in lines)
