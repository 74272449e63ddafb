"""What a shard proves of itself: of what it was made, what it answers for, and what that came to.

It goes from one machine to another, between commands of one version, so its form is nobody else's concern.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Any

from pavior import resources
from pavior.emit import marker_source
from pavior.git import resolve
from pavior.model import RENDERED
from pavior.pipeline.compile import Taken
from pavior.pipeline.shard import Shard
from pavior.repository import READ_FOLDERS

_FORM = "pavior shard 1"
_LARGEST = 2**28
"""Bytes of a proof: of 10,000 services in three environments all together they have 10 MB."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that decides what a run finds and renders; of two runs that have the same, the shards fit together.

    `pavior` and `repository` are digests of the code and of all files that are read, `base` is a commit, `today` a date.
    """

    command: str
    pavior: str
    repository: str
    base: str | None
    today: str


@dataclass(frozen=True, slots=True)
class Part:
    """What is rendered from one folder: the digest of its files, and the hashes of its manifests, by target."""

    files: str
    manifests: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Proof:
    """Of one shard. `errors` were found, so that it proves nothing; `parts` are by the folder that they are rendered from."""

    shard: Shard
    inputs: Inputs
    errors: int
    parts: Mapping[str, Part]


class NotAProof(Exception):
    """A file holds no proof, or one that this Pavior didn't write."""


def inputs(root: Path, command: str, base: str | None, today: date) -> Inputs:
    """What a run of `command` on the repository at `root` depends on. `base` is a reference; raises GitProblem."""
    commit = resolve(root, base).id if base is not None else None
    return Inputs(command, code(), digest_of_files(root, READ_FOLDERS), commit, today.isoformat())


def prove(
    root: Path, shard: Shard, made_of: Inputs, errors: int, sources: Iterable[str], taken: Mapping[str, Iterable[Taken]]
) -> Proof:
    """What a shard that is over proves: of all folders that it has of `sources`, and of others that files are there from."""
    files = rendered(root, shard.has)
    parts = {}
    for source in sorted({*files, *filter(shard.has, sources)}):
        manifests: dict[str, list[int]] = {}
        for target, identity in taken.get(source, ()):
            manifests.setdefault(target, []).append(identity)
        parts[source] = Part(
            files.get(source, ""), {name: tuple(sorted(manifests[name])) for name in sorted(manifests)}
        )
    return Proof(shard, made_of, errors, parts)


def rendered(root: Path, wanted: Callable[[str], bool] = lambda source: True) -> dict[str, str]:
    """The digest of all rendered files of each wanted folder: of their paths and their content."""
    digests: dict[str, Any] = {}
    for path, place in _plain_files(root, RENDERED):
        with open(place, "rb") as file:
            first = file.readline(4096)
            source = marker_source(first)
            if source is not None and wanted(source):
                digest = digests.setdefault(source, blake2b(digest_size=16))
                file.seek(0)
                _add(digest, path, file_digest(file, _hash).digest())
    return {source: digest.hexdigest() for source, digest in digests.items()}


def write(proof: Proof) -> Iterator[str]:
    """The lines of the file that hands it on."""
    made_of, parts = asdict(proof.inputs), {}
    for source, part in proof.parts.items():
        manifests = {target: "".join(f"{n:016x}" for n in numbers) for target, numbers in part.manifests.items()}
        parts[source] = {"files": part.files, "manifests": manifests}
    head = {"form": _FORM, "shard": [proof.shard.index, proof.shard.count], "inputs": made_of, "errors": proof.errors}
    yield json.dumps(sealed({**head, "parts": parts}), indent=1)


def sealed(told: Mapping[str, Any]) -> dict[str, Any]:
    """What a proof tells, with the digest that shows that nothing was lost of it on its way."""
    return {**told, "digest": blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=16).hexdigest()}


def read(file: Path) -> Proof:
    """The proof in a file. Raises NotAProof, with the reason."""
    try:
        with open(file, "rb") as opened:
            text = opened.read(_LARGEST + 1)
    except OSError as fault:
        raise NotAProof((fault.strerror or str(fault)).lower()) from None
    try:
        told = json.loads(text[:_LARGEST])
        if told["form"] != _FORM or told != sealed({name: value for name, value in told.items() if name != "digest"}):
            raise ValueError
        parts = {
            str(source): Part(str(part["files"]), {str(t): _numbers(each) for t, each in part["manifests"].items()})
            for source, part in told["parts"].items()
        }
        index, count = told["shard"]
        shard = Shard(int(index), int(count))
        made_of = Inputs(**told["inputs"])
        sound = 1 <= shard.index <= shard.count and made_of.command in ("render", "check")
        if not sound or not all(map(shard.has, parts)):
            raise ValueError
        return Proof(shard, made_of, int(told["errors"]), parts)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise NotAProof("no `pavior render` or `pavior check` of this version wrote it") from None


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(text[at : at + 16], 16) for at in range(0, len(text), 16))


def code() -> str:
    """The digest of Pavior itself, its code and its schemas: of a wheel the same as of what it was made of."""
    package = Path(__file__).parents[1]
    digest = blake2b(digest_size=16)
    for folder, ending in ((package, ".py"), (resources.schemas(), ".json")):
        for path, place in _plain_files(folder.parent, folder.name):
            if path.endswith(ending):
                _add(digest, path, Path(place).read_bytes())
    return digest.hexdigest()


def digest_of_files(root: Path, folders: Iterable[str]) -> str:
    """The digest of all files in folders of a repository, by path and content."""
    digest = blake2b(digest_size=16)
    for folder in folders:
        for path, place in _plain_files(root, folder, links=True):
            try:
                content = os.fsencode(os.readlink(place)) if os.path.islink(place) else _digest_of(place)
            except OSError as fault:
                content = str(fault.errno).encode()  # what is wrong with it is told by whoever needs it
            _add(digest, path, content)
    return digest.hexdigest()


def _digest_of(place: str) -> bytes:
    with open(place, "rb") as file:
        return file_digest(file, _hash).digest()


def _hash() -> Any:
    return blake2b(digest_size=16)


def _plain_files(root: Path, folder: str, *, links: bool = False) -> Iterator[tuple[str, str]]:
    """The files below a folder in a fixed order, and with `links` those too, as themselves: path relative to `root`, and where
    it is. Nothing is followed, the folder itself neither."""
    top = os.path.join(root, folder)
    if os.path.islink(top):
        if links:
            yield folder, top
        return
    for place, folders, names in os.walk(top):
        folders.sort()
        for name in sorted([*names, *folders]):
            full = f"{place}/{name}"
            if links if os.path.islink(full) else os.path.isfile(full):
                yield full[len(str(root)) + 1 :], full


def _add(digest: Any, path: str, content: bytes) -> None:
    digest.update(f"{path}\0{len(content)}\0".encode("utf-8", "surrogateescape"))
    digest.update(content)
