"""Load: bytes to documents, with both of PyYAML's parsers."""

from __future__ import annotations

import json
import math
import pickle
import time
from collections.abc import Iterator
from io import StringIO

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pavior.diagnostics import Diagnostic
from pavior.diagnostics.codes import load as codes
from pavior.model import Path, Positions, Source, Span, Value
from pavior.phases.load import load, load_all
from pavior.syntax import composer
from pavior.syntax.faults import may_refer, references
from pavior.syntax.positions import lines_of, text_at
from pavior.syntax.scalars import Ambiguous, OutOfRange, resolve, written

CHECKOUT = """\
# yaml-language-server: $schema=../../../schemas/platform.schema.json
apiVersion: pavior.dev/v1
goldenPath: web-service   # or web-service@next
image: "ghcr.io/acme/checkout:1.4.2"
port: 8080
ingress: {hosts: [checkout.acme.example]}
needs:
  orders:
    type: postgres

  # a comment
env:
  GREETING: |
    hello
    world

  RATIO: 0.25
  EMPTY:
slo: {availability: 99.9}
since: 2026-01-01
debug: false
list:
- one
- two: 2
  three: ~
"""


@pytest.fixture(params=["libyaml", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "pure":
        monkeypatch.setattr(composer, "CParser", None)
    else:
        assert composer.has_fast_parser()


def source(text: str | bytes) -> Source:
    return Source("platform.yaml", text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))


def faults(text: str | bytes) -> list[Diagnostic]:
    outcome = load(source(text))
    assert (outcome.value is None) == bool(outcome.diagnostics)
    return list(outcome.diagnostics)


def sole_fault(text: str | bytes) -> tuple[str, str, str]:
    """Code name, `line:column-line:column`, message of the one diagnostic."""
    (fault,) = faults(text)
    span = fault.span
    assert span.file == "platform.yaml"
    return fault.code.name, f"{span.line}:{span.column}-{span.end_line}:{span.end_column}", fault.message


def value_of(text: str | bytes) -> Value:
    outcome = load(source(text))
    assert outcome.diagnostics == ()
    assert outcome.value is not None
    return outcome.value.value


@pytest.mark.usefixtures("parser")
class TestValues:
    def test_tabs_inside_text_and_comments_are_kept(self) -> None:
        assert value_of("a: 'x\ty'\nb: |\n  all:\n  \tmake\nc: 1 #\tcomment\n") == {
            "a": "x\ty",
            "b": "all:\n\tmake\n",
            "c": 1,
        }

    def test_a_service_is_read_by_the_rules_of_yaml_1_2(self) -> None:
        assert value_of(CHECKOUT) == {
            "apiVersion": "pavior.dev/v1",
            "goldenPath": "web-service",
            "image": "ghcr.io/acme/checkout:1.4.2",
            "port": 8080,
            "ingress": {"hosts": ["checkout.acme.example"]},
            "needs": {"orders": {"type": "postgres"}},
            "env": {"GREETING": "hello\nworld\n", "RATIO": 0.25, "EMPTY": None},
            "slo": {"availability": 99.9},
            "since": "2026-01-01",
            "debug": False,
            "list": ["one", {"two": 2, "three": None}],
        }

    def test_windows_line_ends_change_nothing(self) -> None:
        assert value_of(CHECKOUT.replace("\n", "\r\n")) == value_of(CHECKOUT)

    def test_quoted_words_are_text_whatever_they_say(self) -> None:
        assert value_of("""{a: "no", b: '0777', c: "", "y": '12:30'}""") == {
            "a": "no",
            "b": "0777",
            "c": "",
            "y": "12:30",
        }

    def test_json_is_read_as_it_is(self) -> None:
        value = {"a": [1, 2.5, True, None, "x\ny"], "b": {"c": "é\u2713"}}
        assert value_of(json.dumps(value)) == value

    def test_a_document_marker_at_the_start_is_harmless(self) -> None:
        assert value_of("---\na: 1\n") == {"a": 1}

    def test_numbers_keep_their_types(self) -> None:
        value = value_of("{a: 1, b: 1.0, c: -3, d: 0x1F, e: .5, f: 1.5e+3}")
        assert [(v, type(v)) for v in value.values()] == [
            (1, int),
            (1.0, float),
            (-3, int),
            (31, int),
            (0.5, float),
            (1500.0, float),
        ]

    def test_nesting_is_allowed_to_sixty_four_deep(self) -> None:
        value = value_of("a: " + "[" * 62 + "1" + "]" * 62)
        depth = 0
        inner = value["a"]
        while isinstance(inner, list):
            depth, inner = depth + 1, inner[0]
        assert (depth, inner) == (62, 1)

    def test_every_document_of_a_file_is_read_and_empty_ones_are_skipped(self) -> None:
        text = "---\na: 1\n---\n# nothing\n---\nb: 2\n---\n"
        outcome = load_all(source(text))
        assert outcome.value is not None
        assert [document.value for document in outcome.value] == [{"a": 1}, {"b": 2}]
        assert [document.positions().key((key,)).line for document, key in zip(outcome.value, "ab", strict=True)] == [
            2,
            6,
        ]

    def test_a_file_without_documents_has_none(self) -> None:
        assert load_all(source("# nothing\n")).value == ()

    def test_faults_of_all_documents_are_found(self) -> None:
        outcome = load_all(source("a: no\n---\n- b\n---\nc: 1\nc: 2\n"))
        assert outcome.value is None
        assert [(d.code, d.span.line) for d in outcome] == [
            (codes.AMBIGUOUS_SCALAR, 1),
            (codes.NOT_A_MAP, 3),
            (codes.DUPLICATE_KEY, 6),
        ]


def positions_of(text: str) -> Positions:
    document = load(source(text)).value
    assert document is not None
    return document.positions()


@pytest.mark.usefixtures("parser")
class TestPositions:
    @pytest.mark.parametrize(
        ("path", "key", "value"),
        [
            (("apiVersion",), "apiVersion", "pavior.dev/v1"),
            (("image",), "image", '"ghcr.io/acme/checkout:1.4.2"'),
            (("ingress",), "ingress", "{hosts: [checkout.acme.example]}"),
            (("ingress", "hosts", 0), None, "checkout.acme.example"),
            (("needs",), "needs", "orders:\n    type: postgres"),
            (("env", "GREETING"), "GREETING", "|\n    hello\n    world"),
            (("env", "EMPTY"), "EMPTY", ""),
            (("list",), "list", "- one\n- two: 2\n  three: ~"),
            (("list", 1), None, "two: 2\n  three: ~"),
            (("list", 1, "three"), "three", "~"),
        ],
    )
    def test_every_key_and_value_has_its_own_span(self, path: Path, key: str | None, value: str) -> None:
        positions = positions_of(CHECKOUT)
        assert (text_at(source(CHECKOUT), positions.keys[path]) if path in positions.keys else None) == key
        assert text_at(source(CHECKOUT), positions.values[path]) == value

    def test_columns_count_characters(self) -> None:
        assert positions_of("é: {ключ: 'ü', 𝄞: x}\n").values["é", "𝄞"] == Span("platform.yaml", 1, 19, 1, 20)

    def test_positions_are_found_once(self) -> None:
        document = load(source(CHECKOUT)).value
        assert document is not None
        assert document.positions() is document.positions()

    def test_a_document_can_be_handed_to_another_process(self) -> None:
        document = load(source(CHECKOUT)).value
        assert document is not None
        again = pickle.loads(pickle.dumps(document))
        assert (again, again.positions()) == (document, document.positions())

    def test_an_empty_block_scalar_ends_on_its_line(self) -> None:
        assert positions_of("a: |\n\n\nb: 1\n").values["a",] == Span("platform.yaml", 1, 4, 1, 5)


REFUSED = [
    ("a: b: c", "yaml-syntax", "1:5-1:6", "a second `: ` stands in one line"),
    ("a: 1\n  b: 2", "yaml-syntax", "2:3-2:4", "this key is indented as if it belonged to the value above it"),
    ("a:\n    b: 1\n  c: 2", "yaml-syntax", "3:3-3:7", "the indentation of this line fits nothing above it"),
    ("a:1\nb: 2", "yaml-syntax", "1:2-1:3", "there is no space after `:`"),
    ("a: 'x\nb: 1\n", "yaml-syntax", "1:4-1:5", "the quote that opens here is never closed"),
    ("a: [1, 2\n", "yaml-syntax", "1:4-1:5", "the `[` that opens here is never closed"),
    ("a: {b: [1}\n", "yaml-syntax", "1:10-1:11", "`,` or `]` is missing before this"),
    ("a: %x", "yaml-syntax", "1:4-1:5", "text without quotes cannot begin with `%`"),
    ('a: "\\q"', "yaml-syntax", "1:5-1:7", "this is not an escape that double quotes know"),
    ("a: *.x", "yaml-syntax", "1:4-1:5", "text without quotes cannot begin with `*`"),
    ("a: 'it's'", "yaml-syntax", "1:8-1:9", "text follows a value that is already complete"),
    ("a: - b", "yaml-syntax", "1:4-1:5", "a list item `- ` cannot begin here"),
    ("a: |x\n  y\n", "yaml-syntax", "1:5-1:6", "after `|` or `>` the text begins on the next line"),
    ("a: 1\nb\n", "yaml-syntax", "2:1-2:2", "this line is neither `key: value` nor a list item"),
    ("a: ]", "yaml-syntax", "1:4-1:5", "`]` is not expected here"),
    (
        "%FOO x\n---\na: 1",
        "yaml-syntax",
        "1:1-1:2",
        "a line that begins with `%` is a directive, and directives are not read",
    ),
    (
        "%YAML 1.1\n---\na: 1",
        "yaml-syntax",
        "1:1-1:2",
        "a line that begins with `%` is a directive, and directives are not read",
    ),
    ('a: "\\U00110000"', "yaml-syntax", "1:5-1:15", "an escape names a character that does not exist"),
    ('a: "\\UFFFFFFFF"', "yaml-syntax", "1:5-1:15", "an escape names a character that does not exist"),
    ("a:\n\tb: 1\n", "tab", "2:1-2:2", "the line is indented with a tab"),
    ("a: 1\n  \tb: 1\n", "tab", "2:3-2:4", "the line is indented with a tab"),
    ("a:\tb\n", "tab", "1:3-1:4", "a tab stands where only spaces may"),
    ("a: 1\nb: {c: 1, c: 2}", "duplicate-key", "2:11-2:12", "the key `c` stands in this map twice"),
    ("'a': 1\na: 1\n", "duplicate-key", "2:1-2:2", "the key `a` stands in this map twice"),
    ("a: &x 1\nb: *x", "anchor-or-alias", "1:4-1:6", "anchors and aliases are not read"),
    ("a: *x", "anchor-or-alias", "1:4-1:6", "an unquoted `*` begins an alias, and aliases are not read"),
    ("a: &x y", "anchor-or-alias", "1:4-1:6", "an unquoted `&` begins an anchor, and anchors are not read"),
    ("a: &x {b: 1}\nc:\n  <<: *x\n", "merge-key", "3:3-3:5", "merge keys are not read"),
    ("a:\n  <<: {b: 1}\n", "merge-key", "2:3-2:5", "merge keys are not read"),
    ("a: !!str 1", "tag", "1:4-1:9", "the tag `!!str` is not read"),
    ("a: ! 1", "tag", "1:4-1:5", "the tag `!` is not read"),
    (
        "a: !!python/object/apply:os.system [ls]",
        "tag",
        "1:4-1:35",
        "the tag `!!python/object/apply:os.system` is not read",
    ),
    ("a: 1\n---\nb: 2\n", "several-documents", "2:1-2:4", "the file holds more than one document"),
    ("---\na: 1\n---\n", "several-documents", "3:1-3:4", "the file holds more than one document"),
    (b"a: 1\nb: x\xe9y\n", "not-utf-8", "2:5-2:6", "the byte 0xe9 is not UTF-8 text"),
    ("a: 1".encode("utf-16"), "not-utf-8", "1:1-1:1", "the file is UTF-16 text"),
    ("\ufeffa: 1", "byte-order-mark", "1:1-1:2", "the file begins with a byte order mark"),
    (
        "a: 1\nb: x\x00y\n",
        "control-character",
        "2:5-2:6",
        "the character U+0000 controls terminals or the layout of text, and is not read",
    ),
    (
        "a: 1\rb: 1",
        "control-character",
        "1:5-1:6",
        "the character U+000D controls terminals or the layout of text, and is not read",
    ),
    (
        "a: \u202e1",
        "control-character",
        "1:4-1:5",
        "the character U+202E controls terminals or the layout of text, and is not read",
    ),
    ('a: "\\0"', "control-character", "1:4-1:8", "the text holds the control character U+0000"),
    ('a: "\\ud800"', "control-character", "1:4-1:12", "an escape names U+D800, half of a character"),
    ("a: " + "[" * 64 + "]" * 64, "too-deep", "1:66-1:67", "lists and maps are nested more than 64 deep"),
    ("[" * 100_000, "too-deep", "1:64-1:65", "lists and maps are nested more than 64 deep"),
    ("- " * 100_000, "too-deep", "1:127-1:128", "lists and maps are nested more than 64 deep"),
    ("? " * 100_000, "too-deep", "1:127-1:128", "lists and maps are nested more than 64 deep"),
    ("a: " + "x" * 2**18, "too-large", "1:1-1:1", "the file is larger than 256 KiB"),
    ("", "not-a-map", "1:1-1:1", "the file is empty"),
    ("# nothing\n---\n", "not-a-map", "1:1-1:1", "the file is empty"),
    ("- a\n- b\n\n", "not-a-map", "1:1-2:4", "the document is a list, not a map"),
    ("hello\n", "not-a-map", "1:1-1:6", "the document is a single value, not a map"),
    ("8080: a", "key-not-text", "1:1-1:5", "the key `8080` is a number, but keys are text"),
    ("a: {true: b}", "key-not-text", "1:5-1:9", "the key `true` is a truth value, but keys are text"),
    ("~: a", "key-not-text", "1:1-1:2", "the key `~` is null, but keys are text"),
    ("? \n: b", "key-not-text", "1:2-1:2", "there is no key before `:`"),
    ("- a\n: b", "yaml-syntax", "2:1-2:2", "there is no key before `:`"),
    ("a: {{ b }}", "key-not-text", "1:5-1:10", "a list or map cannot be a key"),
    ("? " + "k" * 1001 + "\n: 1", "key-too-long", "1:3-1:1004", "the key has 1,001 characters, more than 1,000"),
    ("a: .nan", "number-out-of-range", "1:4-1:8", "`.nan` is not a number of 64 bits"),
    ("a: -.Inf", "number-out-of-range", "1:4-1:9", "`-.Inf` is not a number of 64 bits"),
    ("a: 9223372036854775808", "number-out-of-range", "1:4-1:23", "`9223372036854775808` is not a number of 64 bits"),
    ("a: 1.0e+400", "number-out-of-range", "1:4-1:12", "`1.0e+400` is not a number of 64 bits"),
    ("a: 1.0e-400", "number-out-of-range", "1:4-1:12", "`1.0e-400` is not a number of 64 bits"),
    ("a: " + "9" * 5000, "number-out-of-range", "1:4-1:5004", f"`{'9' * 60}…` is not a number of 64 bits"),
    ("a: no", "ambiguous-scalar", "1:4-1:6", "`no` is text to some readers of YAML and `false` to others"),
    ("on: 1", "ambiguous-scalar", "1:1-1:3", "`on` is text to some readers of YAML and `true` to others"),
]


@pytest.mark.usefixtures("parser")
class TestRefusals:
    @pytest.mark.parametrize(("text", "code", "span", "message"), REFUSED, ids=lambda value: repr(value)[:30])
    def test_each_fault_is_one_diagnostic_at_its_place(
        self, text: str | bytes, code: str, span: str, message: str
    ) -> None:
        assert sole_fault(text) == (code, span, message)

    def test_a_duplicate_key_names_the_first(self) -> None:
        (fault,) = faults("a: 1\nb: 2\na: 3\n")
        assert [(note.message, note.span) for note in fault.notes] == [
            ("it stands here first", Span("platform.yaml", 1, 1, 1, 2))
        ]

    def test_an_alias_bomb_is_refused_before_it_grows(self) -> None:
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
        assert sole_fault("\n".join(lines))[:2] == ("anchor-or-alias", "1:5-1:8")

    @pytest.mark.parametrize("text", ["[" * 200_000 + "*a", "{a: " * 50_000 + "&a", "- " * 100_000 + "b *"])
    def test_deep_nesting_costs_no_time_even_where_references_are_looked_for(self, text: str) -> None:
        started = time.process_time()
        assert sole_fault(text)[0] == "too-deep"
        assert time.process_time() - started < 10

    def test_ampersands_and_stars_inside_text_are_no_aliases(self) -> None:
        assert value_of("cron: '*/5 * * * *'\nurl: https://a.example/?a=1&b=2*3!\n") == {
            "cron": "*/5 * * * *",
            "url": "https://a.example/?a=1&b=2*3!",
        }

    def test_a_hostile_file_has_a_bounded_number_of_diagnostics(self) -> None:
        assert len(faults("a: no\n" * 10_000)) == 20

    def test_all_faults_of_a_file_are_found_at_once(self) -> None:
        found = faults("a: no\nb: {c: 1, c: 2}\nd: 0777\n1: e\n")
        assert [(fault.code.name, fault.span.line) for fault in found] == [
            ("ambiguous-scalar", 1),
            ("duplicate-key", 2),
            ("ambiguous-scalar", 3),
            ("key-not-text", 4),
        ]

    def test_the_size_limit_is_the_callers(self) -> None:
        assert load(source("a: 1"), limit=4).value is not None
        assert [d.code for d in load(source("a: 12"), limit=4)] == [codes.TOO_LARGE]


class TestScalars:
    @pytest.mark.parametrize(
        ("text", "hint"),
        [
            ("no", 'write `"no"` if it is text, else `false`'),
            ("Y", 'write `"Y"` if it is text, else `true`'),
            ("OFF", 'write `"OFF"` if it is text, else `false`'),
            ("0777", 'write `"0777"` if it is text, else `777` or `511`'),
            ("08", 'write `"08"` if it is text, else `8`'),
            ("1_000", 'write `"1_000"` if it is text, else `1000`'),
            ("12:30:45", 'write `"12:30:45"` if it is text, else `45045`'),
            ("0o17", 'write `"0o17"` if it is text, else `15`'),
            ("12345e6", 'write `"12345e6"` if it is text, else `12345000000`'),
            ("0b11", 'write `"0b11"` if it is text, else `3`'),
            ("1.5e3", 'write `"1.5e3"` if it is text, else `1500`'),
            ("-.5", 'write `"-.5"` if it is text, else `-0.5`'),
            ("1e22", 'write `"1e22"` if it is text, else `1.0e+22`'),
            ("=", 'write `"="`'),
        ],
    )
    def test_what_readers_read_differently_is_refused_with_both_writings(self, text: str, hint: str) -> None:
        (fault,) = faults(f"a: {text}")
        assert (fault.code, fault.hint) == (codes.AMBIGUOUS_SCALAR, hint)

    def test_an_ambiguous_key_is_to_be_quoted(self) -> None:
        (fault,) = faults("n: 1")
        assert fault.hint == 'quote the key: `"n":`'

    @pytest.mark.parametrize(
        "text", ["yEs", "2026-01-01", "1.2.3", "10.0.0.0/8", "1.4.2@sha256", "v1", "-", "a:b", "1:b", "None"]
    )
    def test_words_that_only_look_special_are_text(self, text: str) -> None:
        assert resolve(text) == text

    @given(st.text(alphabet="0123456789abefoxEXOBnsyrtulNYAL~+-._:=<", min_size=1, max_size=8))
    @settings(max_examples=500, deadline=None)
    @example("0x1F")
    @example("1:0")
    @example("._1")
    @example("-_1")
    @example("00")
    def test_what_is_not_refused_is_the_same_to_readers_of_yaml_1_1_and_1_2(self, text: str) -> None:
        outcome = load(source(f"k: {text}\n"))
        if outcome.value is None:
            return
        value = outcome.value.value.get("k")
        if not isinstance(value, (str, int, float, bool, type(None))):
            return
        try:
            core = YAML(typ="safe", pure=True).load(StringIO(f"k: {text}\n"))["k"]
        except ValueError:
            return  # ruamel takes `._` for a number and then fails on it; no reading is no different one
        legacy = yaml.load(f"k: {text}\n", _LegacyLoader)["k"]
        for other in (legacy, core):
            assert (type(other), other) == (type(value), value)

    @given(st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False), st.booleans()))
    def test_the_canonical_writing_of_a_value_is_read_back(self, value: int | float | bool) -> None:
        again = resolve(written(value))
        assert not isinstance(again, (Ambiguous, OutOfRange))
        assert again == value
        assert isinstance(again, bool) == isinstance(value, bool)

    def test_infinity_is_out_of_range_however_it_comes_about(self) -> None:
        assert all(isinstance(resolve(text), OutOfRange) for text in (".inf", "1e999", "-1e999", "1.0e+999"))
        assert math.isfinite(float("1e308"))


