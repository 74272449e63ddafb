"""A platform as an earlier run made it of the same bytes: read as a whole, where compiling it anew takes a fifth of a second.

Python's own serialisation is used, which can run code: it must come from a place that only the user can write to. What can't be
serialised is made again: a check compiles when it is first asked, and a template that faults or is traced is looked for in the
platform composed of the same files.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, NamedTuple

from pavior import cache as kept_files
from pavior import resources
from pavior.diagnostics import Code, Diagnostic
from pavior.diagnostics.catalogue import find
from pavior.expression.kept import Kept, Name, template_of
from pavior.expression.template import Template
from pavior.model import Path
from pavior.phases.compose import Files, compose
from pavior.phases.load import Stream
from pavior.platform import Platform
from pavior.repository.states import digest_of
from pavior.schema import Schema
from pavior.schema.compiled import schema


class Loaded(NamedTuple):
    """A platform without its policies, the files that it is composed of, and what was found."""

    platform: Platform
    files: Files
    diagnostics: tuple[Diagnostic, ...]


def name(digests: Mapping[str, bytes]) -> str | None:
    """What a platform is kept under that is composed of these files, known by their digests; None where nothing can be kept."""
    code = kept_files.compiler(resources.schemas())
    if code is None:
        return None
    digest = hashlib.blake2b(code, digest_size=20)
    for path in sorted(digests):
        digest.update(f"{path}\0".encode("utf-8", "surrogateescape"))
        digest.update(digests[path])
    return f"platform-{digest.hexdigest()}"


def digests_of(files: Files) -> dict[str, bytes]:
    """The digests of the files that a platform is composed of."""
    components = (document for component in files.components.values() for document in component.values())
    documents = (files.organization, *files.environments.values(), *files.golden_paths.values(), *components)
    return {document.source.path: digest_of(document.source.content) for document in documents}


def read(kept: str) -> Loaded | None:
    """What was kept under this name."""
    content = kept_files.read(kept)
    return None if content is None else _Unpickler(io.BytesIO(content)).loaded()


def write(loaded: Loaded, templates: Kept) -> None:
    """Keep a platform, whose templates these are."""
    kept = name(digests_of(loaded.files))
    if kept is not None and all(called in templates.codes for called in templates.made):
        written = io.BytesIO()
        _Pickler(written, templates).dump(tuple(loaded))
        kept_files.write(kept, written.getvalue())


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, templates: Kept) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._codes = templates.codes
        self._names = {id(made): called for called, made in templates.made.items()}

    def persistent_id(self, obj: Any) -> Any:
        if isinstance(obj, Code):
            return obj.number
        if isinstance(obj, Template):
            called = self._names[id(obj)]
            code, reads = self._codes[called]
            return called, code, reads
        return None

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, Schema):
            return schema, (obj.node,)
        if isinstance(obj, Stream):
            return Stream, (obj.source,)
        if is_dataclass(obj) and not isinstance(obj, type):
            # As its call, which is read more quickly than its state.
            return type(obj), tuple(getattr(obj, each.name) for each in fields(obj) if each.init)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self._made: dict[Name, Template] = {}
        self._codes: dict[Name, tuple[bytes, frozenset[Path]]] = {}
        self._anew: Mapping[Name, Template] | None = None
        self._loaded: Loaded | None = None

    def loaded(self) -> Loaded:
        self._loaded = Loaded(*self.load())
        return self._loaded

    def persistent_load(self, pid: Any) -> Any:
        if isinstance(pid, str):
            return find(pid)
        called, code, reads = pid
        if called not in self._made:
            self._codes[called] = code, reads
            self._made[called] = template_of(code, reads, cache(self._again(called)))
        return self._made[called]

    def _again(self, called: Name) -> Callable[[], Template]:
        return lambda: self._composed()[called]

    def _composed(self) -> Mapping[Name, Template]:
        """The templates of the same platform, which are compiled anew when more is asked of them than to render."""
        if self._anew is None:
            assert self._loaded is not None, "templates run once all is loaded"
            templates = Kept(self._codes, fresh=False)
            compose(self._loaded.files, self._loaded.platform.schemas, templates)
            self._anew = templates.made
        return self._anew
