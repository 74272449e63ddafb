"""Policies read once and for all: their code is kept by the content of all that it is made from, the compiler included."""

from __future__ import annotations

import hashlib
import marshal
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pavior
from pavior import cache as kept_files
from pavior import resources
from pavior.diagnostics import Outcome
from pavior.kubernetes.files import content
from pavior.kubernetes.policies import Shape, read_shapes
from pavior.kubernetes.schemas import ManifestSchemas
from pavior.model import Document
from pavior.phases.compose import POLICIES_FOLDER, Files
from pavior.policies.policy import Policy
from pavior.policies.read import read


def schema_folders(root: Path) -> list[Path]:
    """Where the schemas of Kubernetes kinds are: Pavior's own, then those that the platform repository adds, if not by a link."""
    own, added = resources.schemas() / "kubernetes", root / "schemas/kubernetes"
    if added == own or not added.is_dir() or added.is_symlink() or added.parent.is_symlink():
        return [own]
    return [own, added]


def shape(root: Path) -> Shape:
    """The kind of policies that there is: Pavior's own data says it."""
    return next(read_shapes(*schema_folders(root)))


def load(files: Files, root: Path) -> Outcome[Mapping[str, Policy]]:
    """The policies of all components, by name."""
    documents = list(_documents(files))
    if not documents:
        return Outcome({})
    folders = schema_folders(root)
    name = _name(documents, folders)
    known = kept_files.read(name)
    kept = marshal.loads(known) if known is not None else None
    outcome = read(documents, shape(root), ManifestSchemas(*folders), kept)
    if outcome.value is None:
        return Outcome(None, outcome.diagnostics)
    if kept is None and not outcome.diagnostics:
        kept_files.write(name, marshal.dumps(dict(outcome.value.codes)))
    return Outcome(outcome.value.policies, outcome.diagnostics)


def _documents(files: Files) -> Iterator[Document]:
    for _, component in sorted(files.components.items()):
        yield from (component[path] for path in sorted(component) if path.startswith(f"{POLICIES_FOLDER}/"))


def _name(documents: list[Document], folders: list[Path]) -> str:
    """What policies are compiled from: their files, the data that says what kinds are called, and the compiler."""
    digest = hashlib.blake2b(_compiler(), digest_size=20)
    for document in documents:
        digest.update(f"{document.source.path}\0{len(document.source.content)}\0".encode(errors="surrogateescape"))
        digest.update(document.source.content)
    for folder in folders:
        for file in ("definitions.json", "resources.json", "generated.sha256"):
            digest.update(content(folder, file) or b"")
    return f"policies-{digest.hexdigest()}"


@cache
def _compiler() -> bytes:
    """The code that compiles, and the Python that runs what it makes."""
    digest = hashlib.blake2b(repr((sys.version, sys.implementation.cache_tag)).encode(), digest_size=20)
    for package in ("cel", "policies"):
        for file in sorted(Path(pavior.__path__[0], package).glob("*.py")):
            digest.update(file.read_bytes())
    return digest.digest()
