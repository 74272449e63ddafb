"""A conflict in rendered/ is settled as docs/tutorial.md says, whatever the two sides did and whichever is merged into which."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "tutorial.md"


def git(root: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ana", "-c", "user.email=ana@acme.example", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout


def pavior(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pavior", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def recipe() -> list[Sequence[str]]:
    """The commands of the page's section on conflicts."""
    section = PAGE.read_text().partition("### When Git can't merge `rendered/`")[2]
    block = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert block is not None
    return [shlex.split(line) for line in block[1].splitlines()]


@pytest.fixture
def branches(tmp_path: Path) -> Path:
    """Two branches of a platform repository: `team` bumps an image and drops a service, `platform` changes a default."""
    root = tmp_path / "platform"
    for folder in ("golden-paths", "teams"):
        shutil.copytree(HERE / "platform" / folder, root / folder)
    git(tmp_path, "init", "--quiet", "--initial-branch=base", str(root))
    (root / ".gitignore").write_text(".pavior/\n")
    commit(root, "Begin")
    git(root, "switch", "--quiet", "-c", "team")
    service = root / "teams/shop/mailer/platform.yaml"
    service.write_text(service.read_text().replace("0.3.1", "0.4.0") + "resources: {cpu: 300m}\n")
    shutil.rmtree(root / "teams/shop/front")
    caller = root / "teams/shop/cart/platform.yaml"
    caller.write_text(caller.read_text().replace("inbound: [shop/front], ", ""))
    commit(root, "A newer mailer, and no front")
    git(root, "switch", "--quiet", "-c", "platform", "base")
    defaults = root / "golden-paths/components/workload/defaults.yaml"
    defaults.write_text(defaults.read_text().replace("size: small", "size: large"))
    commit(root, "Everything is large")
    return root


def commit(root: Path, message: str) -> None:
    assert pavior(root, "render").returncode == 0
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", message)


@pytest.mark.parametrize(("ours", "theirs"), [("team", "platform"), ("platform", "team")])
@pytest.mark.parametrize("way", ["merge", "rebase"])
def test_a_conflict_is_settled_by_rendering(branches: Path, ours: str, theirs: str, way: str) -> None:
    git(branches, "switch", "--quiet", ours)
    with pytest.raises(subprocess.CalledProcessError):
        git(branches, way, theirs)
    unmerged = set(git(branches, "diff", "--name-only", "--diff-filter=U").splitlines())
    assert "rendered/prod/shop/mailer/workload.yaml" in unmerged  # both sides changed it
    assert "rendered/prod/shop/front/workload.yaml" in unmerged  # one changed it, one deleted it
    assert pavior(branches, "check").returncode == 1
    for command in recipe():
        program, *arguments = command
        if program == "pavior":
            assert pavior(branches, *arguments).returncode == 0
        else:
            git(branches, *arguments)
    assert git(branches, "diff", "--name-only", "--diff-filter=U") == ""
    git(branches, "-c", "core.editor=true", way, "--continue")
    assert git(branches, "status", "--short") == ""
    assert pavior(branches, "check").returncode == 0
    rendered = (branches / "rendered/prod/shop/mailer/workload.yaml").read_text()
    assert "mailer:0.4.0" in rendered
    assert "cpu: 300m" in rendered
    assert 'cpu: "1"' in (branches / "rendered/prod/shop/cart/workload.yaml").read_text()
    assert not (branches / "rendered/prod/shop/front").exists()
