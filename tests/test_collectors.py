"""The collectors' configurations hold together: pipelines name what there is, all of it is used, in the right order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
COMPONENTS = ROOT / "golden-paths/components"
COLLECTORS = {
    f"{path.parts[-3]}-{manifest['metadata']['name']}": manifest
    for path in sorted((ROOT / "rendered").glob("*/platform/opentelemetry.yaml"))
    for manifest in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    if manifest["kind"] == "OpenTelemetryCollector"
}
every_collector = pytest.mark.parametrize("name", COLLECTORS)


def config(name: str) -> dict[str, Any]:
    return dict(COLLECTORS[name]["spec"]["config"])


@every_collector
def test_pipelines_name_what_there_is_and_all_of_it(name: str) -> None:
    whole = config(name)
    connectors = set(whole.get("connectors", ()))
    pipelines = whole["service"]["pipelines"].values()
    for kind in ("receivers", "processors", "exporters"):
        used = {part for pipeline in pipelines for part in pipeline[kind]}
        assert used - connectors == set(whole[kind]), kind
    for side in ("receivers", "exporters"):
        assert connectors <= {part for pipeline in pipelines for part in pipeline[side]}
    assert set(whole["service"]["extensions"]) == set(whole["extensions"])


@every_collector
def test_memory_is_limited_before_anything_else_and_batches_come_last(name: str) -> None:
    for pipeline in config(name)["service"]["pipelines"].values():
        processors = pipeline["processors"]
        assert processors[0] == "memory_limiter" or pipeline["receivers"] == ["forward/sampling"]
        assert "batch" not in processors[:-1]


@pytest.mark.parametrize("name", [name for name in COLLECTORS if name.endswith("gateway")])
def test_spans_are_counted_before_they_are_sampled(name: str) -> None:
    pipelines = config(name)["service"]["pipelines"]
    assert "tail_sampling" not in pipelines["traces/all"]["processors"]
    assert set(pipelines["traces/all"]["exporters"]) == {"spanmetrics", "forward/sampling"}
    policies = {policy["name"] for policy in config(name)["processors"]["tail_sampling"]["policies"]}
    assert {"errors", "slow", "others"} <= policies


@pytest.mark.parametrize("name", [name for name in COLLECTORS if name.endswith("agent")])
def test_agents_send_a_trace_to_one_gateway(name: str) -> None:
    whole = config(name)
    assert whole["service"]["pipelines"]["traces"]["exporters"] == ["loadbalancing"]
    assert whole["exporters"]["loadbalancing"]["routing_key"] == "traceID"
    assert "otel-gateway-collector-headless." in whole["exporters"]["loadbalancing"]["resolver"]["dns"]["hostname"]


@every_collector
def test_a_collector_has_limits_and_no_rights_beyond_its_work(name: str) -> None:
    spec = COLLECTORS[name]["spec"]
    assert spec["resources"]["limits"].keys() == {"memory"}
    assert spec["securityContext"]["allowPrivilegeEscalation"] is False
    assert spec["securityContext"]["readOnlyRootFilesystem"] is True
    assert spec["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    mounts = {mount["name"]: mount.get("readOnly", False) for mount in spec.get("volumeMounts", ())}
    assert all(read_only for mount, read_only in mounts.items() if mount != "positions")


@pytest.mark.parametrize("name", [name for name in COLLECTORS if name.endswith("gateway")])
def test_every_sample_rate_that_a_service_may_ask_for_has_a_share_and_what_asks_for_none_has_one_too(name: str) -> None:
    policies = {policy["name"]: policy for policy in config(name)["processors"]["tail_sampling"]["policies"]}
    schema = json.loads((COMPONENTS / "observability/schema.json").read_text(encoding="utf-8"))
    rates = schema["properties"]["observability"]["properties"]["tracing"]["properties"]["sampleRate"]["enum"]
    assert {f"baseline-{rate}" for rate in rates} == policies.keys() - {"errors", "slow", "others"}
    for rate in rates:
        asked, share = policies[f"baseline-{rate}"]["and"]["and_sub_policy"]
        assert asked["string_attribute"] == {"key": "sampling.baseline", "values": [str(rate)]}
        assert share["probabilistic"]["sampling_percentage"] == rate * 100
    unasked = policies["others"]["and"]["and_sub_policy"][0]["string_attribute"]
    assert unasked["invert_match"]
    assert set(unasked["values"]) == {str(rate) for rate in rates}


ATTRIBUTES = {"service.name", "service.namespace", "service.version", "team", "deployment.environment.name"}


@pytest.mark.parametrize("name", [name for name in COLLECTORS if name.endswith("gateway")])
def test_traces_logs_and_metrics_carry_one_set_of_attributes(name: str) -> None:
    whole = config(name)
    processors = whole["processors"]
    found = {label["tag_name"] for label in processors["k8sattributes"]["extract"]["labels"]}
    found |= {attribute["key"] for attribute in processors["resource/environment"]["attributes"]}
    assert found >= ATTRIBUTES
    for signal in ("traces/all", "metrics", "logs"):
        used = whole["service"]["pipelines"][signal]["processors"]
        assert used.index("k8sattributes") < used.index("resource/environment")
    # Proxies name themselves otherwise: that must be gone before the pod is asked.
    used = whole["service"]["pipelines"]["traces/all"]["processors"]
    assert used.index("transform/proxies") < used.index("k8sattributes")
    (statement,) = processors["transform/proxies"]["trace_statements"]
    assert 'span.attributes["sampling.baseline"]' in statement


@pytest.mark.parametrize("target", sorted({name.rsplit("-otel", 1)[0] for name in COLLECTORS}))
def test_scraped_metrics_and_what_a_program_sends_carry_them_too(target: str) -> None:
    checked = 0
    for path in sorted((ROOT / "rendered" / target).glob("*/*/observability.yaml")):
        monitor, telemetry = yaml.safe_load_all(path.read_text(encoding="utf-8"))
        (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
        labels = {rule["targetLabel"] for rule in endpoint["relabelings"]}
        assert {attribute.replace(".", "_") for attribute in ATTRIBUTES} <= labels, path
        assert "sampling.baseline" in telemetry["spec"]["tracing"][0]["customTags"]
        checked += 1
    assert checked > 15
    sent = yaml.safe_load((COMPONENTS / "observability/component.yaml").read_text(encoding="utf-8"))["provides"]["env"]
    said = {pair.split("=")[0] for pair in sent["OTEL_RESOURCE_ATTRIBUTES"]["value"].split(",")}
    assert said | {"service.name"} >= ATTRIBUTES


def test_collectors_may_read_what_they_look_up_and_nothing_else() -> None:
    for path in sorted((ROOT / "rendered").glob("*/platform/opentelemetry.yaml")):
        manifests = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
        rights = {
            manifest["metadata"]["name"]: {
                (group, resource, verb)
                for rule in manifest["rules"]
                for group in rule["apiGroups"]
                for resource in rule["resources"]
                for verb in rule["verbs"]
            }
            for manifest in manifests
            if manifest["kind"] == "ClusterRole"
        }
        watched = [("", "namespaces"), ("", "pods"), ("apps", "replicasets")]
        looked_up = {(*what, verb) for what in watched for verb in ("get", "list", "watch")}
        assert rights == {"otel-agent": {("", "nodes/stats", "get")}, "otel-gateway": looked_up}


def test_services_send_where_an_agent_listens() -> None:
    settings = yaml.safe_load((COMPONENTS / "observability/settings.yaml").read_text(encoding="utf-8"))
    names = {f"{manifest['metadata']['name']}-collector" for manifest in COLLECTORS.values()}
    assert settings["collector"]["service"] in names
    assert settings["collector"]["podLabels"] == {"app.kubernetes.io/name": settings["collector"]["service"]}


def test_collectors_send_metrics_to_the_prometheus_that_analyses_ask() -> None:
    for folder in sorted({path.parents[1] for path in (ROOT / "rendered").glob("*/platform/opentelemetry.yaml")}):
        (name,) = [name for name in COLLECTORS if name == f"{folder.name}-otel-gateway"]
        sent = config(name)["exporters"]["otlphttp/metrics"]["endpoint"]
        asked = {
            metric["provider"]["prometheus"]["address"]
            for path in sorted(folder.glob("*/*/rollout.yaml"))
            for manifest in yaml.safe_load_all(path.read_text(encoding="utf-8"))
            if manifest["kind"] == "AnalysisTemplate"
            for metric in manifest["spec"]["metrics"]
        }
        assert all(sent.startswith(f"{address}/") for address in asked), folder.name
