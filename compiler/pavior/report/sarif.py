"""SARIF 2.1.0, which code scanning services read.

Format: docs.oasis-open.org/sarif/sarif/v2.1.0; what GitHub takes of it: docs.github.com, "SARIF support for code scanning".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from pavior.diagnostics import Code, Diagnostic, Note
from pavior.model import Span
from pavior.report import NOTHING, Context, ReadSource
from pavior.report.arrangement import arrange
from pavior.report.escaping import ascii_json
from pavior.report.fingerprint import fingerprints
from pavior.report.json_form import encodable

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
"""The name by which readers know the root of the Git repository; where that is on a disk is left to them."""

_FINGERPRINT = "primaryLocationLineHash"
"""The one fingerprint that GitHub reads. Without it one is made of the lines themselves, which a report may not lie beside."""


def render(
    diagnostics: Iterable[Diagnostic], read_source: ReadSource, *, colour: bool = False, context: Context = NOTHING
) -> Iterator[str]:
    """The log file, one run, with the rules of the codes that were found. Sources are not read."""
    arranged = arrange(diagnostics)
    codes = {diagnostic.code.number: diagnostic.code for diagnostic in arranged}
    positions = {number: position for position, number in enumerate(sorted(codes))}
    run = {
        "tool": {
            "driver": {
                "name": "pavior",
                "semanticVersion": version("pavior"),
                "rules": [_rule(codes[number]) for number in positions],
            }
        },
        "invocations": [{"executionSuccessful": True}],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the Git repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(diagnostic, f"{digest}:{number}", positions, context.folder)
            for diagnostic, digest, number in fingerprints(arranged, context.folder)
        ],
    }
    yield from ascii_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}).split("\n")


def _rule(code: Code) -> dict[str, Any]:
    return {
        "id": code.number,
        "name": code.name,
        "shortDescription": {"text": code.what},
        "fullDescription": {"text": code.why},
        "help": {"text": code.fix, "markdown": f"{code.what}\n\n**Why.** {code.why}\n\n**Fix.** {code.fix}\n"},
        "defaultConfiguration": {"level": code.severity.value},
        "properties": {"problem.severity": code.severity.value},
    }


def _result(diagnostic: Diagnostic, fingerprint: str, positions: Mapping[str, int], folder: str) -> dict[str, Any]:
    said = (diagnostic.message, diagnostic.hint, *(note.message for note in diagnostic.notes if note.span is None))
    related = [_related(note, note.span, folder) for note in diagnostic.notes if note.span]
    return {
        "ruleId": diagnostic.code.number,
        "ruleIndex": positions[diagnostic.code.number],
        "level": diagnostic.severity.value,
        "message": {"text": _plain("; ".join(part for part in said if part))},
        "locations": [_location(diagnostic.span, folder)],
        **({"relatedLocations": related} if related else {}),
        "partialFingerprints": {_FINGERPRINT: fingerprint},
    }


def _related(note: Note, span: Span, folder: str) -> dict[str, Any]:
    return {**_location(span, folder), "message": {"text": _plain(note.message)}}


def _plain(text: str) -> str:
    """Text in which readers see no link: `[words](target)` would be one (section 3.11.6)."""
    return encodable(text.replace("](", "] ("))


def _location(span: Span, folder: str) -> dict[str, Any]:
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    artifact = {"uri": quote(_bytes(folder + span.file)), "uriBaseId": _ROOT}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _bytes(path: str) -> bytes:
    """A path as the system has it: what is not UTF-8 there stands as lone surrogates in Python."""
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # no system gave us this path
        return path.encode("utf-8", "surrogatepass")
