"""Groups: everything that a run renders, in groups that are written together or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from pavior.pipeline.assemble import Owner, layers_of
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.selection import Selection


def owners(fleet: Fleet, selection: Selection) -> Iterator[list[Owner]]:
    """Everything that is rendered, in groups that are written together or not at all: a service in all its targets."""
    targets = [t for t in fleet.platform.targets if selection.target(t.target.name)]
    entries = 0 if selection.environments else 1
    shared = [*targets, *islice(fleet.entries(), entries)]
    if selection.source("golden-paths"):
        yield from ([Owner(target)] for target in shared)
    for name in fleet.teams if not selection.names else ():
        if selection.team(name) and name not in fleet.broken_teams:
            yield from ([Owner(target, fleet.teams[name])] for target in shared)
    for id_ in selection.services(fleet.services):
        if fleet.writable(id_):
            service = fleet.services[id_]
            group = [Owner(t, service.team, service) for t in targets if layers_of(service, t.target) is not None]
            group += [Owner(t, service.team, service) for t in islice(fleet.entries(service), entries)]
            if group:
                yield group
