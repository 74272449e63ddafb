"""Languages that components are written in: expressions in templates, and JSON Schema."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from hypothesis import strategies as st

from fuzz import output
from fuzz.case import Case, Target
from fuzz.guard import Violation
from fuzz.material import HOSTILE, KEYS, SCALARS, VALUES, WORDS, written
from fuzz.targets.texts import show
from pavior.expression import Form, TemplateFault, compile_template
from pavior.model import Document, Source
from pavior.phases.load import load
from pavior.phases.validate import validate
from pavior.pipeline.golden_paths import schema_sources
from pavior.schema import ComponentSource
from pavior.schema.compiled import matches
from pavior.schema.compose import compose

# Expressions.

_WORDS = [
    "x", "l", "m", "f", "m.a", "l[0]", "x.y", "none", "true", "1", "0", "-1", "2.5", "9" * 18, "'a'", "''", "'a\\nb'", "[",
    "]", "(", ")", "{", "}",
    ",", ":", ".", "|", "~", "+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", "in", "not", "not in", "and", "or",
    "if", "else", "is",
    "default", "omit", "join", "replace", "int", "string", "indent", "round", "length", "keys", "to_json", "map", "attr",
    "defined", "none",
    "[1:2]", "[::-1]", "[:9999999999]", "__class__", "_x", "loop", "self", "range(9)", "'{0.__class__}'", "format", "lipsum",
    "{{", "}}", "{%", "%}",
]  # fmt: skip
CONTEXT = {
    "x": "text",
    "l": [1, "a", None, {"a": 1}],
    "m": {"a": {"b": 1}, "items": 2},
    "f": 1.5,
    "none_": None,
    "h": HOSTILE[:40],
}


def _expression() -> st.SearchStrategy[str]:
    from pavior.expression.registry import FILTERS, TESTS  # noqa: PLC0415

    filters = sorted(FILTERS)
    atom = st.sampled_from(
        [
            "x",
            "l",
            "m",
            "f",
            "m.a.b",
            "l[3].a",
            "none",
            "true",
            "1",
            "-3",
            "1.5",
            "'a'",
            "['a', x]",
            "{'a': f}",
            "h",
            "h[4]",
            "y",
        ]
    )
    operator = st.sampled_from(
        [" + ", " - ", " * ", " / ", " // ", " % ", " ~ ", " == ", " < ", " in ", " and ", " or ", " not in ", " >= "]
    )

    def extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        call = st.tuples(st.sampled_from(filters), st.lists(inner, max_size=3)).map(
            lambda both: f"{both[0]}({', '.join(both[1])})" if both[1] else both[0]
        )
        return st.one_of(
            st.tuples(inner, operator, inner).map("".join),
            st.tuples(inner, call).map(lambda both: f"({both[0]}) | {both[1]}"),
            st.tuples(inner, st.sampled_from(sorted(TESTS))).map(lambda both: f"({both[0]}) is {both[1]}"),
            st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} if {parts[1]} else {parts[2]})"),
            st.tuples(inner, inner).map(lambda both: f"{both[0]}[{both[1]}]"),
            inner.map(lambda text: f"not {text}"),
        )

    grammar = st.recursive(atom, extend, max_leaves=8)
    noise = st.lists(st.sampled_from(_WORDS) | st.sampled_from(HOSTILE), max_size=12).map(" ".join)
    return grammar | noise


def _templates() -> st.SearchStrategy[Case]:
    leaf = _expression().map(lambda text: f"{{{{ {text} }}}}") | _expression()
    keys = st.sampled_from(["a", "b", "$when", "$for", "$let", "$merge", "$value", "$include", "{{ x }}", "$x"])
    tree = st.recursive(
        leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=6
    )
    return leaf.map(lambda text: {"a": text}) | st.dictionaries(keys, tree, min_size=1, max_size=4)


def _template(case: Case) -> None:
    document = load(Source("golden-paths/components/c/manifests/m.yaml", json.dumps(case).encode())).value
    if document is None:
        return
    outcome = compile_template(document, form=Form.ITEMS, schema={}, fragments={})
    show(outcome.diagnostics, document.source.content)
    if outcome.value is None:
        return
    results = []
    for ask in (lambda: outcome.value.render(CONTEXT), lambda: [t.value for t in outcome.value.trace(CONTEXT)]):
        try:
            results.append(ask())
        except TemplateFault as fault:
            output.check("text", fault.message.encode("unicode_escape").decode())
            results.append(None)
    if repr(results[0]) != repr(results[1]):
        raise Violation("traced otherwise", f"{results[0]!r} and {results[1]!r}"[:800])
    _plain(results[0])


def _plain(value: Any) -> None:
    if type(value) in (str, int, float, bool, type(None)):
        return
    if type(value) not in (dict, list):
        raise Violation("no plain data", type(value).__name__)
    for inner in (*value, *value.values()) if isinstance(value, dict) else value:
        _plain(inner)


# JSON Schema.

_PATTERNS = st.sampled_from([text for text in HOSTILE if set(text) & set("()[]+*")]) | st.text(
    "ab()[]{}+*?|^$.\\1,-", max_size=14
)
_SUBJECTS = st.sampled_from(["a" * 30 + "!", "a" * 50_000 + "!", "ab" * 20_000, "\n", ""]) | st.text(max_size=10)


def _schemas() -> st.SearchStrategy[Case]:
    leaf = st.fixed_dictionaries(
        {
            "description": st.just("It."),
            "type": st.sampled_from(["string", "integer", "object", "array", ["string", "null"], "x"]),
        },
        optional={
            "pattern": _PATTERNS,
            "enum": st.lists(SCALARS, max_size=3),
            "maximum": SCALARS,
            "$ref": st.sampled_from(["#/$defs/a", "#/$defs/b", "#", "x"]),
        },
    )

    def extend(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        properties = st.dictionaries(KEYS, inner, max_size=4)
        return st.fixed_dictionaries(
            {"description": st.just("It.")},
            optional={
                "type": st.just("object"), "properties": properties, "additionalProperties": inner | st.booleans(),
                "items": inner,
                "anyOf": st.lists(inner, max_size=3), "oneOf": st.lists(inner, max_size=3), "not": inner, "propertyNames": inner,
                "required": st.lists(st.sampled_from(WORDS), max_size=2), "uniqueItems": st.booleans(), "default": VALUES,
                "multipleOf": SCALARS, "minLength": SCALARS, "dependentRequired": VALUES, "x-message": SCALARS,
                "x-aliases": VALUES,
            },
        )  # fmt: skip

    node = st.recursive(leaf, extend, max_leaves=8) | VALUES
    doubling = st.integers(1, 60).map(
        lambda depth: {
            f"d{n}": {
                "type": "object",
                "properties": {k: {"description": "It.", "$ref": f"#/$defs/d{n + 1}"} for k in "ab"},
            }
            for n in range(depth)
        }
    )
    root = st.fixed_dictionaries(
        {
            "type": st.just("object"),
            "properties": st.dictionaries(
                KEYS, node | st.just({"description": "It.", "$ref": "#/$defs/d0"}), max_size=4
            ),
        },
        optional={
            "$defs": st.dictionaries(st.sampled_from(["a", "b", "d0"]), node, max_size=3) | doubling,
            "required": st.lists(KEYS, max_size=2),
        },
    )
    return st.fixed_dictionaries(
        {
            "schema": root | node,
            "type": st.sampled_from([None, "store"]),
            "value": VALUES,
            "pattern": _PATTERNS,
            "subject": _SUBJECTS,
        }
    )


@cache
def _sources() -> Any:
    return schema_sources()


def _schema(case: Case) -> None:
    document = _document("golden-paths/components/c/schema.json", case["schema"])
    if document is None:
        return
    source = ComponentSource("c", document, case["type"])
    outcome = compose(_sources(), [source], {"p": ["c"]}, ["prod"])
    show(outcome.diagnostics, document.source.content)
    schemas = outcome.value
    if schemas is None:
        raise Violation("no schemas", repr(case["schema"])[:300])
    head = {"apiVersion": "pavior.dev/v1", "goldenPath": "p"}
    value = case["value"] if isinstance(case["value"], dict) else {"image": case["value"]}
    needs = {"needs": {"a": {"type": "store", **value}}} if case["type"] else {}
    file = _document("teams/a/b/platform.yaml", {**value, **needs, **head})
    if file is not None:
        show(validate(file, "platform", schemas).diagnostics, file.source.content)
    matches(case["pattern"], case["subject"])


def _document(path: str, value: Any) -> Document | None:
    return load(Source(path, written(value).encode("utf-8", "surrogatepass"))).value


TARGETS: dict[str, Target] = {
    "expressions": Target(_templates, _template),
    "json-schemas": Target(_schemas, _schema),
}
