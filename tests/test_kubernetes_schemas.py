"""The schemas of Kubernetes' kinds: what they are made of, that all of them work, and what they say of manifests."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema_rs import Draft7Validator

from pavior.kubernetes import Reason
from pavior.kubernetes.keyed import LIST_MAP_KEYS
from pavior.kubernetes.schemas import ManifestSchemas, file_name

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "schemas" / "kubernetes"
GENERATOR = ROOT / "tools" / "kubernetes-schemas"
FILES = sorted(FOLDER.glob("*/*.json"))
SAMPLES = yaml.safe_load((Path(__file__).parent / "kubernetes_samples.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def schemas() -> ManifestSchemas:
    return ManifestSchemas(FOLDER)


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside a schema, itself included."""
    yield schema
    for keyword in ("properties", "definitions"):
        for part in schema.get(keyword, {}).values():
            yield from nodes(part)
    for keyword in ("items", "additionalProperties", "not"):
        if isinstance(schema.get(keyword), dict):
            yield from nodes(schema[keyword])
    for keyword in ("anyOf", "allOf", "oneOf"):
        for part in schema.get(keyword, ()):
            yield from nodes(part)


def test_generated_files_and_their_sources_are_as_the_generator_left_them() -> None:
    lines = (FOLDER / "generated.sha256").read_text(encoding="utf-8").splitlines()
    recorded = {name: checksum for checksum, name in (line.split("  ") for line in lines)}
    sources = [path for ending in ("*.mjs", "*.json") for path in GENERATOR.glob(ending)]
    present = {path.relative_to(ROOT).as_posix(): path for path in [*FILES, *sources]}
    changed = [n for n in present if recorded.get(n) != hashlib.sha256(present[n].read_bytes()).hexdigest()]
    assert not changed, "run `make kubernetes-schemas`"
    assert sorted(recorded) == sorted(present)


def test_the_generators_packages_are_pinned_and_their_lock_names_no_address() -> None:
    wanted = json.loads((GENERATOR / "package.json").read_bytes())["dependencies"]
    locked = json.loads((GENERATOR / "package-lock.json").read_bytes())["packages"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+(-[\w.]+)?", version) for version in wanted.values())
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert not [name for name, package in locked.items() if "resolved" in package]
    assert all("integrity" in package for name, package in locked.items() if name)


def test_every_schema_lies_where_its_kind_is_looked_up_and_compiles() -> None:
    assert len(FILES) > 150
    for path in FILES:
        schema = json.loads(path.read_bytes())
        (api_version,) = schema["properties"]["apiVersion"]["enum"]
        (kind,) = schema["properties"]["kind"]["enum"]
        assert path == FOLDER / str(file_name(api_version, kind))
        Draft7Validator(schema)


def test_every_schema_is_closed_at_every_depth_and_free_of_prose() -> None:
    for path in FILES:
        form = path.name.startswith("template_")  # people write JSON Schema in it
        for node in nodes(json.loads(path.read_bytes())):
            assert not {"description", "title", "examples"} & node.keys(), path
            assert form or "properties" not in node or "additionalProperties" in node, (path, node)


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample["manifest"]["kind"] for sample in SAMPLES])
def test_a_good_manifest_has_no_fault_and_each_bad_change_has_its_message(
    schemas: ManifestSchemas, sample: dict[str, Any]
) -> None:
    assert schemas.faults(sample["manifest"]) == ()
    for change in sample["refused"]:
        faults = schemas.faults(changed(sample["manifest"], change))
        assert [fault.message for fault in faults] == [change["message"]]
        assert "hint" not in change or faults[0].hint == change["hint"]


def changed(manifest: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    copy = deepcopy(manifest)
    *outer, last = [int(step) if step.isdigit() else step for step in change["at"].split("/")]
    place: Any = copy
    for step in outer:
        place = place[step]
    if "to" in change:
        place[last] = change["to"]
    else:
        del place[last]
    return copy


def test_the_path_of_a_fault_leads_to_the_value_or_to_what_lacks_it(schemas: ManifestSchemas) -> None:
    manifest = changed(SAMPLES[0]["manifest"], {"at": "spec/template/spec/containers/0/ports/0/port", "to": 1})
    (fault,) = schemas.faults(manifest)
    assert fault.path == ("spec", "template", "spec", "containers", 0, "ports", 0, "port")
    assert fault.reason is Reason.UNKNOWN_FIELD
    (fault,) = schemas.faults(changed(SAMPLES[0]["manifest"], {"at": "spec/selector"}))
    assert (fault.path, fault.reason) == (("spec",), Reason.MISSING_FIELD)


def test_explicit_null_is_refused(schemas: ManifestSchemas) -> None:
    (fault,) = schemas.faults(changed(SAMPLES[0]["manifest"], {"at": "spec/paused", "to": None}))
    assert fault.message == "`spec.paused` must be true or false, not `null`"


def test_an_unknown_kind_says_what_there_is(schemas: ManifestSchemas) -> None:
    def fault(api_version: str, kind: str) -> tuple[Reason, str | None]:
        (found,) = schemas.faults({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}})
        return found.reason, found.hint

    assert fault("apps/v1beta1", "Deployment") == (Reason.UNKNOWN_KIND, "`Deployment` has a schema as `apps/v1`")
    assert fault("apps/v1", "Deploment") == (Reason.UNKNOWN_KIND, "did you mean `Deployment`?")
    assert fault("example.org/v1", "Zebra")[0] is Reason.UNKNOWN_KIND


