"""Filters at their edges; the plain cases are in the reference, whose examples are tests too."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pavior.expression import TemplateFault, filters, units
from pavior.expression.registry import FILTERS, TESTS
from pavior.expression.runtime import Fault, merge, text
from pavior.model import Value
from templates import compiled, evaluated, evaluation_fault

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("100m", 0.1),
        ("1.5", 1.5),
        (".5", 0.5),
        ("2.", 2),
        ("1e3", 1000),
        ("12E-1", 1.2),
        ("1k", 1000),
        ("2Mi", 2097152),
        ("-1", -1),
        ("1n", 1e-9),
    ],
)
def test_quantities_are_read_as_kubernetes_reads_them(written: str, amount: float) -> None:
    assert units.quantity(written) == amount


@pytest.mark.parametrize("written", ["", "m", "1 Gi", "1gi", "1K", "1e", "0x1", "1_000", "١", "1Gi\n", "--1"])
def test_what_is_no_quantity_is_a_fault(written: str) -> None:
    with pytest.raises(Fault, match="is not a quantity"):
        units.quantity(written)


@pytest.mark.parametrize("written", ["", "5", "1y", "s", "1s 2s", "-1s", "1.s", "1s\n", "1us"])
def test_what_is_no_duration_is_a_fault(written: str) -> None:
    with pytest.raises(Fault, match="is not a duration"):
        units.seconds(written)


@given(st.integers(0, 10**9))
def test_a_duration_reads_back_the_same(milliseconds: int) -> None:
    assert units.seconds(units.duration(milliseconds / 1000)) == milliseconds / 1000


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_in_text_reads_back_the_same_and_has_no_exponent(number: float) -> None:
    assert float(text(number)) == number
    assert re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text(number))


@given(st.text(max_size=80), st.integers(10, 63))
def test_a_dns_label_is_one_and_what_is_one_stays(name: str, length: int) -> None:
    label = filters.dns_label(name, length)
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", label)
    assert len(label) <= length
    assert filters.dns_label(label, length) == label


def test_long_names_that_differ_at_their_end_stay_different() -> None:
    assert len({filters.dns_label("a" * 70 + end) for end in "xyz"}) == 3


@given(st.text(min_size=1))
def test_an_environment_name_is_one(name: str) -> None:
    assert re.fullmatch(r"[A-Z_][A-Z0-9_]*", filters.env_name(name))


@pytest.mark.parametrize(
    ("amount", "digits", "result"),
    [(2.5, 0, 3), (-2.5, 0, -3), (0.125, 2, 0.13), (1e15, 0, 10**15), (99.95, 1, 100), (0.0009999, 4, 0.001)],
)
def test_round_goes_half_away_from_zero(amount: float, digits: int, result: float) -> None:
    found = filters.round_(amount, digits)
    assert (found, type(found)) == (result, type(result))


@pytest.mark.parametrize(("method", "result"), [("up", [2, -1]), ("down", [1, -2])])
def test_round_up_and_down_go_towards_the_larger_and_the_smaller(method: str, result: list[int]) -> None:
    assert [filters.round_(1.5, 0, method), filters.round_(-1.5, 0, method)] == result


def test_named_arguments_reach_their_parameter() -> None:
    assert evaluated("1.25 | round(digits=1, method='down')") == 1.2
    assert evaluated("none | default(fallback=1)") == 1


def test_first_and_last_of_nothing_are_none() -> None:
    assert evaluated("[[] | first is none, [] | last is none, [] | min is none]") == [True, True, True]


def test_unique_tells_apart_what_python_takes_for_equal() -> None:
    assert evaluated("[1, true, '1', 1] | unique") == [1, True, "1"]


@given(VALUES)
def test_json_reads_back_the_same(value: Value) -> None:
    assert json.loads(filters.to_json(value)) == value


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(max_size=3), VALUES), st.dictionaries(st.text(max_size=3), VALUES))
def test_merging_changes_neither_map(base: dict[str, Value], patch: dict[str, Value]) -> None:
    before = json.dumps([base, patch])
    merge(base, patch)
    assert json.dumps([base, patch]) == before


@pytest.mark.parametrize("name", sorted(FILTERS))
@settings(max_examples=25, deadline=None)
@given(value=VALUES, arguments=st.lists(VALUES, min_size=4, max_size=4))
def test_a_filter_answers_plain_data_or_a_fault_whatever_it_is_given(
    name: str, value: Value, arguments: list[Value]
) -> None:
    filter_ = FILTERS[name]
    try:
        made = filter_.function(value, *arguments[: len(filter_.parameters)])
    except Fault:
        return
    json.dumps(made)
    kinds = {"string": str, "integer": int, "number": int | float, "strings": list}
    assert isinstance(made, kinds.get(filter_.makes, object))


@pytest.mark.parametrize("name", sorted(TESTS))
@settings(max_examples=10, deadline=None)
@given(value=VALUES, argument=st.text(max_size=2))
def test_a_test_answers_a_boolean_or_a_fault(name: str, value: Value, argument: str) -> None:
    test = TESTS[name]
    try:
        answer = test.function(value, *[argument] * len(test.parameters))
    except Fault:
        return
    assert isinstance(answer, bool)


@pytest.mark.parametrize("operator", ["+", "-", "*", "/", "//", "%", "<", ">=", "in", "==", "~"])
@settings(max_examples=25, deadline=None)
@given(left=VALUES, right=VALUES)
def test_an_operator_answers_plain_data_or_a_fault(operator: str, left: Value, right: Value) -> None:
    template = compiled(f'a: "{{{{ x {operator} z }}}}"')
    try:
        (item,) = template.render({"x": left, "z": right})
    except TemplateFault:
        return
    json.dumps(item)


def test_arithmetic_is_decimal() -> None:
    assert evaluated("(100 - x) / 100", x=99.9) == 0.001
    assert evaluated("0.1 + 0.2") == 0.3
    assert evaluated("x * 60", x=0.5) == 30
    assert isinstance(evaluated("x * 60", x=0.5), int)


def test_a_filter_that_is_given_none_names_the_path() -> None:
    assert evaluation_fault("a.b | env_name").message == "`a.b` is none here"


@given(st.text() | st.text(st.characters(max_codepoint=127)))
def test_an_address_is_encoded_as_the_standard_library_does(given_text: str) -> None:
    assert filters.urlencode(given_text) == quote(given_text, safe="", errors="surrogatepass")
