"""What hostile expressions and hostile values cannot do."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import yaml

from pavior.expression import TemplateFault
from templates import compiled, evaluated, evaluation_fault, faults

CLOSED = {"type": "object", "properties": {"x": {}}, "additionalProperties": False}
ESCAPES = yaml.safe_load((Path(__file__).parent / "sandbox_escapes.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "expression",
    [
        "''.__class__",
        "x.__class__.__mro__",
        "x.__init__.__globals__",
        "_x",
        "x()",
        "x.upper()",
        "'{0.__class__}'.format(x)",
        "x | attr('__class__')",
        "x | map('upper')",
        "x | format(1)",
        "x | tojson",
        "x | safe",
        "x | select('odd')",
        "9**9**9",
        "x.y(**z)",
        "1 if x is callable else 2",
        "x is sameas y",
        "lambda: 1",
        "[a for a in x]",
        "x := 1",
        "`x`",
        "x @ y",
        "x; y",
        "f'{x}'",
    ],
)
def test_what_the_language_does_not_have_is_refused(expression: str) -> None:
    assert faults(f'a: "{{{{ {expression} }}}}"')


@pytest.mark.parametrize("expression", [text for texts in ESCAPES.values() for text in texts])
def test_no_known_escape_finds_a_way_out(expression: str) -> None:
    text = f"a: {json.dumps(expression if expression.startswith('{%') else f'{{{{ {expression} }}}}')}"
    if not faults(text, schema=CLOSED):  # the path of data that isn't there
        with pytest.raises(TemplateFault, match="none"):
            compiled(text, schema=CLOSED).render({"x": "text"})


@pytest.mark.parametrize(
    "name",
    [
        "self",
        "cycler",
        "lipsum",
        "range",
        "dict",
        "namespace",
        "joiner",
        "context",
        "loop",
        "caller",
        "varargs",
        "get",
        "leaf",
    ],
)
def test_no_name_exists_but_those_of_the_context(name: str) -> None:
    assert [d.code.name for d in faults(f'a: "{{{{ {name} }}}}"', schema=CLOSED)] == ["unknown-path"]
    assert evaluation_fault(name).message == f"`{name}` is none here"


@pytest.mark.parametrize(
    "path", ["x['__class__']", "x.mro", "x['_x']", "x.format", "l.append", "l['append']", "m.get", "m.items", "f.real"]
)
def test_attributes_and_methods_do_not_exist(path: str) -> None:
    assert evaluated(f"{path} is none", x="text", l=[1], m={}, f=1.5) is True


def test_a_value_that_looks_like_a_template_is_text() -> None:
    assert evaluated("x ~ y", x="{{ 1 + 1 }}", y="{% raw %}") == "{{ 1 + 1 }}{% raw %}"


def test_a_key_that_looks_like_code_is_a_key() -> None:
    key = "'] + __import__('os').name + ['\n\"\\"
    template = compiled('{a: {$for: "k, v in x", "{{ k }}": "{{ v }}"}}')
    assert template.render({"x": {key: 1}}) == [{"a": {key: 1}}]
    assert template.trace({"x": {key: 1}})[0].value == {"a": {key: 1}}


def test_text_of_a_template_that_looks_like_code_is_text() -> None:
    text = """{a: '{{ "''\\" + x" ~ x }}', 'b"''\\ {{ x }}': "\\n'\\"\\\\ {{ x }}"}"""
    (item,), (traced,) = compiled(text).render({"x": 1}), compiled(text).trace({"x": 1})
    assert item == traced.value == {"a": "'\" + x1", "b\"'\\ 1": "\n'\"\\ 1"}


@pytest.mark.parametrize(
    "expression",
    [
        "'a' * 1000000000",
        "[1] * 1000000000",
        "x | indent(1000000000)",
        "x | replace('a', x)",
        "(x ~ x) ~ (x ~ x)",
        "l | join(x)",
        "x | round(400)",
        "9223372036854775807 * 9223372036854775807",
        "f * f",
        "x | prefix(x) | suffix(x)",
    ],
)
def test_no_expression_makes_something_huge(expression: str) -> None:
    began = time.perf_counter()
    with pytest.raises(TemplateFault):
        compiled('a: "{{ ' + expression + ' }}"').render({"x": "a" * 500_000, "l": ["a"] * 1000, "f": 1e300})
    assert time.perf_counter() - began < 10  # a bound against running away, not a measurement


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 5000 + "1" + ")" * 5000,
        "[" * 5000,
        "not " * 5000 + "x",
        "-" * 5000 + "1",
        " + ".join(["1"] * 5000),
        "x" + ".y" * 5000,
        "x" + " | upper" * 5000,
        "1 if x else " * 2000 + "2",
        "x" + "[x" * 100 + "]" * 100,
        "9" * 5000,
        "1e999",
        "'a'" + " ~ 'a'" * 2000,
        "{" + "'a': {" * 1000,
    ],
)
def test_expressions_that_are_too_long_or_deep_are_refused(expression: str) -> None:
    began = time.perf_counter()
    (fault,) = faults('a: "{{ ' + expression + ' }}"')
    assert fault.code.name in {"template-too-large", "template-syntax"}
    assert time.perf_counter() - began < 10  # a bound against running away, not a measurement


def test_the_deepest_template_that_is_allowed_compiles() -> None:
    deepest = "(" * 29 + "x" + ")" * 29
    expression = "x"
    for _ in range(18):
        expression = f"({expression} | default(x))"
    for text in (deepest, expression, "not " * 35 + "x", " ~ ".join(["x"] * 100), "x" + ".y" * 35 + " | default(1)"):
        tree = f"a: '{{{{ {text} }}}}'"
        for depth in range(37):
            tree = f"b: {{{'$when: x, ' if depth % 3 == 0 else ''}{tree}}}"
        template = compiled("{" + tree + "}")
        assert template.render({"x": 1}) == [template.trace({"x": 1})[0].value]


def test_templates_that_nest_too_deep_are_refused() -> None:
    assert {d.code.name for d in faults("a: " + "{b: " * 45 + "1" + "}" * 45)} == {"template-too-large"}
    loops = "".join("{$for: x in xs, $value: " for _ in range(9)) + "1" + "}" * 9
    assert {d.code.name for d in faults(f"a: [{loops}]")} == {"template-too-large"}


def test_loops_as_deep_as_allowed_run() -> None:
    loops = "".join("{$for: x in xs, $value: " for _ in range(8)) + "1" + "}" * 8
    template = compiled(f"a: [{loops}]")
    assert template.render({"xs": [1]}) == [{"a": [1]}] == [traced.value for traced in template.trace({"xs": [1]})]


def test_fragments_cannot_nest_without_end() -> None:
    fragments = {f"c/f{i}": f"{{a: {{$include: c/f{i + 1}, b: 1}}}}" for i in range(60)} | {"c/f60": "{a: 1}"}
    assert {d.code.name for d in faults("{$include: c/f0, b: 1}", fragments=fragments)} == {"template-too-large"}
