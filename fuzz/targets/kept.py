"""What runs leave for others: files of the cache, damaged or in another's place, and proofs of shards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from crash import read_tree
from fuzz.case import Case, Target, as_bytes
from fuzz.fleet import command, ground, place, repository, writable
from fuzz.guard import Violation, unwatched
from fuzz.material import KEYS, TEXTS, VALUES, changed
from pavior.pipeline.proof import sealed

TODAY = ["--today", "2026-11-25"]
_AFTER = [
    ["render", *TODAY],
    ["check", *TODAY],
    ["render", "red/two", *TODAY],
    ["list"],
    ["explain", "red/one", "--env", "dev"],
]


def _caches() -> st.SearchStrategy[Case]:
    damage = st.tuples(
        st.sampled_from(["cut", "flip", "empty", "swap", "add", "folder", "link"]),
        st.integers(0, 9),
        st.integers(0, 5000),
    )
    return st.fixed_dictionaries(
        {
            "damage": st.lists(damage, min_size=1, max_size=4),
            "image": st.sampled_from(["tiny.example/one:1", "tiny.example/one:2"]),
            "command": st.sampled_from(_AFTER),
        }
    )


def _cache(case: Case) -> None:
    with repository({}) as root:
        with unwatched():
            command(root, ["render", *TODAY])
            for how, which, at in case["damage"]:
                _damage(ground() / "cache/pavior", how, which, at)
            text = f"apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: {case['image']}\nport: 80\n"
            place(root, "teams/red/one/platform.yaml", text.encode())
        command(root, case["command"])
        with unwatched():
            command(root, ["render", *TODAY])
            left = read_tree(root)
            image = case["image"].encode()
            if image not in left["dev/red/one/process.yaml"] or len(left) != _RENDERED.setdefault("files", len(left)):
                raise Violation("a cache decides what is rendered", repr(sorted(left)))


_RENDERED: dict[str, int] = {}


def _damage(folder: Path, how: str, which: int, at: int) -> None:
    files = sorted(path for path in folder.glob("*") if path.is_file() and not path.is_symlink())
    if not files:
        return
    file, other = files[which % len(files)], files[(which + 1) % len(files)]
    content = file.read_bytes()
    if how == "cut":
        file.write_bytes(content[: at % (len(content) + 1)])
    elif how == "flip" and content:
        at %= len(content)
        file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    elif how == "empty":
        file.write_bytes(b"")
    elif how == "swap":
        file.write_bytes(other.read_bytes())
    elif how == "add":
        file.write_bytes(content + b"a" * at)
    else:
        file.unlink()
        file.mkdir() if how == "folder" else file.symlink_to(ground() / "secret.yaml")


_PROOF: dict[str, Any] = {
    "form": "pavior shard 1", "shard": [1, 1],
    "inputs": {"command": "check", "pavior": "a", "repository": "b", "base": None, "today": "2026-11-25"},
    "errors": 0,
    "parts": {"teams/red/one": {"files": "ab", "manifests": {"dev": "00" * 16}}, "golden-paths": {"files": "", "manifests": {}}},
}  # fmt: skip


def _proofs() -> st.SearchStrategy[Case]:
    changes = st.lists(
        st.tuples(st.sampled_from(["put", "add", "drop", "wrap"]), st.integers(0, 60), KEYS, VALUES), max_size=4
    )
    return st.fixed_dictionaries(
        {
            "proof": changes.map(lambda each: changed(_PROOF, each)),
            "sealed": st.booleans(),
            "raw": st.none() | TEXTS | st.just("[" * 100_000),
            "name": st.sampled_from(["proof.json", "a\n::error::x", "\x1b[31m", "##[add-mask]x"]),
            "form": st.sampled_from(["text", "github", "json", "sarif", "concise"]),
        }
    )


def _proof(case: Case) -> None:
    told = case["proof"]
    if case["sealed"] and isinstance(told, Mapping):
        told = sealed(told)
    with repository({}) as root:
        with unwatched():
            text = case["raw"] if case["raw"] is not None else json.dumps(told)
            place(root, case["name"], as_bytes(text))
        file = root / case["name"]
        command(root, ["shards", "--format", case["form"], str(file), str(file)])


TARGETS = {"caches": Target(_caches, _cache, writable), "proofs": Target(_proofs, _proof, writable)}
