"""Affected: whose artifacts a change can touch, found from the files that differ and from rendered files that do.

Everything here errs on the side of too many: what is named and turns out equal costs time only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pavior.model import RENDERED, ServiceId
from pavior.phases.compose import COMPONENT_FILE, DEFAULTS_FILE
from pavior.phases.discover import read
from pavior.pipeline.committed import Committed
from pavior.pipeline.moved import same
from pavior.pipeline.side import Side, differing, is_compiled
from pavior.repository import TEAMS, shown

_MANY = 500
"""Files elsewhere than in their owner's folder, above which all of a commit's tree is listed at once."""

_ESCAPE = b"\\"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """A service, with `service` empty a team, with `team` empty too the platform itself, in all of their targets."""

    team: str = ""
    service: str = ""

    @property
    def id(self) -> ServiceId:
        """The service's."""
        return ServiceId(self.team, self.service)

    @property
    def name(self) -> str:
        """`payments/checkout`, `payments` or `platform`, as reports call it."""
        return "/".join(part for part in (self.team, self.service) if part) or "platform"

    @property
    def source(self) -> str:
        """What it is rendered from, as the headers of its artifacts name it."""
        return "/".join(part for part in (TEAMS, self.team, self.service) if part) if self.team else "golden-paths"


@dataclass(slots=True)
class Affected:
    """The subjects whose artifacts can differ, each with the paths below rendered/ at which base and HEAD do differ.

    `written` are those of which a file of their own, or of their team, is another.
    """

    subjects: dict[Subject, frozenset[str]] = field(default_factory=dict)
    written: set[Subject] = field(default_factory=set)


def affected(
    base: Side | None, head: Side, committed: Committed, rendered: Iterable[str], *, everything: bool
) -> Affected:
    """What differs between two sides. `rendered` are the paths below rendered/ that do."""
    found = Affected()
    sides = (base, head) if base is not None else (head,)
    hints = dict(_by_subject(sides, head, committed, rendered))
    changed = differing(base.ids if base is not None else {}, head.ids)
    for path in changed:
        if path.startswith(f"{TEAMS}/"):
            _, team, *rest = path.split("/")
            found.written.add(Subject(team, rest[0]) if len(rest) > 1 else Subject(team))
    teams = {subject.team for subject in found.written if not subject.service}
    found.written |= {s for s in _services(sides) if s.team in teams} if teams else set()
    if everything or base is None or any(map(is_compiled, changed)):
        named = set(_known(sides))
    else:
        touched = found.written | _waived(base, head, found.written)
        named = {s for s in touched | _readers(base, head, touched) if _is_known(sides, s)}
    for subject in sorted(named | hints.keys()):
        found.subjects[subject] = frozenset(hints.get(subject, ()))
    return found


def _known(sides: Iterable[Side]) -> Iterator[Subject]:
    """Everything that one side or the other renders."""
    yield Subject()
    for side in sides:
        yield from map(Subject, side.fleet.repository.teams)
    yield from _services(sides)


def _services(sides: Iterable[Side]) -> Iterator[Subject]:
    for side in sides:
        yield from (Subject(service.team, service.name) for service in side.fleet.repository.services)


def _is_known(sides: Iterable[Side], subject: Subject) -> bool:
    """Whether one side or the other renders it."""
    repositories = (side.fleet.repository for side in sides)
    if subject.service:
        return any(subject.id in repository.services for repository in repositories)
    return not subject.team or any(subject.team in repository.teams for repository in repositories)


def _waived(base: Side, head: Side, written: set[Subject]) -> set[Subject]:
    """The teams with other waivers, and their services: every template of a team can read what is waived in it."""
    teams = {subject.team for subject in written if subject.service}
    other = {team for team in teams if base.waived(team) != head.waived(team)}
    return {*map(Subject, other), *(s for s in _services((base, head)) if s.team in other)} if other else set()


def _readers(base: Side, head: Side, written: set[Subject]) -> set[Subject]:
    """The services that may name one of those that changed what it says of itself.

    A name that a service refers to stands in its own file, its team's, or a layer's; spelt with an escape, anywhere.
    """
    telling = [s for s in written if s.service and not _says_the_same(base, head, s.id)]
    found: set[Subject] = set()
    if not telling:
        return found
    names, wide = _mention(subject.service for subject in telling), _mention(str(subject.id) for subject in telling)
    for side in (base, head):
        if any(wide.search(content) for content in _layers(side)):
            return set(_services((base, head)))
        repository = side.fleet.repository
        teams = {team for team, path in repository.teams.items() if names.search(_content(side, path))}
        found |= {
            Subject(service.team, service.name)
            for service, files in repository.services.items()
            if service.team in teams or names.search(_content(side, files.platform))
        }
    return found


def _says_the_same(base: Side, head: Side, service: ServiceId) -> bool:
    """Whether others read the same of a service on both sides, in every target."""
    if not (base.bring(service) and head.bring(service)):
        return False
    there, here = base.told(service), head.told(service)
    return there.keys() == here.keys() and all(same(there[place], here[place]) for place in here)


def _mention(names: Iterable[str]) -> re.Pattern[bytes]:
    """Any of these names as a whole, or an escape, which may spell one."""
    known = b"|".join(sorted(re.escape(name.encode()) for name in names))
    return re.compile(rb"(?<![a-z0-9-])(?:" + known + rb")(?![a-z0-9-])|\\")


def _content(side: Side, path: str) -> bytes:
    source = read(side.fleet.repository, path).value
    return source.content if source is not None else b""


def _layers(side: Side) -> Iterator[bytes]:
    """What may name a service on everyone's behalf. Its expressions don't spell names with an escape."""
    files = side.fleet.files
    documents = [files.organization, *files.environments.values(), *files.golden_paths.values()]
    for component in files.components.values():
        documents += [component[name] for name in (COMPONENT_FILE, DEFAULTS_FILE) if name in component]
    return (document.source.content.replace(_ESCAPE, b"") for document in documents)


def _by_subject(
    sides: Iterable[Side], head: Side, committed: Committed, rendered: Iterable[str]
) -> Mapping[Subject, set[str]]:
    """The paths at which rendered files differ, by who is rendered there."""
    found: dict[Subject, set[str]] = {}
    elsewhere = []
    for path in rendered:
        _, *parts = path.split("/")
        team, service = (parts[0], parts[1]) if len(parts) > 2 else (parts[0] if parts else "", "")
        subject = Subject() if team == "platform" else Subject(team, "" if service == "team" else service)
        if len(parts) > 1 and _is_known(sides, subject) and (subject.service or len(parts) > 2 or not subject.team):
            found.setdefault(subject, set()).add(path)
        else:
            elsewhere.append(path)
    if len(elsewhere) > _MANY:
        committed.list_all()
    sources = committed.sources(elsewhere)
    for path in elsewhere:
        source = sources.get(path) or _present_source(head, path)
        if source is not None:
            _, team, service = (*source.split("/"), "", "")[:3]
            found.setdefault(Subject(team, service) if team else Subject(), set()).add(path)
    return found


def _present_source(head: Side, path: str) -> str | None:
    from pavior.emit import marker_source  # noqa: PLC0415

    content = shown(head.fleet.repository.root, f"{RENDERED}/{path}")
    return marker_source(content.split(b"\n", 1)[0]) if content is not None else None
