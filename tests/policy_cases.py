"""Policies with objects and the verdicts that are known of them (`policies/*.yaml`): for tests, and for Kubernetes' own code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "policies"
GUARDRAILS = Path(__file__).parents[1] / "golden-paths" / "components" / "guardrails" / "policies"
DEFAULT_KIND = "apps/v1/Deployment"


@dataclass(frozen=True, slots=True)
class Case:
    """`verdict` is `allow`, `deny` or `error`; with `message` where it denies with one."""

    name: str
    policy: dict[str, Any]
    object: dict[str, Any]
    params: dict[str, Any] | None
    namespace: dict[str, Any]
    verdict: str
    message: str | None = None


def _read(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def language() -> Iterator[Case]:
    """One expression each."""
    file, namespace = _read("language.yaml"), _read("guardrails.yaml")["namespace"]
    verdicts = {True: "allow", False: "deny", "error": "error"}
    for text, answer in file["answers"].items():
        policy = policy_of(str(text) if not isinstance(text, bool) else str(text).lower())
        yield Case(str(text), policy, file["object"], file["params"], namespace, verdicts[answer])


def policy_of(*expressions: str, **spec: Any) -> dict[str, Any]:
    """A policy that holds objects to these expressions."""
    rule = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["CREATE"], "resources": ["*"]}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "a-policy"},
        "spec": {
            "failurePolicy": "Fail",
            "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": each} for each in expressions],
            **spec,
        },
    }


def guardrails() -> Iterator[Case]:
    """The policies of this repository, each with documents that it allows or denies."""
    file = _read("guardrails.yaml")
    for name, documents in file["judged"].items():
        policy = yaml.safe_load((GUARDRAILS / f"{name}.yaml").read_text(encoding="utf-8"))
        params = file["parameters"] if "paramKind" in policy["spec"] else None
        for each in documents:
            says = each["says"]
            verdict, message = ("allow", None) if says == "allow" else ("deny", says)
            yield Case(f"{name}: {each['why']}", policy, _object(each), params, file["namespace"], verdict, message)


def _object(each: dict[str, Any]) -> dict[str, Any]:
    api_version, _, kind = each.get("kind", DEFAULT_KIND).rpartition("/")
    labels = {f"pavior.dev/{key}": each[key] for key in ("service", "team", "tier") if key in each}
    made: dict[str, Any] = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "it", "namespace": "shop"}}
    if labels:
        made["metadata"]["labels"] = labels
    if "annotations" in each:
        made["metadata"]["annotations"] = each["annotations"]
    if "spec" in each:
        made["spec"] = each["spec"]
    if "containers" in each:
        containers = {key: each[key] for key in ("containers", "initContainers") if key in each}
        template = {"template": {"spec": {**containers, **each.get("pod", {})}}}
        made["spec"] = {"jobTemplate": {"spec": template}} if kind == "CronJob" else template
    return made


def cases() -> list[Case]:
    return [*language(), *guardrails()]
