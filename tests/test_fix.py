"""`pavior fix`: what a hint says happens, and nothing else."""

from __future__ import annotations

import re
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

import click.testing
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.literate import Case, cases

from pavior.cli.app import pavior
from pavior.diagnostics import Diagnostic, Edit, Fix
from pavior.diagnostics.codes import validate as codes
from pavior.diagnostics.suggest import clearly_meant
from pavior.model import Source, Span
from pavior.phases.mend import mend
from pavior.phases.write.private import WriteFailed
from pavior.phases.write.replace import replace
from pavior.pipeline import validate
from pavior.pipeline.clock import Clock
from pavior.pipeline.fix import fix
from pavior.syntax.edits import edited
from pavior.syntax.positions import text_at

HERE = Path(__file__).parent
MAILER = "teams/shop/mailer/platform.yaml"
HEAD = "apiVersion: pavior.dev/v1\ngoldenPath: worker\nimage: registry.acme.example/mailer:0.3.1\n"

FIXABLE = [
    case
    for source in sorted((HERE / "diagnostics").glob("*.md"))
    for case in cases(source)
    if "fixable with `pavior fix`" in case.expected and case.commands[-1][1] in ("check", "validate")
]


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    for folder in ("golden-paths", "teams"):
        shutil.copytree(HERE / "platform" / folder, tmp_path / "platform" / folder)
    return tmp_path / "platform"


