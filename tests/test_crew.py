"""A cluster's workers render and compare what this machine would, to the byte; or nothing is written, and it is told why."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from clusters_of_workers import Cluster, cluster
from commits import commit
from fleets import FILES, ROOT, Run, edit, put, run, tiny, tree
from pavior.pipeline import CrewFault, Moved, Selection, crew, render
from pavior.pipeline.crew import Around, Differs, crew_at, require_same

SERVICE = "apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: a/b:{0}\n"
PRICES = """\
apiVersion: pavior.dev/v1
currency: EUR
date: "2026-11-02"
source: made up
prices: {{disk-gib: {{amount: {0}, per: month}}}}
"""
COSTS = "costs: {disk: {price: disk-gib, quantity: {gib: 2}}}\n"


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("dask") / "cluster", 2) as made:
        yield made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Some sixty services."""
    root = tiny(tmp_path / "repository")
    for number in range(60):
        put(root, f"teams/{('red', 'blue')[number % 2]}/more{number}/platform.yaml", SERVICE.format(number))
    return root


def alone_and_with(address: str, root: Path, *arguments: str) -> Run:
    """What a command says on a cluster, which is what it says alone; the tree that it leaves, too."""
    twin = root.with_name("twin")
    shutil.rmtree(twin, ignore_errors=True)
    shutil.copytree(root, twin, symlinks=True)
    wanted = run(twin, *arguments)
    found = run(root, *arguments, "--executor", address)
    assert found == wanted
    assert tree(root) == tree(twin)
    return found


def change(root: Path, chance: random.Random) -> None:
    for folder in sorted((root / "teams").glob("*/more*")):
        match chance.randrange(6):
            case 0:
                shutil.rmtree(folder)
            case 1:
                put(folder, "platform.yaml", SERVICE.format(chance.random()))
            case 2:
                put(
                    folder,
                    "manifests/more.yaml",
                    f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: extra-{folder.name}}}\n",
                )


def test_a_render_writes_the_same_bytes_and_says_the_same(workers: Cluster, root: Path) -> None:
    assert alone_and_with(workers.address, root, "render").status == 0
    change(root, random.Random(1))
    assert alone_and_with(workers.address, root, "render", "--format", "concise").status == 0
    edit(root, "golden-paths/components/process/manifests/settings.yaml", 'image: "', 'image: "x')
    assert alone_and_with(workers.address, root, "render", "--env", "prod").status == 0


def test_both_workers_have_a_part(workers: Cluster, root: Path) -> None:
    from distributed import Client  # noqa: PLC0415  (as the compiler has it)

    def executed(dask_worker: object) -> int:
        return sum(row[0] == "pavior" or "_do" in str(row[0]) for row in dask_worker.state.log)  # type: ignore[attr-defined]

    with Client(workers.address, set_as_default=False) as client:
        before = client.run(executed)
        assert run(root, "render", "--executor", workers.address).status == 0
        after = client.run(executed)
    assert len(before) == 2
    assert all(after[worker] > before[worker] for worker in before)


def test_faults_are_found_and_withheld_as_ever(workers: Cluster, root: Path) -> None:
    alone_and_with(workers.address, root, "render")
    same = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: same}\n"
    put(root, "teams/red/more2/manifests/same.yaml", same)
    put(root, "teams/red/more4/manifests/same.yaml", same)
    put(root, "teams/blue/more5/platform.yaml", SERVICE.format(5) + "retries: many\n")
    put(root, "rendered/dev/blue/more7/process.yaml", "mine: true\n")
    put(root, "teams/red/one/platform.yaml", FILES["teams/red/one/platform.yaml"].replace("80", "81"))
    found = alone_and_with(workers.address, root, "render", "--format", "concise")
    assert found.status == 1
    assert {"PV602", "PV702"} & set(found.codes) or {"PV603", "PV703"} & set(found.codes)


def test_a_shard_proves_the_same(workers: Cluster, root: Path) -> None:
    proof = root.with_name("proof")
    shard = ("render", "--shard", "1/2", "--proof", str(proof), "--today", "2026-11-02")
    run(root, *shard)
    wanted = proof.read_bytes()
    shutil.rmtree(root / "rendered")
    run(root, *shard, "--executor", workers.address)
    assert proof.read_bytes() == wanted


@pytest.mark.parametrize(
    "form", [["--format", "text", "--full"], ["--format", "json", "--full"], ["--all"]], ids=" ".join
)
def test_a_difference_is_the_same(workers: Cluster, root: Path, form: list[str]) -> None:
    put(root, "golden-paths/prices.yaml", PRICES.format(2))
    edit(root, "golden-paths/components/store/component.yaml", "type: store\n", f"type: store\n{COSTS}")
    assert run(root, "render").status == 0
    commit(root, "one")
    change(root, random.Random(2))
    edit(root, "golden-paths/components/process/manifests/settings.yaml", 'image: "', 'image: "x')
    put(root, "golden-paths/prices.yaml", PRICES.format(3))
    put(root, "teams/blue/more5/platform.yaml", SERVICE.format(5) + "retries: many\n")
    found = alone_and_with(workers.address, root, "diff", "--base", "HEAD", *form)
    assert "image" in found.output


# What goes wrong ------------------------------------------------------------------------------------------------------


