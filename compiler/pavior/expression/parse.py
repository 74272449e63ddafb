"""From the text of a scalar to expressions: Jinja2's own lexer and parser, a list of what is allowed, and bounds.

Every node's `lineno` is the offset of its token in the text, so that a fault points at the word and not at the line.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

from pavior.diagnostics import Code
from pavior.diagnostics.codes.golden_paths import (
    REFUSED_EXPRESSION,
    TEMPLATE_SYNTAX,
    TEMPLATE_TOO_LARGE,
    UNKNOWN_FILTER,
)
from pavior.expression.registry import FILTERS, TESTS, Function
from pavior.expression.wording import meant

Parts: TypeAlias = tuple["str | nodes.Expr", ...]

MAX_TEXT = 1 << 18
MAX_TOKENS = 300
MAX_BRACKETS = 30
MAX_DEPTH = 40
MAX_INTEGER = 1 << 63

# `{#` is plain text here (shells and Go write it), so comments get a delimiter that no YAML file can hold.
_ENVIRONMENT = Environment(
    optimized=False,
    keep_trailing_newline=True,
    comment_start_string="\0{#",
    comment_end_string="#}\0",
    autoescape=False,
)
# Most expressions are a path, which Jinja2's lexer and parser take a hundred times as long to read.
_PATH = r"(?!(?:not|true|false|none|True|False|None)\b)[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*){0,30}"
_BRACED_PATH = re.compile(rf"\{{\{{ ({_PATH}) \}}\}}")
_ONLY_PATHS = re.compile(rf"(?:[^{{\0\r]|\{{(?![{{%])|\{{\{{ {_PATH} \}}\}})*")
"""Text and paths in braces, nothing else."""

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


@dataclass(frozen=True, slots=True)
class ParseFault(Exception):
    """A text that is no template. `start` and `end` are offsets in it."""

    code: Code
    start: int
    end: int
    message: str
    hint: str | None = None


def is_template(text: str) -> bool:
    """Whether a scalar holds anything but plain text."""
    return "{{" in text or "{%" in text


@lru_cache(maxsize=4096)
def parse_text(text: str) -> Parts:
    """The pieces of a scalar, plain text and expressions in turn; raises ParseFault."""
    if len(text) > MAX_TEXT:
        raise ParseFault(TEMPLATE_TOO_LARGE, 0, 1, f"text of {len(text)} characters with expressions in it")
    parts: list[str | nodes.Expr] = []
    if _ONLY_PATHS.fullmatch(text):
        return tuple(_paths(text))
    for output in _parse(text):
        if not isinstance(output, nodes.Output):
            raise ParseFault(REFUSED_EXPRESSION, output.lineno, output.lineno + 1, "a template holds expressions only")
        for part in output.nodes:
            if isinstance(part, nodes.TemplateData):
                parts.append(part.data)
            else:
                _allow(part, text, 1)
                parts.append(part)
    return tuple(parts)


@lru_cache(maxsize=4096)
def parse_bare(text: str) -> nodes.Expr:
    """The one expression of a text without braces; raises ParseFault."""
    stripped = text.strip()
    if is_template(text) and stripped.startswith("{{") and stripped.endswith("}}"):
        raise ParseFault(
            TEMPLATE_SYNTAX, 0, len(text), "this expression is written without braces", "leave out `{{ }}`"
        )
    if not stripped:
        raise ParseFault(TEMPLATE_SYNTAX, 0, len(text), "an expression is missing here")
    try:
        parts = parse_text("{{ " + text + " }}")
    except ParseFault as fault:
        limit = len(text)
        start, end = min(max(fault.start - 3, 0), limit), min(max(fault.end - 3, 0), limit)
        raise ParseFault(fault.code, start, end, fault.message, fault.hint) from None
    if len(parts) != 1 or isinstance(parts[0], str):
        raise ParseFault(TEMPLATE_SYNTAX, 0, len(text), "one expression is expected here", None)
    return parts[0]


def _paths(text: str) -> Iterator[str | nodes.Expr]:
    """The pieces of a text that matches `_ONLY_PATHS`, as Jinja2's parser finds them."""
    position = 0
    for match in _BRACED_PATH.finditer(text):
        if match.start() > position:
            yield text[position : match.start()]
        name, *attributes = match[1].split(".")
        offset = match.start(1) + len(name)
        node: nodes.Expr = nodes.Name(name, "load", lineno=match.start(1))
        for attribute in attributes:
            node = nodes.Getattr(node, attribute, "load", lineno=offset)
            offset += 1 + len(attribute)
        yield node
        position = match.end()
    if position < len(text):
        yield text[position:]


def _parse(text: str) -> list[nodes.Node]:
    try:
        tokens = _ENVIRONMENT.lexer.wrap(_bounded(_with_offsets(text)))
        parser = Parser(_ENVIRONMENT, "")
        parser.stream = TokenStream(tokens, None, None)
        return parser.parse().body
    except TemplateSyntaxError as error:
        start = min(error.lineno, max(len(text) - 1, 0))
        message = (error.message or "").rstrip(".").replace("'end of print statement'", "end")
        raise ParseFault(
            TEMPLATE_SYNTAX, start, start + 1, f"this is not an expression: {message[:1].lower()}{message[1:]}"
        ) from None
    except ValueError:  # Python's own limit on the digits of a number
        raise ParseFault(TEMPLATE_TOO_LARGE, 0, 1, "a number in this expression has too many digits") from None
    except RecursionError:
        raise ParseFault(TEMPLATE_TOO_LARGE, 0, 1, "this expression nests too deep") from None