def run(root: Path, *arguments: str) -> tuple[int, str]:
    result = click.testing.CliRunner().invoke(pavior, ["-C", str(root), *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result.exit_code, result.output


def mailer(root: Path, text: str) -> Path:
    """The worker's file, holding `text`."""
    place = root / MAILER
    place.write_text(text, newline="")
    return place


def said(diagnostic: Diagnostic) -> str | None:
    """What a hint says to write, which stands in its first backticks; None where it says so in words."""
    found = re.search(r"`(.*?)`(?:$|[?,:]| )", diagnostic.hint or "")
    return found[1].removesuffix(":") if found and found[1] != ":" else None


@pytest.mark.parametrize("case", FIXABLE, ids=str)
def test_every_case_with_a_fix_ends_as_its_hint_says(case: Case, tmp_path: Path) -> None:
    root = tmp_path / "platform"
    base = HERE / "platform" if case.base == "small" else HERE.parent
    for folder in ("golden-paths", "teams"):
        shutil.copytree(base / folder, root / folder)
    for file in case.files:
        (root / file.path).parent.mkdir(parents=True, exist_ok=True)
        (root / file.path).write_bytes(file.content)
    before = {d.message for d in validate(root, Clock()).diagnostics if d.is_error}
    found = fix(root, (), write=True)
    assert found.mended
    after = {d.message for d in validate(root, Clock()).diagnostics if d.is_error}
    for source, mended in found.mended:
        assert (root / source.path).read_bytes() == mended.source.content
        assert not {d.message for d in mended.fixed} & after
        now = source
        for diagnostic in mended.fixed:
            assert diagnostic.fix is not None
            wanted = said(diagnostic)
            now, places = edited(now, diagnostic.fix.edits)
            written = [text_at(now, place) for place in places]
            if len(written) > 1:  # a field within a field
                assert ".".join(re.findall(r"[A-Za-z]+", "".join(written))) == wanted
            elif wanted is not None:
                assert written == [wanted]
        assert now == mended.source
    assert after <= before


def test_only_what_a_diagnostic_names_changes(platform: Path) -> None:
    text = (
        "# Ours\r\n"
        + HEAD.replace("\n", "\r\n")
        + "env:   # by name\r\n   COUNTRY:  no   # Norway\r\n\r\n   VERSION: 1.10\r\n# the end"
    )
    place = mailer(platform, text)
    place.chmod(0o640)
    assert run(platform, "fix") == (
        0,
        f'{MAILER}:6:14: PV117: `no` is text to some readers of YAML and `false` to others → `"no"`\n'
        f'{MAILER}:8:13: PV201: `VERSION` must be text, not the number `1.10` → `"1.10"`\n'
        "2 fixes in 1 file\n",
    )
    assert place.read_bytes().decode() == text.replace("  no ", '  "no" ').replace("1.10", '"1.10"')
    assert stat.S_IMODE(place.stat().st_mode) == 0o640
    assert {path.name for path in place.parent.iterdir()} == {"manifests", "patches", "platform.yaml"}
    assert run(platform, "fix") == (0, "nothing to fix\n")


def test_a_word_for_true_becomes_true_where_the_schema_wants_a_truth_value() -> None:
    """The schema isn't asked before the file can be read: the first fix brings a fault that has the second."""

    def diagnose(source: Source) -> list[Diagnostic]:
        text = source.content.decode()
        span = Span("f", 1, 9, 1, 9 + len(text) - 8)
        if text == "public: yes":
            return [Diagnostic(codes.REFUSED_VALUE, span, "two readings", fix=Fix((Edit(span, '"yes"'),)))]
        if text == 'public: "yes"':
            return [Diagnostic(codes.WRONG_TYPE, span, "not a truth value", fix=Fix((Edit(span, "true"),)))]
        return []

    mended = mend(Source("f", b"public: yes"), diagnose)
    assert mended.source.content == b"public: true"
    assert [d.message for d in mended.fixed] == ["two readings", "not a truth value"]
    assert mended.left == ()


def _always(message: str, text: str, safe: bool = True) -> Diagnostic:
    span = Span("f", 1, 1, 1, 2)
    return Diagnostic(codes.REFUSED_VALUE, span, message, fix=Fix((Edit(span, text),), safe))


@pytest.mark.parametrize(
    "found",
    [
        {b"a": [_always("one", "b")], b"b": [_always("one", "a")]},
        {b"a": [_always("one", "b")], b"b": [Diagnostic(codes.REFUSED_VALUE, Span("f", 9), "another")]},
        {b"a": [_always("one", "b")], b"b": [_always("two", "c")], b"c": [_always("one", "b")]},
        {b"a": [_always("one", "b", safe=False)], b"b": []},
    ],
    ids=["it does not end its diagnostic", "it brings another", "the two chase one another", "it is a guess"],
)
def test_a_fix_is_not_kept_where(found: dict[bytes, Sequence[Diagnostic]]) -> None:
    mended = mend(Source("f", b"a"), lambda source: found[source.content])
    assert mended.source.content == b"a"
    assert mended.fixed == ()
    assert list(mended.left) == found[b"a"]


def test_what_a_fix_would_break_is_left_and_the_rest_is_done(platform: Path) -> None:
    text = HEAD + "env: {1: x, COUNTRY: no}\n"  # "1" is no name of a variable
    place = mailer(platform, text)
    status, output = run(platform, "fix")
    assert (status, output.splitlines()[-1]) == (1, "1 fix in 1 file; 1 error left that `pavior validate` shows")
    assert place.read_text() == text.replace("no}", '"no"}')


@pytest.mark.parametrize(
    "body",
    [
        "replicas: 3\nreplica: 2\n",  # what is meant is there already
        "prot: 80\nporot: 80\n",  # both would be it
        "resources: {cpuu: 1, memoryy: 1}\nresource: {cpu: 1}\n",
        "annotations: {a: 1\nb: 2\n",
        "- a\n- b\n",
        'replicas: "0022"\n',  # readers of YAML differ on it without its quotes
        "apiVersion: pavior.dev/v2\n",
    ],
)
def test_nothing_is_lost(platform: Path, body: str) -> None:
    """Whatever was said in a file is said in it afterwards, under a name or in quotes perhaps."""
    place = mailer(platform, HEAD + body)
    run(platform, "fix")
    after = place.read_text()
    for word in re.findall(r"[0-9]+|[ab]\b", body):
        assert after.count(word) >= body.count(word)
    if "replica:" in body or "22" in body or "v2" in body:
        assert after == HEAD + body


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"---\n{HEAD}---\n", f"---\n{HEAD}"),
        (f"---\n---\n# ours\n{HEAD}", f"---\n# ours\n{HEAD}"),
        (f"{HEAD}---\n{HEAD}", None),
        (HEAD.replace("goldenPath: ", "goldenPath:"), HEAD),
        (f"{HEAD}replicas:3\nenv: {{A: x}}\n", f"{HEAD}replicas: 3\nenv: {{A: x}}\n"),
        (f"{HEAD}env:\n\tA: x\n\tB: z\n", f"{HEAD}env:\n  A: x\n  B: z\n"),
        (f"{HEAD}env:\n    A: x\n\tB: z\n", None),  # two spaces would not be where the line belongs
        (f"\ufeff{HEAD}", HEAD),
        (f"{HEAD}replica: 3\n", f"{HEAD}replicas: 3\n"),
        (f"{HEAD}Replicas: 3\n", f"{HEAD}replicas: 3\n"),
        (f"{HEAD}variables: {{A: x}}\n", f"{HEAD}env: {{A: x}}\n"),
        (f'{HEAD}"variables": {{A: x}}\n', f"{HEAD}env: {{A: x}}\n"),
        (f"{HEAD}environments: {{prd: {{replicas: 2}}}}\n", f"{HEAD}environments: {{prod: {{replicas: 2}}}}\n"),
        (f"{HEAD}probe: {{command: /bin/check}}\n", f"{HEAD}probe: {{command: [/bin/check]}}\n"),
        (f"{HEAD}probe: {{command: a b}}\n", None),  # one argument or two?
    ],
)
def test_texts(platform: Path, before: str, after: str | None) -> None:
    place = mailer(platform, before)
    run(platform, "fix")
    assert place.read_text() == (before if after is None else after)


