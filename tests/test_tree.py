"""What the manifests of a target say of one another holds: whatever one names is there, and fits.

Each check is shown to find a planted fault. What else must be there is the platform's own, and its settings name it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, TypeAlias

import pytest

from clusters import (
    RENDERED,
    Cluster,
    Object,
    anywhere,
    carries,
    clusters,
    containers,
    named,
    namespace,
    ports_of,
    settings,
    texts,
    within,
)

Check: TypeAlias = Callable[[Cluster], Iterator[str]]

LABELS = ("name", "part-of", "managed-by")

BUILT_IN_ROLES = {"admin", "edit", "view"}
PROXY_PORTS = {15020, 15021, 15090}
"""What the mesh's proxy opens in each pod for the scraper and the kubelet."""


# Autoscalers ----------------------------------------------------------------------------------------------------------


def nothing_has_both_replicas_and_an_autoscaler(cluster: Cluster) -> Iterator[str]:
    scaled: set[str] = set()
    for autoscaler in cluster.of("HorizontalPodAutoscaler", "ScaledObject"):
        target = autoscaler["spec"]["scaleTargetRef"]
        workload = cluster.get(target["kind"], namespace(autoscaler), target["name"])
        if workload is None or workload["apiVersion"] != target["apiVersion"]:
            yield f"{named(autoscaler)} scales {target['kind']} {target['name']}, which is not there"
        elif "replicas" in workload["spec"]:
            yield f"{named(workload)} has replicas and {named(autoscaler)}"
        elif named(workload) in scaled:
            yield f"{named(workload)} has a second autoscaler, {named(autoscaler)}"
        else:
            scaled.add(named(workload))
    for workload in cluster.of("Deployment", "Rollout"):
        if "replicas" not in workload["spec"] and named(workload) not in scaled:
            yield f"{named(workload)} has neither replicas nor an autoscaler"


def what_runs_twice_has_a_disruption_budget_that_lets_nodes_drain(cluster: Cluster) -> Iterator[str]:
    least = {
        (
            autoscaler["spec"]["scaleTargetRef"]["kind"],
            namespace(autoscaler),
            autoscaler["spec"]["scaleTargetRef"]["name"],
        ): autoscaler["spec"].get("minReplicas", autoscaler["spec"].get("minReplicaCount", 0))
        for autoscaler in cluster.of("HorizontalPodAutoscaler", "ScaledObject")
    }
    budgets = list(cluster.of("PodDisruptionBudget"))
    rendered = {id(each) for each in cluster.objects}
    for workload in (each for each in cluster.of("Deployment", "Rollout") if id(each) in rendered):
        name = (workload["kind"], namespace(workload), workload["metadata"]["name"])
        replicas = least.get(name, workload["spec"].get("replicas", 1))
        mine = [
            budget
            for budget in budgets
            if namespace(budget) == namespace(workload)
            and carries(workload["spec"]["template"], budget["spec"]["selector"]["matchLabels"])
        ]
        if len(mine) != (replicas >= 2):
            yield f"{named(workload)} runs {replicas} times at least and has {len(mine)} disruption budgets"
        for budget in mine:
            if budget["spec"].get("maxUnavailable", 1) == 0 or budget["spec"].get("minAvailable", 0) != 0:
                yield f"{named(budget)} may block a drain"


# Rollouts -------------------------------------------------------------------------------------------------------------


def analyses(rollout: Object) -> Iterator[Object]:
    for strategy in rollout["spec"]["strategy"].values():
        for key in ("analysis", "prePromotionAnalysis", "postPromotionAnalysis"):
            yield from anywhere(strategy, key)


def every_argument_of_an_analysis_is_resolved(cluster: Cluster) -> Iterator[str]:
    used: set[str] = set()
    for rollout in cluster.of("Rollout"):
        for analysis in analyses(rollout):
            given = {each["name"] for each in analysis.get("args", ()) if "value" in each or "valueFrom" in each}
            declared: set[str] = set()
            for name in within(analysis, "templates", "templateName"):
                template = cluster.get("AnalysisTemplate", namespace(rollout), name)
                if template is None:
                    yield f"{named(rollout)} is judged by {name}, which is not there"
                    continue
                used.add(named(template))
                needed = {
                    each["name"]
                    for each in template["spec"].get("args", ())
                    if "value" not in each and "valueFrom" not in each
                }
                declared |= {each["name"] for each in template["spec"].get("args", ())}
                yield from (f"{named(rollout)} gives no {each} to {named(template)}" for each in needed - given)
            yield from (f"{named(rollout)} gives {each}, which nothing declares" for each in given - declared)
    for template in cluster.of("AnalysisTemplate"):
        if named(template) not in used:
            yield f"{named(template)} judges nothing"
        declared = {each["name"] for each in template["spec"].get("args", ())}
        written = {
            name
            for text in texts(template["spec"]["metrics"])
            for name in re.findall(r"\{\{\s*args\.([\w-]+)\s*\}\}", text)
        }
        yield from (f"{named(template)} uses {each}, which it does not declare" for each in written - declared)
        yield from (f"{named(template)} declares {each} and does not use it" for each in declared - written)