def _with_offsets(text: str) -> Iterator[tuple[int, str, str]]:
    """Jinja2's tokens with the offset in place of the line. White space that `-` strips is in no token, so look each up."""
    position = 0
    try:
        for _, kind, value in _ENVIRONMENT.lexer.tokeniter(text, None):
            found = text.find(value, position)
            position = found if found >= 0 else position
            yield position, kind, value
            position += len(value)
    except TemplateSyntaxError as error:
        raise TemplateSyntaxError(error.message or "", position) from None


def _bounded(tokens: Iterable[tuple[int, str, str]]) -> Iterator[tuple[int, str, str]]:
    """Refuse, before the recursive parser meets it, what nests too deep or runs too long, and every statement."""
    count = depth = 0
    for offset, kind, value in tokens:
        if kind == "block_begin":
            raise ParseFault(
                REFUSED_EXPRESSION,
                offset,
                offset + len(value),
                "statements have no place in a template",
                "write `$when`, `$for` or `$let` beside it; text that must hold `{%` goes into `{% raw %}…{% endraw %}`",
            )
        if kind == "variable_begin":
            count = depth = 0
        elif kind != "whitespace":
            count += 1
        if kind == "operator":
            depth += (value in _OPENING) - (value in _CLOSING)
        if count > MAX_TOKENS or depth > MAX_BRACKETS:
            raise ParseFault(
                TEMPLATE_TOO_LARGE,
                offset,
                offset + len(value),
                "this expression is too long",
                "give parts names in `$let`",
            )
        yield offset, kind, value


_ALLOWED = (
    nodes.Name,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Const,
    nodes.List,
    nodes.Tuple,
    nodes.Dict,
    nodes.Pair,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.CondExpr,
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Mod,
    nodes.Neg,
    nodes.Pos,
    nodes.Concat,
    nodes.Filter,
    nodes.Test,
    nodes.Keyword,
    nodes.Slice,
)


def _allow(node: nodes.Node, text: str, depth: int) -> None:
    """Raise ParseFault unless the tree holds only what the language has."""
    start = node.lineno
    if depth > MAX_DEPTH:
        raise ParseFault(TEMPLATE_TOO_LARGE, start, start + 1, "this expression nests too deep")
    if not isinstance(node, _ALLOWED):
        raise _refused(node)
    if isinstance(node, nodes.Name) and node.name.startswith("_"):
        raise ParseFault(
            REFUSED_EXPRESSION,
            start,
            start + len(node.name),
            f"`{node.name}` cannot be read: names do not begin with `_`",
        )
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        start = text.find(node.attr, start)
        raise ParseFault(
            REFUSED_EXPRESSION,
            start,
            start + len(node.attr),
            f"`{node.attr}` cannot be read: names do not begin with `_`",
        )
    if isinstance(node, nodes.Const):
        _allow_constant(node)
    if isinstance(node, nodes.Filter):
        _allow_call(node, "filter", FILTERS)
    if isinstance(node, nodes.Test):
        _allow_call(node, "test", TESTS)
    for child in node.iter_child_nodes():
        _allow(child, text, depth + 1)


def _refused(node: nodes.Node) -> ParseFault:
    if isinstance(node, nodes.Call):
        return ParseFault(
            REFUSED_EXPRESSION,
            node.lineno,
            node.lineno + 1,
            "there are no calls in expressions",
            "use a filter: `value | filter`",
        )
    if isinstance(node, nodes.Pow):
        return ParseFault(REFUSED_EXPRESSION, node.lineno, node.lineno + 2, "`**` is not part of the template language")
    return ParseFault(
        REFUSED_EXPRESSION,
        node.lineno,
        node.lineno + 1,
        f"{type(node).__name__.lower()} is not part of the template language",
    )


def _allow_constant(node: nodes.Const) -> None:
    value = node.value
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return
    finite = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    if not finite or abs(value) > MAX_INTEGER:
        raise ParseFault(TEMPLATE_TOO_LARGE, node.lineno, node.lineno + 1, "this number is too large")


def _allow_call(node: nodes.Filter | nodes.Test, noun: str, known: dict[str, Function]) -> None:
    """Whether the filter or test exists and takes these arguments."""
    start, end = node.lineno, node.lineno + len(node.name)
    if isinstance(node, nodes.Test):
        start, end = node.lineno, node.lineno + len("is")
    function = known.get(node.name)
    if function is None:
        hint = meant(node.name, known) or f"{noun}s are {', '.join(sorted(known))}"
        raise ParseFault(UNKNOWN_FILTER, start, end, f"there is no {noun} `{node.name}`", hint)
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        raise ParseFault(REFUSED_EXPRESSION, start, end, "`*` and `**` have no place in arguments")
    names = function.parameters[len(node.args) :]
    given = [keyword.key for keyword in node.kwargs]
    wrong = [key for key in given if key not in names]
    missing = [name for name in names if name in function.required and name not in given]
    if len(node.args) > len(function.parameters) or wrong or missing or len(set(given)) < len(given):
        raise ParseFault(
            UNKNOWN_FILTER, start, end, f"{noun} `{node.name}` takes other arguments", f"write `{function.usage}`"
        )
