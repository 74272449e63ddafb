"""Compositions, run over every composite resource of the tree: what they compose is valid, and as was promised."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from patch_and_transform import Composed, compose, get, patches_of
from pavior.kubernetes.schemas import ManifestSchemas

ROOT = Path(__file__).parents[1]
RENDERED = ROOT / "rendered"
TARGETS = sorted(path.name for path in RENDERED.iterdir() if (path / "argocd").is_dir())
GROUP = "platform.pavior.dev/v1"
CONNECTION_KEYS = {
    "address": "db.internal",
    "port": "5432",
    "username": "app",
    "password": "known-to-nobody",
    "primary_endpoint_address": "cache.internal",
    "attribute.auth_token": "known-to-nobody",
}


@cache
def manifests(target: str) -> tuple[dict[str, Any], ...]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return tuple(
        manifest
        for path in sorted((RENDERED / target).rglob("*.yaml"))
        for manifest in yaml.load_all(path.read_bytes(), loader)
    )


def of_kind(target: str, kind: str) -> list[dict[str, Any]]:
    return [manifest for manifest in manifests(target) if manifest["kind"] == kind]


def composites(target: str) -> list[dict[str, Any]]:
    return [manifest for manifest in manifests(target) if manifest["apiVersion"] == GROUP]


def composition_of(target: str, composite: dict[str, Any]) -> dict[str, Any]:
    (definition,) = (
        d for d in of_kind(target, "CompositeResourceDefinition") if d["spec"]["names"]["kind"] == composite["kind"]
    )
    chosen = (
        composite["spec"].get("crossplane", {}).get("compositionRef") or definition["spec"]["defaultCompositionRef"]
    )
    (found,) = (c for c in of_kind(target, "Composition") if c["metadata"]["name"] == chosen["name"])
    assert found["spec"]["compositeTypeRef"] == {"apiVersion": composite["apiVersion"], "kind": composite["kind"]}
    return found


def composed(target: str, composite: dict[str, Any]) -> Composed:
    return compose(composition_of(target, composite), composite, {}, {})


def once_it_is_there(target: str, composite: dict[str, Any]) -> Composed:
    """The second run, when all that was composed is observed and the providers have written what they know."""
    first = composed(target, composite)
    known = {
        "address": "db.internal",
        "primaryEndpointAddress": "cache.internal",
        "arn": "arn:aws:x",
        "url": "https://sqs/x",
        "engineVersionActual": "17.4",
    }
    observed = {name: {**made, "status": {"atProvider": known}} for name, made in first.resources.items()}
    secrets = dict.fromkeys(observed, CONNECTION_KEYS)
    return compose(composition_of(target, composite), composite, observed, secrets)


CLOUD_TARGETS = [target for target in TARGETS if of_kind(target, "Provider")]
"""Where providers are, which make things in the cloud."""


def inputs(target: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for composition in of_kind(target, "Composition"):
        for step in composition["spec"]["pipeline"]:
            if "input" in step:
                yield composition, step["input"]


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_composed_fits_the_schema_of_its_kind(target: str) -> None:
    schemas = ManifestSchemas(ROOT / "schemas" / "kubernetes")
    assert composites(target)
    for composite in composites(target):
        for name, made in composed(target, composite).resources.items():
            made["metadata"] = {"name": "made-up-by-crossplane", **made.get("metadata", {})}
            assert [(name, fault.path, fault.message) for fault in schemas.faults(made)] == []


@pytest.mark.parametrize("target", TARGETS)
def test_patches_read_fields_that_the_definition_has_and_write_those_of_its_status(target: str) -> None:
    fields: dict[str, Any] = {}
    for definition in of_kind(target, "CompositeResourceDefinition"):
        (version,) = definition["spec"]["versions"]
        fields[definition["spec"]["names"]["kind"]] = version["schema"]["openAPIV3Schema"]["properties"]
    for composition, said in inputs(target):
        known = fields[composition["spec"]["compositeTypeRef"]["kind"]]
        sets = {each["name"]: each["patches"] for each in said.get("patchSets", ())}
        for template in said["resources"]:
            for patch in patches_of(template, sets):
                variables = patch.get("combine", {}).get("variables", [patch])
                paths = (
                    [v["fromFieldPath"] for v in variables]
                    if patch.get("type") != "ToCompositeFieldPath"
                    else [patch["toFieldPath"]]
                )
                for path in paths:
                    part, _, field = path.partition(".")
                    assert part == "metadata" or is_field(known[part], field), (composition["metadata"]["name"], path)


def is_field(schema: dict[str, Any], path: str) -> bool:
    """Whether `a.b` is a field of an object of this schema."""
    name, _, rest = path.partition(".")
    found = schema.get("properties", {}).get(name)
    return found is not None and (not rest or is_field(found, rest))


@pytest.mark.parametrize("target", TARGETS)
def test_a_connection_has_the_keys_that_pods_read_of_it(target: str) -> None:
    promised: dict[tuple[str, str], set[str]] = {}
    for composite in composites(target):
        made = once_it_is_there(target, composite)
        namespace = composite["metadata"]["namespace"]
        if made.secret:
            promised[namespace, made.secret] = set(made.connection)
        for resource in made.resources.values():
            if resource["kind"] == "Secret":
                promised[namespace, resource["metadata"]["name"]] = set(resource["data"])
            data = get(resource, "spec.target.template.data")
            if isinstance(data, dict):
                promised[namespace, resource["spec"]["target"]["name"]] = set(data)
    read = {
        (manifest["metadata"]["namespace"], reference["name"], reference["key"])
        for manifest in manifests(target)
        if manifest["metadata"].get("namespace")
        for reference in references(manifest)
        if reference["name"].endswith("-connection")
    }
    assert len(read) > 20
    assert [each for each in read if each[2] not in promised.get(each[:2], ())] == []


def references(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "secretKeyRef" in value:
            yield value["secretKeyRef"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_not_known_yet_fails_nothing(target: str) -> None:
    for composite in composites(target):
        first = composed(target, composite)
        assert first.connection == {}
        again = compose(composition_of(target, composite), composite, first.resources, {})
        assert again.resources.keys() == first.resources.keys()


@pytest.mark.parametrize("target", CLOUD_TARGETS)
def test_what_holds_data_is_managed_without_delete_and_never_public(target: str) -> None:
    holders = {"Instance", "Queue", "Bucket"}
    seen = set()
    for composite in composites(target):
        for made in composed(target, composite).resources.values():
            if made["kind"] in holders:
                seen.add(made["kind"])
                assert not {"*", "Delete"} & {*made["spec"]["managementPolicies"]}
                assert (
                    composite["metadata"]["annotations"]["argocd.argoproj.io/sync-options"]
                    == "Prune=confirm,Delete=confirm"
                )
            if made["kind"] == "Instance":
                said = made["spec"]["forProvider"]
                assert (said["publiclyAccessible"], said["storageEncrypted"], said["deletionProtection"]) == (
                    False,
                    True,
                    True,
                )
                assert said["backupRetentionPeriod"] >= 1
    assert seen


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_composed_in_the_cloud_has_its_provider(target: str) -> None:
    there = {p["metadata"]["name"].removeprefix("provider-aws-") for p in of_kind(target, "Provider")}
    asked = {
        made["apiVersion"].partition(".aws.m.upbound.io")[0]
        for composite in composites(target)
        for made in composed(target, composite).resources.values()
        if ".upbound.io/" in made["apiVersion"]
    }
    assert asked <= there
    assert bool(asked) == (target in CLOUD_TARGETS)


@pytest.mark.parametrize("target", TARGETS)
def test_no_two_composites_share_a_name_in_the_cloud_or_in_the_cluster(target: str) -> None:
    names: list[tuple[Any, ...]] = []
    for composite in composites(target):
        for made in composed(target, composite).resources.values():
            metadata = made.get("metadata", {})
            name = metadata.get("name")
            if name:
                assert len(name) <= 52 or made["kind"] != "StatefulSet"
                names.append((made["kind"], composite["metadata"]["namespace"], name))
            external = metadata.get("annotations", {}).get("crossplane.io/external-name")
            external = external or made.get("spec", {}).get("forProvider", {}).get("identifier")
            external = external or (made["spec"]["forProvider"].get("name") if made["kind"] == "Queue" else None)
            if external:
                names.append((made["apiVersion"], made["kind"], external))
    assert len(names) == len(set(names))


def documents(target: str) -> Iterator[tuple[dict[str, Any], dict[str, Any], Any]]:
    """Every document that a composed resource takes as text: the composite, the resource, the document."""
    for composite in composites(target):
        for made in composed(target, composite).resources.values():
            for field in ("policy", "redrivePolicy", "redriveAllowPolicy", "filterPolicy"):
                text = made.get("spec", {}).get("forProvider", {}).get(field)
                if text is not None:
                    yield composite, made, json.loads(text)


@pytest.mark.parametrize("target", CLOUD_TARGETS)
def test_policies_are_documents_that_let_in_the_service_and_nobody_in_the_clear(target: str) -> None:
    found = [each for each in documents(target) if "Statement" in each[2]]
    assert {made["kind"] for _, made, _ in found} == {"BucketPolicy", "Queue", "Topic"}
    for composite, _, policy in found:
        by_id = {statement["Sid"]: statement for statement in policy["Statement"]}
        assert by_id["encrypted"]["Effect"] == "Deny"
        text = json.dumps(policy)
        assert f'kubernetes-namespace": "{composite["metadata"]["namespace"]}"' in text
        assert f'kubernetes-service-account": "{composite["spec"]["serviceAccountName"]}"' in text


@pytest.mark.parametrize("target", CLOUD_TARGETS)
def test_a_bucket_tells_its_provider_that_it_is_there(target: str) -> None:
    policies = [policy for _, made, policy in documents(target) if made["kind"] == "BucketPolicy"]
    assert policies
    for policy in policies:
        for statement in policy["Statement"]:
            if "s3:ListBucket*" in str(statement["Action"]):
                ((_, spared),) = statement["Condition"]["StringNotEquals"].items()
                assert {"crossplane-system", "provider-aws-s3"} & {*spared}
