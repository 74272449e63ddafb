"""Codes of the render phase, raw manifests and patches included."""

from pavior.diagnostics import Code

TEMPLATE_FAULT = Code(
    "PV501",
    "template-fault",
    what="A template could not be rendered with the values of a service.",
    why="A value that it needs is absent or of a kind that it cannot use; a half-made manifest would be worse than none.",
    fix="Give the field a value in platform.yaml, or, in the template, a `default` or `| default(omit)`.",
)
CONTRIBUTED_TWICE = Code(
    "PV502",
    "contributed-twice",
    what="Two sources give an entry of the same name to a component: a variable from `env` and from `needs`.",
    why="Only one can win, and which one would be chance to the reader.",
    fix="Rename one of them; an entry of `needs` takes a `prefix` for its environment variables.",
)
BAD_CONTRIBUTION = Code(
    "PV504",
    "bad-contribution",
    what="An entry that a component contributes does not fit the schema of the component that accepts it.",
    why="Who reads it relies on that schema; it would render something that nobody meant.",
    fix="Correct the entry under `provides` in component.yaml; `accepts` of the other component says what an entry takes.",
)
RAW_NOT_A_MANIFEST = Code(
    "PV510",
    "not-a-manifest",
    what="A document in `manifests/` lacks `apiVersion`, `kind` or `metadata.name`.",
    why="Without them it is not a Kubernetes object, and nothing can check or apply it.",
    fix="Add what is missing.",
)
RAW_KIND = Code(
    "PV511",
    "raw-kind-not-allowed",
    what="A raw manifest is of a kind that the organisation does not allow in `manifests/`.",
    why="Raw manifests are the way down from the golden path, not a way around the platform's guardrails.",
    fix="Use the field that makes this kind, or ask the platform team to add it to `rawKinds` in organization.yaml.",
)
RAW_NAMESPACE = Code(
    "PV512",
    "foreign-namespace",
    what="A raw manifest names a namespace other than its team's.",
    why="A team renders into its own namespace only.",
    fix="Remove `metadata.namespace`; Pavior sets it.",
)
RAW_LABEL = Code(
    "PV513",
    "reserved-label",
    what="A raw manifest sets a label that the platform sets, to another value.",
    why="Ownership, dashboards and alerts are found by these labels.",
    fix="Remove the label; Pavior sets it.",
)
RAW_KEY = Code(
    "PV525",
    "unlisted-label",
    what="A raw manifest or a patch writes a label or annotation that the organisation does not leave to teams.",
    why=(
        "Many systems do what labels and annotations say, whoever wrote them: take a host in DNS, hand out secrets, show a "
        "dashboard, leave the mesh out, take an object for another application's."
    ),
    fix="Use the field that says it, or ask the platform team to add the name to `rawKeys` in organization.yaml.",
)
RAW_METADATA = Code(
    "PV526",
    "reserved-metadata",
    what="A raw manifest writes a field of `metadata` beside its name, namespace, labels and annotations.",
    why="Finalizers and owners keep others from being deleted, or delete them; the rest is the API server's own.",
    fix="Remove the field.",
)
PATCH_TARGET = Code(
    "PV520",
    "patch-matches-nothing",
    what="A patch names a manifest that the service does not have in this environment.",
    why="A patch that silently stops matching is how a fix gets lost in an upgrade.",
    fix="Correct `target`, limit the patch with `environments`, or delete it if it is no longer needed.",
)
PATCH_FAILED = Code(
    "PV521",
    "patch-does-not-apply",
    what="An operation of a patch does not fit the rendered manifest any more.",
    why="Its path is gone, or a `test` no longer holds: what it was written for has changed.",
    fix="Look at the rendered manifest and correct the operation, or delete the patch.",
)
PATCH_IDENTITY = Code(
    "PV522",
    "patch-changes-identity",
    what="A patch changes what a manifest is: its apiVersion, kind, name, namespace or a label of the platform.",
    why="Others refer to the manifest by them, and a namespace of another team is out of bounds.",
    fix="Leave these out of the patch; add a raw manifest in `manifests/` if another object is wanted.",
)
