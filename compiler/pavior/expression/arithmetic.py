"""Arithmetic of templates: decimal, exact, and bounded."""

from __future__ import annotations

import math
from decimal import Decimal
from functools import lru_cache

from pavior.expression.runtime import MAX_INTEGER, MAX_ITEMS, NUMBERS, Fault, bounded, is_number, kind
from pavior.model import Value


def _numbers(sign: str, left: Value, right: Value) -> None:
    if left.__class__ in NUMBERS and right.__class__ in NUMBERS:
        return
    for operand in (left, right):
        if not is_number(operand):
            raise Fault(f"`{sign}` takes numbers, not {kind(operand)}", none=operand is None)


def number(value: int | float | Decimal) -> int | float:
    """A result of arithmetic: a whole one is an int; what 64 bits cannot hold is a fault."""
    if not math.isfinite(value) or not -MAX_INTEGER <= value < MAX_INTEGER:
        raise Fault("the result is too large a number")
    return int(value) if value == int(value) else float(value)


def exact(value: int | float) -> Decimal:
    """The decimal that the number is written as: 99.9 is 99.9, so that 100 - 99.9 is 0.1."""
    if not math.isfinite(value):
        raise Fault("arithmetic takes finite numbers")
    return Decimal(value) if isinstance(value, int) else Decimal(repr(value))


def add(left: Value, right: Value) -> Value:
    if isinstance(left, str) and isinstance(right, str):
        return bounded(left + right)
    if isinstance(left, list) and isinstance(right, list):
        if len(left) + len(right) > MAX_ITEMS:
            raise Fault(f"a list of more than {MAX_ITEMS} items")
        return left + right
    if isinstance(left, str | list) or isinstance(right, str | list):
        raise Fault(
            f"`+` takes two numbers, two texts or two lists, not {kind(left)} and {kind(right)}",
            "join text with `~`",
            none=left is None or right is None,
        )
    _numbers("+", left, right)
    return _sum(left, right)


def subtract(left: Value, right: Value) -> Value:
    _numbers("-", left, right)
    return _sum(left, -right)


def multiply(left: Value, right: Value) -> Value:
    _numbers("*", left, right)
    return _product(left, right)


def divide(left: Value, right: Value) -> Value:
    _numbers("/", left, right)
    return _quotient(left, right)


def floor_divide(left: Value, right: Value) -> Value:
    _numbers("//", left, right)
    return _whole_quotient(left, right)


def modulo(left: Value, right: Value) -> Value:
    _numbers("%", left, right)
    return _remainder(left, right)


# Templates compute with few numbers: objectives, factors, periods.
@lru_cache(maxsize=2048, typed=True)
def _sum(left: int | float, right: int | float) -> int | float:
    return number(exact(left) + exact(right))


@lru_cache(maxsize=2048, typed=True)
def _product(left: int | float, right: int | float) -> int | float:
    return number(exact(left) * exact(right))


@lru_cache(maxsize=2048, typed=True)
def _quotient(left: int | float, right: int | float) -> int | float:
    _not_zero(right)
    return number(exact(left) / exact(right))


@lru_cache(maxsize=2048, typed=True)
def _whole_quotient(left: int | float, right: int | float) -> int | float:
    _not_zero(right)
    return number(Decimal(math.floor(exact(left) / exact(right))))


@lru_cache(maxsize=2048, typed=True)
def _remainder(left: int | float, right: int | float) -> int | float:
    return number(exact(left) - exact(_whole_quotient(left, right)) * exact(right))


def _not_zero(value: Value) -> None:
    if value == 0:
        raise Fault("division by zero")


def negative(value: Value) -> Value:
    _numbers("-", value, 0)
    return number(-exact(value))


def positive(value: Value) -> Value:
    _numbers("+", value, 0)
    return value
