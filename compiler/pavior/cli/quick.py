"""`pavior --help` at the cost of a bare interpreter.

Importing click costs 2.5 times what starting Python does, so the text that click makes of the commands lies beside this file
(`make help-text` writes it, a test holds it equal), and click is loaded where anything else is asked.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

TEXT = os.path.join(os.path.dirname(__file__), "help.txt")  # pathlib is half of the time saved
_WIDEST = 80  # click wraps to the terminal, but never wider


def quick_help(arguments: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """The answer to this command line, its program's name first, if it asks for the help of the whole and nothing else."""
    program, *rest = arguments
    if rest not in (["--help"], ["-h"]) or "_PAVIOR_COMPLETE" in environment:
        return None
    if os.path.basename(program) != "pavior" or _columns(environment) < _WIDEST:
        return None
    with open(TEXT, encoding="utf-8") as file:
        return file.read()


def _columns(environment: Mapping[str, str]) -> int:
    """The width of the terminal, found as `shutil.get_terminal_size` does."""
    given = environment.get("COLUMNS", "")
    if given.isdigit() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or _WIDEST
    except (OSError, ValueError, AttributeError):  # no terminal
        return _WIDEST
