"""Whatever a file holds, validate ends soon, never raises, and both engines say the same."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pavior.model import Document, Positions, Source, Span
from pavior.phases.validate import validate, validate_effective
from pavior.schema.explain import MOST_FAULTS
from schema_samples import sample


def paths(value: Any, at: tuple[Any, ...] = ()) -> dict[tuple[Any, ...], Span]:
    found = {at: Span("platform.yaml", 1, 1, 1, 2)}
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found |= paths(item, (*at, key))
    return found


def made(value: Any) -> Document:
    """A document of a value that no file need be able to say."""

    def positions() -> Positions:
        found = paths(value)
        keys = {path: span for path, span in found.items() if path and isinstance(path[-1], str)}
        return Positions(keys, found)

    return Document(Source("platform.yaml", b""), value, positions)


HEAD = {"apiVersion": "pavior.dev/v1", "goldenPath": "web"}


@pytest.mark.parametrize(
    "value",
    [
        {**HEAD, **{f"key-{n}": n for n in range(50_000)}},
        {**HEAD, "env": {f"bad-{n}": [] for n in range(20_000)}},
        {**HEAD, "needs": {f"db-{n}": {"type": "none"} for n in range(20_000)}},
        {**HEAD, "waivers": {"a": {"environments": [{"x": n} for n in range(20_000)]}}},
        {**HEAD, "image": "a" * 1_000_000 + "!"},
        {**HEAD, "waivers": {"a": {"owner": "a." * 200_000 + "@"}}},
        {**HEAD, "x" * 100_000: "y" * 100_000},
    ],
    ids=["keys", "names", "entries", "items", "image", "address", "long"],
)
def test_hostile_files_end_soon_with_a_bounded_answer(value: Any) -> None:
    document = made(value)
    begun = time.perf_counter()
    outcome = validate(document, "platform", sample())
    assert time.perf_counter() - begun < 5
    assert outcome.failed
    assert len(outcome.diagnostics) <= 2 * MOST_FAULTS
    assert all(len(d.message) < 400 for d in outcome.diagnostics)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "text",
        {**HEAD, "port": float("inf")},
        {**HEAD, "port": float("nan")},
        {**HEAD, "port": 10**400},
        {**HEAD, "cost": {"budget": float("-inf")}},
        {**HEAD, "image": "\ud800"},
        {**HEAD, "\ud800": 1},
        {**HEAD, "image": "a/b:1\n"},
        {**HEAD, "environments": []},
        {**HEAD, "needs": [1]},
        {**HEAD, "needs": {"db": {"type": {}}}},
        {**HEAD, "goldenPath": {}},
        {**HEAD, "goldenPath": None},
        {},
    ],
    ids=lambda value: str(type(value)),
)
def test_strange_values_are_refused_with_a_diagnostic(value: Any) -> None:
    outcome = validate(made(value), "platform", sample())
    assert outcome.value is None
    assert len(outcome.diagnostics) == (2 if value == {} else 1)


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 70_000)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["postgres", "cache", "small", "prod", "512Mi", "@daily", "a/b:1", "2027-01-01", "critical", "/healthz"]
    )
)
names = st.sampled_from(
    [
        "image", "port", "command", "env", "resources", "cpu", "memory", "probe", "path", "tcp", "period", "timeout",
        "replicas", "min", "max", "schedule", "cron", "needs", "type", "size", "version", "environments", "prod", "dev",
        "tier", "waivers", "owner", "expires", "reason", "cost", "budget", "retired", "db",
    ]
)  # fmt: skip
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5))
specs = st.dictionaries(names, values, max_size=6)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(specs)
def test_whatever_the_schema_refuses_is_explained(spec: dict[str, Any]) -> None:
    schemas = sample()
    outcome = validate(made({**HEAD, **spec}), "platform", schemas)
    assert (outcome.value is None) == outcome.failed
    for diagnostic in outcome.diagnostics:
        assert diagnostic.message
        assert not diagnostic.message.endswith(".")
        assert diagnostic.code.number != "PV217", "the engines disagree, or a keyword has no explanation"
    faults = validate_effective(spec, "web", schemas)
    accepted = schemas.paths["web"].full.accepts(spec)
    assert accepted or faults


@settings(max_examples=100, deadline=None)
@given(specs)
def test_an_effective_spec_is_also_a_good_layer(spec: dict[str, Any]) -> None:
    """What is whole is also good in part: the partial form only drops demands."""
    web = sample().paths["web"]
    spec = {key: value for key, value in spec.items() if key in web.fields and key not in ("retired", "needs")}
    if web.full.accepts({"image": "a/b:1", **spec}):
        assert web.layer.accepts(spec), json.dumps(spec)