@pytest.mark.parametrize(
    ("word", "candidates", "meant"),
    [
        ("prot", ["port", "protocol"], "port"),
        ("replica", ["replicas"], "replicas"),
        ("bat", ["cat", "hat"], None),
        ("protocols-of-it", ["protocol"], None),
        ("proto", ["protocol"], None),
        ("x", ["port"], None),
    ],
)
def test_only_one_word_can_be_meant(word: str, candidates: list[str], meant: str | None) -> None:
    assert clearly_meant(word, candidates) == meant


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ingresses: [www.acme.example]  # ours", "ingress: {hosts: [www.acme.example]}  # ours"),
        ("ingresses: www.acme.example # ours", "ingress: {hosts: [www.acme.example]} # ours"),
        ("ingresses: 'a.example, b'", None),  # between braces a comma says more than it did
        ("ingresses:\n  - www.acme.example", None),  # would have to be indented anew
        ("ingresses: [www.acme.example]\ningress: {certificate: www}", None),  # there is one already
    ],
)
def test_a_word_for_a_field_within_a_field_takes_its_value_there(
    platform: Path, before: str, after: str | None
) -> None:
    schema = platform / "golden-paths/components/workload/schema.json"
    schema.write_text(
        schema.read_text()
        .replace('"hosts": {', '"hosts": {"x-aliases": ["ingresses"],', 1)
        .replace('"x-aliases": ["ingresses"],', "", 1)
    )
    head = "apiVersion: pavior.dev/v1\ngoldenPath: web-service\nimage: registry.acme.example/front:7.0.0\n"
    place = platform / "teams/shop/front/platform.yaml"
    place.write_text(f"{head}{before}\n")
    run(platform, "fix")
    assert place.read_text() == f"{head}{before if after is None else after}\n"


def test_a_dry_run_and_a_patch_write_nothing(platform: Path) -> None:
    text = HEAD + "env: {COUNTRY: no}\n"
    place = mailer(platform, text)
    status, output = run(platform, "fix", "--dry-run")
    assert (status, output.splitlines()[-1]) == (1, "1 fix in 1 file, not written")
    assert run(platform, "fix", "--diff") == (
        1,
        f"--- a/{MAILER}\n+++ b/{MAILER}\n@@ -1,5 +1,5 @@\n"
        " apiVersion: pavior.dev/v1\n goldenPath: worker\n image: registry.acme.example/mailer:0.3.1\n"
        '-env: {COUNTRY: no}\n+env: {COUNTRY: "no"}\n \n'
        "1 fix in 1 file, not written\n",
    )
    assert place.read_text() == text


