"""The benchmark: `python -m benchmarks.run`. One run makes a fleet, renders it, and reports all its numbers together.

Each round renders the whole fleet from nothing, copies the result with `cp -r` and lets the other tools make the manifests of
some of its services, one right after the other, so that a ratio compares two things that met the same machine; what is
reported is the median of the rounds' ratios. Every round has a folder of its own and nothing is deleted before the end: an
ext4 without a journal avoids the inodes of what was deleted in the last minutes by looking at each of them, which makes
creating files after a large deletion up to thirty times slower.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

from benchmarks.generate import REPOSITORY, generate
from benchmarks.measure import CommandFailed, Run, measure
from benchmarks.peers import Tool, seconds_a_service, tools
from benchmarks.plot import svg
from benchmarks.report import PLOT, Peer, Report, markdown, text, with_report
from benchmarks.tree import service_folders

DOCUMENTATION = REPOSITORY / "docs" / "performance.md"

SAMPLE = 24
"""How many services the other tools make the manifests of."""


@dataclass(frozen=True, slots=True)
class Round:
    """Where one round works: a copy of the generated repository, never rendered before, a cache and room for a copy."""

    folder: Path
    jobs: int

    @property
    def repository(self) -> Path:
        return self.folder / "repository"

    @property
    def rendered(self) -> Path:
        return self.repository / "rendered"

    def render(self) -> Run:
        command = [sys.executable, "-m", "pavior", "-C", str(self.repository), "render", "--jobs", str(self.jobs)]
        return measure(command, self.folder, self._environment())

    def phases(self) -> tuple[dict[str, float], int]:
        """Seconds by phase of a render on one worker, in a process of its own, and how many manifests it made."""
        result = self.folder / "phases.json"
        measure(
            [sys.executable, "-m", "benchmarks.phases", str(self.repository), str(result)],
            REPOSITORY,
            self._environment(),
        )
        found = json.loads(result.read_text(encoding="utf-8"))
        return found["seconds"], found["manifests"]

    def copy(self) -> Run:
        return measure(["cp", "-r", str(self.rendered), str(self.folder / "copied")], self.folder)

    def other(self, tool: Tool) -> float:
        """Seconds that another tool takes for one service, on the sample of this round."""
        services = service_folders(self.repository)
        sample = services[:: max(1, len(services) // SAMPLE)][:SAMPLE]
        return seconds_a_service(tool, sample, self.folder / tool.executable.name)

    def _environment(self) -> dict[str, str]:
        sources = os.pathsep.join((str(REPOSITORY / "compiler"), str(REPOSITORY)))
        return {"PYTHONPATH": sources, "XDG_CACHE_HOME": str(self.folder / "cache"), "PYTHONHASHSEED": "0"}


def run(services: int, rounds: int, jobs: int, folder: Path) -> Report:
    """The numbers of a fleet of that many services, made in `folder`."""
    generate(services, folder / "generated")

    def new_round(name: str) -> Round:
        shutil.copytree(folder / "generated", folder / name / "repository")
        return Round(folder / name, jobs)

    each_round = [new_round(str(number)) for number in range(rounds)]
    colds, copies = [], []
    others: dict[str, list[float]] = {tool.name: [] for tool in tools()}
    for one in each_round:
        colds.append(one.render())
        copies.append(one.copy())
        for tool in tools():
            if tool.found:
                others[tool.name].append(one.other(tool))
    last = each_round[-1]
    rendered = service_folders(last.repository)
    warm = median(last.render().seconds for _ in range(rounds))
    cold = median(run.seconds for run in colds)
    files = [file for file in last.rendered.rglob("*") if file.is_file()]
    phases, manifests = new_round("phases").phases()
    return Report(
        date=date.today().isoformat(),
        version=version("pavior"),
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        services=services,
        service_environments=len(rendered),
        manifests=manifests,
        jobs=jobs,
        rounds=rounds,
        files=len(files),
        size=sum(file.stat().st_size for file in files),
        cold=cold,
        warm=warm,
        processor=median(run.processor for run in colds),
        copy=median(run.seconds for run in copies),
        copy_ratio=median(one.seconds / other.seconds for one, other in zip(colds, copies, strict=True)),
        copy_processor_ratio=median(one.processor / other.processor for one, other in zip(colds, copies, strict=True)),
        peak_memory=max(run.peak_memory for run in colds),
        phases=phases,
        peers=_peers(others, [run.seconds / len(rendered) for run in colds]),
    )


def _peers(others: Mapping[str, Sequence[float]], own: Sequence[float]) -> list[Peer]:
    """From seconds a service in each round, the other tools' by their names, and Pavior's."""
    measured = []
    for tool in tools():
        seconds = others[tool.name]
        ratios = [one / other for one, other in zip(seconds, own, strict=True)] if seconds else []
        measured.append(
            Peer(tool.name, tool.version, median(seconds) if seconds else None, median(ratios) if ratios else None)
        )
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run", description="Measure Pavior on a fleet of made-up services."
    )
    parser.add_argument("--services", type=int, default=1000, help="how many services (default 1000)")
    parser.add_argument("--rounds", type=int, default=3, help="how many renders from nothing (default 3)")
    parser.add_argument("--jobs", type=int, default=1, help="workers of `pavior render` (default 1)")
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="form of the report")
    parser.add_argument("--update", action="store_true", help="also put report and plot into docs/")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pavior-bench-") as folder:
        try:
            report = run(arguments.services, arguments.rounds, arguments.jobs, Path(folder).resolve())
        except CommandFailed as failure:
            sys.exit(str(failure))
    forms: dict[str, Callable[[Report], str]] = {"text": text, "markdown": markdown, "json": _json}
    print(forms[arguments.format](report))
    if arguments.update:
        text_with_report = with_report(DOCUMENTATION.read_text(encoding="utf-8"), report)
        DOCUMENTATION.write_text(text_with_report, encoding="utf-8")
        DOCUMENTATION.with_name(PLOT).write_text(svg(report), encoding="utf-8")


def _json(report: Report) -> str:
    return json.dumps(asdict(report), indent=2)


if __name__ == "__main__":
    main()
