"""CODEOWNERS: who must approve what, as forges read the file that is written."""

from __future__ import annotations

import shutil
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from click.testing import CliRunner

from fleets import ROOT
from pavior.cli.app import pavior
from pavior.pipeline.checking import check
from pavior.pipeline.ownership import LARGEST
from pavior.pipeline.selection import Selection

FILE = ".github/CODEOWNERS"
OWNERS = """\
apiVersion: pavior.dev/v1
description: Shop.
reviewers: ["@acme/shop", ana@acme.example]
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A small platform repository with one team that approves its own changes and one that doesn't."""
    shutil.copytree(Path(__file__).parent / "platform", tmp_path / "acme")
    root = tmp_path / "acme"
    organization = root / "golden-paths/organization.yaml"
    organization.write_text(f'{organization.read_text()}\nreviewers: ["@acme/platform"]\n')
    (root / "teams/shop/team.yaml").write_text(OWNERS)
    return root


def _run(root: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(pavior, ["-C", str(root), *arguments])
    return result.exit_code, result.output


def owners(text: str, path: str) -> list[str]:
    """Who approves a file: those of the last pattern that matches it. A pattern's `*` stands for one folder's name."""
    found: list[str] = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            pattern, *reviewers = line.split(" ")
            if _matches(pattern, path):
                found = reviewers
    return found


def _matches(pattern: str, path: str) -> bool:
    if pattern == "*":
        return True
    wanted, parts = pattern.strip("/").split("/"), path.split("/")
    exact = len(parts) == len(wanted) or (pattern.endswith("/") and len(parts) > len(wanted))
    return exact and all(fnmatchcase(part, each) for part, each in zip(parts, wanted, strict=False))


APPROVED = {
    "teams/shop/cart/platform.yaml": ["@acme/shop", "ana@acme.example"],
    "teams/shop/cart/manifests/a.yaml": ["@acme/shop", "ana@acme.example"],
    "teams/shop/team.yaml": ["@acme/platform"],
    "teams/new/team.yaml": ["@acme/platform"],
    "rendered/prod/shop/cart/workload.yaml": ["@acme/shop", "ana@acme.example", "@acme/platform"],
    "rendered/prod@north/argocd/shop/cart.yaml": ["@acme/shop", "ana@acme.example", "@acme/platform"],
    "rendered/prod/shop/team/guardrails.yaml": ["@acme/platform"],
    "rendered/prod/argocd/shop.yaml": ["@acme/platform"],
    "rendered/prod/platform/guardrails.yaml": ["@acme/platform"],
    "rendered/prod/new/cart/workload.yaml": ["@acme/platform"],
    "golden-paths/organization.yaml": ["@acme/platform"],
    "schemas/platform.schema.json": ["@acme/platform"],
    FILE: ["@acme/platform"],
    "CODEOWNERS": ["@acme/platform"],
    "README.md": [],
}


@pytest.mark.parametrize("path", APPROVED)
def test_each_file_has_the_approval_that_it_needs(path: str, fleet: Path) -> None:
    assert _run(fleet, "codeowners") == (0, f"written: {FILE}\n")
    assert owners((fleet / FILE).read_text(), path) == APPROVED[path]


def test_a_team_without_reviewers_is_left_to_the_platform(fleet: Path) -> None:
    (fleet / "teams/shop/team.yaml").write_text("apiVersion: pavior.dev/v1\ndescription: Shop.\n")
    _run(fleet, "codeowners")
    assert owners((fleet / FILE).read_text(), "teams/shop/cart/platform.yaml") == ["@acme/platform"]


def test_lines_of_others_stay_where_they_are(fleet: Path) -> None:
    (fleet / ".github").mkdir(exist_ok=True)
    (fleet / FILE).write_text("* @acme/everyone")
    _run(fleet, "codeowners")
    first = (fleet / FILE).read_text()
    assert first.startswith("* @acme/everyone\n\n# pavior codeowners:")
    (fleet / FILE).write_text(f"{first}/docs/ @acme/writers\n")
    (fleet / "teams/shop/team.yaml").write_text(OWNERS.replace("@acme/shop", "@acme/shops"))
    assert _run(fleet, "codeowners", "--check") == (1, f"out of date: {FILE}\n")
    _run(fleet, "codeowners")
    second = (fleet / FILE).read_text()
    assert second == f"{first}/docs/ @acme/writers\n".replace("@acme/shop ", "@acme/shops ")
    assert _run(fleet, "codeowners", "--check") == (0, "")


def test_bytes_of_others_stay_as_they_are(fleet: Path) -> None:
    (fleet / ".github").mkdir(exist_ok=True)
    (fleet / FILE).write_bytes(b"# caf\xe9\n* @acme/everyone\n")
    assert _run(fleet, "codeowners")[0] == 0
    assert (fleet / FILE).read_bytes().startswith(b"# caf\xe9\n* @acme/everyone\n\n# pavior codeowners:")
    assert _run(fleet, "codeowners", "--check") == (0, "")


def test_check_says_when_a_block_is_out_of_date(fleet: Path) -> None:
    (fleet / "docs").mkdir(exist_ok=True)
    (fleet / "docs/CODEOWNERS").write_text("* @acme/everyone\n")
    codes = lambda: {d.code.number for d in check(fleet, Selection()).diagnostics}  # noqa: E731
    assert "PV606" not in codes(), "a file without a block is nobody's business"
    _run(fleet, "codeowners", "docs/CODEOWNERS")
    assert "PV606" not in codes()
    (fleet / "teams/shop/team.yaml").write_text(OWNERS.replace("@acme/shop", "@acme/shops"))
    assert "PV606" in codes()


REFUSED = (
    "@acme/shop /golden-paths/",
    "@acme/shop\n* @evil",
    "@acme/shop #",
    "acme",
    "@",
    "@acme/",
    "@acme//shop",
    "[a]@b",
)


@pytest.mark.parametrize("reviewer", REFUSED)
def test_a_reviewer_is_one_word(reviewer: str, fleet: Path) -> None:
    said = reviewer.replace("\n", "\\n")
    (fleet / "teams/shop/team.yaml").write_text(OWNERS.replace("@acme/shop", said))
    status, output = _run(fleet, "codeowners")
    assert status == 1
    assert "PV205" in output
    assert not (fleet / FILE).exists()


def test_nothing_is_written_through_a_link(fleet: Path, tmp_path: Path) -> None:
    (fleet / ".github").mkdir(exist_ok=True)
    (tmp_path / "other").write_text("mine\n")
    (fleet / FILE).symlink_to(tmp_path / "other")
    status, output = _run(fleet, "codeowners")
    assert status == 1
    assert "PV006" in output
    assert (tmp_path / "other").read_text() == "mine\n"


def test_nothing_is_written_into_a_folder_that_is_a_link(fleet: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (fleet / ".gitlab").symlink_to(tmp_path / "other")
    status, _ = _run(fleet, "codeowners", ".gitlab/CODEOWNERS")
    assert status == 1
    assert not list((tmp_path / "other").iterdir())


def test_this_repositorys_own_file_is_up_to_date() -> None:
    assert _run(ROOT, "codeowners", "--check") == (0, "")


def test_a_file_that_no_forge_reads_is_neither_read_nor_written(fleet: Path) -> None:
    (fleet / FILE).parent.mkdir(exist_ok=True)
    _run(fleet, "codeowners")
    with (fleet / FILE).open("ab") as file:
        file.truncate(LARGEST + 1)
    status, said = _run(fleet, "codeowners")
    assert (status, "PV006" in said) == (1, True), said
    assert (fleet / FILE).stat().st_size == LARGEST + 1
    assert FILE not in {d.span.file for d in check(fleet, Selection()).diagnostics}
