"""The rendered tree is a function of the repository's files, and of nothing else."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fleets import ROOT, command, reference, run, tree
from pavior.pipeline import Selection, render


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this repository, rendered."""
    root = reference(tmp_path_factory.mktemp("fleet"))
    assert run(root, "render").status == 0
    return root


def twin(fleet: Path, place: Path) -> Path:
    """The same repository elsewhere, with nothing rendered."""
    place.mkdir()
    for folder in ("golden-paths", "teams"):
        shutil.copytree(fleet / folder, place / folder)
    return place


class Shuffled:
    """The entries of a folder in another order."""

    def __init__(self, scanned: Iterator[os.DirEntry[str]], chance: random.Random) -> None:
        with scanned:  # type: ignore[attr-defined]
            self._entries = list(scanned)
        chance.shuffle(self._entries)

    def __iter__(self) -> Iterator[os.DirEntry[str]]:
        return iter(self._entries)

    def __enter__(self) -> Shuffled:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@contextmanager
def shuffled_folders(seed: int) -> Iterator[None]:
    chance, scandir, listdir = random.Random(seed), os.scandir, os.listdir
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "scandir", lambda path=".": Shuffled(scandir(path), chance))
        patch.setattr(os, "listdir", lambda path=".": chance.sample(found := listdir(path), len(found)))
        yield


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_in_which_folders_are_listed_does_not_show(fleet: Path, tmp_path: Path, seed: int) -> None:
    root = twin(fleet, tmp_path / "shuffled")
    with shuffled_folders(seed):
        assert run(root, "render").status == 0
        assert tree(root) == tree(fleet)
        assert run(root, "check").status == 0


ELSEWHERE = {
    "another hash seed and several workers": ({"PYTHONHASHSEED": "1"}, ("--jobs", "2"), 0o022, "."),
    "another place in time and space": (
        {"PYTHONHASHSEED": "2", "TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        (),
        0o077,
        "teams/payments",
    ),
    "another language and home": (
        {
            "PYTHONHASHSEED": "3",
            "LANG": "tr_TR.UTF-8",
            "LC_ALL": "tr_TR.UTF-8",
            "HOME": "/nonexistent",
            "COLUMNS": "20",
        },
        (),
        0o027,
        "golden-paths",
    ),
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_nothing_about_the_machine_shows(fleet: Path, tmp_path: Path, where: str) -> None:
    variables, options, umask, folder = ELSEWHERE[where]
    root = twin(fleet, tmp_path / "a folder's näme")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "compiler"), **variables}
    subprocess.run(
        command("render", *options), cwd=root / folder, env=environment, umask=umask, check=True, capture_output=True
    )
    assert tree(root) == tree(fleet)


def test_the_wheel_renders_what_the_checkout_renders(fleet: Path, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("pavior-*.whl")
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    root = twin(fleet, tmp_path / "elsewhere")
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    where = [sys.executable, "-c", "import pavior; print(pavior.__file__)"]
    found = subprocess.run(where, cwd=root, env=environment, check=True, capture_output=True, text=True)
    assert found.stdout.strip() == str(installed / "pavior" / "__init__.py")
    subprocess.run(command("render"), cwd=root, env=environment, check=True, capture_output=True)
    assert tree(root) == tree(fleet)
    # What travels in the wheel as the starter is a platform repository's golden paths, whole.
    starter = installed / "pavior" / "starter"
    assert {p.relative_to(starter) for p in starter.rglob("*") if p.is_file()} == {
        p.relative_to(ROOT) for folder in ("golden-paths", "schemas") for p in (ROOT / folder).rglob("*") if p.is_file()
    }


def test_the_long_way_for_what_is_at_fault_gives_the_bytes_of_the_short_one(
    fleet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = twin(fleet, tmp_path / "other")
    monkeypatch.setattr("pavior.pipeline.compile.passing", lambda *_: None)
    report = render(other, Selection())
    assert not report.failed
    assert tree(other) == tree(fleet) != {}
