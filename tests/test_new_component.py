"""A component that Pavior has never heard of, with a type of `needs` of its own: YAML and JSON alone make it whole."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from fleets import ROOT, edit, put, reference, run, tree

FOLDER = "golden-paths/components/search"
SERVICE = "teams/storefront/catalog/platform.yaml"
FILES = {
    "component.yaml": """\
apiVersion: pavior.dev/v1
description: A full-text index, in the cluster.
type: search
requires: [pod, crossplane]
manifests:
  - manifests/index.yaml
  - {template: manifests/definition.yaml, scope: environment}
  - {template: manifests/composition.yaml, scope: environment}
provides:
  env:
    $let: {name: need.name | env_name, index: service.name ~ '-' ~ need.name}
    "{{ name }}_ADDRESS": {value: "http://{{ index }}-search.{{ service.namespace }}.svc:9200"}
    "{{ name }}_PASSWORD": {secret: "{{ index }}-search", key: password}
  egress:
    "{{ need.name }}":
      port: 9200
      protocol: http
      podLabels: {platform.pavior.dev/instance: "{{ service.name }}-{{ need.name }}"}
""",
    "schema.json": json.dumps(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "required": ["shards"],
            "properties": {
                "shards": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 8,
                    "description": "How many parts the index has.",
                    "default": 1,
                },
                "language": {
                    "enum": ["english", "norwegian"],
                    "description": "Whose words are stemmed.",
                    "default": "english",
                },
            },
        },
        indent=2,
    ),
    "defaults.yaml": "shards: 1\nlanguage: english\n",
    "settings.yaml": "image: docker.io/opensearchproject/opensearch:2.17.0\n",
    "settings.schema.json": json.dumps(
        {"type": "object", "properties": {"image": {"$ref": "#/$defs/image", "description": "What indexes."}}}
    ),
    "manifests/index.yaml": """\
apiVersion: platform.pavior.dev/v1
kind: SearchIndex
metadata:
  name: "{{ service.name }}-{{ need.name }}"
  namespace: "{{ service.namespace }}"
  labels: {$include: pod/labels, pavior.dev/need: "{{ need.name }}"}
spec:
  shards: "{{ need.shards }}"
  language: "{{ need.language }}"
""",
    "manifests/definition.yaml": """\
apiVersion: apiextensions.crossplane.io/v2
kind: CompositeResourceDefinition
metadata: {name: searchindexes.platform.pavior.dev}
spec:
  scope: Namespaced
  group: platform.pavior.dev
  names: {kind: SearchIndex, plural: searchindexes}
  versions:
    - name: v1
      served: true
      referenceable: true
      schema:
        openAPIV3Schema:
          type: object
          required: [spec]
          properties:
            spec:
              type: object
              required: [shards, language]
              properties:
                shards: {type: integer, minimum: 1, maximum: 8}
                language: {type: string, enum: [english, norwegian]}
""",
    "manifests/composition.yaml": """\
apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {name: search}
spec:
  compositeTypeRef: {apiVersion: platform.pavior.dev/v1, kind: SearchIndex}
  mode: Pipeline
  pipeline:
    - step: index
      functionRef: {name: function-patch-and-transform}
      input:
        apiVersion: pt.fn.crossplane.io/v1beta1
        kind: Resources
        resources:
          - name: server
            base:
              apiVersion: apps/v1
              kind: Deployment
              spec:
                replicas: 1
                selector: {matchLabels: {app.kubernetes.io/component: search}}
                template:
                  metadata: {labels: {app.kubernetes.io/component: search}}
                  spec: {containers: [{name: search, image: "{{ settings.image }}"}]}
            patches: [{fromFieldPath: metadata.name, toFieldPath: metadata.name}]
""",
}
ADDRESS = "http://catalog-products-text-search.storefront.svc:9200"
ENTRY = "  products-text: {type: search, shards: 3}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of this repository with the component, a golden path that lists it, and a service that needs it."""
    reference(tmp_path)
    for name, text in FILES.items():
        put(tmp_path, f"{FOLDER}/{name}", text)
    edit(tmp_path, "golden-paths/web-service/golden-path.yaml", "  - queue\n", "  - queue\n  - search\n")
    edit(tmp_path, SERVICE, "needs:\n", f"needs:\n{ENTRY}\n")
    return tmp_path


def manifests(root: Path, path: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((root / "rendered" / path).read_bytes()))


def line_of(root: Path, file: str, text: str) -> int:
    lines = (root / file).read_text(encoding="utf-8").split("\n")
    (number,) = [number for number, line in enumerate(lines, 1) if text in line]
    return number


