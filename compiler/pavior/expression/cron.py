"""How often a schedule of cron runs, as Kubernetes reads it: the standard parser of https://github.com/robfig/cron, version 3."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

from pavior.expression.arithmetic import number
from pavior.expression.runtime import Fault

_YEARS = range(2025, 2029)
"""Four, one of them a leap year; with their days of the week they stand for all."""

_SHORTHANDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_BOUNDS: Sequence[tuple[int, int, Sequence[str]]] = (
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, _MONTHS),
    (0, 6, _WEEKDAYS),
)


@lru_cache(maxsize=4096)
def runs_per_month(written: str) -> int | float:
    """`0 3 * * *` → 30.4375: the runs of four years, by 48. Changes to and from summer time are left out."""
    fields = _SHORTHANDS.get(written, written).split()
    if len(fields) != len(_BOUNDS):
        raise _fault(written)
    try:
        minutes, hours, days, months, weekdays = (
            _numbers(field, *bounds) for field, bounds in zip(fields, _BOUNDS, strict=True)
        )
    except ValueError as error:
        raise _fault(written) from error
    # Where both kinds of day are restricted, either is enough.
    either = not (_is_any(fields[2]) or _is_any(fields[4]))
    matching = 0
    for year in _YEARS:
        for month in months:
            first, length = monthrange(year, month)
            for day in range(1, length + 1):
                hits = (day in days, (first + day) % 7 in weekdays)  # Monday is 0 to `calendar`, 1 to cron
                matching += any(hits) if either else all(hits)
    runs = matching * len(minutes) * len(hours)
    return number((Decimal(runs) / (12 * len(_YEARS))).quantize(Decimal("0.0001")))


def _is_any(field: str) -> bool:
    """Whether a field of days leaves them free: a step takes that away."""
    return any(
        part.partition("/")[0] in ("*", "?") and part.partition("/")[2] in ("", "1") for part in field.split(",")
    )


def _numbers(field: str, least: int, greatest: int, names: Sequence[str]) -> set[int]:
    """The numbers that a field stands for. Raises ValueError where it stands for none."""
    found: set[int] = set()
    for part in field.split(","):
        stretch, slash, step = part.partition("/")
        if stretch in ("*", "?"):
            first, last = least, greatest
        else:
            start, hyphen, end = stretch.partition("-")
            first = _number(start, least, names)
            last = _number(end, least, names) if hyphen else greatest if slash else first
        if not least <= first <= last <= greatest or (slash and int(step) < 1):
            raise ValueError(part)
        found.update(range(first, last + 1, int(step) if slash else 1))
    return found


def _number(text: str, least: int, names: Sequence[str]) -> int:
    return names.index(text.lower()) + least if text.lower() in names else int(text)


def _fault(written: str) -> Fault:
    return Fault(f"`{written[:40]}` is not a schedule", "write minute, hour, day of the month, month, day of the week")
