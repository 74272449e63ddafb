"""`pavior --help` costs little, and says what click would say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pavior.cli.app import pavior
from pavior.cli.quick import quick_help


def by_click(columns: str) -> str:
    environment = {"COLUMNS": columns}
    return CliRunner().invoke(pavior, ["--help"], prog_name="pavior", env=environment, catch_exceptions=False).output


@pytest.mark.parametrize("columns", ["80", "81", "240"])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_kept_help_is_clicks_own(columns: str, option: str) -> None:
    assert quick_help(["/usr/bin/pavior", option], {"COLUMNS": columns}) == by_click(columns), "run `make help-text`"


def test_a_narrow_terminal_gets_clicks_wrapping() -> None:
    assert quick_help(["pavior", "--help"], {"COLUMNS": "60"}) is None


@pytest.mark.parametrize(
    "arguments", [["pavior"], ["pavior", "render", "--help"], ["pavior", "--help", "render"], ["__main__.py", "--help"]]
)
def test_everything_else_is_clicks_to_answer(arguments: list[str]) -> None:
    assert quick_help(arguments, {"COLUMNS": "80"}) is None


def test_shell_completion_is_clicks_to_answer() -> None:
    assert quick_help(["pavior", "--help"], {"COLUMNS": "80", "_PAVIOR_COMPLETE": "bash_source"}) is None


def test_help_loads_neither_click_nor_anything_else_of_weight() -> None:
    program = Path(sys.executable).with_name("pavior")
    environment = os.environ | {"COLUMNS": "80"}
    command = [sys.executable, "-X", "importtime", str(program), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == by_click("80")
    bare = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "pass"], capture_output=True, text=True, check=True
    )
    loaded = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if "|" in line}
    needed = {line.rsplit("|", 1)[1].strip() for line in bare.stderr.splitlines() if "|" in line}
    assert not {"click", "yaml", "jinja2", "typing", "inspect", "dataclasses"} & (loaded - needed)
    assert len(loaded) <= 2.5 * len(needed), sorted(loaded - needed)
