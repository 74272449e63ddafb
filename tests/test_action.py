"""The action's own steps, run on repositories made here: for each event, and each shape of clone, that a workflow meets."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from actions import Run, run_action
from documentation import ROOT, set_up
from forges import TOKEN, Forge, serving
from pavior.forge.comments import MARKER
from pavior.forge.guard import refusal
from pavior.report.changes import markdown

CART = "teams/shop/cart/platform.yaml"
RUNS = "https://github.example/acme/platform/actions/runs/99"
HOSTILE = '"::add-mask::x": "\\n::stop-commands::y"\ningress:'
IDENTITY = ("-c", "user.name=Dev", "-c", "user.email=dev@acme.example", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    command = ["git", *IDENTITY, "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def edit(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository that the action comes from, as far as it needs it, with nothing left to install."""
    folder = tmp_path_factory.mktemp("tool")
    for path in ("pyproject.toml", "requirements.txt", "tools/setup.sh", ".github/actions/pavior/action.yml"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    set_up(folder)
    return folder


@dataclass(frozen=True)
class Site:
    """A platform repository on its forge, and where its workflows run."""

    tool: Path
    origin: Path
    temporary: Path

    def commit(self, message: str, *, render: bool = True) -> str:
        if render:
            self.pavior("render")
        git(self.origin, "add", "--all")
        git(self.origin, "commit", "--quiet", "--message", message)
        return git(self.origin, "rev-parse", "HEAD")

    def pavior(self, command: str) -> None:
        program = self.tool / ".venv/bin/pavior"
        environment = {"PYTHONPATH": str(ROOT / "compiler"), "PATH": "/usr/bin:/bin"}
        subprocess.run([program, "-C", self.origin, command], env=environment, capture_output=True, check=True)

    def clone(self, reference: str, depth: int = 0) -> Path:
        """The workspace of a job, as `actions/checkout` makes it: HEAD at what is to be looked at, no branch."""
        workspace = self.temporary / "workspace"
        shutil.rmtree(workspace, ignore_errors=True)
        change = workspace / "change"
        git(self.temporary, "init", "--quiet", str(change))
        limits = (f"--depth={depth}",) if depth else ()
        git(
            change,
            "fetch",
            "--quiet",
            *limits,
            f"file://{self.origin}",
            "+refs/*:refs/remotes/origin/*" if not depth else reference,
        )
        git(change, "checkout", "--quiet", "--detach", git(self.origin, "rev-parse", reference))
        return workspace

    def run(self, event: str, told: dict[str, Any], workspace: Path, **inputs: str) -> Run:
        temporary = self.temporary / "runner"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        (temporary / "event.json").write_text(json.dumps(told), encoding="utf-8")
        environment = {
            "PYTHONPATH": str(ROOT / "compiler"),
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(temporary / "event.json"),
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": "acme/platform",
            "GITHUB_RUN_ID": "99",
            "GITHUB_API_URL": inputs.pop("api", ""),
        }
        folder = self.tool / ".github/actions/pavior"
        github = {"event_name": event, "token": TOKEN}
        return run_action(folder, {"directory": "change", **inputs}, github, workspace, temporary, environment)

    def report(self, name: str) -> str:
        return (self.temporary / "runner/pavior" / name).read_text(encoding="utf-8")


@pytest.fixture
def site(tool: Path, tmp_path: Path) -> Site:
    origin = tmp_path / "origin"
    shutil.copytree(ROOT / "tests/platform", origin)
    git(tmp_path, "init", "--quiet", "--initial-branch", "main", str(origin))
    git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
    site = Site(tool, origin, tmp_path)
    site.commit("a platform repository")
    return site


@dataclass(frozen=True)
class Request:
    """A pull request: its own commit, the target as the event tells it, and what merging gives."""

    head: str
    target: str
    merge: str = "refs/pull/7/merge"

    @property
    def event(self) -> dict[str, Any]:
        return {"pull_request": {"number": 7, "base": {"sha": self.target}, "head": {"sha": self.head}}}


@pytest.fixture
def request_(site: Site) -> Request:
    """One that brings a new image, while the target moves on after the event."""
    target = git(site.origin, "rev-parse", "HEAD")
    git(site.origin, "checkout", "--quiet", "-b", "change")
    edit(site.origin, CART, "cart:1.4.2", "cart:1.5.0")
    head = site.commit("a new cart")
    git(site.origin, "checkout", "--quiet", "main")
    edit(site.origin, "teams/shop/front/platform.yaml", "front:7.0.0", "front:7.1.0")
    site.commit("meanwhile, a new front")
    git(site.origin, "checkout", "--quiet", "--detach")
    git(site.origin, "merge", "--quiet", "--no-ff", "--message", "merge", head)
    git(site.origin, "update-ref", "refs/pull/7/merge", "HEAD")
    git(site.origin, "checkout", "--quiet", "main")
    return Request(head, target)


def is_the_new_cart_alone(run: Run, site: Site) -> bool:
    comment = site.report("comment.md")
    return not run.failed and ":1.5.0`" in comment and "shop/front" not in comment


class TestPullRequest:
    def test_the_merge_of_a_full_clone(self, site: Site, request_: Request) -> None:
        run = site.run("pull_request", request_.event, site.clone(request_.merge))
        assert is_the_new_cart_alone(run, site), run
        assert run.outputs["base"] == git(site.origin, "rev-parse", "main") + ".."

    def test_the_merge_of_a_shallow_clone_of_two(self, site: Site, request_: Request) -> None:
        workspace = site.clone(request_.merge, depth=2)
        assert is_the_new_cart_alone(site.run("pull_request", request_.event, workspace), site)

    def test_the_requests_own_commit(self, site: Site, request_: Request) -> None:
        run = site.run("pull_request", request_.event, site.clone(request_.head))
        assert is_the_new_cart_alone(run, site), run

    def test_a_clone_that_is_too_shallow_says_what_to_do(self, site: Site, request_: Request) -> None:
        run = site.run("pull_request", request_.event, site.clone(request_.merge, depth=1))
        assert "fetch-depth: 0" in run.steps["Base"].output
        assert (run.steps["Base"].status, run.steps["Check"].status, run.steps["Changes"].status) == (3, None, None)

    def test_everything_that_is_promised_is_there(self, site: Site, request_: Request) -> None:
        run = site.run("pull_request", request_.event, site.clone(request_.merge))
        assert run.summary == site.report("comment.md")
        assert run.steps["Changes"].output == ""
        assert f"[Everything]({RUNS})." in run.summary
        assert "<html" in site.report("changes.html")
        assert json.loads(site.report("changes.json"))
        assert json.loads(site.report("pavior.sarif"))["version"] == "2.1.0"
        assert 'name="shop/cart"' in site.report("pavior.xml")
        assert str(site.temporary / "runner/pavior") in run.steps["Keep the reports"].output

    def test_what_it_writes_can_be_posted_by_the_privileged_half(self, site: Site, request_: Request) -> None:
        site.run("pull_request", request_.event, site.clone(request_.merge))
        assert refusal(site.report("comment.md"), RUNS) is None

    def test_a_fault_stands_at_its_line_and_what_it_keeps_from_being_compared_is_told(
        self, site: Site, request_: Request
    ) -> None:
        git(site.origin, "checkout", "--quiet", "--detach", request_.merge)
        edit(site.origin, "teams/shop/front/platform.yaml", "image:", "imaje:")
        git(site.origin, "commit", "--quiet", "--all", "--message", "broken")
        git(site.origin, "update-ref", request_.merge, "HEAD")
        told = {"pull_request": {"base": {"sha": git(site.origin, "rev-parse", "main")}, "head": {"sha": "0" * 40}}}
        run = site.run("pull_request", told, site.clone(request_.merge))
        assert run.steps["Check"].status == 1
        assert "::error file=teams/shop/front/platform.yaml,line=3," in run.steps["Check"].output
        assert "PV204" in site.report("pavior.sarif")
        assert "Not compared, because of errors: `shop/cart`, `shop/front`." in site.report("comment.md")
        assert refusal(site.report("comment.md"), RUNS) is None
        assert run.steps["Keep the reports"].status == 0

    def test_a_risk_fails_where_the_workflow_says_so(self, site: Site, request_: Request) -> None:
        run = site.run("pull_request", request_.event, site.clone(request_.merge), **{"fail-on": "cosmetic"})
        assert (run.steps["Check"].status, run.steps["Changes"].status) == (0, 1)
        assert site.report("comment.md")

    def test_inputs_are_data(self, site: Site, request_: Request) -> None:
        for hostile in ("$(touch pwned)", "x; touch pwned", "`touch pwned`", "a\nbase=b", "--help"):
            workspace = site.clone(request_.merge)
            run = site.run("pull_request", request_.event, workspace, base=hostile, **{"fail-on": hostile})
            assert run.failed
            assert not list(site.temporary.rglob("pwned"))

    def test_no_text_of_the_change_is_a_command_to_the_runner(self, site: Site, request_: Request) -> None:
        git(site.origin, "checkout", "--quiet", "--detach", request_.merge)
        edit(site.origin, CART, "ingress:", HOSTILE)
        git(site.origin, "commit", "--quiet", "--all", "--message", "hostile")
        git(site.origin, "update-ref", request_.merge, "HEAD")
        told = {"pull_request": {"base": {"sha": request_.target}, "head": {"sha": request_.head}}}
        run = site.run("pull_request", told, site.clone(request_.merge))
        printed = [line.strip() for step in run.steps.values() for line in step.output.splitlines()]
        commands = [line for line in printed if line.startswith("::")]
        assert commands
        assert all(line.startswith("::error file=teams/shop/cart/platform.yaml,") for line in commands)

    def test_an_event_is_data(self, site: Site, request_: Request) -> None:
        told = {"pull_request": {"base": {"sha": "main --output=pwned"}, "head": {"sha": request_.head}}}
        run = site.run("pull_request", told, site.clone(request_.head))
        assert run.steps["Base"].status == 3


class TestComment:
    @pytest.fixture
    def forge(self) -> Iterator[Forge]:
        with serving(Forge()) as served:
            yield served

    def test_each_push_updates_one_comment(self, site: Site, request_: Request, forge: Forge) -> None:
        workspace = site.clone(request_.merge)
        for _ in range(2):
            run = site.run("pull_request", request_.event, workspace, comment="true", api=forge.address)
            assert run.steps["Comment"].status == 0, run.steps["Comment"].output
        assert [comment["body"] for comment in forge.comments] == [site.report("comment.md")]

    def test_nothing_is_said_unasked(self, site: Site, request_: Request, forge: Forge) -> None:
        site.run("pull_request", request_.event, site.clone(request_.merge), api=forge.address)
        assert forge.requests == []

    def test_golden_paths_at_fault_take_the_old_comment_away(self, site: Site, request_: Request, forge: Forge) -> None:
        ours = forge.say(forge.me, f"{MARKER}\nold")
        workspace = site.clone(request_.merge)
        (workspace / "change/golden-paths/organization.yaml").write_text("[]\n", encoding="utf-8")
        run = site.run("pull_request", request_.event, workspace, comment="true", api=forge.address)
        assert run.steps["Comment"].status == 0, run.steps["Comment"].output
        assert "could not be found out" in ours["body"]


class TestOtherEvents:
    def test_a_first_commit_is_all_new(self, site: Site) -> None:
        run = site.run("push", {"before": "0" * 40}, site.clone("main"))
        assert not run.failed, run
        assert json.loads(site.report("changes.json"))["manifests"]["removed"] == 0
        assert json.loads(site.report("changes.json"))["manifests"]["added"] > 0

    def test_a_push_is_compared_with_what_was_there(self, site: Site) -> None:
        before = git(site.origin, "rev-parse", "main")
        for version in ("1.4.3", "1.4.4"):
            (site.origin / CART).write_text((site.origin / CART).read_text().replace("cart:1.4.", f"cart:{version}-"))
            site.commit(f"cart {version}")
        run = site.run("push", {"before": before}, site.clone("main"))
        assert not run.failed, run
        assert ":1.4.2`" in site.report("comment.md")

    def test_a_force_push_is_compared_with_what_it_replaced(self, site: Site) -> None:
        first = git(site.origin, "rev-parse", "main")
        edit(site.origin, CART, "cart:1.4.2", "cart:1.5.0")
        replaced = site.commit("to be replaced")
        git(site.origin, "branch", "kept", replaced)
        git(site.origin, "reset", "--quiet", "--hard", first)
        edit(site.origin, CART, "cart:1.4.2", "cart:1.6.0")
        site.commit("instead")
        run = site.run("push", {"before": replaced, "forced": True}, site.clone("main"))
        assert not run.failed, run
        assert ":1.5.0`" in site.report("comment.md")
        assert ":1.6.0`" in site.report("comment.md")

    def test_a_force_push_that_leaves_nothing_is_compared_with_the_parent(self, site: Site) -> None:
        edit(site.origin, CART, "cart:1.4.2", "cart:1.6.0")
        site.commit("instead")
        run = site.run("push", {"before": "d" * 40, "forced": True}, site.clone("main"))
        assert not run.failed, run
        assert "::warning title=pavior::the branch was rewritten" in run.steps["Base"].output
        assert ":1.4.2`" in site.report("comment.md")

    def test_a_merge_queue_is_compared_with_what_it_merges_into(self, site: Site, request_: Request) -> None:
        told = {"merge_group": {"base_sha": git(site.origin, "rev-parse", "main")}}
        assert is_the_new_cart_alone(site.run("merge_group", told, site.clone(request_.merge)), site)

    def test_a_run_by_hand_is_compared_with_the_parent(self, site: Site) -> None:
        edit(site.origin, CART, "cart:1.4.2", "cart:1.5.0")
        site.commit("a new cart")
        run = site.run("workflow_dispatch", {}, site.clone("main"))
        assert ":1.5.0`" in site.report("comment.md"), run


def test_comments_are_found_by_the_marker_that_reports_begin_with() -> None:
    assert MARKER == markdown.MARKER
