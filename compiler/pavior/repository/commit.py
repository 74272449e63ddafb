"""The files of a platform repository as a commit has them, by the same rules as those that lie on the disk."""

from __future__ import annotations

import errno
import os
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pavior.diagnostics import Diagnostic
from pavior.diagnostics.codes.discover import NOT_A_PLAIN_FILE
from pavior.git import Commit, Node, nodes
from pavior.git.blobs import Blobs
from pavior.repository import READ_FOLDERS, Entry, fault, hidden, leaves, too_large

_FOLDER, _LINK, _SUBMODULE = "040000", "120000", "160000"

_MOST_LINKS = 16
"""Links that lead to one another."""


@dataclass(frozen=True, slots=True)
class CommitEntry:
    """What stands in a folder of a commit. A submodule is neither folder nor file: the commit doesn't hold its files."""

    name: str
    mode: str

    def is_dir(self, *, follow_symlinks: bool) -> bool:
        """See Entry."""
        return self.mode == _FOLDER

    def is_symlink(self) -> bool:
        """See Entry."""
        return self.mode == _LINK


@dataclass(frozen=True, slots=True)
class CommitFiles:
    """The files that people write, as a commit has them. `known` is content that is at hand, by its id."""

    commit: Commit
    blobs: Blobs
    at: Mapping[str, Node]
    folders: Mapping[str, Mapping[str, CommitEntry]]
    known: Mapping[str, bytes]

    @staticmethod
    def of(commit: Commit, blobs: Blobs, known: Mapping[str, bytes]) -> CommitFiles:
        """List what a commit has below the folders that are read."""
        at = dict(nodes(commit, *READ_FOLDERS))
        folders: dict[str, dict[str, CommitEntry]] = {}
        for path, node in at.items():
            folder, _, name = path.rpartition("/")
            new = folder not in folders
            folders.setdefault(folder, {})[name] = CommitEntry(name, node.mode)
            while new and folder:
                folder, _, name = folder.rpartition("/")
                new = folder not in folders
                folders.setdefault(folder, {})[name] = CommitEntry(name, _FOLDER)
        return CommitFiles(commit, blobs, at, folders, known)

    def scan(self, folder: str) -> Iterable[Entry]:
        """See Files."""
        if folder not in self.folders:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder)
        return self.folders[folder].values()

    def is_folder(self, path: str) -> bool:
        """See Files."""
        return self._behind(path) in self.folders

    def is_link(self, path: str) -> bool:
        """See Files."""
        node = self.at.get(path)
        return node is not None and node.mode == _LINK

    def content(self, path: str, limit: int) -> bytes | Diagnostic:
        """See Files."""
        if refused := hidden(path):
            return refused
        place = self._behind(path)
        if place is None:
            return leaves(path)
        node = self.at.get(place)
        if node is None or node.mode == _SUBMODULE:
            if place in self.folders or node is not None:
                return fault(NOT_A_PLAIN_FILE, path, "this is not a plain file", "replace it by a plain file")
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        known = self.known.get(node.id)
        content = known if known is not None else self.blobs.read(node.id, limit)
        return too_large(path, limit) if content is None or len(content) > limit else content

    def id(self, path: str) -> str | None:
        """The id of the content that a path leads to; None where it leads to no plain file."""
        node = self.at.get(self._behind(path) or "")
        return None if node is None or node.mode == _SUBMODULE else node.id

    def _behind(self, path: str) -> str | None:
        """The path that a path stands for, links followed; None where they leave the folders that are read."""
        for _ in range(_MOST_LINKS):
            node = self.at.get(path)
            if node is None or node.mode != _LINK:
                return path
            content = self.blobs.read(node.id, 4096)
            path = posixpath.normpath(posixpath.join(posixpath.dirname(path), os.fsdecode(content or b"/")))
            if path.split("/")[0] not in READ_FOLDERS:
                return None
        return None
