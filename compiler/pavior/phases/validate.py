"""Validate: document × schema → diagnostics.

Files are checked by the partial schemas (nothing but `apiVersion` and `goldenPath` is required, null removes), effective
specs by the full ones. Entries of `needs` are checked one by one, each by the schema of its type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from itertools import islice

from pavior.diagnostics import Diagnostic, Note, Outcome
from pavior.diagnostics.codes import validate as codes
from pavior.diagnostics.suggest import clearly_meant, did_you_mean
from pavior.model import Document, Path, Positions, Span, Value
from pavior.schema import Kind, PathSchemas, Schema, Schemas
from pavior.schema.digits import lost_digits
from pavior.schema.explain import MOST_FAULTS, faults
from pavior.schema.fault import Fault, Subject, diagnostic
from pavior.schema.needs import Needs, entries, full_entry_faults
from pavior.schema.wording import listed, quoted

_LAYERS: Mapping[str, tuple[Path, ...]] = {
    "platform": ((), ("environments", "*")),
    "team": (("defaults",), ("environments", "*", "defaults")),
    "organization": (("defaults",), ("tiers", "*")),
    "golden-path": (("defaults",), ("tiers", "*")),
    "environment": (("defaults",), ("tiers", "*"), ("clusters", "*", "defaults"), ("clusters", "*", "tiers", "*")),
}
"""Where the fields of platform.yaml stand in a file, the first beneath the others; `*` is any key."""

_NAMES = {"platform": "platform.yaml", "team": "team.yaml", "organization": "organization.yaml"}


def validate(
    document: Document, kind: Kind, schemas: Schemas, *, golden_path: str = "", types: Mapping[str, str] | None = None
) -> Outcome[Document]:
    """Check a file of a kind; the value is the document, if nothing is wrong with it.

    `golden_path` is the name of a golden-path.yaml's folder. `types` are those that layers beneath give to entries of
    `needs`, by the entry's name.
    """
    value = document.value
    path, schema, found = _schemas_of(value, kind, schemas, golden_path)
    needs = Needs(path, schemas, types or {})
    positions = cache(document.positions)
    written = _written(document, positions)
    found += islice(lost_digits(schema.node, value, written), MOST_FAULTS)
    if (
        not found
        and schema.accepts(value)
        and not any(True for _ in entries(needs, value, _LAYERS.get(kind, ()), _none))
    ):
        return Outcome(document)
    name = _NAMES.get(kind, document.source.path.rpartition("/")[2])
    subject = Subject(name, f"schemas/{kind}.schema.json", (), written, _elsewhere(path, schemas))
    found += faults(schema, value, subject)
    found += islice(entries(needs, value, _LAYERS.get(kind, ()), written), MOST_FAULTS)
    placed = sorted((diagnostic(fault, positions()) for fault in found), key=lambda each: each.span)
    return Outcome(None, tuple(placed))


def validate_effective(
    spec: Mapping[str, Value], golden_path: str, schemas: Schemas, name: str = "the service"
) -> tuple[Fault, ...]:
    """Check an effective spec; `name` is what messages call it. Who knows the origins turns faults into diagnostics.

    A fault at "missing" has no origin: it is told at the service's parent key of its path. `golden_path` must be known.
    """
    path = schemas.path(golden_path)
    if path is None:
        raise KeyError(golden_path)
    needs = Needs(path, schemas, {})
    found: list[Fault] = []
    if not path.full.accepts(spec):
        found += faults(path.full, spec, Subject(name, elsewhere=_elsewhere(path, schemas)))
    said = spec.get("needs")
    for entry_name, entry in said.items() if isinstance(said, dict) else ():
        found += full_entry_faults(needs, entry_name, entry)
    return tuple(found)


def at_origin(fault: Fault, span: Span, of: str, target: str) -> Diagnostic:
    """A fault of an effective spec at the place that decides it; `of` says whose spec it is, for which target."""
    notes = (*(Note(note) for note in fault.notes), Note(f"in the effective spec of {of} for", targets=(target,)))
    return Diagnostic(fault.code, span, fault.message, fault.hint, notes)


def _schemas_of(
    value: Value, kind: Kind, schemas: Schemas, golden_path: str
) -> tuple[PathSchemas, Schema, list[Fault]]:
    """The golden path whose fields the file may speak of, the schema of the file, and what is wrong with the choice."""
    if kind == "platform":
        named = value.get("goldenPath") if isinstance(value, dict) else None
        path = schemas.path(named) if isinstance(named, str) else None
        if path is None:
            return schemas.union, schemas.union.file, [_unknown_path(named, schemas)] if isinstance(named, str) else []
        return path, path.file, []
    if kind == "golden-path" and golden_path in schemas.paths:
        return schemas.paths[golden_path], schemas.golden_path_files[golden_path], []
    return schemas.union, schemas.kinds[kind], []


def _unknown_path(named: str, schemas: Schemas) -> Fault:
    name, at, release = named.partition("@")
    if at and name in schemas.paths:
        releases = [known for known in schemas.paths if known.startswith(f"{name}@")]
        hint = f"there are {listed(releases)}" if releases else f"it has no releases yet: write `{name}`"
        return Fault(
            codes.UNKNOWN_GOLDEN_PATH, ("goldenPath",), f"golden path `{name}` has no release {quoted(release)}", hint
        )
    names = [known for known in schemas.paths if "@" not in known]
    close = did_you_mean(name.lower(), names)
    hint = f"did you mean `{close}`?" if close else f"there are {listed(names)}"
    clear, message = clearly_meant(name.lower(), names), f"there is no golden path {quoted(named)}"
    return Fault(codes.UNKNOWN_GOLDEN_PATH, ("goldenPath",), message, hint, replacement=None if at else clear)


def _elsewhere(path: PathSchemas, schemas: Schemas) -> Callable[[str], str | None]:
    """Says of a field that this golden path lacks which one has it."""

    def elsewhere(field: str) -> str | None:
        owner = schemas.owners.get(field)
        if not owner or owner in path.components:
            return None
        paths = [name for name, other in schemas.paths.items() if owner in other.components]
        if not paths:
            return f"{quoted(field)} belongs to component `{owner}`, which no golden path lists"
        return (
            f"{quoted(field)} belongs to golden path{'s' if len(paths) > 1 else ''} {listed(f'`{p}`' for p in paths)}"
        )

    return elsewhere


def _none(path: Path) -> None:
    return None


def _written(document: Document, positions: Callable[[], Positions]) -> Callable[[Path], str | None]:
    """The text of a value as it stands in the file; None where it goes over several lines."""

    @cache
    def lines() -> list[str]:
        return document.source.content.decode("utf-8", "replace").removeprefix("\ufeff").split("\n")

    def written(path: Path) -> str | None:
        span = positions().values.get(path)
        if span is None or span.line != span.end_line or span.line > len(lines()):
            return None
        return lines()[span.line - 1][span.column - 1 : span.end_column - 1] or None

    return written