class _LegacyLoader(yaml.SafeLoader):
    """YAML 1.1 without its timestamps: those stay text here, and every reader gives JSON the text of a date."""


_LegacyLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _spans(positions: Positions) -> Iterator[Span]:
    yield from positions.keys.values()
    yield from positions.values.values()


def _lies_in(span: Span, content: bytes) -> bool:
    lines = lines_of(content.decode("utf-8", "replace"))
    return (
        (1, 1) <= (span.line, span.column) <= (span.end_line, span.end_column)
        and span.end_line <= len(lines)
        and span.column <= len(lines[span.line - 1]) + 1
        and span.end_column <= len(lines[span.end_line - 1]) + 1
    )


YAMLISH = st.lists(
    st.sampled_from(
        [
            *"ab: -?[]{},#&*!|>'\"%@`\\\n\t<~",
            "\n",
            "\n  ",
            "\n- ",
            ": ",
            "a: ",
            "b:\n",
            "---\n",
            "...\n",
            "no",
            "0777",
            "1.5",
            '"\\',
            "é",
            "𝄞",
        ]
    ),
    max_size=40,
).map("".join)


class TestAnything:
    """No bytes raise, every span lies in its file, and both parsers come to the same result."""

    @given(
        st.one_of(
            st.binary(max_size=200), st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))
        )
    )
    @settings(max_examples=200, deadline=None)
    def test_bytes_never_raise(self, content: bytes) -> None:
        self.check(content)

    @given(YAMLISH)
    @settings(max_examples=500, deadline=None)
    @example("a: \\\n---\nb: &")
    @example("{{a: b}: c}")
    @example("a: |#")
    @example('"\\')
    def test_text_that_resembles_yaml_never_raises(self, text: str) -> None:
        self.check(text.encode())

    def check(self, content: bytes) -> None:
        whole = Source("f", content)
        for outcome in (load(whole), load_all(whole)):
            assert (outcome.value is None) == bool(outcome.diagnostics)
            for diagnostic in outcome:
                assert _lies_in(diagnostic.span, content)
                assert all(_lies_in(note.span, content) for note in diagnostic.notes if note.span)
        for document in load_all(whole).value or ():
            assert all(_lies_in(span, content) for span in _spans(document.positions()))
            assert set(document.positions().values) == set(_paths(document.value))

    @given(YAMLISH)
    @settings(max_examples=500, deadline=None)
    def test_both_parsers_come_to_the_same_result(self, text: str) -> None:
        fast = self.result(text)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(composer, "CParser", None)
            pure = self.result(text)
        assert fast == pure

    @given(st.text(st.sampled_from(" \n-:[]{},?'\"&*!%a0<.|>@\t"), max_size=14))
    @settings(max_examples=500, deadline=None)
    def test_no_anchor_alias_or_tag_is_passed_over(self, text: str) -> None:
        content = text.encode()
        if may_refer(content):
            return
        try:
            composer.compose(content)
        except (yaml.YAMLError, ValueError):
            return
        assert not list(references("f", composer.tokens(content)))

    def result(self, text: str) -> object:
        outcome = load_all(Source("f", text.encode()))
        documents = [(document.value, document.positions()) for document in outcome.value or ()]
        return documents, outcome.diagnostics


def _paths(value: Value, path: Path = ()) -> Iterator[Path]:
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield from _paths(inner, (*path, key))
