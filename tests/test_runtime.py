"""What runs: workloads, their rollouts and their applications fit together, in every target of the reference fleet."""

from __future__ import annotations

import fnmatch
import itertools
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from fleets import put, reference, run
from test_promtool import tool

RENDERED = Path(__file__).parents[1] / "rendered"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TARGETS = sorted(folder.name for folder in RENDERED.iterdir() if folder.name != "backstage")
UNITS = {"": 1, "m": Decimal("0.001"), "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}

Manifest = dict[str, Any]


def read(folder: Path) -> list[Manifest]:
    paths = sorted(folder.glob("*.yaml"))
    return [m for path in paths for m in yaml.load_all(path.read_bytes(), Loader=LOADER) if m]


@pytest.fixture(scope="module")
def services() -> dict[str, list[Manifest]]:
    """By `target/team/service`."""
    folders = (f for target in TARGETS for f in sorted((RENDERED / target).glob("*/*")) if f.is_dir())
    found = {
        "/".join(folder.parts[-3:]): read(folder)
        for folder in folders
        if folder.name != "team" and folder.parent.name not in ("argocd", "platform")
    }
    assert len(found) > 80
    return found


@pytest.fixture(scope="module")
def projects() -> dict[str, tuple[Manifest, list[Manifest]]]:
    """By target: all manifests that its roots find, projects by name among them."""
    return {
        t: read(RENDERED / t / "argocd") + list(itertools.chain(*map(read, (RENDERED / t / "argocd").glob("*/"))))
        for t in TARGETS
    }


def of(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] in kinds]


def names(manifests: list[Manifest], kind: str) -> set[str]:
    return {manifest["metadata"]["name"] for manifest in of(manifests, kind)}


def quantity(text: str) -> Decimal:
    number, unit = re.fullmatch(r"([0-9.]+)(\D*)", text).groups()
    return Decimal(number) * UNITS[unit]


def most(manifests: list[Manifest]) -> int:
    """How many replicas run at most, while nothing is replaced."""
    for scaler in of(manifests, "HorizontalPodAutoscaler"):
        return scaler["spec"]["maxReplicas"]
    for scaler in of(manifests, "ScaledObject"):
        return scaler["spec"]["maxReplicaCount"]
    return sum(workload["spec"].get("replicas", 1) for workload in of(manifests, "Deployment", "Rollout", "CronJob"))


def asked(manifests: list[Manifest]) -> Counter[str]:
    """What one replica takes of a quota, the mesh's proxy included."""
    (workload,) = of(manifests, "Deployment", "Rollout", "CronJob")
    pod = (workload["spec"].get("jobTemplate", workload)["spec"])["template"]
    notes = pod["metadata"]["annotations"]
    beside = [c for c in pod["spec"].get("initContainers", []) if c.get("restartPolicy") == "Always"]
    every = [container["resources"] for container in pod["spec"]["containers"] + beside]
    return Counter(
        {
            "requests.cpu": sum(quantity(r["requests"]["cpu"]) for r in every)
            + quantity(notes["sidecar.istio.io/proxyCPU"]),
            "limits.memory": sum(quantity(r["limits"]["memory"]) for r in every)
            + quantity(notes["sidecar.istio.io/proxyMemoryLimit"]),
            "pods": 1,
        }
    )


def test_one_owner_decides_on_the_number_of_replicas(services):
    for service, manifests in services.items():
        scalers = of(manifests, "HorizontalPodAutoscaler", "ScaledObject")
        workloads = of(manifests, "Deployment", "Rollout")
        assert len(scalers) <= 1, service
        for workload in workloads:
            assert ("replicas" in workload["spec"]) != bool(scalers), service
        for scaler in scalers:
            (workload,) = workloads
            target = scaler["spec"]["scaleTargetRef"]
            assert [target[key] for key in ("apiVersion", "kind")] == [workload[key] for key in ("apiVersion", "kind")]
            assert target["name"] == workload["metadata"]["name"]


def test_a_budget_leaves_every_drain_one_replica_to_take(services):
    for service, manifests in services.items():
        for budget in of(manifests, "PodDisruptionBudget"):
            assert budget["spec"]["maxUnavailable"] == 1, service
            assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow", service
            assert most(manifests) >= 2, service


