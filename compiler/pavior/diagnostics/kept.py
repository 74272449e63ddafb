"""Diagnostics as bytes, to be told again by a later run of the same compiler. A code stands there by its number."""

from __future__ import annotations

import io
import pickle
from typing import Any

from pavior.diagnostics import Code
from pavior.diagnostics.catalogue import find


def dump(value: Any) -> bytes:
    """Diagnostics, in lists or maps of plain data, as bytes.

    Python's own serialisation: what is read again must come from where only the user can write.
    """
    written = io.BytesIO()
    _Pickler(written, pickle.HIGHEST_PROTOCOL).dump(value)
    return written.getvalue()


def load(content: bytes) -> Any:
    """What `dump` wrote."""
    return _Unpickler(io.BytesIO(content)).load()


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: Any) -> str | None:
        return obj.number if isinstance(obj, Code) else None


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, pid: str) -> Code:
        code = find(pid)
        assert code is not None, "the compiler that wrote it has the same codes"
        return code
