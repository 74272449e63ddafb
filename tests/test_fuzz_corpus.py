"""Every case that fuzzing keeps (`fuzz/corpus/`) holds to what holds for any input: see `fuzz/guard.py`, and docs/fuzzing.md."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzz import output
from fuzz.case import CORPUS
from fuzz.fleet import FORMS
from fuzz.guard import CANARY, Violation, guarded
from fuzz.replay import replay
from fuzz.targets import targets

CASES = sorted(CORPUS.glob("*/*.json"))


@pytest.mark.parametrize("file", CASES, ids=lambda file: f"{file.parent.name}: {file.stem}")
def test_a_case_that_was_found_is_mended(file: Path) -> None:
    replay(file.parent.name, file)


def test_every_case_has_a_target_and_every_target_a_case() -> None:
    assert {file.parent.name for file in CASES} == set(targets())


@pytest.mark.parametrize(
    "text", ["\x1b[31m", "\x9b", "\u202e", "a\r", "  ::error::x", "a ##[add-mask]x", "##vso[x]", CANARY]
)
def test_the_look_at_outputs_finds_what_it_is_for(text: str) -> None:
    for form in ("text", *FORMS):
        with pytest.raises(Violation):
            output.check(form, f"{text}\n")


@pytest.mark.parametrize(
    "text", ["<script>a</script>", "[a](https://evil.example)", "@everyone", "![a](b)", "<a href=x>"]
)
def test_the_look_at_markdown_finds_markup(text: str) -> None:
    with pytest.raises(Violation):
        output.check("markdown", f"- {text}\n")
    output.check("markdown", f"- `{text}`\n")


def test_the_guard_finds_what_it_is_for(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.write_text("a")

    def spin() -> None:
        while True:
            pass

    with pytest.raises(Violation, match="touched opened"):
        guarded(lambda: other.read_text() and None, writable=(str(own),))
    with pytest.raises(Violation, match="touched opened for writing"):
        guarded(lambda: other.write_text("b") and None, writable=(str(own),))
    (own / "link").symlink_to(other)
    with pytest.raises(Violation, match="touched opened"):
        guarded(lambda: (own / "link").read_text() and None, writable=(str(own),))
    guarded(lambda: (own / "file").write_text("b") and None, writable=(str(own),))
    with pytest.raises(Violation, match="KeyError"):
        guarded(lambda: {}["a"])
    with pytest.raises(Violation, match="time"):
        guarded(spin, slower=0.05)
