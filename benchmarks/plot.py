"""The ratios of a report as a picture: one bar for each tool, on a logarithmic scale, as SVG."""

from __future__ import annotations

import math
from html import escape

from benchmarks.report import Report

WIDTH, LABELS, BAR, GAP, TOP = 860, 250, 22, 12, 58
ROOM = 110
"""To the right of the longest bar, for its number."""


def svg(report: Report) -> str:
    """How long each tool takes for a service's manifests, in Pavior's times; those that weren't found are left out."""
    ratios = [("cp -r of the result", 1 / report.copy_ratio), ("Pavior", 1.0)]
    ratios += [(f"{peer.name} {peer.version}", peer.ratio) for peer in report.peers if peer.ratio is not None]
    ratios.sort(key=lambda each: each[1])
    lowest = 10 ** math.floor(math.log10(ratios[0][1] * 0.9))
    highest = 10 ** math.ceil(math.log10(ratios[-1][1]))
    height = TOP + len(ratios) * (BAR + GAP) + 30

    def across(ratio: float) -> float:
        part = math.log10(ratio / lowest) / math.log10(highest / lowest)
        return LABELS + part * (WIDTH - LABELS - ROOM)

    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="14">',
        "<title>Time for the same manifests, in Pavior's times</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        '<text x="16" y="28" font-weight="bold">Time for the same manifests, in Pavior\'s times (logarithmic)</text>',
    ]
    for power in range(round(math.log10(lowest)), round(math.log10(highest)) + 1):
        x = across(10**power)
        drawn.append(
            f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - 26}" stroke="#ddd"/>'
            f'<text x="{x:.1f}" y="{height - 8}" text-anchor="middle" fill="#666">{10**power:g}</text>'
        )
    for index, (name, ratio) in enumerate(ratios):
        y = TOP + index * (BAR + GAP)
        colour = "#1f6feb" if name == "Pavior" else "#9aa4b2"
        drawn.append(
            f'<text x="{LABELS - 10}" y="{y + 16}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{LABELS}" y="{y}" width="{across(ratio) - LABELS:.1f}" height="{BAR}" fill="{colour}"/>'
            f'<text x="{across(ratio) + 8:.1f}" y="{y + 16}">{_times(ratio)}</text>'
        )
    return "\n".join([*drawn, "</svg>"]) + "\n"


def _times(ratio: float) -> str:
    return f"{ratio:.0f}×" if ratio >= 10 else f"{ratio:.2g}×"