def what_a_rollout_steers_is_there(cluster: Cluster) -> Iterator[str]:
    for rollout in cluster.of("Rollout"):
        space = namespace(rollout)
        for strategy in rollout["spec"]["strategy"].values():
            for key in ("activeService", "previewService", "stableService", "canaryService"):
                if key in strategy and not cluster.has("Service", space, strategy[key]):
                    yield f"{named(rollout)}: {key} {strategy[key]} is not there"
            for istio in within(strategy, "trafficRouting", "istio"):
                virtual, rule = istio["virtualService"], istio["destinationRule"]
                routes = set(within(cluster.get("VirtualService", space, virtual["name"]), "spec", "http", "name"))
                yield from (f"{named(rollout)}: no route {each}" for each in set(virtual["routes"]) - routes)
                subsets = set(within(cluster.get("DestinationRule", space, rule["name"]), "spec", "subsets", "name"))
                wanted = {rule["stableSubsetName"], rule["canarySubsetName"]}
                yield from (f"{named(rollout)}: no subset {each}" for each in wanted - subsets)


# The mesh -------------------------------------------------------------------------------------------------------------


def host_ports(cluster: Cluster) -> dict[str, set[int]]:
    """By host that the mesh knows: its ports. Those of collectors are Services that their operator makes."""
    found = {
        f"{service['metadata']['name']}.{namespace(service)}.svc.cluster.local": set(
            within(service, "spec", "ports", "port")
        )
        for service in cluster.of("Service")
    }
    for entry in cluster.of("ServiceEntry"):
        for host in entry["spec"]["hosts"]:
            found.setdefault(host, set()).update(within(entry, "spec", "ports", "number"))
    for collector in cluster.of("OpenTelemetryCollector"):
        endpoints = within(collector, "spec", "config", "receivers", "otlp", "protocols", "*", "endpoint")
        ports = {int(endpoint.rpartition(":")[2]) for endpoint in endpoints}
        for suffix in ("collector", "collector-headless"):
            found[f"{collector['metadata']['name']}-{suffix}.{namespace(collector)}.svc.cluster.local"] = ports
    return found


def subsets_of(cluster: Cluster) -> dict[str, set[str]]:
    return {
        rule["spec"]["host"]: set(within(rule, "spec", "subsets", "name")) for rule in cluster.of("DestinationRule")
    }


def every_destination_of_the_mesh_is_there(cluster: Cluster) -> Iterator[str]:
    known, subsets = host_ports(cluster), subsets_of(cluster)
    for service in cluster.of("VirtualService"):
        for destination in anywhere(service["spec"], "destination"):
            host, subset = destination["host"], destination.get("subset")
            port = destination.get("port", {}).get("number")
            if host not in known:
                yield f"{named(service)} leads to {host}, which is not there"
            elif port is not None and port not in known[host]:
                yield f"{named(service)} leads to {host}:{port}, which is not a port of it"
            if subset is not None and subset not in subsets.get(host, ()):
                yield f"{named(service)} leads to subset {subset} of {host}, which is not there"
        for gateway in service["spec"].get("gateways", ()):
            if gateway != "mesh" and not cluster.has("Gateway", *gateway.split("/")):
                yield f"{named(service)} is bound to {gateway}, which is not there"
    for rule in cluster.of("DestinationRule"):
        if rule["spec"]["host"] not in known:
            yield f"{named(rule)} is about {rule['spec']['host']}, which is not there"
        for labels in within(rule, "spec", "subsets", "labels"):
            if not cluster.selected(namespace(rule), labels):
                yield f"{named(rule)} has a subset without pods: {labels}"


