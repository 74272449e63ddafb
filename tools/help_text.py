"""Write compiler/pavior/cli/help.txt, the text of `pavior --help`, as click makes it."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from pavior.cli.app import pavior
from pavior.cli.quick import TEXT

if __name__ == "__main__":
    result = CliRunner().invoke(pavior, ["--help"], prog_name="pavior", env={"COLUMNS": "80"}, catch_exceptions=False)
    Path(TEXT).write_text(result.output, encoding="utf-8")
