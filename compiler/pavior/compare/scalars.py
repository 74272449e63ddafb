"""Scalars by what they mean: `1Gi` is `1024Mi`, `60s` is `1m`, and which of two is more."""

from __future__ import annotations

from collections.abc import Callable

from pavior.compare.knowledge import Form, Reading
from pavior.expression.runtime import Fault
from pavior.expression.units import quantity, seconds
from pavior.model import Value

_READERS: dict[Form, Callable[[str], int | float]] = {Form.QUANTITY: quantity, Form.DURATION: seconds}


def size(value: Value, form: Reading | None) -> int | float | None:
    """How much a scalar is; None where it is no amount. False is less than true; a word of a ranking is as much as its place."""
    if isinstance(form, tuple):
        return form.index(value) if value in form else None
    if isinstance(value, int | float):
        return value
    if form is None or not isinstance(value, str):
        return None
    try:
        return _READERS[form](value)
    except Fault:
        return None


def same(before: Value, after: Value, form: Reading | None) -> bool:
    """Whether two scalars mean the same: by value where a form says how to read them, else by value and type."""
    if isinstance(before, bool) or isinstance(after, bool):
        return before is after
    if before == after:
        return True
    if not isinstance(form, Form):
        return False
    one = size(before, form)
    return one is not None and one == size(after, form)


def direction(before: Value, after: Value, form: Reading | None) -> str:
    """`increased` or `decreased` where both are amounts, else `changed`."""
    one, other = size(before, form), size(after, form)
    if one is None or other is None or one == other:
        return "changed"
    return "increased" if one < other else "decreased"
