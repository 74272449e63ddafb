"""Waivers: what a service may break for a while, in one environment.

Read out of its platform.yaml as it is written: a service whose file has a fault must not lose in the cluster what it was granted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from pavior.diagnostics import Diagnostic, Severity
from pavior.diagnostics.codes import check as codes
from pavior.diagnostics.suggest import did_you_mean
from pavior.model import Document, Path
from pavior.policies.policy import Policy

SOON = timedelta(days=28)
_KEY = "waivers"


@dataclass(frozen=True, slots=True)
class Waiver:
    """One policy, waived in one environment (None: in more than one). `at` is where it is written."""

    policy: str
    environment: str | None
    reason: str
    owner: str
    expires: str
    at: Path


def waivers_of(document: Document) -> Iterator[Waiver]:
    """The waivers of a platform.yaml. What has the wrong form is passed over: its schema says so."""
    value = document.value
    if not isinstance(value, dict):
        return
    yield from _entries(value.get(_KEY), (_KEY,), None)
    environments = value.get("environments")
    for name, layer in environments.items() if isinstance(environments, dict) else ():
        if isinstance(layer, dict):
            yield from _entries(layer.get(_KEY), ("environments", name, _KEY), name)


def _entries(entries: object, at: Path, environment: str | None) -> Iterator[Waiver]:
    for policy, entry in entries.items() if isinstance(entries, dict) else ():
        if isinstance(entry, dict):
            named = entry.get("environments")
            only = named[0] if environment is None and isinstance(named, list) and len(named) == 1 else environment
            reason, owner, expires = (str(entry.get(key, "")) for key in ("reason", "owner", "expires"))
            yield Waiver(policy, only, reason, owner, expires, (*at, policy))


def by_environment(
    services: Iterable[tuple[str, Iterable[Waiver]]], policies: Mapping[str, Policy]
) -> dict[str, dict[str, list[str]]]:
    """Environment → policy → the names of the services that it is waived for, sorted. What cannot be waived is not in it."""
    found: dict[str, dict[str, list[str]]] = {}
    for service, waivers in services:
        for waiver in waivers:
            if waiver.environment is not None and waiver.policy in policies and policies[waiver.policy].waivable:
                names = found.setdefault(waiver.environment, {}).setdefault(waiver.policy, [])
                if service not in names:
                    names.append(service)
    return {env: {name: sorted(names) for name, names in sorted(each.items())} for env, each in found.items()}


def faults(document: Document, waivers: Iterable[Waiver], policies: Mapping[str, Policy]) -> Iterator[Diagnostic]:
    """What is wrong with waivers, whatever day it is."""
    for waiver in waivers:
        span = document.positions().key(waiver.at)
        policy = policies.get(waiver.policy)
        if policy is None:
            near = did_you_mean(waiver.policy, list(policies))
            waivable = ", ".join(f"`{name}`" for name, each in sorted(policies.items()) if each.waivable)
            hint = f"did you mean `{near}`?" if near else f"what can be waived is {waivable}"
            yield Diagnostic(codes.UNKNOWN_POLICY, span, f"there is no policy `{waiver.policy}`", hint)
        elif not policy.waivable:
            message = f"policy `{waiver.policy}` lets nobody through"
            yield Diagnostic(codes.UNWAIVABLE_POLICY, span, message, policy.hint)
        elif waiver.environment is None:
            message = f"this waives `{waiver.policy}` in every environment"
            hint = f"write it under `environments.<environment>.{_KEY}`, once for each that needs it"
            yield Diagnostic(codes.WIDE_WAIVER, span, message, hint)


def wide_layers(documents: Iterable[Document]) -> Iterator[Diagnostic]:
    """Waivers in what is layered beneath services, which would be for all of them."""
    for document in documents:
        for path, span in document.positions().keys.items():
            if path[-1:] == (_KEY,) and any(key in ("defaults", "tiers") for key in path[:-1]):
                hint = f"write it in the service's platform.yaml under `environments.<environment>.{_KEY}`"
                yield Diagnostic(codes.WIDE_WAIVER, span, "this waives policies for many services", hint)


def endings(document: Document, waivers: Iterable[Waiver], today: date, *, strict: bool) -> Iterator[Diagnostic]:
    """Waivers that are over or will be soon. `strict`: one that is over is an error."""
    for waiver in waivers:
        try:
            last = date.fromisoformat(waiver.expires)
        except ValueError:
            continue  # its schema says so
        span = document.positions().value((*waiver.at, "expires"))
        hint = f"mend what it is for and delete it; {waiver.owner} answers for it"
        if last < today:
            severity = Severity.ERROR if strict else Severity.WARNING
            message = f"the waiver of `{waiver.policy}` ended on {last.isoformat()}"
            yield Diagnostic(codes.EXPIRED_WAIVER, span, message, hint, severity=severity)
        elif last - today <= SOON:
            left = (last - today).days
            days = "today" if left == 0 else f"in {left} day{'' if left == 1 else 's'}"
            message = f"the waiver of `{waiver.policy}` ends {days}"
            yield Diagnostic(codes.ENDING_WAIVER, span, message, hint, severity=Severity.WARNING)


def idle(
    document: Document, waivers: Iterable[Waiver], needed: Collection[str], environment: str
) -> Iterator[Diagnostic]:
    """The waivers of an environment that nothing needs there. `needed` are the policies that would be broken."""
    for waiver in waivers:
        if waiver.environment == environment and waiver.policy not in needed:
            message = f"nothing breaks `{waiver.policy}` in {environment}, so this waives nothing"
            span = document.positions().key(waiver.at)
            yield Diagnostic(codes.IDLE_WAIVER, span, message, "delete the waiver", severity=Severity.WARNING)