@pytest.mark.parametrize(
    "api_version", ["../../secrets/v1", "/v1", "apps/../v1", "apps/v1/x", "", "apps\\v1", "apps/v1\n"]
)
def test_no_api_version_leads_out_of_the_folder(schemas: ManifestSchemas, api_version: str) -> None:
    assert file_name(api_version, "Deployment") is None
    (fault,) = schemas.faults({"apiVersion": api_version, "kind": "Deployment"})
    assert fault.reason is Reason.UNKNOWN_KIND


@pytest.mark.parametrize("kind", ["../x", "Deployment/..", "a.b", "Deployment\x00", ""])
def test_no_kind_leads_out_of_the_folder(kind: str) -> None:
    assert file_name("apps/v1", kind) is None


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ({}, "`apiVersion` is missing"),
        ({"apiVersion": "v1"}, "`kind` is missing"),
        ({"apiVersion": 1, "kind": "Service"}, "`apiVersion` must be text"),
        ({"apiVersion": ["v1"], "kind": "Service"}, "`apiVersion` must be text"),
        ({"apiVersion": "v1", "kind": None}, "`kind` must be text"),
    ],
)
def test_a_manifest_without_a_kind_has_one_fault(schemas: ManifestSchemas, manifest: Any, message: str) -> None:
    assert [fault.message for fault in schemas.faults(manifest)] == [message]


