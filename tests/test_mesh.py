"""The mesh and the network policies say the same: whoever is named gets through both, and nobody else through either."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
RENDERED = ROOT / "rendered"
TARGETS = sorted(path.name for path in RENDERED.iterdir() if (path / "argocd").is_dir())
NEVER_ARRIVED = {"connect-failure", "refused-stream", "reset-before-request"}
Manifest = dict[str, Any]


def read(path: Path) -> list[Manifest]:
    return list(yaml.load_all(path.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


@cache
def services(target: str) -> dict[str, dict[str, list[Manifest]]]:
    """`team/service` → kind → manifests."""
    found: dict[str, dict[str, list[Manifest]]] = {}
    for path in sorted((RENDERED / target).glob("*/*/**/*.yaml")):
        team, name = path.relative_to(RENDERED / target).parts[:2]
        if team not in ("argocd", "platform") and name != "team":
            for manifest in read(path):
                found.setdefault(f"{team}/{name}", {}).setdefault(manifest["kind"], []).append(manifest)
    return found


@cache
def platform(target: str, kind: str) -> list[Manifest]:
    return [manifest for manifest in read(RENDERED / target / "platform" / "istio.yaml") if manifest["kind"] == kind]


def said(service: str) -> Manifest:
    return yaml.safe_load((ROOT / "teams" / service / "platform.yaml").read_bytes())


def own(target: str, kind: str) -> Iterator[tuple[str, Manifest]]:
    for service, kinds in services(target).items():
        for manifest in kinds.get(kind, ()):
            yield service, manifest


def edges(policy: Manifest, direction: str, end: str) -> Iterator[tuple[Manifest, int]]:
    for rule in policy["spec"].get(direction, ()):
        for peer in rule[end]:
            yield from ((peer, port["port"]) for port in rule["ports"])


@pytest.mark.parametrize("target", TARGETS)
def test_a_service_lets_in_exactly_the_callers_that_it_names_and_its_gateway(target: str) -> None:
    gateways = set()
    for service, kinds in services(target).items():
        document = said(service)
        access = document.get("accessPolicy", {})
        wanted = {caller for caller in access.get("inbound", ()) if caller in services(target)}
        allowed = {
            principal.removeprefix("cluster.local/ns/").replace("/sa/", "/")
            for policy in kinds.get("AuthorizationPolicy", ())
            for rule in policy["spec"]["rules"]
            for source in rule["from"]
            for principal in source["source"]["principals"]
        }
        gateways |= {each for each in allowed if each.startswith("istio-ingress/")}
        assert {each for each in allowed if each not in gateways} == wanted, service
        assert bool(allowed & gateways) == bool(document.get("ingress", {}).get("hosts")), service
        (policy,) = kinds["NetworkPolicy"]
        let_in = {
            f"{peer['namespaceSelector']['matchLabels']['kubernetes.io/metadata.name']}/{labels['app.kubernetes.io/name']}"
            for peer, _ in edges(policy, "ingress", "from")
            if "app.kubernetes.io/name" in (labels := peer.get("podSelector", {}).get("matchLabels", {}))
        }
        assert {each for each in let_in if not each.startswith("monitoring/")} == wanted, service
    assert gateways


@pytest.mark.parametrize("target", TARGETS)
def test_what_lies_outside_passes_the_policy_and_the_mesh_alike(target: str) -> None:
    checked = 0
    for service, kinds in services(target).items():
        (policy,), (sidecar,) = kinds["NetworkPolicy"], kinds["Sidecar"]
        assert sidecar["spec"]["outboundTrafficPolicy"] == {"mode": "REGISTRY_ONLY"}
        (egress,) = sidecar["spec"]["egress"]
        known = {host.removeprefix("./") for host in egress["hosts"] if host.startswith("./")}
        open_ = {(peer["ipBlock"]["cidr"], port) for peer, port in edges(policy, "egress", "to") if "ipBlock" in peer}
        reached = set()
        for entry in kinds.get("ServiceEntry", ()):
            spec = entry["spec"]
            (port,) = spec["ports"]
            assert set(spec["hosts"]) <= known, service
            assert spec["exportTo"] == ["."]
            reached |= {(cidr, port["number"]) for cidr in spec.get("addresses", ["0.0.0.0/0"])}
            checked += 1
        assert reached == open_, service
    assert checked > 5


@pytest.mark.parametrize("target", TARGETS)
def test_whom_a_service_calls_its_proxy_knows_and_its_policy_lets_out(target: str) -> None:
    for service, kinds in services(target).items():
        (policy,), (sidecar,) = kinds["NetworkPolicy"], kinds["Sidecar"]
        (egress,) = sidecar["spec"]["egress"]
        callees = {
            callee for callee in said(service).get("accessPolicy", {}).get("outbound", ()) if callee in services(target)
        }
        hosts = {f"{c.split('/')[0]}/{c.split('/')[1]}.{c.split('/')[0]}.svc.cluster.local" for c in callees}
        teams = {service.split("/")[0] for service in services(target)}
        assert {host for host in egress["hosts"] if host.split("/")[0] in teams} == hosts, service
        let_out = {
            f"{peer['namespaceSelector']['matchLabels']['kubernetes.io/metadata.name']}/{labels['app.kubernetes.io/name']}"
            for peer, _ in edges(policy, "egress", "to")
            if "app.kubernetes.io/name" in (labels := peer.get("podSelector", {}).get("matchLabels", {}))
        }
        assert {each for each in let_out if each.split("/")[0] in teams} == callees, service


@pytest.mark.parametrize("target", TARGETS)
def test_only_what_never_arrived_is_sent_again(target: str) -> None:
    retries = [
        route["retries"] for _, virtual in own(target, "VirtualService") for route in virtual["spec"].get("http", ())
    ]
    assert retries
    for each in retries:
        assert each["attempts"] == 0 or set(each["retryOn"].split(",")) <= NEVER_ARRIVED


@pytest.mark.parametrize("target", TARGETS)
def test_every_host_of_a_gateway_has_its_certificate_and_no_other_service_has_it(target: str) -> None:
    certificates = {each["spec"]["secretName"]: each["spec"]["dnsNames"] for each in platform(target, "Certificate")}
    shared = {
        f"{each['metadata']['namespace']}/{each['metadata']['name']}": each for each in platform(target, "Gateway")
    }
    taken: set[str] = set()
    for service, virtual in own(target, "VirtualService"):
        for name in virtual["spec"]["gateways"]:
            if name == "mesh":
                continue
            gateway = shared.get(name) or next(g for s, g in own(target, "Gateway") if s == service)
            (credential,) = {
                s["tls"]["credentialName"] for s in gateway["spec"]["servers"] if "credentialName" in s["tls"]
            }
            for host in virtual["spec"]["hosts"]:
                if not host.endswith(".svc.cluster.local"):
                    assert host not in taken
                    taken.add(host)
                    assert f"*.{host.partition('.')[2]}" in certificates[credential], host
    assert taken
