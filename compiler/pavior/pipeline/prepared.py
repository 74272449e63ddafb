"""Prepared: what bringing in a fleet in which nothing is wrong came to, kept for the next run.

Of each service what it declares is kept, and what was told of it; of the fleet which files there are, and what was told of
it as a whole. `pipeline/restore.py` makes a fleet of it again, of which only what changed is brought in anew.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias
from zlib import crc32

from pavior import cache, resources
from pavior.diagnostics import Diagnostic
from pavior.diagnostics.kept import dump, load
from pavior.model import ServiceId
from pavior.phases.link import Declaration, realm
from pavior.pipeline.fleet import Fleet
from pavior.platform import Platform, Within
from pavior.policies.waivers import Waiver
from pavior.repository import Repository, WorkingTree
from pavior.repository.states import Inputs, NotingTree

CLAIM = 4
"""Bytes that stand for a claimed name."""

_RETIRED = (b"retired", b"\\")
"""What a file holds that says that something is gone: the word, or an escape, which may spell it."""

OfServices: TypeAlias = Mapping[ServiceId, tuple[Diagnostic, ...]]


class Told(NamedTuple):
    """What was found, in this order: of the listing, of teams, of each service's files, of waivers in layers, of each service's
    specs, and of all together."""

    listing: tuple[Diagnostic, ...]
    teams: tuple[Diagnostic, ...]
    loaded: OfServices
    wide: tuple[Diagnostic, ...]
    declared: OfServices
    linked: tuple[Diagnostic, ...]


class Record(NamedTuple):
    """A service: its manifests and patches, whether it may say that something is gone, and what it declares, as bytes."""

    manifests: tuple[str, ...]
    patches: tuple[str, ...]
    retires: bool
    declared: bytes


class Prepared(NamedTuple):
    """What is kept. `records` are by `team/service`, `claims` the names that are claimed, `waivers` those of services with any.

    `repository` is without its services, which are in `records`.
    """

    inputs: Inputs
    records: dict[str, Record]
    claims: bytes
    repository: Repository
    told: Told
    waivers: dict[ServiceId, tuple[Waiver, ...]]


def keep(fleet: Fleet, declarations: Iterable[Declaration], told: Told, noting: NotingTree) -> None:
    """Keep a fleet that was brought in, unless something is wrong with it: that is looked at each time."""
    if fleet.broken or fleet.broken_teams or fleet.repository.unusable or any(d.is_error for d in fleet.diagnostics):
        return
    if fleet.repository.organization not in noting.files:
        return  # golden paths that came from elsewhere
    by_service: dict[ServiceId, list[Declaration]] = {service: [] for service in fleet.services}
    claims = bytearray()
    within = realms_of(fleet.platform)
    for declaration in declarations:
        by_service[declaration.service].append(declaration)
        claims += b"".join(claims_of(within, declaration))
    records = {str(service): record_of(fleet, service, declared) for service, declared in by_service.items()}
    waivers = {service: waived for service, waived in fleet.waivers.items() if waived}
    repository = replace(fleet.repository, services={}, files=noting.tree)
    write(noting.tree, Prepared(noting.inputs(), records, bytes(claims), repository, told, waivers))


def record_of(fleet: Fleet, service: ServiceId, declared: Iterable[Declaration]) -> Record:
    """What is kept of a service."""
    files = fleet.repository.services[service]
    said = [(d.target.place, d.namespace, d.facts, d.claims, d.references, d.accepted) for d in declared]
    content = fleet.services[service].document.source.content
    return Record(files.manifests, files.patches, may_retire(content), marshal.dumps(said))


def declared_by(platform: Platform, service: ServiceId, record: Record) -> Iterator[Declaration]:
    """What a service declared."""
    targets = {context.target.place: context.target for context in platform.targets}
    for place, namespace, facts, claims, references, accepted in marshal.loads(record.declared):
        yield Declaration(service, targets[place], namespace, facts, claims, references, accepted=accepted)


def realms_of(platform: Platform) -> Mapping[str, Within]:
    """Where the names of each claim must be unique."""
    return {
        name: claim.within for component in platform.components.values() for name, claim in component.claims.items()
    }


def claims_of(within: Mapping[str, Within], declaration: Declaration) -> set[bytes]:
    """What stands for each name that a service claims in a target. Another name may have the same."""
    return {
        crc32(f"{claim} {realm(within[claim], declaration.target)} {name}".encode()).to_bytes(CLAIM, "big")
        for claim, names in declaration.claims.items()
        for name in names
    }


def may_retire(content: bytes) -> bool:
    """Whether a file may say that something is gone."""
    return any(word in content for word in _RETIRED)


def write(tree: WorkingTree, prepared: Prepared) -> None:
    """Keep it for the next run."""
    name = _name(tree)
    if name is not None:
        inputs, records, claims, *rest = prepared
        plain: Any = tuple(inputs), {service: tuple(record) for service, record in records.items()}, claims, dump(rest)
        cache.write(name, marshal.dumps(plain))


def read(tree: WorkingTree) -> Prepared | None:
    """What the last run kept."""
    name = _name(tree)
    content = cache.read(name) if name is not None else None
    if content is None:
        return None
    inputs, records, claims, rest = marshal.loads(content)
    made = {service: Record(*record) for service, record in records.items()}
    return Prepared(Inputs(*inputs), made, claims, *load(rest))


def _name(tree: WorkingTree) -> str | None:
    code = cache.compiler(resources.schemas())
    if code is None:
        return None
    key = repr((tree.root, code)).encode("utf-8", "surrogateescape")
    return f"prepared-{hashlib.blake2b(key, digest_size=20).hexdigest()}"
