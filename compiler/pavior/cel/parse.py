"""From text to tree: a parser by recursive descent, macros already put in.

The grammar is that of https://github.com/google/cel-spec/blob/master/doc/langdef.md with cel-go's optional syntax.
"""

from __future__ import annotations

from collections.abc import Callable

from pavior.cel.lexer import LARGEST, CelFault, Word, words
from pavior.cel.tree import (
    Call,
    Choice,
    Has,
    Index,
    ListOf,
    Literal,
    Logic,
    Loop,
    MapOf,
    Name,
    Node,
    Select,
    children,
)

MOST_WORDS = 1500
DEEPEST = 60
MACROS = frozenset({"all", "exists", "exists_one", "filter", "map"})
_CONSTANTS = {"true": True, "false": False, "null": None}
_RELATIONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
# What CEL keeps for later: names of fields, but no names of their own.
_RESERVED = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ]
)


def parse(text: str) -> Node:
    """The tree of an expression. Raises CelFault."""
    found = list(words(text))
    if len(found) > MOST_WORDS:
        raise CelFault(
            0,
            "",
            f"the expression has {len(found)} words, more than {MOST_WORDS}",
            "name parts of it under `variables`",
        )
    parser = _Parser(found)
    node = parser.expression()
    parser.expect("")
    if _depth(node) > DEEPEST:
        raise CelFault(0, "", f"the expression nests deeper than {DEEPEST}", "name parts of it under `variables`")
    return node


def _depth(node: Node) -> int:
    return 1 + max((_depth(child) for child in children(node)), default=0)


