"""Codes of the link phase."""

from pavior.diagnostics import Code, Severity

UNKNOWN_SERVICE = Code(
    "PV401",
    "unknown-service",
    what="A field names a service that the platform repository does not have.",
    why="The name would open a connection to nothing, or, once somebody takes it, to a stranger.",
    fix="Write `team/service` as the folders under `teams/` are called, or remove the entry.",
)
NOT_IN_ENVIRONMENT = Code(
    "PV402",
    "not-in-environment",
    what="A service names another that exists but does not run in this environment.",
    why="Calls to it will fail there; everywhere else the entry works.",
    fix="Run the other service in this environment too, or leave the entry out there under `environments`.",
    severity=Severity.WARNING,
)
CLAIMED_TWICE = Code(
    "PV403",
    "claimed-twice",
    what="Two services claim one name that only one of them can have, a host for example.",
    why="Whichever is synced last would take the other's traffic or overwrite its resources.",
    fix="Give one of them another name. Both places are shown.",
)
FOREIGN_NAME = Code(
    "PV406",
    "foreign-name",
    what="A service claims a name that is not for services to have: the platform's own, or outside the environment's domain.",
    why="Whoever answers to a host of somebody else gets the traffic, and the passwords, that were meant for them.",
    fix="Choose a name below the environment's domain that is not the platform's.",
)
ONE_SIDED = Code(
    "PV404",
    "one-sided-access",
    what="One service says that it talks to another, but the other end does not say so.",
    why="Access opens only where both ends agree: the callee admits its `inbound`, the caller may leave to its `outbound`. "
    "One side alone opens nothing.",
    fix="Add the matching entry in the other service's platform.yaml, or remove this one.",
    severity=Severity.WARNING,
)
SELF_REFERENCE = Code(
    "PV405",
    "self-reference",
    what="A service names itself where it should name another.",
    why="A service's own pods may always talk to one another; the entry hides a mistyped name.",
    fix="Remove the entry, or write the service that was meant.",
    severity=Severity.WARNING,
)
CONTRADICTION = Code(
    "PV410",
    "contradiction",
    what="Fields of a service's effective spec contradict one another, as a component of its golden path says under `faults`.",
    why="Each field is fine by itself, so no schema can see it, and what would be rendered does something that nobody meant.",
    fix="Change one of the fields. `pavior explain <team>/<service> --env <environment>` says who set which.",
)
DOUBTFUL = Code(
    "PV411",
    "doubtful",
    what="Fields of a service's effective spec hardly mean together what was meant, as a component says under `faults`.",
    why="It is rendered as it is written, but one of the fields has no effect, or another one than it seems.",
    fix="Change or remove one of the fields.",
    severity=Severity.WARNING,
)
OVER_QUOTA = Code(
    "PV412",
    "over-quota",
    what="The services of a team may together take more of a cluster than the team's quota lets them.",
    why=(
        "Kubernetes refuses the pods that are too many, at the worst time: when load has made the services grow, or while a "
        "new version starts beside the old one."
    ),
    fix=(
        "Raise the quota, or lower what the services take at most. Counted are all services at the most replicas that they may "
        "have, with what runs beside them, and the one that takes most while it is replaced; a job counts as one run."
    ),
    severity=Severity.WARNING,
)
NOT_RETIRED = Code(
    "PV413",
    "not-retired",
    what="A `retired:` note says that something is gone which is there.",
    why="The day it really goes, the note would let its data be destroyed without anybody's thinking of it again.",
    fix="Remove the note, or the environment from it; write it in the change that removes the service or the entry.",
    severity=Severity.WARNING,
)
CYCLE = Code(
    "PV414",
    "cycle",
    what="Services call one another in a circle, and both ends of each call agree to it.",
    why=(
        "A service in a circle is down when any of the others is: retries go round and grow, and none can be started, released "
        "or restored before the others."
    ),
    fix=(
        "Turn one of the calls into a message, through a topic or a queue, or give both what they share. Where the circle is "
        "meant, name the callee under `accessPolicy.cyclic` too: one such word on the way accepts it."
    ),
    severity=Severity.WARNING,
)
NO_REVIEWERS = Code(
    "PV407",
    "no-reviewers",
    what="`pavior codeowners` is asked who approves what, and organization.yaml names nobody for the platform's own files.",
    why="Without an owner, golden paths and teams' limits would be anybody's to change.",
    fix="Name the platform team under `reviewers` in organization.yaml, as the forge calls it.",
)
TEAM_NAME_TAKEN = Code(
    "PV408",
    "team-name-taken",
    what="A team takes a name that is another team's or the platform's: a channel, a group, a namespace.",
    why="Its alerts would wake others, others could operate its services, or it would stand where the platform itself does.",
    fix="Choose another name. What teams share on purpose, the platform lists in the settings of the component that says so.",
)
QUOTA_ABOVE_CAP = Code(
    "PV417",
    "quota-above-cap",
    what="A team gives itself more of a cluster than the platform lets it have.",
    why="What one team may take is missing where the others need it.",
    fix="Lower the quota, or ask the platform team to raise the team's cap in the settings of the component `team`.",
)
