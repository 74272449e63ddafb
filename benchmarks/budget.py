"""How much work a render is, counted, and how much it may be: `make budget` renews the budget.

Work is counted in function calls: a loaded machine makes as many as a quiet one, so a tenth more is found at once. The fleets
counted are one and the same small fleet, once and several times over under other names. So the difference of two is the work
of services alone, and no other mix of services disturbs it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.generate import REPOSITORY, generate
from benchmarks.tree import service_folders

BUDGET = Path(__file__).parent / "budget.json"

SERVICES = 10
COPIES = (1, 4, 16)
"""How many times over that fleet is in the three that are counted."""

TOLERANCE = 0.1
"""How far above its budget work may be, as a part of it."""

MEANINGS = {
    "start": "calls that a render from nothing makes whatever the fleet's size",
    "again": f"calls of a render of {SERVICES} services with nothing to do, templates kept",
    "service_environment": "calls for each service in each environment",
}


@dataclass(frozen=True, slots=True)
class Work:
    """Function calls, by what they grow with. `manifests`: how many come of one service in one environment."""

    start: int
    again: int
    service_environment: int
    manifests: float


@dataclass(frozen=True, slots=True)
class Counted:
    """One render of a fleet: its calls, and what came of them."""

    calls: int
    manifests: int
    service_environments: int


def count(repository: Path, cache: Path) -> Counted:
    """Render `repository` in a process of its own and count. Raises CalledProcessError where it doesn't render."""
    result = cache.with_suffix(".json")
    sources = os.pathsep.join((str(REPOSITORY / "compiler"), str(REPOSITORY)))
    environment = {**os.environ, "PYTHONPATH": sources, "PYTHONHASHSEED": "0", "XDG_CACHE_HOME": str(cache)}
    command = [sys.executable, "-m", "benchmarks.count", str(repository), str(result)]
    subprocess.run(command, env=environment, check=True)
    found = json.loads(result.read_text(encoding="utf-8"))
    return Counted(found["calls"], found["manifests"], len(service_folders(repository)))


def count_fleets(folder: Path) -> tuple[Sequence[Counted], Counted]:
    """Each of the fleets rendered from nothing, and the smallest once more."""

    def counted(copies: int) -> Counted:
        generate(SERVICES, folder / f"fleet-{copies}", copies=copies)
        return count(folder / f"fleet-{copies}", folder / f"cache-{copies}")

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        # The longest first.
        fleets = [*pool.map(counted, reversed(COPIES))][::-1]
    return fleets, count(folder / f"fleet-{COPIES[0]}", folder / f"cache-{COPIES[0]}")


def marginal(smaller: Counted, larger: Counted) -> float:
    """Calls for each service-environment that the larger fleet has more."""
    return (larger.calls - smaller.calls) / (larger.service_environments - smaller.service_environments)


def work(fleets: Sequence[Counted], again: Counted) -> Work:
    """What was counted, taken apart."""
    smallest, middle, *_ = fleets
    each = marginal(smallest, middle)
    return Work(
        start=round(smallest.calls - each * smallest.service_environments),
        again=again.calls,
        service_environment=round(each),
        manifests=round(
            (middle.manifests - smallest.manifests) / (middle.service_environments - smallest.service_environments), 2
        ),
    )


def budget_of(version: tuple[int, int], budgets: Mapping[str, Mapping[str, float]]) -> Mapping[str, float]:
    """The budget of a version of Python, or of the next older one that has one: on a newer Python, the same program was never
    seen to make more calls. Raises LookupError where there is none."""
    known = {tuple(map(int, name.split("."))): budget for name, budget in budgets.items()}
    older = [name for name in known if name <= version]
    if not older:
        raise LookupError(f"benchmarks/budget.json has no budget for Python {version[0]}.{version[1]} or older")
    return known[max(older)]


def excesses(done: Work, budget: Mapping[str, float]) -> list[str]:
    """What is more than its budget allows, in words; empty where nothing is."""
    found = []
    for name, meaning in MEANINGS.items():
        calls, allowed = getattr(done, name), budget[name]
        if calls > allowed * (1 + TOLERANCE):
            found.append(f"{name}: {calls:,} {meaning}, {calls / allowed - 1:.0%} above the budget of {allowed:,}")
    if found:
        found.append(
            f"(a service-environment has {done.manifests} manifests, and had {budget['manifests']} when the budget was made; "
            "`make budget` renews it: commit benchmarks/budget.json with the reason)"
        )
    return found


def renewed(budgets: Mapping[str, Mapping[str, float]], version: str, done: Work) -> dict[str, dict[str, float]]:
    """The budgets with what was counted as that of `version`. The others change as it does: hardly anybody has all versions, and
    what a program does more, it does more on all of them."""
    counted: dict[str, float] = asdict(done)
    before = budgets.get(version, counted)
    made = {version: counted}
    for other in budgets.keys() - {version}:
        made[other] = {name: _scaled(calls, counted[name] / before[name]) for name, calls in budgets[other].items()}
    return dict(sorted(made.items()))


def _scaled(calls: float, factor: float) -> float:
    return round(calls * factor) if isinstance(calls, int) else round(calls * factor, 2)


def load() -> dict[str, dict[str, float]]:
    loaded: dict[str, dict[str, float]] = json.loads(BUDGET.read_text(encoding="utf-8"))
    return loaded


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.budget", description="Count the work of a render.")
    parser.add_argument("--update", action="store_true", help="make what was counted the budget")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pavior-budget-") as folder:
        done = work(*count_fleets(Path(folder).resolve()))
    budgets = load()
    for name, calls in asdict(done).items():
        try:
            print(f"{name:20} {calls:12,}  budget {budget_of(sys.version_info[:2], budgets)[name]:12,}")
        except LookupError:
            print(f"{name:20} {calls:12,}  no budget")
    if arguments.update:
        budgets = renewed(budgets, f"{sys.version_info[0]}.{sys.version_info[1]}", done)
        BUDGET.write_text(json.dumps(budgets, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
