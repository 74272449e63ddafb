"""Schemas of kinds that a platform repository adds: whoever may change them reads nothing of the machine, and breaks nothing."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from fleets import run, tiny
from pavior.kubernetes import BrokenTool
from pavior.kubernetes.files import LARGEST
from pavior.kubernetes.schemas import ManifestSchemas
from pavior.pipeline.policies import schema_folders

THING: dict[str, Any] = {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "a"}}
SCHEMA = {"properties": {"apiVersion": {"enum": ["v1"]}, "kind": {"enum": ["Thing"]}}}
NAME = "v1/thing_v1.json"


def messages(folder: Path) -> list[str]:
    return [fault.message for fault in ManifestSchemas(folder).faults(THING)]


def write(folder: Path, content: str) -> None:
    (folder / "v1").mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_text(content)


def test_a_schema_of_the_repositorys_own_counts(tmp_path: Path) -> None:
    write(tmp_path, json.dumps(SCHEMA))
    assert messages(tmp_path) == []
    assert ManifestSchemas(tmp_path).kinds() == [("v1", "Thing")]
    assert ManifestSchemas(tmp_path).versions("", "Thing") == ["v1"]


@pytest.mark.parametrize("content", ["", "{", "[" * 100_000, "[]", '{"type": 3}', '{"pattern": "("}', "\x00"])
def test_a_schema_that_is_none_is_told(content: str, tmp_path: Path) -> None:
    write(tmp_path, content)
    assert messages(tmp_path) == ["the schema for `Thing` of `v1` can't be used"]
    assert ManifestSchemas(tmp_path).kinds() == []


def test_a_reference_is_never_fetched(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        for address in (f"file://{tmp_path}/secret.json", f"http://127.0.0.1:{port}/x.json", "other.json"):
            write(tmp_path / "own", json.dumps({"properties": {"a": {"$ref": address}}}))
            assert messages(tmp_path / "own") == ["the schema for `Thing` of `v1` can't be used"]
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize("linked", [NAME, "v1", "."])
def test_links_are_not_followed(linked: str, tmp_path: Path) -> None:
    root = tmp_path / "repository"
    write(tmp_path / "elsewhere", json.dumps(SCHEMA))
    place = root / "schemas/kubernetes" / linked
    place.parent.mkdir(parents=True)
    place.symlink_to(tmp_path / "elsewhere" / linked)
    known = ManifestSchemas(*schema_folders(root))
    assert ("v1", "Thing") not in known.kinds()
    assert [fault.message for fault in known.faults(THING)] == ["there is no schema for `Thing` of `v1`"]


def test_a_schema_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, json.dumps(SCHEMA) + " " * LARGEST)
    assert messages(tmp_path) == ["there is no schema for `Thing` of `v1`"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("definitions.json", text)
        for text in ("{", "[1]", "3", '{"definitions": [{}]}', '{"definitions": [], "embeds": 1}')
    ]
    + [("resources.json", text) for text in ("{", "[1]", "3", '{"a": 1}')],
)
def test_data_of_another_form_is_told(name: str, content: str, tmp_path: Path) -> None:
    root = tiny(tmp_path)
    folder = root / "schemas/kubernetes"
    folder.mkdir(parents=True)
    (folder / name).write_text(content)
    with pytest.raises(BrokenTool, match="schemas/kubernetes"):
        ManifestSchemas(folder).resources()
    told = run(root, "check")
    assert told.status == (3 if name == "definitions.json" else 1), told.errors  # what is rendered needs no resources
