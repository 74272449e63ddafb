"""What constraints match: rules of resources and selectors of labels, for the creation of a manifest.

https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/, `matchConstraints`. Whatever
`matchPolicy` is, a manifest's own version is all that is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Constraints = Mapping[str, Any]


def matches_resource(constraints: Constraints, api_version: str, plural: str, *, namespaced: bool) -> bool:
    """Whether these constraints are about the creation of such a resource, whatever it is called."""
    rules = constraints.get("resourceRules")
    if rules is not None and not any(_rule(rule, api_version, plural, namespaced) for rule in rules):
        return False
    excluded = (rule for rule in constraints.get("excludeResourceRules", ()) if not rule.get("resourceNames"))
    return not any(_rule(rule, api_version, plural, namespaced) for rule in excluded)


def matches_object(
    constraints: Constraints, api_version: str, plural: str, metadata: Mapping[str, Any], *, namespaced: bool
) -> bool:
    """Of a resource that they are about: whether name and labels match too."""
    rules = [rule for rule in constraints.get("resourceRules", ()) if _rule(rule, api_version, plural, namespaced)]
    if rules and not any(_named(rule, metadata) for rule in rules):
        return False
    excluded = constraints.get("excludeResourceRules", ())
    if any(_rule(r, api_version, plural, namespaced) and _named(r, metadata) for r in excluded):
        return False
    return selects(constraints.get("objectSelector"), metadata.get("labels") or {})


def by_object(constraints: Constraints) -> bool:
    """Whether names or labels decide, not kind and namespace alone."""
    rules = (*constraints.get("resourceRules", ()), *constraints.get("excludeResourceRules", ()))
    return bool(constraints.get("objectSelector")) or any(rule.get("resourceNames") for rule in rules)


def creates(rule: Mapping[str, Any]) -> bool:
    return any(operation in ("*", "CREATE") for operation in rule.get("operations", ()))


def _rule(rule: Mapping[str, Any], api_version: str, plural: str, namespaced: bool) -> bool:
    group, _, version = api_version.rpartition("/")
    return (
        creates(rule)
        and _any(rule.get("apiGroups", ()), group)
        and _any(rule.get("apiVersions", ()), version)
        and any(each in ("*", "*/*", plural) for each in rule.get("resources", ()))
        and rule.get("scope", "*") in ("*", "Namespaced" if namespaced else "Cluster")
    )


def _named(rule: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    names = rule.get("resourceNames")
    return not names or metadata.get("name") in names


def _any(given: Iterable[str], mine: str) -> bool:
    return any(each in ("*", mine) for each in given)


def selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether a selector of labels matches; one that says nothing matches everything."""
    if not selector:
        return True
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all(_requirement(each, labels) for each in selector.get("matchExpressions", ()))


def _requirement(each: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = each["key"], each.get("values", ())
    match each["operator"]:
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case "In":
            return labels.get(key) in values
        case _:
            return labels.get(key) not in values