def what_a_sidecar_may_reach_is_there(cluster: Cluster) -> Iterator[str]:
    """All of a namespace is reached in the control plane's, and in the Sidecar's own, which is `.`."""
    known, open_to_all = host_ports(cluster), {settings("istio")["controlPlane"]["namespace"], "."}
    for sidecar in cluster.of("Sidecar"):
        for each in within(sidecar, "spec", "egress", "hosts"):
            space, _, host = each.partition("/")
            if host not in known and not (host == "*" and space in open_to_all):
                yield f"{named(sidecar)} reaches {host}, which is not there"


def every_principal_is_a_service_account(cluster: Cluster) -> Iterator[str]:
    gateways = {(each["namespace"], each["serviceAccount"]) for each in settings("istio")["gateways"].values()}
    for policy in cluster.of("AuthorizationPolicy"):
        for principal in within(policy, "spec", "rules", "from", "source", "principals"):
            domain, ns, space, sa, name = principal.split("/")
            if (domain, ns, sa) != (settings("istio")["trustDomain"], "ns", "sa"):
                yield f"{named(policy)} names {principal}, which is not a principal"
            if (space, name) not in gateways and not cluster.has("ServiceAccount", space, name):
                yield f"{named(policy)} lets in {principal}, which is not there"


# Ports ----------------------------------------------------------------------------------------------------------------


def every_port_is_one_that_pods_open(cluster: Cluster) -> Iterator[str]:
    for policy in cluster.of("AuthorizationPolicy"):
        pods = cluster.selected(namespace(policy), policy["spec"].get("selector", {}).get("matchLabels", {}))
        for port in within(policy, "spec", "rules", "to", "operation", "ports"):
            if int(port) not in ports_of(pods):
                yield f"{named(policy)} is about port {port}, which no pod of it opens"
    for policy in cluster.of("NetworkPolicy"):
        pods = cluster.selected(namespace(policy), policy["spec"]["podSelector"].get("matchLabels", {}))
        for port in within(policy, "spec", "ingress", "ports", "port") if pods else ():
            if port not in ports_of(pods) | PROXY_PORTS:
                yield f"{named(policy)} opens {port}, which no pod of it opens"
        for rule in policy["spec"].get("egress", ()):
            for peer in rule.get("to", ()):
                yield from _peer(cluster, policy, peer, [port["port"] for port in rule.get("ports", ())])
    for service in cluster.of("Service"):
        pods = cluster.selected(namespace(service), service["spec"]["selector"])
        for port in within(service, "spec", "ports", "targetPort"):
            if port not in ports_of(pods):
                yield f"{named(service)} leads to port {port}, which no pod of it opens"


def _peer(cluster: Cluster, policy: Object, peer: Object, ports: list[int]) -> Iterator[str]:
    """A peer in a team's namespace: its pods are there and open the ports. Of the platform's own, the namespace is known."""
    space = (
        peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name", namespace(policy))
    )
    if "podSelector" not in peer or "pavior.dev/team" not in _labels(cluster.get("Namespace", "", space)):
        return
    labels = peer["podSelector"].get("matchLabels", {})
    pods = cluster.selected(space, labels)
    for port in ports:
        if port not in ports_of(pods):
            yield f"{named(policy)} lets out to {space} {labels} on {port}, which no pod opens"


def _labels(manifest: Object | None) -> Object:
    return manifest["metadata"].get("labels", {}) if manifest else {}


# Names ----------------------------------------------------------------------------------------------------------------


def secrets_of(cluster: Cluster) -> dict[tuple[str, str], set[str]]:
    """The Secrets that will be there, with their keys: composed as they are, of ExternalSecrets, and of what providers tell."""
    found = {(namespace(each), each["metadata"]["name"]): set(each["data"]) for each in cluster.of("Secret")}
    for each in cluster.of("ExternalSecret"):
        target = each["spec"]["target"]
        keys = set(within(each, "spec", "data", "secretKey")) | set(target.get("template", {}).get("data", ()))
        found[namespace(each), target["name"]] = keys
    for claim, composition in cluster.claims():
        keys = set(within(composition, "spec", "pipeline", "input", "resources", "connectionDetails", "name"))
        if keys:
            found[namespace(claim), f"{claim['metadata']['name']}-connection"] = keys
    return found