def while_rendering(root: Path, made: Cluster, happens: Callable[[], None]) -> None:
    """Render, and have something happen once the first owner is done. Raises CrewFault."""
    happened: list[bool] = []

    def advance(done: int, of: int) -> None:
        if not happened:
            happened.append(True)
            happens()

    with crew_at(made.address) as workers:
        render(root, Selection(), progress=advance, crew=workers)
    assert happened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "PATIENCE", 2)
    monkeypatch.setattr(crew, "_LOOK", 0.5)


def test_what_a_worker_had_that_dies_another_does(root: Path, tmp_path: Path) -> None:
    twin = root.with_name("twin")
    shutil.copytree(root, twin)
    run(twin, "render")
    with cluster(tmp_path / "cluster", 2) as made:
        while_rendering(root, made, lambda: made.kill(made.workers[0]))
    assert tree(root) == tree(twin)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("which", ["workers", "scheduler"])
def test_without_workers_or_a_scheduler_nothing_is_written(root: Path, tmp_path: Path, which: str) -> None:
    run(root, "render")
    wanted = tree(root)
    edit(root, "golden-paths/components/process/manifests/settings.yaml", 'image: "', 'image: "x')
    with cluster(tmp_path / "cluster", 2) as made:
        gone = made.workers if which == "workers" else [made.scheduler]
        with pytest.raises(CrewFault) as told:
            while_rendering(root, made, lambda: made.kill(*gone))
    assert told.value.diagnostic.code.number == "PV812"
    assert tree(root) == wanted
    assert run(root, "render").status == 0


def test_files_that_change_meanwhile_are_told(workers: Cluster, root: Path) -> None:
    with pytest.raises(Moved):
        while_rendering(root, workers, lambda: put(root, "teams/red/more2/platform.yaml", SERVICE.format("new")))
    assert tree(root) == {}


def test_a_worker_that_sees_other_files_is_told(workers: Cluster, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = crew.around(root)
    monkeypatch.setattr(crew, "around", lambda root: mine._replace(files="others"))
    found = run(root, "render", "--executor", workers.address)
    assert found.status == 3
    assert "PV813" in found.errors
    assert "other files in golden-paths/" in found.errors
    assert not (root / "rendered").exists()


def test_a_worker_with_another_pavior_is_told(root: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "compiler", tmp_path / "compiler", ignore=shutil.ignore_patterns("__pycache__"))
    put(tmp_path, "compiler/pavior/phases/more.py", "")
    with cluster(tmp_path / "cluster", 0) as made:
        made.add(tmp_path / "worker", tmp_path / "compiler")
        for command in (["render"], ["render", "--format", "json"]):
            found = run(root, *command, "--executor", made.address)
            assert found.status == 3
            assert "PV813" in found.errors
            assert "another Pavior than this machine" in found.errors
    assert not (root / "rendered").exists()


AROUND = Around("code", "3.11.7", (("click", "8"),), "files")


@pytest.mark.parametrize(
    ("mine", "told"),
    [
        (AROUND._replace(python="3.12.1"), "Python 3.12.1, and this machine has 3.11.7"),
        (AROUND._replace(pavior="other"), "another Pavior than this machine"),
        (AROUND._replace(packages=(("click", "9"),)), "other packages than this machine: click 9"),
        (AROUND._replace(packages=()), "other packages than this machine: fewer"),
        (AROUND._replace(files="other"), "other files in golden-paths/, teams/ or schemas/ than this machine"),
    ],
)
def test_all_that_can_differ_is_told(mine: Around, told: str) -> None:
    require_same(AROUND, AROUND)
    with pytest.raises(Differs, match=told):
        require_same(AROUND, mine)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("tcp://127.0.0.1:1", "no scheduler answers at `tcp://127.0.0.1:1`"),
        ("nothing://there", "`nothing://there` is no address of a scheduler"),
        ("tls://127.0.0.1:1", "tls://127.0.0.1:1"),
    ],
)
@pytest.mark.parametrize("command", ["render", "diff"])
def test_what_is_no_scheduler_is_told(root: Path, address: str, told: str, command: str) -> None:
    commit(root, "one")
    found = run(root, command, "--executor", address)
    assert found.status == 3
    assert "error[PV811 no-scheduler]" in found.errors
    assert told in found.errors
    assert not (root / "rendered").exists()


@pytest.mark.parametrize(("failures", "told"), [(2, "no scheduler answers"), (3, "Dask doesn't start on this machine")])
def test_a_busy_machine_on_which_dask_is_slow_to_start_is_no_traceback(
    root: Path, monkeypatch: pytest.MonkeyPatch, failures: int, told: str
) -> None:
    left = [AssertionError()] * failures

    def connect(*_: object, **__: object) -> NoReturn:
        raise left.pop() if left else OSError

    monkeypatch.setattr("distributed.Client", connect)
    found = run(root, "render", "--executor", "tcp://127.0.0.1:1")
    assert found.status == 3
    assert told in found.errors


def test_without_dask_it_is_told_what_to_install(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    found = run(root, "render", "--executor", "tcp://127.0.0.1:1")
    assert found.status == 3
    assert "install `pavior[dask]`" in found.errors


def test_workers_keep_nothing_of_a_run_that_is_over(workers: Cluster, root: Path) -> None:
    def kept_there() -> int:
        return len(sys.modules["pavior.pipeline.crew"]._loaded)

    with crew_at(workers.address) as made:
        render(root, Selection(), crew=made)
        assert all(made.client.run(kept_there).values())
    assert made.client.status == "closed"
    with crew_at(workers.address) as made:
        assert not any(made.client.run(kept_there).values())