def test_a_component_in_yaml_alone_is_rendered_given_to_the_pod_explained_and_verified(root: Path) -> None:
    found = run(root, "render")
    assert found.status == 0, found.output
    (index,) = manifests(root, "prod@north/storefront/catalog/search.yaml")
    assert index["kind"] == "SearchIndex"
    assert index["spec"] == {"shards": 3, "language": "english"}
    defined = [each["kind"] for each in manifests(root, "prod@north/platform/search.yaml")]
    assert defined == ["CompositeResourceDefinition", "Composition"]

    workload = "prod@north/storefront/catalog/workload.yaml"
    (deployment,) = [each for each in manifests(root, workload) if each["kind"] == "Deployment"]
    variables = {each["name"]: each for each in deployment["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert variables["PRODUCTS_TEXT_ADDRESS"]["value"] == ADDRESS
    reference = variables["PRODUCTS_TEXT_PASSWORD"]["valueFrom"]["secretKeyRef"]
    assert reference == {"name": "catalog-products-text-search", "key": "password"}
    policies = [e for e in manifests(root, "prod@north/storefront/catalog/pod.yaml") if e["kind"] == "NetworkPolicy"]
    assert "platform.pavior.dev/instance: catalog-products-text" in yaml.safe_dump_all(policies)

    lines = (root / "rendered" / workload).read_text(encoding="utf-8").split("\n")
    number = next(i for i, line in enumerate(lines, 1) if ADDRESS in line)
    explained = run(root, "explain", f"rendered/{workload}:{number}").output
    template = line_of(root, f"{FOLDER}/component.yaml", "_ADDRESS")
    entry = line_of(root, SERVICE, "products-text:")
    assert f"by {FOLDER}/component.yaml:{template}:" in explained, explained
    assert f"{SERVICE}:{entry}:" in explained, explained
    shards = run(root, "explain", "rendered/prod@north/storefront/catalog/search.yaml", "/spec/shards").output
    assert f"{FOLDER}/defaults.yaml:1:9  defaults of component search: 1" in shards
    assert re.search(rf"\* {re.escape(SERVICE)}:{entry}:[0-9]+  service storefront/catalog: 3", shards), shards

    verified = run(root, "verify")
    assert verified.status == 0, verified.output + verified.errors
    assert re.search(r"kubeconform: ([0-9,]+) manifests .*: \1 valid, 0 invalid, 0 errors, 0 skipped", verified.output)
    assert run(root, "check").status == 0


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("  shards: ", "  shard: ", f"{FOLDER}/manifests/index.yaml:8:", "`shard` is not a field of `spec`"),
        (
            '"{{ need.shards }}"',
            '"{{ need.shards }}-"',
            f"{SERVICE}:",
            "`spec.shards` must be a whole number, not `3-`",
        ),
        ("  language: ", "  lang: ", f"{FOLDER}/manifests/index.yaml:", "`lang` is not a field of `spec`"),
    ],
)
def test_a_claim_that_its_definition_refuses_is_told_where_it_is_made(
    root: Path, old: str, new: str, place: str, message: str
) -> None:
    edit(root, f"{FOLDER}/manifests/index.yaml", old, new)
    found = run(root, "check", "storefront/catalog")
    assert found.status == 1
    refused = next(each for each in found.output.split("\n\n") if message in each)
    assert refused.startswith("error[PV601 invalid-manifest]")
    assert f"--> {place}" in refused, refused


def test_editors_complete_the_fields_of_the_type_and_refuse_others(root: Path) -> None:
    assert run(root, "schema").status == 0
    schema = json.loads((root / "schemas/platform.schema.json").read_bytes())
    Draft7Validator.check_schema(schema)
    editor = Draft7Validator(schema)
    service = yaml.safe_load((root / SERVICE).read_bytes())
    assert list(editor.iter_errors(service)) == []
    for wrong in ({"shard": 3}, {"shards": "three"}, {"shards": 9}, {"language": "latin"}, {"version": 16}):
        entry = {"type": "search", **wrong}
        assert list(editor.iter_errors({**service, "needs": {"products-text": entry}})), wrong
    without = json.loads((ROOT / "schemas/platform.schema.json").read_bytes())
    assert list(Draft7Validator(without).iter_errors(service)), "this repository knows no such type"


def test_a_wrong_field_of_an_entry_is_told_at_the_users_line(root: Path) -> None:
    edit(root, SERVICE, "shards: 3", "shard: 3")
    found = run(root, "validate", "--format", "concise")
    line = line_of(root, SERVICE, "products-text:")
    assert found.status == 1
    assert f"{SERVICE}:{line}:33: error[PV204 unknown-field]: `shard` is not a field of" in found.output
    assert "did you mean `shards`?" in found.output


def test_a_golden_path_without_the_component_does_not_offer_the_type(root: Path) -> None:
    service = "teams/fulfilment/stock-sync/platform.yaml"
    put(root, service, (root / service).read_text(encoding="utf-8") + "needs: {words: {type: search}}\n")
    found = run(root, "render", "--format", "concise")
    assert found.status == 1
    errors = [line for line in found.output.splitlines() if " error[" in line]
    assert len(errors) == 1
    assert errors[0].startswith(f"{service}:")
    assert "search" in errors[0]
    assert not [path for path in tree(root) if "fulfilment/stock-sync/" in path]
