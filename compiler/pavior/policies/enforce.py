"""Enforce: the policies of one target, bound as its manifests bind them → what a manifest does not hold to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pavior.cel.generate import STOPPED
from pavior.kubernetes.policies import Shape
from pavior.model import Manifest, Value
from pavior.policies.matching import by_object, matches_object, matches_resource, selects
from pavior.policies.policy import Holds, Policy, Verdict, fast, verdicts

DENY, WARN = "Deny", "Warn"
_NO_NAMESPACE: Value = None


@dataclass(frozen=True, slots=True)
class Binding:
    """How a target binds a policy. `parameters` names their manifest: `name`, perhaps `namespace`."""

    policy: Policy
    actions: tuple[str, ...]
    constraints: Mapping[str, Any]
    parameters: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Breach:
    """A verdict against a manifest, with what the target does about it. `denied`: it refuses the manifest, else it warns."""

    policy: Policy
    verdict: Verdict
    denied: bool


@dataclass(frozen=True, slots=True)
class _Ready:
    """A binding for all manifests of one kind in one namespace. `absent`: its parameters are not there."""

    binding: Binding
    holds: Holds
    plural: str
    parameters: Value
    namespace: Value
    absent: bool
    by_object: bool


Surroundings = Callable[[str], Iterable[Manifest]]
"""The name of a namespace → the manifests that the platform renders for it, itself among them."""


def bindings(manifests: Iterable[Manifest], policies: Mapping[str, Policy], shape: Shape) -> Iterator[Binding]:
    """The bindings among the manifests of a target that speak at compile time; those that only audit say nothing here."""
    for manifest in manifests:
        if shape.is_binding(manifest):
            policy = policies.get(shape.bound(manifest, "binds"))
            actions = tuple(shape.bound(manifest, "actions") or ())
            if policy is not None and policy.code is not None and (DENY in actions or WARN in actions):
                yield Binding(
                    policy,
                    actions,
                    shape.bound(manifest, "constraints") or {},
                    shape.bound(manifest, "parameters") if policy.parameters else None,
                )


def bound_policies(manifests: Iterable[Manifest], shape: Shape) -> Iterator[str]:
    """The names of all policies that these manifests bind, whatever is done about a breach."""
    return (shape.bound(manifest, "binds") for manifest in manifests if shape.is_binding(manifest))


@dataclass(slots=True)
class Enforcement:
    """The bindings of one target. What matches a kind in a namespace is worked out once.

    `resources` are the plurals by API group and kind, `own` the manifests of the platform itself.
    """

    shape: Shape
    bound: tuple[Binding, ...]
    resources: Mapping[tuple[str, str], str]
    surroundings: Surroundings
    _ready: dict[tuple[str, str, str | None], tuple[_Ready, ...]] = field(default_factory=dict)
    _about: dict[tuple[str, str, bool], tuple[Binding, ...]] = field(default_factory=dict)
    _around: dict[str, tuple[Manifest, ...]] = field(default_factory=dict)
    _fast: dict[str, Holds] = field(default_factory=dict)

    def breaches(self, manifests: Iterable[Manifest]) -> Iterator[tuple[int, Breach]]:
        """What manifests do not hold to, each with the manifest's index. Each has an apiVersion, a kind and a name."""
        for index, manifest in enumerate(manifests):
            if not self.hold(manifest):
                for each in self._bound_for(manifest):
                    if self._meant(each, manifest):
                        for breach in self._judged(each, manifest):
                            yield index, breach

    def hold(self, manifest: Manifest) -> bool:
        """Whether a manifest surely holds to everything; if not, `breaches` knows."""
        for each in self._bound_for(manifest):
            try:
                if each.holds(manifest, each.parameters, each.namespace) is True:
                    continue
            except STOPPED:
                pass
            if not each.by_object or self._meant(each, manifest):
                return False
        return True

    def _bound_for(self, manifest: Manifest) -> tuple[_Ready, ...]:
        """The bindings for manifests of this kind in this namespace."""
        key = (manifest["apiVersion"], manifest["kind"], manifest["metadata"].get("namespace"))
        ready = self._ready.get(key)
        if ready is None:
            ready = self._ready[key] = tuple(self._prepare(manifest, *key))
        return ready

    def needed(self, manifest: Manifest, waived: Iterable[str]) -> Iterator[str]:
        """Those of the waived policies that a manifest would break if they were not waived."""
        wanted = set(waived)
        for each in self._bound_for(manifest):
            policy = each.binding.policy
            if policy.name not in wanted or each.absent or not self._meant(each, manifest):
                continue
            if next(verdicts(policy, manifest, each.parameters, each.namespace, unwaived=True), None) is not None:
                yield policy.name

    def _prepare(self, manifest: Manifest, api_version: str, kind: str, namespace: str | None) -> Iterator[_Ready]:
        plural = self.resources.get((api_version.rpartition("/")[0], kind))
        # An API server never holds policies against one another.
        if plural is None or self.shape.is_policy(manifest) or self.shape.is_binding(manifest):
            return
        for binding in self._bound_to(api_version, kind, plural, namespaced=namespace is not None):
            constraints = (binding.policy.constraints, binding.constraints)
            owner = self._namespace(namespace)
            labels = self._labels_of_namespace(manifest, owner)
            if not all(selects(c.get("namespaceSelector"), labels) for c in constraints if labels is not None):
                continue
            parameters = self._parameters(binding, namespace)
            absent = binding.parameters is not None and parameters is None
            if absent and binding.parameters and binding.parameters.get("parameterNotFoundAction") == "Allow":
                continue
            holds = _never if absent else self._holds(binding.policy)
            narrow = any(map(by_object, constraints))
            yield _Ready(binding, holds, plural, parameters, owner, absent, narrow)

    def _bound_to(self, api_version: str, kind: str, plural: str, *, namespaced: bool) -> tuple[Binding, ...]:
        """The bindings that are about a kind."""
        key = (api_version, kind, namespaced)
        if key not in self._about:
            self._about[key] = tuple(
                binding
                for binding in self.bound
                if all(
                    matches_resource(constraints, api_version, plural, namespaced=namespaced)
                    for constraints in (binding.policy.constraints, binding.constraints)
                )
            )
        return self._about[key]

    def _in(self, namespace: str) -> tuple[Manifest, ...]:
        """Of what is rendered for a namespace: itself, and what could be parameters."""
        if namespace not in self._around:
            wanted = {binding.policy.parameters for binding in self.bound}
            self._around[namespace] = tuple(
                each
                for each in self.surroundings(namespace)
                if self.shape.is_namespace(each) or (each["apiVersion"], each["kind"]) in wanted
            )
        return self._around[namespace]

    def _holds(self, policy: Policy) -> Holds:
        if policy.name not in self._fast:
            self._fast[policy.name] = fast(policy)
        return self._fast[policy.name]

    def _namespace(self, namespace: str | None) -> Value:
        """The namespace as an API server shows it; as far as it is known where nothing here renders it."""
        if namespace is None:
            return _NO_NAMESPACE
        api_version, kind = self.shape.namespaces
        bare: Manifest = {"apiVersion": api_version, "kind": kind, "metadata": {"name": namespace}}
        around = self._in(namespace)
        found = next((m for m in around if self.shape.is_namespace(m) and m["metadata"]["name"] == namespace), bare)
        labels = {**(found["metadata"].get("labels") or {}), self.shape.name_label: namespace}
        return {**found, "metadata": {**found["metadata"], "labels": labels}}

    def _labels_of_namespace(self, manifest: Manifest, namespace: Value) -> Mapping[str, str] | None:
        """The labels that selectors of namespaces ask for; None where they ask nothing: of what has no namespace."""
        if self.shape.is_namespace(manifest):
            return {**(manifest["metadata"].get("labels") or {}), self.shape.name_label: manifest["metadata"]["name"]}
        return namespace["metadata"]["labels"] if namespace is not None else None

    def _parameters(self, binding: Binding, namespace: str | None) -> Value:
        wanted = binding.parameters
        if wanted is None or binding.policy.parameters is None:
            return None
        place = wanted.get("namespace", namespace)
        for each in self._in(place) if place is not None else ():
            metadata = each["metadata"]
            if (
                (each["apiVersion"], each["kind"]) == binding.policy.parameters
                and metadata["name"] == wanted.get("name")
                and metadata.get("namespace") == place
            ):
                return each
        return None

    def _meant(self, ready: _Ready, manifest: Manifest) -> bool:
        """Whether the manifest's own name and labels are what the policy and its binding are about."""
        metadata = manifest["metadata"]
        return all(
            matches_object(
                constraints, manifest["apiVersion"], ready.plural, metadata, namespaced="namespace" in metadata
            )
            for constraints in (ready.binding.policy.constraints, ready.binding.constraints)
        )

    def _judged(self, ready: _Ready, manifest: Manifest) -> Iterator[Breach]:
        policy, denied = ready.binding.policy, DENY in ready.binding.actions
        if ready.absent:
            named = (ready.binding.parameters or {}).get("name")
            message = f"its parameters, `{named}` in the manifest's namespace, are not rendered"
            yield Breach(policy, Verdict(None, message, failed=True), denied)
            return
        for verdict in verdicts(policy, manifest, ready.parameters, ready.namespace):
            yield Breach(policy, verdict, denied)


def _never(*_: Value) -> bool:
    return False
