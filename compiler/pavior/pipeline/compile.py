"""Compile: one owner in one target → the bytes of its artifacts, checked. Layer → render → customise → check → emit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import compress, islice
from typing import TYPE_CHECKING, TypeAlias

from pavior.diagnostics import Diagnostic, Note
from pavior.diagnostics.codes import check as codes
from pavior.emit import NotEmittable, UnemittableArtifact, emit, emit_text
from pavior.kubernetes.schemas import ManifestSchemas
from pavior.model import Artifact, Contributor, Manifest, Span, Value
from pavior.phases.check import Finding, Identity, check, same_identity
from pavior.pipeline.assemble import Owner, Placed, by_artifact, effective_spec, manifests, scene_of
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.guardrails import Guardrails, breaches, needed
from pavior.pipeline.passing import passing
from pavior.pipeline.policies import schema_folders
from pavior.platform import Scene
from pavior.policies.enforce import Enforcement
from pavior.policies.waivers import Waiver

if TYPE_CHECKING:
    from pavior.pipeline.explain import Explanation
    from pavior.pipeline.provenance import Read

MOST_FINDINGS = 20
"""More than these of one owner in one target help nobody, and a hostile file holds thousands."""


Taken: TypeAlias = tuple[str, int]
"""A target and the hash of an identity in it: a few bytes for each manifest, so that those of a fleet can be compared."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """An owner's artifacts, by path below rendered/; empty, with the reason, where there is a fault."""

    owner: Owner
    files: Mapping[str, bytes]
    diagnostics: tuple[Diagnostic, ...] = ()
    taken: tuple[Taken, ...] = ()
    manifests: int = 0
    needed: frozenset[str] = frozenset()
    """The waived policies that some manifest would break."""

    @property
    def failed(self) -> bool:
        return any(d.is_error for d in self.diagnostics)


@dataclass(slots=True)
class Workbench:
    """What compiling owners one after another shares: the schemas of manifests and who has which identity, by target.

    `noting`: somebody wants to know in what state the files are that are kept.
    """

    fleet: Fleet
    hashing: Callable[[Identity], int] = hash
    """Enough to tell identities apart; Python's own hash means nothing to another run."""
    noting: bool = False
    _schemas: dict[str, ManifestSchemas] = field(default_factory=dict)
    guardrails: Guardrails = field(init=False)

    def __post_init__(self) -> None:
        self.guardrails = Guardrails(self.fleet)

    def schemas(self, target: str) -> ManifestSchemas:
        """Pavior's schemas, the repository's own, and those that the target's platform artifacts define."""
        if target not in self._schemas:
            schemas = ManifestSchemas(*schema_folders(self.fleet.repository.root))
            for context in (t for t in self.fleet.platform.targets if t.target.name == target):
                placed, _ = manifests(self.fleet.platform, Owner(context), scene_of(context, None))
                schemas.define(each.item for each in placed if not each.is_text)
            # Compiling schemas takes longer than using them: targets that define the same share what is compiled.
            alike = (other for other in self._schemas.values() if other.defined == schemas.defined)
            self._schemas[target] = next(alike, schemas)
        return self._schemas[target]

    def warm(self) -> None:
        """Read the schemas of all targets, so that worker processes inherit them."""
        for context in (*self.fleet.platform.targets, *self.fleet.platform.catalogue[:1]):
            self.schemas(context.target.name)
            self.enforced(Owner(context))

    def enforced(self, owner: Owner) -> Enforcement | None:
        """The policies that an owner's manifests are held to; None where there are none."""
        if owner.target.catalogue or not self.fleet.platform.policies:
            return None
        return self.guardrails.of(owner.target, self.schemas(owner.target.target.name))


def compile_groups(bench: Workbench, groups: Sequence[Sequence[Owner]]) -> list[list[Compiled]]:
    """All that owners have, by group: a service in its targets, mostly, which are written together or not at all.

    What one group comes to doesn't depend on the others; that they pass together makes each quicker.
    """
    compiled: list[list[Compiled]] = [[] for _ in groups]
    for batch in _batches(groups, lambda index, owner: not owner.target.catalogue):
        _compile_alike(bench, batch, compiled)
    # The catalogue's entry would only say once more what is wrong with the service.
    failed = {index for index, done in enumerate(compiled) if any(each.failed for each in done)}
    for batch in _batches(groups, lambda index, owner: owner.target.catalogue and index not in failed):
        _compile_alike(bench, batch, compiled)
    return compiled


_Batch: TypeAlias = "list[tuple[int, Owner]]"
"""Owners that share most of their templates, each with the number of its group."""


