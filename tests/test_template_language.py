"""What templates make of values."""

from __future__ import annotations

import copy
import json

import pytest

from pavior.expression import Form, TemplateFault
from pavior.model import Value
from templates import compiled, evaluated, evaluation_fault, fault_of, rendered


def test_a_scalar_that_is_one_expression_keeps_its_type() -> None:
    assert rendered('{a: "{{ x }}", b: "{{ y }}"}', x=[1, {"k": True}], y=1.5) == {"a": [1, {"k": True}], "b": 1.5}


def test_anything_around_an_expression_makes_text() -> None:
    assert rendered('{a: "{{ x }} ", b: "{{ x }}{{ x }}"}', x=3) == {"a": "3 ", "b": "33"}


def test_a_shell_length_is_plain_text() -> None:
    assert rendered("{a: '${#list[@]} {{ x }}'}", x=1) == {"a": "${#list[@]} 1"}


def test_a_raw_block_alone_is_text() -> None:
    assert rendered("{a: '{% raw %}{{ $labels.pod }}{% endraw %}'}") == {"a": "{{ $labels.pod }}"}


@pytest.mark.parametrize("shown", ["100%", "%s %d", "{x} {{", "a'b\"c\\", "é☃"])
def test_text_between_expressions_stays_as_it_is(shown: str) -> None:
    raw = f"{{% raw %}}{shown}{{% endraw %}}"
    item = compiled(json.dumps({"a": f"{raw}{{{{ x }}}}{raw}", "b": "{{ x ~ y }}%"})).render({"x": 1, "y": "%s"})[0]
    assert item == {"a": f"{shown}1{shown}", "b": "1%s%"}


def test_a_name_means_what_it_was_last_given() -> None:
    text = """
        $let: {fixed: "'a'", number: 5, alias: fixed}
        outer: "{{ fixed }}{{ alias }}{{ number }}"
        whole: "{{ number }}"
        inner:
          $let: {fixed: x, alias: number}
          changed: "{{ alias }}{{ fixed[0] }}"
          whole: "{{ fixed }}"
        list:
          - {$for: alias in x, $value: "{{ alias }}"}
        below: "{{ number[x[0]] | default('none') }}"
    """
    item = rendered(text, x=["l"])
    assert (item["outer"], item["inner"]["changed"]) == ("aa5", "5l")
    assert (item["whole"], item["inner"]["whole"], item["list"], item["below"]) == (5, ["l"], ["l"], "none")


def test_a_constant_is_tested_and_looked_into_like_any_value() -> None:
    text = '{$let: {five: 5, nothing: none}, a: "{{ five is none }}", b: "{{ nothing is none }}", c: "{{ -five }}"}'
    assert rendered(text) == {"a": False, "b": True, "c": -5}


def test_a_map_that_is_merged_with_others_keeps_what_they_don_t_name() -> None:
    fragments = {"c/labels": "{app: '{{ x }}', deep: {one: 1, two: {three: 3}}}"}
    text = "{labels: {$include: c/labels, $merge: '{{ more }}', deep: {two: {four: 4}}}, again: {$include: c/labels}}"
    more = {"deep": {"two": {"three": "other"}}, "tier": "x"}
    item = compiled(text, fragments=fragments).render({"x": "shop", "more": more})[0]
    merged = {"app": "shop", "deep": {"one": 1, "two": {"three": "other", "four": 4}}, "tier": "x"}
    assert item == {"labels": merged, "again": {"app": "shop", "deep": {"one": 1, "two": {"three": 3}}}}
    assert more == {"deep": {"two": {"three": "other"}}, "tier": "x"}


def test_nothing_is_shared_between_the_values_and_two_results() -> None:
    labels = {"b": {"x": [1]}, "a": "1"}
    template = compiled('{whole: "{{ labels }}", merged: {$merge: "{{ labels }}"}, fixed: {list: [{}]}}')
    before = copy.deepcopy(labels)
    (first,), (second,) = template.render({"labels": labels}), template.render({"labels": labels})
    first["whole"]["b"]["x"].append(2)
    first["merged"]["b"]["x"].append(2)
    first["fixed"]["list"][0]["new"] = 1
    assert labels == before
    assert second == {"whole": before, "merged": before, "fixed": {"list": [{}]}}


