"""What a plan would destroy of the manifests that hold data."""

from __future__ import annotations

from pathlib import Path

from crash import write_tree
from pavior.diagnostics.codes.plan import UNREADABLE_DATA
from pavior.emit import emit
from pavior.model import Artifact, Manifest, Value
from pavior.phases.plan import plan
from pavior.phases.removal import DataLoss, Identity, data_manifests, removed_data

ORDERS = "prod/a/b/data/postgres.yaml"


def claim(name: str, version: str = "v1", **spec: Value) -> Manifest:
    labels = {"pavior.dev/service": "b", "pavior.dev/need": name}
    metadata = {"name": name, "namespace": "a", "labels": labels}
    return {"apiVersion": f"example.org/{version}", "kind": "Database", "metadata": metadata, "spec": spec}


def losses(present: dict[str, list[Manifest]], new: dict[str, list[Manifest]], *immutable: str) -> list[DataLoss]:
    return list(removed_data(present, new, {"postgres": immutable}))


def file(*manifests: Manifest) -> bytes:
    return emit(Artifact("", "teams/a/b", manifests))


def test_a_resource_that_is_gone_is_a_loss_with_its_service_and_need() -> None:
    assert losses({ORDERS: [claim("orders"), claim("carts")]}, {ORDERS: [claim("carts")]}) == [
        DataLoss(ORDERS, Identity("example.org", "Database", "a", "orders"), "b", "orders")
    ]


def test_a_resource_that_moved_to_another_file_or_api_version_is_no_loss() -> None:
    new = {"prod/a/b/data/renamed.yaml": [claim("orders", version="v2")]}
    assert losses({ORDERS: [claim("orders", version="v1beta1")]}, new) == []


def test_an_immutable_field_that_changes_is_a_loss_with_both_values() -> None:
    present = {ORDERS: [claim("orders", engine={"version/major": 15}, size=1, zones=["x"])]}
    new = {ORDERS: [claim("orders", engine={"version/major": 16}, size=2, zones=["y"])]}
    found = losses(present, new, "/spec/engine/version~1major", "/spec/zones/0", "/spec/absent/0")
    assert [(loss.pointer, loss.before, loss.after) for loss in found] == [
        ("/spec/engine/version~1major", 15, 16),
        ("/spec/zones/0", "x", "y"),
    ]


def test_only_files_in_folders_of_data_are_compared_and_only_where_they_change(tmp_path: Path) -> None:
    other = "prod/a/b/workload.yaml"
    kept = "prod/a/b/data/redis.yaml"
    write_tree(tmp_path, {ORDERS: file(claim("orders")), other: file(claim("x")), kept: file(claim("sessions"))})
    files = {other: file(claim("y")), kept: file(claim("sessions")), "prod/argocd/b.yaml": file(claim("orders"))}
    present, new = data_manifests(tmp_path, plan(tmp_path, "prod/a/b", files).value or (), "data").value or ({}, {})
    assert set(present) == {ORDERS}
    assert list(removed_data(present, new, {})) == []  # it moved to where nothing says that it holds data
    del files["prod/argocd/b.yaml"]
    present, new = data_manifests(tmp_path, plan(tmp_path, "prod/a/b", files).value or (), "data").value or ({}, {})
    assert [loss.need for loss in removed_data(present, new, {})] == ["orders"]


def test_a_present_file_that_somebody_broke_is_a_fault_and_no_permission(tmp_path: Path) -> None:
    header = file(claim("orders")).split(b"\n")[0] + b"\n"
    for broken in (b"a: [", b"- list\n", b"metadata: 1\n", b"metadata: {labels: x}\n", b"\x00", b"[" * 5000):
        write_tree(tmp_path, {ORDERS: header + broken})
        outcome = data_manifests(tmp_path, plan(tmp_path, "prod/a/b", {}).value or (), "data")
        assert outcome.value is None
        assert [(d.code, d.span.file) for d in outcome] == [(UNREADABLE_DATA, f"rendered/{ORDERS}")]


def test_a_field_that_was_never_said_before_loses_nothing() -> None:
    before = {"kind": "Database", "apiVersion": "v1", "metadata": {"name": "a"}, "spec": {}}
    after = {**before, "spec": {"region": "north"}}
    path = "prod/red/one/data/store.yaml"
    pointers = {"store": ["/spec/region"]}
    assert list(removed_data({path: [before]}, {path: [after]}, pointers)) == []
    (loss,) = removed_data({path: [after]}, {path: [before]}, pointers)
    assert (loss.before, loss.after) == ("north", None)
