"""An error stops writing where it belongs, and nowhere else."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fleets import edit, put, run, run_process, states, tiny, tree
from pavior.phases.write import transaction

Fault = Callable[[Path], None]


def of(service: str, files: dict[str, bytes]) -> dict[str, bytes]:
    """The rendered files that come from a service's folder."""
    head = f"# Rendered by Pavior from teams/{service};".encode()
    return {path: content for path, content in files.items() if content.startswith(head)}


def change_all(root: Path) -> None:
    """A change that every rendered file of a service shows."""
    edit(root, "golden-paths/components/process/manifests/settings.yaml", "  retries:", "  changed: all\n  retries:")
    edit(root, "golden-paths/components/process/manifests/entry.yaml", "\ndata: {", "\ndata: {changed: all, ")


def an_unknown_field(root: Path) -> None:
    put(root, "teams/red/one/platform.yaml", "apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: a/b:1\nprot: 80\n")


def no_yaml(root: Path) -> None:
    put(root, "teams/red/one/platform.yaml", "image: [\n")


def a_missing_image(root: Path) -> None:
    put(root, "teams/red/one/platform.yaml", "apiVersion: pavior.dev/v1\ngoldenPath: app\n")


def an_unknown_reference(root: Path) -> None:
    put(root, "teams/red/one/platform.yaml", (root / "teams/red/one/platform.yaml").read_text() + "calls: [red/none]\n")


def a_template_that_fails_on_its_values(root: Path) -> None:
    put(root, "teams/red/one/platform.yaml", (root / "teams/red/one/platform.yaml").read_text() + "retries: many\n")


def a_patch_without_anything_to_patch(root: Path) -> None:
    put(
        root, "teams/red/one/patches/none.yaml", "target: {kind: Deployment, name: one}\nmerge: {spec: {replicas: 1}}\n"
    )


def a_patch_that_does_not_apply(root: Path) -> None:
    text = "target: {kind: Service, name: one}\npatch: [{op: remove, path: /spec/type}]\n"
    put(root, "teams/red/one/patches/none.yaml", text)


def a_patch_that_breaks_the_manifest(root: Path) -> None:
    put(root, "teams/red/one/patches/bad.yaml", "target: {kind: Service, name: one}\nmerge: {spec: {prots: []}}\n")


def a_raw_manifest_of_another_namespace(root: Path) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: mine, namespace: blue}\ndata: {a: b}\n"
    put(root, "teams/red/one/manifests/mine.yaml", text)


def a_raw_manifest_of_a_kind_that_is_not_allowed(root: Path) -> None:
    put(root, "teams/red/one/manifests/mine.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: mine}\n")


def a_file_in_the_way(root: Path) -> None:
    put(root, "rendered/prod@eu-1/red/one/process.yaml", "mine: true\n")


LATE = [
    (a_template_that_fails_on_its_values, "PV501"),
    (a_patch_without_anything_to_patch, "PV520"),
    (a_patch_that_does_not_apply, "PV521"),
    (a_patch_that_breaks_the_manifest, "PV601"),
    (a_raw_manifest_of_another_namespace, "PV512"),
    (a_raw_manifest_of_a_kind_that_is_not_allowed, "PV511"),
    (a_file_in_the_way, "PV702"),
]
EARLY = [
    (an_unknown_field, "PV204"),
    (no_yaml, "PV101"),
    (a_missing_image, "PV203"),
    (an_unknown_reference, "PV401"),
]


@pytest.mark.parametrize(
    ("fault", "code", "jobs"),
    [*((fault, code, "1") for fault, code in EARLY + LATE), *((fault, code, "2") for fault, code in LATE[:2])],
)
def test_an_error_of_a_service_stops_it_and_its_readers_and_no_one_else(
    tmp_path: Path, fault: Fault, code: str, jobs: str
) -> None:
    root = tiny(tmp_path)
    plain = "apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: a/b:1\n"
    for number in range(6):  # enough that several workers have something to do
        put(root, f"teams/blue/more{number}/platform.yaml", plain)
    put(root, "teams/blue/early/platform.yaml", f"{plain}calls: [red/one]\n")
    assert run(root, "render").status == 0
    change_all(root)
    fault(root)
    before = tree(root)
    found = (run if jobs == "1" else run_process)(root, "render", "--format", "concise", "--jobs", jobs)
    assert (found.status, found.codes) == (1, [code]), found.output
    after = tree(root)
    assert after.keys() == before.keys()
    stayed = {path for path in before if after[path] == before[path]}
    concerned = {path for path in before if re.search(r"/(red/one|red/two|blue/early)(/|\.yaml)", path)}
    shared = {path for path in before if path.endswith(("/team/process.yaml", "/platform/process.yaml"))}
    data = {path for path in before if "/data/" in path}
    assert stayed == concerned | shared | data
    assert len(concerned) == 3 * 3 * 2


