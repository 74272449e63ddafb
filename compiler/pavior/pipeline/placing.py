"""Placing: what is wrong with an effective spec, told at the origin of the value that decides it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pavior.diagnostics import Diagnostic, Note
from pavior.model import Document, Origins, Span, Target, Value
from pavior.phases import validate
from pavior.phases.layer import layer_with_origins
from pavior.phases.link import Declaration
from pavior.pipeline.assemble import ServiceInput, layers_of
from pavior.pipeline.fleet import Fleet
from pavior.repository import TEAMS
from pavior.schema.fault import Fault
from pavior.schema.fault import span_of as fault_span


def of_target(diagnostic: Diagnostic, target: Target) -> Diagnostic:
    """A fault of layering, which doesn't know for which target it layers."""
    return replace(diagnostic, notes=(*diagnostic.notes, Note("for", targets=(target.name,))))


def spec_faults(fleet: Fleet, service: ServiceInput, target: Target, spec: Value) -> Iterator[Diagnostic]:
    """Faults of an effective spec, each at the origin that won; where something is missing, at its parent in platform.yaml."""
    schemas = fleet.platform.schemas
    faults = list(validate.validate_effective(spec, service.path.name, schemas, f"`{service.id}`"))
    if not faults:
        return
    own = layers_of(service, target)
    assert own is not None
    _, origins = layer_with_origins(fleet.stacks.of(service.path, target, service.team), *own)
    for fault in faults:
        span = span_of(origins, service.document, fault, target.environment)
        yield validate.at_origin(fault, span, f"`{service.id}`", target.name)


def broken(fleet: Fleet, service: ServiceInput, declaration: Declaration) -> Iterator[Diagnostic]:
    """What components find wrong with a spec, each fault at the origin of the field that it is about."""
    target = declaration.target
    own = layers_of(service, target)
    assert own is not None
    _, origins = layer_with_origins(fleet.stacks.of(service.path, target, service.team), *own)
    for found in declaration.broken:
        # What a layer above says is not wrong by itself: shown is what the team says nearest to it.
        faults = (
            Fault(found.code, found.at[:length], found.message, found.hint, at="key")
            for length in range(len(found.at), -1, -1)
        )
        spans = ((f, span_of(origins, service.document, f, target.environment)) for f in faults)
        fault, span = next(each for each in spans if each[1].file.startswith(f"{TEAMS}/"))
        told = validate.at_origin(fault, span, f"`{service.id}`", target.name)
        yield replace(told, severity=found.code.severity)


def span_of(origins: Origins, document: Document, fault: Fault, environment: str) -> Span:
    """Where a fault of an effective spec is shown: the winning layer's value, else the nearest key of platform.yaml."""
    positions = document.positions()
    at = fault.path if fault.at != "missing" else ()
    while at:
        if at in origins:
            span = origins[at][-1].span
            own = (path for path in (at, ("environments", environment, *at)) if positions.values.get(path) == span)
            return next((positions.key(path) for path in own if fault.at == "key"), span)
        at = at[:-1]
    return fault_span(fault, positions)
