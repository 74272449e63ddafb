"""A change of one field changes exactly the artifacts whose recorded reads include it: `explain` is neither short nor long.

In fifty places of the reference fleet's inputs, chosen by a fixed seed, other values are written and everything is rendered
again. Whatever changes must have recorded a read of the place or of what is around it: before the change or, where the change is
what brought it about, after it. And whatever is made of the value there must change with one of the other values.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from fleets import ROOT, reference
from mutations import Artifacts, Place, Reads, changed, everyone, fleet_of, others, places, put, recorded, render
from pavior.expression.kept import Kept
from pavior.pipeline import golden_paths

WHERE: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "platform.yaml": (20, ("teams/*/*/platform.yaml",)),
    "team.yaml": (6, ("teams/*/team.yaml",)),
    "environments": (10, ("golden-paths/environments/*.yaml", "golden-paths/organization.yaml")),
    "golden paths": (5, ("golden-paths/*/golden-path.yaml",)),
    "components": (9, ("golden-paths/components/*/defaults.yaml", "golden-paths/components/*/settings.yaml")),
}
"""How many places of which files."""

NOT_READ = {"apiVersion", "goldenPath", "components"}
"""First keys of what no template reads because it chooses the templates; `components` of environments is settings, and read."""

RECKONED = {"cost", "budget", "budgets", "usualDuration", "assumed"}
"""Keys of what only estimates of costs read, which render nothing."""


HELD = {"port", "min", "max"}
"""Fields that components' `faults` hold to others: what shows only at a value that is refused can't be seen to change."""


PRESENT = {"region": "/pod.yaml"}
"""Fields that make a host, and the artifacts that ask only whether there is one: another region is another host, not none."""


class World:
    """The fleet as it is, what it renders to, and what its artifacts read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        fleet, artifacts = fleet_of(root), None
        assert fleet is not None
        artifacts = render(fleet)
        assert artifacts is not None
        self.before: Artifacts = artifacts
        self.reads: Reads = recorded(fleet, everyone(fleet))
        self.alike = dict(allowed_values())

    def mutate(self, place: Place, value: Any, reads_of: Place | None = None) -> tuple[set[str], set[str]] | None:
        """What changes, and what of it never recorded a read of the place; None where the value may not stand there."""
        reads_of = reads_of or place
        original = (self.root / place.file).read_bytes()
        try:
            put(self.root, place, value)
            fleet = fleet_of(self.root)
            after = render(fleet) if fleet is not None else None
            if fleet is None or after is None:
                return None
            found = changed(self.before, after)
            unread = found - self.reads.of(reads_of)
            if unread:
                theirs = [o for o in everyone(fleet) if set(rendered_by(fleet, o)) & unread]
                unread -= recorded(fleet, theirs).of(reads_of)
            return found, unread
        finally:
            (self.root / place.file).write_bytes(original)


def rendered_by(fleet: Any, owner: Any) -> Iterator[str]:
    yield from render(fleet, [owner]) or ()


def allowed_values() -> Iterator[tuple[str, list[Any]]]:
    """By name of a field of platform.yaml: what its schema lists."""
    found: dict[str, list[Any]] = {}
    schema = json.loads((ROOT / "schemas/platform.schema.json").read_bytes())

    def walk(node: Any) -> None:
        for name, inner in node.get("properties", {}).items() if isinstance(node, dict) else ():
            if isinstance(inner, dict):
                shared = schema["definitions"].get(str(inner.get("$ref", "")).rpartition("/")[2], {})
                found.setdefault(name, []).extend((*inner.get("enum", ()), *shared.get("enum", ())))
        for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            walk(inner)

    walk(schema)
    yield from found.items()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """No template changes here, so they are compiled once."""
    with pytest.MonkeyPatch.context() as patch:
        kept = Kept()
        patch.setattr(golden_paths, "Kept", lambda: kept)
        root = reference(tmp_path_factory.mktemp("fleet"))
        assert fleet_of(root) is not None
        kept.fresh = False
        yield World(root)


@pytest.mark.parametrize("where", WHERE)
def test_a_field_changes_exactly_what_read_it(world: World, where: str) -> None:
    wanted, patterns = WHERE[where]
    files = [
        path.relative_to(world.root).as_posix() for pattern in patterns for path in sorted(world.root.glob(pattern))
    ]
    known = [place for file in files for place in places(world.root, file) if readable(place)]
    alike: dict[Any, list[Any]] = {}
    for place in known:
        alike.setdefault(place.at[-1], list(world.alike.get(str(place.at[-1]), ()))).append(place.value)
    random.Random(f"pavior {where}").shuffle(known)
    done, moved, faults = 0, 0, []
    for place in known:
        if done == wanted:
            break
        reaching = world.reads.reaching.get(place.span, set())
        found: set[str] | None = None
        for value in others(place, alike[place.at[-1]]):
            result = world.mutate(place, value)
            if result is None and place.at[-1] in HELD:
                reaching = set()
            if result is None:
                continue
            found = (found or set()) | result[0]
            faults += [f"{place} → {value!r}: {artifact} changed and had not read it" for artifact in sorted(result[1])]
            if found >= reaching:
                break
        asking = PRESENT.get(str(place.at[-1]))
        if asking is not None:
            reaching = {each for each in reaching if not each.endswith(asking)} | (reaching & (found or set()))
        if found is not None:
            done, moved = done + 1, moved + bool(found)
            faults += [f"{place}: {artifact} is made of it and did not change" for artifact in sorted(reaching - found)]
    assert not faults, "\n".join(faults)
    assert done == wanted
    assert moved >= wanted / 2


def readable(place: Place) -> bool:
    if RECKONED & set(place.at):
        return False
    return place.at[0] not in NOT_READ or (place.at[0] == "components" and "/environments/" in place.file)


def test_reads_that_are_forgotten_or_made_up_are_found(world: World) -> None:
    file = "teams/payments/checkout/platform.yaml"
    (place,) = [each for each in places(world.root, file) if each.at == ("slo", "latency", "threshold")]
    found, unread = world.mutate(place, "250ms") or ((), ())
    assert world.reads.reaching[place.span] == found
    assert not unread
    file = "teams/storefront/magazine/platform.yaml"  # which checkout does not call: its runbook says where what it calls is
    (other,) = [each for each in places(world.root, file) if each.at == ("port",)]
    assert world.reads.reaching[other.span] - set(found)
    assert world.mutate(place, "250ms", reads_of=other) == (found, found)
