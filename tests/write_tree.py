"""Brings the rendered tree of a folder from state to state without end: `python write_tree.py ROOT`."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from crash import Tree, unit_of
from pavior.emit import emit
from pavior.model import Artifact
from pavior.phases.plan import claim, plan, stale
from pavior.phases.write import transaction


def content(source: str, text: str) -> bytes:
    return emit(Artifact("", source, ({"text": text * 40},)))


def state(number: int, services: int) -> dict[str, bytes]:
    """A rendered tree. From each to the next, units appear, go, change in one file or in many, or stay."""
    tree = {"prod/platform/mesh.yaml": content("golden-paths", f"state {number}")}
    for index in range(services):
        team, service = f"team{index % 4}", f"service{index}"
        if (index + number) % 5 == 0:
            continue
        text = f"state {number}" if index % 3 else "always"
        names = ["workload.yaml", "istio.yaml", "data/postgres.yaml"]
        if (index + number) % 3 == 0:
            names += ["alerting.yaml", "rollout.yaml"]
        for name in names:
            one_changes = index % 3 == 1 and name != "workload.yaml"
            tree[f"prod/{team}/{service}/{name}"] = content(f"teams/{team}/{service}", "" if one_changes else text)
        tree[f"prod/argocd/{team}/{service}.yaml"] = content(f"teams/{team}/{service}", text)
    return tree


def bring_to(root: Path, new: Tree) -> None:
    """Plan, stage and commit `new`, as the pipeline does."""
    owned: dict[str, dict[str, bytes]] = {}
    for path, bytes_of_file in new.items():
        directory = unit_of(path.replace("/argocd/", "/").replace(".yaml", "/x") if "/argocd/" in path else path)
        owned.setdefault(directory, {})[path] = bytes_of_file
    claimed: dict[str, str] = {}
    with transaction(root) as writing:
        for directory, files in owned.items():
            units = plan(root, directory, files).value or ()
            assert not list(claim(claimed, units, directory))
            for unit in units:
                writing.stage(unit)
        for unit in stale(root, claimed, lambda path, source: True):
            writing.stage(unit)
        writing.commit()


if __name__ == "__main__":
    for number in itertools.cycle((1, 0)):
        bring_to(Path(sys.argv[1]), state(number, services=40))
