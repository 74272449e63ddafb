"""What the catalogue's own validator and the dashboards' own types say of the rendered tree."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
JUDGES = ROOT / "tools/judges"


def judge(script: str, rendered: Path = ROOT / "rendered") -> tuple[int, str]:
    node = os.environ.get("PAVIOR_NODE") or shutil.which("node")
    assert node, "node is missing: run `make tools`"
    assert (JUDGES / "node_modules").is_dir(), "tools/judges/node_modules is missing: run `make tools`"
    done = subprocess.run(
        [node, str(JUDGES / script)],
        env={**os.environ, "PAVIOR_RENDERED": str(rendered)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def changed(place: Path, file: str, old: str, new: str) -> Path:
    """A tree with copies of the catalogue and of one file, in which something is replaced."""
    if not (place / "backstage").exists():
        shutil.copytree(ROOT / "rendered/backstage", place / "backstage")
    text = (ROOT / "rendered" / file).read_text(encoding="utf-8")
    assert old in text
    (place / file).parent.mkdir(parents=True, exist_ok=True)
    (place / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return place


def test_the_catalogues_own_validator_accepts_every_entity() -> None:
    status, said = judge("catalogue.mjs")
    assert (status, said.splitlines()[-1].endswith(" 0 faults")) == (0, True), said


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lifecycle: production", "lifecycle: ''", "lifecycle"),
        ("kind: Component", "kind: Komponent", "no kind that the catalogue knows"),
        (
            "owner: group:default/payments",
            "owner: group:default/paymentz",
            "group:default/paymentz, which is not there",
        ),
        ("  type: service", "  typ: service", "type"),
    ],
)
def test_it_refuses_a_faulty_entity(tmp_path: Path, old: str, new: str, message: str) -> None:
    status, said = judge("catalogue.mjs", changed(tmp_path, "backstage/payments/checkout/backstage.yaml", old, new))
    assert status == 1
    assert message in said


def test_dashboards_are_what_their_types_say() -> None:
    status, said = judge("dashboards.mjs")
    assert (status, said.splitlines()[-1].endswith(" 0 faults")) == (0, True), said


@pytest.mark.parametrize(
    ("old", "new"), [('"gridPos"', '"gridPosition"'), ('"schemaVersion": ', '"schemaVersion": "x", "version": ')]
)
def test_a_faulty_dashboard_is_refused(tmp_path: Path, old: str, new: str) -> None:
    status, said = judge("dashboards.mjs", changed(tmp_path, "dev/payments/checkout/dashboard.yaml", old, new))
    assert status == 1
    assert "dev/payments/checkout/dashboard.yaml: " in said
