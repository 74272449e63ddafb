"""Kubernetes' quantities, exactly: https://pkg.go.dev/k8s.io/apimachinery/pkg/api/resource#ParseQuantity.

Its library for CEL: https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-quantity-library.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from pavior.cel.values import CelError, Value, no_overload

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_WRITTEN = re.compile(
    r"([+-]?(?:[0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40}))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?[0-9]{1,3}))?"
)
_NANO = 10**9


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount, a multiple of 10⁻⁹. Quantities written in different ways are equal."""

    amount: Fraction


@lru_cache(maxsize=1024)
def _parse(written: str) -> Quantity | None:
    found = _WRITTEN.fullmatch(written)
    if found is None:
        return None
    digits, suffix, exponent = found.groups()
    amount = Fraction(digits.removesuffix(".")) if digits not in ("+", "-") else Fraction(0)
    if suffix in _BINARY:
        amount *= 1 << _BINARY[suffix]
    else:
        amount *= Fraction(10) ** (int(exponent) if exponent else _DECIMAL[suffix or ""])
    # Finer than nano is rounded up, away from zero.
    whole, rest = divmod(abs(amount) * _NANO, 1)
    nano = whole + (rest > 0)
    return Quantity(Fraction(int(nano) if amount >= 0 else -int(nano), _NANO))


def quantity(written: Value) -> Quantity:
    if type(written) is not str:
        raise no_overload("quantity", written)
    found = _parse(written)
    if found is None:
        raise CelError(f"`{written[:40]}` is not a quantity")
    return found


def is_quantity(written: Value) -> bool:
    if type(written) is not str:
        raise no_overload("isQuantity", written)
    return _parse(written) is not None


def _amount(function: str, value: Value) -> Fraction:
    if type(value) is not Quantity:
        raise no_overload(function, value)
    return value.amount


def compare_to(one: Value, other: Value) -> int:
    mine, its = _amount("compareTo", one), _amount("compareTo", other)
    return (mine > its) - (mine < its)


def is_greater_than(one: Value, other: Value) -> bool:
    return _amount("isGreaterThan", one) > _amount("isGreaterThan", other)


def is_less_than(one: Value, other: Value) -> bool:
    return _amount("isLessThan", one) < _amount("isLessThan", other)


def sign(value: Value) -> int:
    amount = _amount("sign", value)
    return (amount > 0) - (amount < 0)
