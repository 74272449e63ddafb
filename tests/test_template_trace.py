"""Tracing gives the same values, and where each came from."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pavior.expression import Form, LeafOrigin, OriginTree, TemplateFault, compile_template
from pavior.model import Path, Span, Value
from templates import FILE, compiled, document


def leaves(value: Value, origins: OriginTree, at: Path = ()) -> Iterator[tuple[Path, Value, LeafOrigin]]:
    """Every leaf with its origin; fails where the two trees differ in form."""
    if isinstance(value, dict) and value:
        assert isinstance(origins, dict)
        assert list(origins) == list(value)
        for key, inner in value.items():
            yield from leaves(inner, origins[key], (*at, key))
    elif isinstance(value, list) and value:
        assert isinstance(origins, list)
        assert len(origins) == len(value)
        for i, inner in enumerate(value):
            yield from leaves(inner, origins[i], (*at, i))
    else:
        assert isinstance(origins, LeafOrigin)
        yield at, value, origins


def traced(text: str, /, **context: Value) -> dict[Path, LeafOrigin]:
    template = compiled(text)
    (item,), (trace,) = template.render(context), template.trace(context)
    assert trace.value == item
    return {path: origin for path, _, origin in leaves(trace.value, trace.origins)}


def test_a_literal_reads_nothing() -> None:
    origin = traced("kind: Service\nspec: {a: []}\n")
    assert origin["kind",] == LeafOrigin(Span(FILE, 1, 7, 1, 14), "Service", (), ())
    assert origin["spec", "a"] == LeafOrigin(Span(FILE, 2, 11, 2, 13), "[]", (), ())


def test_a_leaf_knows_its_text_and_the_paths_it_read() -> None:
    origin = traced("a: '{{ service.name }}-{{ port }}'", service={"name": "x"}, port=1)["a",]
    assert origin.text == "{{ service.name }}-{{ port }}"
    assert origin.reads == (("service", "name"), ("port",))


def test_only_what_was_evaluated_was_read() -> None:
    text = "a: '{{ x.a if x.b else x.c }}'\nb: '{{ x.a | default(x.d) }}'\n"
    origin = traced(text, x={"a": 1, "b": True, "c": 3, "d": 4})
    assert origin["a",].reads == (("x", "b"), ("x", "a"))
    assert origin["b",].reads == (("x", "a"),)


def test_a_loop_variable_stands_for_the_path_of_its_item() -> None:
    text = "l: [{$for: 'k, p in ingress.paths', a: '{{ k }}', b: '{{ p.timeout }}'}]\n"
    text += "m: [{$for: h in hosts, $value: '{{ h }}'}]\n"
    origin = traced(text, ingress={"paths": {"/": {"timeout": "5s"}}}, hosts=["a", "b"])
    assert origin["l", 0, "b"].reads == (("ingress", "paths", "/", "timeout"),)
    assert origin["l", 0, "a"].reads == (("ingress", "paths", "/"),)
    assert origin["m", 1].reads == (("hosts", 1),)
    assert [(c.text, c.reads) for c in origin["m", 1].conditions] == [("h in hosts", (("hosts",),))]


def test_a_document_in_text_read_what_all_its_leaves_read() -> None:
    text = "a: {$json: {l: [{$for: h in hosts, $value: '{{ h }}'}], p: '{{ port }}', m: {$when: x, b: 1}}}"
    origins = traced(text, hosts=["a"], port=1, x=True)
    assert set(origins) == {("a",)}
    assert origins["a",].reads == (("hosts", 0), ("port",))
    assert {read for condition in origins["a",].conditions for read in condition.reads} == {("hosts",), ("x",)}


def test_a_collection_with_a_default_keeps_its_path() -> None:
    origin = traced("l: [{$for: h in hosts, $value: '{{ h }}'}]", hosts=["a"])
    assert origin["l", 0].reads == (("hosts", 0),)
    origin = traced("l:\n  - $for: h in hosts | default([])\n    $value: '{{ h }}'\n", hosts=["a"])
    assert origin["l", 0].reads == (("hosts", 0),)


def test_a_loop_over_something_computed_reads_what_that_read() -> None:
    origin = traced(
        "l: [{$for: k in m | keys, $value: '{{ m[k] }}'}, {$for: k in m | keys, $value: '{{ k }}'}]", m={"a": 1}
    )
    assert origin["l", 0].reads == (("m",), ("m", "a"))
    assert origin["l", 1].reads == (("m",),)


def test_a_let_of_a_path_is_that_path_and_of_anything_else_what_it_read() -> None:
    text = "$let: {p: a.b, q: a.b.c + d}\nx: '{{ p.c }}'\nz: '{{ q }}'\nw: '{{ p.nope | default(d) }}'\n"
    origin = traced(text, a={"b": {"c": 1}}, d=2)
    assert origin["x",].reads == (("a", "b", "c"),)
    assert origin["z",].reads == (("a", "b", "c"), ("d",))
    assert origin["w",].reads == (("a", "b", "nope"), ("d",))


def test_a_map_taken_in_whole_has_a_path_for_each_leaf() -> None:
    origin = traced("a: '{{ x.m | default({}) }}'", x={"m": {"k": [1, {}]}})
    assert origin["a", "k", 0].reads == (("x", "m", "k", 0),)
    assert origin["a", "k", 1].reads == (("x", "m", "k", 1),)


def test_a_filter_over_a_whole_map_reads_the_map() -> None:
    assert traced("a: '{{ m | to_json }}'", m={"k": 1})["a",].reads == (("m",),)


def test_merged_entries_keep_the_origin_of_the_one_that_won() -> None:
    text = "$merge: ['{{ x }}', {a: {c: 3}}]\na: {d: '{{ z }}'}\n"
    origin = traced(text, x={"a": {"b": 1, "c": 2, "d": 3}, "e": 4}, z=5)
    assert origin["a", "b"].reads == (("x", "a", "b"),)
    assert (origin["a", "c"].reads, origin["a", "c"].text) == ((), "3")
    assert origin["a", "d"].reads == (("z",),)
    assert origin["e",].reads == (("x", "e"),)


def test_conditions_are_those_around_a_leaf_outermost_first() -> None:
    text = "$when: a.b\nx: {$when: not c, y1: 1, $else: 2}\n'{{ k }}': 3\n"
    origin = traced(text, a={"b": 1}, c=True, k="key")
    assert [(c.span.line, c.text, c.reads) for c in origin["x",].conditions] == [
        (1, "a.b", (("a", "b"),)),
        (2, "not c", (("c",),)),
    ]
    assert [c.text for c in origin["key",].conditions] == ["a.b", "{{ k }}"]


def test_a_leaf_of_a_fragment_lies_in_the_fragment() -> None:
    template = compiled("{$include: c/f, a: 1}", fragments={"c/f": "\nb: '{{ x }}'\n"})
    (trace,) = template.trace({"x": 1})
    assert isinstance(trace.origins, dict)
    origin = trace.origins["b"]
    assert isinstance(origin, LeafOrigin)
    assert (origin.span.file, origin.span.line) == ("golden-paths/c/f.yaml", 2)


def test_an_empty_map_of_the_form_map_has_an_origin() -> None:
    (trace,) = compiled("{$for: 'k, v in x', '{{ k }}': 1}", form=Form.MAP).trace({})
    assert (trace.value, type(trace.origins)) == ({}, LeafOrigin)


# Templates and contexts by chance -------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "c"])
CONTEXTS = st.dictionaries(
    NAMES,
    st.recursive(
        st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "s", "a"]) | st.floats(-2, 2),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
        max_leaves=8,
    ),
)
ATOMS = st.sampled_from(
    ["a", "b.a", "c.b", "a[0]", "b[a]", "x", "x.a", "x.b", "1", "'s'", "0.5", "[]", "{'a': c}", "none", "true"]
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: (
        st.builds("({} | default({}))".format, inner, inner)
        | st.builds("({} if {} else {})".format, inner, inner, inner)
        | st.builds("({} or {})".format, inner, inner)
        | st.builds("({} and {})".format, inner, inner)
        | st.builds("({} ~ {})".format, inner, inner)
        | st.builds("({} == {})".format, inner, inner)
        | st.builds("({} + {})".format, inner, inner)
        | st.builds("({} | keys)".format, inner)
        | st.builds("({} | first)".format, inner)
        | st.builds("({} | to_json)".format, inner)
        | st.builds("({}).a".format, inner)
        | st.builds("({})[{}]".format, inner, inner)
        | st.builds("[{}, {}]".format, inner, inner)
    ),
    max_leaves=4,
)
SCALARS = (
    st.sampled_from(["text", 1, True, 1.5])
    | st.builds("{{{{ {} }}}}".format, EXPRESSIONS)
    | st.builds("{{{{ {} | default(omit) }}}}".format, EXPRESSIONS)
    | st.builds("t-{{{{ {} | default('') }}}}".format, ATOMS)
)
KEYS = st.sampled_from(["p", "q", "r", "{{ x | default('k') }}", "k-{{ a | default(1) }}"])


def _maps(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    entries = st.dictionaries(KEYS, inner, max_size=3)
    directives = st.fixed_dictionaries(
        {},
        optional={
            "$for": st.builds("{} in {}".format, st.sampled_from(["x", "x, z"]), EXPRESSIONS),
            "$let": st.fixed_dictionaries({"x": EXPRESSIONS}),
            "$when": EXPRESSIONS,
            "$merge": st.builds("{{{{ {} | default({{}}) }}}}".format, ATOMS)
            | st.lists(entries, min_size=1, max_size=2),
        },
    )
    with_entries = st.builds(lambda d, e: {**d, **e}, directives, entries)
    with_value = st.builds(
        lambda d, v, e: (
            {**{k: w for k, w in d.items() if k != "$merge"}, "$value": v} | ({"$else": e} if "$when" in d else {})
        ),
        directives,
        inner,
        inner,
    )
    return with_entries | with_value


TREES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | _maps(inner), max_leaves=8)


@settings(max_examples=100, deadline=None)
@given(tree=_maps(TREES), context=CONTEXTS, form=st.sampled_from(list(Form)))
def test_traced_and_untraced_renders_are_the_same(tree: dict[str, Any], context: dict[str, Value], form: Form) -> None:
    outcome = compile_template(document(json.dumps(tree)), form=form, schema={}, fragments={})
    assume(outcome.value is not None)
    template = outcome.value
    assert template is not None
    before = copy.deepcopy(context)
    items, fault = _answer(template.render, context)
    traces, traced_fault = _answer(template.trace, context)
    assert context == before
    assert json.dumps([trace.value for trace in traces]) == json.dumps(items)
    assert (fault and (fault.message, fault.span)) == (traced_fault and (traced_fault.message, traced_fault.span))
    for trace in traces:
        for _, value, origin in leaves(trace.value, trace.origins):
            assert value is not None
            assert origin.span.file == FILE
            assert all(path[0] in {"a", "b", "c", "x", "z"} for path in origin.reads)


def _answer(
    function: Callable[[dict[str, Value]], list[Any]], context: dict[str, Value]
) -> tuple[list[Any], TemplateFault | None]:
    try:
        return function(context), None
    except TemplateFault as fault:
        return [], fault
