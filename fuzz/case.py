"""Cases: what a target is run with, as JSON, so that one that was found can be kept and read.

Bytes are text in them: UTF-8, with half characters for bytes that are none (PEP 383).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis.strategies import SearchStrategy

Case = Any

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True)
class Target:
    """`cases` makes what `run` is called with, which raises `guard.Violation` or anything else where something is wrong.

    `writable` are the folders that `run` may write to.
    """

    cases: Callable[[], SearchStrategy[Case]]
    run: Callable[[Case], None]
    writable: Callable[[], tuple[str, ...]] = tuple


def as_text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def as_bytes(text: str) -> bytes:
    """Other half characters than those of `as_text` are written as UTF-8 would, were it allowed."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def kept(target: str) -> list[Path]:
    """The files of the cases of a target that are kept."""
    return sorted((CORPUS / target).glob("*.json"))


def read(file: Path) -> Case:
    return json.loads(file.read_text(encoding="ascii"))


def write(file: Path, case: Case) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(case, indent=1) + "\n", encoding="ascii")
