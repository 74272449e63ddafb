"""`pavior fmt`: one layout, the same value, every comment."""

from __future__ import annotations

import io
import shutil
import stat
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click.testing
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tests.layouts import KEYS, files

from pavior.cli.app import pavior
from pavior.model import Document, Source, Value
from pavior.model import Path as Place
from pavior.phases.discover import discover
from pavior.phases.lay_out import lay_out
from pavior.phases.load import load
from pavior.pipeline.fmt import fmt
from pavior.pipeline.handwritten import schemas_of
from pavior.schema import Schemas
from pavior.schema.order import orders

HERE = Path(__file__).parent
MAILER = "teams/shop/mailer/platform.yaml"
HEAD = "apiVersion: pavior.dev/v1\ngoldenPath: worker\nimage: registry.acme.example/mailer:0.3.1\n"


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    for folder in ("golden-paths", "teams"):
        shutil.copytree(HERE / "platform" / folder, tmp_path / "platform" / folder)
    return tmp_path / "platform"


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    found = discover(HERE.parent).value
    assert found is not None
    made = schemas_of(found).value
    assert made is not None
    return made


def run(root: Path, *arguments: str) -> tuple[int, str]:
    result = click.testing.CliRunner().invoke(pavior, ["-C", str(root), *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result.exit_code, result.output


def document(text: str) -> Document:
    outcome = load(Source("f.yaml", text.encode()))
    assert outcome.value is not None, (text, outcome.diagnostics)
    return outcome.value


def laid_out(text: str, order: Mapping[Place, Sequence[str]] | None = None) -> str:
    return lay_out(document(text), order or {}).content.decode()


class Everywhere(dict[Place, Sequence[str]]):
    """The same order for every map."""

    def get(self, place: object, default: object = None) -> Sequence[str]:  # type: ignore[override]
        return self[()]


def comments(text: str) -> Iterator[str]:
    """What stands behind a `#` between PyYAML's tokens, or behind the header of a block scalar."""
    done = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        start, end = token.start_mark.index, token.end_mark.index
        header = text[start:].partition("\n")[0] if getattr(token, "style", None) in ("|", ">") else ""
        for line in [*text[done:start].split("\n"), header]:
            if "#" in line:
                yield line[line.index("#") :].rstrip()
        done = max(done, end)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(files(), st.permutations([key.strip("'\"") for key in KEYS]).map(lambda keys: keys[:9]))
def test_whatever_is_laid_out_says_the_same_with_every_comment_and_stays_so(text: str, order: list[str]) -> None:
    found = load(Source("f.yaml", text.encode())).value
    if found is None:
        return  # what the generator made can't be read, and is never laid out
    for wanted in ({}, Everywhere({(): order})):
        after = laid_out(text, wanted)
        assert document(after).value == found.value
        assert yaml.safe_load(after) == yaml.safe_load(text)
        assert YAML(typ="safe", pure=True).load(io.StringIO(after)) == found.value
        assert Counter(comments(after)) == Counter(comments(text))
        assert laid_out(after, wanted) == after
        known = [key for key in document(after).value if key in wanted.get((), ())]
        assert known == sorted(known, key=order.index)
        assert after.endswith("\n")
        assert laid_out(after.replace("\n", "\r\n"), wanted) == after.replace("\n", "\r\n")


LAYOUTS = {
    "indentation is two, lists included": (
        "a:\n    b: 1\n    c:\n    - x\n    -   k: 1\n        z: 2\n",
        "a:\n  b: 1\n  c:\n    - x\n    - k: 1\n      z: 2\n",
    ),
    "brackets have one spelling": ("a: { b: 1,c: [ 1,2 ,] }\nd: { }\n", "a: {b: 1, c: [1, 2]}\nd: {}\n"),
    "brackets of several lines become a block": (
        "a: {  # why\n  b: 1,\n  # about c\n  c: [x,\n      z],\n}  # end\ne: 1\n",
        "a:  # why\n  b: 1\n  # about c\n  c:\n    - x\n    - z\n  # end\ne: 1\n",
    ),
    "quotes are double": (
        "a: 'x'\n'b': 'say \"no\"'\nc: 'C:\\x'\nd: 'it''s'\ne: plain\nf: \"kept\"\n",
        "a: \"x\"\n\"b\": 'say \"no\"'\nc: 'C:\\x'\nd: 'it''s'\ne: plain\nf: \"kept\"\n",
    ),
    "blank lines stay, one in a row": ("\n\na: 1\n\n\n\nb: 2   \n\n\n", "a: 1\n\nb: 2\n"),
    "the file ends with a line break": ("a: 1", "a: 1\n"),
    "a block scalar moves as a whole": (
        "a:\n      b: |-\n        x\n          y\n\n        # text\n      c: >2\n          indented\n        more\n",
        "a:\n  b: |-\n    x\n      y\n\n    # text\n  c: >2\n      indented\n    more\n",
    ),
    "without a line break at the end a block scalar has none": ("a: |\n  x", "a: |-\n  x\n"),
    "blank lines that a block scalar keeps are not touched": ("a: |+\n  x\n\n\nb: 1\n", "a: |+\n  x\n\n\nb: 1\n"),
    "text goes on where its map does": (
        "a:\n      b: one\n         two\n\n         three # c\n",
        "a:\n  b: one\n    two\n\n    three # c\n",
    ),
    "comments take the column of what they are about": (
        "a:\n    # about b\n    b: 1\n  # about c\n    c: 2\n    # the end of a\n# about d\nd: 3\n",
        "a:\n  # about b\n  b: 1\n  # about c\n  c: 2\n  # the end of a\n# about d\nd: 3\n",
    ),
    "a comment that ends a line keeps its distance": ("a: 1     # x\nbcd: 2   #y \n", "a: 1     # x\nbcd: 2   #y\n"),
    "a comment between a key and its value": ("a: # x\n    # y\n    b\n", "a: # x\n  # y\n  b\n"),
    "a mark of the document's beginning stays": ("# c\n---   \na: 1\n", "# c\n---\na: 1\n"),
    "and one of its end goes": ("a: 1\n...\n# c\n", "a: 1\n# c\n"),
    "a key behind a question mark is one like others": (
        "? a # x\n: 1\n? |- # y\n  b\n  c\n: 2\n",
        'a: # x\n  1\n# y\n"b\\nc": 2\n',
    ),
    "nothing at all is null": ("a:\nb: {c}\nd: [{e: }]\n", "a:\nb: {c}\nd: [{e}]\n"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), LAYOUTS.values(), ids=LAYOUTS)
def test_layout(before: str, after: str) -> None:
    assert laid_out(before) == after
    assert laid_out(after) == after


ORDERED = {
    "a comment goes with the key below it": (
        "z: 1 # of z\n# about a\n# still\na: 2\n",
        "# about a\n# still\na: 2\nz: 1 # of z\n",
    ),
    "and with it the blank line above, but not to the top": (
        "k: 0\nz: 1\n\n# about a\na: 2\nb: 3\n",
        "# about a\na: 2\nb: 3\nk: 0\nz: 1\n",
    ),
    "what touches only the key above belongs to that": (
        "b: 1\n# was: 2\n\nz: 1\na: 2\n",
        "a: 2\nb: 1\n# was: 2\n\nz: 1\n",
    ),
    "a blank line then parts it from the key that comes next": (
        "z: 1\n\nb: 1\n# was: 2\n\na: 2\nk: 1\n",
        "a: 2\n\nb: 1\n# was: 2\n\nk: 1\nz: 1\n",
    ),
    "the head of the file stays there": (
        "# yaml-language-server: $schema=x\n# about z\nz: 1\na: 2\n",
        "# yaml-language-server: $schema=x\na: 2\n# about z\nz: 1\n",
    ),
    "up to a blank line": ("# Ours.\n\n# about z\nz: 1\na: 2\n", "# Ours.\n\na: 2\n# about z\nz: 1\n"),
    "what is below a key goes with it": (
        "z:\n  # of c\n  c: 1\n  # the end of z\na:\n  - 1\n",
        "a:\n  - 1\nz:\n  # of c\n  c: 1\n  # the end of z\n",
    ),
    "the end of the file stays there": ("z: 1\na: 2\n\n# the end\n", "a: 2\nz: 1\n\n# the end\n"),
    "a block scalar that keeps blank lines gets none": ("z: 1\n\nb: 2\na: |+\n  x\n", "a: |+\n  x\nb: 2\nz: 1\n"),
}


@pytest.mark.parametrize(("before", "after"), ORDERED.values(), ids=ORDERED)
def test_order(before: str, after: str) -> None:
    order = {(): ["a", "b", "k", "z"]}
    assert laid_out(before, order) == after
    assert laid_out(after, order) == after


def order_of(schemas: Schemas, kind: str, value: Mapping[str, Value]) -> Mapping[Place, Sequence[str]]:
    return orders(schemas, kind, value)  # type: ignore[arg-type]


def test_the_order_is_that_of_the_composed_schema(schemas: Schemas) -> None:
    found = order_of(schemas, "platform", {"goldenPath": "worker", "replicas": {}, "env": {"B": "1", "A": "2"}})
    assert list(found[()])[:5] == ["apiVersion", "goldenPath", "description", "tier", "image"]
    assert list(found[()])[-2:] == ["environments", "retired"]
    assert list(found["replicas",])[:2] == ["min", "max"]
    assert ("env",) not in found  # names that people choose have no order
    assert list(order_of(schemas, "team", {})[()])[:2] == ["apiVersion", "description"]


def test_entries_of_needs_have_the_order_of_their_type_in_overlays_too(schemas: Schemas) -> None:
    value: Value = {
        "goldenPath": "worker",
        "needs": {"books": {"type": "postgres"}},
        "environments": {"prod": {"needs": {"books": {"size": "large"}}}, "dev": {}},
    }
    found = order_of(schemas, "platform", value)
    assert found["needs", "books"][0] == "type"
    assert list(found["environments", "prod", "needs", "books"]) == list(found["needs", "books"])
    assert ("environments",) not in found


def test_the_fields_of_a_release_that_is_not_known_have_the_order_of_all(schemas: Schemas) -> None:
    assert order_of(schemas, "platform", {"goldenPath": "odd"})[()] == tuple(schemas.union.file.node["properties"])


def test_this_repositorys_own_files_are_formatted() -> None:
    found = fmt(HERE.parent, (), every_kind=True, write=False)
    assert [before.path for before, _ in found.changed] == []
    assert found.seen > 50
    assert found.unread == []


def mailer(root: Path, text: str) -> Path:
    place = root / MAILER
    place.write_text(text, newline="")
    return place


def test_a_file_is_formatted_in_place_with_its_mode(platform: Path) -> None:
    run(platform, "fmt")
    place = mailer(platform, "env: { A: 'x' }\n" + HEAD)
    place.chmod(0o640)
    status, output = run(platform, "fmt")
    assert (status, output) == (0, f"{MAILER}\n1 of 9 files formatted\n")
    assert place.read_text() == HEAD + 'env: {A: "x"}\n'
    assert stat.S_IMODE(place.stat().st_mode) == 0o640
    assert {path.name for path in place.parent.iterdir()} == {"manifests", "patches", "platform.yaml"}
    assert run(platform, "fmt") == (0, "9 files: nothing to format\n")


def test_check_names_the_files_and_the_command_that_formats_them(platform: Path) -> None:
    run(platform, "fmt")
    text = HEAD + "env: { A: x }\n"
    place = mailer(platform, text)
    status, output = run(platform, "fmt", "--check", "teams/shop")
    assert status == 1
    assert output.startswith(f"{MAILER}\n1 of ")
    assert output.endswith(f" files would be formatted\n  run `pavior -C {platform} fmt teams/shop`\n")
    assert place.read_text() == text
    run(platform, "fmt", "teams/shop")
    assert run(platform, "fmt", "--check")[0] == 0


def test_a_patch_writes_nothing(platform: Path) -> None:
    run(platform, "fmt")
    text = HEAD + "env: { A: x }\n"
    place = mailer(platform, text)
    status, output = run(platform, "fmt", "--diff", MAILER)
    assert (status, output.splitlines()[:-2]) == (
        1,
        [
            f"--- a/{MAILER}",
            f"+++ b/{MAILER}",
            "@@ -1,5 +1,5 @@",
            *(f" {line}" for line in HEAD.splitlines()),
            "-env: { A: x }",
            "+env: {A: x}",
            " ",
        ],
    )
    assert place.read_text() == text


def test_a_file_that_cannot_be_read_is_told_and_left_and_the_rest_is_formatted(platform: Path) -> None:
    run(platform, "fmt")
    team = platform / "teams/shop/team.yaml"
    sound = team.read_text()
    team.write_text(sound + "\n\n\n")
    broken = HEAD + "env: {A: x\n"
    place = mailer(platform, broken)
    status, output = run(platform, "fmt")
    assert status == 1
    assert "error[PV101 yaml-syntax]" in output
    assert output.endswith("teams/shop/team.yaml\n1 of 8 files formatted\n")
    assert place.read_text() == broken
    assert team.read_text() == sound


def test_what_is_no_field_or_of_the_wrong_type_is_laid_out_all_the_same(platform: Path) -> None:
    place = mailer(platform, "nonsense: { a: 1 }\nreplicas: [ x ]\n" + HEAD)
    assert run(platform, "fmt", MAILER)[0] == 0
    assert place.read_text() == HEAD + "replicas: [x]\nnonsense: {a: 1}\n"


def test_without_golden_paths_that_can_be_read_nothing_is_formatted(platform: Path) -> None:
    organization = platform / "golden-paths/organization.yaml"
    organization.write_text(organization.read_text() + "a: [\n")
    place = mailer(platform, HEAD + "env: { A: x }\n")
    status, output = run(platform, "fmt")
    assert (status, output.splitlines()[-1]) == (1, "no file to format")
    assert "error[PV101" in output
    assert place.read_text() == HEAD + "env: { A: x }\n"


def test_the_platform_teams_own_files_only_where_they_are_asked_for(platform: Path) -> None:
    run(platform, "fmt", "--all")
    component = platform / "golden-paths/components/cache/component.yaml"
    sound = component.read_text()
    for arguments in (["--all"], ["golden-paths/components/cache/component.yaml"], ["--all", "golden-paths"]):
        component.write_text(sound + "\n\n")
        assert run(platform, "fmt", "--check")[0] == 0
        assert run(platform, "fmt", "--check", "golden-paths")[0] == 0
        assert run(platform, "fmt", *arguments)[1].startswith("golden-paths/components/cache/component.yaml\n")
        assert component.read_text() == sound


def test_files_of_other_kinds_are_passed_over(platform: Path) -> None:
    patch = next((platform / MAILER).parent.glob("patches/*.yaml"))
    assert run(platform, "fmt", str(patch)) == (0, "no file to format\n")
