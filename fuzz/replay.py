"""Runs one case that was kept, in a process of its own: `python -m fuzz.replay TARGET FILE`. 1 where something does not hold."""

from __future__ import annotations

import sys
from pathlib import Path

from fuzz.case import read
from fuzz.guard import Violation, guarded
from fuzz.targets import targets


def replay(name: str, file: Path) -> None:
    """Raises Violation. The second time counts: the first also loads what any command loads."""
    target, case = targets()[name], read(file)
    try:
        guarded(lambda: target.run(case), slower=10, writable=target.writable())
    except Violation as violation:
        if violation.kind not in ("time", "memory"):
            raise
    guarded(lambda: target.run(case), writable=target.writable())


if __name__ == "__main__":
    try:
        replay(sys.argv[1], Path(sys.argv[2]))
    except Violation as violation:
        print(str(violation).encode("unicode_escape").decode())
        sys.exit(1)
