"""Removing what holds data on purpose: a `retired:` note has to name the resource, the environment, an owner and a date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pavior.diagnostics import Diagnostic, Note
from pavior.diagnostics.codes.plan import DATA_REMOVED, IMMUTABLE_CHANGED
from pavior.layering.merge import part
from pavior.model import RENDERED, ServiceId, Span, UnitPlan
from pavior.phases.removal import DataLoss, data_manifests, removed_data
from pavior.phases.render import DATA_FOLDER
from pavior.pipeline.fleet import Fleet


def unretired(fleet: Fleet, units: list[UnitPlan]) -> Iterator[Diagnostic]:
    """What writing these units would destroy without a note that says so."""
    compared = data_manifests(fleet.repository.root, units, DATA_FOLDER)
    yield from compared.diagnostics
    if compared.value is None:
        return
    immutable = {c.name: c.immutable for c in fleet.platform.components.values() if c.immutable}
    for loss in removed_data(*compared.value, immutable):
        target, team, service, *_ = loss.path.split("/")
        environment = target.partition("@")[0]
        owner = ServiceId(team, service)
        if not _noted(fleet, owner, loss.need or loss.identity.name, environment):
            yield _diagnostic(fleet, owner, environment, loss)


def _noted(fleet: Fleet, service: ServiceId, need: str, environment: str) -> bool:
    notes: list[Mapping[str, object]] = []
    if service in fleet.services:
        notes.append(part(fleet.services[service].document.value, ("retired", need)) or {})
    if service.team in fleet.teams:
        notes.append(part(fleet.teams[service.team].document.value, ("retired", f"{service.name}/{need}")) or {})
    return any(environment in note.get("environments", ()) for note in notes)  # type: ignore[operator]


def _diagnostic(fleet: Fleet, service: ServiceId, environment: str, loss: DataLoss) -> Diagnostic:
    need = loss.need or loss.identity.name
    what = f"{loss.identity.kind} `{loss.identity.name}`"
    present = Span(f"{RENDERED}/{loss.path}")
    if service in fleet.services:
        document = fleet.services[service].document
        span, place = document.positions().key(("needs", need)), f"`retired.{need}` in {document.source.path}"
    elif service.team in fleet.teams:
        document = fleet.teams[service.team].document
        span, place = (
            document.positions().key(("retired",)),
            f"`retired.{service.name}/{need}` in {document.source.path}",
        )
        if "retired" not in document.value:
            span = Span(document.source.path)
    else:
        span, place = present, f"the team's folder back, with a `retired.{service.name}/{need}` note in its team.yaml"
    hint = f"to destroy its data on purpose, add {place}, naming type, environments, owner and date"
    notes = (Note("what is there now", present),)
    if loss.pointer is None:
        return Diagnostic(DATA_REMOVED, span, f"{what} holds data and would be removed", hint, notes)
    message = (
        f"{what} holds data, and `{loss.pointer}` can't change from `{loss.before}` to `{loss.after}` without losing it"
    )
    return Diagnostic(IMMUTABLE_CHANGED, span, message, hint, notes)
