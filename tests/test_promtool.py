"""Rules as Prometheus reads them: promtool checks every rule of the tree, and proves that alerts fire when they should.

A component's `promtool/*.yaml` are data: the `case` whose rules they are about, what is measured, and which alerts fire when,
with their severity. Every alert that fires must be named: what is not named must be silent.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
COMPONENTS = ROOT / "golden-paths/components"
TESTS = sorted(COMPONENTS.glob("*/promtool/*.yaml"))
LABELS = {"severity", "namespace", "team", "environment"}

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def tool(name: str) -> str:
    """The path of what `make tools` brings; a machine's own does where pytest is run by hand."""
    found = os.environ.get(name.upper()) or shutil.which(name, path=ROOT / ".tools/bin") or shutil.which(name)
    assert found, f"{name} is missing: run `make tools`"
    return found


def run(*command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def load(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)


@cache
def rendered_rules() -> Mapping[str, list[dict[str, Any]]]:
    """By file of the tree: the rules that it holds."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted((ROOT / "rendered").rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        if "\nkind: PrometheusRule\n" in text:
            manifests = yaml.load_all(text, Loader=_Loader)
            found[path.relative_to(ROOT).as_posix()] = [m for m in manifests if m["kind"] == "PrometheusRule"]
    return found


def rules_of(manifests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [group for m in manifests if m["kind"] == "PrometheusRule" for group in m["spec"]["groups"]]


def alerts_of(manifests: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for group in rules_of(manifests):
        yield from alerts_in(group)


def alerts_in(group: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (rule for rule in whole_rules(group) if "alert" in rule)


def whole_rules(group: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """As Prometheus evaluates them: with the group's labels, of which a rule's own take precedence."""
    return ({**rule, "labels": group.get("labels", {}) | rule.get("labels", {})} for rule in group["rules"])


def groups_of(path: Path) -> list[dict[str, Any]]:
    """What a file's case renders; of it only the groups of `rules`, where the file says so."""
    test = load(path)
    case = load(path.parents[1] / "cases" / f"{test['case']}.yaml")
    names = set(test.get("rules", ()))
    groups = rules_of(case["expect"])
    found = [group for group in groups if not names or names & set(group["name"].split("."))]
    assert {name for name in names for group in found if name in group["name"].split(".")} == names
    return found


def promtool_test(path: Path, rule_file: str) -> dict[str, Any]:
    """One of our files in promtool's words: it is asked for all alerts that fire, so that one too many is a fault as well."""
    file = load(path)
    (namespace,) = {rule["labels"]["namespace"] for group in groups_of(path) for rule in alerts_in(group)}
    return {
        "rule_files": [rule_file],
        # What is recorded is there before the alerts that read it; promtool takes any order otherwise.
        "group_eval_order": [group["name"] for group in groups_of(path)],
        "tests": [
            {
                "name": test["name"],
                "interval": test["every"],
                "input_series": [{"series": name, "values": str(values)} for name, values in test["series"].items()],
                "promql_expr_test": [
                    {
                        "expr": 'group by (alertname, severity, namespace) (ALERTS{alertstate="firing"})',
                        "eval_time": time,
                        "exp_samples": [
                            {
                                "labels": f'{{alertname="{alert}", severity="{severity}", namespace="{namespace}"}}',
                                "value": 1,
                            }
                            for alert, said in fires.items()
                            for severity in (said if isinstance(said, list) else [said])
                        ],
                    }
                    for time, fires in test["fires"].items()
                ],
            }
            for test in file["tests"]
        ],
    }


def test_promtool_accepts_every_rendered_rule(tmp_path: Path) -> None:
    files = []
    for name, manifests in rendered_rules().items():
        files.append(tmp_path / name.replace("/", "_"))
        files[-1].write_text(yaml.safe_dump({"groups": rules_of(manifests)}), encoding="utf-8")
    assert len(files) > 50
    said = run(tool("promtool"), "check", "rules", "--lint=all", "--lint-fatal", *files)
    assert said.count("SUCCESS") == len(files)


@pytest.mark.parametrize("path", TESTS, ids=[f"{path.parents[1].name}-{path.stem}" for path in TESTS])
def test_alerts_fire_when_they_should_and_only_then(path: Path, tmp_path: Path) -> None:
    intervals = {test["every"] for test in load(path)["tests"]}
    rules = tmp_path / "rules.yaml"
    rules.write_text(yaml.safe_dump({"groups": groups_of(path)}), encoding="utf-8")
    whole = promtool_test(path, rules.name)
    files = []
    for every in sorted(intervals):
        files.append(tmp_path / f"test-{every}.yaml")
        tests = [test for test in whole["tests"] if test["interval"] == every]
        said = {**whole, "evaluation_interval": every, "tests": tests}
        files[-1].write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")
    for file in files:
        run(tool("promtool"), "test", "rules", file)


def test_each_alert_of_a_case_fires_in_a_test_and_is_silent_in_another() -> None:
    rendered = {
        rule["alert"] for case in COMPONENTS.glob("alerting/cases/*.yaml") for rule in alerts_of(load(case)["expect"])
    }
    moments = [fires for path in TESTS for test in load(path)["tests"] for fires in test["fires"].values()]
    assert rendered <= {alert for fires in moments for alert in fires}
    assert all(any(alert not in fires for fires in moments) for alert in rendered)


@pytest.mark.parametrize("name", sorted(rendered_rules()))
def test_each_alert_says_whose_it_is_how_urgent_and_where_to_look(name: str) -> None:
    for manifest in rendered_rules()[name]:
        for rule in alerts_of([manifest]):
            assert rule["labels"].keys() >= LABELS, rule["alert"]
            assert rule["labels"]["namespace"] == manifest["metadata"]["namespace"]
            assert rule["labels"]["severity"] in ("critical", "warning", "info")
            assert rule["labels"]["severity"] != "critical" or rule["labels"]["environment"] == "prod"
            assert rule["annotations"].keys() >= {"summary", "runbook_url", "dashboard_url"}, rule["alert"]
            assert rule["annotations"]["runbook_url"].endswith(f"#{rule['alert'].lower()}")
            assert rule["for"]


def test_no_burn_rate_is_out_of_an_objectives_reach() -> None:
    settings = load(COMPONENTS / "alerting/settings.yaml")
    fields = load(COMPONENTS / "alerting/schema.json")["properties"]["slo"]["properties"]
    rates = [burn[rate] for burn in settings["burnRates"].values() for rate in ("fast", "slow")]
    fastest = max(rate["factor"] for rate in rates)
    for least in (fields["availability"], fields["freshness"], fields["latency"]["properties"]["objective"]):
        assert fastest * (100 - least["minimum"]) < 100
    assert (
        max(burn["factor"] for burn in settings["runBurnRates"].values()) * (100 - fields["success"]["minimum"]) < 100
    )
    windows = {rate[length] for rate in rates for length in ("long", "short")}
    assert windows <= set(settings["windows"])
