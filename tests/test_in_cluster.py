"""What stands in the cluster in the place of the cloud: its pods are as restricted as all, and who needs each other meets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from pavior.phases.removal import removed_data
from test_compositions import ROOT, TARGETS, composed, composites, manifests, of_kind

IN_CLUSTER = [target for target in TARGETS if not of_kind(target, "Provider")]
CONFIGURATION = "platform.pavior.dev/configuration"
ENDPOINTS = {
    "AWS_ENDPOINT_URL_SQS": "MessageQueue",
    "AWS_ENDPOINT_URL_SNS": "MessageTopic",
    "AWS_ENDPOINT_URL_S3": "ObjectBucket",
}


def made(target: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every composite with each resource that is composed of it."""
    for composite in composites(target):
        for resource in composed(target, composite).resources.values():
            yield composite, resource


def servers(target: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every composed workload with its composite."""
    for composite, resource in made(target):
        if "template" in resource.get("spec", {}) and "selector" in resource["spec"]:
            yield composite, resource


def endpoints(target: str) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Address of each composed Service, and its composite and itself."""
    return {
        f"http://{resource['metadata']['name']}.{composite['metadata']['namespace']}.svc:{port['port']}": (
            composite,
            resource,
        )
        for composite, resource in made(target)
        if resource["kind"] == "Service"
        for port in resource["spec"]["ports"]
    }


def queues_of(workload: dict[str, Any]) -> dict[str, Any]:
    text = workload["spec"]["template"]["metadata"]["annotations"][CONFIGURATION]
    found: dict[str, Any] = json.loads(text.partition("queues = ")[2])
    return found


def place(composite: dict[str, Any], name: str | None = None) -> str:
    """Namespace and name of a composite, or of another one in its namespace."""
    return f"{composite['metadata']['namespace']}/{name or composite['metadata']['name']}"


def queue_servers(target: str) -> dict[str, dict[str, Any]]:
    """The queues that each server holds, by the place of the composite that brings it."""
    return {place(composite): queues_of(w) for composite, w in servers(target) if composite["kind"] == "MessageQueue"}


def variables(workload: dict[str, Any]) -> dict[str, Any]:
    (container, *_) = workload["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each.get("value") for each in container.get("env", ())}


def workloads_with(target: str, variable: str) -> Iterator[tuple[dict[str, Any], str]]:
    for manifest in manifests(target):
        if "containers" in manifest.get("spec", {}).get("template", {}).get("spec", {}):
            value = variables(manifest).get(variable)
            if value:
                yield manifest, value


@pytest.mark.parametrize("target", IN_CLUSTER)
def test_composed_pods_keep_to_the_restricted_profile_and_to_what_they_ask_for(target: str) -> None:
    seen = set()
    for composite, workload in servers(target):
        seen.add(composite["kind"])
        pod = workload["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not [each for each in pod.get("volumes", ()) if "hostPath" in each]
        for container in [*pod["containers"], *pod.get("initContainers", ())]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"] == container["resources"]["requests"]["memory"]
    assert seen == {composite["kind"] for composite in composites(target)}


@pytest.mark.parametrize("target", IN_CLUSTER)
def test_a_composed_service_and_network_policy_select_the_composed_pods(target: str) -> None:
    for composite in composites(target):
        resources = composed(target, composite).resources
        if "server" not in resources:
            continue
        template = resources["server"]["spec"]["template"]
        labels = template["metadata"]["labels"].items()
        assert resources["server"]["spec"]["selector"]["matchLabels"].items() <= labels
        assert resources["service"]["spec"]["selector"].items() <= labels
        assert resources["network-policy"]["spec"]["podSelector"]["matchLabels"].items() <= labels
        (container,) = template["spec"]["containers"]
        (port,) = container["ports"]
        (served,) = resources["service"]["spec"]["ports"]
        assert (served["port"], served["targetPort"]) == (port["containerPort"], port["name"])
        (opened,) = resources["network-policy"]["spec"]["ingress"]
        assert opened["ports"] == [{"port": served["port"], "protocol": "TCP"}]


@pytest.mark.parametrize("target", IN_CLUSTER)
@pytest.mark.parametrize("variable", sorted(ENDPOINTS))
def test_the_endpoint_that_a_pod_is_told_is_its_own_services_and_open_to_it(target: str, variable: str) -> None:
    known = endpoints(target)
    seen = 0
    for workload, address in workloads_with(target, variable):
        seen += 1
        namespace, service = workload["metadata"]["namespace"], workload["metadata"]["name"]
        composite, server = known[address]
        assert composite["kind"] == ENDPOINTS[variable]
        assert (composite["metadata"]["namespace"], composite["metadata"]["labels"]["pavior.dev/service"]) == (
            namespace,
            service,
        )
        (policy,) = (
            p
            for p in of_kind(target, "NetworkPolicy")
            if (p["metadata"]["namespace"], p["metadata"]["name"]) == (namespace, service)
        )
        instance = {"platform.pavior.dev/instance": server["spec"]["selector"]["platform.pavior.dev/instance"]}
        port = server["spec"]["ports"][0]["port"]
        assert [
            rule
            for rule in policy["spec"]["egress"]
            if {"port": port, "protocol": "TCP"} in rule["ports"]
            for to in rule["to"]
            if to.get("podSelector", {}).get("matchLabels") == instance
        ]
    assert seen


@pytest.mark.parametrize("target", IN_CLUSTER)
def test_every_queue_with_its_dead_letters_is_in_the_server_that_its_pods_ask(target: str) -> None:
    held = queue_servers(target)
    queues = [each for each in composites(target) if each["kind"] == "MessageQueue"]
    assert queues
    for queue in queues:
        server = held[place(queue, queue["spec"]["server"]["name"])]
        said = server[queue["spec"]["queueName"]]
        assert said["deadLettersQueue"] == {
            "name": queue["spec"]["deadLettersName"],
            "maxReceiveCount": queue["spec"]["maxReceives"],
        }
        assert said["defaultVisibilityTimeout"] == f"{queue['spec']['visibilityTimeoutSeconds']}s"
        assert (said["fifo"], server[queue["spec"]["deadLettersName"]]["fifo"]) == (queue["spec"]["fifo"],) * 2


@pytest.mark.parametrize("target", IN_CLUSTER)
def test_what_a_topic_delivers_arrives_in_the_queue_that_names_it(target: str) -> None:
    known = endpoints(target)
    held = queue_servers(target)
    delivered = {}
    for composite, workload in servers(target):
        if composite["kind"] == "MessageTopic":
            said = json.loads(workload["spec"]["template"]["metadata"]["annotations"][CONFIGURATION])
            topics = {topic["arn"] for topic in said["topics"]}
            for subscription in said.get("subscriptions", ()):
                assert subscription["topicArn"] in topics
                queue, _, options = subscription["endpoint"].removeprefix("aws2-sqs://").partition("?")
                address = options.partition("uriEndpointOverride=")[2]
                listener = known[address][0]
                assert queue in held[place(listener)]
                delivered[queue] = (
                    subscription["topicArn"],
                    subscription["subscriptionAttributes"].get("FilterPolicy"),
                )
    asked = {
        each["spec"]["queueName"]: (each["spec"]["topicArn"], each["spec"].get("filterPolicy"))
        for each in composites(target)
        if each["spec"].get("topicArn")
    }
    assert delivered == asked
    assert delivered


@pytest.mark.parametrize("target", IN_CLUSTER)
def test_every_bucket_is_a_folder_of_the_server_that_its_pods_ask(target: str) -> None:
    folders = {
        place(composite): workload["spec"]["template"]["spec"]["initContainers"][0]["args"]
        for composite, workload in servers(target)
        if composite["kind"] == "ObjectBucket"
    }
    buckets = [each for each in composites(target) if each["kind"] == "ObjectBucket"]
    assert buckets
    for bucket in buckets:
        assert bucket["spec"]["bucketName"] in folders[place(bucket, bucket["spec"]["server"]["name"])]


@pytest.mark.parametrize("target", IN_CLUSTER)
@pytest.mark.parametrize(
    ("component", "changed", "pointer"),
    [
        ("queue", {"variant": "aws"}, "/spec/variant"),
        ("bucket", {"variant": "aws"}, "/spec/variant"),
        ("bucket", {"server": {"name": "of-another-bucket"}}, "/spec/server/name"),
    ],
)
def test_a_need_that_leaves_the_cluster_or_its_volume_loses_what_it_holds(
    target: str, component: str, changed: dict[str, Any], pointer: str
) -> None:
    declared = yaml.safe_load((ROOT / "golden-paths" / "components" / component / "component.yaml").read_bytes())
    kind = {"queue": "MessageQueue", "bucket": "ObjectBucket"}[component]
    present = [each for each in composites(target) if each["kind"] == kind]
    elsewhere = [{**each, "spec": {**each["spec"], **changed}} for each in present]
    path = f"{target}/payments/invoices/data/{component}.yaml"
    lost = [*removed_data({path: present}, {path: elsewhere}, {component: declared["immutable"]})]
    assert [(loss.identity.name, loss.pointer) for loss in lost] == [
        (each["metadata"]["name"], pointer) for each in present
    ]
    assert lost
