"""Link: what services declare of themselves, compared across the fleet.

Only declarations are kept, never specs. A callee's policy renders from its own fields and a caller's from its own, so nothing
found here opens anything: it finds faults, and it tells a service the facts of those that it names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from pavior.model import ServiceId, Span
from pavior.phases.link.claims import claims, realm
from pavior.phases.link.cycles import cycles
from pavior.phases.link.declarations import Broken, Declaration, Finding, Links, Locate, Refused, index, parse, sharing
from pavior.phases.link.declare import declare
from pavior.phases.link.references import references
from pavior.platform import Platform

__all__ = [
    "Broken",
    "Declaration",
    "Finding",
    "Links",
    "Locate",
    "Refused",
    "declare",
    "index",
    "link",
    "parse",
    "realm",
    "sharing",
]


def link(
    platform: Platform,
    links: Links,
    known: Collection[ServiceId],
    broken: Collection[ServiceId],
    locate: Locate,
    retired: Callable[[ServiceId], Span | None] = lambda service: None,
) -> Iterator[Finding]:
    """Compare all declarations. `known` are all services with a folder, `broken` those whose own file says so already.

    `retired` is where a team says that a service of its own is gone.
    """
    yield from claims(platform, links, locate)
    yield from references(platform, links, known, broken, locate, retired)
    yield from cycles(platform, links, locate)
