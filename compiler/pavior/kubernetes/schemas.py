"""Schemas of kinds, and what they say of a manifest: in process, compiled once for each kind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from pavior.diagnostics.suggest import did_you_mean
from pavior.kubernetes import Fault, Reason, Schema, files
from pavior.kubernetes.definitions import Definition, defined, read_definitions, resources
from pavior.kubernetes.embedded import Pointer, embedded, read_embeddings
from pavior.kubernetes.explanation import MOST_FAULTS, explain
from pavior.kubernetes.keyed import LIST_MAP_KEYS, Keyed, keyed_lists, repeated, repeats
from pavior.kubernetes.policies import read_resources
from pavior.model import Manifest

KindId: TypeAlias = tuple[str, str]
"""apiVersion and kind."""

_MENDED = "mend schemas/kubernetes/{}: JSON Schema of draft 7, without a `$ref` to anything outside of it"

# What stands in a manifest becomes part of a file's name, and anyone can write a manifest.
_API_VERSION = re.compile(r"(?:(?P<group>[a-z0-9]+(?:[-.][a-z0-9]+)*)/)?(?P<version>[a-z0-9]+)")
_KIND = re.compile(r"[A-Za-z0-9]+")


def file_name(api_version: str, kind: str) -> str | None:
    """Where below a folder of schemas that of a kind is: `<group>/<kind>_<version>.json`, the version standing in for
    a group that is empty. It is kubeconform's `{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json`."""
    found = _API_VERSION.fullmatch(api_version)
    if not found or not _KIND.fullmatch(kind):
        return None
    return f"{found['group'] or found['version']}/{kind.lower()}_{found['version']}.json"


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A schema with its validator; `accepts` is the fast yes or no, `inside` where the kind holds manifests,
    `keyed` where it has lists whose items are known by keys."""

    schema: Schema
    validator: Any
    accepts: Callable[[Manifest], bool]
    inside: Sequence[Pointer]
    keyed: Keyed | None


class ManifestSchemas:
    """The schemas of folders of files, and of kinds that manifests define. Read and compiled when first needed, then kept."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._definitions: list[Definition] = []
        self._embeddings: dict[KindId, tuple[Pointer, ...]] = {}
        for folder in folders:
            with files.as_meant(folder):
                self._definitions += read_definitions(folder)
                self._embeddings |= read_embeddings(folder)
        self._defined: dict[KindId, Schema] = {}
        self._whole: dict[KindId, _Compiled] = {}
        self._partial: dict[KindId, _Compiled] = {}
        self._listed: dict[str, set[tuple[str, str]]] | None = None
        """What files are called after, kind in lower case → folder and version of each."""

    def define(self, manifests: Iterable[Manifest]) -> None:
        """Learn the kinds that these manifests define, if any; other manifests are passed over."""
        for name, schema in defined(manifests, self._definitions).items():
            if self._defined.get(name) != schema:
                self._defined[name] = schema
                self._whole.pop(name, None)
                self._partial.pop(name, None)

    def resources(self, manifests: Iterable[Manifest] = ()) -> dict[tuple[str, str], str]:
        """API group and kind → plural, of all kinds whose plural is known and of those that these manifests define."""
        return read_resources(*self._folders) | resources(manifests, self._definitions)

    @property
    def defined(self) -> Mapping[KindId, Schema]:
        """The schemas of the kinds that manifests defined."""
        return self._defined

    def schema(self, api_version: str, kind: str) -> Schema | None:
        """The schema of a kind; None if there is none."""
        if (api_version, kind) in self._defined:
            return self._defined[api_version, kind]
        content = self._content(api_version, kind)
        return json.loads(content) if content is not None else None

    def _content(self, api_version: str, kind: str) -> bytes | None:
        """The file of a kind's schema; None if there is none."""
        name = file_name(api_version, kind)
        found = (files.content(folder, name) for folder in self._folders) if name else ()
        return next((each for each in found if each is not None), None)

    def versions(self, group: str, kind: str) -> list[str]:
        """The apiVersions that there is a file's schema for, sorted. Reads no file."""
        if self._listed is None:
            self._listed = {}
            for name in (name for folder in self._folders for name in files.names(folder)):
                of, _, file = name.partition("/")
                called, _, version = file.removesuffix(".json").rpartition("_")
                self._listed.setdefault(called, set()).add((of, version))
        found = self._listed.get(kind.lower(), ())
        if group:
            return sorted(f"{group}/{version}" for of, version in found if of == group)
        return sorted(version for of, version in found if of == version)

    def kinds(self) -> list[KindId]:
        """Every kind there is a schema for, sorted. Reads all files."""
        found = set(self._defined)
        for folder in self._folders:
            for name in files.names(folder):
                with suppress(ValueError, KeyError, TypeError, IndexError, RecursionError):  # told when it is used
                    properties = json.loads(files.content(folder, name) or b"")["properties"]
                    found.add((properties["apiVersion"]["enum"][0], properties["kind"]["enum"][0]))
        return sorted(found)

    def faults(self, manifest: Manifest) -> tuple[Fault, ...]:
        """What is wrong with a manifest; nothing if all is well."""
        try:
            compiled = self._whole[manifest["apiVersion"], manifest["kind"]]
        except (KeyError, TypeError):  # not compiled yet, or no such text there
            return self._first(manifest, self._whole, self.faults)
        found = _faults(manifest, compiled)
        return found or (self._faults_inside(manifest, compiled.inside) if compiled.inside else ())

    def _faults_inside(self, manifest: Manifest, pointers: Sequence[Pointer]) -> tuple[Fault, ...]:
        """The faults of the manifests that this one holds. They are completed in the cluster: what they lack is no fault."""
        return tuple(
            replace(fault, path=(*path, *fault.path))
            for keys in pointers
            for path, inner in embedded(manifest, keys)
            for fault in self._partial_faults(inner)
        )

    def _partial_faults(self, manifest: Manifest) -> tuple[Fault, ...]:
        try:
            compiled = self._partial[manifest["apiVersion"], manifest["kind"]]
        except (KeyError, TypeError):
            return self._first(manifest, self._partial, self._partial_faults)
        return _faults(manifest, compiled)

    def _first(
        self,
        manifest: Manifest,
        compiled: dict[KindId, _Compiled],
        again: Callable[[Manifest], tuple[Fault, ...]],
    ) -> tuple[Fault, ...]:
        """The faults of a manifest whose schema is not in `compiled` yet, where `again` will look for it."""
        api_version, kind = manifest.get("apiVersion"), manifest.get("kind")
        if not isinstance(api_version, str) or not isinstance(kind, str):
            return (_unnamed(manifest),)
        schema, content = self._defined.get((api_version, kind)), None
        if schema is None:
            content = self._content(api_version, kind)
            if content is None:
                return (self._unknown(api_version, kind),)
        try:
            if schema is None:
                schema = json.loads(content or b"")
            if compiled is self._partial:
                schema = _without_required(schema)
            validator = _validator(schema)
        except (ValueError, RecursionError):
            message = f"the schema for `{kind}` of `{api_version}` can't be used"
            return (Fault(Reason.UNKNOWN_KIND, ("kind",), message, _MENDED.format(file_name(api_version, kind))),)
        inside = self._embeddings.get((api_version, kind), ())
        # To look through a schema takes longer than to look for a word; most kinds have no such lists.
        keyed = keyed_lists(schema) if content is None or LIST_MAP_KEYS.encode() in content else None
        compiled[api_version, kind] = _Compiled(schema, validator, validator.is_valid, inside, keyed)
        return again(manifest)

    def _unknown(self, api_version: str, kind: str) -> Fault:
        known = self.kinds()
        versions = sorted({version for version, name in known if name == kind})
        if versions:
            hint = f"`{kind}` has a schema as " + " and ".join(f"`{version}`" for version in versions)
        else:
            meant = did_you_mean(kind, [name for version, name in known if version == api_version])
            hint = (
                f"did you mean `{meant}`?"
                if meant
                else f"correct `apiVersion` and `kind`, or add schemas/kubernetes/{file_name(api_version, kind)}"
            )
        return Fault(Reason.UNKNOWN_KIND, ("kind",), f"there is no schema for `{kind}` of `{api_version}`", hint)


