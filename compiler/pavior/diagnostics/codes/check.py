"""Codes of the check phase."""

from pavior.diagnostics import Code, Severity

INVALID_MANIFEST = Code(
    "PV601",
    "invalid-manifest",
    what="A rendered manifest does not fit the schema of its kind.",
    why="The API server would refuse it, or drop the field in silence.",
    fix="Correct the value at the place shown: a field of platform.yaml, a patch, a raw manifest or a template.",
)
NO_SCHEMA = Code(
    "PV602",
    "no-schema",
    what="There is no schema for a manifest's apiVersion and kind.",
    why="What cannot be checked is not rendered: nothing is skipped.",
    fix="Correct apiVersion and kind, or add the schema under `schemas/kubernetes/<group>/<kind>_<version>.json`.",
)
SAME_IDENTITY = Code(
    "PV603",
    "same-identity",
    what="Two manifests have the same apiVersion, kind, namespace and name.",
    why="The last one applied would overwrite the other.",
    fix="Rename one of them: a service, an entry of `needs` or a raw manifest.",
)
REPEATED_KEY = Code(
    "PV604",
    "repeated-key",
    what="Two items of a list in a manifest have the same key: two variables of one name, two volumes at one path.",
    why=(
        "Kubernetes knows the items of such a list by that key and merges by it. The API server refuses the manifest, or one of "
        "the two is dropped in silence."
    ),
    fix=(
        "Remove one of them, or change its key. What a contribution or template already brings is changed by a patch that "
        "replaces it, not by one that adds another. The keys are `x-kubernetes-list-map-keys` of the kind's schema."
    ),
)
STALE_CODE_OWNERS = Code(
    "PV606",
    "stale-code-owners",
    what="The block of a CODEOWNERS file says otherwise than the organisation and the teams do.",
    why="Changes would wait for people who left, or need nobody's approval.",
    fix="Run `pavior codeowners` and commit the result. What stands outside the marked lines stays.",
)
POLICY_VIOLATION = Code(
    "PV610",
    "policy-violation",
    what="A rendered manifest breaks a policy that this environment enforces.",
    why="Policies are what the platform promises to everybody; the cluster would refuse the manifest too.",
    fix="Correct the value at the place shown. What cannot be corrected yet is waived, with reason, owner and last day.",
)
POLICY_WARNING = Code(
    "PV611",
    "policy-warning",
    what="A rendered manifest breaks a policy that this environment only warns of.",
    why="Another environment, or this one later, refuses it.",
    fix="Correct the value at the place shown before it is refused.",
    severity=Severity.WARNING,
)
POLICY_FAILED = Code(
    "PV612",
    "policy-without-answer",
    what="A policy has no answer for a manifest, or its parameters are not there, and it says that this is a denial.",
    why="The cluster would refuse the manifest.",
    fix="Correct the policy: ask with `has()` before reading. The policy's own component renders its parameters.",
)
EXPIRED_WAIVER = Code(
    "PV613",
    "expired-waiver",
    what="A waiver's last day is over. An error in `check`, a warning in `render`.",
    why="A waiver without an end is a hole. What is rendered doesn't change on that day; who merges next mends it.",
    fix="Mend what the waiver was for and delete it; or agree on another day with the platform team.",
)
ENDING_WAIVER = Code(
    "PV614",
    "ending-waiver",
    what="A waiver ends within four weeks.",
    why="On the day after, `check` fails.",
    fix="Mend what the waiver is for, or agree on another day with the platform team.",
    severity=Severity.WARNING,
)
UNKNOWN_POLICY = Code(
    "PV615",
    "unknown-policy",
    what="A waiver names a policy that there is not.",
    why="It waives nothing.",
    fix="Correct the name, or delete the waiver.",
)
IDLE_WAIVER = Code(
    "PV616",
    "idle-waiver",
    what="A waiver waives nothing: the service would hold to the policy without it.",
    why="It would hide the next fault, and it counts as an exception that is none.",
    fix="Delete it.",
    severity=Severity.WARNING,
)
WIDE_WAIVER = Code(
    "PV617",
    "wide-waiver",
    what="A waiver is for more than one service in one environment.",
    why="An exception is as small as it can be, so that each is decided on its own.",
    fix="Write it in the service's platform.yaml under `environments.<environment>.waivers`.",
)
UNWAIVABLE_POLICY = Code(
    "PV618",
    "unwaivable-policy",
    what="A waiver is for a policy that lets nobody through.",
    why="The cluster would refuse the manifest all the same.",
    fix="Hold to the policy. A platform engineer makes it waivable with a variable `waived` that reads the parameters.",
)
