"""The rendered tree is a function of the repository's files, and of nothing else."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fleets import ROOT, command, put, reference, run, run_process, tiny, tree
from pavior.pipeline import Selection, render
from pavior.pipeline.assemble import Owner
from pavior.pipeline.passing import Passed, passing
from pavior.platform import Platform


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


LOCALES = sorted(
    {"C", "POSIX", *subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.split()}
)
"""Those that this machine has; one that it lacks is as good as C, and tried as well."""

ZONES = ("UTC", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns", "XXX25:61:61")


def render_elsewhere(root: Path, folder: str, umask: int, *options: str, **variables: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "compiler"), **variables}
    subprocess.run(
        command("render", *options), cwd=root / folder, env=environment, umask=umask, check=True, capture_output=True
    )


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
    render_elsewhere(root, folder, umask, *options, **variables)
    assert tree(root) == tree(fleet)


def test_no_mixture_of_surroundings_shows(tmp_path: Path) -> None:
    """Each locale of this machine once, or as often as PAVIOR_ROUNDS says, with whatever else may differ."""
    root = tiny(tmp_path / "tiny")
    for number in range(20):
        text = f"apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: a:{number}\nenv: {{TEXT: 'Ünï ✓ {number} ıİ'}}\n"
        put(root, f"teams/red/{chr(97 + 7 * number % 26)}{number}/platform.yaml", text)
    assert run(root, "render").status == 0
    chance, wanted = random.Random(), tree(root)
    tried = [*LOCALES[:4], "tr_TR.UTF-8", "xx_XX"]
    for number in range(max(len(tried), int(os.environ.get("PAVIOR_ROUNDS", "0")))):
        place = tmp_path / chance.choice(("a", "Ü ß", "-x", "b'c"))
        place.mkdir()
        names = sorted(p.relative_to(root) for p in root.rglob("*") if p.is_file() and p.parts[-2] != ".pavior")
        # Folders list what is in them in the order in which it came, on many file systems.
        for name in chance.sample(names, len(names)):
            if name.parts[0] != "rendered":
                put(place, str(name), (root / name).read_text(encoding="utf-8"))
        variables = {
            "LC_ALL": tried[number % len(tried)],
            "TZ": chance.choice(ZONES),
            "PYTHONHASHSEED": str(chance.randrange(2**32)),
            "PYTHONUTF8": chance.choice("01"),
            "PYTHONCOERCECLOCALE": chance.choice("01"),
            "PYTHONOPTIMIZE": chance.choice(("", "1")),
        }
        jobs, umask = str(chance.randint(1, 5)), chance.choice((0, 0o022, 0o027, 0o077))
        render_elsewhere(place, chance.choice((".", "teams")), umask, "--jobs", jobs, **variables)
        assert tree(place) == wanted, (variables, jobs, umask)
        shutil.rmtree(place)


@pytest.mark.parametrize("form", ["text", "concise", "json", "github", "sarif"])
def test_what_people_write_is_told_whatever_the_locale_can_encode(tmp_path: Path, form: str) -> None:
    root = tiny(tmp_path)
    put(root, "teams/red/one/platform.yaml", "apiVersion: pavior.dev/v1\ngoldenPath: app\nimäge: a/✓:1\n")
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    found = run_process(root, "validate", "--format", form, **ascii_only)
    assert (found.status, found.errors) == (1, "")
    assert "PV204" in found.output


def test_shards_of_several_machines_give_the_bytes_of_one(fleet: Path, tmp_path: Path) -> None:
    root = twin(fleet, tmp_path / "shards")
    for index in (2, 3, 1):
        part = ("--shard", f"{index}/3", "--proof", str(tmp_path / f"{index}.json"), "--jobs", str(index))
        render_elsewhere(root, ".", 0o022, *part, PYTHONHASHSEED=str(index))
    assert tree(root) == tree(fleet)


def interpreters(version: str) -> list[str]:
    """The Pythons of a version: those that PAVIOR_PYTHONS lists as PATH lists folders, and one that is called so in PATH."""
    named = [*filter(None, os.environ.get("PAVIOR_PYTHONS", "").split(os.pathsep)), shutil.which(f"python{version}")]
    asks = ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return [
        name
        for name in named
        if name and subprocess.run([name, *asks], capture_output=True, text=True, check=False).stdout.strip() == version
    ]


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_every_version_of_python_renders_the_same(fleet: Path, tmp_path: Path, version: str) -> None:
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        pytest.skip("the version that runs this test")
    found = interpreters(version)
    if not found:
        pytest.skip(f"there is no python{version} in PATH or PAVIOR_PYTHONS")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "compiler"), "PYTHONHASHSEED": "7"}
    needs = ["-c", "import click, jinja2, jsonpatch, jsonschema_rs, orjson, yaml"]
    ready = [each for each in found if subprocess.run([each, *needs], capture_output=True, check=False).returncode == 0]
    if not ready:
        pytest.skip(f"{found[0]} lacks what requirements.txt lists")
    root = twin(fleet, tmp_path / "other")
    done = subprocess.run(
        [ready[0], "-m", "pavior", "render"], cwd=root, env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert tree(root) == tree(fleet)
    print(f"\nPython {version} ({ready[0]}) renders the same")


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
    # Shards of both go together.
    asks = [sys.executable, "-c", "from pavior.pipeline.proof import code; print(code())"]
    checkout = {**environment, "PYTHONPATH": str(ROOT / "compiler")}
    told = [subprocess.run(asks, env=e, check=True, capture_output=True).stdout for e in (environment, checkout)]
    assert told[0] == told[1] != b""
    # What travels in the wheel as the starter is a platform repository's golden paths, whole.
    starter = installed / "pavior" / "starter"
    assert {p.relative_to(starter) for p in starter.rglob("*") if p.is_file()} == {
        p.relative_to(ROOT) for folder in ("golden-paths", "schemas") for p in (ROOT / folder).rglob("*") if p.is_file()
    }


def test_the_long_way_for_what_is_at_fault_gives_the_bytes_of_the_short_one(
    fleet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = twin(fleet, tmp_path / "other")
    monkeypatch.setattr("pavior.pipeline.compile.passing", lambda _, owners, *rest: [None] * len(owners))
    report = render(other, Selection())
    assert not report.failed
    assert tree(other) == tree(fleet) != {}


def test_what_is_at_fault_takes_the_long_way_alone(
    fleet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = twin(fleet, tmp_path / "other")
    taken = []

    def every_other(platform: Platform, owners: Sequence[Owner], *rest: Any) -> list[Passed | None]:
        done = passing(platform, owners, *rest)
        taken.extend(owner.folder for owner in owners[::2])
        return [None if index % 2 == 0 else each for index, each in enumerate(done)]

    monkeypatch.setattr("pavior.pipeline.compile.passing", every_other)
    report = render(other, Selection())
    assert not report.failed
    assert len(taken) == len(set(taken)) > 20
    assert tree(other) == tree(fleet) != {}


def test_one_fault_among_services_that_pass_together_is_told_as_if_it_were_alone(fleet: Path, tmp_path: Path) -> None:
    other = twin(fleet, tmp_path / "other")
    render(other, Selection())
    file = other / "teams/fulfilment/warehouse/platform.yaml"
    file.write_text(re.sub(r"image: (.*):[^:]*@.*", r"image: \1:latest", file.read_text()))
    whole = render(other, Selection())
    assert whole.failed
    alone = render(other, Selection(names=("fulfilment/warehouse",)))
    errors = [d for d in whole.diagnostics if d.is_error]
    assert errors == [d for d in alone.diagnostics if d.is_error] != []
    assert {d.span.file for d in errors} == {"teams/fulfilment/warehouse/platform.yaml"}
    assert tree(other) == tree(fleet)
