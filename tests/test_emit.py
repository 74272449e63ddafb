"""The emitter's style, and that every parser reads back what was written."""

from __future__ import annotations

import pytest
import yaml

from pavior.emit import NotEmittable, UnemittableArtifact, emit, emit_value, marker_source
from pavior.model import Artifact, Value


def shown(*manifests: dict[str, Value]) -> str:
    artifact = Artifact("prod/payments/checkout/workload.yaml", "teams/payments/checkout", manifests)
    return emit(artifact).decode()


def test_an_artifact_says_where_it_was_rendered_from_and_lists_its_manifests() -> None:
    assert shown({"kind": "A"}, {"kind": "B"}) == (
        "# Rendered by Pavior from teams/payments/checkout; edit that, not this file.\n---\nkind: A\n---\nkind: B\n"
    )


def test_maps_keep_their_order_and_the_dashes_of_a_list_stand_in_the_column_of_its_key() -> None:
    manifest = {
        "spec": {
            "containers": [
                {"name": "app", "args": ["--port=8080", "-v"], "env": [{"name": "A", "value": "1"}]},
                [["x", {"y": 1}], []],
                {},
            ],
            "active": True,
        },
        "apiVersion": "v1",
    }
    assert emit_value(manifest) == (
        "spec:\n"
        "  containers:\n"
        "  - name: app\n"
        "    args:\n"
        "    - --port=8080\n"
        "    - -v\n"
        "    env:\n"
        "    - name: A\n"
        '      value: "1"\n'
        "  - - - x\n"
        '      - "y": 1\n'
        "    - []\n"
        "  - {}\n"
        "  active: true\n"
        "apiVersion: v1\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "checkout",
        "ghcr.io/acme/checkout:1.4.2@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "https://checkout.acme.example/healthz",
        "/healthz",
        "Checkout takes orders, and charges them",
        "250m",
        "1.5Gi",
        "25%",
        "1h30m",
        "--log-level=info",
    ],
)
def test_plain_words_stay_plain(text: str) -> None:
    assert emit_value(text) == text
    assert yaml.safe_load(text) == text


MISREAD = [
    "y",
    "N",
    "no",
    "On",
    "null",
    "~",
    "=",
    "<<",
    "08",
    "0x1F",
    "0o7",
    "12345e6",
    "1e3",
    "1.10",
    "1.4.2",
    ".5",
    "1.",
    ".inf",
    "2026-01-01",
    "1:30",
    "1_000",
]
MISREAD += [
    "a:",
    "#a",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "`a",
    "{a}",
    "[a]",
    "|",
    ">",
    "?",
    "-",
    "--",
    "---",
    "...",
    "\x7f",
    "\ufeff",
    "\u202e",
    "\ue000",
]
MISREAD += ["", " ", "- a", "a: b", "a #b", " a", "a ", "a\tb", "\x85", "\u2028"]


@pytest.mark.parametrize("text", MISREAD)
def test_text_that_some_parser_reads_as_something_else_is_quoted(text: str) -> None:
    form = emit_value(text)
    assert form[0] == form[-1] == '"'
    assert yaml.safe_load(form) == text


def test_text_full_of_double_quotes_stands_in_single_ones() -> None:
    assert emit_value('sum(rate(requests{job="it\'s"}[5m]))') == "'sum(rate(requests{job=\"it''s\"}[5m]))'"


def test_text_of_many_lines_is_a_literal_block_that_keeps_its_last_line_ends() -> None:
    manifest = {"a": "x\n\ny", "b": "x\n  y\n", "c": ["\nx\n\n", "z\n"]}
    assert emit_value(manifest) == (
        "a: |-\n  x\n\n  y\nb: |\n  x\n    y\nc:\n- |+\n\n  x\n\n- |\n  z\n"  # the blank line belongs to the block
    )


@pytest.mark.parametrize("text", ["\n", "\n\n", " x\ny", "\tx\ny", "\n x", "x\r\ny\r\n", "x\n\x01", "x\u2028\ny"])
def test_text_whose_literal_block_some_parser_misreads_is_quoted(text: str) -> None:
    form = emit_value({"key": text})
    assert form.count("\n") == 1
    assert yaml.safe_load(form) == {"key": text}


def test_floats_have_the_point_that_yaml_1_1_wants() -> None:
    assert [emit_value(number) for number in (1.0, 0.1, 1e20, 1e-7, 1.5e300, -0.0)] == (
        ["1.0", "0.1", "1.0e+20", "1.0e-07", "1.5e+300", "-0.0"]
    )


def test_values_of_one_line_and_of_many_are_shown_for_reports() -> None:
    assert [emit_value(value) for value in (None, True, 3, [], {}, "a\nb")] == (
        ["null", "true", "3", "[]", "{}", "|-\n  a\n  b\n"]
    )
    assert emit_value([1, "a"]) == "- 1\n- a\n"


@pytest.mark.parametrize(
    ("manifest", "path", "words"),
    [
        ({"a": [{"k" * 1001: 1}]}, ("a", 0, "k" * 1001), "a key of 1001 characters"),
        ({"a": {"\u0001" * 300: 1}}, ("a", "\u0001" * 300), "a key of 300 characters"),
        ({"a": {"b": 2**64}}, ("a", "b"), "too large"),
        ({"a": [0, float("inf")]}, ("a", 1), "not a number that JSON has"),
        ({"a": "\ud800"}, ("a",), "U+D800"),
        ({"a": ["x\n\udfff"]}, ("a", 0), "U+DFFF"),
    ],
)
def test_what_cannot_be_read_back_is_refused_with_its_place(
    manifest: dict[str, Value], path: tuple[str | int, ...], words: str
) -> None:
    with pytest.raises(UnemittableArtifact, match=words.replace("+", r"\+")) as raised:
        shown({"fine": 1}, manifest)
    assert (raised.value.manifest, raised.value.path) == (1, path)
    assert raised.value.artifact == "prod/payments/checkout/workload.yaml"
    with pytest.raises(NotEmittable):
        emit_value(manifest)


def test_the_header_is_read_back() -> None:
    first = shown({"a": 1}).encode().splitlines(keepends=True)[0]
    assert marker_source(first) == "teams/payments/checkout"
    assert marker_source(first.replace(b"\n", b"\r\n")) == "teams/payments/checkout"
    assert marker_source(first[:-1]) == "teams/payments/checkout"
    for foreign in (b"", b"# Rendered by hand\n", b"#" + first, first[:-2], b"---\n", first + b"x"):
        assert marker_source(foreign) is None


def test_a_source_that_would_break_the_header_is_a_bug() -> None:
    with pytest.raises(ValueError, match="not the name of a folder"):
        emit(Artifact("x.yaml", "teams/a\nkind: B", ({"a": 1},)))
