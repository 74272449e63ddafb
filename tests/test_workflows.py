"""Workflows, the action, GitLab's template and hooks: as few privileges as docs/ci.md says, and nothing of strangers is run."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from documentation import ROOT, blocks
from pavior.cli.app import pavior

ACTION = ROOT / ".github/actions/pavior/action.yml"
ACTIONLINT = ROOT / ".tools/bin/actionlint"
PINNED = re.compile(
    r"uses: +(?:\./[\w./-]+|[\w.-]+/[\w./-]+@[0-9a-f]{40} # (?:v\d+\.\d+\.\d+|the commit that you chose))"
)
UNTRUSTED = re.compile(r"\$\{\{")


def texts() -> dict[str, str]:
    """Each workflow, and each that a page shows."""
    found = {
        path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / ".github/workflows").glob("*.y*ml"))
    }
    shown = [block.body for block in blocks("docs/ci.md") if block.words == ("workflow",)]
    return found | {f"docs/ci.md {number}": text for number, text in enumerate(shown, 1)}


WORKFLOWS = texts()


def parsed(name: str) -> dict[str, Any]:
    # YAML 1.1, which PyYAML reads, takes the key `on` for true.
    told = yaml.load(WORKFLOWS[name], Loader=yaml.BaseLoader)
    assert isinstance(told, dict)
    return told


def steps(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each step of a workflow with its job."""
    for job in parsed(name)["jobs"].values():
        yield from ((job, step) for step in job["steps"])


def permissions(workflow: dict[str, Any], job: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = job.get("permissions", workflow["permissions"])
    return found


def test_there_are_workflows_to_look_at() -> None:
    assert {"pull-request.yml", "comment.yml", "docs/ci.md 1"} <= WORKFLOWS.keys()


@pytest.mark.parametrize("name", WORKFLOWS)
class TestEveryWorkflow:
    def test_declares_what_each_job_may_and_nothing_for_all(self, name: str) -> None:
        workflow = parsed(name)
        assert workflow["permissions"] in ({}, {"contents": "read"})
        for job in workflow["jobs"].values():
            assert isinstance(job["permissions"], dict)

    def test_does_not_run_strangers_files_with_the_targets_token(self, name: str) -> None:
        assert "pull_request_target" not in parsed(name)["on"]

    def test_leaves_no_token_in_a_clone(self, name: str) -> None:
        for _, step in steps(name):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] == "false"

    def test_pins_each_action_by_digest_with_its_version(self, name: str) -> None:
        used = re.findall(r"uses: .*", WORKFLOWS[name])
        assert [line for line in used if not PINNED.fullmatch(line)] == []

    def test_puts_no_expression_into_a_script(self, name: str) -> None:
        assert [step["run"] for _, step in steps(name) if UNTRUSTED.search(step.get("run", ""))] == []

    def test_has_no_logic_in_a_script(self, name: str) -> None:
        assert all(step["run"].count("\n") <= 1 for _, step in steps(name) if "run" in step)


def test_a_token_that_can_write_is_never_beside_files_of_a_pull_request() -> None:
    """Of this repository's own: the action of docs/ci.md comes from elsewhere, and takes the change for data."""
    for name in ("pull-request.yml", "comment.yml"):
        for job in parsed(name)["jobs"].values():
            if "write" in permissions(parsed(name), job).values():
                checkouts = [s["with"] for s in job["steps"] if s.get("uses", "").startswith("actions/checkout@")]
                assert all(with_["ref"] == "${{ github.event.repository.default_branch }}" for with_ in checkouts)
                assert not [
                    step for step in job["steps"] if "pip" in step.get("run", "") or "make" in step.get("run", "")
                ]


def test_the_comment_follows_the_workflow_that_writes_it() -> None:
    assert parsed("comment.yml")["on"]["workflow_run"]["workflows"] == [parsed("pull-request.yml")["name"]]


def test_changes_are_looked_at_again_in_the_queue_and_after_the_merge() -> None:
    for name in ("pull-request.yml", "docs/ci.md 1"):
        assert parsed(name)["on"].keys() == {"pull_request", "merge_group", "push"}
        assert parsed(name)["on"]["push"] == {"branches": ["main"]}


