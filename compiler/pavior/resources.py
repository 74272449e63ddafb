"""Where the files that travel with Pavior are: in the wheel beside the package, in a checkout at its root."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def starter() -> Path:
    """The folder that holds `schemas/` and the starter's `golden-paths/`."""
    packed = _PACKAGE / "starter"
    return packed if packed.is_dir() else _PACKAGE.parents[1]


def schemas() -> Path:
    """Pavior's own schemas: the hand-written sources and those of Kubernetes kinds."""
    return starter() / "schemas"
