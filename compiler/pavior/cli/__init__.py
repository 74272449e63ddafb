"""The command line. This module imports next to nothing, so that `pavior --help` costs little."""

from __future__ import annotations

import sys


def main() -> None:
    """The `pavior` command."""
    from pavior.cli.app import pavior  # noqa: PLC0415  (click is most of what starting costs)

    sys.exit(pavior.main(standalone_mode=True))
