"""Results: what services rendered to on some machine, by all that they were rendered from, in the place that machines share.

Only digests are kept. The files themselves lie in `rendered/`, where a commit that was checked has them; where they hold what the
digests say, they need not be rendered to be known. All else is as if they had been: who has what, what would be deleted.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from struct import Struct
from typing import Any, NamedTuple

from pavior.diagnostics import Diagnostic
from pavior.model import RENDERED
from pavior.pipeline import kept_platform
from pavior.pipeline.assemble import Owner
from pavior.pipeline.compile import Compiled, Taken, Workbench
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.policies import schema_folders
from pavior.pipeline.selection import Selection
from pavior.repository.states import bytes_of
from pavior.shared.place import Place

_IDENTITY = Struct("<Q")


class Entry(NamedTuple):
    """What a service rendered to, under the digest of all that decides it. Both are text without line ends."""

    key: bytes
    content: bytes


@dataclass(slots=True)
class Results:
    """Those that a run found in the shared place, and those that it adds, under one name there.

    The name stands for what is not of one service: the compiler, the platform, the teams.
    """

    place: Place
    name: str
    known: Mapping[bytes, bytes]
    seen: dict[bytes, bytes] = field(default_factory=dict)

    @staticmethod
    def of(fleet: Fleet, selection: Selection, environment: Mapping[str, str]) -> Results | None:
        """None where the environment names no shared place, or the run is over neither everything nor a shard of it."""
        place = Place.of(environment)
        if place is None or not (selection.everything or selection.shard is not None):
            return None
        name = _name(fleet)
        if name is None:
            return None
        if selection.shard is not None:
            name += f"-{selection.shard.index}-of-{selection.shard.count}"
        with fleet.clock.phase("shared cache"):
            content = place.get(name)
        lines = (line.partition(b" ") for line in (content or b"").splitlines())
        return Results(place, name, {key: entry for key, _, entry in lines})

    @property
    def told(self) -> Sequence[Diagnostic]:
        """What is wrong with the place."""
        return self.place.told

    def found(self, bench: Workbench, group: Sequence[Owner]) -> list[Compiled] | None:
        """What rendering these owners comes to, where that is known and lies in rendered/; else None."""
        key = _key(bench.fleet, group)
        content = self.known.get(key) if key is not None else None
        if content is None:
            return None
        found = []
        for owner, (size, inside, elsewhere, identities) in zip(group, json.loads(content), strict=True):
            files = _held(bench.fleet.repository.root, owner.folder, size, elsewhere)
            if files is None or _digest(owner.folder, files) != inside:
                return None
            bench.enforced(owner)  # which says what policies are bound
            taken = tuple(_identities(owner, identities))
            found.append(Compiled(owner, files, (), taken, len(taken)))
        return found

    def entry(self, fleet: Fleet, compiled: Sequence[Compiled]) -> Entry | None:
        """What to keep of owners that were rendered; None where something was found, which has to be told again."""
        if not compiled or any(each.diagnostics or each.needed for each in compiled):
            return None
        key = _key(fleet, [each.owner for each in compiled])
        if key is None:
            return None
        return Entry(key, self.known.get(key) or json.dumps([_told(each) for each in compiled]).encode())

    def note(self, entry: Entry) -> None:
        """Keep it for others."""
        self.seen[entry.key] = entry.content

    def keep(self) -> None:
        """Put what this run noted into the shared place, if there is anything new, and if it is believed there."""
        if self.place.writes and self.seen.keys() != self.known.keys():
            self.place.put(self.name, b"".join(b"%s %s\n" % entry for entry in self.seen.items()))


def _name(fleet: Fleet) -> str | None:
    """What results are kept under that are of the same compiler, platform and teams."""
    platform = kept_platform.name(kept_platform.digests_of(fleet.files))
    schemas = _schemas(fleet.repository.root)
    if platform is None or schemas is None:
        return None
    teams = [(name, team.document.source.content, team.waived) for name, team in fleet.teams.items()]
    return f"results-{_hash((platform, schemas, teams, sorted(fleet.broken_teams)))}"


def _schemas(root: Path) -> str | None:
    """The digest of the schemas that the repository adds; None with links among them."""
    digest = sha256()
    for folder in schema_folders(root)[1:]:
        for place, folders, names in os.walk(folder):
            folders.sort()
            if any(os.path.islink(os.path.join(place, name)) for name in (*names, *folders)):
                return None
            for name in sorted(names):
                content = Path(place, name).read_bytes()
                digest.update(f"{place[len(str(folder)) :]}/{name}\0{len(content)}\0".encode(errors="surrogateescape"))
                digest.update(content)
    return digest.hexdigest()


def _key(fleet: Fleet, group: Sequence[Owner]) -> bytes | None:
    """What decides what a service renders, beside what the name of its results stands for. None where it is no service, or one
    with waivers: of these it is told which it needs."""
    service = group[0].service
    if service is None or fleet.waivers.get(service.id):
        return None
    documents = (service.document, *service.raw, *(patch.document for patch in service.patches))
    files = [(document.source.path, document.source.content) for document in documents]
    linked = [
        (owner.target.target.name, owner.target.target.place, fleet.links.linked(service.id, owner.target.target))
        for owner in group
    ]
    return _hash((str(service.id), service.targets, files, linked)).encode()


def _told(compiled: Compiled) -> list[Any]:
    """The sizes of all files together, the digest of those in the owner's folder, those of others by path, the identities."""
    folder = compiled.owner.folder
    elsewhere = {
        path: sha256(content).hexdigest()
        for path, content in compiled.files.items()
        if not path.startswith(f"{folder}/")
    }
    identities = b"".join(_IDENTITY.pack(identity) for _, identity in compiled.taken)
    return [sum(map(len, compiled.files.values())), _digest(folder, compiled.files), elsewhere, identities.hex()]


