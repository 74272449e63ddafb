"""Names that services claim: of two that claim one, both are told; and what no service may claim."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TypeAlias

from pavior.diagnostics import Diagnostic, Note
from pavior.diagnostics.codes import link as codes
from pavior.model import ServiceId, Span, Target
from pavior.phases.link.declarations import Declaration, Finding, Links, Locate, Refused
from pavior.platform import Platform, Within

_Name: TypeAlias = tuple[str, str, str]
"""Claim, where the name must be the only one, and the name."""

_BUCKETS = 64
"""Names are compared in so many parts: no more of them are objects at once."""

_MASK = 2**64 - 1

_MOST_NAMES = 4
"""Of names that collide on one line, beside the first."""


def claims(platform: Platform, links: Links, locate: Locate) -> Iterator[Finding]:
    """Names that two services claim, told at both, and names that a service can't have."""
    within = {name: claim.within for c in platform.components.values() for name, claim in c.claims.items()}
    yield from _collisions(links.declarations.values(), within, locate)
    for declaration in links.declarations.values():
        for refused in declaration.refused:
            yield Finding(frozenset((declaration.service,)), _refusal(declaration, refused, locate))


def _refusal(declaration: Declaration, refused: Refused, locate: Locate) -> Diagnostic:
    what = f"{refused.claim} `{refused.name}`"
    if refused.fault == "reserved":
        message, hint = f"{what} is the platform's own", "choose another name"
    elif refused.fault == "deep":
        message, hint = (
            f"{what} lies deeper than one label below the environment's domain",
            "write `-` for its first dots",
        )
    else:
        message, hint = f"{what} is outside the environment's domain", "choose a name below it"
    note = Note("it is claimed in", targets=(declaration.target.name,))
    span = locate(declaration, "claims", refused.claim, refused.index)
    return Diagnostic(codes.FOREIGN_NAME, span, message, hint, (note,))


def _collisions(
    declarations: Collection[Declaration], within: Mapping[str, Within], locate: Locate
) -> Iterator[Finding]:
    suspects = _suspects(declarations, within)
    claimants: dict[_Name, dict[ServiceId, tuple[Declaration, int]]] = defaultdict(dict)
    for declaration in declarations if suspects else ():
        for claimed, index in _names(declaration, within):
            if hash(claimed) & _MASK in suspects:
                claimants[claimed].setdefault(declaration.service, (declaration, index))
    # The same lines collide in every environment, perhaps under a name for each: that is one fault.
    collisions: dict[tuple[str, tuple[tuple[ServiceId, Span], ...]], list[tuple[str, str]]] = defaultdict(list)
    for (claim, place, name), first in claimants.items():
        if len(first) > 1:
            places = tuple(
                (service, locate(d, "claims", claim, index)) for service, (d, index) in sorted(first.items())
            )
            collisions[claim, places].append((place, name))
    for (claim, places), found in collisions.items():
        for service, span in places:
            yield Finding(frozenset((service,)), _claimed_twice(claim, service, span, dict(places), found))


def _names(declaration: Declaration, within: Mapping[str, Within]) -> Iterator[tuple[_Name, int]]:
    """The names that a service claims in a target, each with its place among those of its claim."""
    for claim, names in declaration.claims.items():
        place = realm(within[claim], declaration.target)
        for index, name in enumerate(names):
            yield (claim, place, name), index


def _suspects(declarations: Iterable[Declaration], within: Mapping[str, Within]) -> set[int]:
    """The hashes of names that several services may claim. Nearly all fleets have none, and names of a fleet are many."""
    buckets = [array("Q") for _ in range(_BUCKETS)]
    for _, of_service in groupby(declarations, key=lambda declaration: declaration.service):
        for each in {hash(name) & _MASK for d in of_service for name, _ in _names(d, within)}:
            buckets[each % _BUCKETS].append(each)
    crowded = (bucket for bucket in buckets if len(set(bucket)) < len(bucket))
    return {each for bucket in crowded for each, count in Counter(bucket).items() if count > 1}


def _claimed_twice(
    claim: str, service: ServiceId, span: Span, places: Mapping[ServiceId, Span], found: Sequence[tuple[str, str]]
) -> Diagnostic:
    others = [other for other in places if other != service]
    first, *more = dict.fromkeys(name for _, name in found)
    realms = tuple(dict.fromkeys(place for place, _ in found if place))
    notes = [Note("in", targets=realms)] if realms else []
    if more:
        notes.append(Note(f"and so are {', '.join(f'`{name}`' for name in more[:_MOST_NAMES])}"))
    notes += [Note(f"claimed here by `{other}`", places[other]) for other in others]
    message = f"{claim} `{first}` is claimed by `{others[0]}` too"
    return Diagnostic(codes.CLAIMED_TWICE, span, message, "give one of them another name", tuple(notes))


def realm(within: Within, target: Target) -> str:
    """Where a name that is claimed in a target must be the only one: in different realms names never collide."""
    return {Within.TARGET: target.name, Within.ENVIRONMENT: target.environment, Within.FLEET: ""}[within]
