"""SARIF 2.1.0, which code scanning services read. Format: docs.oasis-open.org/sarif/sarif/v2.1.0."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from pavior.diagnostics import Code, Diagnostic
from pavior.model import Span
from pavior.report import ReadSource
from pavior.report.arrangement import arrange
from pavior.report.json_form import encodable

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(diagnostics: Iterable[Diagnostic], read_source: ReadSource, *, colour: bool = False) -> Iterator[str]:
    """The log file, one run, with the rules of the codes that were found."""
    arranged = arrange(diagnostics)
    codes = {diagnostic.code.number: diagnostic.code for diagnostic in arranged}
    rules = [_rule(codes[number]) for number in sorted(codes)]
    driver = {"name": "pavior", "rules": rules}
    results = [_result(diagnostic) for diagnostic in arranged]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    yield from json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2).split("\n")


def _rule(code: Code) -> dict[str, Any]:
    return {
        "id": code.number,
        "name": code.name,
        "shortDescription": {"text": code.what},
        "fullDescription": {"text": code.why},
        "help": {"text": code.fix},
        "defaultConfiguration": {"level": code.severity.value},
    }


def _result(diagnostic: Diagnostic) -> dict[str, Any]:
    message = diagnostic.message + (f"; {diagnostic.hint}" if diagnostic.hint else "")
    related = [
        {**_location(note.span), "message": {"text": encodable(note.message)}} for note in diagnostic.notes if note.span
    ]
    return {
        "ruleId": diagnostic.code.number,
        "level": diagnostic.severity.value,
        "message": {"text": encodable(message)},
        "locations": [_location(diagnostic.span)],
        **({"relatedLocations": related} if related else {}),
    }


def _location(span: Span) -> dict[str, Any]:
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    return {"physicalLocation": {"artifactLocation": {"uri": quote(_bytes(span.file))}, "region": region}}


def _bytes(path: str) -> bytes:
    """A path as the system has it: what is not UTF-8 there stands as lone surrogates in Python."""
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # no system gave us this path
        return path.encode("utf-8", "surrogatepass")