def every_secret_and_key_will_be_there(cluster: Cluster) -> Iterator[str]:
    known = secrets_of(cluster)
    for owner, pod in cluster.pods():
        space = namespace(owner)
        wanted = [(each["name"], each["key"]) for each in anywhere(pod["spec"], "secretKeyRef") if not _optional(each)]
        wanted += [(each["name"], None) for each in anywhere(pod["spec"], "secretRef") if not _optional(each)]
        for volume in within(pod, "spec", "volumes", "secret"):
            keys = [item["key"] for item in volume.get("items", ())]
            wanted += [] if _optional(volume) else [(volume["secretName"], key) for key in keys or [None]]
        yield from _missing(known, owner, [(space, *each) for each in wanted])
    for config in cluster.of("AlertmanagerConfig"):
        refs = [ref for key in ("apiURL", "routingKey", "authPassword") for ref in anywhere(config["spec"], key)]
        wanted_here = [(namespace(config), ref["name"], ref["key"]) for ref in refs if isinstance(ref, dict)]
        yield from _missing(known, config, wanted_here)
    for each in cluster.of("TriggerAuthentication"):
        refs = list(within(each, "spec", "secretTargetRef"))
        yield from _missing(known, each, [(namespace(each), ref["name"], ref["key"]) for ref in refs])
    certificates = {(namespace(each), each["spec"]["secretName"]) for each in cluster.of("Certificate")}
    for gateway in cluster.of("Gateway"):
        for name in within(gateway, "spec", "servers", "tls", "credentialName"):
            if (namespace(gateway), name) not in certificates:
                yield f"{named(gateway)} shows certificate {name}, which is not there"


def _optional(reference: Object) -> bool:
    return bool(reference.get("optional", False))


def _missing(known: dict[tuple[str, str], set[str]], who: Object, wanted: list[tuple[Any, ...]]) -> Iterator[str]:
    for space, name, key in wanted:
        if (space, name) not in known:
            yield f"{named(who)} needs Secret {name}, which nothing makes"
        elif key is not None and key not in known[space, name]:
            yield f"{named(who)} needs {key} of Secret {name}, which has {sorted(known[space, name])}"


def every_config_map_and_key_is_there(cluster: Cluster) -> Iterator[str]:
    for owner, pod in cluster.pods():
        wanted = [(each["name"], each["key"]) for each in anywhere(pod["spec"], "configMapKeyRef")]
        wanted += [(each["name"], None) for each in anywhere(pod["spec"], "configMapRef")]
        for volume in within(pod, "spec", "volumes", "configMap"):
            keys = [item["key"] for item in volume.get("items", ())]
            wanted += [(volume["name"], key) for key in keys or [None]]
        for name, key in wanted:
            found = cluster.get("ConfigMap", namespace(owner), name)
            if found is None or (key is not None and key not in found.get("data", {})):
                yield f"{named(owner)} needs {key or 'all'} of ConfigMap {name}, which is not there"
        volumes = {
            *within(pod, "spec", "volumes", "name"),
            *within(owner, "spec", "volumeClaimTemplates", "metadata", "name"),
        }
        for each in containers(pod):
            yield from (
                f"{named(owner)}: no volume {v['name']}"
                for v in each.get("volumeMounts", ())
                if v["name"] not in volumes
            )


def accounts_named(cluster: Cluster) -> Iterator[tuple[Object, str, str]]:
    for owner, pod in cluster.pods():
        yield owner, namespace(owner), pod["spec"].get("serviceAccountName", "default")
    for collector in cluster.of("OpenTelemetryCollector"):
        yield collector, namespace(collector), collector["spec"]["serviceAccount"]
    for binding in cluster.of("RoleBinding", "ClusterRoleBinding"):
        for subject in binding["subjects"]:
            if subject["kind"] == "ServiceAccount":
                yield binding, subject["namespace"], subject["name"]
    for store in cluster.of("SecretStore"):
        for reference in anywhere(store["spec"], "serviceAccountRef"):
            yield store, namespace(store), reference["name"]
    for claim, _ in cluster.claims():
        if "serviceAccountName" in claim["spec"]:
            yield claim, namespace(claim), claim["spec"]["serviceAccountName"]


def every_service_account_is_there(cluster: Cluster) -> Iterator[str]:
    for who, space, name in accounts_named(cluster):
        if name != "default" and not cluster.has("ServiceAccount", space, name):
            yield f"{named(who)} is {space}/{name}, which is not there"


