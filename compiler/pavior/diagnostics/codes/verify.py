"""Codes of `pavior verify`."""

from pavior.diagnostics import Code

REFUSED = Code(
    "PV691",
    "refused-manifest",
    what="kubeconform refuses a manifest of the rendered tree.",
    why="The API server would refuse it too, or drop the field in silence.",
    fix="If the file was edited by hand, run `pavior render`; otherwise correct the value where `pavior explain FILE:LINE` says "
    "that it comes from.",
)
UNVERIFIED = Code(
    "PV692",
    "unverified-manifest",
    what="kubeconform could not check a manifest of the rendered tree: it has no schema, or is no YAML.",
    why="What is not checked counts as wrong: nothing is skipped.",
    fix="Correct `apiVersion` and `kind`, or add the schema under `schemas/kubernetes/<group>/<kind>_<version>.json`.",
)
