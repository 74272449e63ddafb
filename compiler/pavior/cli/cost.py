"""`pavior cost`: what services cost in a month, as an estimate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pavior import report
from pavior.pipeline.cost import estimate
from pavior.pipeline.selection import Selection
from pavior.report.costs import costs
from pavior.repository import PRICES, shown

CLEAN, FOUND, USAGE = 0, 1, 2


def cost(root: Path, options: dict[str, Any], selection: Selection) -> int:
    """Print the estimate; what is wrong goes to the other stream, so that the estimate can be read by a program."""
    outcome = estimate(root, selection)
    errors = [each for each in outcome.diagnostics if each.is_error]
    for line in report.render("text", errors, lambda path: shown(root, path)):
        print(line, file=sys.stderr)
    if outcome.value is None:
        if not errors:
            print(f"pavior: there is no price book\n  hint: write {PRICES}", file=sys.stderr)
            return USAGE
        return FOUND
    for line in costs(options["form"], outcome.value, arithmetic=options["arithmetic"]):
        print(line)
    return FOUND if errors else CLEAN
