"""Codes of the check phase."""

from pavior.diagnostics import Code

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
