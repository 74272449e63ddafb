"""Text that came from anyone, made safe to stand in Markdown: nothing in it is markup, a mention or a link."""

from __future__ import annotations

import html
import re

from pavior.report.escaping import visible

LONGEST_PIECE = 160

SPECIAL = re.compile(r"[^A-Za-z0-9 ,.;:()%+/→…’'-]|://|www[.]")
"""What could be markup, or become a link, in text that is not code."""


def plain(text: str) -> str:
    """Words of components, in which nothing is markup, a mention or a link; what could be one is shown as code."""
    return code(text) if SPECIAL.search(text) else text


def code(text: str) -> str:
    """Text as code: nothing in it is read as markup, and it cannot end it.

    A span of code ends at a run of backticks as long as that it begins with (CommonMark, section 6.1), so that is longer here.
    """
    shown = visible(cut(text))
    if not shown.strip():
        return f"<code>{html.escape(shown) or '&nbsp;'}</code>"
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown.startswith(("`", " ")) or shown.endswith(("`", " ")) else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def cut(text: str) -> str:
    return text if len(text) <= LONGEST_PIECE else f"{text[:LONGEST_PIECE]}…"
