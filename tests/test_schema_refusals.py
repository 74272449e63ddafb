"""Of every kind that is rendered the schemas refuse unknown fields, wrong types, missing fields and unknown words."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
import yaml

from clusters import CATALOGUE, RENDERED, ROOT, Object, clusters
from pavior.kubernetes.schemas import ManifestSchemas

FREE = {
    "Composition": ("spec/pipeline/*/input",),
    "CompositeResourceDefinition": ("spec/versions/*/schema",),
    "EnvoyFilter": ("spec/configPatches/*/patch/value",),
    "OpenTelemetryCollector": ("spec/config",),
}
"""Where a kind takes anything; what stands there is checked by other means."""

REQUIRED = {
    "Deployment": (
        "spec/selector",
        "spec/template",
        "spec/template/spec/containers",
        "spec/template/spec/containers/0/name",
    ),
    "CronJob": ("spec/schedule", "spec/jobTemplate"),
    "HorizontalPodAutoscaler": ("spec/scaleTargetRef", "spec/maxReplicas", "spec/metrics/0/type"),
    "NetworkPolicy": ("spec/egress/0/to/0/ipBlock/cidr",),
    "Service": ("spec/ports/0/port",),
    "Role": ("rules/0/verbs",),
    "RoleBinding": ("roleRef", "roleRef/name", "subjects/0/kind"),
    "LimitRange": ("spec/limits", "spec/limits/0/type"),
    "Application": ("spec", "spec/project", "spec/destination", "spec/source/repoURL"),
    "AppProject": ("spec",),
    "AnalysisTemplate": ("spec/metrics/0/name", "spec/metrics/0/provider"),
    "PrometheusRule": ("spec/groups/0/name", "spec/groups/0/rules/0/expr"),
    "PodMonitor": ("spec/selector",),
    "AlertmanagerConfig": ("spec/receivers/0/name",),
    "ScaledObject": ("spec/scaleTargetRef", "spec/triggers", "spec/triggers/0/type", "spec/triggers/0/metadata"),
    "ExternalSecret": ("spec/data/0/secretKey", "spec/data/0/remoteRef", "spec/data/0/remoteRef/key"),
    "SecretStore": ("spec/provider",),
    "Certificate": ("spec/issuerRef", "spec/issuerRef/name", "spec/secretName"),
    "VirtualService": ("spec/http/0/route/0/destination", "spec/http/0/route/0/destination/host"),
    "ServiceEntry": ("spec/hosts", "spec/ports/0/number", "spec/ports/0/name"),
    "Gateway": ("spec/servers/0/port", "spec/servers/0/hosts"),
    "Sidecar": ("spec/egress/0/hosts",),
    "DestinationRule": ("spec/host", "spec/subsets/0/name"),
    "RequestAuthentication": ("spec/jwtRules/0/issuer",),
    "CompositeResourceDefinition": ("spec/group", "spec/names", "spec/names/kind", "spec/versions"),
    "Composition": ("spec/compositeTypeRef", "spec/compositeTypeRef/kind", "spec/pipeline/0/functionRef"),
    "Provider": ("spec/package",),
    "Function": ("spec/package",),
    "PostgresDatabase": ("spec", "spec/size", "spec/version"),
    "Component": ("spec/type", "spec/lifecycle", "spec/owner"),
    "API": ("spec/definition", "spec/type"),
    "Group": ("spec/children",),
    "OpenTelemetryCollector": ("spec/config", "spec/config/service/pipelines"),
}
"""Fields without which the API server refuses the kind."""

WORDS = {
    "Deployment": (
        "spec/strategy/type",
        "spec/template/spec/securityContext/seccompProfile/type",
        "spec/template/spec/securityContext/fsGroupChangePolicy",
        "spec/template/spec/topologySpreadConstraints/0/whenUnsatisfiable",
        "spec/template/spec/containers/0/ports/0/protocol",
    ),
    "CronJob": (
        "spec/concurrencyPolicy",
        "spec/jobTemplate/spec/template/spec/restartPolicy",
        "spec/jobTemplate/spec/podFailurePolicy/rules/0/action",
    ),
    "HorizontalPodAutoscaler": (
        "spec/metrics/0/type",
        "spec/metrics/0/containerResource/target/type",
        "spec/behavior/scaleUp/selectPolicy",
        "spec/behavior/scaleDown/policies/0/type",
    ),
    "NetworkPolicy": ("spec/policyTypes/0", "spec/egress/0/ports/0/protocol"),
    "PodDisruptionBudget": ("spec/unhealthyPodEvictionPolicy",),
    "Service": ("spec/type", "spec/ports/0/protocol"),
    "RoleBinding": ("roleRef/kind", "roleRef/apiGroup", "subjects/0/kind"),
    "LimitRange": ("spec/limits/0/type",),
    "AppProject": ("spec/syncWindows/0/kind",),
    "Rollout": (
        "spec/strategy/canary/analysis/args/0/valueFrom/podTemplateHashValue",
        "spec/strategy/blueGreen/prePromotionAnalysis/args/0/valueFrom/podTemplateHashValue",
    ),
    "AlertmanagerConfig": ("spec/route/routes/0/matchers/0/matchType",),
    "ScaledObject": ("spec/triggers/0/metricType", "spec/triggers/0/authenticationRef/kind"),
    "ExternalSecret": (
        "spec/target/creationPolicy",
        "spec/target/deletionPolicy",
        "spec/data/0/remoteRef/decodingStrategy",
    ),
    "Certificate": ("spec/privateKey/algorithm", "spec/privateKey/rotationPolicy"),
    "AuthorizationPolicy": ("spec/action",),
    "PeerAuthentication": ("spec/mtls/mode",),
    "Gateway": ("spec/servers/0/tls/mode", "spec/servers/0/port/protocol"),
    "ServiceEntry": ("spec/location", "spec/resolution", "spec/ports/0/protocol"),
    "Sidecar": ("spec/outboundTrafficPolicy/mode",),
    "DestinationRule": ("spec/trafficPolicy/tls/mode",),
    "EnvoyFilter": ("spec/configPatches/0/applyTo", "spec/configPatches/0/patch/operation"),
    "OpenTelemetryCollector": ("spec/mode", "spec/managementState", "spec/upgradeStrategy"),
    "Composition": ("spec/mode",),
    "CompositeResourceDefinition": ("spec/scope",),
    "Provider": ("spec/revisionActivationPolicy",),
    "Function": ("spec/revisionActivationPolicy",),
    "PostgresDatabase": ("spec/size",),
}
"""Fields that take one of a few words."""


@cache
def schemas() -> ManifestSchemas:
    known = ManifestSchemas(ROOT / "schemas/kubernetes")
    known.define([each for cluster in clusters().values() for each in cluster.objects])
    return known


@cache
def rendered() -> dict[str, list[Object]]:
    """By kind: the manifests of all targets and of the catalogue."""
    found: dict[str, list[Object]] = {}
    catalogue = [
        each
        for path in sorted((RENDERED / CATALOGUE).rglob("*.yaml"))
        for each in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ]
    for each in (*catalogue, *(each for cluster in clusters().values() for each in cluster.objects)):
        found.setdefault(each["kind"], []).append(each)
    return found


def changed(manifest: Object, at: tuple[str | int, ...], *value: Any) -> Object | None:
    """The manifest with another value at a place, or without it; None where the place is not there."""
    copy = deepcopy(manifest)
    place: Any = copy
    for step in at[:-1]:
        if not (isinstance(place, list) and isinstance(step, int) and step < len(place)) and not (
            isinstance(place, dict) and step in place
        ):
            return None
        place = place[step]
    last = at[-1]
    if value:
        if isinstance(place, list) and not (isinstance(last, int) and last < len(place)):
            return None
        place[last] = value[0]
    elif isinstance(place, dict) and last in place:
        del place[last]
    else:
        return None
    return copy


def steps(at: str) -> tuple[str | int, ...]:
    return tuple(int(step) if step.isdecimal() else step for step in at.split("/"))


def leaves(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict | list) and value:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*at, key))
    else:
        yield at


def general(at: tuple[str | int, ...]) -> str:
    return "/".join("*" if isinstance(step, int) else step for step in at)


@pytest.mark.parametrize("kind", sorted(rendered()))
class TestOfEveryKind:
    def test_what_is_rendered_has_no_fault(self, kind: str) -> None:
        assert not schemas().faults(rendered()[kind][0])

    def test_an_unknown_field_is_refused(self, kind: str) -> None:
        manifest = rendered()[kind][0]
        for at in (("unknown",), ("spec", "unknown"), ("metadata", "unknown")):
            if isinstance(manifest.get(at[0]), dict) or len(at) == 1:
                copy = changed(manifest, at, "x")
                assert copy is not None
                assert schemas().faults(copy), at

    def test_a_wrong_type_is_refused_wherever_it_stands(self, kind: str) -> None:
        taken = set()
        for manifest in rendered()[kind][:3]:
            for at in leaves(manifest):
                name = general(at)
                if name in taken or any(name.startswith(free) for free in FREE.get(kind, ())):
                    continue
                taken.add(name)
                copy = changed(manifest, at, [{"wrong": [1]}])
                assert copy is not None
                assert schemas().faults(copy), name

    def test_a_missing_field_is_refused(self, kind: str) -> None:
        for at in ("apiVersion", "kind", "metadata", *REQUIRED.get(kind, ())):
            copies = (changed(each, steps(at)) for each in rendered()[kind])
            copy = next((each for each in copies if each is not None), None)
            assert copy is not None, f"no {kind} has {at}"
            assert schemas().faults(copy), at

    def test_a_word_that_is_none_of_the_known_is_refused(self, kind: str) -> None:
        for at in WORDS.get(kind, ()):
            copies = (changed(each, steps(at), "Nonsense") for each in rendered()[kind])
            copy = next((each for each in copies if each is not None), None)
            assert copy is not None, f"no {kind} has {at}"
            assert schemas().faults(copy), at


def test_each_kind_named_here_is_rendered() -> None:
    assert {*FREE, *REQUIRED, *WORDS} <= rendered().keys()
