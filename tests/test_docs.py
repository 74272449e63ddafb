"""The documentation is true: what pages tell a reader to do is done, and what they show is what there is."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from documentation import PAGES, ROOT, blocks, clone, commands, follow, prepare
from pavior.model import Source
from pavior.phases.discover import discover
from pavior.phases.load import load
from pavior.phases.validate import validate
from pavior.pipeline.golden_paths import load_platform
from pavior.pipeline.publish import publish
from pavior.pipeline.reference import flow
from pavior.schema import Kind, Schemas

ALL_PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/*.md")])

_LINK = re.compile(r"\[[^]\n]+\]\(([^)\s]+)\)")
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documentation") / "ready"
    prepare(folder)
    return folder


@pytest.fixture
def repository(ready: Path, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "platform"
    clone(ready, folder)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_says_to_do_prints_what_it_shows(page: str, repository: Path) -> None:
    for command in follow(page, repository):
        assert command.as_shown, (
            f"{page}:{command.line}: `{command.text}` prints\n{command.printed}\n"
            "run `python -m tests.documentation` where that is right"
        )


def test_only_commands_that_take_minutes_or_need_a_forge_are_not_run() -> None:
    shown = [
        text
        for page in ALL_PAGES
        for block in blocks(str(page.relative_to(ROOT)))
        if block.language == "console" and block.words == ("no-run",)
        for _, text, _ in commands(block.body)
    ]
    slow = r"git clone \S+( \S+)?|cd \S+|make (test|bench|budget|verify|unit|kubernetes-schemas)( .*)?"
    keys = r"pip install 'pavior\[\w+\]'|openssl (genpkey|pkey) .*"
    keys += r"|dask (scheduler|worker .*)|pavior (render|diff) .*--executor .*"
    release = r"git (tag|push|switch) .*|make dist|gh attestation verify .*"
    assert [text for text in shown if not re.fullmatch(f"{slow}|{keys}|{release}", text)] == []


@pytest.mark.parametrize("page", [str(p.relative_to(ROOT)) for p in ALL_PAGES])
def test_every_console_block_is_run_or_says_that_it_is_not(page: str) -> None:
    for block in blocks(page):
        if block.language == "console" and page not in PAGES:
            assert block.words == ("no-run",), f"{page}:{block.line}: not in tests/documentation.py's PAGES"


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8"))):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads nowhere"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {_anchor(heading) for heading in headings}, f"{link} has no such heading"


def _anchor(heading: str) -> str:
    """A heading's anchor as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_readme_lists_what_a_service_becomes() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = {
        file: list(dict.fromkeys(kinds.split(", ")))
        for file, kinds in re.findall(r"^\| `([\w/-]+\.yaml)` \| ([\w, ]+) \|", text, re.MULTILINE)
    }
    folder = ROOT / "rendered/prod@north/storefront/catalog"
    there = {
        path.relative_to(folder).as_posix(): list(
            dict.fromkeys(m["kind"] for m in yaml.safe_load_all(path.read_text(encoding="utf-8")))
        )
        for path in folder.rglob("*.yaml")
    }
    assert listed == there


def test_the_reference_of_platform_yaml_is_up_to_date() -> None:
    found, outdated = publish(ROOT, write=False, reference="docs/platform-yaml.md")
    assert not found
    assert not outdated, "run `make docs`"


def test_the_prerequisites_are_up_to_date() -> None:
    found, outdated = publish(ROOT, write=False, prerequisites="docs/prerequisites.md")
    assert not found
    assert not outdated, "run `make docs`"


def test_the_reference_has_every_field() -> None:
    page = (ROOT / "docs/platform-yaml.md").read_text(encoding="utf-8")
    for schema in sorted(ROOT.glob("golden-paths/components/*/schema.json")):
        for field in json.loads(schema.read_text(encoding="utf-8"))["properties"]:
            assert f"\n| `{field}` |" in page


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        "a, b",
        "{x",
        "[1]",
        "x: y",
        "*/15 * * * *",
        "1.2",
        "no",
        "one\ntwo",
        "",
        1,
        1.5,
        True,
        [],
        {},
        ["a", {"b": "c, d"}],
    ],
)
def test_a_value_on_one_line_reads_back_the_same(value: object) -> None:
    assert yaml.safe_load(f"[{flow(value)}]") == [value]
    assert yaml.safe_load(f"{{{flow('/: x')}: {flow(value)}}}") == {"/: x": value}


def test_the_architecture_names_every_part_of_the_compiler_and_nothing_else() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    source = ROOT / "compiler/pavior"
    named = set(re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:/|\.py))`", page))
    there = [path for path in source.iterdir() if not path.name.startswith("_") and path.suffix in ("", ".py")]
    there += [
        path for part in ("phases", "pipeline") for path in (source / part).iterdir() if path.suffix in ("", ".py")
    ]
    parts = {
        f"{p.relative_to(source).as_posix()}{'/' if p.is_dir() else ''}" for p in there if not p.name.startswith("_")
    }
    assert parts - named == set()
    assert {name for name in named if not (source / name).exists() and not (ROOT / name).exists()} == set()


@pytest.fixture(scope="session")
def schemas() -> Schemas:
    repository = discover(ROOT).value
    assert repository is not None
    platform = load_platform(repository).value
    assert platform is not None
    return platform[0].schemas


@pytest.mark.parametrize("kind", ["component", "changes", "case", "golden-path"])
def test_an_example_of_a_format_is_valid_and_has_all_its_fields(kind: Kind, schemas: Schemas) -> None:
    example = next(block.body for block in blocks("docs/golden-paths.md") if block.words == (kind,))
    document = load(Source(f"docs/{kind}.yaml", example.encode())).value
    assert document is not None
    assert [d.message for d in validate(document, kind, schemas)] == []
    missing = schemas.kinds[kind].node["properties"].keys() - document.value.keys()
    assert missing == ({"cluster"} if kind == "case" else set())
