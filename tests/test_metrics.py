"""Every metric and label that a rule, a graph or an analysis asks for is one that its exporter exposes.

Components list these in `metrics.yaml`, with the version that they were taken from. Expressions are read by Prometheus' own
parser (tools/promql), which follows the labels through functions, groups and matches. What a team's own rules ask for is the
team's own, unless it is named like an exporter's.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from test_promtool import COMPONENTS, ROOT, load, tool, whole_rules

LISTS = sorted(COMPONENTS.glob("*/metrics.yaml"))
KINDS = ("PrometheusRule", "GrafanaDashboard", "AnalysisTemplate", "ScaledObject")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def exposed() -> dict[str, list[str]]:
    """By name, the labels of each metric that exporters expose."""
    metrics: dict[str, list[str]] = {}
    for path in LISTS:
        for name, exporter in load(path)["exporters"].items():
            for metric, labels in exporter["metrics"].items():
                assert metric not in metrics, (metric, name)
                metrics[metric] = [*exporter["labels"], *labels]
    return metrics


@cache
def manifests() -> list[tuple[str, dict[str, Any]]]:
    """All that may hold an expression, with its file."""
    found = []
    for path in sorted((ROOT / "rendered").rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        if any(f"\nkind: {kind}\n" in text for kind in KINDS):
            name = path.relative_to(ROOT).as_posix()
            found += [(name, m) for m in yaml.load_all(text, Loader=_Loader) if m["kind"] in KINDS]
    return found


def rules() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for file, manifest in manifests():
        if manifest["kind"] == "PrometheusRule":
            for group in manifest["spec"]["groups"]:
                for rule in whole_rules(group):
                    yield file, manifest, rule


def of_a_team(file: str, manifest: dict[str, Any]) -> bool:
    """Whether a team wrote the rules: as `alerts`, or as manifests of its own."""
    return manifest["metadata"]["name"].endswith("-own") or file.endswith("/manifests.yaml")


def dashboard_expressions(document: dict[str, Any]) -> Iterator[str]:
    for annotation in document["annotations"]["list"]:
        yield annotation["expr"]
    for panel in document["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"].replace("$__rate_interval", "5m")


def asked() -> Iterator[dict[str, Any]]:
    """Each expression of the tree that is no recording rule's."""
    for file, manifest, rule in rules():
        if "alert" in rule:
            yield {"where": f"{file}: {rule['alert']}", "expr": rule["expr"], "open": of_a_team(file, manifest)}
    for file, manifest in manifests():
        spec = manifest["spec"]
        if manifest["kind"] == "GrafanaDashboard" and "json" in spec:
            for expression in dashboard_expressions(json.loads(spec["json"])):
                yield {"where": file, "expr": expression}
        for metric in spec.get("metrics", ()):
            if "prometheus" in metric["provider"]:
                yield {"where": f"{file}: {metric['name']}", "expr": metric["provider"]["prometheus"]["query"]}
        for trigger in spec.get("triggers", ()):
            if trigger["type"] == "prometheus":
                yield {"where": file, "expr": trigger["metadata"]["query"]}


@cache
def records() -> list[dict[str, Any]]:
    return [
        {"where": f"{file}: {rule['record']}", "open": of_a_team(file, manifest), **rule}
        for file, manifest, rule in rules()
        if "record" in rule
    ]


def faults(expressions: list[dict[str, Any]]) -> list[dict[str, str]]:
    metrics = exposed()
    metrics["ALERTS"] += {label for _, _, rule in rules() if "alert" in rule for label in rule["labels"]}
    given = {"metrics": metrics, "records": records(), "expressions": expressions}
    done = subprocess.run([tool("promql")], input=json.dumps(given), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def test_each_list_of_metrics_says_of_what_it_is_and_where_it_is_from() -> None:
    assert len(LISTS) >= 6
    for path in LISTS:
        for exporter in load(path)["exporters"].values():
            assert exporter.keys() == {"version", "source", "labels", "metrics"}
            assert isinstance(exporter["version"], str)


def test_every_metric_and_label_of_the_tree_is_one_that_an_exporter_exposes() -> None:
    expressions = list(asked())
    assert len(expressions) > 2000
    assert faults(expressions) == []


def test_every_metric_of_the_lists_is_asked_for() -> None:
    texts = "\n".join([*(one["expr"] for one in asked()), *(one["expr"] for one in records())])
    assert [name for name in exposed() if name not in texts] == []


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("sum(kube_pod_status_fase)", "no metric `kube_pod_status_fase`"),
        ('kube_pod_status_phase{fase="Pending"}', "no label `fase` on `kube_pod_status_phase`"),
        ("sum by (container) (kube_pod_status_phase)", "no label `container` to group by"),
        ("kube_job_failed * on (pod) kube_job_owner", "no label `pod` to match on"),
        ("kube_job_failed * kube_job_owner", "nothing matches"),
        ("kube_job_failed * on (job_name) group_left (owner) kube_job_owner", "no label `owner` to take in"),
        ("histogram_quantile(0.9, sum by (pod) (rate(istio_requests_total[5m])))", "no label `le`"),
        ("sum by (pod) (sum by (namespace) (kube_pod_status_phase))", "no label `pod` to group by"),
        ("sum by (team) (service:slo_objective:ratio)", "no label `team`"),
        ('sum(ALERTS{alert="Down"})', "no label `alert` on `ALERTS`"),
        ("sum(rate(istio_requests_total))", "expected type range vector"),
    ],
)
def test_a_metric_or_label_that_nobody_exposes_is_found(expression: str, message: str) -> None:
    found = [fault["message"] for fault in faults([{"where": "here", "expr": expression}])]
    assert any(message in text for text in found), found


def test_a_teams_own_metric_is_its_own_unless_it_is_named_like_an_exporters() -> None:
    own = {"where": "here", "expr": "payments_stuck > 1", "open": True}
    assert faults([own]) == []
    assert faults([{**own, "expr": "kube_payments > 1"}]) == [
        {"where": "here", "message": "there is no metric `kube_payments`"}
    ]
