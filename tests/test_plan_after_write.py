"""What a second render, a render of a part and a render after a removal touch: what they are about, and nothing else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from fleets import edit, put, reference, run, run_process, states, tiny, tree

THREE = "teams/blue/three/platform.yaml"
WITHOUT_DISK = "apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: tiny.example/three:1\n"
DISKS = [f"{target}/blue/three/data/store.yaml" for target in ("dev", "prod@eu-1", "prod@us-1")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tiny repository, rendered."""
    assert run(tiny(tmp_path), "render").status == 0
    return tmp_path


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this repository, rendered; tests leave it as it is."""
    place = reference(tmp_path_factory.mktemp("fleet"))
    assert run(place, "render").status == 0
    return place


def retirement(environments: str) -> str:
    return f"{{type: store, environments: [{environments}], owner: ana@tiny.example, date: 2026-03-01, reason: moved}}"


def touched(before: dict[str, tuple[int, int]], root: Path) -> set[str]:
    """The files and folders below rendered/ that came, went or changed, by path relative to it."""
    after = states(root)
    differing = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    return {str(Path(path).relative_to(root / "rendered")) for path in differing}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_second_render_touches_nothing(fleet: Path, jobs: str) -> None:
    before = states(fleet)
    found = (run if jobs == "1" else run_process)(fleet, "render", "--jobs", jobs)
    assert (found.status, touched(before, fleet)) == (0, set())
    assert "0 files changed" in found.output
    assert run(fleet, "check").status == 0
    assert touched(before, fleet) == set()


@pytest.mark.parametrize("subject", [("validate",), ("list",), ("check",), ("schema", "--check")])
def test_commands_that_only_look_write_nothing(root: Path, subject: tuple[str, ...]) -> None:
    assert run(root, "schema").status == 0
    (root / "rendered/dev/red/one/process.yaml").unlink()
    before = {str(path): path.lstat().st_mtime_ns for path in root.rglob("*")}
    run(root, *subject)
    assert {str(path): path.lstat().st_mtime_ns for path in root.rglob("*")} == before


PARTS = {
    "a service": (("payments/checkout",), lambda env, team, service: (team, service) == ("payments", "checkout")),
    "two services": (
        ("payments/checkout", "storefront/web"),
        lambda env, team, service: (team, service) in (("payments", "checkout"), ("storefront", "web")),
    ),
    "a team": (("--team", "fulfilment"), lambda env, team, service: team == "fulfilment"),
    "an environment": (("--env", "staging"), lambda env, team, service: env == "staging"),
    "a team in two environments": (
        ("--team", "accounts", "--env", "dev", "--env", "prod"),
        lambda env, team, service: team == "accounts" and env in ("dev", "prod"),
    ),
    "a service in an environment": (
        ("payments/ledger", "--env", "dev"),
        lambda env, team, service: (env, team, service) == ("dev", "payments", "ledger"),
    ),
}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_rendered_as_the_whole_is_and_nothing_else(fleet: Path, tmp_path: Path, part: str) -> None:
    arguments, concerns = PARTS[part]
    for folder in ("golden-paths", "teams"):
        shutil.copytree(fleet / folder, tmp_path / folder)
    assert run(tmp_path, "render", *arguments).status == 0
    whole = tree(fleet)
    # What comes of teams/payments/checkout, teams/payments or golden-paths/, as the first line of each file says.
    sources = {path: content.split(b";", 1)[0].split(b" from ")[1].decode() for path, content in whole.items()}
    wanted = {}
    for path, source in sources.items():
        _, team, service = (*source.split("/"), "", "")[:3]
        if concerns(path.split("/")[0].split("@")[0], team, service):
            wanted[path] = whole[path]
    assert tree(tmp_path) == wanted
    assert wanted


def test_a_render_of_a_part_leaves_what_it_is_not_about_however_wrong(root: Path) -> None:
    edit(root, "golden-paths/components/process/manifests/settings.yaml", "  retries:", "  changed: all\n  retries:")
    put(root, "rendered/dev/red/two/old.yaml", "# Rendered by Pavior from teams/red/two; edit that, not this file.\n")
    put(root, "rendered/dev/red/one/old.yaml", "# Rendered by Pavior from teams/red/one; edit that, not this file.\n")
    before = states(root)
    assert run(root, "render", "red/one").status == 0
    targets = ("dev", "prod@eu-1", "prod@us-1")
    files = {f"{target}/red/one/process.yaml" for target in targets} | {"dev/red/one/old.yaml"}
    folders = {f"{target}/red/one" for target in targets} | {f"{target}/red" for target in targets}
    assert files <= touched(before, root) <= files | folders
    assert not (root / "rendered/dev/red/one/old.yaml").exists()


def test_one_cluster_of_an_environment_is_a_part(root: Path) -> None:
    edit(root, "golden-paths/components/process/manifests/settings.yaml", "  retries:", "  changed: all\n  retries:")
    put(
        root,
        "rendered/prod@eu-1/red/one/old.yaml",
        "# Rendered by Pavior from teams/red/one; edit that, not this file.\n",
    )
    before = states(root)
    assert run(root, "check", "--env", "prod@eu-1").status == 1
    assert run(root, "check", "--env", "prod@us-1", "red/one").status == 1
    assert run(root, "render", "--env", "prod@eu-1").status == 0
    assert {path.split("/")[0] for path in touched(before, root)} == {"prod@eu-1"}
    assert not (root / "rendered/prod@eu-1/red/one/old.yaml").exists()
    assert run(root, "check", "--env", "prod@eu-1").status == 0
    assert "red/one" in run(root, "list", "--env", "prod@eu-1").output


def test_a_part_that_does_not_exist_is_told(root: Path) -> None:
    before = states(root)
    for arguments in (
        ["red/none"],
        ["--team", "green"],
        ["--env", "moon"],
        ["--env", "prod@moon"],
        ["--env", "pro*"],
        ["--team", "r*"],
        ["red"],
        ["--team", "../x"],
        ["--env", "/*"],
    ):
        found = run(root, "render", *arguments)
        assert found.status == 2, arguments
        assert arguments[-1] in found.errors
    assert states(root) == before


def test_the_path_of_a_service_is_told_its_name(root: Path) -> None:
    for path in ("teams/red/one", "teams/red/one/", "teams/red/one/platform.yaml"):
        assert "hint: did you mean `red/one`?" in run(root, "render", path).errors


def test_files_of_a_removed_service_go_and_foreign_files_stay(root: Path) -> None:
    put(root, "rendered/dev/red/two/README.md", "mine")
    put(root, "rendered/dev/red/notes.yaml", "mine: true\n")
    os.symlink("README.md", root / "rendered/dev/red/two/link.yaml")
    before = tree(root)
    shutil.rmtree(root / "teams/red/two")
    assert run(root, "check").status == 1
    assert tree(root) == before
    assert run(root, "render").status == 0
    left = {path for path in tree(root) if "two" in path}
    assert left == {"dev/red/two/README.md", "dev/red/two/link.yaml"}
    assert tree(root)["dev/red/notes.yaml"] == b"mine: true\n"
    assert not (root / "rendered/prod@eu-1/red/two").exists()
    others = {path: content for path, content in before.items() if "two" not in path}
    assert {path: content for path, content in tree(root).items() if "two" not in path} == others
    found = run(root, "check", "--format", "concise")
    assert found.status == 1
    assert found.codes == ["PV708", "PV708"]
    assert "rendered/dev/red/notes.yaml" in found.output
    assert "rendered/dev/red/two/link.yaml" in found.output


def test_files_of_a_removed_team_and_of_a_removed_environment_go(root: Path) -> None:
    shutil.rmtree(root / "teams/red")
    assert run(root, "render").status == 0
    assert not [path for path in tree(root) if "red" in path]
    edit(
        root,
        "teams/blue/team.yaml",
        "The blue ones.\n",
        f"The blue ones.\nretired: {{three/disk: {retirement('dev')}}}\n",
    )
    (root / "golden-paths/environments/dev.yaml").unlink()
    found = run(root, "render")
    assert found.status == 0, found.output
    assert {path.split("/")[0] for path in tree(root)} == {"prod@eu-1", "prod@us-1"}
    assert not (root / "rendered/dev").exists()


def test_data_of_a_removed_entry_goes_only_with_a_note_in_the_services_file(root: Path) -> None:
    before = tree(root)
    put(root, THREE, WITHOUT_DISK)
    for command in ("render", "check"):
        found = run(root, command, "--format", "concise")
        assert found.status == 1
        assert set(found.codes) >= {"PV704"}
        assert f"{THREE}:" in found.output
    assert tree(root) == before
    put(root, THREE, f"{WITHOUT_DISK}retired: {{disk: {retirement('dev')}}}\n")
    found = run(root, "render", "--format", "concise")
    assert (found.status, set(found.codes)) == (1, {"PV704"}), "the note speaks of dev alone"
    assert tree(root) == before
    put(root, THREE, f"{WITHOUT_DISK}retired: {{disk: {retirement('dev, prod')}}}\n")
    found = run(root, "render")
    assert found.status == 0, found.output
    assert before.keys() - tree(root).keys() == set(DISKS)


def test_data_of_a_removed_service_goes_only_with_a_note_in_the_teams_file(root: Path) -> None:
    before = tree(root)
    shutil.rmtree(root / "teams/blue/three")
    found = run(root, "render", "--format", "concise")
    assert (found.status, set(found.codes)) == (1, {"PV704"})
    assert "retired.three/disk" in found.output
    assert tree(root) == before
    note = f"retired: {{three/disk: {retirement('dev, prod')}}}\n"
    put(root, "teams/blue/team.yaml", f"apiVersion: pavior.dev/v1\ndescription: The blue ones.\n{note}")
    assert run(root, "render").status == 0
    assert before.keys() - tree(root).keys() == {path for path in before if "three" in path}


@pytest.mark.parametrize(
    "change",
    [
        "needs: {disc: {type: store, space: 2Gi}}",
        "needs: {disk: {type: store, kind: fast}}",
        "environments: {dev: false}",
    ],
    ids=["renamed", "immutable field", "environment left out"],
)
def test_data_that_would_be_lost_by_a_change_is_refused_as_well(root: Path, change: str) -> None:
    before = tree(root)
    text = WITHOUT_DISK if "needs" in change else (root / THREE).read_text()
    put(root, THREE, f"{text}{change}\n")
    found = run(root, "render", "--format", "concise")
    assert found.status == 1
    assert set(found.codes) <= {"PV704", "PV705"}
    assert set(found.codes)
    assert tree(root) == before
    others = [path for path in before if "three" not in path]
    edit(root, "golden-paths/components/process/manifests/entry.yaml", "\ndata: {", "\ndata: {changed: all, ")
    assert run(root, "render").status == 1
    assert any(tree(root)[path] != before[path] for path in others), "others are written"


def test_what_holds_data_in_one_target_says_nothing_of_its_like_in_another(root: Path) -> None:
    put(root, THREE, f"{(root / THREE).read_text()}environments: {{prod: {{needs: {{disk: {{kind: fast}}}}}}}}\n")
    shutil.rmtree(root / "rendered")
    assert run(root, "render").status == 0
    claim = "golden-paths/components/store/manifests/claim.yaml"
    edit(root, claim, "labels: {", "labels: {changed: all, ")
    found = run(root, "render")
    assert found.status == 0, found.output
    assert all(b"changed: all" in tree(root)[path] for path in DISKS)
    edit(root, claim, "changed: all", "changed: again")
    edit(root, THREE, "environments: {", "environments: {dev: {needs: {disk: null}}, ")
    found = run(root, "render", "--format", "concise")
    assert (found.status, found.codes) == (1, ["PV704"]), "what prod keeps does not make up for what dev loses"
    assert all(b"changed: all" in tree(root)[path] for path in DISKS)


def test_an_environment_that_is_left_out_has_nothing_of_the_service(root: Path) -> None:
    put(
        root,
        "teams/red/one/platform.yaml",
        (root / "teams/red/one/platform.yaml").read_text() + "environments: {prod: false}\n",
    )
    found = run(root, "render", "--format", "concise")
    assert (found.status, found.codes) == (0, ["PV402"]), "red/two calls it in prod"
    put(root, "teams/red/two/platform.yaml", "apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: tiny.example/two:1\n")
    assert run(root, "render").status == 0
    assert {path for path in tree(root) if "one" in path} == {"dev/red/one/process.yaml", "dev/argocd/red/one.yaml"}