def test_a_rollout_finds_what_it_names_before_it_is_there_itself(services):
    seen = set()
    for service, manifests in services.items():
        for rollout in of(manifests, "Rollout"):
            (strategy,) = rollout["spec"]["strategy"].values()
            seen.add(next(iter(rollout["spec"]["strategy"])))
            assert {strategy.get("activeService"), strategy.get("previewService")} - {None} <= names(
                manifests, "Service"
            )
            for routing in [strategy["trafficRouting"]["istio"]] if "trafficRouting" in strategy else []:
                (routes,) = of(manifests, "VirtualService")
                assert routing["virtualService"]["name"] == routes["metadata"]["name"]
                # The controller writes weights into the routes that it is told of, and refuses those without both versions.
                assert sorted(routing["virtualService"]["routes"]) == sorted(
                    route["name"] for route in routes["spec"]["http"] if not is_asked_for(route)
                ), service
                for route in routes["spec"]["http"]:
                    shares = [(each["destination"]["subset"], each.get("weight")) for each in route["route"]]
                    alone = is_asked_for(route)
                    assert shares == ([("canary", None)] if alone else [("stable", 100), ("canary", 0)]), service
                    seen |= {"preview"} if alone else set()
                (rule,) = of(manifests, "DestinationRule")
                subsets = [subset["name"] for subset in rule["spec"]["subsets"]]
                assert (
                    [routing["destinationRule"][f"{s}SubsetName"] for s in subsets] == subsets == ["stable", "canary"]
                )
                for manifest in (routes, rule):
                    assert manifest["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] == "-1", service
            for manifest in of(manifests, "AnalysisTemplate"):
                assert manifest["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] == "-1", service
    assert seen == {"canary", "blueGreen", "preview"}


def is_asked_for(route: Manifest) -> bool:
    """Does a request come this way only by a header of its own? Then no share of the others is meant."""
    return all("headers" in match for match in route["match"])


def analyses(rollout: Manifest) -> Iterator[tuple[str, Manifest]]:
    (strategy,) = rollout["spec"]["strategy"].values()
    for key in ("analysis", "prePromotionAnalysis", "postPromotionAnalysis"):
        if key in strategy:
            yield key, strategy[key]
    for step in strategy.get("steps", []):
        if "analysis" in step:
            yield "step", step["analysis"]


def test_every_argument_of_an_analysis_is_known_and_only_the_one_behind_a_canary_has_no_end(services):
    kinds = set()
    for service, manifests in services.items():
        templates = {template["metadata"]["name"]: template["spec"] for template in of(manifests, "AnalysisTemplate")}
        for rollout in of(manifests, "Rollout"):
            for kind, analysis in analyses(rollout):
                kinds.add(kind)
                given = {argument["name"]: argument.get("value", "hash") for argument in analysis["args"]}
                for named in analysis["templates"]:
                    template = templates[named["templateName"]]
                    known = {a["name"]: given.get(a["name"], a.get("value")) for a in template["args"]}
                    assert None not in known.values(), service
                    for metric in template["metrics"]:
                        used = set(re.findall(r"\{\{args\.([\w-]+)\}\}", json.dumps(metric)))
                        assert used <= set(known), service
                        count = str(metric["count"]).replace("{{args.count}}", known.get("count", ""))
                        assert (count == "0") == (kind == "analysis"), service
                        # The new version alone: the stable one has another hash.
                        assert "{{args.pod-template-hash}}" in metric["provider"]["prometheus"]["query"], service
                        assert "len(result) == 0" in metric["successCondition"], service
    assert kinds == {"analysis", "step", "prePromotionAnalysis", "postPromotionAnalysis"}


def test_prometheus_reads_every_query_of_an_analysis(services, tmp_path):
    queries = {
        metric["provider"]["prometheus"]["query"].replace("{{args.pod-template-hash}}", "5f6d8c7b9")
        for manifests in services.values()
        for template in of(manifests, "AnalysisTemplate")
        for metric in template["spec"]["metrics"]
    }
    rules = [{"record": f"query{i}", "expr": query} for i, query in enumerate(sorted(queries))]
    (tmp_path / "rules.yaml").write_text(json.dumps({"groups": [{"name": "q", "rules": rules}]}), encoding="utf-8")
    done = subprocess.run(
        [tool("promtool"), "check", "rules", str(tmp_path / "rules.yaml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_a_team_runs_at_most_fits_its_quota_while_its_largest_service_is_replaced(services):
    for target in TARGETS:
        for folder in sorted((RENDERED / target).glob("*/team")):
            (quota,) = of(read(folder), "ResourceQuota")
            hard = quota["spec"]["hard"]
            assert not [key for key in hard if key.endswith("limits.cpu")]
            team = [m for key, m in services.items() if key.startswith(f"{target}/{folder.parent.name}/")]
            for resource in ("requests.cpu", "limits.memory", "pods"):
                sizes = [most(manifests) * asked(manifests)[resource] for manifests in team]
                assert sum(sizes) + max(sizes) <= quantity(hard[resource]), (target, folder.parent.name, resource)


def test_a_file_that_changes_is_another_config_map_and_no_sync_takes_the_old_one_away(services):
    found = 0
    for service, manifests in services.items():
        for files in of(manifests, "ConfigMap"):
            if "-files-" in files["metadata"]["name"]:
                found += 1
                notes = files["metadata"]["annotations"]
                assert files["immutable"] is True, service
                assert notes["argocd.argoproj.io/sync-options"] == "Prune=false", service
                assert notes["argocd.argoproj.io/compare-options"] == "IgnoreExtraneous", service
    assert found >= 4


def permits(listed: list[dict[str, str]], manifest: Manifest) -> bool:
    """As AppProject matches: shell patterns of group and kind."""
    group, _, version = manifest["apiVersion"].partition("/")
    group = group if version else ""
    return any(
        fnmatch.fnmatchcase(group, i["group"]) and fnmatch.fnmatchcase(manifest["kind"], i["kind"]) for i in listed
    )


def test_projects_admit_all_that_their_applications_bring_and_a_teams_nothing_of_the_platform(projects):
    for target in TARGETS:
        by_name = {project["metadata"]["name"]: project["spec"] for project in of(projects[target], "AppProject")}
        for application in of(projects[target], "Application"):
            spec = application["spec"]
            project = by_name[spec["project"]]
            assert spec["source"]["repoURL"] in project["sourceRepos"]
            place = spec["destination"]
            assert any(
                d["server"] == place["server"] and d["namespace"] in ("*", place["namespace"])
                for d in project["destinations"]
            )
            folder = RENDERED.parent / spec["source"]["path"]
            assert folder.is_dir(), application["metadata"]["name"]
            of_a_team = not spec["project"].startswith("platform.")
            assert project["clusterResourceWhitelist"] == ([] if of_a_team else [{"group": "*", "kind": "*"}])
            for manifest in read(folder) if of_a_team else []:
                assert manifest["metadata"]["namespace"] == place["namespace"], folder
                assert not permits(project["namespaceResourceBlacklist"], manifest), (folder, manifest["kind"])
        for folder in (RENDERED / target).glob("*/team"):
            denied = next(v for n, v in by_name.items() if n.startswith(f"{folder.parent.name}."))[
                "namespaceResourceBlacklist"
            ]
            for kind in (
                "ResourceQuota",
                "LimitRange",
                "Role",
                "RoleBinding",
                "PeerAuthentication",
                "SecretStore",
                "AlertmanagerConfig",
            ):
                assert all(permits(denied, manifest) for manifest in of(read(folder), kind)), kind


def test_every_folder_of_manifests_is_some_applications_own(projects):
    for target in TARGETS:
        paths = Counter(a["spec"]["source"]["path"] for a in of(projects[target], "Application"))
        assert set(paths.values()) == {1}
        folders = {path.parent for path in (RENDERED / target).rglob("*.yaml")}
        assert {folder.relative_to(RENDERED.parent).as_posix() for folder in folders} == set(paths)


def test_no_sync_of_applications_waits_for_a_person_and_data_always_asks(projects):
    for target in TARGETS:
        for application in of(projects[target], "Application"):
            notes = application["metadata"].get("annotations", {})
            assert "confirm" not in notes.get("argocd.argoproj.io/sync-options", ""), application["metadata"]["name"]
            options = application["spec"]["syncPolicy"]["syncOptions"]
            holds = application["spec"]["source"]["path"].endswith("/data")
            assert ({"Prune=confirm", "Delete=confirm"} <= set(options)) == holds
            # What may take its manifests along when it goes: services, and never what holds data or makes applications.
            assert ("finalizers" in application["metadata"]) == (not notes.get("argocd.argoproj.io/sync-options"))


def test_fields_are_taken_from_the_cluster_only_where_no_list_of_a_custom_resource_comes_along(projects):
    respected = []
    for target in TARGETS:
        for application in of(projects[target], "Application"):
            ignored = application["spec"].get("ignoreDifferences", [])
            respects = "RespectIgnoreDifferences=true" in application["spec"]["syncPolicy"]["syncOptions"]
            assert respects == bool(ignored and not any("group" in difference for difference in ignored))
            compared = application["metadata"].get("annotations", {}).get("argocd.argoproj.io/compare-options", "")
            assert ("ServerSideDiff=true" in compared) == (respects or not ignored)
            respected += [application["metadata"]["name"]] if respects else []
    assert respected == ["storefront.magazine.prod-north", "storefront.magazine.prod-south"]


def test_without_the_mesh_and_without_rollouts_a_service_is_a_deployment(tmp_path):
    root = reference(tmp_path)
    about = "apiVersion: pavior.dev/v1\ndescription: No mesh, no Rollouts.\n"
    put(root, "golden-paths/plain/golden-path.yaml", f"{about}components: [pod, workload, argocd]\n")
    service = (
        "apiVersion: pavior.dev/v1\ngoldenPath: plain\nimage: registry.brightwater.example/plain:1.0.0\nport: 8080\n"
    )
    put(root, "teams/payments/plain/platform.yaml", service)
    assert run(root, "render", "payments/plain").status == 0
    manifests = read(root / "rendered/dev/payments/plain")
    assert [manifest["kind"] for manifest in manifests] == [
        "ServiceAccount",
        "NetworkPolicy",
        "Deployment",
        "Service",
        "HorizontalPodAutoscaler",
    ]
    assert not [m for m in manifests if m["apiVersion"].partition("/")[0].endswith(("istio.io", "argoproj.io"))]
    (application,) = read(root / "rendered/dev/argocd/payments")
    assert "ignoreDifferences" not in application["spec"]
