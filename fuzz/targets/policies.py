"""Expressions of policies: each has an answer or a fault, soon, and what the quick code affirms the exact answer affirms too."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from fuzz.case import Case, Target
from fuzz.guard import Violation
from fuzz.material import HOSTILE
from pavior.cel import CelFault, parse
from pavior.cel.check import type_of
from pavior.cel.evaluate import Scope, Seen, evaluate
from pavior.cel.generate import STOPPED, functions, predicate
from pavior.cel.values import CelError, begin

_CEL = [
    "object", "params", "namespaceObject", "variables", ".", "?.", "metadata", "name", "spec", "[", "]", "(", ")", "{", "}",
    ",", ":", "?", "!", "-", "+",
    "*", "/", "%", "==", "!=", "<", "in", "&&", "||", "has", "all", "exists", "exists_one", "map", "filter", "size",
    "matches", "'(a+)+$'", "'a'", "1",
    "1u", "1.0", "b'x'", "r'x'", "true", "null", "split", "join", "quantity", "duration", "'9e999Gi'", "0x10",
    "9223372036854775807", "optional.of",
    "orValue", "x", "e", "'''a\n'''", "//c\n", "type", "dyn", "format", "lowerAscii", "replace", "substring", "indexOf",
]  # fmt: skip
OBJECT = {
    "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a" * 40 + "!", "labels": {"a": "b"}},
    "spec": {"list": [{"name": str(n), "n": n, "cpu": "250m"} for n in range(60)], "text": "a" * 5000 + "!", "n": 3,
    "f": 0.5, "none": None},
}  # fmt: skip


def _cel() -> st.SearchStrategy[Case]:
    atom = st.sampled_from(
        [
            "object",
            "object.spec.list",
            "object.spec.text",
            "object.spec.n",
            "object.metadata.name",
            "object.?spec.?x",
            "params.data",
            "1",
            "'a'",
            "['a']",
            "{'a': 1}",
            "null",
            "-1.5",
            "true",
            "e",
            "object.spec['list'][0].n",
        ]
    )

    def extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        operator = st.sampled_from(
            [" + ", " - ", " * ", " / ", " % ", " == ", " != ", " < ", " >= ", " in ", " && ", " || "]
        )
        macro = st.sampled_from(["all", "exists", "exists_one", "map", "filter"])
        method = st.sampled_from(
            [
                "matches('(a+)+$')",
                "size()",
                "contains('a')",
                "startsWith('a')",
                "split('')",
                "split('a')",
                "join(',')",
                "replace('a', 'aaaa')",
                "substring(1)",
                "lowerAscii()",
                "isSorted()",
                "sum()",
                "max()",
                "orValue(1)",
                "hasValue()",
                "compareTo(quantity('1'))",
                "matches(e)",
                "indexOf('a')",
            ]
        )
        call = st.sampled_from(
            [
                "size",
                "has",
                "string",
                "int",
                "double",
                "quantity",
                "isQuantity",
                "duration",
                "optional.of",
                "dyn",
                "type",
                "!",
                "-",
            ]
        )
        return st.one_of(
            st.tuples(inner, operator, inner).map(lambda parts: f"({''.join(parts)})"),
            st.tuples(inner, macro, inner).map(lambda parts: f"{parts[0]}.{parts[1]}(e, {parts[2]})"),
            st.tuples(inner, method).map(".".join),
            st.tuples(call, inner).map(lambda both: f"{both[0]}({both[1]})"),
            st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})"),
            st.tuples(inner, inner).map(lambda both: f"{both[0]}[{both[1]}]"),
        )

    noise = st.lists(st.sampled_from(_CEL) | st.sampled_from(HOSTILE), max_size=16).map("".join)
    long = st.tuples(
        st.sampled_from(["(", "!", "[", "1+", "a.", "-", "x?1:", "{1:", "'", "has(", "a.map(e,"]), st.integers(1, 5000)
    ).map(lambda both: both[0] * both[1])
    return st.recursive(atom, extend, max_leaves=10) | noise | long


def _expression_of_policy(case: Case) -> None:
    types = {"object": "dyn", "namespaceObject": "dyn", "params": "dyn"}
    try:
        node = parse(case)
        its = type_of(node, types)
    except CelFault as fault:
        if not 0 <= fault.at <= len(case):
            raise Violation("a place outside of the expression", f"{fault.at} of {len(case)}") from None
        return
    scope = Scope({"object": Seen(OBJECT, ()), "params": Seen({"data": {"a": "b"}}), "namespaceObject": Seen({})}, {})
    exact: Any
    begin()
    try:
        exact = evaluate(node, scope).value
    except CelError as error:
        exact = error
    if its != "bool":
        return
    space: dict[str, Any] = dict(functions())
    exec(compile(predicate("holds", [], [node], types), "policy", "exec"), space)
    try:
        quick = space["holds"](OBJECT, {"data": {"a": "b"}}, {})
    except STOPPED:
        return  # then the exact answer decides
    if quick is True and exact is not True:
        raise Violation("a quick yes that is none", f"{case}: {exact!r}"[:500])


TARGETS = {"cel": Target(_cel, _expression_of_policy)}
