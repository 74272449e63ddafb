"""What a commit's `rendered/` holds: the truth of what is applied, whatever its sources would make today."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from pavior.emit import marker_source
from pavior.git import Commit, nodes
from pavior.git.blobs import Blobs
from pavior.model import RENDERED, Manifest
from pavior.phases.removal import read_manifests
from pavior.syntax.tolerant import LARGEST

PLAIN = ("100644", "100755")


@dataclass(slots=True)
class Committed:
    """Files below rendered/ by path, and their ids. A folder is listed when it is asked for, or all of them at once."""

    commit: Commit
    blobs: Blobs
    _all: dict[str, str] | None = None
    _folders: dict[str, dict[str, str]] = field(default_factory=dict)

    def list_all(self) -> None:
        """List the whole tree: dearer than a folder, cheaper than many."""
        self._all = self._listed(RENDERED)
        for path, id_ in self._all.items():
            self._folders.setdefault(_folder(path), {})[path] = id_

    def of_owner(self, folder: str, others: Collection[str]) -> Mapping[str, str]:
        """The files in an owner's folder, and those of `others`, paths elsewhere, that there are."""
        if self._all is None:
            places = [f"{RENDERED}/{path}" for path in (folder, *others) if path]
            return self._listed(*places) if places else {}
        found = dict(self._folders.get(folder, {}))
        found.update((path, self._all[path]) for path in others if path in self._all)
        return found

    def manifests(self, id_: str) -> tuple[Manifest, ...] | None:
        """The manifests of a file; None where somebody edited it so that it can't be read."""
        content = self.blobs.read(id_, LARGEST)
        return None if content is None else read_manifests(content)

    def sources(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The folder that each of these files was rendered from, where it is there and is Pavior's."""
        wanted = list(paths)
        listed = self._listed(*(f"{RENDERED}/{path}" for path in wanted)) if wanted else {}
        contents = zip(listed, self.blobs.read_all(list(listed.values()), LARGEST), strict=True)
        found = {path: marker_source((content or b"").split(b"\n", 1)[0]) for path, content in contents}
        return {path: source for path, source in found.items() if source is not None}

    def _listed(self, *places: str) -> dict[str, str]:
        start = len(RENDERED) + 1
        return {path[start:]: node.id for path, node in nodes(self.commit, *places) if node.mode in PLAIN}


def _folder(path: str) -> str:
    """The folder of the owner that a path below rendered/ belongs to, if it is in one: `prod/payments/checkout`."""
    parts = path.split("/", 3)
    return "/".join(parts[: 2 if len(parts) == 3 else 3])
