"""Golden paths: their documents, organisation and environments → a platform, or as an earlier run made it of the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias

from pavior import resources
from pavior.diagnostics import Diagnostic, Outcome
from pavior.expression.kept import Kept
from pavior.layering.merge import part
from pavior.model import Document, Source
from pavior.phases import validate
from pavior.phases.compose import (
    CHANGES_FILE,
    COMPONENT_FILE,
    FIELDS_FILE,
    FRAGMENTS_FOLDER,
    MANIFESTS_FOLDER,
    POLICIES_FOLDER,
    SETTINGS_SCHEMA_FILE,
    TEXTS_FOLDER,
    Files,
)
from pavior.phases.compose import compose as compose_platform
from pavior.phases.discover import Repository, read
from pavior.phases.load import load
from pavior.phases.screen import screen
from pavior.pipeline import kept_platform, policies
from pavior.platform import Platform
from pavior.repository import COMPONENTS, GOLDEN_PATHS, TEAMS
from pavior.repository.states import Seen, content_digest, digest_of
from pavior.schema import KINDS, ComponentSource, Kind, Schemas
from pavior.schema.compose import compose

Sources: TypeAlias = Mapping[str, Outcome[Source]]
"""What was read, by path."""


def load_platform(repository: Repository, known: Mapping[str, Seen] | None = None) -> Outcome[tuple[Platform, Files]]:
    """Golden paths, organisation and environments: loaded, validated, compiled; or as an earlier run made them of the same.

    `known` are files that need not be read, since their digests are known.
    """
    paths = list(platform_paths(repository))
    sources = {} if known else {path: read(repository, path) for path in paths}
    digests = {path: content_digest(known[path]) if known else _digest(sources[path]) for path in paths}
    name = kept_platform.name({path: digest for path, digest in digests.items() if digest is not None})
    loaded = kept_platform.read(name) if name is not None and None not in digests.values() else None
    outcome = Outcome(loaded, loaded.diagnostics) if loaded is not None else _composed(repository, sources)
    if outcome.value is None:
        return Outcome(None, outcome.diagnostics)
    platform, files, _ = outcome.value
    found = policies.load(files, repository.root)
    diagnostics = (*outcome.diagnostics, *found.diagnostics)
    if found.value is None or has_errors(found.diagnostics):
        return Outcome(None, diagnostics)
    return Outcome((replace(platform, policies=found.value), files), diagnostics)


def _composed(repository: Repository, read_already: Sources) -> Outcome[kept_platform.Loaded]:
    loaded = load_files(repository, read_already)
    diagnostics = list(loaded.diagnostics)
    files = loaded.value
    if files is None:
        return Outcome(None, tuple(diagnostics))
    schemas = schemas_of(files)
    diagnostics.extend(schemas.diagnostics)
    if schemas.value is None or has_errors(diagnostics):
        return Outcome(None, tuple(diagnostics))
    diagnostics.extend(_platform_faults(files, schemas.value))
    if has_errors(diagnostics):
        return Outcome(None, tuple(diagnostics))
    kept = Kept()
    platform = compose_platform(files, schemas.value, kept)
    diagnostics.extend(platform.diagnostics)
    if platform.value is None:
        return Outcome(None, tuple(diagnostics))
    made = kept_platform.Loaded(platform.value, files, tuple(diagnostics))
    kept_platform.write(made, kept)
    return Outcome(made, made.diagnostics)


def _digest(source: Outcome[Source]) -> bytes | None:
    return digest_of(source.value.content) if source.value is not None else None


def platform_paths(repository: Repository) -> Iterator[str]:
    """The files that a platform is composed of."""
    yield repository.organization
    yield from repository.environments.values()
    yield from (f"{GOLDEN_PATHS}/{name}/golden-path.yaml" for name in repository.golden_paths)
    for name, paths in repository.components.items():
        folder = f"{COMPONENTS}/{name}/"
        yield from (f"{folder}{file}" for file in _component_files(folder, paths))


def load_files(repository: Repository, read_already: Sources = MappingProxyType({})) -> Outcome[Files]:
    """The documents of golden-paths/, as they are written. What was read already isn't read again."""
    diagnostics: list[Diagnostic] = []

    def document(path: str) -> Document | None:
        return _parsed(read_already.get(path) or read(repository, path), diagnostics)

    def named(paths: Mapping[str, str]) -> dict[str, Document]:
        return {name: found for name, path in paths.items() if (found := document(path)) is not None}

    components = {
        name: named({file: f"{COMPONENTS}/{name}/{file}" for file in _component_files(f"{COMPONENTS}/{name}/", paths)})
        for name, paths in repository.components.items()
    }
    organization, environments = document(repository.organization), named(repository.environments)
    golden_paths = named({name: f"{GOLDEN_PATHS}/{name}/golden-path.yaml" for name in repository.golden_paths})
    if organization is None or has_errors(diagnostics):
        return Outcome(None, tuple(diagnostics))
    return Outcome(Files(organization, environments, components, golden_paths), tuple(diagnostics))


