"""Whatever services say within their schema: no exception, one result, the same when traced, files that read back the same."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from fleets import put, tiny, tree
from pavior.emit import emit
from pavior.model import Artifact
from pavior.pipeline import Selection, owners, render
from pavior.pipeline.assemble import by_artifact
from pavior.pipeline.clock import Clock
from pavior.pipeline.compile import Workbench, compile_groups
from pavior.pipeline.explain import trace
from pavior.pipeline.prepare import prepare

Spec = dict[str, Any]


class Quoting(yaml.SafeDumper):
    """Texts in quotes: what a plain one means is no question here."""


Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))

# A failure is as it was found: making it smaller takes minutes.
QUICKLY = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)

ALLOWED = {
    "PV201": "a number in `env` that is not the text it is written as",
    "PV401": "a service that it calls is not there",
    "PV402": "or not in this environment",
    "PV405": "or is itself",
    "PV501": "`retries` that are no whole number",
    "PV603": "`a` needs `b-c`, and `a-b` needs `c`",
}
"""What the schema lets through and a later phase finds."""

TRAPS = [
    "",
    " ",
    "no",
    "y",
    "~",
    "null",
    "1e3",
    "08",
    "0x1f",
    "1:30",
    "=",
    "<<",
    "- a",
    "a: b",
    "a #b",
    "---",
    "{{ x }}",
    "$(A)",
]
TEXTS = st.sampled_from(TRAPS) | st.text(
    st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\n\t"), max_size=30
)
SCALARS = TEXTS | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VARIABLES = st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True), SCALARS, max_size=4)
NAMES = st.sampled_from(["a", "b", "a-b", "b-c", "c", "x1"])
OTHERS = st.sampled_from(["red/one", "red/two", "green/a", "green/b", "green/none", "blue/three"])


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Spec]:
    return st.fixed_dictionaries({}, optional=fields)


FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "port": st.integers(1, 65535),
    "retries": st.integers(0, 9) | st.sampled_from(["1", "many", 1.5]),
    "env": VARIABLES,
    "files": st.dictionaries(NAMES, TEXTS, max_size=2),
    "tier": st.sampled_from(["critical", "standard", "experimental"]),
    "calls": st.lists(OTHERS, max_size=2),
}
DISKS = st.dictionaries(
    NAMES,
    st.builds(
        lambda more: {"type": "store", **more},
        optional(space=st.sampled_from(["1Gi", "20G"]), kind=st.sampled_from(["slow", "fast"])),
    ),
    max_size=2,
)
REMOVABLE = {name: each if name == "calls" else st.none() | each for name, each in FIELDS.items()}
OVERLAYS = st.just(False) | optional(**REMOVABLE, image=st.just("a/b:2"))
SPECS = st.builds(
    lambda head, more: {**head, **more},
    st.fixed_dictionaries(
        {"apiVersion": st.just("pavior.dev/v1"), "goldenPath": st.just("app"), "image": st.just("a/b:1")}
    ),
    optional(**FIELDS, needs=DISKS, environments=optional(dev=OVERLAYS, prod=OVERLAYS)),
)
FLEETS = st.dictionaries(NAMES, SPECS, min_size=4, max_size=6)


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield tiny(Path(folder))


def bring(root: Path, services: dict[str, Spec]) -> None:
    """Have these services, and nothing rendered."""
    shutil.rmtree(root / "rendered", ignore_errors=True)
    shutil.rmtree(root / "teams/green", ignore_errors=True)
    put(root, "teams/green/team.yaml", "apiVersion: pavior.dev/v1\ndescription: The green ones.\n")
    for name, spec in services.items():
        text = yaml.dump(spec, Dumper=Quoting, allow_unicode=False, width=10_000, sort_keys=False)
        put(root, f"teams/green/{name}/platform.yaml", text)


@QUICKLY
@given(FLEETS)
def test_whatever_services_say_within_their_schema(root: Path, services: dict[str, Spec]) -> None:
    bring(root, services)
    report = render(root, Selection())
    assert {d.code.number for d in report.diagnostics} <= ALLOWED.keys()
    written = tree(root)

    fleet = prepare(root, Clock()).value
    assert fleet is not None
    schema = fleet.platform.schemas.paths["app"].file
    assert all(schema.accepts(spec) for spec in services.values())
    bench = Workbench(fleet)
    again: dict[str, bytes] = {}
    for owner in (each for group in owners(fleet, Selection()) for each in group):
        compiled = compile_groups(bench, [[owner]])[0][0]
        if compiled.failed or (owner.service and owner.service.id in report.withheld):
            continue
        again.update(compiled.files)
        _, placed = trace(fleet, owner)
        for path, each in by_artifact(placed).items():
            manifests = tuple(p.item.value for p in each)
            assert emit(Artifact(path, owner.source, manifests)) == compiled.files[path]
            assert tuple(yaml.safe_load_all(compiled.files[path])) == manifests
            assert tuple(YAML(typ="safe", pure=True).load_all(compiled.files[path])) == manifests
    assert again == written