def claiming(root: Path, service: str, need: str) -> None:
    text = f"apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: a/b:1\nneeds: {{{need}: {{type: store}}}}\n"
    put(root, f"teams/blue/{service}/platform.yaml", text)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_two_services_whose_manifests_are_the_same_resource_are_told_and_neither_is_harmed(
    tmp_path: Path, jobs: str
) -> None:
    root = tiny(tmp_path)
    claiming(root, "a", "b-c")
    assert run(root, "render").status == 0
    before = tree(root)
    change_all(root)
    claiming(root, "a-b", "c")
    found = (run if jobs == "1" else run_process)(root, "render", "--format", "concise", "--jobs", jobs)
    assert (found.status, found.codes) == (1, ["PV603", "PV603"])
    assert "teams/blue/a/platform.yaml:" in found.output
    assert "teams/blue/a-b/platform.yaml:4:12: error[PV603 same-identity]" in found.output
    assert "PersistentVolumeClaim `a-b-c`" in found.output
    after = tree(root)
    assert after.keys() == before.keys(), "nothing of the second one may be written"
    assert {path for path in after if after[path] != before[path]} >= set(of("red/one", before))


def test_a_raw_manifest_that_is_another_services_resource_is_refused_at_its_line(tmp_path: Path) -> None:
    root = tiny(tmp_path)
    text = "# mine\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata: {a: b}\n"
    put(root, "teams/red/two/manifests/mine.yaml", text)
    found = run(root, "render", "--format", "concise")
    assert (found.status, found.codes) == (1, ["PV603"])
    assert found.output.startswith("teams/red/two/manifests/mine.yaml:5:")
    assert not of("red/two", tree(root))
    assert of("red/one", tree(root))


@pytest.mark.parametrize(
    ("file", "old", "new", "place"),
    [
        ("golden-paths/organization.yaml", "domain: tiny.example", "domian: tiny.example", "organization.yaml:3:1"),
        ("golden-paths/environments/prod.yaml", "description:", "descripton:", "prod.yaml:2:1"),
        ("golden-paths/app/golden-path.yaml", "[process, store]", "[process, stoer]", "golden-path.yaml:3:23"),
        ("golden-paths/components/process/manifests/address.yaml", '"{{ port }}"', '"{{ prot }}"', "address.yaml:7:"),
        ("golden-paths/components/store/schema.json", '"enum"', '"enmu"', "schema.json:5:"),
        ("golden-paths/components/store/component.yaml", "requires", "require", "component.yaml:4:1"),
    ],
)
def test_a_fault_of_the_platform_stops_all(tmp_path: Path, file: str, old: str, new: str, place: str) -> None:
    root = tiny(tmp_path)
    assert run(root, "render").status == 0
    before = states(root)
    change_all(root)
    edit(root, file, old, new)
    found = run(root, "render", "--format", "concise")
    assert found.status == 1
    assert any(place in line for line in found.output.splitlines()), found.output
    assert states(root) == before


def test_a_fault_of_a_team_stops_the_team_and_no_other(tmp_path: Path) -> None:
    root = tiny(tmp_path)
    assert run(root, "render").status == 0
    before = tree(root)
    change_all(root)
    edit(root, "teams/blue/team.yaml", "description", "descripton")
    found = run(root, "render", "--format", "concise")
    assert (found.status, found.output.splitlines()[0].split(" ")[0]) == (1, "teams/blue/team.yaml:2:1:")
    after = tree(root)
    assert of("blue/three", after) == of("blue/three", before)
    assert after.keys() == before.keys()
    assert all(after[path] != before[path] for path in of("red/one", before))


def test_two_renders_at_once_are_one_too_many(tmp_path: Path) -> None:
    root = tiny(tmp_path)
    with transaction(root):
        late = run_process(root, "render")
        reader = run_process(root, "validate")
    assert late.status == 3
    assert str(os.getpid()) in late.errors
    assert late.output == ""
    assert reader.status == 0
    assert not (root / "rendered").exists()
    assert run(root, "render").status == 0


def test_outside_of_a_repository_there_is_nothing_to_do(tmp_path: Path) -> None:
    found = run(tmp_path, "render")
    assert found.status == 2
    assert "golden-paths/organization.yaml" in found.errors
    assert "Traceback" not in found.errors


def test_a_command_works_from_a_folder_within_the_repository(tmp_path: Path) -> None:
    root = tiny(tmp_path)
    assert run_process(root / "teams" / "red", "render").status == 0
    assert of("red/one", tree(root))


def test_without_kubeconform_verify_says_how_to_get_it(tmp_path: Path) -> None:
    root = tiny(tmp_path)
    assert run(root, "render").status == 0
    found = run_process(root, "verify", PATH=str(tmp_path), KUBECONFORM=str(tmp_path / "kubeconform"))
    assert found.status == 3
    assert "make tools" in found.errors


def test_a_folder_that_cannot_be_written_is_no_traceback(tmp_path: Path) -> None:
    root = tiny(tmp_path)
    put(root, ".pavior", "in the way")
    found = run(root, "render")
    assert found.status == 3
    assert ".pavior" in found.errors
    assert not (root / "rendered").exists()
