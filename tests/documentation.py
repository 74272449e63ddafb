"""Pages whose commands are run: what a page tells its reader to do happens, block by block, in a copy of the repository.

| block begins with | and |
| --- | --- |
| ```` ```console ```` | each line after `$ ` is run, and what follows it is printed; `…` is anything in a line, alone any lines |
| ```` ```console no-run ```` | is shown and not run |
| ```` ```yaml PATH ```` | the file at PATH gets this content |
| ```` ```diff PATH ```` | lines with `-` in that file, with those without a sign around them, are replaced by lines with `+` |
| ```` ```yaml all of PATH ```` | the file at PATH holds these lines and nothing else |
| `<!-- $ COMMAND -->` | runs a command that readers don't see, such as one that puts back what an example broke |

Blocks of other languages, or without a PATH, are only shown. `python -m tests.documentation` puts what is printed now into the
pages.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = (
    "README.md",
    "docs/tutorial.md",
    "docs/pull-requests.md",
    "docs/ci.md",
    "docs/cost.md",
    ".github/CONTRIBUTING.md",
    ".github/SECURITY.md",
)

_FENCE = re.compile(
    r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$|^<!-- (?P<hidden>\$ [^\n]*) -->$", re.MULTILINE | re.DOTALL
)
_NOT_COPIED = (".git", ".venv", ".tools", ".pavior", "node_modules", "__pycache__", "dist", "bench-out", ".*_cache")
_ANYTHING = "…"


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page: what stands after the fence, in words, and its text."""

    language: str
    words: tuple[str, ...]
    body: str
    line: int


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a console block, what the page says that it prints, and what it printed."""

    text: str
    shown: str
    printed: str
    line: int

    @property
    def as_shown(self) -> bool:
        return re.fullmatch("".join(_pattern(line) for line in self.shown.splitlines()), self.printed) is not None


def _pattern(line: str) -> str:
    if line == _ANYTHING:
        return "(?:.*\n)*?"
    return ".*?".join(re.escape(part) for part in line.split(_ANYTHING)) + "\n"


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        if match["hidden"]:
            found.append(Block("console", (), f"{match['hidden']}\n", line - 1))
        else:
            language, *words = match["info"].split() or [""]
            found.append(Block(language, tuple(words), match["body"], line))
    return found


def prepare(folder: Path) -> None:
    """Make a clone of the repository as it is now, rendered and committed, out of a folder that does not exist."""
    shutil.copytree(ROOT, folder, symlinks=True, ignore=shutil.ignore_patterns(*_NOT_COPIED))
    set_up(folder)
    printed = run(folder, "pavior render")
    assert "error[" not in printed, f"the repository has errors:\n{printed}"
    identity = "-c user.name=Reader -c user.email=reader@brightwater.example -c commit.gpgsign=false"
    run(folder, f"git init --quiet && git add --all && git {identity} commit --quiet --message clone")


def clone(ready: Path, folder: Path) -> None:
    """A clone of one that `prepare` made."""
    shutil.copytree(ready, folder, symlinks=True)
    set_up(folder)


def set_up(folder: Path) -> None:
    """What tools/setup.sh would do, with this interpreter and its packages: `make` then has nothing to set up."""
    programs = folder / ".venv/bin"
    programs.mkdir(parents=True, exist_ok=True)
    for name, arguments in (("python", ""), ("pavior", "-m pavior ")):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments}"$@"\n')
        (programs / name).chmod(0o755)
    (programs / "activate").write_text(f"PATH={programs}:$PATH\n")
    stamp = 'printf "%s" "$(cat pyproject.toml requirements.txt tools/setup.sh | cksum) $(pwd)" >.venv/pavior-stamp'
    subprocess.run(["sh", "-c", stamp], cwd=folder, check=True)


def run(folder: Path, command: str) -> str:
    """What a command prints on both streams, as a person sees it who stands in the repository."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        "PATH": f"{folder / '.venv/bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "compiler"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "COLUMNS": "120",
    }
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.stdout.decode()


def follow(page: str, folder: Path) -> Iterator[Command]:
    """Do what a page says, in a repository that `prepare` made. Raises AssertionError where a file isn't as it is shown."""
    for block in blocks(page):
        place = f"{page}:{block.line}"
        match block.language, block.words:
            case "console", ():
                for offset, text, shown in commands(block.body):
                    yield Command(text, shown, run(folder, text), block.line + offset)
            case "diff", (path,):
                _edit(folder / path, block.body, place)
            case _, ("all", "of", path):
                assert (folder / path).read_text(encoding="utf-8") == block.body, f"{place}: {path} is not this"
            case _, (path,) if "/" in path:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(block.body, encoding="utf-8")


def commands(body: str) -> Iterator[tuple[int, str, str]]:
    """Each command of a console block: its line in the block from 1, its text, and what is shown after it.

    A line that ends in a backslash goes on in the next.
    """
    lines = body.splitlines(keepends=True)
    starts = [index for index, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        first = start + 1
        while lines[first - 1].endswith("\\\n"):
            first += 1
        yield start + 1, "".join(lines[start:first])[2:].rstrip("\n"), "".join(lines[first:end])


def _edit(file: Path, body: str, place: str) -> None:
    before = "".join(f"{line[1:]}\n" for line in body.splitlines() if line[:1] in " -")
    after = "".join(f"{line[1:]}\n" for line in body.splitlines() if line[:1] in " +")
    text = file.read_text(encoding="utf-8")
    if not before:
        file.write_text(text + after, encoding="utf-8")
        return
    assert f"\n{text}".count(f"\n{before}") == 1, f"{place}: {file.name} has these lines not exactly once"
    file.write_text(f"\n{text}".replace(f"\n{before}", f"\n{after}")[1:], encoding="utf-8")


def _renewed(page: str, folder: Path) -> str:
    """The page with what its commands print now. An output with `…` in it stays where it still holds."""
    text = (ROOT / page).read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    for command in reversed(list(follow(page, folder))):
        if not command.as_shown:
            first = command.line + command.text.count("\n") + 1
            shown = len(command.shown.splitlines())
            lines[first - 1 : first - 1 + shown] = [command.printed]
            print(f"{page}:{command.line}: {command.text}")
    return "".join(lines)


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        prepare(Path(temporary) / "ready")
        for page in PAGES:
            folder = Path(temporary) / Path(page).stem
            clone(Path(temporary) / "ready", folder)
            (ROOT / page).write_text(_renewed(page, folder), encoding="utf-8")


if __name__ == "__main__":
    main()
