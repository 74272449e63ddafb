"""Suggestions: the name that a person most likely meant."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pavior.diagnostics.suggest import did_you_mean, edit_distance

FIELDS = [
    "image",
    "port",
    "protocol",
    "ingress",
    "replicas",
    "needs",
    "environments",
    "goldenPath",
    "env",
    "probes",
    "tier",
]


class TestDidYouMean:
    @pytest.mark.parametrize(
        ("word", "meant"),
        [
            ("replica", "replicas"),
            ("imgae", "image"),
            ("prot", "port"),
            ("golden-path", "goldenPath"),
            ("golden_path", "goldenPath"),
            ("GOLDENPATH", "goldenPath"),
            ("enviroment", "environments"),
            ("ingres", "ingress"),
            ("ingressHosts", "ingress"),
            ("evn", "env"),
            ("proto", "protocol"),
        ],
    )
    def test_a_misspelling_is_recognised(self, word: str, meant: str) -> None:
        assert did_you_mean(word, FIELDS) == meant

    @pytest.mark.parametrize("word", ["", "x", "banana", "teir0000", "q" * 1000, "rate", "cost"])
    def test_what_resembles_nothing_has_no_suggestion(self, word: str) -> None:
        assert did_you_mean(word, FIELDS) is None

    def test_the_nearest_wins_and_ties_go_by_name(self) -> None:
        assert did_you_mean("cat", ["cart", "cut", "bat"]) == "bat"
        assert did_you_mean("paymets", ["payment", "payments"]) == "payments"

    def test_the_order_of_candidates_does_not_matter(self) -> None:
        assert did_you_mean("cat", ["cut", "bat"]) == did_you_mean("cat", ["bat", "cut"])

    def test_hostile_words_cost_no_time(self) -> None:
        started = time.process_time()
        assert did_you_mean("a" * 10_000_000, ["b" * 10_000_000, "c"]) is None
        assert did_you_mean("a" * 64, ["b" * 64] * 100) is None
        assert time.process_time() - started < 5


class TestEditDistance:
    @pytest.mark.parametrize(
        ("first", "second", "distance"),
        [("", "", 0), ("", "ab", 2), ("kitten", "sitting", 3), ("ab", "ba", 1), ("ca", "abc", 3), ("port", "prot", 1)],
    )
    def test_insertions_omissions_exchanges_and_swaps_cost_one(self, first: str, second: str, distance: int) -> None:
        assert edit_distance(first, second) == distance

    @given(st.text("abc", max_size=8), st.text("abc", max_size=8))
    def test_the_distance_is_the_same_both_ways_and_zero_only_for_equals(self, first: str, second: str) -> None:
        distance = edit_distance(first, second)
        assert distance == edit_distance(second, first)
        assert (distance == 0) == (first == second)
        assert abs(len(first) - len(second)) <= distance <= max(len(first), len(second))