def test_a_map_taken_in_whole_is_written_by_sorted_key_at_every_depth() -> None:
    item = rendered('{a: "{{ x }}"}', x={"b": [{"z": 1, "y": 2}], "a": 1})
    assert list(item["a"]) == ["a", "b"]
    assert list(item["a"]["b"][0]) == ["y", "z"]


def test_entries_stand_in_the_order_of_the_template_even_where_some_are_left_out() -> None:
    text = '{a: 1, b: "{{ b | default(omit) }}", c: 3, d: {$when: d, x: 1}, e: 5}'
    assert list(rendered(text, d=True)) == ["a", "c", "d", "e"]
    assert list(rendered(text, b=2)) == ["a", "b", "c", "e"]


def test_what_ends_empty_is_left_out_and_takes_its_parents_with_it() -> None:
    text = (
        '{keep: 1, a: {b: {c: "{{ x | default(omit) }}"}}, l: [{$when: x, v: 1}], m: {$merge: "{{ y | default({}) }}"}}'
    )
    assert rendered(text) == {"keep": 1}


def test_a_literal_empty_map_or_list_stays() -> None:
    assert rendered("{a: {}, b: [], c: [{}], d: {e: []}}") == {"a": {}, "b": [], "c": [{}], "d": {"e": []}}


def test_an_empty_map_of_the_values_stays() -> None:
    assert rendered('{a: "{{ x }}"}', x={}) == {"a": {}}


def test_a_manifest_that_ends_empty_is_no_manifest() -> None:
    assert compiled('{a: "{{ x | default(omit) }}"}').render({}) == []


def test_a_manifest_repeats() -> None:
    assert compiled("{$for: x in xs, $when: x > 1, a: '{{ x }}'}").render({"xs": [1, 2, 3]}) == [{"a": 2}, {"a": 3}]


def test_else_of_a_manifest_is_another_manifest() -> None:
    template = compiled("{$when: x, a: 1, $else: {b: 2}}")
    assert template.render({"x": 1}) == [{"a": 1}]
    assert template.render({}) == [{"b": 2}]


def test_loops_inside_loops_repeat_items_through_value() -> None:
    text = "{l: [{$for: x in xs, $value: {$for: y in x, $value: '{{ y }}'}}, last]}"
    assert rendered(text, xs=[[1, 2], [3]]) == {"l": [1, 2, 3, "last"]}


def test_else_in_a_loop_stands_for_the_item() -> None:
    assert rendered("{l: [{$for: x in xs, $when: x, $value: '{{ x }}', $else: none}]}", xs=[1, 0]) == {"l": [1, "none"]}


def test_a_name_is_worked_out_where_its_condition_holds_and_for_the_condition_itself() -> None:
    text = "{c: 1, a: {$when: x and small, $let: {next: n + 1, small: next < 5, z: m / n}, b: '{{ z }}'}}"
    assert rendered(text, x=1, n=2, m=4) == {"c": 1, "a": {"b": 2}}
    assert rendered(text, x=0, n=0, m="no number") == {"c": 1}
    with pytest.raises(TemplateFault):
        rendered(text, x=1, n=2, m="no number")


def test_json_is_the_text_of_the_value_and_nothing_where_that_is_left_out() -> None:
    text = (
        "{a: {$json: {z: '{{ n }}', l: [1, {b: true}]}}, b: {$json: {c: '{{ x | default(omit) }}'}}, l: [{$json: [1]}]}"
    )
    assert rendered(text, n="1") == {
        "a": '{\n  "z": "1",\n  "l": [\n    1,\n    {"b":true}\n  ]\n}',
        "l": ["[1]"],
    }
    assert rendered("{a: {$when: x, $json: {b: 1}, $else: none}}", x=0) == {"a": "none"}


def test_a_loop_over_none_loops_nothing() -> None:
    assert rendered("{a: 1, l: [{$for: x in xs, v: 1}], m: {$for: 'k, v in a.b.c', '{{ k }}': 1}}") == {"a": 1}


