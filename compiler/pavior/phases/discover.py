"""Repository to sources: what is where in a platform repository.

A listing costs one directory scan for each folder and no look at any file; files are read when they are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pavior.diagnostics import Code, Diagnostic, Outcome, Severity
from pavior.diagnostics.codes import discover as codes
from pavior.model import ServiceId, Span
from pavior.repository import (
    CHANNELS,
    COMPONENTS,
    ENVIRONMENTS,
    GOLDEN_PATHS,
    ORGANIZATION,
    PRICES,
    TEAMS,
    Entry,
    Files,
    NotARepository,
    Repository,
    ServiceFiles,
    WorkingTree,
    find_root,
    read,
    unreadable,
)
from pavior.repository.states import NotingTree

__all__ = ["NotARepository", "Repository", "ServiceFiles", "discover", "find_root", "read"]

_DEEPEST = 16
_NAME = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")
_RESERVED_TEAM = re.compile(r"argocd|platform|backstage|default|kube-.*|.*-system")
_RESERVED_SERVICE = re.compile("team|default")
_RESERVED_ENVIRONMENT = re.compile("backstage")
_NO_RESERVED = re.compile("(?!)")


def discover(root: Path, files: Files | None = None) -> Outcome[Repository]:
    """List the platform repository at `root`, or as a commit has it: then without a value where that is none.

    Without a value too where its golden paths are a link, whose end may be anywhere.

    Raises NotARepository, and OSError where the disk itself fails.
    """
    root = root.resolve()
    if isinstance(files, NotingTree | None) and not (root / ORGANIZATION).is_file():
        raise NotARepository(f"`{root}` has no `{ORGANIZATION}`")
    listing = _Listing(files or WorkingTree(str(root)))
    if listing.is_linked(GOLDEN_PATHS):
        return Outcome(None, tuple(listing.diagnostics))
    golden_path_entries = listing.scan(GOLDEN_PATHS)
    repository = Repository(
        root=root,
        organization=ORGANIZATION,
        channels=CHANNELS if "channels.yaml" in golden_path_entries else None,
        prices=PRICES if "prices.yaml" in golden_path_entries else None,
        environments=_environments(listing) if _has(listing, golden_path_entries, "environments") else {},
        components=_declared(listing, COMPONENTS, "component")
        if _has(listing, golden_path_entries, "components")
        else {},
        golden_paths=_declared(listing, GOLDEN_PATHS, "golden-path", ("components", "environments")),
        teams=(teams := _teams(listing)),
        services=_services(listing, teams),
        unusable=tuple(sorted(listing.unusable)),
        files=listing.files,
    )
    return Outcome(repository, tuple(listing.diagnostics))


@dataclass(slots=True)
class _Listing:
    """Scans folders and collects what is wrong with them."""

    files: Files
    diagnostics: list[Diagnostic] = field(default_factory=list)
    unusable: set[str] = field(default_factory=set)

    def is_linked(self, folder: str) -> bool:
        """Whether one of the repository's own folders is a link, a fault: even the names of what lies elsewhere are not read."""
        if self.files.is_link(folder):
            self._refuse_link(folder)
            return True
        return False

    def _refuse_link(self, path: str) -> None:
        hint = "replace it by a plain folder"
        self.refuse(path, _fault(codes.NOT_A_PLAIN_FILE, path, "the folder is a symbolic link", hint))

    def scan(self, folder: str) -> dict[str, Entry]:
        """The entries of a folder by name, sorted, without hidden ones; linked folders are faults and left out."""
        try:
            listed = sorted((e for e in self.files.scan(folder) if not e.name.startswith(".")), key=_name)
        except OSError as error:
            self.refuse(folder, unreadable(folder, error))
            return {}
        found = {}
        for entry in listed:
            if entry.is_symlink() and self.files.is_folder(path := f"{folder}/{entry.name}"):
                self._refuse_link(path)
            else:
                found[entry.name] = entry
        return found

    def refuse(self, path: str, diagnostic: Diagnostic) -> None:
        """Report what keeps `path` out of the listing."""
        self.diagnostics.append(diagnostic)
        if diagnostic.is_error:
            self.unusable.add(path)

    def accept_name(self, kind: str, name: str, path: str, reserved: re.Pattern[str], longest: int = 63) -> bool:
        """Whether something of this kind may be called so; reports it where not."""
        if reserved.fullmatch(name):
            message = f"`{name}` cannot be the name of {kind}: it is reserved"
            self.refuse(path, _fault(codes.RESERVED_NAME, path, message, "choose another name"))
        elif len(name) > longest:
            message = f"the name of {kind} has {len(name)} characters, more than {longest}"
            self.refuse(path, _fault(codes.INVALID_NAME, path, message, "choose a shorter name"))
        elif not _NAME.fullmatch(name):
            hint = "use lower-case letters, digits and hyphens, a letter first and no hyphen last"
            self.refuse(path, _fault(codes.INVALID_NAME, path, f"`{name}` cannot be the name of {kind}", hint))
        else:
            return True
        return False


def _has(listing: _Listing, entries: Mapping[str, Entry], folder: str) -> bool:
    """Whether there is something to list in golden-paths/ by this name: no link, be it to a file."""
    return folder in entries and not listing.is_linked(f"{GOLDEN_PATHS}/{folder}")


def _environments(listing: _Listing) -> dict[str, str]:
    environments = {}
    for file in _yaml_files(listing, ENVIRONMENTS, listing.scan(ENVIRONMENTS)):
        name = file.rpartition("/")[2].removesuffix(".yaml")
        if listing.accept_name("an environment", name, file, _RESERVED_ENVIRONMENT):
            environments[name] = file
    return environments