def _batches(groups: Sequence[Sequence[Owner]], wanted: Callable[[int, Owner], bool]) -> Iterable[_Batch]:
    batches: dict[str, _Batch] = {}
    for index, group in enumerate(groups):
        for owner in group:
            if wanted(index, owner):
                path = owner.service.path.name if owner.service else ""
                batches.setdefault(path, []).append((index, owner))
    return batches.values()


def _compile_alike(bench: Workbench, batch: _Batch, compiled: Sequence[list[Compiled]]) -> None:
    """Compile the owners and add what they come to to their groups."""
    fleet, clock = bench.fleet, bench.fleet.clock
    owners = [owner for _, owner in batch]
    with clock.phase("layer"):
        specs = [_spec(fleet, owner) for owner in owners]
    with clock.phase("render"):
        scenes = [_scene(fleet, owner, spec) for owner, spec in zip(owners, specs, strict=True)]
    # What a service brings itself, and what its waivers are needed for, is looked at in full.
    short = [not (owner.adds or _waived(fleet, owner)) for owner in owners]
    passed = passing(
        fleet.platform,
        list(compress(owners, short)),
        list(compress(scenes, short)),
        bench.schemas,
        bench.enforced,
        clock,
    )
    found = iter(passed)
    for (index, owner), scene, is_short in zip(batch, scenes, short, strict=True):
        each = next(found) if is_short else None
        if each is None:
            compiled[index].append(_checked(bench, owner, scene))
        else:
            taken = _taken(bench, owner, each.identities)
            compiled[index].append(Compiled(owner, each.files, (), taken, len(each.identities)))


def _waived(fleet: Fleet, owner: Owner) -> Mapping[str, Waiver]:
    return fleet.waived(owner.service.id, owner.target.target.environment) if owner.service else {}


def lasting_hash(identity: Iterable[str]) -> int:
    """64 bits of an identity, on every machine the same: among a million of them, two are the same once in 10^7 fleets."""
    return int.from_bytes(blake2b("\0".join(identity).encode(), digest_size=8).digest(), "big")


def _taken(bench: Workbench, owner: Owner, identities: Iterable[Identity]) -> tuple[Taken, ...]:
    hashing = bench.hashing
    return tuple((owner.target.target.name, hashing(identity)) for identity in identities)


def _spec(fleet: Fleet, owner: Owner) -> Value:
    if owner.service is None:
        return None
    known = fleet.specs.get((owner.service.id, owner.target.target.place)) if fleet.specs else None
    if known is not None:
        return known
    made = effective_spec(fleet.stacks, owner.service, owner.target.target)
    assert made is not None, "an owner is a service in a target that it runs in"
    return made[0]


def _scene(fleet: Fleet, owner: Owner, spec: Value) -> Scene:
    scene = scene_of(owner.target, owner.team, owner.service, spec)
    if owner.service is not None:
        scene["linked"] = fleet.links.linked(owner.service.id, owner.target.target)
    return scene


def _checked(bench: Workbench, owner: Owner, scene: Scene) -> Compiled:
    fleet, clock, target = bench.fleet, bench.fleet.clock, owner.target.target
    with clock.phase("render"):
        placed, found = manifests(fleet.platform, owner, scene)
    with clock.phase("check"):
        checked = [p for p in placed if not p.is_text]
        items = [p.item for p in checked]
        identities: list[Identity] = []
        findings = list(islice(check(items, bench.schemas(target.name), owner.name, identities), MOST_FINDINGS))
    needs: frozenset[str] = frozenset()
    enforced = bench.enforced(owner)
    if not findings and enforced is not None:
        with clock.phase("policies"):
            findings = list(islice(breaches(enforced, items), MOST_FINDINGS))
            waived = _waived(fleet, owner)
            needs = needed(enforced, items, waived) if waived else needs
    if findings:
        with clock.phase("check"):
            found += located(fleet, owner, checked, findings)
    if any(d.is_error for d in found):
        return Compiled(owner, {}, tuple(found), needed=needs)
    with clock.phase("emit"):
        files, unemittable = _emit(owner, placed)
    return Compiled(owner, files, (*found, *unemittable), _taken(bench, owner, identities), len(checked), needs)


@dataclass(frozen=True, slots=True)
class Collision:
    """A manifest with the identity of another owner's, told where it comes from. `raw`: a team wrote it itself."""

    diagnostics: tuple[Diagnostic, ...]
    raw: bool


def collision(fleet: Fleet, owner: Owner, position: int, other: str) -> Collision:
    """The `position`-th manifest of an owner has the identity of one of `other`'s."""
    spec = effective_spec(fleet.stacks, owner.service, owner.target.target) if owner.service else None
    scene = scene_of(owner.target, owner.team, owner.service, spec[0] if spec else None)
    if owner.service is not None:
        scene["linked"] = fleet.links.linked(owner.service.id, owner.target.target)
    placed = [p for p in manifests(fleet.platform, owner, scene)[0] if not p.is_text]
    finding = same_identity(position, placed[position].item, owner.name, other)
    return Collision(tuple(located(fleet, owner, placed, [finding])), placed[position].raw is not None)


