"""Routes as Alertmanager reads them: amtool checks what the operator makes of each team's, and follows alerts along them.

The operator writes every team's routes into one configuration, below a matcher of the team's namespace
(`alertmanagerConfigMatcherStrategy: OnNamespace`): what reaches a team is what carries its namespace as a label.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from test_promtool import ROOT, alerts_of, rendered_rules, run, tool

SECRETS = {"slack-url": "https://hooks.example/T/B/X", "pagerduty-key": "0123456789abcdef0123456789abcdef"}
RENAMED = {"apiURL": "api_url", "sourceMatch": "source_matchers", "targetMatch": "target_matchers"}
RENAMED |= {"pagerDutyLinkConfigs": "links", "pagerdutyConfigs": "pagerduty_configs", "alt": "text"}
ENVIRONMENTS = sorted({path.parts[-4] for path in (ROOT / "rendered").glob("*/*/team/alerting.yaml")})


@cache
def configs(environment: str) -> list[dict[str, Any]]:
    found = []
    for path in sorted((ROOT / "rendered" / environment).glob("*/team/alerting.yaml")):
        manifests = yaml.safe_load_all(path.read_text(encoding="utf-8"))
        found += [m for m in manifests if m["kind"] == "AlertmanagerConfig"]
    return found


def converted(value: Any) -> Any:
    """A part of a team's routes in the words of Alertmanager's own file."""
    if isinstance(value, list):
        return [matcher(item) if isinstance(item, dict) and "matchType" in item else converted(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"name", "key"}:
        return SECRETS[value["key"]]
    return {RENAMED.get(key) or snake(key): converted(inner) for key, inner in value.items()}


def snake(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", key).lower()


def matcher(item: dict[str, str]) -> str:
    return f'{item["name"]}{item["matchType"]}"{item["value"]}"'


def alertmanager(environment: str) -> dict[str, Any]:
    """The configuration that the operator generates of all teams' routes."""
    whole: dict[str, Any] = {
        "global": {"smtp_smarthost": "mail.example:587", "smtp_from": "alerts@mail.example"},
        "route": {"receiver": "platform", "routes": []},
        "receivers": [{"name": "platform"}],
        "inhibit_rules": [],
    }
    for config in configs(environment):
        namespace, prefix = (
            config["metadata"]["namespace"],
            f"{config['metadata']['namespace']}/{config['metadata']['name']}/",
        )
        own = f'namespace="{namespace}"'
        spec = converted(config["spec"])
        route = named(spec["route"], prefix)
        whole["route"]["routes"].append({**route, "matchers": [own, *route.get("matchers", ())], "continue": True})
        whole["receivers"] += [{**receiver, "name": prefix + receiver["name"]} for receiver in spec["receivers"]]
        for rule in spec["inhibit_rules"]:
            both = {side: [own, *rule[side]] for side in ("source_matchers", "target_matchers")}
            whole["inhibit_rules"].append({**rule, **both})
    return whole


def named(route: dict[str, Any], prefix: str) -> dict[str, Any]:
    """A route whose receivers carry the operator's prefix, at any depth."""
    inner = [named(below, prefix) for below in route.get("routes", ())]
    return {**route, "receiver": prefix + route["receiver"], **({"routes": inner} if inner else {})}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("alertmanager")
    written = {environment: folder / f"{environment}.yaml" for environment in ENVIRONMENTS}
    for environment, path in written.items():
        path.write_text(yaml.safe_dump(alertmanager(environment), sort_keys=False), encoding="utf-8")
    return written


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_amtool_accepts_what_the_operator_makes_of_all_teams_routes(environment: str, files: dict[str, Path]) -> None:
    assert configs(environment)
    assert "SUCCESS" in run(tool("amtool"), "check-config", files[environment])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_alert_reaches_its_own_team_and_what_is_critical_pages(environment: str, files: dict[str, Path]) -> None:
    wanted: dict[tuple[str, str], str] = {}
    for name, manifests in rendered_rules().items():
        if name.split("/")[1] == environment:
            for rule in alerts_of(manifests):
                labels = rule["labels"]
                wanted.setdefault((labels["namespace"], labels["severity"]), rule["alert"])
    teams = {config["metadata"]["namespace"] for config in configs(environment)}
    for (namespace, severity), alert in wanted.items():
        receiver = "page" if severity == "critical" else "channel"
        expected = f"{namespace}/{namespace}/{receiver}" if namespace in teams else "platform"
        labels = (f"alertname={alert}", f"namespace={namespace}", f"severity={severity}")
        said = run(tool("amtool"), "config", "routes", "test", f"--config.file={files[environment]}", *labels)
        assert said.strip() == expected, labels


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_alert_without_a_namespace_reaches_no_team(environment: str, files: dict[str, Path]) -> None:
    labels = ("alertname=NoReplicaReady", "severity=critical")
    said = run(tool("amtool"), "config", "routes", "test", f"--config.file={files[environment]}", *labels)
    assert said.strip() == "platform"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_a_team_silences_are_alerts_that_there_are(environment: str) -> None:
    known = {rule["alert"] for manifests in rendered_rules().values() for rule in alerts_of(manifests)}
    for config in configs(environment):
        for rule in config["spec"]["inhibitRules"]:
            assert "namespace" in rule["equal"]
            for item in (*rule["sourceMatch"], *rule["targetMatch"]):
                if item["name"] == "alertname":
                    assert set(item["value"].split("|")) <= known


def test_alerts_of_two_clusters_are_two_alerts() -> None:
    """One Alertmanager may hear both, and takes what has the same labels for one."""
    seen: dict[tuple[tuple[str, str], ...], str] = {}
    for name, manifests in rendered_rules().items():
        environment = name.split("/")[1]
        for rule in alerts_of(manifests):
            labels = (("alertname", rule["alert"]), *sorted(rule["labels"].items()))
            assert seen.setdefault(labels, environment) == environment, (name, rule["alert"])
