"""Documents by the hundred thousand, emitted and read back by PyYAML, ruamel and Kubernetes' own parser, which is a Go program.

`python -m fuzz.emitted --values 1000000 --go …`: texts and documents until there were so many, in batches of one artifact each,
because starting a parser costs more than what it reads. A text alone counts one, a document one for all that is in it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import yaml
from ruamel.yaml import YAML

from fuzz.material import HOSTILE
from pavior.emit import NotEmittable, emit, emit_value
from pavior.emit.scalar import LONGEST_KEY
from pavior.model import Artifact, Manifest, Value

SOURCE = Path(__file__).parents[1] / "tests" / "kubernetes_yaml"
BATCH = 500

_PIECES = [
    *"aAyYnNeE10.:-+_ #'\"\\=%,;()[]{}|>&*!?@`~/^$<\n\t", "  ", "\n\n", "\n  ", ": ", " #", "- ", "\r", "\x00", "\x1b",
    "\x7f", "\x85", "\xa0", "\xad",
    "\u200b", "\u2028", "\u2029", "\u202e", "\ufeff", "\ue000", "\ufffe", "\U0001f600", "\U000e0001", "ä", "中", "true",
    "null", "no", "on", "0x", "0o",
    "1e", "e5", ".inf", ".nan", "1:30", "2026-01-01", "---", "...", "<<", "250m", "1Gi", "5m30s", "99.9%", "{{ x }}",
    "%YAML", "!!str", "? ", "NaN", "_",
]  # fmt: skip
_INTEGERS = [0, 1, -1, 2**31, -(2**63), 2**63 - 1, 2**63, 2**64 - 1, 10**15, 10**16]
_FLOATS = [0.0, -0.0, 0.1, 1.0, 1e16, 1e15, 1e22, 1e-7, 5e-324, 1.7976931348623157e308, 123456789.123, 2.0**53, 1e100]


def text(chance: random.Random) -> str:
    """A text that some parser could take for something else."""
    kind = chance.randrange(10)
    if kind == 0:
        made = chance.choice(HOSTILE)
    elif kind < 7:
        made = "".join(chance.choices(_PIECES, k=chance.randrange(9)))
    elif kind < 9:
        made = "".join(
            chr(chance.choice((chance.randrange(0x80), chance.randrange(0x3000), chance.randrange(0x11_0000))))
            for _ in range(chance.randrange(12))
        )
    else:
        made = chance.choice(_PIECES) * chance.randrange(1, 200)
    return made.encode(
        "utf-8", "replace"
    ).decode()  # no half characters: those are refused, which tests/test_emit.py holds


def value(chance: random.Random, depth: int = 0) -> Value:
    """Any value that a manifest can hold."""
    kind = chance.randrange(10 if depth < 4 else 7)
    if kind < 4:
        return text(chance)
    if kind == 4:
        return chance.choice((None, True, False))
    if kind == 5:
        return chance.choice(_INTEGERS) if chance.random() < 0.5 else chance.randrange(-(2**63), 2**64)
    if kind == 6:
        return (
            chance.choice(_FLOATS)
            if chance.random() < 0.5
            else chance.uniform(-1, 1) * 10.0 ** chance.randrange(-300, 300)
        )
    if kind == 7:
        return [value(chance, depth + 1) for _ in range(chance.randrange(5))]
    return {key(chance): value(chance, depth + 1) for _ in range(chance.randrange(5))}


def key(chance: random.Random) -> str:
    made = text(chance)
    return made if len(made) * 10 < LONGEST_KEY else made[:90]


def batches(seed: int, count: int) -> Iterator[tuple[Manifest, ...]]:
    """Manifests that hold so many values together: of each batch a third are texts in a list, a third keys, a third documents."""
    chance = random.Random(seed)
    for _ in range(0, count, BATCH):
        third = BATCH // 3
        texts: Manifest = {"texts": [text(chance) for _ in range(third)]}
        keys: Manifest = {}
        while len(keys) < third:
            keys[key(chance)] = text(chance)
        documents = [{"document": value(chance), key(chance): value(chance)} for _ in range(BATCH - 2 * third)]
        yield (texts, keys, *documents)


def same(left: Value, right: Value) -> bool:
    """Equal, and of equal types all through, maps in the same order: 1, 1.0 and True are three values."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[name], right[name]) for name in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right) and (not isinstance(left, float) or repr(left) == repr(right))


