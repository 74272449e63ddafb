"""A platform repository as data, and the only place that reads its files.

Files come from anyone who can open a pull request, so a link may not lead out of what is reviewed, and nothing but a plain file
is opened.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pavior.diagnostics import Code, Diagnostic, Outcome
from pavior.diagnostics.codes import discover as codes
from pavior.diagnostics.codes.load import TOO_LARGE
from pavior.model import ServiceId, Source, Span

GOLDEN_PATHS = "golden-paths"
TEAMS = "teams"
ORGANIZATION = f"{GOLDEN_PATHS}/organization.yaml"
ENVIRONMENTS = f"{GOLDEN_PATHS}/environments"
COMPONENTS = f"{GOLDEN_PATHS}/components"
CHANNELS = f"{GOLDEN_PATHS}/channels.yaml"
PRICES = f"{GOLDEN_PATHS}/prices.yaml"
READ_FOLDERS = (GOLDEN_PATHS, TEAMS, "schemas")
"""Where links may lead to. Elsewhere lie things that are not for everyone's eyes, such as credentials in .git/config."""

LIMIT = 2**18
"""Bytes of a file that people write."""

_USERS_FAULTS = frozenset(
    (errno.ENOENT, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO)
)


class NotARepository(Exception):
    """The folder is not a platform repository: it has no golden-paths/organization.yaml."""


@dataclass(frozen=True, slots=True)
class ServiceFiles:
    """The files of one service; paths are relative to the repository, with forward slashes, sorted."""

    folder: str
    platform: str
    manifests: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()


class Entry(Protocol):
    """What stands in a folder, as `os.scandir` says it."""

    @property
    def name(self) -> str: ...

    def is_dir(self, *, follow_symlinks: bool) -> bool: ...

    def is_symlink(self) -> bool: ...


class Files(Protocol):
    """Where files are read from: a working tree, or a commit. Paths are relative to the platform repository."""

    def scan(self, folder: str) -> Iterable[Entry]:
        """What stands in a folder, in any order. Raises OSError where that is none, or can't be read."""

    def is_folder(self, path: str) -> bool:
        """Whether this is a folder, or a link to one."""

    def is_link(self, path: str) -> bool:
        """Whether this is a link, wherever it leads."""

    def content(self, path: str, limit: int) -> bytes | Diagnostic:
        """The bytes of one file, or why not. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Repository:
    """What is where in a platform repository; every mapping and list sorted, paths relative to `root`.

    `components` and `golden_paths` hold all files below each folder. `unusable` are folders and files with a fault that keeps
    them out of this listing: what was rendered for them, or for what is in them, earlier is not abandoned and must stay.
    """

    root: Path
    organization: str
    channels: str | None
    prices: str | None
    environments: Mapping[str, str]
    components: Mapping[str, tuple[str, ...]]
    golden_paths: Mapping[str, tuple[str, ...]]
    teams: Mapping[str, str]
    services: Mapping[ServiceId, ServiceFiles]
    unusable: tuple[str, ...]
    files: Files = field(compare=False, repr=False)

    @property
    def unusable_services(self) -> frozenset[ServiceId]:
        """The services that are unusable, or in whose folder something is."""
        parts = [path.split("/") for path in self.unusable]
        return frozenset(ServiceId(part[1], part[2]) for part in parts if part[0] == TEAMS and len(part) > 2)


def find_root(start: Path) -> Path:
    """The platform repository that `start` is in. Raises NotARepository."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / ORGANIZATION).is_file():
            return folder
    raise NotARepository(f"neither `{start}` nor a folder above it has `{ORGANIZATION}`")


def read(repository: Repository, path: str, limit: int = LIMIT) -> Outcome[Source]:
    """The bytes of one file, at most `limit`. Raises OSError where the disk itself fails."""
    try:
        content = repository.files.content(path, limit)
    except OSError as error:
        content = unreadable(path, error)
    return Outcome(None, (content,)) if isinstance(content, Diagnostic) else Outcome(Source(path, content))


