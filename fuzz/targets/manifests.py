"""Manifests: patched, compared, and as they stand in hostile trees."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from fuzz import output
from fuzz.case import Case, Target, as_text
from fuzz.fleet import MORE, command, place, repository, writable
from fuzz.guard import Violation, unwatched
from fuzz.material import HOSTILE, KEYS, TEXTS, VALUES, changed, documents, written
from fuzz.targets.texts import show
from pavior.compare.difference import Where
from pavior.compare.grouping import Grouping
from pavior.compare.knowledge import Knowledge
from pavior.compare.manifests import compare
from pavior.model import Source
from pavior.phases.customize import Owned, apply, own, read_patch
from pavior.phases.load import load, load_all
from pavior.report.changes import render

SERVICE = {
    "apiVersion": "v1", "kind": "Service", "metadata": {"name": "one", "namespace": "red", "labels": {"a": "b"}},
    "spec": {"selector": {"app": "one"}, "ports": [{"name": "main", "port": 80}, {"name": "x", "port": 81}], "x~/y": {"": None}},
}  # fmt: skip
_OWNED = Owned("red", {"pavior.dev/team": "red"}, {"v1/ConfigMap": True, "v1/Service": True}, {})

# Patches.

_POINTERS = st.sampled_from([
    "", "/", "/spec", "/spec/ports", "/spec/ports/0", "/spec/ports/-", "/spec/ports/1/port", "/spec/ports/01",
    "/spec/ports/-1", "/spec/ports/2",
    "/spec/x~0~1y", "/spec/x~2y", "/metadata/name", "/metadata/labels/pavior.dev~1team", "/kind", "spec",
    "/spec/ports/" + "9" * 5000,
    "/spec/ports/٣", "/spec/ports/1e0", "/a/b/c", "/spec/ports/0/name/0", "/spec" * 400,
]) | TEXTS.map(lambda text: f"/{text}")  # fmt: skip


def _patches() -> st.SearchStrategy[Case]:
    operation = st.fixed_dictionaries(
        {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]), "path": _POINTERS},
        optional={"from": _POINTERS, "value": VALUES},
    )
    doubling = st.integers(1, 80).map(
        lambda times: [{"op": "copy", "from": "/spec", "path": f"/spec/a{n}"} for n in range(times)]
    )
    target = {"target": st.just({"kind": "Service", "name": "one"})}
    by_operations = st.fixed_dictionaries({**target, "patch": st.lists(operation, max_size=5) | doubling})
    return by_operations | st.fixed_dictionaries({**target, "merge": st.dictionaries(KEYS, VALUES, max_size=4)})


def _patch(case: Case) -> None:
    document = load(Source("teams/red/one/patches/p.yaml", written(case).encode("utf-8", "surrogatepass"))).value
    if document is None:
        return
    before = json.dumps(SERVICE)
    patched, found = apply(read_patch(document), SERVICE, _OWNED, ("/spec/selector", "/spec/ports/*/port"))
    show(found, document.source.content)
    if json.dumps(SERVICE) != before:
        raise Violation("the manifest itself was changed", before)
    if found and patched is not SERVICE:
        raise Violation("patched in spite of faults", repr(found)[:300])
    if (
        patched["metadata"]["name"] != "one"
        or patched["metadata"]["namespace"] != "red"
        or patched["kind"] != "Service"
    ):
        raise Violation("another manifest", repr(patched)[:300])
    if patched["spec"].get("selector") != SERVICE["spec"]["selector"]:
        raise Violation("what is sealed was changed", repr(patched)[:300])


# Raw manifests.


def _raw(case: Case) -> None:
    source = Source("teams/red/one/manifests/m.yaml", case.encode("utf-8", "surrogatepass"))
    for document in load_all(source).value or ():
        manifest, found = own(document, _OWNED)
        show(found, source.content)
        if manifest is not None and manifest["metadata"]["namespace"] != "red":
            raise Violation("another namespace", repr(manifest)[:300])


# Differences.

_CHANGES = st.lists(
    st.tuples(st.sampled_from(["put", "add", "drop", "wrap"]), st.integers(0, 60), KEYS, VALUES), max_size=5
)
_KNOWLEDGE = Knowledge(())


def _pairs() -> st.SearchStrategy[Case]:
    side = st.lists(_CHANGES, max_size=3)
    return st.fixed_dictionaries(
        {"base": side, "head": side, "team": TEXTS, "service": TEXTS, "target": TEXTS, "reference": TEXTS}
    )


def _difference(case: Case) -> None:
    sides = [
        [m for m in (changed(SERVICE, changes) for changes in case[key]) if _is_manifest(m)] for key in ("base", "head")
    ]
    grouping = Grouping(details=True)
    where = Where(case["target"], case["target"], "main", case["team"], case["service"], "dev/a/b")
    grouping.add(where, compare(sides[0], sides[1], _KNOWLEDGE))
    report = grouping.report(case["reference"], "this change")
    for form in ("text", "json", "html", "markdown"):
        text = "\n".join(render(form, report, full=form != "markdown")) + "\n"
        output.check(form, text)
        if form == "markdown" and len(text) > 65_536:
            raise Violation("a comment that is too long", str(len(text)))


def _is_manifest(value: Any) -> bool:
    """As `read_manifests` wants it."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    return (
        isinstance(metadata, dict)
        and isinstance(metadata.get("name"), str)
        and isinstance(value.get("apiVersion"), str)
        and isinstance(value.get("kind"), str)
        and isinstance(metadata.get("namespace", ""), str)
    )


