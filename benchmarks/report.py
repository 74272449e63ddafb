"""What a benchmark found, and the forms in which people read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BEGIN, END = "<!-- report -->", "<!-- end of report -->"
PLOT = "performance.svg"
"""Beside the page."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another tool: seconds for one service, and how many times Pavior's that is; None where it wasn't found.

    The ratio is the median of the rounds' ratios.
    """

    name: str
    version: str
    seconds: float | None
    ratio: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """Medians in seconds, sizes in bytes. `cold`: the fleet from nothing; `warm`: once more, with nothing to change.

    `copy_ratio` is the median of each round's cold render to `cp -r` of its result, `copy_processor_ratio` that of processor
    time; `processor` is the cold render's. `phases` are seconds of one cold render on one worker.
    """

    date: str
    version: str
    machine: str
    services: int
    service_environments: int
    manifests: int
    jobs: int
    rounds: int
    files: int
    size: int
    cold: float
    warm: float
    processor: float
    copy: float
    copy_ratio: float
    copy_processor_ratio: float
    peak_memory: int
    phases: dict[str, float]
    peers: Sequence[Peer]


def text(report: Report) -> str:
    """Aligned lines for a terminal."""
    width = max(len(name) for name, _ in _lines(report))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in _lines(report))


def markdown(report: Report) -> str:
    """A table for the documentation."""
    return "\n".join(
        ["| what | result |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in _lines(report))]
    )


def with_report(page: str, report: Report) -> str:
    """The page with what stands between its two marks replaced by the report."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    plot = f"![Time for the same manifests, in Pavior's times]({PLOT})"
    return f"{before}{BEGIN}\n\n{plot}\n\n{markdown(report)}\n\n{END}{after}"


def _lines(report: Report) -> list[tuple[str, str]]:
    a_service = report.cold / report.service_environments
    lines = [
        ("measured", f"{report.date}, Pavior {report.version}"),
        ("machine", report.machine),
        ("fleet", f"{report.services:,} services, {report.service_environments:,} service-environments"),
        ("result", f"{report.manifests:,} manifests in {report.files:,} files, {report.size / 1e6:.1f} MB"),
        ("rounds", f"{report.rounds}, {report.jobs} {'worker' if report.jobs == 1 else 'workers'}"),
        (
            "render from nothing",
            f"{report.cold:.2f} s, {a_service * 1e3:.2f} ms a service-environment, "
            f"{report.cold / report.manifests * 1e3:.3f} ms a manifest",
        ),
        (
            "processor time of it",
            f"{report.processor:.2f} s, {report.processor / report.service_environments * 1e3:.2f} ms a service-environment",
        ),
        ("render with nothing to do", f"{report.warm:.2f} s, {report.warm / report.service_environments * 1e3:.2f} ms"),
        ("peak memory", f"{report.peak_memory / 2**20:.0f} MiB"),
        (
            "cp -r of the result",
            f"{report.copy:.2f} s; render takes {report.copy_ratio:.1f} times that, "
            f"{report.copy_processor_ratio:.1f} times in processor time",
        ),
    ]
    for peer in report.peers:
        found = "not found: `make bench` says why"
        if peer.seconds is not None and peer.ratio is not None:
            found = f"{peer.seconds * 1e3:.3g} ms a service, {peer.ratio:.3g} times Pavior's"
        lines.append((f"{peer.name} {peer.version}", found))
    for name, seconds in report.phases.items():
        lines.append((f"phase {name}", f"{seconds / report.service_environments * 1e3:.3f} ms a service-environment"))
    return lines
