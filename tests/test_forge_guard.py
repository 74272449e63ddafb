"""The guard against a reader of Markdown: what it takes has no markup but a report's, and what a report has it takes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pavior.forge.comments import MARKER
from pavior.forge.guard import refusal
from pavior.report.changes import render
from test_report_changes import HOSTILE, hostile, report

RUN = "https://github.example/acme/platform/actions/runs/99"

PIECES = [
    *("`", "``", "```", "  ```diff\n", "  ```\n", "  ````diff\n", "  ````\n", "~~~", "\\", "\\`", "\n", "\n\n", "\n  "),
    *("|", " | ", "| --- | --- |", "--- | ---", "\n| ", "- ", "  - ", "    ", "1. ", "### ", "#", "> ", "=", "\n---\n"),
    *("<details>", "</details>", "<summary>a</summary>", "<details><summary>x</summary>", "<code>&nbsp;</code>"),
    *(
        "@everyone",
        "<img src=x>",
        "[x](https://evil.example)",
        "https://evil.example",
        "&commat;",
        "a",
        "b ",
        "*",
        "**",
    ),
]
"""Of which Markdown is made that reads differently than it looks."""


def shown(markdown: str) -> str:
    """The page that a reader makes, without what is in code there."""
    page = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(markdown.replace(MARKER, ""))
    return re.sub(r"<(pre|code)\b[^>]*>.*?</\1>", "", page, flags=re.DOTALL)


@given(st.lists(st.sampled_from(PIECES), max_size=14))
@settings(max_examples=1500, deadline=None)
def test_what_is_taken_mentions_links_and_embeds_nothing(pieces: list[str]) -> None:
    text = f"{MARKER}\n{''.join(pieces)}"
    if refusal(text, RUN) is None:
        assert not re.search("@everyone|evil|<img|<a ", shown(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_each_report_is_taken_whatever_texts_are_in_it(text: str) -> None:
    told = replace(hostile(text), withheld=(text, "shop/cart"))
    assert refusal("\n".join(render("markdown", told, more=RUN)), RUN) is None


@given(st.text(max_size=20))
@settings(max_examples=60, deadline=None)
def test_each_report_is_taken_whatever_anybody_writes(text: str) -> None:
    assert refusal("\n".join(render("markdown", hostile(text))), RUN) is None


def test_a_report_with_costs_is_taken() -> None:
    assert refusal("\n".join(render("markdown", report(), more=RUN)), RUN) is None