# Trees.

_MARK = "# Rendered by Pavior from {source}; edit that, not this file.\n"
_RENDERED = [
    "rendered/dev/red/one/process.yaml", "rendered/dev/red/one/data/store.yaml", "rendered/dev/argocd/red/one.yaml",
    "rendered/dev/x.yaml",
    "rendered/backstage/red/one.yaml", "rendered/prod@eu-1/blue/three/data/store.yaml",
    "rendered/dev/red/gone/data/store.yaml", "rendered/README.md",
]  # fmt: skip
_COMMANDS = [
    ["check", "--format", "concise"], ["check"], ["render"], ["diff", "{root}/rendered", "{root}/empty"],
    ["diff", "{root}/empty", "{root}/rendered", "--full"], ["diff", "{root}/rendered", "{root}/empty", "--format", "markdown"],
    ["diff", "{root}/rendered", "{root}/empty", "--format", "json", "--full"], ["diff", "{root}/rendered", "{root}/empty",
    "--format", "html"],
    ["explain", "rendered/dev/red/one/process.yaml:5"], ["explain", "rendered/dev/red/one/process.yaml", "/data/image"],
]  # fmt: skip


def _trees() -> st.SearchStrategy[Case]:
    manifest = (
        documents(written(SERVICE))
        | st.just(MORE["teams/red/one/manifests/own.yaml"])
        | st.binary(max_size=60).map(as_text)
    )
    source = (
        st.sampled_from(
            ["teams/red/one", "teams/red", "golden-paths", "teams/../..", "/etc", "teams/red/gone", "teams/blue/three"]
        )
        | TEXTS
    )
    head = source.map(lambda text: _MARK.replace("{source}", text)) | st.sampled_from(["", *HOSTILE[:20]])
    content = st.tuples(head, st.lists(manifest, max_size=3)).map(
        lambda both: both[0] + "---\n" + "---\n".join(both[1])
    )
    path = st.sampled_from(_RENDERED) | TEXTS.map(lambda text: f"rendered/dev/red/one/{text}.yaml")
    return st.fixed_dictionaries(
        {"files": st.dictionaries(path, content, max_size=4), "command": st.sampled_from(_COMMANDS)}
    )


def _tree(case: Case) -> None:
    with repository(case["files"]) as root:
        with unwatched():
            place(root, "empty/x", b"")
            place(root, "rendered/x", b"")
        command(root, [word.replace("{root}", str(root)) for word in case["command"]])


TARGETS = {
    "patches": Target(_patches, _patch),
    "raw-manifests": Target(lambda: documents(MORE["teams/red/one/manifests/own.yaml"]), _raw),
    "differences": Target(_pairs, _difference),
    "rendered-trees": Target(_trees, _tree, writable),
}
