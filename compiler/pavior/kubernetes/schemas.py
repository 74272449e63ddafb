"""Schemas of kinds, and what they say of a manifest: in process, compiled once for each kind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from pavior.diagnostics.suggest import did_you_mean
from pavior.kubernetes import Fault, Reason, Schema
from pavior.kubernetes.definitions import Definition, defined, read_definitions
from pavior.model import Manifest

KindId: TypeAlias = tuple[str, str]
"""apiVersion and kind."""

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


class ManifestSchemas:
    """The schemas of folders of files, and of kinds that manifests define. Read and compiled when first needed, then kept."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._definitions: Sequence[Definition] = [
            definition for folder in folders for definition in read_definitions(folder / "definitions.json")
        ]
        self._defined: dict[KindId, Schema] = {}
        self._validators: dict[KindId, Any] = {}
        self._accepts: dict[KindId, Callable[[Manifest], bool]] = {}

    def define(self, manifests: Iterable[Manifest]) -> None:
        """Learn the kinds that these manifests define, if any; other manifests are passed over."""
        for name, schema in defined(manifests, self._definitions).items():
            if self._defined.get(name) != schema:
                self._defined[name] = schema
                self._accepts.pop(name, None)
                self._validators.pop(name, None)

    @property
    def defined(self) -> Mapping[KindId, Schema]:
        """The schemas of the kinds that manifests defined."""
        return self._defined

    def schema(self, api_version: str, kind: str) -> Schema | None:
        """The schema of a kind; None if there is none."""
        if (api_version, kind) in self._defined:
            return self._defined[api_version, kind]
        name = file_name(api_version, kind)
        for folder in self._folders if name else ():
            path = folder / str(name)
            if path.is_file():
                schema: Schema = json.loads(path.read_bytes())
                return schema
        return None

    def kinds(self) -> list[KindId]:
        """Every kind there is a schema for, sorted. Reads all files."""
        found = set(self._defined)
        for folder in self._folders:
            for path in folder.glob("*/*.json"):
                properties = json.loads(path.read_bytes())["properties"]
                found.add((properties["apiVersion"]["enum"][0], properties["kind"]["enum"][0]))
        return sorted(found)

    def faults(self, manifest: Manifest) -> tuple[Fault, ...]:
        """What is wrong with a manifest; nothing if all is well."""
        api_version, kind = manifest.get("apiVersion"), manifest.get("kind")
        try:
            accepts = self._accepts[api_version, kind]  # type: ignore[index]  # whatever stands there, a miss leads below
        except (KeyError, TypeError):
            if not isinstance(api_version, str) or not isinstance(kind, str):
                return (_unnamed(manifest),)
            compiled = self._compile(api_version, kind)
            if compiled is None:
                return (self._unknown(api_version, kind),)
            accepts = compiled
        try:
            if accepts(manifest):
                return ()
        except ValueError:  # a lone surrogate, which no API server reads
            return (Fault(Reason.BAD_VALUE, (), "holds text that is not Unicode"),)
        from pavior.kubernetes.explanation import explain  # noqa: PLC0415  # only faults need it

        name = (str(api_version), str(kind))
        return explain(self._validators[name].iter_errors(manifest), self.schema(*name) or {})

    def _compile(self, api_version: str, kind: str) -> Callable[[Manifest], bool] | None:
        schema = self.schema(api_version, kind)
        if schema is None:
            return None
        from jsonschema_rs import Draft7Validator  # noqa: PLC0415  # 15 ms to import

        validator = Draft7Validator(schema)
        self._validators[api_version, kind] = validator
        self._accepts[api_version, kind] = validator.is_valid
        return validator.is_valid

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
                else "the kinds that there are schemas for are in schemas/kubernetes"
            )
        return Fault(Reason.UNKNOWN_KIND, ("kind",), f"there is no schema for `{kind}` of `{api_version}`", hint)


def _unnamed(manifest: Manifest) -> Fault:
    field = "kind" if isinstance(manifest.get("apiVersion"), str) else "apiVersion"
    if field in manifest:
        return Fault(Reason.BAD_VALUE, (field,), f"`{field}` must be text")
    return Fault(Reason.MISSING_FIELD, (), f"`{field}` is missing")