class _Parser:
    def __init__(self, found: list[Word]) -> None:
        self._words = found
        self._next = 0
        self._nesting = 0

    def _peek(self) -> Word:
        return self._words[self._next]

    def _take(self) -> Word:
        word = self._words[self._next]
        self._next += word.kind != "end"
        return word

    def _sign(self, *signs: str) -> Word | None:
        """The next word, taken, if it is one of these signs."""
        word = self._peek()
        return self._take() if word.kind == "sign" and word.text in signs else None

    def expect(self, text: str) -> Word:
        word = self._take()
        if word.text != text or word.kind not in ("sign", "end"):
            raise CelFault(word.at, word.text, f"expected {_shown(text)} here, not {_shown(word.text)}")
        return word

    def expression(self) -> Node:
        self._nesting += 1
        if self._nesting > DEEPEST:
            raise CelFault(self._peek().at, self._peek().text, f"the expression nests deeper than {DEEPEST}")
        test = self._logic("||", lambda: self._logic("&&", self._relation))
        question = self._sign("?")
        if question is not None:
            then = self._logic("||", lambda: self._logic("&&", self._relation))
            self.expect(":")
            test = Choice(question.at, test, then, self.expression())
        self._nesting -= 1
        return test

    def _logic(self, sign: str, operand: Callable[[], Node]) -> Node:
        operands, at = [operand()], 0
        while (word := self._sign(sign)) is not None:
            at = at or word.at
            operands.append(operand())
        return operands[0] if len(operands) == 1 else Logic(at, sign, tuple(operands))

    def _relation(self) -> Node:
        node = self._addition()
        while self._peek().text in _RELATIONS and self._peek().kind in ("sign", "name"):
            word = self._take()
            node = Call(word.at, word.text, (node, self._addition()))
        return node

    def _addition(self) -> Node:
        node = self._multiplication()
        while (word := self._sign("+", "-")) is not None:
            node = Call(word.at, word.text, (node, self._multiplication()))
        return node

    def _multiplication(self) -> Node:
        node = self._unary()
        while (word := self._sign("*", "/", "%")) is not None:
            node = Call(word.at, word.text, (node, self._unary()))
        return node

    def _unary(self) -> Node:
        signs = []
        while (word := self._sign("!", "-")) is not None:
            signs.append(word)
        if any(word.text != signs[0].text for word in signs):
            raise CelFault(signs[0].at, signs[0].text, "`!` and `-` do not go together")
        if len(signs) % 2 and signs[0].text == "-" and self._peek().kind in ("int", "double"):
            literal = self._take()
            assert isinstance(literal.value, int | float)
            return self._members(Literal(literal.at, -literal.value))
        node = self._member()
        if len(signs) % 2:
            return Call(signs[0].at, "!" if signs[0].text == "!" else "negate", (node,))
        return node

    def _member(self) -> Node:
        return self._members(self._primary())

    def _members(self, node: Node) -> Node:
        while (word := self._sign(".", "[")) is not None:
            optional = self._sign("?") is not None
            if word.text == "[":
                key = self.expression()
                self.expect("]")
                node = Index(word.at, node, key, optional)
                continue
            field = self._take()
            if field.kind != "name" or field.text in (*_CONSTANTS, "in"):
                raise CelFault(field.at, field.text, f"expected a field's name here, not {_shown(field.text)}")
            node = (
                self._method(node, field)
                if not optional and self._sign("(")
                else Select(field.at, node, field.text, optional)
            )
        return node

    def _method(self, target: Node, function: Word) -> Node:
        arguments = self._arguments(")")
        if function.text in MACROS:
            return _loop(target, function, arguments)
        if isinstance(target, Name) and target.name in ("sets", "optional"):
            return Call(function.at, f"{target.name}.{function.text}", arguments)
        return Call(function.at, function.text, (target, *arguments), method=True)

    def _arguments(self, end: str) -> tuple[Node, ...]:
        found: list[Node] = []
        while not self._sign(end):
            if found:
                self.expect(",")
                if end != ")" and self._sign(end):
                    break
            found.append(self.expression())
        return tuple(found)

    def _primary(self) -> Node:
        word = self._take()
        if word.kind in ("text", "int", "double"):
            if word.kind == "int" and word.value == LARGEST + 1:
                raise CelFault(word.at, word.text, f"`{word.text}` has more than 64 bits")
            return Literal(word.at, word.value)
        if word.kind == "name":
            return self._named(word)
        if word.text == "(":
            node = self.expression()
            self.expect(")")
            return node
        if word.text == "[":
            return ListOf(word.at, self._arguments("]"))
        if word.text == "{":
            return MapOf(word.at, self._entries())
        raise CelFault(word.at, word.text, f"expected a value here, not {_shown(word.text)}")

    def _named(self, word: Word) -> Node:
        if word.text in _CONSTANTS:
            return Literal(word.at, _CONSTANTS[word.text])
        if word.text in _RESERVED or word.text == "in":
            raise CelFault(word.at, word.text, f"`{word.text}` is a word that CEL keeps for itself")
        if not self._sign("("):
            return Name(word.at, word.text)
        arguments = self._arguments(")")
        if word.text != "has":
            return Call(word.at, word.text, arguments)
        if len(arguments) != 1 or not isinstance(arguments[0], Select) or arguments[0].optional:
            raise CelFault(
                word.at, word.text, "`has` takes one path that ends in a field", "write `has(object.spec.replicas)`"
            )
        return Has(word.at, arguments[0].operand, arguments[0].field)

    def _entries(self) -> tuple[tuple[Node, Node], ...]:
        found: list[tuple[Node, Node]] = []
        while not self._sign("}"):
            if found:
                self.expect(",")
                if self._sign("}"):
                    break
            key = self.expression()
            self.expect(":")
            found.append((key, self.expression()))
        return tuple(found)


def _loop(target: Node, macro: Word, arguments: tuple[Node, ...]) -> Node:
    most = 3 if macro.text == "map" else 2
    if not 2 <= len(arguments) <= most or not isinstance(arguments[0], Name):
        message = f"`{macro.text}` takes a name and an expression"
        two = len(arguments) == 3 and all(isinstance(each, Name) for each in arguments[:2])
        raise CelFault(
            macro.at, macro.text, message + ("; two names are not evaluated here" if two else ""), elsewhere=two
        )
    variable = arguments[0].name
    if macro.text != "map":
        return Loop(macro.at, macro.text, target, variable, arguments[1])
    return Loop(macro.at, "map", target, variable, arguments[1] if len(arguments) == 3 else None, arguments[-1])


def _shown(text: str) -> str:
    return f"`{text}`" if text else "the end of the expression"
