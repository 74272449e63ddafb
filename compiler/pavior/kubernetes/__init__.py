"""What Pavior knows of Kubernetes' kinds: nothing but their schemas, which are files, found by apiVersion and kind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from pavior.model import Path

Schema: TypeAlias = dict[str, Any]
"""A JSON Schema, draft 7."""


class Reason(Enum):
    """What sort of fault a manifest has."""

    UNKNOWN_KIND = "unknown-kind"
    UNKNOWN_FIELD = "unknown-field"
    MISSING_FIELD = "missing-field"
    BAD_VALUE = "bad-value"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a manifest. `path` leads to the value, of a missing field to the map that lacks it.

    `message` and `hint` are worded as those of a diagnostic.
    """

    reason: Reason
    path: Path
    message: str
    hint: str | None = None


class MissingTool(Exception):
    """A program that a command needs is not there. The text says which, and how to get it."""


class BrokenTool(Exception):
    """A program that a command needs is there but fails. The text is what it said."""