def test_only_the_files_that_are_named(platform: Path) -> None:
    place, other = mailer(platform, HEAD + "replica: 2\n"), platform / "teams/shop/cart/platform.yaml"
    other.write_text(other.read_text().replace("ingress:", "ingresses:"))
    assert run(platform, "fix", "teams/books")[1] == "nothing to fix\n"
    assert "2 fixes in 2 files" in run(platform, "fix", "--dry-run", ".")[1]
    run(platform, "fix", "teams/shop/mailer")
    assert place.read_text() == HEAD + "replicas: 2\n"
    assert "ingresses:" in other.read_text()
    status, output = run(platform, "fix", "teams/absent")
    assert (status, "there is nothing at" in output) == (2, True)
    status, output = run(platform, "fix", str(platform.parent))
    assert (status, "is not in the platform repository" in output) == (2, True)


def test_golden_paths_are_mended_before_teams_are_judged(platform: Path) -> None:
    organization = platform / "golden-paths/organization.yaml"
    sound = organization.read_text()
    organization.write_text(sound.replace("domain:", "domian:"))
    place = mailer(platform, HEAD + "replica: 2\n")
    status, output = run(platform, "fix")
    assert (status, output.splitlines()[-1]) == (0, "2 fixes in 2 files")
    assert organization.read_text() == sound
    assert place.read_text() == HEAD + "replicas: 2\n"


def test_while_golden_paths_are_at_fault_teams_files_are_left(platform: Path) -> None:
    organization = platform / "golden-paths/organization.yaml"
    organization.write_text(organization.read_text() + "nonsense: 1\n")
    place = mailer(platform, HEAD + "replica: 2\n")
    status, output = run(platform, "fix")
    assert status == 1
    assert output.endswith("teams' files are looked at when golden-paths/ is sound\n")
    assert place.read_text() == HEAD + "replica: 2\n"


def test_a_file_that_changed_meanwhile_stays(platform: Path) -> None:
    place = mailer(platform, "newer")
    with pytest.raises(WriteFailed, match="it was changed while"):
        replace(platform, MAILER, b"older", b"mended")
    assert place.read_text() == "newer"
    assert {path.name for path in place.parent.iterdir()} == {"manifests", "patches", "platform.yaml"}


def test_raw_manifests_and_team_files_are_mended_too(platform: Path) -> None:
    manifest = platform / "teams/shop/mailer/manifests/extra.yaml"
    manifest.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\ndata: {COUNTRY: no}\n")
    team = platform / "teams/shop/team.yaml"
    sound = team.read_text()
    team.write_text(sound.replace("apiVersion", "apiversion"))
    assert run(platform, "fix")[0] == 0
    assert manifest.read_text().endswith('data: {COUNTRY: "no"}\n')
    assert team.read_text() == sound


_TEXT = st.text(st.sampled_from("ab é\n\r"), max_size=12)


@given(_TEXT, st.lists(_TEXT.filter(bool), max_size=3), st.lists(_TEXT, min_size=3, max_size=3), _TEXT)
def test_an_edit_changes_its_span_and_nothing_beside_it(
    first: str, spans: list[str], news: list[str], between: str
) -> None:
    """Pieces of a text, every second one replaced, give the text of these pieces."""
    before, after = first, first
    edits = []
    for old, new in zip(spans, news, strict=False):
        start = _position(before)
        before, after = before + old, after + new
        edits.append(Edit(Span("f", *start, *_position(before)), new))
        before, after = before + between + "|", after + between + "|"
    source, places = edited(Source("f", before.encode()), edits[::-1])
    assert source.content.decode() == after
    assert [_between(after, place) for place in places] == [edit.text for edit in edits[::-1]]


def _position(text: str) -> tuple[int, int]:
    return text.count("\n") + 1, len(text) - text.rfind("\n")


def _between(text: str, span: Span) -> str:
    lines = text.split("\n")[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return "\n".join(lines)
