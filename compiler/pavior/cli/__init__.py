"""The command line. This module imports next to nothing, so that `pavior --help` costs little."""

from __future__ import annotations

import gc
import os
import sys
from io import TextIOWrapper

from pavior.cli.quick import quick_help


def main() -> None:
    """The `pavior` command."""
    answer = quick_help(sys.argv, os.environ)
    if answer is not None:
        sys.stdout.write(answer)
        return
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # What people write is told whatever the locale can encode.
            stream.reconfigure(errors="backslashreplace")
    try:
        from pavior.cli.app import pavior  # noqa: PLC0415  (click is most of what starting costs)

        # The process ends with the command. A search for cycles after it, and the interpreter's own before it ends, would go
        # through all that the command loaded, for a tenth of a second each.
        gc.set_threshold(2_000_000)
        sys.exit(pavior.main(standalone_mode=True))
    except (KeyboardInterrupt, RuntimeError) as error:
        # Python 3.11 makes a RuntimeError of whatever comes while a class is told the names of its fields.
        if not isinstance(error, KeyboardInterrupt) and not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        # What click says of a Ctrl-C, to one that comes before click is there.
        sys.stderr.write("Aborted!\n")
        sys.exit(1)
    finally:
        gc.freeze()
