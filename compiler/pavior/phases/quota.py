"""Quota: what a team's services may take in a target, against what the team may have there.

What is counted, and how, is data: `amounts` of the components of services, `quotas` of those of teams.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pavior.diagnostics import Diagnostic, Note
from pavior.diagnostics.codes.link import OVER_QUOTA, QUOTA_ABOVE_CAP
from pavior.model import Path, Span, Value

_MOST_SERVICES = 3
Amounts = Mapping[str, Mapping[str, Value]]
"""By what it is, `running` and `replacing`: a number, or a list of numbers to add up."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How much of `name` all services of a team may take; `at` is the field of team.yaml that says so.

    `cap` is what no team may give itself more than.
    """

    name: str
    most: float
    at: Path
    cap: float | None = None


def quotas(said: Mapping[str, Mapping[str, Value]]) -> Iterator[Quota]:
    """What a component's `quotas` came to for one team in one target."""
    for name, quota in said.items():
        cap = quota.get("cap")
        yield Quota(name, float(quota["most"]), tuple(quota["at"]), None if cap is None else float(cap))


def above_cap(target: str, limits: Iterable[Quota], locate: Callable[[Path], Span]) -> Iterator[Diagnostic]:
    """An error for each quota in `target` that is more than the platform lets the team give itself."""
    for limit in limits:
        if limit.cap is not None and limit.most > limit.cap:
            message = f"this gives the team {_written(limit.most)} {limit.name}, and it may have {_written(limit.cap)}"
            hint = "lower it, or ask the platform team for more"
            yield Diagnostic(QUOTA_ABOVE_CAP, locate(limit.at), message, hint, (Note("in", targets=(target,)),))


def quota(
    team: str,
    target: str,
    limits: Iterable[Quota],
    taken: Mapping[str, Iterable[Amounts]],
    locate: Callable[[Path], Span],
) -> Iterator[Diagnostic]:
    """A warning for each quota of `team` in `target` that is less than what its services, by name, take.

    All of them run as much as they may, and the one that takes most for it is being replaced: releases are one service's.
    """
    for limit in limits:
        running = {service: _sum(amounts, limit.name, "running") for service, amounts in taken.items()}
        replacing = max((_sum(amounts, limit.name, "replacing") for amounts in taken.values()), default=0.0)
        total = sum(running.values()) + replacing
        if total > limit.most:
            largest = sorted(running.items(), key=lambda each: (-each[1], each[0]))[:_MOST_SERVICES]
            named = ", ".join(f"`{team}/{service}` {_written(amount)}" for service, amount in largest if amount)
            message = f"the services of `{team}` may take {_written(total)} {limit.name}, and its quota is {_written(limit.most)}"
            notes = (
                Note("in", targets=(target,)),
                Note(
                    f"most is taken by {named}"
                    + (f"; {_written(replacing)} while one is replaced" if replacing else "")
                ),
            )
            hint = "raise the quota, or lower the most that they may have"
            yield Diagnostic(OVER_QUOTA, locate(limit.at), message, hint, notes, OVER_QUOTA.severity)


def _sum(amounts: Iterable[Amounts], name: str, state: str) -> float:
    total = 0.0
    for each in amounts:
        said = each.get(name, {}).get(state, 0)
        total += sum(said) if isinstance(said, list) else said
    return total


def _written(amount: float) -> str:
    return f"{amount:,.2f}".rstrip("0").rstrip(".")