@pytest.mark.parametrize("metadata", [{"name": "x", "labels": {"a": "\ud800"}}, {"name": 1, "\ud800": "a"}])
def test_text_that_is_not_unicode_is_a_fault(schemas: ManifestSchemas, metadata: dict[str, Any]) -> None:
    (fault,) = schemas.faults({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    assert fault.message == "holds text that is not Unicode"


DEFINITION = yaml.safe_load("""
apiVersion: apiextensions.crossplane.io/v2
kind: CompositeResourceDefinition
metadata: {name: ledgers.platform.example}
spec:
  group: platform.example
  scope: Namespaced
  names: {kind: Ledger, plural: ledgers}
  versions:
    - name: v1
      served: true
      referenceable: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [size, engine]
              properties:
                size: {type: string, enum: [small, large], description: how large}
                engine: {type: string, default: postgres}
                port: {x-kubernetes-int-or-string: true}
                owner: {type: string, nullable: true}
                parameters: {type: object, x-kubernetes-preserve-unknown-fields: true}
                tags: {type: object, additionalProperties: {type: string}}
                nothing: {type: object}
                rooms:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [floor, number]
                  items: {type: object, properties: {floor: {type: integer}, number: {type: integer}}}
            status: {type: object, properties: {ready: {type: boolean}}}
          required: [spec]
""")


def ledger(**spec: Any) -> dict[str, Any]:
    metadata = {"name": "main", "namespace": "payments", "labels": {"a": "b"}}
    return {
        "apiVersion": "platform.example/v1",
        "kind": "Ledger",
        "metadata": metadata,
        "spec": {"size": "small"} | spec,
    }


@pytest.mark.parametrize(
    ("spec", "messages"),
    [
        ({}, []),
        ({"port": 80, "owner": None, "parameters": {"free": [1]}, "tags": {"a": "b"}}, []),
        ({"port": "http", "crossplane": {"compositionRef": {"name": "aws"}}}, []),
        ({"size": "huge"}, ["`spec.size` must be one of `small`, `large`, not `huge`"]),
        ({"sise": "small"}, ["`sise` is not a field of `spec`"]),
        ({"port": 1.5}, ["`spec.port` must be a whole number or text, not `1.5`"]),
        ({"tags": {"a": 1}}, ["`spec.tags.a` must be text, not `1`"]),
        ({"rooms": [{"floor": 1, "number": 1}, {"floor": 1, "number": 2}, {"floor": 1}, {"floor": 1}, {}, {}]}, []),
        (
            {"rooms": [{"floor": 1, "number": 2}, {"floor": 1}, {"floor": 1, "number": 2}]},
            ["items 0 and 2 of `spec.rooms` both have `floor: 1, number: 2`"],
        ),
        ({"nothing": {"a": 1}}, ["`a` is not a field of `spec.nothing`"]),
        ({"compositionRef": {"name": "aws"}}, ["`compositionRef` is not a field of `spec`"]),
        ({"crossplane": {"resourceRefs": []}}, ["`resourceRefs` is not a field of `spec.crossplane`"]),
    ],
)
def test_a_definition_gives_its_kind_a_closed_schema(
    schemas: ManifestSchemas, spec: dict[str, Any], messages: list[str]
) -> None:
    assert schemas.faults(ledger())[0].reason is Reason.UNKNOWN_KIND
    assert schemas.faults(DEFINITION) == ()
    schemas.define([DEFINITION])
    assert [fault.message for fault in schemas.faults(ledger(**spec))] == messages


def test_a_defined_kind_takes_no_status(schemas: ManifestSchemas) -> None:
    schemas.define([DEFINITION])
    assert [fault.message for fault in schemas.faults(ledger() | {"status": {}})] == ["`status` is not a field"]


def test_a_changed_definition_replaces_the_earlier_one(schemas: ManifestSchemas) -> None:
    schemas.define([DEFINITION])
    assert schemas.faults(ledger(size="small")) == ()
    changed_definition = deepcopy(DEFINITION)
    schema = changed_definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"]["size"]["enum"] = ["large"]
    schemas.define([changed_definition])
    assert len(schemas.faults(ledger(size="small"))) == 1


def test_a_legacy_definition_gives_a_schema_to_its_claims_too(schemas: ManifestSchemas) -> None:
    definition = deepcopy(DEFINITION) | {"apiVersion": "apiextensions.crossplane.io/v1"}
    definition["spec"] |= {"names": {"kind": "XLedger", "plural": "xledgers"}, "claimNames": {"kind": "Ledger"}}
    schemas.define([definition])
    claim = ledger(compositionRef={"name": "aws"}, writeConnectionSecretToRef={"name": "ledger"})
    assert schemas.faults(claim) == ()
    assert schemas.faults(claim | {"kind": "XLedger"}) == ()


@pytest.mark.parametrize(
    "broken", [{}, {"spec": None}, {"spec": {"versions": [1]}}, {"spec": {"versions": "v1", "group": 1}}]
)
def test_a_broken_definition_defines_nothing(schemas: ManifestSchemas, broken: dict[str, Any]) -> None:
    schemas.define([{"apiVersion": DEFINITION["apiVersion"], "kind": DEFINITION["kind"]} | broken])
    assert not schemas.defined


def composition(base: dict[str, Any]) -> dict[str, Any]:
    resource = {"name": "queue", "base": base}
    step = {
        "step": "a",
        "functionRef": {"name": "f"},
        "input": {"apiVersion": "a/v1", "kind": "R", "resources": [resource]},
    }
    return {
        "apiVersion": "apiextensions.crossplane.io/v1",
        "kind": "Composition",
        "metadata": {"name": "queue"},
        "spec": {
            "compositeTypeRef": {"apiVersion": "platform.example/v1", "kind": "Ledger"},
            "mode": "Pipeline",
            "pipeline": [step],
        },
    }


def test_manifests_inside_a_manifest_are_checked_but_may_lack_what_is_patched_in(schemas: ManifestSchemas) -> None:
    base = {"apiVersion": "sqs.aws.m.upbound.io/v1beta1", "kind": "Queue", "spec": {"forProvider": {"fifoQueue": True}}}
    assert schemas.faults(composition(base)) == ()
    base["spec"] = {"forProvider": {"fifoQueues": True}}
    (fault,) = schemas.faults(composition(base))
    assert fault.message == "`fifoQueues` is not a field of `spec.forProvider`"
    inner = ("spec", "pipeline", 0, "input", "resources", 0, "base", "spec", "forProvider", "fifoQueues")
    assert fault.path == inner
    base["kind"] = "Queu"
    assert [fault.reason for fault in schemas.faults(composition(base))] == [Reason.UNKNOWN_KIND]


def test_each_item_that_repeats_is_told_at_its_own_key(schemas: ManifestSchemas) -> None:
    ports = [{"port": 80, "name": "a"}, {"port": 80, "name": "b"}, {"port": 80, "name": "c"}, {"port": 81, "name": "a"}]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": ports}}
    faults = schemas.faults(service)
    assert [fault.path for fault in faults] == [
        ("spec", "ports", 1, "port"),
        ("spec", "ports", 2, "port"),
        ("spec", "ports", 3, "name"),
    ]
    assert {fault.reason for fault in faults} == {Reason.REPEATED}


def test_every_key_of_a_list_is_a_field_of_its_items_that_can_be_compared() -> None:
    """The schemas of kinds name keys that exist: one that is misspelt would compare nothing."""
    found = 0
    for path in FILES:
        schema = json.loads(path.read_bytes())
        definitions = schema.get("definitions", {})
        for node in nodes(schema):
            for names in (node.get(LIST_MAP_KEYS, []), node.get("x-unique", [])):
                items = node["items"] if names else {}
                items = definitions.get(items.get("$ref", "").rpartition("/")[2], items)
                assert set(names) <= items.get("properties", {}).keys(), (path, node)
                found += len(names)
    assert found > 100
