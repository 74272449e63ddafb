"""Bytes to nodes: libyaml's parser through PyYAML where it is there, PyYAML's own otherwise, both with nothing resolved.

Nodes keep their text and marks; what a scalar means is `pavior.syntax.scalars`' to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from yaml.composer import Composer
from yaml.error import Mark, MarkedYAMLError, YAMLError
from yaml.nodes import Node
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner
from yaml.tokens import FlowMappingEndToken, FlowMappingStartToken, FlowSequenceEndToken, FlowSequenceStartToken, Token

try:
    from yaml._yaml import CParser
except ImportError:  # PyYAML was built without libyaml
    CParser = None  # type: ignore[assignment,misc]

DEEPEST = 64
"""Nodes within nodes; a manifest of a custom resource definition needs about 30."""

_FLOW_COLLECTIONS_UNCOUNTED = 100
_LONGEST_FOR_PURE = 2**16
_DISPUTED = re.compile(rb"^%|[|>][-+0-9]*#", re.MULTILINE)
_SURELY_DEEP = re.compile(rb"^[\t ?:-]{100}", re.MULTILINE)


class TooDeepError(Exception):
    """Nodes are nested deeper than DEEPEST; `mark` is where the innermost permitted one starts."""

    def __init__(self, mark: Mark) -> None:
        super().__init__(mark)
        self.mark = mark


class _Unresolved:
    """Replaces PyYAML's resolver, which costs a third of its time."""

    def resolve(self, kind: type[Node], value: Any, implicit: Any) -> None:
        return None

    def descend_resolver(self, parent: Node | None, index: Any) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass


class _Counting(_Unresolved):
    """Stops before the composer's recursion could exhaust the stack."""

    depth = 0

    def descend_resolver(self, parent: Node | None, index: Any) -> None:
        self.depth += 1
        if self.depth > DEEPEST and parent is not None:
            raise TooDeepError(parent.start_mark)

    def ascend_resolver(self) -> None:
        self.depth -= 1


class _PureComposer(_Counting, Reader, Scanner, Parser, Composer):
    def __init__(self, content: bytes) -> None:
        Reader.__init__(self, content)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)


if CParser is not None:

    class _FastComposer(_Unresolved, CParser):
        pass

    class _FastCountingComposer(_Counting, CParser):
        pass


def has_fast_parser() -> bool:
    return CParser is not None


def compose(content: bytes, *, pure: bool = False) -> list[Node]:
    """The root node of each document of `content`. Raises YAMLError, TooDeepError, and ValueError or OverflowError from PyYAML.

    What is deeper than DEEPEST may be let through: `pavior.syntax.values` counts as it walks.
    """
    composer: Any
    if pure or _needs_pure(content):
        composer = _PureComposer(content)
    elif _may_be_deep(content):
        composer = _FastCountingComposer(content)
    else:
        composer = _FastComposer(content)
    nodes = []
    try:
        while composer.check_node():
            nodes.append(composer.get_node())
    except MarkedYAMLError as fault:
        # libyaml reads far ahead of what is composed, and has a bound of its own since 0.2.6.
        mark = fault.problem_mark
        if pure or mark is None or "nesting depth" not in (fault.problem or ""):
            raise
        if mark.index <= _LONGEST_FOR_PURE:
            return compose(content, pure=True)
        raise TooDeepError(mark) from None
    return nodes


def explains(content: bytes) -> bool:
    """Whether PyYAML's own parser is to look again at content that is refused, so that a fault is the same on every machine.

    Twenty times slower than libyaml, it would take seconds for larger content, where libyaml's word has to do.
    """
    return len(content) <= _LONGEST_FOR_PURE


def _needs_pure(content: bytes) -> bool:
    """Whether libyaml is missing, or could read the content otherwise than PyYAML's own parser, which then decides everywhere.

    PyYAML refuses tabs between tokens and comments right after `|`, libyaml reads some of them; libyaml refuses directives that
    it does not know.
    """
    if CParser is None or len(content) > _LONGEST_FOR_PURE:
        return CParser is None
    suspicious = b"%" in content or b"|" in content or b">" in content
    return b"\t" in content or (suspicious and _DISPUTED.search(content) is not None)


def _may_be_deep(content: bytes) -> bool:
    """Whether the recursion of the C composer, which nothing else bounds, could pass a few hundred calls.

    A flow collection opens with a bracket; a block collection inside another starts at least one column further right, after
    nothing but indentation and indicators.
    """
    brackets = content.count(b"[") + content.count(b"{")
    return brackets > _FLOW_COLLECTIONS_UNCOUNTED or _SURELY_DEEP.search(content) is not None


def tokens(content: bytes, *, pure: bool = False) -> Iterator[Token]:
    """The tokens of `content` up to its first lexical fault, or to where flow collections are too deep to go on.

    The time that a scanner takes for one token grows with the number of open brackets.
    """
    scanner: Any = _PureComposer(content) if pure or _needs_pure(content) else _FastComposer(content)
    try:
        depth = 0
        while depth <= DEEPEST and scanner.check_token():
            token = scanner.get_token()
            if isinstance(token, FlowSequenceStartToken | FlowMappingStartToken):
                depth += 1
            elif isinstance(token, FlowSequenceEndToken | FlowMappingEndToken):
                depth -= 1
            yield token
    except (YAMLError, ValueError, OverflowError):
        return
