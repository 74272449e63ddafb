"""What is emitted reads back the same in PyYAML, ruamel and Kubernetes' own parser (tests/kubernetes_yaml/)."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pavior.emit import emit, emit_value
from pavior.model import Artifact, Value

SOURCE = Path(__file__).parent / "kubernetes_yaml"


class KubernetesParser:
    """The Go program, asked one document at a time."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin
        assert process.stdout
        self.input: IO[bytes] = process.stdin
        self.output: IO[bytes] = process.stdout

    def read(self, document: bytes) -> Value:
        self.input.write(struct.pack(">I", len(document)) + document)
        self.input.flush()
        status, length = struct.unpack(">BI", self.output.read(5))
        answer = self.output.read(length)
        assert status == 0, f"Kubernetes refuses {document!r}: {answer.decode()}"
        return json.loads(answer)


@pytest.fixture(scope="session")
def kubernetes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubernetesParser]:
    go = os.environ.get("PAVIOR_GO") or shutil.which("go")
    assert go, "Go is missing: put it in PATH, or its path in PAVIOR_GO (`make test` does that)"
    program = tmp_path_factory.mktemp("kubernetes_yaml") / "kubernetes_yaml"
    built = subprocess.run([go, "build", "-o", program, "."], cwd=SOURCE, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield KubernetesParser(process)
        assert process.stdin
        process.stdin.close()


TRAPS = ["y", "No", "ON", "true", "null", "~", "=", "<<", "08", "0o7", "0x1f", "1e3", "12345e6", "1.4.2", "1:30", "1_0"]
TRAPS += ["2026-01-01", ".inf", "-.inf", ".nan", "nan", "- a", "a: b", "a #b", "? a", "---", "...", "%a", "*", "|", "-"]
TRAPS += [
    "250m",
    "1Gi",
    "5m30s",
    "99.9%",
    "--flag",
    "/",
    "a:b",
    "a - b",
    "e5",
    "0b1",
    "+1",
    "a\n",
    "a\n\n",
    "\ta",
    "a\n b",
]

PIECES = st.sampled_from(
    ["a", "y", "e", "1", "0", ".", ":", "-", "+", " ", "  ", "\n", "\t", "#", "'", '"', "\\", "=", "%"]
)
AWKWARD = st.sampled_from(
    ["\r", "\x00", "\x7f", "\x85", "\xa0", "\xad", "\u200b", "\u2028", "\ufeff", "\ue000", "\U0001f600"]
)
TEXTS = (
    st.lists(PIECES | AWKWARD, max_size=8).map("".join)
    | st.lists(PIECES, max_size=12).map("".join)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from(TRAPS)
)
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
MANIFESTS = st.dictionaries(TEXTS, VALUES, max_size=4)
MANY = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def same(left: Value, right: Value) -> bool:
    """Equal, and of equal types all through: 1, 1.0 and True are three values."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def same_as_json(read: Value, written: Value) -> bool:
    """As `same`, but Go sorts the keys, and JSON has one kind of number: 1e16 comes back as 10000000000000000."""
    if isinstance(written, dict):
        return sorted(read) == sorted(written) and all(same_as_json(read[key], written[key]) for key in written)
    if isinstance(written, list):
        return len(read) == len(written) and all(map(same_as_json, read, written))
    if isinstance(written, float):
        return type(read) in (int, float) and float(read) == written
    return type(read) is type(written) and bool(read == written)


def artifact(*manifests: dict[str, Value]) -> bytes:
    return emit(Artifact("prod/a/b/c.yaml", "teams/a/b", manifests))


@MANY
@given(MANIFESTS, MANIFESTS)
def test_pyyaml_reads_back_the_same(first: dict[str, Value], second: dict[str, Value]) -> None:
    content = artifact(first, second)
    for loader in (yaml.CSafeLoader, yaml.SafeLoader):
        assert same(list(yaml.load_all(content, loader)), [first, second])


@MANY
@given(MANIFESTS, MANIFESTS)
def test_ruamel_reads_back_the_same(first: dict[str, Value], second: dict[str, Value]) -> None:
    content = artifact(first, second)
    for pure in (True, False):
        parser = YAML(typ="safe", pure=pure)
        assert same(list(parser.load_all(content)), [first, second])


@MANY
@given(manifest=MANIFESTS)
def test_kubernetes_reads_back_the_same(kubernetes: KubernetesParser, manifest: dict[str, Value]) -> None:
    assert same_as_json(kubernetes.read(artifact(manifest)), manifest)


@MANY
@given(VALUES)
def test_a_single_value_reads_back_the_same(value: Value) -> None:
    assert same(yaml.load(emit_value(value), yaml.CSafeLoader), value)


@pytest.mark.parametrize("trap", TRAPS)
def test_every_parser_reads_the_known_traps_as_text(kubernetes: KubernetesParser, trap: str) -> None:
    manifest: dict[str, Value] = {trap: trap, "list": [trap, {trap: [trap]}], "end": [[trap]]}
    content = artifact(manifest)
    assert same(yaml.load(content, yaml.CSafeLoader), manifest)
    assert same(yaml.safe_load(content), manifest)
    assert same(YAML(typ="safe", pure=True).load(content), manifest)
    assert same_as_json(kubernetes.read(content), manifest)
