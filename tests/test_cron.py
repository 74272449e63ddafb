"""How often schedules of cron run: by hand for the plain ones, and against a clock that looks at every minute for any."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pavior.expression.cron import runs_per_month
from pavior.expression.runtime import Fault

DAYS = [date(2025, 1, 1) + timedelta(days=n) for n in range(1461)]


@pytest.mark.parametrize(
    ("written", "runs"),
    [
        ("0 3 * * *", 1461 / 48),
        ("@daily", 1461 / 48),
        ("*/15 * * * *", 1461 * 96 / 48),
        ("0 0 1 * *", 1),
        ("@monthly", 1),
        ("@yearly", 1 / 12),
        ("0 0 29 2 *", 1 / 48),
        ("0 0 31 * *", 7 / 12),
        ("0 9-17/4 * * MON-FRI", 1043 * 3 / 48),
        ("5/20 0 * * ?", 1461 * 3 / 48),
        # Both kinds of day: either is enough. A star with a step is a restriction, with the step 1 it is none.
        ("0 0 1 * 1", (48 + 208 - 7) / 48),
        ("0 0 1 * */2", sum(d.day == 1 or d.isoweekday() in (7, 2, 4, 6) for d in DAYS) / 48),
        ("0 0 1 * */1", 1),
        ("0 0 30 feb *", 0),
    ],
)
def test_a_schedule_runs_so_often_in_a_month(written, runs):
    assert runs_per_month(written) == pytest.approx(runs, abs=0.00005)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* * 0 * *",
        "* * * * 7",
        "5-1 * * * *",
        "*/0 * * * *",
        "x * * * *",
        "@often",
    ],
)
def test_what_is_no_schedule_is_a_fault(written):
    with pytest.raises(Fault):
        runs_per_month(written)


@given(
    st.sets(st.integers(1, 31), min_size=1),
    st.sets(st.integers(1, 12), min_size=1),
    st.sets(st.integers(0, 6), min_size=1),
)
@settings(max_examples=30, deadline=None)
def test_days_are_those_of_the_calendar(days, months, weekdays):
    def listed(numbers):
        return ",".join(map(str, sorted(numbers)))

    both = [d for d in DAYS if d.month in months and (d.day in days or d.isoweekday() % 7 in weekdays)]
    by_day = [d for d in DAYS if d.month in months and d.day in days]
    by_weekday = [d for d in DAYS if d.month in months and d.isoweekday() % 7 in weekdays]
    for written, expected in (
        (f"0 0 {listed(days)} {listed(months)} {listed(weekdays)}", both),
        (f"0 0 {listed(days)} {listed(months)} *", by_day),
        (f"0 0 * {listed(months)} {listed(weekdays)}", by_weekday),
    ):
        assert runs_per_month(written) == pytest.approx(len(expected) / 48, abs=0.00005)
