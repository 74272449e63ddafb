"""What a run does to Python's memory."""

from __future__ import annotations

import gc

import pytest

from pavior.pipeline.memory import rare_collections


def test_the_search_for_cycles_is_rare_in_a_run_and_as_before_after_it() -> None:
    before = gc.get_threshold()

    @rare_collections()
    def run() -> int:
        assert gc.isenabled()
        return gc.get_threshold()[0]

    assert run() > before[0]
    assert run() > before[0]
    assert gc.get_threshold() == before


def test_a_run_that_fails_leaves_no_trace() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="no"), rare_collections():
        raise ValueError("no")
    assert gc.get_threshold() == before
