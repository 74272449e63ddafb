"""Literate cases: a Markdown file says what somebody did, shows the files and the commands, and what Pavior answers.

    # PV204 unknown-field            the code that the file is about, if it is one; its cases begin with `##`

    ## A misspelt field
    Prose for people.

    ```yaml path=teams/shop/cart/platform.yaml        a file, as it is now
    ```
    ```console on=fleet                               commands, on a platform repository that is rendered and sound
    $ pavior check
    ```
    ```text                                           exactly what the last command prints
    ```

Without a `console` block the command is `pavior check`. `on=` names the repository: `small` (tests/platform, where
nothing is said) or `fleet` (this repository's own). The commands before the last are few: `rm`, `mv`, `mkdir`, `ln -s`, `git`
and `pavior` itself, before which `env NAME=VALUE…` may stand.

Words after a file's path: `escapes` reads `\\x00` and its like as bytes, `repeat=1000` writes the block that often. Words
after `text`: `shows=PV403,PV403` where it isn't the file's code once, `writes=prod/shop/front,…` where a sound service is
written all the same, `exit=2`.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

_HEADING = re.compile(r"# (PV[0-9]{3}) ([a-z0-9-]+)\n")
_BLOCK = re.compile(r"^(`{3,})([a-z]*)([^\n]*)\n(.*?)^\1$\n?", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class File:
    """A file of the repository as the case has it."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Case:
    """One case; `position` is where its expected text stands in the Markdown file."""

    source: Path
    title: str
    code: str
    base: str
    files: tuple[File, ...]
    commands: tuple[tuple[str, ...], ...]
    expected: str
    position: tuple[int, int]
    shows: tuple[str, ...]
    writes: tuple[str, ...]
    status: int | None
    cluster: str | None = None

    def __str__(self) -> str:
        return f"{self.source.stem}: {self.title}"


@dataclass(slots=True)
class _Draft:
    title: str
    base: str = "small"
    cluster: str | None = None
    files: list[File] = field(default_factory=list)
    commands: list[tuple[str, ...]] = field(default_factory=list)


def heading(source: Path) -> tuple[str, str] | None:
    """The number and the name of the code that a file is about; None where it is about more than one."""
    found = _HEADING.match(source.read_text())
    return (found[1], found[2]) if found else None


def cases(source: Path) -> list[Case]:
    """The cases of a Markdown file, in its order."""
    text = source.read_text()
    code, _ = heading(source) or ("", "")
    titles = [(m.start(), m[1]) for m in re.finditer(r"^## (.+)$", text, re.MULTILINE)]
    found: list[Case] = []
    draft = _Draft("")
    begun = -1
    for block in _BLOCK.finditer(text):
        at, title = max(t for t in titles if t[0] < block.start())
        if at != begun:
            begun, draft = at, _Draft(title)
        language, words, content = block[2], _words(block[3]), block[4]
        if "path" in words:
            draft.files.append(File(words["path"], _content(content, words)))
        elif language == "console":
            draft.base, draft.cluster = words.get("on", "small"), words.get("cluster")
            draft.commands = [tuple(shlex.split(line[2:])) for line in content.splitlines()]
        elif language == "text":
            shows = tuple(words["shows"].split(",")) if "shows" in words else (code,)
            found.append(
                Case(
                    source,
                    draft.title,
                    code,
                    draft.base,
                    tuple(draft.files),
                    tuple(draft.commands) or (("pavior", "check"),),
                    content,
                    block.span(4),
                    tuple(s for s in shows if s),
                    tuple(w for w in words.get("writes", "").split(",") if w),
                    int(words["exit"]) if "exit" in words else None,
                    draft.cluster,
                )
            )
    assert len({case.title for case in found}) == len(titles) == len(found), f"{source.name}: a case has one `text`"
    return found


def rewrite(source: Path, outputs: dict[str, str]) -> None:
    """Put in what the commands print now, by the titles of cases."""
    text = source.read_text()
    for case in sorted(cases(source), key=lambda case: case.position, reverse=True):
        if case.title in outputs:
            start, end = case.position
            text = text[:start] + outputs[case.title] + text[end:]
    source.write_text(text)


def _words(text: str) -> dict[str, str]:
    pairs = (word.partition("=") for word in text.split())
    return {name: value for name, _, value in pairs}


def _content(text: str, words: dict[str, str]) -> bytes:
    content = text.encode()
    if "escapes" in words:
        content = re.sub(rb"\\x([0-9a-f]{2})|\\t", lambda m: bytes.fromhex(m[1].decode()) if m[1] else b"\t", content)
    return content * int(words.get("repeat", "1"))