def same_as_json(read: Value, written: Value) -> bool:
    """As `same`, but Go sorts the keys, and JSON has one kind of number: 1e16 comes back as 10000000000000000."""
    if isinstance(written, dict):
        return (
            isinstance(read, dict)
            and read.keys() == written.keys()
            and all(same_as_json(read[k], written[k]) for k in written)
        )
    if isinstance(written, list):
        return isinstance(read, list) and len(read) == len(written) and all(map(same_as_json, read, written))
    if isinstance(written, float):
        return type(read) in (int, float) and float(read) == written
    return type(read) is type(written) and bool(read == written)


def pyyaml_differs(content: bytes, manifests: Any) -> bool:
    return not same(list(yaml.load_all(content, yaml.CSafeLoader)), list(manifests))


def ruamel_differs(content: bytes, manifests: Any) -> bool:
    return not same(list(YAML(typ="safe", pure=True).load_all(content)), list(manifests))


class Kubernetes:
    """The Go program of `tests/kubernetes_yaml`, asked one document at a time."""

    def __init__(self, go: str) -> None:
        program = Path(tempfile.mkdtemp(prefix="pavior-fuzz-"), "kubernetes_yaml")
        subprocess.run(
            [go, "build", "-o", program, "."], cwd=SOURCE, check=True, env={**os.environ, "GOTOOLCHAIN": "local"}
        )
        process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin
        assert process.stdout
        self._input: IO[bytes] = process.stdin
        self._output: IO[bytes] = process.stdout

    def differs(self, manifest: Manifest) -> bool:
        document = emit_value(manifest).encode()
        self._input.write(struct.pack(">I", len(document)) + document)
        self._input.flush()
        status, length = struct.unpack(">BI", self._output.read(5))
        answer = self._output.read(length)
        return status != 0 or not same_as_json(json.loads(answer), manifest)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--go", default=os.environ.get("PAVIOR_GO"))
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long, whatever was done")
    options = parser.parse_args()
    kubernetes = Kubernetes(options.go) if options.go else None
    spent = {"PyYAML": 0.0, "ruamel": 0.0, "Kubernetes": 0.0}
    begun, done, wrong = time.monotonic(), 0, 0
    for manifests in batches(options.seed, options.values):
        content = emit(Artifact("prod/a/b/c.yaml", "teams/a/b", manifests))
        for name, differs in (
            ("PyYAML", lambda content=content, manifests=manifests: pyyaml_differs(content, manifests)),
            ("ruamel", lambda content=content, manifests=manifests: ruamel_differs(content, manifests)),
            (
                "Kubernetes",
                lambda manifests=manifests: kubernetes is not None and any(map(kubernetes.differs, manifests)),
            ),
        ):
            started = time.process_time() if name != "Kubernetes" else time.monotonic()
            try:
                if differs():
                    wrong += 1
                    print(
                        f"{name} reads something else: seed {options.seed}, values {done} to {done + BATCH}",
                        file=sys.stderr,
                    )
            except (yaml.YAMLError, NotEmittable, ValueError) as error:
                wrong += 1
                print(f"{name} reads nothing: seed {options.seed}, value {done}: {error}", file=sys.stderr)
            spent[name] += (time.process_time() if name != "Kubernetes" else time.monotonic()) - started
        done += BATCH
        if time.monotonic() - begun > options.minutes * 60:
            break
    rates = ", ".join(f"{name} {done / seconds:,.0f} a second" for name, seconds in spent.items() if seconds)
    asked = "" if kubernetes else " (no Go: Kubernetes' parser was not asked)"
    print(f"emission: {done:,} values, {wrong} read otherwise{asked}; {rates}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