def emit_placed(source: str, path: str, items: Sequence[Value], *, text: bool) -> bytes:
    """The bytes of one artifact: manifests, or lines of text."""
    return emit_text(source, list(items)) if text else emit(Artifact(path, source, tuple(items)))


def _emit(owner: Owner, placed: list[Placed[Manifest]]) -> tuple[dict[str, bytes], list[Diagnostic]]:
    files: dict[str, bytes] = {}
    found = []
    for path, each in by_artifact(placed).items():
        try:
            files[path] = emit_placed(owner.source, path, [p.item for p in each], text=each[0].is_text)
        except NotEmittable as fault:
            span = Span(owner.service.document.source.path) if owner.service else Span(owner.source)
            what = path
            if isinstance(fault, UnemittableArtifact):
                manifest = each[fault.manifest].item
                what = f"{manifest['kind']} `{manifest['metadata']['name']}`"
            found.append(Diagnostic(codes.INVALID_MANIFEST, span, f"{what}: {fault}"))
    return files, found


def located(
    fleet: Fleet, owner: Owner, placed: Sequence[Placed[Manifest]], findings: Iterable[Finding]
) -> Iterator[Diagnostic]:
    """Findings in an owner's manifests, each at what a person wrote, the value that decided it; the template's line is a note."""
    from pavior.pipeline.explain import explain_owner  # noqa: PLC0415  (only where something is wrong)

    explained: dict[tuple[str, int], list[Explanation]] = {}
    for finding in findings:
        if not explained:
            for each in explain_owner(fleet, owner):
                explained.setdefault((each.artifact, each.document), []).append(each)
        path = placed[finding.index].path
        document = sum(1 for each in placed[: finding.index] if each.path == path)
        yield _located(owner, placed[finding.index], finding, explained.get((path, document), []))


def _located(owner: Owner, placed: Placed[Manifest], finding: Finding, explained: Iterable[Explanation]) -> Diagnostic:
    manifest = placed.item
    name = manifest.get("metadata", {}).get("name") if isinstance(manifest.get("metadata"), dict) else None
    named = f" `{name}`" if name else ""
    what = f"{manifest.get('kind') or 'manifest'}{named} of {owner.name}"
    inside = [e for e in explained if e.at[: len(finding.path)] == finding.path or finding.path[: len(e.at)] == e.at]
    note = Note(f"in the rendered {what} for", targets=(owner.target.target.name,))
    if not inside:
        span = Span(owner.source) if owner.service is None else owner.service.document.positions().value(())
        return Diagnostic(finding.code, span, finding.message, finding.hint, (note,), finding.severity)
    best = inside[0]
    written = _written(best, finding)
    span = written[-1].span if written else _key(owner, placed, finding, best.origin.span)
    notes = [note, *([Note("rendered here", best.origin.span)] if written else [])]
    return Diagnostic(finding.code, span, finding.message, finding.hint, tuple(notes), finding.severity)


def _written(explained: Explanation, finding: Finding) -> list[Contributor]:
    """What a team wrote that decided the finding. That a field is unknown or missing is the template's doing, unless its name
    comes from what a team wrote. What no team wrote is there because of what one did: the innermost condition tells."""
    reads = () if finding.missing else explained.reads
    if finding.at_key:
        key = finding.path[-1]
        reads = (*reads, *(read for condition in explained.conditions for read in condition))
        reads = tuple(
            r for r in reads if key in r.path or key == r.value or (isinstance(r.value, dict) and key in r.value)
        )
    found = _of_teams(reads)
    if not found and finding.or_why and not finding.missing:
        found = next((said for said in map(_of_teams, reversed(explained.conditions)) if said), [])
    return found


def _of_teams(reads: Iterable[Read]) -> list[Contributor]:
    return [c for read in reads for c in read.contributors if _is_a_teams(c.span)]


def _key(owner: Owner, placed: Placed[Manifest], finding: Finding, value: Span) -> Span:
    """The key above a value that a team wrote in a raw manifest or a merge patch, where the finding is about the key."""
    if owner.service is not None and finding.at_key:
        written = [(placed.raw, finding.path)] if placed.raw else []
        written += [(patch.document, ("merge", *finding.path)) for patch in owner.service.patches]
        for document, path in written:
            key = document.positions().keys.get(path) if document.source.path == value.file else None
            if key is not None:
                return key
    return value


def _is_a_teams(span: Span) -> bool:
    return span.file.startswith("teams/")
