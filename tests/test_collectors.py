"""The collectors' configurations hold together: pipelines name what there is, all of it is used, in the right order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
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


def test_services_send_where_an_agent_listens() -> None:
    settings = yaml.safe_load(
        (ROOT / "golden-paths/components/observability/settings.yaml").read_text(encoding="utf-8")
    )
    names = {f"{manifest['metadata']['name']}-collector" for manifest in COLLECTORS.values()}
    assert settings["collector"]["service"] in names
    assert settings["collector"]["podLabels"] == {"app.kubernetes.io/name": settings["collector"]["service"]}
