"""Diagnostics as bytes, to be told again by a later run of the same compiler. A code stands there by its number."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable
from typing import Any

from pavior.diagnostics import Code, Diagnostic
from pavior.diagnostics.catalogue import find


def dump(diagnostics: Iterable[Diagnostic]) -> bytes:
    """Diagnostics as bytes. Python's own serialisation: what is read again must come from where only the user can write."""
    written = io.BytesIO()
    _Pickler(written, pickle.HIGHEST_PROTOCOL).dump(tuple(diagnostics))
    return written.getvalue()


def load(content: bytes) -> tuple[Diagnostic, ...]:
    """What `dump` wrote."""
    found: tuple[Diagnostic, ...] = _Unpickler(io.BytesIO(content)).load()
    return found


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: Any) -> str | None:
        return obj.number if isinstance(obj, Code) else None


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, pid: str) -> Code:
        code = find(pid)
        assert code is not None, "the compiler that wrote it has the same codes"
        return code
