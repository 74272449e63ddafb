"""Removing what holds data on purpose: a `retired:` note has to name the resource, the environment, an owner and a date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pavior.diagnostics import Diagnostic, Note
from pavior.diagnostics.codes.plan import DATA_REMOVED, IMMUTABLE_CHANGED
from pavior.layering.merge import part
from pavior.model import RENDERED, Document, ServiceId, Span, UnitPlan
from pavior.phases.removal import DataLoss, ManifestsByPath, data_manifests, pointer_steps, removed_data
from pavior.phases.render import DATA_FOLDER
from pavior.pipeline.fleet import Fleet
from pavior.schema.fault import Fault, span_of


def unretired(fleet: Fleet, units: list[UnitPlan]) -> Iterator[Diagnostic]:
    """What writing these units would destroy without a note that says so."""
    compared = data_manifests(fleet.repository.root, units, DATA_FOLDER)
    yield from compared.diagnostics
    if compared.value is None:
        return
    yield from unnoted(fleet, *compared.value, "now")


def unnoted(fleet: Fleet, present: ManifestsByPath, new: ManifestsByPath, when: str) -> Iterator[Diagnostic]:
    """What is lost from `present` to `new` without a note that says so. `when` is where `present` is, for people."""
    immutable = {c.name: c.immutable for c in fleet.platform.components.values() if c.immutable}
    for loss in removed_data(present, new, immutable):
        target, team, service, *_ = loss.path.split("/")
        environment = target.partition("@")[0]
        owner = ServiceId(team, service)
        if not _noted(fleet, owner, loss.need or loss.identity.name, environment):
            yield _diagnostic(fleet, owner, environment, loss, when)


def notes_of(document: Document) -> Mapping[str, Mapping[str, object]]:
    """The `retired:` notes of a file, which may be at fault: those that have the form of one."""
    said = part(document.value, ("retired",))
    notes = said.items() if isinstance(said, dict) else ()
    return {str(name): note for name, note in notes if isinstance(note, dict)}


def _noted(fleet: Fleet, service: ServiceId, need: str, environment: str) -> bool:
    notes = []
    if service in fleet.services:
        notes.append(notes_of(fleet.services[service].document).get(need, {}))
    if service.team in fleet.teams:
        notes.append(notes_of(fleet.teams[service.team].document).get(f"{service.name}/{need}", {}))
    # A file at fault may hold anything.
    said = [note.get("environments") for note in notes]
    return any(isinstance(environments, list) and environment in environments for environments in said)


def _diagnostic(fleet: Fleet, service: ServiceId, environment: str, loss: DataLoss, when: str) -> Diagnostic:
    need = loss.need or loss.identity.name
    what = f"{loss.identity.kind} `{loss.identity.name}`"
    present = Span(f"{RENDERED}/{loss.path}")
    if service in fleet.services:
        document = fleet.services[service].document
        left_out = part(document.value, ("environments", environment)) is False
        at = ("environments", environment) if left_out else ("needs", need)
        span = span_of(Fault(DATA_REMOVED, at, "", at="key"), document.positions())
        place = f"`retired.{need}` in {document.source.path}"
    elif service.team in fleet.teams:
        document = fleet.teams[service.team].document
        named = "retired" in document.value
        span = document.positions().key(("retired",)) if named else Span(document.source.path)
        place = f"`retired.{service.name}/{need}` in {document.source.path}"
    else:
        span, place = present, f"the team's folder back, with a `retired.{service.name}/{need}` note in its team.yaml"
    on_purpose = f"or, to destroy its data on purpose, add {place}, naming type, environments, owner and date"
    if loss.pointer is None:
        notes = (Note(f"what is there {when}", present),)
        return Diagnostic(
            DATA_REMOVED, span, f"{what} holds data and would be removed", f"put it back, {on_purpose}", notes
        )
    message = f"{what} holds data, and its `{loss.pointer}` can't become `{loss.after}` without losing it"
    notes = (Note(f"it is `{loss.before}` {when}", present),)
    return Diagnostic(
        IMMUTABLE_CHANGED, _said(fleet, service, loss) or span, message, f"set it back, {on_purpose}", notes
    )


def _said(fleet: Fleet, service: ServiceId, loss: DataLoss) -> Span | None:
    """Where somebody said what the field becomes."""
    from pavior.pipeline.explain import explain_owner  # noqa: PLC0415  (only where something is wrong)

    target = next(t for t in fleet.platform.targets if t.target.name == loss.path.partition("/")[0])
    at = tuple(pointer_steps(loss.pointer or ""))
    for leaf in explain_owner(fleet, fleet.owner(service, target), loss.path):
        mine = leaf.manifest["metadata"]["name"] == loss.identity.name and leaf.manifest["kind"] == loss.identity.kind
        if mine and tuple(map(str, leaf.at)) == at:
            spans = [contributor.span for read in leaf.reads for contributor in read.contributors]
            return spans[-1] if spans else leaf.origin.span
    return None
