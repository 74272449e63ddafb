"""Runs the steps of a composite action on this machine, with what GitHub would have set around them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_TERM = re.compile(r"!cancelled\(\)|'[^']*'|[a-z_-]+(?:\.[A-Za-z_-]+)+|&&|\|\||==|!=|!|[()]")


@dataclass(frozen=True, slots=True)
class Step:
    """A step that ran, or did not: `status` is None where its condition did not hold. Actions that it uses do nothing."""

    name: str
    status: int | None
    output: str = ""


@dataclass(slots=True)
class Run:
    """What became of an action: its steps by name, and what they left."""

    steps: dict[str, Step] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""

    @property
    def failed(self) -> bool:
        return any(step.status for step in self.steps.values())


def run_action(
    folder: Path,
    inputs: Mapping[str, str],
    github: Mapping[str, str],
    workspace: Path,
    temporary: Path,
    environment: Mapping[str, str],
) -> Run:
    """Run the steps of the action in `folder` as a runner does; `github` is what expressions know by that name."""
    action = yaml.safe_load((folder / "action.yml").read_text(encoding="utf-8"))
    defaults = {name: str(told.get("default", "")) for name, told in action["inputs"].items()}
    assert inputs.keys() <= defaults.keys()
    values = {f"inputs.{name}": value for name, value in {**defaults, **inputs}.items()}
    values |= {f"github.{name}": value for name, value in github.items()} | {"runner.temp": str(temporary)}
    values = {name: _filled(value, values) for name, value in values.items()}
    done = Run()
    for number, told in enumerate(action["runs"]["steps"]):
        name = told.get("name", told.get("uses", str(number)))
        if not _holds(told.get("if"), values, done.failed):
            done.steps[name] = Step(name, None)
            outcome = "skipped"
        elif "uses" in told:
            done.steps[name] = Step(name, 0, str({key: _filled(text, values) for key, text in told["with"].items()}))
            outcome = "success"
        else:
            own = {key: _filled(text, values) for key, text in told.get("env", {}).items()}
            step = _ran(name, told, {**environment, **own}, folder, workspace, temporary)
            done.steps[name] = step
            outcome = "failure" if step.status else "success"
            done.summary += (temporary / "summary").read_text(encoding="utf-8")
            for line in (temporary / "output").read_text(encoding="utf-8").splitlines():
                key, _, value = line.partition("=")
                done.outputs[key] = value
                values[f"steps.{told.get('id')}.outputs.{key}"] = value
        values[f"steps.{told.get('id')}.outcome"] = outcome
    return done


def _ran(
    name: str, told: Mapping[str, Any], environment: Mapping[str, str], folder: Path, workspace: Path, temporary: Path
) -> Step:
    """With the command that runners give a composite step of `shell: bash`."""
    assert told["shell"] == "bash"
    script = temporary / "step.sh"
    script.write_text(told["run"], encoding="utf-8")
    for file in ("summary", "output"):
        (temporary / file).write_text("", encoding="utf-8")
    around = {
        "PATH": os.environ["PATH"],
        "HOME": str(temporary),
        "GITHUB_ACTION_PATH": str(folder),
        "GITHUB_OUTPUT": str(temporary / "output"),
        "GITHUB_STEP_SUMMARY": str(temporary / "summary"),
        "RUNNER_TEMP": str(temporary),
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
        cwd=workspace,
        env={**around, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Step(name, done.returncode, done.stdout)


def _filled(text: object, values: Mapping[str, str]) -> str:
    """Text with its expressions replaced; those of this action are names alone."""
    return _EXPRESSION.sub(lambda found: values.get(found[1], ""), str(text))


def _holds(condition: str | None, values: Mapping[str, str], failed: bool) -> bool:
    """A step's condition. Without `!cancelled()` in it a step runs only if none before it failed."""
    if condition is None:
        return not failed
    inner = _EXPRESSION.fullmatch(condition)
    terms = _TERM.findall(inner[1] if inner else condition)
    assert "".join(terms) == (inner[1] if inner else condition).replace(" ", ""), (
        f"a condition beyond this: {condition}"
    )
    words = {"&&": "and", "||": "or", "!": "not", "!cancelled()": "True"}
    python = [words.get(term, term if term[0] in "'()=!" else repr(values.get(term, ""))) for term in terms]
    return bool(eval(" ".join(python), {"__builtins__": {}})) and ("!cancelled()" in terms or not failed)