REFERENCES: tuple[tuple[str, tuple[str, ...], str, bool], ...] = (
    ("ExternalSecret", ("spec", "secretStoreRef", "name"), "SecretStore", True),
    ("GrafanaDashboard", ("spec", "folderRef"), "GrafanaFolder", True),
    ("ScaledObject", ("spec", "triggers", "authenticationRef", "name"), "TriggerAuthentication", True),
    ("CompositeResourceDefinition", ("spec", "defaultCompositionRef", "name"), "Composition", False),
    ("Composition", ("spec", "pipeline", "functionRef", "name"), "Function", False),
    (
        "Composition",
        ("spec", "pipeline", "input", "resources", "base", "spec", "providerConfigRef", "name"),
        "ClusterProviderConfig",
        False,
    ),
    ("Provider", ("spec", "runtimeConfigRef", "name"), "DeploymentRuntimeConfig", False),
    ("Application", ("spec", "project"), "AppProject", True),
)
"""Kind, where it names another, the other's kind, and whether both lie in one namespace."""


def what_else_is_named_is_there(cluster: Cluster) -> Iterator[str]:
    for kind, keys, other, together in REFERENCES:
        for each in cluster.of(kind):
            for name in within(each, *keys):
                if not cluster.has(other, namespace(each) if together else "", name):
                    yield f"{named(each)} names {other} {name}, which is not there"
    for binding in cluster.of("RoleBinding", "ClusterRoleBinding"):
        role = binding["roleRef"]
        space = namespace(binding) if role["kind"] == "Role" else ""
        if role["name"] not in BUILT_IN_ROLES and not cluster.has(role["kind"], space, role["name"]):
            yield f"{named(binding)} gives {role['name']}, which is not there"
    for each in cluster.objects:
        if namespace(each) and not cluster.has("Namespace", "", namespace(each)) and namespace(each) not in _platform():
            yield f"{named(each)} lies in a namespace that is not there"


def _platform() -> set[str]:
    """Namespaces of what the platform team installs, by the components' settings."""
    gateways = {each["namespace"] for each in settings("istio")["gateways"].values()}
    others = {settings("argocd")["namespace"], settings("alerting")["platform"]["namespace"]}
    return gateways | others | {settings("istio")["controlPlane"]["namespace"]}


def every_selector_finds_pods(cluster: Cluster) -> Iterator[str]:
    for each in cluster.of(
        "Service", "PodDisruptionBudget", "PodMonitor", "Sidecar", "AuthorizationPolicy", "Telemetry"
    ):
        spec = each["spec"]
        labels = (
            spec.get("selector", spec.get("workloadSelector", {})) if each["kind"] != "Service" else spec["selector"]
        )
        labels = labels.get("matchLabels", labels.get("labels", labels))
        if labels and not cluster.selected(namespace(each), labels):
            yield f"{named(each)} selects {labels}, which no pod carries"
    for owner, pod in cluster.pods():
        labels = owner["spec"].get("selector", {}).get("matchLabels", {})
        if not carries(pod, labels):
            yield f"{named(owner)} does not select its own pods"


# Labels, and what Argo CD syncs ---------------------------------------------------------------------------------------


def every_manifest_is_labelled(cluster: Cluster) -> Iterator[str]:
    labelled = [(named(each), each["metadata"].get("labels", {})) for each in cluster.objects]
    rendered = {id(each) for each in cluster.objects}
    labelled += [
        (f"{named(owner)}'s pods", pod["metadata"]["labels"]) for owner, pod in cluster.pods() if id(owner) in rendered
    ]
    for who, labels in labelled:
        yield from (
            f"{who} has no app.kubernetes.io/{each}" for each in LABELS if not labels.get(f"app.kubernetes.io/{each}")
        )


def every_application_has_a_path_and_every_file_one_application(cluster: Cluster) -> Iterator[str]:
    synced: dict[str, str] = {}
    for application in cluster.of("Application"):
        source = application["spec"]["source"]
        folder = RENDERED.parent / source["path"]
        files = [
            path
            for path in folder.glob("**/*" if source.get("directory", {}).get("recurse") else "*")
            if path.is_file()
        ]
        if not files:
            yield f"{named(application)} syncs {source['path']}, which is not there"
        for path in (file.relative_to(RENDERED).as_posix() for file in files):
            if path in synced:
                yield f"{path} is synced by {synced[path]} and {named(application)}"
            synced[path] = named(application)
    yield from (f"{file} is synced by nothing" for file in dict.fromkeys(cluster.files) if file not in synced)


