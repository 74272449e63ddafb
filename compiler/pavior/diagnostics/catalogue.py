"""All diagnostic codes, and their text for people: `pavior explain PV204`."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import ModuleType

from pavior.diagnostics import Code, Severity
from pavior.diagnostics import codes as codes_package


def modules() -> Mapping[str, ModuleType]:
    """The modules of codes by name; importing them all is for whoever explains codes, not for every command."""
    names = sorted(module.name for module in pkgutil.iter_modules(codes_package.__path__))
    return {name: import_module(f"{codes_package.__name__}.{name}") for name in names}


def codes_of(module: ModuleType) -> Mapping[str, Code]:
    """The codes that a module declares, by the name of their constant."""
    return {name: value for name, value in vars(module).items() if isinstance(value, Code)}


@cache
def catalogue() -> Mapping[str, Code]:
    """Every code by its number, in the order of the numbers."""
    found = [code for module in modules().values() for code in codes_of(module).values()]
    return {code.number: code for code in sorted(found, key=lambda code: code.number)}


def find(text: str) -> Code | None:
    """The code that somebody names by its number (`PV204`, `pv204`) or by its name (`unknown-field`)."""
    wanted = text.strip()
    by_number = catalogue().get(wanted.upper())
    return by_number or next((code for code in catalogue().values() if code.name == wanted.lower()), None)


def describe(code: Code) -> str:
    """The code as Markdown: what it is, why it matters, how to mend it."""
    severity = "A warning: nothing is held back." if code.severity is Severity.WARNING else "An error."
    paragraphs = (
        f"# {code.number} {code.name}",
        f"{code.what} {severity}",
        f"**Why.** {code.why}",
        f"**Fix.** {code.fix}",
    )
    return "\n\n".join(paragraphs) + "\n"
