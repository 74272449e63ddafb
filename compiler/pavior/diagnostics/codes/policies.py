"""PV970 to PV979: faults of policies, found when components are loaded."""

from __future__ import annotations

from pavior.diagnostics import Code, Severity

BAD_EXPRESSION = Code(
    "PV970",
    "bad-policy-expression",
    what="An expression of a policy is no CEL, or has types that do not go together.",
    why="An API server would refuse the policy.",
    fix="Correct the expression at the place shown. `docs/golden-paths.md` lists the functions.",
)
ELSEWHERE_ONLY = Code(
    "PV971",
    "policy-for-clusters-alone",
    what="A policy uses what is not evaluated here: `request`, `oldObject`, `authorizer`, or a function that this CEL lacks.",
    why="What is rendered would go unjudged, and nobody would notice.",
    fix="Say it otherwise, or annotate the policy with `pavior.dev/evaluate: cluster`: then it judges in clusters alone.",
)
UNGUARDED_READ = Code(
    "PV972",
    "unguarded-read",
    what="An expression of a policy reads a field that a manifest may leave out.",
    why="It fails where the field is absent, and an API server may have filled in a default: the two would judge differently.",
    fix="Ask first, with `has(object.spec.x) && …`, or read it with a fallback, as `object.spec.?x.orValue(…)`.",
)
NO_POLICY = Code(
    "PV973",
    "no-policy",
    what="A file under `policies/` is not a policy that fits its schema, or says nothing to the creation of manifests.",
    why="It would judge nothing.",
    fix="Write a document of the kind that `docs/golden-paths.md` shows, with rules whose operations have `CREATE`.",
)
UNKNOWN_RESOURCE = Code(
    "PV974",
    "unknown-resource",
    what="A rule of a policy names a resource that no kind is called by.",
    why="Rules name plurals in lower case; a misspelt one matches nothing, and nobody would notice.",
    fix="Correct the name or the API group, or add the kind to `schemas/kubernetes/resources.json`.",
)
SAME_POLICY = Code(
    "PV975",
    "same-policy",
    what="Two policies have one name.",
    why="In a cluster the last one applied would overwrite the other.",
    fix="Rename one of them.",
)
UNBOUND_POLICY = Code(
    "PV976",
    "unbound-policy",
    what="Nothing that is rendered binds a policy in any target.",
    why="A policy without a binding judges nothing.",
    fix="Render a binding with its name from a template of scope `environment`, or delete the policy.",
    severity=Severity.WARNING,
)
