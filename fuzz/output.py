"""What no output of Pavior may hold: what controls terminals, or is more than text to who reads its form."""

from __future__ import annotations

import json
import re
import unicodedata
from html.parser import HTMLParser
from xml.etree import ElementTree

from markdown_it import MarkdownIt

from fuzz.guard import CANARY, Violation

# GitHub's runner takes `::command::` at the beginning of a line and `##[command]` anywhere in it (actions/runner,
# ActionCommand.cs); Azure Pipelines `##vso[` anywhere, TeamCity `##teamcity[` at the beginning.
_COMMAND = re.compile(r"^\s*::|##\[|##vso\[|##teamcity\[", re.MULTILINE)
_ANNOTATION = re.compile(
    r"::(?:error|warning) file=[^:,]*(?:,(?:line|endLine|col|endColumn)=[0-9]+)*,title=PV[0-9]+ [a-z0-9-]+::[^\n]*"
)
_ALLOWED = "\n\u200c\u200d"
_CONTROL = re.compile(
    "["
    + "".join(
        re.escape(character)
        for character in map(chr, range(0x11_0000))
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in _ALLOWED
    )
    + "]"
)
"""One expression, as a loop over every character would cost more than what is looked at."""
_TAGS = frozenset({
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "code", "table", "tr", "th", "td", "details", "summary",
    "b", "pre", "ins", "del", "ul", "li", "br",
})  # fmt: skip


def check(form: str, text: str) -> None:
    """Raises Violation where a text in this form is more than its form should be."""
    if CANARY in text:
        raise Violation("canary", f"{form} holds what stands outside of the repository")
    control = _CONTROL.search(text)
    if control:
        raise Violation(f"control character in {form}", f"{control[0]!r} in {_around(text, control[0])}")
    command = _COMMAND.search(text) if form != "github" else None
    if command:
        raise Violation(f"workflow command in {form}", _around(text, command[0]))
    _CHECKS.get(form, lambda _: None)(text)


def _around(text: str, part: str) -> str:
    at = text.index(part)
    return repr(text[max(0, at - 60) : at + 60])


def _github(text: str) -> None:
    for line in text.splitlines():
        if not _ANNOTATION.fullmatch(line) or "##[" in line:
            raise Violation("no annotation in github", repr(line[:200]))


def _json(text: str) -> None:
    try:
        json.loads(text) if text.strip() else None
    except ValueError as error:
        raise Violation("no JSON", str(error)) from error
    if not text.isascii():
        raise Violation("JSON is not ASCII", repr(text[:200]))


def _junit(text: str) -> None:
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise Violation("no XML", str(error)) from error
    odd = {part.tag for part in root.iter()} - {"testsuites", "testsuite", "testcase", "failure", "system-out"}
    if odd:
        raise Violation("elements in junit", str(odd))


class _Page(HTMLParser):
    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise Violation("element in html", tag)
        for name, _ in attributes:
            if name not in ("class", "lang", "charset", "http-equiv", "content", "name"):
                raise Violation("attribute in html", f"{tag} {name}")


def _html(text: str) -> None:
    page = _Page()
    page.feed(text)
    page.close()


_MARKDOWN = MarkdownIt("gfm-like", {"html": True, "linkify": False})
_ALLOWED_HTML = re.compile(
    r"(?:</?details>|<summary>[\w ,:'-]*</summary>|<!-- pavior [a-z]+ -->"
    r"|<code>(?:&nbsp;|[ \u3000\xa0])*</code>|</?code>|&nbsp;|\s)*"
)


def _markdown(text: str) -> None:
    """Nothing in it is a link, an image, an element or a mention."""
    for token in _MARKDOWN.parse(text):
        for part in (token, *(token.children or ())):
            if part.type in ("html_block", "html_inline") and not _ALLOWED_HTML.fullmatch(part.content):
                raise Violation("element in markdown", repr(part.content[:200]))
            if part.type in ("link_open", "image"):
                raise Violation("link in markdown", str(part.attrs))
            if part.type == "text" and re.search(r"(?<!\w)@\w|https?://|www\.", part.content):
                raise Violation("mention or address in markdown", repr(part.content[:200]))


_CHECKS = {
    "github": _github, "json": _json, "sarif": _json, "gitlab": _json, "junit": _junit, "html": _html, "markdown": _markdown,
}  # fmt: skip
