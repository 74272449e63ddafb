"""List: the fleet in a table, or its waivers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pavior.diagnostics import Diagnostic
from pavior.phases.write import recover
from pavior.pipeline import Selection
from pavior.pipeline.assemble import effective_spec, layers_of
from pavior.pipeline.clock import Clock
from pavior.pipeline.prepare import prepare
from pavior.pipeline.selection import require_known


def listing(root: Path, selection: Selection) -> tuple[list[Diagnostic], list[dict[str, Any]]]:
    """What was found, and a row for each service whose own files are sound."""
    recover(root)
    outcome = prepare(root, Clock())
    if outcome.value is None:
        return list(outcome.diagnostics), []
    fleet, rows = outcome.value, []
    require_known(fleet.repository, fleet.platform.target_names, selection)
    for service in fleet.services.values():
        targets = [t.target for t in fleet.platform.targets if layers_of(service, t.target) is not None]
        names = list(dict.fromkeys(t.environment for t in targets))
        if not selection.service(service.id) or not any(selection.target(t.name) for t in targets):
            continue
        specs = [made[0] for t in targets if (made := effective_spec(fleet.stacks, service, t)) is not None]
        needs = {f"{name} ({entry['type']})" for spec in specs for name, entry in (spec.get("needs") or {}).items()}
        tiers = list(dict.fromkeys(spec.get("tier", "") for spec in specs))
        rows.append(
            {
                "service": str(service.id),
                "goldenPath": service.document.value["goldenPath"],
                "tier": ", ".join(tiers),
                "environments": names,
                "needs": sorted(needs),
            }
        )
    return list(fleet.diagnostics), rows


def waivers(root: Path, selection: Selection) -> tuple[list[Diagnostic], list[dict[str, Any]]]:
    """What was found, and a row for each waiver, the one that ends first in front."""
    recover(root)
    outcome = prepare(root, Clock())
    if outcome.value is None:
        return list(outcome.diagnostics), []
    fleet = outcome.value
    require_known(fleet.repository, fleet.platform.target_names, selection)
    rows = [
        {
            "service": str(service),
            "environment": waiver.environment or "",
            "waives": waiver.policy,
            "expires": waiver.expires,
            "owner": waiver.owner,
            "reason": waiver.reason,
        }
        for service, granted in fleet.waivers.items()
        if selection.service(service)
        for waiver in granted
        if not selection.environments or waiver.environment in selection.environments
    ]
    return list(fleet.diagnostics), sorted(rows, key=lambda row: (row["expires"], row["service"], row["waives"]))