def test_the_tool_is_the_targets_where_strangers_bring_the_change() -> None:
    used = [step for _, step in steps("pull-request.yml")]
    tool = next(step["with"] for step in used if step.get("with", {}).get("path") == "tool")
    assert tool["ref"].startswith("${{ github.event.pull_request.base.sha ||")
    assert [step["uses"] for step in used if "/.github/actions/" in step.get("uses", "")] == [
        "./tool/.github/actions/pavior"
    ]


def test_workflows_use_inputs_that_the_action_has() -> None:
    inputs = yaml.safe_load(ACTION.read_text(encoding="utf-8"))["inputs"].keys()
    for name in WORKFLOWS:
        for _, step in steps(name):
            if step.get("uses", "").partition("@")[0].endswith("/.github/actions/pavior"):
                assert step.get("with", {}).keys() <= inputs


class TestAction:
    def test_pins_each_action_by_digest_with_its_version(self) -> None:
        used = re.findall(r"uses: .*", ACTION.read_text(encoding="utf-8"))
        assert used
        assert [line for line in used if not PINNED.fullmatch(line)] == []

    def test_puts_no_expression_into_a_script_and_its_token_into_one_step(self) -> None:
        told = yaml.safe_load(ACTION.read_text(encoding="utf-8"))["runs"]["steps"]
        assert not [step for step in told if UNTRUSTED.search(step.get("run", ""))]
        assert [step["name"] for step in told if "inputs.token" in json.dumps(step)] == ["Comment"]


@pytest.mark.skipif(not ACTIONLINT.exists(), reason="actionlint is built by `make judges`, which runs it too")
@pytest.mark.parametrize("name", WORKFLOWS)
def test_actionlint_finds_nothing(name: str) -> None:
    command = [ACTIONLINT, "-shellcheck=", "-pyflakes=", "-"]
    done = subprocess.run(command, input=WORKFLOWS[name], text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


class TestGitLab:
    @pytest.fixture
    def jobs(self) -> dict[str, Any]:
        _, template = yaml.safe_load_all((ROOT / ".gitlab/pavior.yml").read_text(encoding="utf-8"))
        assert isinstance(template, dict)
        return template

    def test_the_token_is_needed_by_the_comment_alone(self, jobs: dict[str, Any]) -> None:
        assert [name for name, job in jobs.items() if "TOKEN" in json.dumps(job)] == ["pavior comment"]
        assert jobs["pavior comment"]["variables"] == {"GIT_STRATEGY": "none"}

    def test_inputs_reach_scripts_as_variables(self, jobs: dict[str, Any]) -> None:
        assert not [job for job in jobs.values() if "$[[" in "".join(job.get("script", []))]

    def test_reports_are_those_that_the_scripts_write(self, jobs: dict[str, Any]) -> None:
        for name in ("pavior check", "pavior diff"):
            written = set(re.findall(r"--report \w+=(\S+)", "".join(jobs[name]["script"])))
            kept = jobs[name]["artifacts"]
            assert {*kept["paths"], *kept.get("reports", {}).values()} == written

    def test_commands_are_there_with_these_options(self, jobs: dict[str, Any]) -> None:
        for line in (line for job in jobs.values() for line in job.get("script", []) if line.startswith("pavior ")):
            command = pavior.commands[re.findall(r" (check|diff) ", line)[0]]
            known = {option for parameter in command.params for option in parameter.opts}
            assert set(re.findall(r"--[a-z-]+", line)) <= known


def test_hooks_are_commands() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    for hook in hooks:
        assert hook["id"] == hook["entry"].replace(" ", "-")
        program, command, *_ = hook["entry"].split()
        assert program == "pavior"
        assert command in pavior.commands


def test_the_page_shows_hooks_that_there_are() -> None:
    shown = next(yaml.safe_load(block.body) for block in blocks("docs/ci.md") if "repos:" in block.body)
    there = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    assert {hook["id"] for repo in shown["repos"] for hook in repo["hooks"]} <= there


def test_the_files_that_pages_name_are_there() -> None:
    page = Path(ROOT / "docs/ci.md").read_text(encoding="utf-8")
    for path in re.findall(r"/\.(?:gitlab|github)/[\w/.-]*\w", page):
        assert (ROOT / path.lstrip("/")).exists(), path