# The tests ------------------------------------------------------------------------------------------------------------

CHECKS: tuple[Check, ...] = (
    nothing_has_both_replicas_and_an_autoscaler,
    what_runs_twice_has_a_disruption_budget_that_lets_nodes_drain,
    every_argument_of_an_analysis_is_resolved,
    what_a_rollout_steers_is_there,
    every_destination_of_the_mesh_is_there,
    what_a_sidecar_may_reach_is_there,
    every_principal_is_a_service_account,
    every_port_is_one_that_pods_open,
    every_secret_and_key_will_be_there,
    every_config_map_and_key_is_there,
    every_service_account_is_there,
    what_else_is_named_is_there,
    every_selector_finds_pods,
    every_manifest_is_labelled,
    every_application_has_a_path_and_every_file_one_application,
)


@pytest.mark.parametrize("target", clusters())
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_of_the_rendered_tree(check: Check, target: str) -> None:
    assert not list(check(clusters()[target]))


GONE = object()

PLANTED: tuple[tuple[Check, str, str, Any], ...] = (
    (nothing_has_both_replicas_and_an_autoscaler, "Rollout", "spec/replicas", 2),
    (nothing_has_both_replicas_and_an_autoscaler, "HorizontalPodAutoscaler", "spec/scaleTargetRef/name", "other"),
    (nothing_has_both_replicas_and_an_autoscaler, "ScaledObject", "spec/scaleTargetRef/apiVersion", "apps/v2"),
    (nothing_has_both_replicas_and_an_autoscaler, "ScaledObject", "spec/scaleTargetRef/name", "newsletter"),
    (what_runs_twice_has_a_disruption_budget_that_lets_nodes_drain, "HorizontalPodAutoscaler", "spec/minReplicas", 1),
    (what_runs_twice_has_a_disruption_budget_that_lets_nodes_drain, "PodDisruptionBudget", "spec/maxUnavailable", 0),
    (every_argument_of_an_analysis_is_resolved, "Rollout", "spec/strategy/canary/analysis/args", GONE),
    (every_argument_of_an_analysis_is_resolved, "Rollout", "spec/strategy/canary/analysis/args/0/name", "other"),
    (every_argument_of_an_analysis_is_resolved, "Rollout", "spec/strategy/canary/analysis/args/0/valueFrom", GONE),
    (every_argument_of_an_analysis_is_resolved, "Rollout", "spec/strategy/blueGreen/prePromotionAnalysis", GONE),
    (every_argument_of_an_analysis_is_resolved, "AnalysisTemplate", "metadata/name", "other"),
    (every_argument_of_an_analysis_is_resolved, "AnalysisTemplate", "spec/args", GONE),
    (every_argument_of_an_analysis_is_resolved, "AnalysisTemplate", "spec/metrics", []),
    (what_a_rollout_steers_is_there, "Rollout", "spec/strategy/blueGreen/previewService", "other"),
    (what_a_rollout_steers_is_there, "VirtualService", "spec/http/0/name", "other"),
    (what_a_rollout_steers_is_there, "DestinationRule", "spec/subsets/1/name", "other"),
    (every_destination_of_the_mesh_is_there, "VirtualService", "spec/http/0/route/0/destination/host", "other"),
    (every_destination_of_the_mesh_is_there, "VirtualService", "spec/http/0/route/0/destination/port/number", 1),
    (every_destination_of_the_mesh_is_there, "VirtualService", "spec/http/0/route/0/destination/subset", "other"),
    (every_destination_of_the_mesh_is_there, "VirtualService", "spec/gateways/0", "istio-ingress/other"),
    (every_destination_of_the_mesh_is_there, "DestinationRule", "spec/host", "other"),
    (every_destination_of_the_mesh_is_there, "DestinationRule", "spec/subsets/0/labels/other", "x"),
    (what_a_sidecar_may_reach_is_there, "Sidecar", "spec/egress/0/hosts/1", "payments/other"),
    (what_a_sidecar_may_reach_is_there, "Sidecar", "spec/egress/0/hosts/0", "payments/*"),
    (what_a_sidecar_may_reach_is_there, "Sidecar", "spec/egress/0/hosts/0", "./other"),
    (every_principal_is_a_service_account, "ServiceAccount", "metadata/name", "other"),
    (
        every_principal_is_a_service_account,
        "AuthorizationPolicy",
        "spec/rules/0/from/0/source/principals/0",
        "a/ns/b/sa/c",
    ),
    (every_port_is_one_that_pods_open, "AuthorizationPolicy", "spec/rules/0/to/0/operation/ports/0", "1"),
    (every_port_is_one_that_pods_open, "NetworkPolicy", "spec/ingress/0/ports/0/port", 1),
    (every_port_is_one_that_pods_open, "Deployment", "spec/template/spec/containers/0/ports/0/containerPort", 1),
    (every_port_is_one_that_pods_open, "Service", "spec/ports/0/targetPort", "other"),
    (every_secret_and_key_will_be_there, "ExternalSecret", "spec/target/name", "other"),
    (every_secret_and_key_will_be_there, "ExternalSecret", "spec/data/0/secretKey", "other"),
    (every_secret_and_key_will_be_there, "PostgresDatabase", "metadata/name", "other"),
    (every_secret_and_key_will_be_there, "AlertmanagerConfig", "spec/receivers/0/slackConfigs/0/apiURL/key", "other"),
    (every_secret_and_key_will_be_there, "Certificate", "spec/secretName", "other"),
    (every_config_map_and_key_is_there, "ConfigMap", "metadata/name", "other"),
    (every_config_map_and_key_is_there, "Deployment", "spec/template/spec/volumes", GONE),
    (every_service_account_is_there, "ServiceAccount", "metadata/name", "other"),
    (every_service_account_is_there, "ClusterRoleBinding", "subjects/0/namespace", "other"),
    (every_service_account_is_there, "SecretStore", "spec/provider/aws/auth/jwt/serviceAccountRef/name", "other"),
    (every_service_account_is_there, "ObjectBucket", "spec/serviceAccountName", "other"),
    (what_else_is_named_is_there, "SecretStore", "metadata/name", "other"),
    (what_else_is_named_is_there, "Function", "metadata/name", "other"),
    (what_else_is_named_is_there, "ClusterProviderConfig", "metadata/name", "other"),
    (what_else_is_named_is_there, "AppProject", "metadata/name", "other"),
    (what_else_is_named_is_there, "RoleBinding", "roleRef/name", "other"),
    (what_else_is_named_is_there, "Namespace", "metadata/name", "other"),
    (every_selector_finds_pods, "Service", "spec/selector/other", "x"),
    (every_selector_finds_pods, "PodMonitor", "spec/selector/matchLabels/other", "x"),
    (every_selector_finds_pods, "Deployment", "spec/selector/matchLabels/other", "x"),
    (every_manifest_is_labelled, "ConfigMap", "metadata/labels/app.kubernetes.io~1name", GONE),
    (
        every_manifest_is_labelled,
        "CronJob",
        "spec/jobTemplate/spec/template/metadata/labels/app.kubernetes.io~1name",
        "",
    ),
    (every_application_has_a_path_and_every_file_one_application, "Application", "spec/source/path", "rendered/other"),
)
"""What is planted: the check that must find it, a kind, a place in the first of that kind that has it, and what to put there."""


