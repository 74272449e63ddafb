"""What is wrong with a template is found before any value is there, at the word that is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from pavior.expression import Form, compile_template
from pavior.model import Span
from templates import FILE, compiled, document, faults

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "service": {"type": "object", "properties": {"name": {"type": "string"}}, "additionalProperties": False},
        "port": {"type": "integer"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "replicas": {
            "anyOf": [
                {"type": "integer"},
                {"type": "object", "properties": {"min": {"type": "integer"}, "max": {"type": "integer"}}},
            ]
        },
        "ingress": {"$ref": "#/$defs/ingress"},
        "needs": {
            "type": "object",
            "additionalProperties": {
                "oneOf": [
                    {"type": "object", "properties": {"type": {"const": "postgres"}, "size": {"type": "string"}}},
                    {"type": "object", "properties": {"type": {"const": "queue"}, "fifo": {"type": "boolean"}}},
                ]
            },
        },
        "probe": {
            "type": "object",
            "properties": {"kind": {"enum": ["http", "tcp"]}},
            "allOf": [{"properties": {"period": {"type": "string"}}}],
            "if": {"properties": {"kind": {"const": "http"}}},
            "then": {"properties": {"path": {"type": "string"}}},
            "unevaluatedProperties": False,
        },
        "anything": {},
        "free": {"type": "object"},
    },
    "$defs": {
        "ingress": {
            "type": "object",
            "properties": {
                "hosts": {"type": "array", "items": {"type": "string"}},
                "paths": {"type": "object", "patternProperties": {"^/": {"$ref": "#/$defs/path"}}},
                "rules": {"type": "array", "items": {"$ref": "#/$defs/path"}},
            },
        },
        "path": {"type": "object", "properties": {"timeout": {"type": "string"}, "next": {"$ref": "#/$defs/path"}}},
    },
}


def found(text: str, **more: Any) -> list[tuple[str, str]]:
    return [(d.code.name, d.message) for d in faults(text, schema=SCHEMA, **more)]


@pytest.mark.parametrize(
    "text",
    [
        "a: '{{ service.name }}-{{ port }}'",
        "a: '{{ replicas.min | default(replicas) }}'",
        "a: '{{ anything.you.like[0].x }}'",
        "a: '{{ free.you.like }}'",
        "a: '{{ probe.kind }}{{ probe.period }}{{ probe.path }}'",
        "a: '{{ labels[service.name] }}'",
        "a: '{{ needs.orders.size }}'",
        "{$for: 'k, need in needs', a: '{{ need.fifo }}{{ k }}'}",
        "{$for: 'k, p in ingress.paths', $let: {q: p.next}, a: '{{ q.next.timeout }}'}",
        "{$for: 'r in ingress.rules | default([])', a: '{{ r.timeout }}'}",
        "{$for: k in labels | keys, a: '{{ k }}'}",
        "{$let: {x: anything}, a: '{{ x.y }}'}",
        "a: '{{ ingress.rules[0].timeout }}{{ (ingress.rules | first).timeout }}'",
        "{a: '{{ [1, port | default(omit)] }}', b: '{{ port if port else omit }}'}",
    ],
)
def test_what_the_schema_knows_passes(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: '{{ service.nam }}'", "there is no `nam` in `service`"),
        ("a: '{{ service[\"nam\"] }}'", "there is no `nam` in `service`"),
        ("a: '{{ servce.name }}'", "there is no `servce` here"),
        ("a: '{{ ingress.paths[\"x\"] }}'", "there is no `x` in `ingress.paths`"),
        ("{$when: ingres.hosts, a: 1}", "there is no `ingres` here"),
        ("{$for: 'k, p in ingress.paths', a: '{{ p.timout }}'}", "there is no `timout` in `p`"),
        ("{$for: r in ingress.rules, a: '{{ r.next.timout }}'}", "there is no `timout` in `r.next`"),
        ("{$for: 'k, need in needs', a: '{{ need.sizes }}'}", "there is no `sizes` in `need`"),
        ("{$let: {i: ingress}, a: '{{ i.host }}'}", "there is no `host` in `i`"),
        ("a: '{{ probe.paht }}'", "there is no `paht` in `probe`"),
        ("a: '{{ replicas.mim }}'", "there is no `mim` in `replicas`"),
        ("{a: {$for: x in ingress.hosts, '{{ x }}': 1}, b: '{{ x }}'}", "there is no `x` here"),
        ("a: '{{ __class__ }}'", "`__class__` cannot be read: names do not begin with `_`"),
    ],
)
def test_an_unknown_path_is_a_fault(text: str, message: str) -> None:
    assert [found_message for _, found_message in found(text)] == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: '{{ port.number }}'", "`port` is a number, so there is no `number` in it"),
        ("a: '{{ service.name.first }}'", "`service.name` is text, so there is no `first` in it"),
        ("a: '{{ ingress.hosts.first }}'", "`ingress.hosts` is a list, so there is no `first` in it"),
        ("{$for: x in port, a: 1}", "a loop with 1 name over a number"),
        ("{$for: x in labels, a: 1}", "a loop with 1 name over a map"),
        ("{$for: 'k, v in port', a: 1}", "a loop with 2 names over a number"),
        ("a: 'x {{ ingress.hosts }}'", "a list cannot stand inside text"),
        ("{'{{ labels }}': 1}", "a map cannot stand inside text"),
    ],
)
def test_a_value_of_another_type_is_a_fault(text: str, message: str) -> None:
    assert found(text) == [("wrong-type-in-template", message)]


def test_a_misspelt_path_is_shown_at_its_word_with_a_hint() -> None:
    (fault,) = faults("kind: x\nspec: {a: '{{ ingress.hosst | first }}'}\n", schema=SCHEMA)
    assert fault.span == Span(FILE, 2, 23, 2, 28)
    assert fault.hint == "did you mean `hosts`?"


def test_a_misspelt_path_far_from_all_is_answered_with_all() -> None:
    (fault,) = faults("a: '{{ ingress.zzzzzz }}'", schema=SCHEMA)
    assert fault.hint == "`ingress` has hosts, paths, rules"


def test_a_fault_in_a_loop_is_shown_at_its_word() -> None:
    (fault,) = faults("$for: x in ingress.hostz\na: 1\n", schema=SCHEMA)
    assert fault.span == Span(FILE, 1, 20, 1, 25)


def test_a_fault_in_a_quoted_key_with_escapes_is_shown_at_the_whole_scalar() -> None:
    (fault,) = faults('"\\u0061{{ nope }}": 1\n', schema=SCHEMA)
    assert fault.span == Span(FILE, 1, 1, 1, 19)


def test_all_faults_of_a_template_are_found_at_once_in_the_order_of_the_file() -> None:
    text = "a: '{{ nope }}'\nb: ~\n$fro: x\nc: '{{ 1 + }}'\nd: {$when: port.x, e: '{{ service.x }}'}\n"
    diagnostics = faults(text, schema=SCHEMA)
    assert [(d.span.line, d.code.number) for d in diagnostics] == [
        (1, "PV952"),
        (2, "PV956"),
        (3, "PV954"),
        (4, "PV950"),
        (5, "PV958"),
        (5, "PV952"),
    ]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("a: '{{ 1 + }}'", "template-syntax", "this is not an expression: unexpected end"),
        ("a: '{{ x'", "template-syntax", "this is not an expression: unexpected end of template"),
        ("a: '{% if x %}{% endif %}'", "refused-expression", "statements have no place"),
        ("a: '{{ x() }}'", "refused-expression", "there are no calls"),
        ("a: '{{ x ** 2 }}'", "refused-expression", "`**`"),
        ("a: '{{ x | attr(\"y\") }}'", "unknown-filter", "there is no filter `attr`"),
        ("a: '{{ x | join(1, 2, 3) }}'", "unknown-filter", "filter `join` takes other arguments"),
        ("a: '{{ x | replace(\"a\") }}'", "unknown-filter", "filter `replace` takes other arguments"),
        ("a: '{{ x is divisibleby(3) }}'", "unknown-filter", "there is no test `divisibleby`"),
        ("a: '{{ x | join(*y) }}'", "refused-expression", "`*` and `**`"),
        ("a: ~", "template-null", "null has no place"),
        ("a: [1, ~]", "template-null", "null has no place"),
        ("{$wen: x, a: 1}", "unknown-directive", "`$wen` is no directive"),
        ("{$else: 1, a: 1}", "misplaced-directive", "`$else` stands without `$when`"),
        ("{$value: 1, a: 1, $when: x}", "misplaced-directive", "`$value` is the whole value"),
        ("{a: {$json: {b: 1}, c: 1}}", "misplaced-directive", "`$json` is the whole value"),
        ("{a: {$json: {b: 1}, $value: 1}}", "misplaced-directive", "`$json` and `$value` are each"),
        ("{a: {$json: {b: 'x{{ omit }}'}}}", "misplaced-omit", "`omit` leaves nothing out here"),
        ("{$for: x, a: 1}", "misplaced-directive", "`$for` reads"),
        ("{$for: 'omit in x', a: 1}", "misplaced-directive", "`omit` cannot be a loop's names"),
        ("{$for: 'x, x in y', a: 1}", "misplaced-directive", "`x, x` cannot be a loop's names"),
        ("{$let: [x], a: 1}", "misplaced-directive", "`$let` takes a map"),
        ("{$let: {_x: 1}, a: 1}", "misplaced-directive", "`_x` cannot be a name"),
        ("{$merge: labels, a: 1}", "misplaced-directive", "`$merge` takes a map"),
        ("{$when: [x], a: 1}", "misplaced-directive", "an expression is expected here"),
        ("{$when: '{{ x }}', a: 1}", "template-syntax", "this expression is written without braces"),
        ("{$when: 'x }} y {{ z', a: 1}", "template-syntax", "one expression is expected here"),
        ("{$when: '', a: 1}", "template-syntax", "an expression is missing here"),
        ("{$include: c/nope, a: 1}", "unknown-fragment", "there is no fragment `c/nope`"),
        ("{$when: omit, a: 1}", "misplaced-omit", "`omit` leaves nothing out here"),
        ("a: 'x{{ omit }}'", "misplaced-omit", "`omit` leaves nothing out here"),
        ("a: '{{ x | default(omit) | upper }}'", "misplaced-omit", "`omit` leaves nothing out here"),
        ("a: '{{ 99999999999999999999 }}'", "template-too-large", "this number is too large"),
    ],
)
def test_a_fault_of_form_has_its_code(text: str, code: str, message: str) -> None:
    ((found_code, found_message),) = [(d.code.name, d.message) for d in faults(text)]
    assert found_code == code
    assert found_message.startswith(message)


def test_a_misspelt_directive_filter_and_fragment_get_a_hint() -> None:
    text = "{$wehn: x, a: '{{ x | uper }}', b: {$include: c/probee, z: 1}}"
    hints = {d.hint for d in faults(text, fragments={"c/probe": "{a: 1}"})}
    assert hints == {"did you mean `$when`?", "did you mean `upper`?", "did you mean `c/probe`?"}


def test_a_key_that_must_begin_with_a_dollar_is_shown_the_way() -> None:
    (fault,) = faults("{$ref: x}")
    assert fault.hint == "a key that begins with `$` is written `\"{{ '$ref' }}\"`"
    assert compiled("{\"{{ '$ref' }}\": x}").render({}) == [{"$ref": "x"}]


def test_fragments_that_include_one_another_are_refused() -> None:
    fragments = {"c/a": "{x: {$include: c/b}}", "c/b": "{z: {$include: c/a}}"}
    (fault,) = faults("{$include: c/a, z: 1}", fragments=fragments)
    assert fault.message == "the fragment `c/a` includes itself"
    assert fault.hint == "the way round is c/a → c/b → c/a"
    assert fault.span.file == "golden-paths/c/b.yaml"


def test_a_fragment_is_checked_with_the_names_known_where_it_is_included() -> None:
    fragments = {"c/f": "a: '{{ need.size }}'\n"}
    assert found("{l: [{$for: 'k, need in needs', $include: c/f}]}", fragments=fragments) == []
    assert found("{l: [{$include: c/f}]}", fragments=fragments) == [("unknown-path", "there is no `need` here")]


def test_a_fault_of_a_fragment_included_twice_is_reported_once() -> None:
    assert len(found("{a: {$include: c/f}, b: {$include: c/f}}", fragments={"c/f": "a: '{{ nope }}'\n"})) == 1


def test_a_part_of_a_document_is_compiled_at_its_place() -> None:
    whole = document("provides:\n  env: {'{{ nope }}': 1}\n")
    outcome = compile_template(whole, ("provides", "env"), form=Form.MAP, schema=SCHEMA, fragments={})
    (fault,) = outcome.diagnostics
    assert (fault.span.line, fault.span.column) == (2, 13)


@pytest.mark.parametrize("form", [Form.ITEMS, Form.MAP])
def test_a_manifest_must_be_a_map(form: Form) -> None:
    outcome = compile_template(document("a: [1]"), ("a",), form=form, schema={}, fragments={})
    assert [d.code.name for d in outcome] == ["misplaced-directive"]


def test_static_reads_are_the_paths_with_stars_for_steps_of_loops() -> None:
    text = (
        "{$for: 'k, p in ingress.paths | default({})', $let: {q: p.next}, a: '{{ q.timeout }}', b: '{{ labels[k] }}'}"
    )
    assert compiled(text, schema=SCHEMA).static_reads == {
        ("ingress", "paths"),
        ("ingress", "paths", "*"),
        ("ingress", "paths", "*", "next"),
        ("ingress", "paths", "*", "next", "timeout"),
        ("labels", "*"),
    }


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("a: 'x {{ ingress.hosts | sort }}'", 10, 30),
        ("a: 'x {{ ingress.hosts }}'", 10, 23),
        ("a: '{{ service[ \"nam\" ] }}'", 18, 21),
        ("a: '{{ service . nam }}'", 18, 21),
        ("a: x {{ nam }}", 9, 12),
        ("{'x {{ nam }}': 1}", 8, 11),
        ("a: '{{ port | uper }}'", 15, 19),
    ],
)
def test_a_fault_is_shown_at_the_words_that_are_wrong(text: str, start: int, end: int) -> None:
    (fault,) = faults(text, schema=SCHEMA)
    assert (fault.span.column, fault.span.end_column) == (start, end)


def test_a_named_fallback_may_omit_too() -> None:
    assert compiled("{a: '{{ x | default(fallback=omit) }}', b: 1}").render({}) == [{"b": 1}]
