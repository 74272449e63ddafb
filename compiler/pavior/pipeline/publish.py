"""Publish: the schemas that editors complete and explain with, composed of this repository's components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pavior.diagnostics import Diagnostic
from pavior.phases.discover import discover
from pavior.phases.write import recover
from pavior.pipeline.fleet import load_platform
from pavior.schema import Node
from pavior.schema.publish import published, text


def publish(root: Path, *, write: bool) -> tuple[list[Diagnostic], list[str]]:
    """Bring schemas/*.schema.json up to date, or, without `write`, only say which of them are not."""
    recover(root)
    found = discover(root)
    if found.value is None:
        return list(found.diagnostics), []
    loaded = load_platform(found.value)
    diagnostics = [*found.diagnostics, *loaded.diagnostics]
    if loaded.value is None:
        return diagnostics, []
    outdated = list(_outdated(root, published(loaded.value[0].schemas)))
    if write:
        for path, content in outdated:
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_bytes(content)
    return diagnostics, [path for path, _ in outdated]


def _outdated(root: Path, documents: Mapping[str, Node]) -> Iterator[tuple[str, bytes]]:
    for name, node in documents.items():
        file = root / "schemas" / name
        content = text(node).encode()
        if not file.is_file() or file.read_bytes() != content:
            yield f"schemas/{name}", content
