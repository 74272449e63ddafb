"""What a commit has, listed once: a tree's id in Git stands for all that is in it, so what was found of it holds for good."""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pavior import cache, resources
from pavior.diagnostics.kept import dump, load
from pavior.git import Commit, Node
from pavior.git.blobs import Blobs
from pavior.pipeline.prepared import Record
from pavior.pipeline.restore import Listing
from pavior.repository import Repository
from pavior.repository.commit import CommitFiles

_PLAIN = ("100644", "100755")


def write(commit: Commit, files: CommitFiles, repository: Repository, ids: Mapping[str, str]) -> None:
    """Keep the listing of a commit in which nothing is unusable, or a link."""
    name = _name(commit)
    if name is None or repository.unusable or any(node.mode not in _PLAIN for node in files.at.values()):
        return
    services = {str(service): (each.manifests, each.patches) for service, each in repository.services.items()}
    others = {path: node.id for path, node in files.at.items() if path not in ids}
    plain: Any = services, dict(ids), others, dump(replace(repository, services={}, files=None))  # type: ignore[arg-type]
    cache.write(name, marshal.dumps(plain))


def read(commit: Commit, blobs: Blobs, contents: Mapping[str, bytes]) -> tuple[Repository, Mapping[str, str]] | None:
    """The repository that a commit has, and the ids of its files, as they were listed before."""
    name = _name(commit)
    content = cache.read(name) if name is not None else None
    if content is None:
        return None
    services, ids, others, rest = marshal.loads(content)
    records = {service: Record(manifests, patches, False, b"") for service, (manifests, patches) in services.items()}
    files = CommitFiles(commit, blobs, _Nodes({**ids, **others}), {}, contents)
    repository: Repository = load(rest)
    return replace(repository, services=Listing(records), files=files), ids


@dataclass(frozen=True, slots=True)
class _Nodes(Mapping[str, Node]):
    """Plain files by path, of which the ids are known."""

    ids: Mapping[str, str]

    def __getitem__(self, path: str) -> Node:
        return Node(_PLAIN[0], self.ids[path])

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)


def _name(commit: Commit) -> str | None:
    code = cache.compiler(resources.schemas())
    if code is None or commit.tree is None:
        return None
    key = repr((commit.root, commit.digest, commit.tree, code)).encode("utf-8", "surrogateescape")
    return f"commit-{hashlib.blake2b(key, digest_size=20).hexdigest()}"