def test_a_map_is_looped_over_by_sorted_key() -> None:
    item = rendered("{m: {$for: 'k, v in m', 'x-{{ k }}': '{{ v }}'}}", m={"b": 1, "a": 2})
    assert list(item["m"].items()) == [("x-a", 2), ("x-b", 1)]


def test_lets_see_the_loop_and_one_another_and_end_with_their_map() -> None:
    text = "{l: [{$for: x in xs, $let: {b: x * 2, c: b + 1}, $when: c > 3, $value: '{{ c }}'}], d: '{{ b }}'}"
    assert rendered(text, xs=[1, 2], b="outer") == {"l": [5], "d": "outer"}


def test_own_entries_win_over_merges_and_these_over_includes_at_depth() -> None:
    template = compiled(
        "{$include: c/f, $merge: [{a: {x: 2, u: 2}}, {a: {u: 3}}], a: {z: 4}}",
        fragments={"c/f": "{a: {w: 1, x: 1}, b: '{{ v }}'}"},
    )
    assert template.render({"v": "here"}) == [{"a": {"w": 1, "x": 2, "u": 3, "z": 4}, "b": "here"}]


def test_a_list_of_an_own_entry_replaces_the_merged_one() -> None:
    assert rendered("{$merge: {a: [1, 2]}, a: [3]}") == {"a": [3]}


def test_a_fragment_alone_may_be_any_value() -> None:
    fragments = {"c/list": "{$value: ['{{ n }}', 2]}", "c/none": "{$when: missing, a: 1}"}
    template = compiled("{a: {$include: c/list}, b: {$include: c/none}}", fragments=fragments)
    assert template.render({"n": 1}) == [{"a": [1, 2]}]


def test_a_fragment_that_leaves_itself_out_leaves_the_rest() -> None:
    template = compiled(
        "{$include: [c/none, c/some], own: 1}", fragments={"c/none": "{$when: x, a: 1}", "c/some": "{b: 2}"}
    )
    assert template.render({}) == [{"b": 2, "own": 1}]


def test_a_computed_key_makes_text_of_numbers() -> None:
    assert rendered("{m: {'{{ port }}': a}}", port=8080) == {"m": {"8080": "a"}}


@pytest.mark.parametrize(
    "text", ["{m: {a: 1, '{{ k }}': 2}}", "{m: {'{{ k }}': 2, a: 1}}", "{m: {$for: 'x in [1, 2]', a: 1}}"]
)
def test_two_equal_keys_are_a_fault(text: str) -> None:
    assert fault_of(text, k="a").message == "the key `a` is there twice"


def test_equal_keys_of_which_one_is_left_out_are_none() -> None:
    assert rendered("{m: {'{{ k }}': {$when: x, b: 1}, a: 2}}", k="a") == {"m": {"a": 2}}


def test_the_form_map_is_always_one_map() -> None:
    template = compiled("{$for: 'k, v in m', '{{ k }}': {x: '{{ v }}'}}", form=Form.MAP)
    assert template.render({"m": {"b": 1, "a": 2}}) == [{"a": {"x": 2}, "b": {"x": 1}}]
    assert template.render({}) == [{}]
    assert [traced.value for traced in template.trace({})] == [{}]


def test_the_form_value_is_any_value_or_none() -> None:
    template = compiled("{$value: '{{ x | default(omit) }}'}", form=Form.VALUE)
    assert template.render({"x": [1]}) == [[1]]
    assert template.render({}) == []


def test_a_manifest_that_is_no_map_is_a_fault() -> None:
    assert fault_of("{$value: '{{ x }}'}", x=[1]).message == "a map is expected here, not a list"


def test_keys_win_over_methods() -> None:
    assert evaluated("x.items", x={"items": 3}) == 3
    assert evaluated("x.items | default('no')", x={}) == "no"


def test_a_path_below_a_scalar_or_none_is_none() -> None:
    assert evaluated("[x.a is none, y.a.b is none, l[9] is none, x.a.b | default(1)]", x=3, l=[1]) == [
        True,
        True,
        True,
        1,
    ]