def schemas_of(files: Files) -> Outcome[Schemas]:
    """The schemas of all that people write, Pavior's own with what these components say of fields."""
    sources = list(_component_sources(files))
    return compose(schema_sources(), sources, _listed(files), sorted(files.environments))


def schema_sources() -> dict[Kind, Document]:
    """Pavior's own hand-written schemas."""
    folder = resources.schemas()
    sources: dict[Kind, Document] = {}
    for kind in KINDS:
        name = f"{kind}.core.schema.json"
        outcome = load(Source(f"schemas/{name}", (folder / name).read_bytes()))
        assert outcome.value is not None, outcome.diagnostics
        sources[kind] = outcome.value
    return sources


def _component_files(folder: str, paths: Iterable[str]) -> Iterator[str]:
    """The files of a component that rendering reads, relative to its folder: not its cases, its README or its `changes.yaml`."""
    for path in paths:
        file = path.removeprefix(folder)
        first, _, rest = file.partition("/")
        if file == CHANGES_FILE:
            continue
        if (not rest or first in (MANIFESTS_FOLDER, TEXTS_FOLDER, FRAGMENTS_FOLDER, POLICIES_FOLDER)) and file.endswith(
            (".yaml", ".json")
        ):
            yield file


def _component_sources(files: Files) -> Iterator[ComponentSource]:
    """What each component says of fields: of platform.yaml's, and of its settings."""
    for name, documents in sorted(files.components.items()):
        declaration = documents[COMPONENT_FILE]
        fields = documents.get(FIELDS_FILE) or replace(declaration, value={"type": "object", "properties": {}})
        type_name = part(declaration.value, ("type",))
        known_type = type_name if isinstance(type_name, str) else None
        yield ComponentSource(name, fields, known_type, documents.get(SETTINGS_SCHEMA_FILE))


def _listed(files: Files) -> dict[str, list[str]]:
    """The components of each golden path, in its order."""
    listed = {name: part(document.value, ("components",)) for name, document in files.golden_paths.items()}
    return {name: [c for c in found if isinstance(c, str)] for name, found in listed.items() if isinstance(found, list)}


def _platform_faults(files: Files, schemas: Schemas) -> Iterator[Diagnostic]:
    yield from validate.validate(files.organization, "organization", schemas)
    for document in files.environments.values():
        yield from validate.validate(document, "environment", schemas)
    for name, document in files.golden_paths.items():
        yield from validate.validate(document, "golden-path", schemas, golden_path=name)
    for documents in files.components.values():
        yield from validate.validate(documents[COMPONENT_FILE], "component", schemas)


def read_document(repository: Repository, path: str, diagnostics: list[Diagnostic]) -> Document | None:
    """The document of a file that people write; what is wrong with it goes to `diagnostics`."""
    return _parsed(read(repository, path), diagnostics)


def _parsed(source: Outcome[Source], diagnostics: list[Diagnostic]) -> Document | None:
    diagnostics.extend(source.diagnostics)
    if source.value is None:
        return None
    parsed = parse_source(source.value)
    diagnostics.extend(parsed.diagnostics)
    return parsed.value


def parse_source(source: Source) -> Outcome[Document]:
    """The document of a file, unless there is a secret in it: then that is all that is told."""
    document = load(source)
    # What the platform team writes names secrets all over; a team's values are what shouldn't be one.
    known = (document.value,) if document.value and source.path.startswith(f"{TEAMS}/") else ()
    secrets = () if source.path.startswith(f"{COMPONENTS}/") else screen(source, known)
    return Outcome(None, secrets) if secrets else document


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(d.is_error for d in diagnostics)
