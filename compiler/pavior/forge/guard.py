"""Whether Markdown that came out of a pull request's own run is no more than a report: text, tables, folds and code.

Its writer has made it harmless already, but a pull request can bring another writer. So what is taken is a small language in
which nothing can mention, link, embed or close something, and everything else is refused whole. It is read line by line; what
makes Markdown read a line otherwise than alone (a code span over several lines, a table's row without its bar, a fence inside
HTML) is refused. Rules: spec.commonmark.org and github.github.com/gfm.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from pavior.forge.comments import LIMIT, MARKER

_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_JOINERS = "\u200c\u200d"
"""Scripts and emoji need them."""

_PLAIN = re.compile(r"[\w ,.;:()%+/→…’'*|-]*", re.ASCII)
_BECOMES_LINK = re.compile(r"://|www\.|(?<![\w])[Gg][Hh]-[0-9]")
_RULE = re.compile(r"[|:= -]*[-=][|:= -]*")
"""A row that makes the line before it a table's head or a heading."""

_HEADING = re.compile(r"^#{3,4} ")
_FENCE = re.compile(r"( {0,2}`{3,})diff")
_FOLD = re.compile(r"<details>(?:<summary>(?P<one>[^<]*)</summary>)?|<summary>(?P<two>[^<]*)</summary>|</details>")
_BLANK_CODE = re.compile(r"<code>(?:&nbsp;|[ \u3000\u00a0])*</code>")
_ADDRESS = re.compile(r"https://[A-Za-z0-9._~:/?#@!$&*+,;=%-]{1,600}")
_EVERYTHING = re.compile(r"\[Everything\]\(([^()\s]+)\)\.")


def refusal(markdown: str, address: str) -> str | None:
    """Why this may not be posted; None where it may. A link may lead to `address` and below it alone."""
    if len(markdown) > LIMIT:
        return f"it has more than {LIMIT:,} characters"
    first, *lines = markdown.split("\n")
    if first != MARKER:
        return "it does not begin as a report does"
    if any(unicodedata.category(c) in _UNSEEN and c not in _JOINERS for line in lines for c in line):
        return "it has characters that don't show"
    return _lines(lines, address)


def _lines(lines: Sequence[str], address: str) -> str | None:
    fence, previous = "", ""
    for number, line in enumerate(lines, 2):
        if fence:
            if line == fence:
                fence = ""
            elif (line and not line.startswith("  ")) or fence.strip() in line:
                return f"line {number} leaves its block of code"
            previous = line
            continue
        opened = _FENCE.fullmatch(line)
        if opened:
            if previous.strip():
                return f"line {number} begins a block of code where it may be none"
            fence = opened[1]
        elif not _harmless(line, previous, address):
            return f"line {number} is more than a report's"
        previous = line
    return "its last block of code has no end" if fence else None


def _harmless(line: str, previous: str, address: str) -> bool:
    """Whether a line outside of code is text, a heading, an item, a row or a fold."""
    if not line.strip():
        return True
    fold = _FOLD.fullmatch(line)
    if fold:
        return _is_text(fold["one"] or fold["two"] or "")
    if _FOLD.fullmatch(previous):  # up to an empty line all is HTML, in which code is none
        return False
    link = _EVERYTHING.fullmatch(line)
    if link:
        return _ADDRESS.fullmatch(link[1]) is not None and (link[1] == address or link[1].startswith(f"{address}/"))
    row, below_row = line.startswith("|"), previous.startswith("|")
    if (below_row and not row) or (_RULE.fullmatch(line) and not below_row):
        return False
    text = _without_code(_HEADING.sub("", line, count=1))
    return text is not None and _is_text(text) and not (row and "`" in line)


def _is_text(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and not _BECOMES_LINK.search(text)


def _without_code(line: str) -> str | None:
    """A line without its code spans, a full stop for each; None where one has no end in this line (CommonMark, section 6.1)."""
    line = _BLANK_CODE.sub(".", line)
    rest, position = "", 0
    while (opened := re.compile("`+").search(line, position)) is not None:
        closed = re.compile(f"(?<!`){opened[0]}(?!`)").search(line, opened.end())
        if closed is None:
            return None
        rest += line[position : opened.start()] + "."
        position = closed.end()
    return rest + line[position:]