def _validator(schema: Schema) -> Any:
    """The compiled form of a schema, which matches patterns in linear time, whatever the text, and refers to nothing outside of
    itself. Raises ValueError."""
    from jsonschema_rs import Draft7Validator, RegexOptions, ValidationError  # noqa: PLC0415  # 15 ms to import

    try:
        return Draft7Validator(schema, pattern_options=RegexOptions(), retriever=_refused)
    except ValidationError as error:
        raise ValueError(error.message) from None


def _refused(address: str) -> Schema:
    """Without this, a `$ref` to an address or to a file anywhere would be fetched."""
    raise ValueError(address)


def _faults(manifest: Manifest, compiled: _Compiled) -> tuple[Fault, ...]:
    try:
        if compiled.accepts(manifest):
            keyed = compiled.keyed
            if keyed is None or not repeats(keyed, manifest):
                return ()
            return tuple(islice(repeated(keyed, manifest), MOST_FAULTS))
        return explain(compiled.validator.iter_errors(manifest), compiled.schema)
    except ValueError:  # a lone surrogate, which no API server reads
        return (Fault(Reason.BAD_VALUE, (), "holds text that is not Unicode"),)


def _without_required(schema: Any, *, names: bool = False) -> Any:
    """A schema that misses nothing. `names`: the keys of this map are names of fields, not keywords."""
    if isinstance(schema, list):
        return [_without_required(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _without_required(part, names=not names and key in ("properties", "definitions"))
        for key, part in schema.items()
        if names or key != "required"
    }


def _unnamed(manifest: Manifest) -> Fault:
    field = "kind" if isinstance(manifest.get("apiVersion"), str) else "apiVersion"
    if field in manifest:
        return Fault(Reason.BAD_VALUE, (field,), f"`{field}` must be text")
    return Fault(Reason.MISSING_FIELD, (), f"`{field}` is missing")
