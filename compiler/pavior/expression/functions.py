"""Generated code becomes functions. Free of Jinja2, so that what was compiled before runs without it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import CodeType, MappingProxyType
from typing import Any

from pavior.expression import arithmetic, runtime
from pavior.expression.registry import FILTERS, TESTS

_RUNTIME = (
    *("OMIT", "SCALARS", "bounded", "concatenate", "contains", "cut", "get", "items", "join_round", "json_document"),
    *("key", "leaf", "less", "less_or_equal", "mapping", "overlay", "pairs", "present", "present_entries", "sources"),
    "text",
)
_ARITHMETIC = ("add", "divide", "floor_divide", "modulo", "multiply", "negative", "positive", "subtract")

NAMES: Mapping[str, Any] = MappingProxyType(
    {
        "__builtins__": {},
        "dict": dict,
        "str": str,
        "enumerate": enumerate,
        "inf": math.inf,
        "nan": math.nan,
        **{name: getattr(runtime, name) for name in _RUNTIME},
        **{name: getattr(arithmetic, name) for name in _ARITHMETIC},
        **{f"filter_{name}": filter_.function for name, filter_ in FILTERS.items()},
        **{f"test_{name}": test.function for name, test in TESTS.items()},
    }
)
"""All that the code of a render can name, besides what it makes itself."""


def code_of(source: str, file: str) -> CodeType:
    """Generated Python, compiled; `file` is the template that tracebacks name."""
    return compile(source, f"<template {file}>", "exec", dont_inherit=True)


def function_of(code: CodeType, name: str, names: Mapping[str, Any] = NAMES) -> Callable[..., Any]:
    """The function `name` that the code defines, which can name nothing but `names`."""
    namespace = dict(names)
    exec(code, namespace)
    return namespace[name]  # type: ignore[no-any-return]
