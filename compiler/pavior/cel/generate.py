"""From tree to Python: the fast yes.

What is generated is true only where CEL gives true. Whatever else happens – false, a wrong type, an absent field – is for
`evaluate` to judge, with CEL's rules for errors, so this needs none of them: Python's `and` and `or` do, and an error of Python
ends the attempt. So a field of what is no map may be asked for: it is an error. What is read twice is kept in a local name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import Any

from pavior.cel import values
from pavior.cel.check import Types, type_of
from pavior.cel.evaluate import ROOTS
from pavior.cel.functions import FUNCTIONS, OPERATORS
from pavior.cel.merging import conjuncts, has_loops, merged, parted, plain
from pavior.cel.reads import Scope, by_fields, cell_of, known
from pavior.cel.tree import Call, Choice, Has, Index, ListOf, Literal, Logic, Loop, MapOf, Name, Node, Select, walk
from pavior.cel.waiting import variable_of, waiting

PREFIX = "_"
"""In front of what the code calls; names of CEL get `v_`."""


STOPPED = (values.CelError, LookupError, TypeError, ValueError, ArithmeticError, AttributeError)
"""What generated code ends with where it is no fast yes."""


def functions() -> dict[str, Any]:
    """The names that generated code reads."""
    made = {f"{PREFIX}{_python(name)}": function.run for name, function in (FUNCTIONS | OPERATORS).items()}
    return made | {
        "_bool": values.boolean,
        "_has": values.has,
        "_select_optional": values.select_optional,
        "_index": values.index,
        "_index_optional": values.index_optional,
        "_begin": values.begin,
        "_entries": values.entries,
        "_absent": {},
    }


_SIGNS = {
    "==": "equal",
    "!=": "unequal",
    "<": "less",
    "<=": "at_most",
    ">": "greater",
    ">=": "at_least",
    "in": "contained",
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "%": "modulo",
    "!": "invert",
}


_PARAMETERS = ", ".join(f"v_{root}" for root in ROOTS)

_DEEPEST = 16
"""How deep statements are nested in one another: Python has a limit."""

_ORDERS = frozenset({"<", "<=", ">", ">="})


def _python(function: str) -> str:
    return _SIGNS.get(function) or function.replace(".", "_")


def predicate(name: str, variables: Sequence[tuple[str, Node]], tests: Sequence[Node], types: Types) -> str:
    """The source of a function of `object`, `params` and `namespaceObject`: whether all tests are true.

    Variables are worked out in order, whether or not they are needed: one that fails is left to `evaluate`. Only what stands
    beside something else in `||`, as a waiver does, waits until that was false.
    """
    variables, tests = waiting(variables, tests)
    variables = [(variable, plain(node)) for variable, node in variables]
    tests = [plain(test) for test in tests]
    trees = [*(node for _, node in variables), *tests]
    writer = _Writer(Counter(filter(None, map(cell_of, chain.from_iterable(map(walk, trees))))))
    loops = sum(isinstance(node, Loop) for tree in trees for node in walk(tree))
    if loops:
        # What goes round once for several loops must not outlast any of them.
        writer.line(1, f"_begin({loops})")
    scope = Scope(types)
    for variable, node in variables:
        writer.line(1, f"v_variables_{variable} = {writer.code(node, scope)}")
    writer.require(tests, scope, 1, ())
    lines = (*writer.functions, f"def {name}({_PARAMETERS}):", *writer.lines, "    return True")
    return "\n".join(lines) + "\n"


@dataclass(slots=True)
class _Writer:
    """The lines of a function. `reads` says how often each field is read in it."""

    reads: Mapping[Node, int]
    lines: list[str] = field(default_factory=list)
    names: int = 0
    lets: dict[Node, str] = field(default_factory=dict)
    functions: list[str] = field(default_factory=list)

    def line(self, depth: int, text: str) -> None:
        self.lines.append(f"{'    ' * depth}{text}")

    def name(self) -> str:
        self.names += 1
        return f"t{self.names}"

    def require(self, tests: Sequence[Node], scope: Scope, depth: int, unless: Sequence[Node]) -> None:
        """Lines that return False where a test is not true, unless one of the others is."""
        for test in merged(tests) if depth < _DEEPEST else conjuncts(tests):
            self._require(test, scope, depth, unless)
            if not unless:
                scope.learn(test, True)

    def _require(self, test: Node, scope: Scope, depth: int, unless: Sequence[Node]) -> None:
        looping = has_loops(test) and depth < _DEEPEST
        match test:
            case Logic(sign="||") if looping:
                before, body, after = parted(test)
                inner = scope
                if before:
                    first = Logic(0, "||", before) if len(before) > 1 else before[0]
                    self.line(depth, f"if {self.denied(first, scope)}:")
                    inner = scope.inner()
                    inner.learn(first, False)
                self.require([body], inner, depth + bool(before), (*after, *unless))
            case Choice() if looping:
                self.line(depth, f"if {self.truth(test.test, scope)}:")
                for branch, truth in ((test.then, True), (test.otherwise, False)):
                    inner = scope.inner()
                    inner.learn(test.test, truth)
                    self.require([branch], inner, depth + 1, unless)
                    if truth:
                        self.line(depth, "else:")
            case Loop(macro="all") if looping:
                self.line(depth, f"for v_{test.variable} in _entries({self.code(test.range, scope)}):")
                assert test.test is not None, "a parsed loop has a test"
                self.require([test.test], scope.inner(**{test.variable: "dyn"}), depth + 1, unless)
            case _:
                false = [self.denied(test, scope), *(f"not {self.let(each, scope)}" for each in unless)]
                self.line(depth, f"if {' and '.join(false)}: return False")

    def let(self, node: Node, scope: Scope) -> str:
        """The code of what lets a failing test through. It is seldom asked: what reads the roots alone is a function."""
        if any(isinstance(each, Name) and each.name not in ROOTS for each in walk(node)):
            return self.truth(node, scope.inner())
        if node not in self.lets:
            self.lets[node] = f"let_{len(self.lets)}"
            code = self.truth(node, Scope(scope.types))
            self.functions.append(f"def {self.lets[node]}({_PARAMETERS}): return {code}")
        return f"{self.lets[node]}({_PARAMETERS})"

    def denied(self, node: Node, scope: Scope) -> str:
        """The code of the opposite of an expression."""
        if isinstance(node, Call) and node.function == "!":
            return self.truth(node.arguments[0], scope)
        return f"not {self.truth(node, scope)}"

    def truth(self, node: Node, scope: Scope) -> str:
        """The code of an expression that is surely a boolean."""
        code = self.code(node, scope)
        return code if type_of(node, scope.types) == "bool" else f"_bool({code})"

    def code(self, node: Node, scope: Scope) -> str:  # noqa: PLR0911, PLR0912  # one for each kind of node
        match node:
            case Literal():
                return repr(node.value) if type(node.value) is not float else f"float({str(node.value)!r})"
            case Name():
                return f"v_{node.name}"
            case Select() if variable_of(node) is not None and f"variables.{node.field}" in scope.types:
                return f"v_variables_{node.field}"
            case Select():
                if node.optional or type_of(node.operand, scope.types) == "optional":
                    return f"_select_optional({self.code(node.operand, scope)}, {node.field!r})"
                return self._field(node, scope)
            case Has():
                return self._has(node, scope)
            case Index():
                function = "_index_optional" if node.optional else "_index"
                return f"{function}({self.code(node.operand, scope)}, {self.code(node.key, scope)})"
            case Call():
                return self._call(node, scope)
            case Logic():
                return self._logic(node, scope)
            case Choice():
                test = self.truth(node.test, scope)
                then, otherwise = self._ends(node, scope)
                return f"({self.code(node.then, then)} if {test} else {self.code(node.otherwise, otherwise)})"
            case ListOf():
                return f"[{', '.join(self.code(item, scope) for item in node.items)}]"
            case MapOf():
                entries = (f"{self.code(key, scope)}: {self.code(value, scope)}" for key, value in node.entries)
                return f"{{{', '.join(entries)}}}"
            case Loop():
                return self._loop(node, scope)

    def _ends(self, node: Choice, scope: Scope) -> tuple[Scope, Scope]:
        """The scopes of both ends of a choice whose test is written."""
        then, otherwise = scope.inner(), scope.inner()
        then.learn(node.test, True)
        otherwise.learn(node.test, False)
        return then, otherwise

    def _logic(self, node: Logic, scope: Scope) -> str:
        """Only the first operand is surely asked; what it says is known to those after it."""
        parts, inner = [self.truth(node.operands[0], scope)], scope.inner()
        for before, operand in pairwise(node.operands):
            inner.learn(before, node.sign == "&&")
            parts.append(self.truth(operand, inner))
        return f"({(' and ' if node.sign == '&&' else ' or ').join(parts)})"

    def _field(self, node: Select, scope: Scope) -> str:
        """`x.a`: the value, or an error."""
        cell = known(cell_of(node))
        if cell in scope.cells and cell in scope.present:
            return scope.cells[cell]
        code = f"{self.code(node.operand, scope)}[{node.field!r}]"
        if not scope.assigns or cell in scope.cells or self.reads[cell] == 1:
            return code
        scope.cells[cell] = self.name()
        scope.present.add(cell)
        return f"({scope.cells[cell]} := {code})"

    def _perhaps(self, node: Select | Has, scope: Scope) -> str:
        """`x.?a`: the value, or `_absent`, of which every field is absent."""
        cell = known(cell_of(node))
        if cell in scope.cells:
            return scope.cells[cell]
        code = f"{self._above(node, scope)}.get({node.field!r}, _absent)"
        if not scope.assigns or self.reads[cell] == 1:
            return code
        scope.cells[cell] = self.name()
        return f"({scope.cells[cell]} := {code})"

    def _above(self, node: Select | Has, scope: Scope) -> str:
        """What a field is read of."""
        operand = node.operand
        if isinstance(operand, Select) and type_of(operand, scope.types) == "optional":
            return self._perhaps(operand, scope)
        return self.code(operand, scope)

    def _has(self, node: Has, scope: Scope) -> str:
        if not by_fields(node.operand, scope.types):
            return f"_has({self.code(node.operand, scope)}, {node.field!r})"
        return f"({self._perhaps(node, scope)} is not _absent)"

    def _or_value(self, optional: Node, otherwise: Node, scope: Scope) -> str:
        """A path with a fallback, in one step where it goes by fields alone."""
        if isinstance(optional, Choice):
            test = self.truth(optional.test, scope)
            one, two = self._ends(optional, scope)
            then, other = (
                self._or_value(optional.then, otherwise, one),
                self._or_value(optional.otherwise, otherwise, two),
            )
            return f"({then} if {test} else {other})"
        is_optional = type_of(optional, scope.types) == "optional"
        if not (isinstance(optional, Select) and is_optional and by_fields(optional.operand, scope.types)):
            return f"_orValue({self.code(optional, scope)}, {self.code(otherwise, scope)})"
        cell = known(cell_of(optional))
        if cell not in scope.cells and (not scope.assigns or self.reads[cell] == 1):
            above = self._above(optional, scope)
            return f"{above}.get({optional.field!r}, {self.code(otherwise, scope)})"
        code = self._perhaps(optional, scope)
        return f"({self.code(otherwise, scope.inner())} if {code} is _absent else {scope.cells[cell]})"

    def _call(self, node: Call, scope: Scope) -> str:  # noqa: PLR0911  # one for each that Python does itself
        if node.function == "!":
            if isinstance(node.arguments[0], Has) and by_fields(node.arguments[0].operand, scope.types):
                return f"({self._perhaps(node.arguments[0], scope)} is _absent)"
            return f"(not {self.truth(node.arguments[0], scope)})"
        if node.function == "orValue":
            return self._or_value(node.arguments[0], node.arguments[1], scope)
        if (
            node.function == "hasValue"
            and isinstance(node.arguments[0], Select)
            and type_of(node.arguments[0], scope.types) == "optional"
            and by_fields(node.arguments[0].operand, scope.types)
        ):
            return f"({self._perhaps(node.arguments[0], scope)} is not _absent)"
        given = [self.code(argument, scope) for argument in node.arguments]
        if node.function in _METHODS:
            return _METHODS[node.function].format(*given)
        if node.function == "in" and _texts(node.arguments[1]):
            return f"({given[0]} in {given[1]})"
        types = [type_of(argument, scope.types) for argument in node.arguments]
        # A text equals texts alone, in Python as in CEL.
        if node.function in ("==", "!=") and "string" in types:
            return f"({given[0]} {node.function} {given[1]})"
        if node.function in _ORDERS and all(its == "int" for its in types):
            return f"({given[0]} {node.function} {given[1]})"
        return f"_{_python(node.function)}({', '.join(given)})"

    def _loop(self, node: Loop, scope: Scope) -> str:
        # Python has no names for what is inside a comprehension.
        inner = scope.inner(**{node.variable: "dyn"})
        inner.assigns = False
        outside = scope.inner()
        outside.assigns = False
        over = f"for v_{node.variable} in _entries({self.code(node.range, outside)})"
        if node.macro == "map":
            where = f" if {self.truth(node.test, inner)}" if node.test is not None else ""
            assert node.result is not None, "a parsed `map` has a result"
            return f"[{self.code(node.result, inner)} {over}{where}]"
        assert node.test is not None, "a parsed loop has a test"
        test = self.truth(node.test, inner)
        if node.macro == "filter":
            return f"[v_{node.variable} {over} if {test}]"
        if node.macro == "exists_one":
            return f"(sum([1 {over} if {test}]) == 1)"
        return f"{'all' if node.macro == 'all' else 'any'}([{test} {over}])"


# What Python's own methods do alike; where it is no text that they are called on or given, they fail.
_METHODS = {
    "startsWith": "({}).startswith({})",
    "endsWith": "({}).endswith({})",
    "contains": "(({}).find({}) >= 0)",
    "size": "len({})",
}


def _texts(node: Node) -> bool:
    return isinstance(node, ListOf) and all(isinstance(i, Literal) and isinstance(i.value, str) for i in node.items)