def _identities(owner: Owner, text: str) -> Iterator[Taken]:
    return ((owner.target.target.name, identity) for (identity,) in _IDENTITY.iter_unpack(bytes.fromhex(text)))


def _digest(folder: str, files: Mapping[str, bytes]) -> str:
    """The digest of the files in a folder, by path and content."""
    digest = sha256()
    for path in sorted(path for path in files if path.startswith(f"{folder}/")):
        digest.update(f"{path}\0{len(files[path])}\0".encode())
        digest.update(files[path])
    return digest.hexdigest()


def _held(root: Path, folder: str, size: int, elsewhere: Mapping[str, str]) -> dict[str, bytes] | None:
    """What rendered/ holds in a folder and in files elsewhere, if these are of that size together and have these digests."""
    rendered = os.path.join(root, RENDERED)
    paths = [*_plain_files(rendered, folder), *elsewhere]
    try:
        statuses = [os.lstat(f"{rendered}/{path}") for path in paths]
        plain = all(stat.S_ISREG(status.st_mode) for status in statuses)
        if not plain or sum(status.st_size for status in statuses) != size:
            return None
        files = {path: bytes_of(f"{rendered}/{path}", size) for path in paths}
    except OSError:
        return None
    return files if all(sha256(files[path]).hexdigest() == digest for path, digest in elsewhere.items()) else None


def _plain_files(rendered: str, folder: str) -> Iterator[str]:
    """The paths of all that lies in a folder and is none."""
    try:
        with os.scandir(f"{rendered}/{folder}") as scanned:
            entries = list(scanned)
    except OSError:
        return
    for entry in entries:
        path = f"{folder}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _plain_files(rendered, path)
        else:
            yield path


def _hash(plain: object) -> str:
    """The digest of plain data, which is written the same wherever it is the same."""
    return sha256(repr(plain).encode("utf-8", "surrogateescape")).hexdigest()
