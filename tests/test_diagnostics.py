"""Every diagnostic as people meet it: the cases of tests/diagnostics/, run as they are written there.

`PAVIOR_UPDATE=1 pytest tests/test_diagnostics.py` writes what is printed now into the cases; read what changes.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

import click.testing
import pytest
from tests.commits import git
from tests.literate import Case, cases, heading, rewrite

from clusters_of_workers import cluster
from pavior.cli.app import pavior
from pavior.diagnostics import Outcome
from pavior.diagnostics.catalogue import catalogue
from pavior.phases.compose import Files
from pavior.phases.discover import Repository
from pavior.pipeline import crew
from pavior.platform import Platform

HERE = Path(__file__).parent
SOURCES = sorted(path for path in (HERE / "diagnostics").glob("*.md") if path.name != "README.md")
CASES = [case for source in SOURCES for case in cases(source)]
BASES = {"small": HERE / "platform", "fleet": HERE.parent}
UPDATE = bool(os.environ.get("PAVIOR_UPDATE"))

_SCHEDULER = "tcp://scheduler:8786"

Snapshot = Mapping[str, tuple[int, int, int]]


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Path]]:
    """The repositories that cases begin with, each rendered on its first use. Cases link to their files, and change none."""
    found = _Bases(tmp_path_factory.mktemp("bases"))
    yield found
    for name, root in found.items():
        assert _snapshot(root) == found.snapshots[name]


class _Bases(dict[str, Path]):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.snapshots: dict[str, Snapshot] = {}

    def __missing__(self, name: str) -> Path:
        root = self._folder / name
        for part in ("golden-paths", "teams"):
            shutil.copytree(BASES[name] / part, root / part)
        status, output = _pavior(root, "render")
        assert status == 0, output
        assert not re.search(r"^(error|warning)\[", output, re.MULTILINE), output
        shutil.rmtree(root / ".pavior")  # what one run leaves for the next
        self[name] = root
        self.snapshots[name] = _snapshot(root)
        return root


@pytest.fixture(scope="session")
def _platforms() -> dict[object, Outcome[tuple[Platform, Files]]]:
    return {}


@pytest.fixture(autouse=True)
def _platforms_compile_once(
    monkeypatch: pytest.MonkeyPatch, _platforms: dict[object, Outcome[tuple[Platform, Files]]]
) -> None:
    """Golden paths that are the same files are the same platform: half a second for each case on this repository's own."""
    module = import_module("pavior.pipeline.prepare")  # `pavior.pipeline.prepare` is its function, too
    compile_platform = module.load_platform

    def load_platform(repository: Repository) -> Outcome[tuple[Platform, Files]]:
        key = tuple(_snapshot(repository.root / "golden-paths").items())
        if key not in _platforms:
            _platforms[key] = compile_platform(repository)
        return _platforms[key]

    monkeypatch.setattr(module, "load_platform", load_platform)


@pytest.fixture(autouse=True)
def _kubeconform_is_this_checkouts(monkeypatch: pytest.MonkeyPatch) -> None:
    if (program := HERE.parent / ".tools" / "bin" / "kubeconform").exists():
        monkeypatch.setenv("KUBECONFORM", str(program))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case_prints_what_it_says(case: Case, bases: Mapping[str, Path], tmp_path: Path) -> None:
    root = tmp_path / "platform"
    shutil.copytree(bases[case.base], root, copy_function=os.link)
    _break(root, case)
    before = _snapshot(root / "rendered")
    for command in case.commands[:-1]:
        _do(root, command)
        before = _snapshot(root / "rendered")
    with _cluster(case.cluster, tmp_path / "cluster") as address:
        status, output = _do(root, tuple(word.replace(_SCHEDULER, address) for word in case.commands[-1]))
    output = output.replace(address, _SCHEDULER)
    output = re.sub("results-[0-9a-f]{64}", "results-…", output.replace(str(root), "/platform"))
    printed = "\n".join(line.rstrip() for line in output.splitlines()) + "\n"
    if UPDATE and printed != case.expected:
        rewrite(case.source, {case.title: printed})
    else:
        assert printed == case.expected
    found = re.findall(r"^(?:error|warning)\[(PV[0-9]{3})", printed, re.MULTILINE)
    assert found == list(case.shows)
    wanted = case.status if case.status is not None else int("error[" in printed)
    assert status == wanted
    if wanted == 1 and case.commands[-1][1] in ("check", "validate"):
        status, output = _do(root, ("pavior", "render", *case.commands[-1][2:]))
    if wanted:
        after = _snapshot(root / "rendered")
        written = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        assert {path for path in written if not path.startswith(case.writes)} == set()


