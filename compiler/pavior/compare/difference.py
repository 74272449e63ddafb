"""The result of comparing two states of a repository: what the forms of a report show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from pavior.compare import Edit, FieldChange, Identity, ManifestChange, Risk
from pavior.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """Whose manifests: of a service, with `service` None of a team, with `team` None too of the target itself.

    `target` is the folder's name (`prod@eu-1`, `backstage`). `path` is the folder or file below rendered/, with slashes.
    `owner` is what happened to the owner as a whole in this target: ADDED, REMOVED, or CHANGED where it is on both sides.
    """

    target: str
    environment: str
    cluster: str
    team: str | None = None
    service: str | None = None
    path: str = field(default="", compare=False)
    owner: Edit = field(default=Edit.CHANGED, compare=False)

    @property
    def name(self) -> str:
        """`payments/checkout`, `payments`, or of a target's own manifests `platform`."""
        return "/".join(part for part in (self.team, self.service) if part is not None) or "platform"


@dataclass(frozen=True, slots=True)
class Reach:
    """How far something goes. `owners` are names of services, teams and `platform`, sorted, by sorted target."""

    owners: Mapping[str, tuple[str, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """Every owner once, sorted."""
        return tuple(sorted({name for names in self.owners.values() for name in names}))

    @property
    def places(self) -> int:
        """How many owners in how many targets, multiplied out."""
        return sum(map(len, self.owners.values()))


@dataclass(frozen=True, slots=True)
class Variant:
    """The same change with the same values. `before` and `after` are short texts, with `{service}` and the like where
    each owner has its own; None where there is nothing. `example` is one of the changes as it is, and where."""

    before: str | None
    after: str | None
    reach: Reach
    times: int
    """How many changes: an owner can have several in one target."""
    example: FieldChange | None
    manifest: Identity
    where: Where


@dataclass(frozen=True, slots=True)
class Shared:
    """A change of several kinds, such as of the `pod template` that all have: `path` is what is beneath that.

    `kinds` are sorted, each with its class: that can be milder than the group's. `Group.kind` and `path` are of the first.
    `targets` are the sorted ones in which each of `kinds` is.
    """

    subject: str
    path: str
    kinds: tuple[tuple[str, Risk], ...]
    targets: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The same change across the fleet. `path` is None where it is about whole manifests, `kind` where it is about owners.

    `variants` are sorted, the most frequent first; `untold` are changes whose values were too many to keep. `names` are those of
    the manifests, if they are few, `contents` what comes or goes with owners, the worst first, and how many of each. `effects`
    are sorted sentences of components: what follows.
    """

    risk: Risk
    edit: Edit
    kind: str | None
    path: str | None
    words: str
    variants: tuple[Variant, ...]
    untold: int
    reach: Reach
    times: int
    names: tuple[str, ...] = ()
    contents: tuple[tuple[str, int], ...] = ()
    shared: Shared | None = None
    effects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CostDifference:
    """Estimated cost of a month before and after, of those services of a team that cost something else in an environment.

    `highest` is what they cost scaled to their most. `team` is what all services of the team cost there afterwards, None where
    that was not reckoned. The platform's own cost is told as that of a team `the platform`.
    """

    team: str
    environment: str
    before: Decimal
    after: Decimal
    highest_before: Decimal
    highest: Decimal
    team_after: Decimal | None = None


class Keeping(Enum):
    """How an estimate keeps to a budget. NEAR: so near that its owner wants to be told."""

    WITHIN = "within"
    NEAR = "near"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Spending:
    """What is spent of a budget in a month, on one side."""

    amount: Decimal
    month: Decimal
    keeping: Keeping


@dataclass(frozen=True, slots=True)
class BudgetChange:
    """A budget that a change passes, nears, comes back within or sets. None where that side has no such budget.

    `name` is `payments` or `payments/checkout`, `environments` those that it is for. `cap`: the organisation allows a team no
    more. `enforced`: `check` fails while it is passed.
    """

    name: str
    environments: tuple[str, ...]
    cap: bool
    enforced: bool
    before: Spending | None
    after: Spending | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What the change costs: `differences` are where it costs something else than before, sorted; `services` are the sorted
    names of those that do, the platform's among them as that of a team.

    `note` says what the figures are: an estimate, and the date of its prices. `skipped`: budgets were not looked at, because too
    many services have one.
    """

    differences: tuple[CostDifference, ...]
    currency: str
    note: str
    services: tuple[str, ...] = ()
    budgets: tuple[BudgetChange, ...] = ()
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class EditedField:
    """A field that somebody wrote otherwise: its path, and short texts, None where there was or is nothing."""

    path: str
    edit: Edit
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class FileEdit:
    """A file of sources that is another than in the base, or came or went. `fields` is None where it was not compared: a
    template, a raw manifest, one that can't be read, or one of very many."""

    path: str
    edit: Edit
    fields: tuple[EditedField, ...] | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many manifests."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    renamed: int = 0
    replaced: int = 0

    @property
    def total(self) -> int:
        return self.added + self.removed + self.changed + self.renamed + self.replaced


@dataclass(frozen=True, slots=True)
class DiffReport:
    """Everything that a reviewer is told. `groups` come worst first.

    `base` and `head` are what was compared, in words. `reach` is that of all changes together; `services` and `teams` are
    sorted names. `cost` is None where it is not known, and `cost_unknown` says why, or is empty where nobody has prices.
    `details` are all changes one by one, where somebody asked for them. `withheld` names, sorted, what could not be compared,
    because it has errors or reads from what has. `edits` are the sources that differ.
    """

    base: str
    head: str
    groups: tuple[Group, ...]
    counts: Counts
    reach: Reach
    services: tuple[str, ...]
    teams: tuple[str, ...]
    environments: tuple[str, ...]
    cost: Cost | None = None
    cost_unknown: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()
    details: tuple[tuple[Where, ManifestChange], ...] = ()
    withheld: tuple[str, ...] = ()
    edits: tuple[FileEdit, ...] = ()

    @property
    def risk(self) -> Risk | None:
        """The worst; None where nothing changed."""
        return min((group.risk for group in self.groups), default=None)
