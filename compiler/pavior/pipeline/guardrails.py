"""Guardrails: an owner's manifests × the policies that their target binds → findings, and what waivers are needed for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pavior.diagnostics import Diagnostic, Severity
from pavior.diagnostics.codes import check as codes
from pavior.diagnostics.codes.policies import UNBOUND_POLICY
from pavior.kubernetes.policies import Shape
from pavior.kubernetes.schemas import ManifestSchemas
from pavior.model import Manifest
from pavior.phases.check import Finding
from pavior.phases.render import Only
from pavior.pipeline.assemble import Owner, manifests, scene_of
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.policies import shape
from pavior.platform import Component, ManifestTemplate, Scope, TargetContext
from pavior.policies.enforce import Breach, Enforcement, bindings, bound_policies


@dataclass(slots=True)
class Guardrails:
    """The policies in force, by target."""

    fleet: Fleet
    _enforced: dict[str, Enforcement] = field(default_factory=dict)
    _shape: Shape | None = None
    _bound: set[str] = field(default_factory=set)

    def of(self, target: TargetContext, schemas: ManifestSchemas) -> Enforcement:
        """What is in force in a target: what its own manifests bind."""
        name = target.target.name
        if name not in self._enforced:
            own = self._manifests(Owner(target))
            form = self._shape = self._shape or shape(self.fleet.repository.root)
            self._bound.update(bound_policies(own, form))
            bound = tuple(bindings(own, self.fleet.platform.policies, form))
            around = {} if not bound else _by_namespace(own)
            wanted = {form.namespaces, *(each.policy.parameters for each in bound)}
            only = Only(
                frozenset(c.name for c in self.fleet.platform.components.values() if _may_make(c, wanted)), False
            )

            def surroundings(namespace: str) -> Iterable[Manifest]:
                if namespace not in around:
                    around[namespace] = []
                team = self.fleet.teams.get(namespace)
                if team is not None and team.name not in self.fleet.broken_teams:
                    return [*around[namespace], *self._manifests(Owner(target, team), only)]
                return around[namespace]

            self._enforced[name] = Enforcement(form, bound, schemas.resources(own), surroundings)
        return self._enforced[name]

    def unbound(self) -> Iterator[Diagnostic]:
        """Policies that no target binds, once all have been seen."""
        if self._enforced.keys() != set(self.fleet.platform.target_names):
            return
        for name, policy in self.fleet.platform.policies.items():
            if name not in self._bound:
                span = policy.document.positions().value(("metadata", "name"))
                hint = f"render a binding for `{name}`, or delete the policy"
                message = f"nothing binds policy `{name}` in any target"
                yield Diagnostic(UNBOUND_POLICY, span, message, hint, severity=Severity.WARNING)

    def _manifests(self, owner: Owner, only: Only | None = None) -> list[Manifest]:
        placed, _ = manifests(self.fleet.platform, owner, scene_of(owner.target, owner.team), only)
        return [each.item for each in placed if not each.is_text]


def _may_make(component: Component, wanted: Collection[tuple[str, str] | None]) -> bool:
    """Whether what a component makes for a team may be of one of these kinds: a template that makes others says so plainly."""
    return any(
        template.scope is Scope.TEAM and not _is_plainly_another(component, template, wanted)
        for template in component.manifests
    )


def _is_plainly_another(
    component: Component, template: ManifestTemplate, wanted: Collection[tuple[str, str] | None]
) -> bool:
    document = component.documents.get(template.path.partition(f"/{component.name}/")[2])
    value = document.value if document is not None else None
    named = (value.get("apiVersion"), value.get("kind")) if isinstance(value, dict) else (None, None)
    return all(isinstance(word, str) and "{{" not in word for word in named) and named not in wanted


def _by_namespace(own: Iterable[Manifest]) -> dict[str, list[Manifest]]:
    """Manifests by the namespace that they are in; what has none under its own name, for it may be one."""
    found: dict[str, list[Manifest]] = {}
    for each in own:
        metadata = each["metadata"]
        found.setdefault(metadata.get("namespace", metadata["name"]), []).append(each)
    return found


def breaches(enforced: Enforcement, items: Sequence[Manifest]) -> Iterator[Finding]:
    """What the manifests of one owner do not hold to."""
    return (_finding(index, breach) for index, breach in enforced.breaches(items))


def needed(enforced: Enforcement, items: Iterable[Manifest], waived: Mapping[str, object]) -> frozenset[str]:
    """Those of the waived policies that some of these manifests would break."""
    return frozenset(name for manifest in items for name in enforced.needed(manifest, waived))


def _finding(index: int, breach: Breach) -> Finding:
    policy, verdict = breach.policy, breach.verdict
    code = codes.POLICY_FAILED if verdict.failed else codes.POLICY_VIOLATION if breach.denied else codes.POLICY_WARNING
    hints = [policy.hint] if policy.hint else []
    if policy.waivable and breach.denied and not verdict.failed:
        hints.append(f"what has to wait is waived under `environments.<environment>.waivers.{policy.name}`")
    message = f"{verdict.message} (policy `{policy.name}`)"
    place = verdict.about[0] if verdict.about else None
    return Finding(
        index,
        code,
        place.path if place else (),
        message,
        "; ".join(hints) or None,
        missing=place.missing if place else True,
        or_why=True,
        severity=Severity.ERROR if breach.denied else Severity.WARNING,
    )