def test_every_code_has_a_file_with_cases_and_is_named_as_there() -> None:
    codes = {f"{code.number}-{code.name}" for code in catalogue().values()}
    assert {source.stem for source in SOURCES if source.stem.startswith("PV")} == codes
    assert {"-".join(heading(source) or ()) for source in SOURCES} - {""} == codes


def test_every_case_shows_codes_that_there_are() -> None:
    assert {number for case in CASES for number in case.shows} <= catalogue().keys()


@contextlib.contextmanager
def _cluster(workers: str | None, place: Path) -> Iterator[str]:
    """The address of a scheduler with such workers, for whom nobody waits long."""
    if workers is None:
        yield _SCHEDULER
        return
    with cluster(place, 0) as made, pytest.MonkeyPatch.context() as patch:
        patch.setattr(crew, "PATIENCE", 2)
        if workers == "another-pavior":
            shutil.copytree(HERE.parent / "compiler", place / "compiler", ignore=shutil.ignore_patterns("__pycache__"))
            (place / "compiler/pavior/phases/more.py").write_text("")
            made.add(place / "worker", place / "compiler")
        yield made.address


def _break(root: Path, case: Case) -> None:
    for file in case.files:
        place = root / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.write_bytes(file.content)


def _do(root: Path, command: tuple[str, ...]) -> tuple[int, str]:
    match command:
        case ("pavior", *arguments):
            return _pavior(root, *arguments)
        case ("env", *rest):
            variables = dict(_variable(root, word) for word in rest[: rest.index("pavior")])
            with pytest.MonkeyPatch.context() as patch:
                for name, value in variables.items():
                    patch.setenv(name, value)
                return _do(root, tuple(rest[len(variables) :]))
        case ("rm", *paths):
            for path in paths:
                shutil.rmtree(root / path) if (root / path).is_dir() else (root / path).unlink()
        case ("mv", source, target):
            (root / source).rename(root / target)
        case ("mkdir", path):
            (root / path).mkdir(parents=True)
        case ("ln", "-s", target, path):
            (root / path).symlink_to(target)
        case ("git", *arguments):
            git(root, *arguments)
        case _:
            raise ValueError(f"cases don't know the command {command[0]}")
    return 0, ""


def _variable(root: Path, text: str) -> tuple[str, str]:
    """A variable's name and value, in which `$PWD` and `$(cat FILE)` are what a shell makes of them."""
    name, _, value = text.partition("=")
    value = re.sub(r"\$\(cat (\S+)\)", lambda file: (root / file[1]).read_text(), value)
    return name, value.replace("$PWD", str(root))


def _pavior(root: Path, *arguments: str) -> tuple[int, str]:
    with contextlib.chdir(root):
        result = click.testing.CliRunner().invoke(pavior, ["-C", str(root), *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def _snapshot(folder: Path) -> Snapshot:
    """Inode, time and size of every file below a folder, so that a file that was written again with the same bytes shows."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            status = os.lstat(f"{place}/{name}")
            found[f"{place[len(str(folder)) + 1 :]}/{name}"] = (status.st_ino, status.st_mtime_ns, status.st_size)
    return found
