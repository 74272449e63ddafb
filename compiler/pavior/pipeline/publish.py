"""Publish: the schemas that editors complete and explain with, and their reference for people, of a repository's components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pavior.diagnostics import Diagnostic
from pavior.phases.discover import discover
from pavior.phases.write import recover
from pavior.pipeline.golden_paths import load_platform
from pavior.schema.publish import published, text


def publish(
    root: Path, *, write: bool, reference: str | None = None, prerequisites: str | None = None
) -> tuple[list[Diagnostic], list[str]]:
    """Bring schemas/*.schema.json up to date, or, without `write`, only say which of them are not.

    `reference` and `prerequisites` are files below the root that get, for people, the reference of platform.yaml and what must
    be installed in clusters.
    """
    recover(root)
    found = discover(root)
    if found.value is None:
        return list(found.diagnostics), []
    loaded = load_platform(found.value)
    diagnostics = [*found.diagnostics, *loaded.diagnostics]
    if loaded.value is None:
        return diagnostics, []
    platform = loaded.value[0]
    texts = {f"schemas/{name}": text(node) for name, node in published(platform.schemas).items()}
    if reference is not None:
        from pavior.pipeline.reference import reference as page  # noqa: PLC0415  (asked for seldom)

        texts[reference] = page(platform)
    if prerequisites is not None:
        from pavior.pipeline.prerequisites import prerequisites as needed  # noqa: PLC0415  (asked for seldom)

        texts[prerequisites] = needed(platform)
    outdated = list(_outdated(root, texts))
    if write:
        for path, content in outdated:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
    return diagnostics, [path for path, _ in outdated]


def _outdated(root: Path, texts: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    for path, written in texts.items():
        file = root / path
        content = written.encode()
        if not file.is_file() or file.read_bytes() != content:
            yield path, content
