"""What is fuzzed. Each module has targets by name in `TARGETS`."""

from __future__ import annotations

from importlib import import_module

from fuzz.case import Target

_MODULES = (
    "texts",
    "files",
    "places",
    "history",
    "languages",
    "policies",
    "manifests",
    "forge",
    "reports",
    "emission",
    "kept",
)


def targets() -> dict[str, Target]:
    """All targets by name."""
    found: dict[str, Target] = {}
    for name in _MODULES:
        found |= import_module(f"fuzz.targets.{name}").TARGETS
    return found