def test_a_key_can_be_computed() -> None:
    assert evaluated("m[k].v ~ m['b'].v ~ l[i]", m={"a": {"v": 1}, "b": {"v": 2}}, k="a", l=[7], i=0) == "127"


def test_the_fallback_of_default_is_evaluated_only_when_needed() -> None:
    assert evaluated("x | default(y | upper)", x=0) == 0


def test_conditions_give_operands_as_in_jinja() -> None:
    assert evaluated("x or 'b'", x="") == "b"
    assert evaluated("x and 'b'", x=1) == "b"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("1 + 'a'", "`+` takes two numbers, two texts or two lists, not a number and text"),
        ("'a' * 3", "`*` takes numbers, not text"),
        ("true + 1", "`+` takes numbers, not a boolean"),
        ("1 / 0", "division by zero"),
        ("1 < 'a'", "a number and text have no order"),
        ("9223372036854775807 + 1", "the result is too large a number"),
        ("'%s' % 1", "`%` takes numbers, not text"),
        ("1 in 2", "`in` takes a list, a map or text, not a number"),
        ("[] | upper", "`upper` takes text, not a list"),
        ("'x' | quantity", "`x` is not a quantity"),
        ("'5' | seconds", "`5` is not a duration"),
        ("[1, 'a'] | sort", "`sort` takes a list of texts or a list of numbers"),
        ("[1, 2, 3][::0]", "a slice takes a step that is not 0"),
        ("'x' ~ {}", "a map cannot stand inside text"),
        ("[x]", "`x` is none here"),
        ("x | upper", "`x` is none here"),
        ("x.y[0].z ~ 'a'", "`x.y.0.z` is none here"),
        ("(x | default('a')) ~ y", "`y` is none here"),
        ("y ~ (x | default('a'))", "`y` is none here"),
        ("none", "this is none: `{{ none }}`"),
        ("m", "`m` is none here"),
    ],
)
def test_what_cannot_be_computed_says_why(expression: str, message: str) -> None:
    assert evaluation_fault(expression).message == message


def test_a_fault_names_the_leaf_and_the_path_in_a_loop() -> None:
    text = "spec:\n  l:\n    - $for: k, path in ingress.paths\n      timeout: '{{ path.timeout }}'\n"
    fault = fault_of(text, ingress={"paths": {"/": {"timeout": "1s"}, "/a": {}}})
    assert fault.message == "`ingress.paths./a.timeout` is none here"
    assert fault.hint == "give it a default, or leave it out with `| default(omit)`"
    assert fault.reads == (("ingress", "paths", "/a", "timeout"),)
    assert (fault.span.line, fault.span.column) == (4, 16)


def test_a_fault_in_a_fragment_is_shown_in_the_fragment() -> None:
    template = compiled("{$include: c/f, a: 1}", fragments={"c/f": "x: 1\nb: '{{ z }}'\n"})
    with pytest.raises(TemplateFault) as caught:
        template.render({})
    assert (caught.value.span.file, caught.value.span.line) == ("golden-paths/c/f.yaml", 2)


def test_a_fault_of_a_directive_is_shown_at_its_expression() -> None:
    fault = fault_of("$for: x in one.two\na: 1\n", one={"two": 3})
    assert fault.message == "a loop takes a list, not a number"
    assert (fault.span.line, fault.span.column, fault.span.end_column) == (1, 12, 19)


@pytest.mark.parametrize(("collection", "message"), [({"a": 1}, "two names"), (3, "takes a list")])
def test_a_loop_with_one_name_takes_a_list_only(collection: Value, message: str) -> None:
    assert message in fault_of("{l: [{$for: x in xs, a: 1}]}", xs=collection).message


def test_a_list_in_text_is_a_fault_with_a_way_out() -> None:
    fault = fault_of("a: 'x {{ hosts }}'", hosts=["a"])
    assert fault.message == "a list cannot stand inside text"
    assert "join" in (fault.hint or "")


def test_python_objects_in_a_context_are_a_bug() -> None:
    with pytest.raises(TypeError):
        rendered('{a: "{{ x }}"}', x=object())
