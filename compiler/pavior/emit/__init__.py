"""The only emitter: values to canonical YAML that every Kubernetes parser reads back the same.

The bytes depend on the values alone: no time, version, host or order of discovery is in them.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pavior.emit.block import TOP, find_fault, scalar, write_list, write_map
from pavior.emit.scalar import NotEmittable, is_literal
from pavior.model import Artifact, Manifest, Path, Value

__all__ = [
    "NotEmittable",
    "UnemittableArtifact",
    "add",
    "begin",
    "emit",
    "emit_text",
    "emit_value",
    "marker_source",
    "text_lines",
]

# Files in the rendered tree are known by this line, so its wording never changes.
_MARKER = "# Rendered by Pavior from {source}; edit that, not this file.\n"
_SOURCE = re.compile(r"\S[^\r\n]*")
_TEXT_MARKER = "<!-- Rendered by Pavior from {source}; edit that, not this file. -->\n"
_MARKER_LINE = re.compile(
    rb"(?:# |<!-- )Rendered by Pavior from (\S[^\r\n]*); edit that, not this file\.(?: -->)?\r?\n?"
)


class UnemittableArtifact(NotEmittable):
    """A manifest holds what YAML can't hold: a key too long, half a character, a number beyond 64 bits.

    `manifest` is its index in the artifact, `path` where it is in there.
    """

    def __init__(self, artifact: str, manifest: int, path: Path, reason: str) -> None:
        super().__init__(reason)
        self.artifact = artifact
        self.manifest = manifest
        self.path = path
        self.reason = reason


def emit(artifact: Artifact) -> bytes:
    """The content of the artifact's file: the line that marks it as Pavior's, then each manifest after `---`.

    Raises UnemittableArtifact.
    """
    out = begin(artifact.source)
    for index, manifest in enumerate(artifact.manifests):
        try:
            add(out, manifest)
        except NotEmittable as fault:
            path, reason = find_fault(manifest) or ((), str(fault))
            raise UnemittableArtifact(artifact.path, index, path, reason) from fault
    return "".join(out).encode()


def begin(source: str) -> list[str]:
    """The beginning of an artifact's text, in pieces that are joined once it is whole."""
    return [_marker(source)]


@lru_cache(maxsize=256)  # an owner's artifacts come together
def _marker(source: str) -> str:
    if not _SOURCE.fullmatch(source):
        raise ValueError(f"{source!r} is not the name of a folder")
    return _MARKER.format(source=source)


def add(out: list[str], manifest: Manifest) -> None:
    """Append a manifest's text in pieces. Raises NotEmittable."""
    out.append("---\n")
    if manifest:
        write_map(manifest, TOP, out)
    else:
        out.append("{}\n")


def emit_text(source: str, lines: Value) -> bytes:
    """Markdown after the line that marks the file as Pavior's: `lines` is text, or a list of such, at any depth."""
    return "\n".join([_TEXT_MARKER.format(source=source)[:-1], *text_lines(lines), ""]).encode()


def text_lines(lines: Value) -> list[str]:
    """The lines of nested lists of text. Raises NotEmittable for what is neither."""
    if isinstance(lines, str):
        return [lines.removesuffix("\n")]
    if not isinstance(lines, list):
        raise NotEmittable(f"a line of text is text, not {lines!r}")
    found: list[str] = []
    for line in lines:
        if line.__class__ is str:
            found.append(line.removesuffix("\n"))
        else:
            found.extend(text_lines(line))
    return found


def emit_value(value: Value) -> str:
    """Any value as in an artifact: on one line without its end where it takes one line, else lines with their ends.

    Raises NotEmittable.
    """
    if isinstance(value, str) and is_literal(value):
        out: list[str] = []
        write_list([value], TOP, out)
        return "".join(out)[2:]
    if not isinstance(value, dict | list) or not value:
        return scalar(value)
    out = []
    if isinstance(value, dict):
        write_map(value, TOP, out)
    else:
        write_list(value, TOP, out)
    return "".join(out)


def marker_source(first_line: bytes) -> str | None:
    """The folder that a file was rendered from, read from its first line; None where Pavior didn't render it."""
    match = _MARKER_LINE.fullmatch(first_line)
    return match[1].decode("utf-8", "replace") if match else None