def _declared(listing: _Listing, folder: str, kind: str, others: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    """The folders in `folder` that hold `<kind>.yaml`, with all their files."""
    declared = {}
    for name, entry in listing.scan(folder).items():
        path = f"{folder}/{name}"
        if name in others or not entry.is_dir(follow_symlinks=False):
            continue
        files = tuple(sorted(_files(listing, path)))
        if not files or not listing.accept_name(f"a {kind.replace('-', ' ')}", name, path, _NO_RESERVED):
            continue
        if f"{path}/{kind}.yaml" in files:
            declared[name] = files
        else:
            hint = f"write `{path}/{kind}.yaml`, or move the folder out of `{folder}/`"
            listing.refuse(path, _fault(codes.NO_DECLARATION, path, f"the folder has no `{kind}.yaml`", hint))
    return declared


def _files(listing: _Listing, folder: str, depth: int = 0) -> Iterator[str]:
    """Every file below a folder."""
    for name, entry in listing.scan(folder).items():
        if not entry.is_dir(follow_symlinks=False):
            yield f"{folder}/{name}"
        elif depth < _DEEPEST:
            yield from _files(listing, f"{folder}/{name}", depth + 1)


def _teams(listing: _Listing) -> dict[str, str]:
    teams = {}
    if not listing.files.is_folder(TEAMS) or listing.is_linked(TEAMS):
        return {}
    for name, entry in listing.scan(TEAMS).items():
        path = f"{TEAMS}/{name}"
        if not entry.is_dir(follow_symlinks=False):
            continue
        entries = listing.scan(path)
        if not entries or not listing.accept_name("a team", name, path, _RESERVED_TEAM):
            continue  # an empty folder is what git leaves behind when it switches branches
        if "team.yaml" in entries:
            teams[name] = f"{path}/team.yaml"
        else:
            hint = _rename(entries, "team.yaml") or f"write `{path}/team.yaml`, or move the folder out of `{TEAMS}/`"
            listing.refuse(path, _fault(codes.NO_TEAM_FILE, path, "the team's folder has no `team.yaml`", hint))
    return teams


def _services(listing: _Listing, teams: Mapping[str, str]) -> dict[ServiceId, ServiceFiles]:
    services = {}
    for team in teams:
        entries = listing.files.scan(f"{TEAMS}/{team}")
        names = sorted(e.name for e in entries if e.is_dir(follow_symlinks=False) and not e.name.startswith("."))
        for name in names:
            if files := _service(listing, f"{TEAMS}/{team}/{name}", name):
                services[ServiceId(team, name)] = files
    return services


def _service(listing: _Listing, folder: str, name: str) -> ServiceFiles | None:
    entries = listing.scan(folder)
    if not entries:
        return None
    if "platform.yaml" not in entries:
        _report_no_platform_file(listing, folder, entries)
        return None
    if not listing.accept_name("a service", name, folder, _RESERVED_SERVICE, longest=52):
        return None
    _report_misnamed(listing, folder, entries)
    parts = [
        _yaml_files(listing, f"{folder}/{part}", listing.scan(f"{folder}/{part}"))
        if part in entries and entries[part].is_dir(follow_symlinks=False)
        else ()
        for part in ("manifests", "patches")
    ]
    return ServiceFiles(folder, f"{folder}/platform.yaml", *parts)


def _report_no_platform_file(listing: _Listing, folder: str, entries: Mapping[str, Entry]) -> None:
    misnamed = _rename(entries, "platform.yaml")
    meant = misnamed is not None or "manifests" in entries or "patches" in entries
    hint = misnamed or "write one, or move the folder out of the team's"
    severity = Severity.ERROR if meant else Severity.WARNING
    message = "the folder has no `platform.yaml`, so it is not rendered"
    listing.refuse(folder, _fault(codes.NO_PLATFORM_FILE, folder, message, hint, severity))


def _report_misnamed(listing: _Listing, folder: str, entries: Mapping[str, Entry]) -> None:
    for wrong, right in (("manifest", "manifests"), ("patch", "patches")):
        if wrong in entries and entries[wrong].is_dir(follow_symlinks=False):
            path = f"{folder}/{wrong}"
            message = "the folder is not read"
            listing.refuse(path, _fault(codes.UNREAD_FILE, path, message, f"rename it to `{right}`", Severity.WARNING))


def _rename(entries: Mapping[str, object], name: str) -> str | None:
    """A hint to rename what is almost called `name`."""
    stem = name.removesuffix(".yaml")
    for entry in entries:
        if entry.lower() in (f"{stem}.yml", f"{stem}.yaml", f"{stem}.json"):
            return f"rename `{entry}` to `{name}`"
    return None


def _yaml_files(listing: _Listing, folder: str, entries: Mapping[str, Entry]) -> tuple[str, ...]:
    """The paths of the `*.yaml` files of a folder whose other files would be unread; READMEs are for people."""
    files = []
    for name, entry in entries.items():
        path = f"{folder}/{name}"
        if name.endswith(".yaml") and not entry.is_dir(follow_symlinks=False):
            files.append(path)
        elif not name.lower().endswith((".md", ".txt")):
            hint = "rename it to `*.yaml`" if name.endswith((".yml", ".json")) else "move it elsewhere"
            found = _fault(
                codes.UNREAD_FILE, path, f"only `*.yaml` files are read in `{folder}/`", hint, Severity.WARNING
            )
            listing.refuse(path, found)
    return tuple(files)


def _fault(code: Code, path: str, message: str, hint: str | None, severity: Severity = Severity.ERROR) -> Diagnostic:
    return Diagnostic(code, Span(path), message, hint, severity=severity)


def _name(entry: Entry) -> str:
    return entry.name
