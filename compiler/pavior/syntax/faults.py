"""What is wrong with a file that is valid YAML: each fault a diagnostic at its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode
from yaml.tokens import AliasToken, AnchorToken, DirectiveToken, ScalarToken, TagToken, Token

from pavior.diagnostics import Diagnostic, Edit, Fix, Note
from pavior.diagnostics.codes import load as codes
from pavior.model import Span
from pavior.syntax.composer import DEEPEST
from pavior.syntax.positions import span_of
from pavior.syntax.scalars import Ambiguous, OutOfRange, Scalar, resolve, written
from pavior.syntax.values import LONGEST_KEY

_LONGEST_SHOWN = 60

# Anchors, aliases and tags begin where a node does: after white space, an indicator or the end of a quoted text.
_MAY_REFER = re.compile(
    rb"""[&*!%](?:(?<![^\s\[\]{}:,?'"-].)(?:(?<=!)|(?<=[&*])(?=[0-9A-Za-z_-]))|(?<=%)(?<![^\n].))""",
)

_ESCAPED_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def may_refer(content: bytes) -> bool:
    """Whether there can be anything for `references` to find; nearly all files are spared the look."""
    return _MAY_REFER.search(content) is not None


def references(file: str, found: Iterable[Token]) -> Iterator[Diagnostic]:
    """Anchors, aliases, merge keys, tags and directives."""
    anchors: list[Span] = []
    aliases: list[Span] = []
    merges: list[Span] = []
    previous: Any = None
    for token in found:
        if isinstance(token, ScalarToken):
            previous = token if token.plain and token.value == "<<" else None
            continue
        if not isinstance(token, AnchorToken | AliasToken | TagToken | DirectiveToken):
            continue
        span = span_of(file, token.start_mark, token.end_mark)
        if isinstance(token, AnchorToken):
            anchors.append(span)
        elif isinstance(token, AliasToken):
            aliases.append(span)
        elif isinstance(token, TagToken):
            yield _tag(span, "".join(part or "" for part in token.value))
        else:
            yield directive(Span(file, span.line, span.column, span.line, span.column + 1))
        if isinstance(token, AliasToken) and previous is not None:
            merges.append(span_of(file, previous.start_mark, previous.end_mark))
    if merges:
        notes = tuple(Note("the anchor that it merges is here", anchor) for anchor in anchors[:1])
        yield _merge_key(merges[0], notes)
    elif anchors or aliases:
        yield _alias(anchors, aliases)


def _tag(span: Span, name: str) -> Diagnostic:
    return Diagnostic(
        codes.TAG,
        span,
        f"the tag `{_shown(name)}` is not read",
        "remove it; quote the value if it is text, or if `!` belongs to the text, quote that",
    )


def directive(span: Span) -> Diagnostic:
    message, hint = "a line that begins with `%` is a directive, and directives are not read", "remove the line"
    return Diagnostic(codes.YAML_SYNTAX, span, message, hint)


def _merge_key(span: Span, notes: tuple[Note, ...] = ()) -> Diagnostic:
    hint = "write the values out, or move what is shared into a layer such as the team's `defaults`"
    return Diagnostic(codes.MERGE_KEY, span, "merge keys are not read", hint, notes)


def _alias(anchors: list[Span], aliases: list[Span]) -> Diagnostic:
    if not anchors:
        message, hint = (
            "an unquoted `*` begins an alias, and aliases are not read",
            "quote the text that begins with `*`",
        )
        return Diagnostic(codes.ANCHOR_OR_ALIAS, aliases[0], message, hint)
    if not aliases:
        message, hint = (
            "an unquoted `&` begins an anchor, and anchors are not read",
            "quote the text that begins with `&`",
        )
        return Diagnostic(codes.ANCHOR_OR_ALIAS, anchors[0], message, hint)
    return Diagnostic(
        codes.ANCHOR_OR_ALIAS,
        anchors[0],
        "anchors and aliases are not read",
        "write the value out where it is needed, or move what is shared into a layer such as the team's `defaults`",
        (Note("an alias is here", aliases[0]),),
    )


def faults(node: Node, file: str, depth: int = 1) -> Iterator[Diagnostic]:
    """Every fault of `node` and what is in it, in the order of the file."""
    content: Any = node.value
    if isinstance(node, ScalarNode):
        yield from _scalar_faults(node, file)
    elif depth >= DEEPEST and content:
        yield too_deep(
            Span(
                file,
                node.start_mark.line + 1,
                node.start_mark.column + 1,
                node.start_mark.line + 1,
                node.start_mark.column + 2,
            )
        )
    elif isinstance(node, MappingNode):
        seen: dict[str, Span] = {}
        for key, value in content:
            yield from _key_faults(key, file, seen)
            yield from faults(value, file, depth + 1)
    else:
        for item in content:
            yield from faults(item, file, depth + 1)


def too_deep(span: Span) -> Diagnostic:
    return Diagnostic(
        codes.TOO_DEEP, span, f"lists and maps are nested more than {DEEPEST} deep", "flatten the structure"
    )


def _key_faults(key: Node, file: str, seen: dict[str, Span]) -> Iterator[Diagnostic]:
    span = span_of(file, key.start_mark, key.end_mark)
    if not isinstance(key, ScalarNode):
        yield Diagnostic(
            codes.KEY_NOT_TEXT, span, "a list or map cannot be a key", "quote text that holds `{{ … }}`, `{` or `[`"
        )
        return
    name: str = key.value
    reading = name if key.style else resolve(name)
    if name == "<<" and not key.style:
        yield _merge_key(span)
    elif isinstance(reading, Ambiguous):
        hint = f'quote the key: `"{name}":`'
        yield Diagnostic(codes.AMBIGUOUS_SCALAR, span, _ambiguity(reading), hint, fix=_in_quotes(span, name))
    elif len(name) > LONGEST_KEY:
        yield Diagnostic(
            codes.KEY_TOO_LONG,
            span,
            f"the key has {len(name):,} characters, more than {LONGEST_KEY:,}",
            "use a shorter key",
        )
    elif name == "" and not key.style:
        yield Diagnostic(
            codes.KEY_NOT_TEXT,
            span,
            "there is no key before `:`",
            "write a key, or quote the text that begins with `:`",
        )
    elif not isinstance(reading, str):
        kind = "null" if reading is None else "a truth value" if isinstance(reading, bool) else "a number"
        yield Diagnostic(
            codes.KEY_NOT_TEXT,
            span,
            f"the key `{_shown(name)}` is {kind}, but keys are text",
            f'quote it: `"{_shown(name)}":`',
            fix=_in_quotes(span, name),
        )
    elif name in seen:
        note = Note("it stands here first", seen[name])
        hint = "keep one of them, and move what the other holds into it"
        yield Diagnostic(codes.DUPLICATE_KEY, span, f"the key `{_shown(name)}` stands in this map twice", hint, (note,))
    else:
        seen[name] = span
        yield from _control_characters(name, span)


def _scalar_faults(node: ScalarNode, file: str) -> Iterator[Diagnostic]:
    span = span_of(file, node.start_mark, node.end_mark)
    text: str = node.value
    reading = text if node.style else resolve(text)
    if isinstance(reading, Ambiguous):
        fix = _in_quotes(span, text)
        yield Diagnostic(codes.AMBIGUOUS_SCALAR, span, _ambiguity(reading), _writings(reading), fix=fix)
    elif isinstance(reading, OutOfRange):
        message = f"`{_shown(text)}` is not a number of 64 bits"
        hint = f'write `"{_shown(text)}"` if it is text, else a number in range'
        yield Diagnostic(codes.NUMBER_OUT_OF_RANGE, span, message, hint, fix=_in_quotes(span, text))
    else:
        yield from _control_characters(text, span)


def _control_characters(text: str, span: Span) -> Iterator[Diagnostic]:
    """Those that came in through an escape such as `\\0`; written plainly they are refused before parsing."""
    if found := _ESCAPED_CONTROL.search(text):
        name = f"U+{ord(found.group()):04X}"
        if "\ud800" <= found.group() <= "\udfff":
            message, hint = f"an escape names {name}, half of a character", "write the character itself"
            yield Diagnostic(codes.CONTROL_CHARACTER, span, message, hint)
        else:
            yield Diagnostic(
                codes.CONTROL_CHARACTER, span, f"the text holds the control character {name}", "remove the escape"
            )


def _in_quotes(span: Span, plain: str) -> Fix:
    """As text it stays what is written there. Where the schema wants no text, that is the next fault, with a hint of its own.

    `plain` is a word or a number, with nothing in it that quotes would change.
    """
    return Fix((Edit(span, f'"{plain}"'),))


def _ambiguity(reading: Ambiguous) -> str:
    """`no` is text to some readers of YAML and `false` to others."""
    text = _shown(reading.text)
    if reading.core == reading.legacy:
        return f"`{text}` without quotes is not read alike by all readers of YAML"
    first, second = _meaning(reading.core), _meaning(reading.legacy)
    return f"`{text}` is {first} to some readers of YAML and {second} to others"


def _meaning(value: Scalar) -> str:
    if isinstance(value, str):
        return "text"
    return f"`{written(value)}`" if isinstance(value, bool) else f"the number {written(value)}"


def _writings(reading: Ambiguous) -> str:
    """Both writings: quoted for text, canonical for each number or truth value that it could be."""
    values = dict.fromkeys(
        f"`{written(value)}`" for value in (reading.core, reading.legacy) if not isinstance(value, str)
    )
    quoted = f'`"{_shown(reading.text)}"`'
    return f"write {quoted} if it is text, else {' or '.join(values)}" if values else f"write {quoted}"


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
