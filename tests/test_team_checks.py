"""What only shows when all services of a team are seen, and the rules that components bring as data."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from pavior.diagnostics import Diagnostic
from pavior.model import Span
from pavior.phases.quota import Quota, quota
from pavior.pipeline import validate
from pavior.pipeline.clock import Clock

HERE = Path(__file__).parent
FIELD = Span("teams/shop/team.yaml", 4, 9, 4, 12)
CPU = Quota("CPU", 10, ("quota", "cpu"))


def told(limit: Quota, **taken: object) -> list[Diagnostic]:
    amounts = {name: ({limit.name: states},) for name, states in taken.items()}
    return list(quota("shop", "prod", [limit], amounts, lambda at: FIELD))  # type: ignore[arg-type]


def test_all_run_at_their_most_while_the_greediest_one_is_replaced() -> None:
    cart, front = {"running": [2, 2.5], "replacing": [1, 0.5]}, {"running": 3, "replacing": 3}
    assert told(Quota("CPU", 10.5, CPU.at), cart=cart, front=front) == []
    (found,) = told(CPU, cart=cart, front=front)
    assert found.message == "the services of `shop` may take 10.5 CPU, and its quota is 10"
    assert found.span == FIELD
    assert not found.is_error
    assert found.notes[1].message == ("most is taken by `shop/cart` 4.5, `shop/front` 3; 3 while one is replaced")


def test_what_a_component_does_not_count_is_nothing() -> None:
    assert told(CPU) == []
    assert list(quota("shop", "prod", [CPU], {"cart": ({"pods": {"running": 99}},)}, lambda at: FIELD)) == []


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    for folder in ("golden-paths", "teams"):
        shutil.copytree(HERE / "platform" / folder, tmp_path / folder)
    return tmp_path


def declare(platform: Path, component: str, **said: object) -> None:
    """Add declarations to a component.yaml."""
    file = platform / "golden-paths/components" / component / "component.yaml"
    file.write_text(file.read_text() + "\n" + yaml.safe_dump(said, sort_keys=False))


def findings(platform: Path) -> list[tuple[str, str, str]]:
    return [(d.code.number, f"{d.span.file}:{d.span.line}", d.message) for d in validate(platform, Clock()).diagnostics]


def test_a_rule_needs_no_python(platform: Path) -> None:
    declare(
        platform,
        "workload",
        faults=[
            {
                "$for": "host in ingress.hosts",
                "$when": "host is starts_with('www.')",
                "at": ["ingress", "hosts"],
                "message": "`{{ host }}` needs no `www.`",
                "hint": "leave it out",
                "severity": "warning",
            }
        ],
    )
    found = findings(platform)
    assert set(found) == {("PV411", "teams/shop/front/platform.yaml:4", "`www.acme.example` needs no `www.`")}


def test_a_rule_of_a_need_is_asked_for_each_entry(platform: Path) -> None:
    declare(
        platform,
        "volume",
        faults=[
            {"$when": "need.name == 'orders'", "at": ["needs", "{{ need.name }}"], "message": "not {{ need.type }}"}
        ],
    )
    assert set(findings(platform)) == {("PV410", "teams/shop/cart/platform.yaml:7", "not volume")}


def test_a_rule_that_says_too_little_is_told_to_whoever_wrote_it(platform: Path) -> None:
    declare(platform, "workload", faults=[{"$when": "port", "message": "no"}])
    assert findings(platform)[0][0] == "PV203"
    assert "component.yaml" in findings(platform)[0][1]


def test_quotas_and_amounts_of_components_meet(platform: Path) -> None:
    declare(platform, "workload", amounts={"replicas": {"running": "{{ replicas.min }}"}})
    declare(
        platform, "team", quotas={"replicas": {"most": "{{ team.quota.pods | default(3) }}", "at": ["quota", "pods"]}}
    )
    over = ("PV412", "teams/shop/team.yaml:1", "the services of `shop` may take 7 replicas, and its quota is 3")
    assert findings(platform) == [over]


@pytest.mark.parametrize("amount", ["{{ image }}", ["{{ replicas.min }}", "{{ image }}"]])
def test_an_amount_that_is_no_number_is_the_component_s_fault(platform: Path, amount: object) -> None:
    declare(platform, "workload", amounts={"replicas": {"running": amount}})
    declare(platform, "team", quotas={"replicas": {"most": 3, "at": ["quota", "pods"]}})
    assert {(code, message) for code, _, message in findings(platform)} == {
        ("PV501", "`running` of `replicas` is not a number or a list of numbers")
    }
