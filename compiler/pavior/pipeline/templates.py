"""Templates compiled once and for all: kept by the content of all that they are compiled from, the compiler included."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import pavior
from pavior import cache as kept_files
from pavior.expression import kept as kept_templates
from pavior.expression.kept import Kept
from pavior.model import Document
from pavior.phases.compose import Files
from pavior.schema import Kind

Sources = Mapping[Kind, Document]


def known(files: Files, sources: Sources) -> Kept:
    """What an earlier run compiled from the same bytes, or an empty place for what this one compiles."""
    content = kept_files.read(_name(files, sources))
    return Kept() if content is None else kept_templates.load(content)


def keep(kept: Kept, files: Files, sources: Sources) -> None:
    """For the next run, if this one had nothing to begin with."""
    if kept.fresh:
        kept_files.write(_name(files, sources), kept.dump())


def _name(files: Files, sources: Sources) -> str:
    """A template is compiled from its file, fragments, and the schema of what it reads, which all of these files make."""
    digest = hashlib.blake2b(_compiler(), digest_size=20)
    for document in _documents(files, sources):
        content = document.source.content
        digest.update(f"{document.source.path}\0{len(content)}\0".encode(errors="surrogateescape"))
        digest.update(content)
    return f"templates-{digest.hexdigest()}"


def _documents(files: Files, sources: Sources) -> Iterable[Document]:
    yield from (sources[kind] for kind in sorted(sources))
    yield files.organization
    yield from (files.environments[name] for name in sorted(files.environments))
    yield from (files.golden_paths[name] for name in sorted(files.golden_paths))
    for _, component in sorted(files.components.items()):
        yield from (component[path] for path in sorted(component))


@cache
def _compiler() -> bytes:
    """The code that compiles, and the Python that runs what it makes."""
    digest = hashlib.blake2b(repr((sys.version, sys.implementation.cache_tag)).encode(), digest_size=20)
    for package in ("expression", "schema"):
        for file in sorted(Path(pavior.__path__[0], package).glob("*.py")):
            digest.update(file.read_bytes())
    return digest.digest()
