"""`pavior cases`: do components render what their cases expect?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from difflib import unified_diff
from pathlib import Path
from typing import Any

from pavior.diagnostics import Diagnostic
from pavior.phases.write import recover
from pavior.pipeline.cases import CaseResult, NoSuchComponent, run_cases, updated
from pavior.report.escaping import visible, visible_line

CLEAN, FOUND, USAGE = 0, 1, 2


def cases(root: Path, options: dict[str, Any], show: Callable[[Iterable[Diagnostic]], None]) -> int:
    """Run them, show what differs, and with `--update` write what is rendered into the cases."""
    recover(root)
    try:
        results = list(run_cases(root, options["names"]))
    except NoSuchComponent as error:
        print(f"pavior: {visible(str(error))}", file=sys.stderr)
        return USAGE
    show([d for result in results for d in result.diagnostics])
    failed = [result for result in results if not result.passed]
    for result in failed:
        if result.diagnostics:
            continue
        if options["update"]:
            (root / result.path).write_bytes(updated(result))
            print(f"updated: {visible(result.path)}")
        else:
            _show_difference(result)
    if options["update"]:
        failed = [result for result in failed if result.diagnostics]
    print(f"{len(results):,} case{'' if len(results) == 1 else 's'}: {_ending(len(failed))}")
    return FOUND if failed else CLEAN


def _show_difference(result: CaseResult) -> None:
    print(f"{visible(result.path)}: {visible(result.description)}")
    for line in unified_diff(*result.lines(), "expected", "rendered", lineterm=""):
        print(visible_line(line))
    print()


def _ending(failed: int) -> str:
    return f"{failed:,} failed" if failed else "all render what they expect"