def shown(root: Path, path: str) -> bytes | None:
    """The bytes of a file that an excerpt is shown of; None where it can't, or mustn't, be read."""
    try:
        content = WorkingTree(str(root)).content(path, 16 * LIMIT)
    except OSError:
        return None
    return None if isinstance(content, Diagnostic) else content


@dataclass(frozen=True, slots=True)
class WorkingTree:
    """The files that lie on the disk below `root`."""

    root: str

    def scan(self, folder: str) -> Iterable[Entry]:
        """See Files."""
        with os.scandir(f"{self.root}/{folder}") as entries:
            return list(entries)

    def is_folder(self, path: str) -> bool:
        """See Files."""
        return os.path.isdir(f"{self.root}/{path}")

    def is_link(self, path: str) -> bool:
        """See Files."""
        return os.path.islink(f"{self.root}/{path}")

    def content(self, path: str, limit: int) -> bytes | Diagnostic:
        """See Files."""
        return self.looked_at(path, limit)[0]

    def looked_at(self, path: str, limit: int) -> tuple[bytes | Diagnostic, os.stat_result | None]:
        """The same, and the state of the file before it was read."""
        place = _place(self.root, path)
        return (place, None) if isinstance(place, Diagnostic) else _read(place, path, limit)


def hidden(path: str) -> Diagnostic | None:
    """What is wrong with a path that is not that of a visible file."""
    if "\\" in path or "\0" in path or any(not part or part.startswith(".") for part in path.split("/")):
        return fault(codes.OUTSIDE_REPOSITORY, path, "the path is not that of a visible file of the repository", None)
    return None


def _place(root: str, path: str) -> str | Diagnostic:
    """Where `path` is on the disk: below `root`, on the way through plain folders only."""
    if refused := hidden(path):
        return refused
    parts = path.split("/")
    place = root
    mode = 0
    for index, part in enumerate(parts):
        place += f"/{part}"
        mode = os.lstat(place).st_mode
        if index < len(parts) - 1 and not stat.S_ISDIR(mode):
            inner = "/".join(parts[: index + 1])
            return fault(
                codes.NOT_A_PLAIN_FILE, path, f"`{inner}` is not a plain folder", "replace it by a plain folder"
            )
    if not stat.S_ISLNK(mode):
        return place
    real = os.path.realpath(place, strict=True)
    if not any(real.startswith(f"{root}/{folder}/") for folder in READ_FOLDERS):
        return leaves(path)
    return real


def leaves(path: str) -> Diagnostic:
    """The fault of a link that leads out of what is read."""
    hint = "put a copy of the file here"
    return fault(codes.OUTSIDE_REPOSITORY, path, "the file is a link that leaves the folders that are read", hint)


def _read(place: str, path: str, limit: int) -> tuple[bytes | Diagnostic, os.stat_result]:
    # Without O_NONBLOCK, opening a FIFO waits for a writer; with O_NOFOLLOW, a link put there since is refused.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(place, flags)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            refused = fault(codes.NOT_A_PLAIN_FILE, path, "this is not a plain file", "replace it by a plain file")
            return refused, status
        content = bytearray()
        while chunk := os.read(descriptor, min(limit + 1 - len(content), max(status.st_size, 65536))):
            content += chunk
        return (bytes(content) if len(content) <= limit else too_large(path, limit)), status
    finally:
        os.close(descriptor)


def too_large(path: str, limit: int) -> Diagnostic:
    """The fault of a file of more than `limit` bytes."""
    hint = "split it, or keep large content outside the platform repository"
    return fault(TOO_LARGE, path, f"the file is larger than {limit // 1024:,} KiB", hint)


def unreadable(path: str, error: OSError) -> Diagnostic:
    """The fault of a file or folder that can't be read. Raises the error again where the disk itself fails."""
    if error.errno not in _USERS_FAULTS:
        raise error
    reason = (error.strerror or "unknown error").lower()
    return fault(codes.UNREADABLE, path, f"this cannot be read: {reason}", "mend its permissions, or restore it")


def fault(code: Code, path: str, message: str, hint: str | None) -> Diagnostic:
    return Diagnostic(code, Span(path), message, hint)