def with_fault(cluster: Cluster, kind: str, place: str, value: Any) -> Cluster:
    """The cluster with one manifest changed."""
    *outer, last = [int(s) if s.isdecimal() else s.replace("~1", "/") for s in place.split("/")]
    for index, each in enumerate(cluster.objects):
        changed = deepcopy(each) if each["kind"] == kind else {}
        try:
            at: Any = changed
            for step in outer:
                at = at[step]
            if value is GONE:
                del at[last]
            elif isinstance(at, dict) or last < len(at):
                at[last] = value
        except (KeyError, IndexError):
            continue
        if changed != each:
            return Cluster(
                cluster.name, [*cluster.objects[:index], changed, *cluster.objects[index + 1 :]], cluster.files
            )
    raise AssertionError(f"no {kind} has {place}")


@pytest.mark.parametrize(
    ("check", "kind", "place", "value"),
    PLANTED,
    ids=[f"{check.__name__}-{kind}-{place}" for check, kind, place, _ in PLANTED],
)
def test_a_planted_fault_is_found(check: Check, kind: str, place: str, value: Any) -> None:
    assert list(check(with_fault(clusters()["prod@north"], kind, place, value)))


def test_a_fault_is_planted_for_each_check() -> None:
    assert {check for check, *_ in PLANTED} == set(CHECKS)
