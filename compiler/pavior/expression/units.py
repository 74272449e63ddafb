"""Quantities as Kubernetes writes them and durations as Go writes them, to numbers and back.

Quantities: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
Durations: https://pkg.go.dev/time#ParseDuration, without nanoseconds, microseconds and signs; read with the days and weeks that
Prometheus has (https://prometheus.io/docs/prometheus/latest/querying/basics/#time-durations), written without.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from pavior.expression.arithmetic import exact, number
from pavior.expression.runtime import Fault

_SUFFIXES = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    "k": Decimal("1e3"),
    "M": Decimal("1e6"),
    "G": Decimal("1e9"),
    "T": Decimal("1e12"),
    "P": Decimal("1e15"),
    "E": Decimal("1e18"),
    "Ki": Decimal(1 << 10),
    "Mi": Decimal(1 << 20),
    "Gi": Decimal(1 << 30),
    "Ti": Decimal(1 << 40),
    "Pi": Decimal(1 << 50),
    "Ei": Decimal(1 << 60),
}
_QUANTITY = re.compile(
    r"([+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20}))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?[0-9]{1,2}))?"
)
_UNITS = (("h", Decimal(3600)), ("m", Decimal(60)), ("s", Decimal(1)), ("ms", Decimal("0.001")))
_LONGEST = 10**12
_SIZES = dict(_UNITS) | {"d": Decimal(86400), "w": Decimal(604800)}
_DURATION = re.compile(r"(?:[0-9]{1,12}(?:\.[0-9]{1,9})?(?:ms|[wdhms]))+")
_PART = re.compile(r"([0-9.]+)(ms|[wdhms])")


@lru_cache(maxsize=4096)
def quantity(written: str) -> int | float:
    """`500m` → 0.5, `1Gi` → 1073741824, `1.5` → 1.5."""
    match = _QUANTITY.fullmatch(written)
    if match is None:
        raise Fault(f"`{written[:40]}` is not a quantity", "write a number and a suffix: `500m`, `2`, `256Mi`, `1G`")
    digits, suffix, exponent = match.groups()
    return number(Decimal(digits) * (Decimal(10) ** int(exponent) if exponent else _SUFFIXES[suffix or ""]))


@lru_cache(maxsize=4096)
def seconds(written: str) -> int | float:
    """`1m30s` → 90, `250ms` → 0.25, `7d` → 604800; `0` is a duration too."""
    if written == "0":
        return 0
    if not _DURATION.fullmatch(written):
        raise Fault(
            f"`{written[:40]}` is not a duration", "write numbers with units: `250ms`, `30s`, `1m30s`, `2h`, `7d`"
        )
    return number(sum((Decimal(amount) * _SIZES[unit] for amount, unit in _PART.findall(written)), Decimal(0)))


def duration(amount: int | float) -> str:
    """90 → `1m30s`, 0.25 → `250ms`, 3600 → `1h`, 0 → `0s`. Finer than a millisecond is a fault."""
    rest = exact(amount)
    if not 0 <= rest < _LONGEST or rest % Decimal("0.001"):
        raise Fault("`duration` takes seconds from 0 to some thirty thousand years, in whole milliseconds")
    parts = []
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{int(count)}{unit}")
    return "".join(parts) or "0s"
