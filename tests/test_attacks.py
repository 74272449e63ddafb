"""Attacks: what somebody does who may change the folder of one team and wants more than that team's.

`attacks/` has the tables: what is attacked or how, the files of each attack, and the places and codes of the answer. Whatever is
asked, nothing of another team's is written. `attacks/allowed.yaml` has what lies close by and is everybody's right.
"""

from __future__ import annotations

import importlib
import resource
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from fleets import ROOT
from pavior import pipeline
from pavior.diagnostics import Diagnostic
from pavior.kubernetes.schemas import ManifestSchemas
from pavior.phases.discover import discover
from pavior.pipeline.checking import check
from pavior.pipeline.compile import Workbench
from pavior.pipeline.selection import Selection
from pavior.report import concise, github, text
from pavior.report.arrangement import arrange
from pavior.repository import shown

TEAM = "apiVersion: pavior.dev/v1\ndescription: Not to be trusted.\n"
SERVICE = """\
apiVersion: pavior.dev/v1
goldenPath: web-service
image: registry.brightwater.example/evil/x:1.0.0
port: 8080
"""
HERE = "teams/evil"
PROD = Selection(environments=("prod",))
TABLES = Path(__file__).parent / "attacks"
FEWEST = 60


def _rows(*tables: str) -> list[Any]:
    """The rows of some tables, each under what is attacked and its name."""
    read = [yaml.safe_load((TABLES / f"{table}.yaml").read_text()) for table in tables]
    return [
        pytest.param(row, id=f"{what}: {name}")
        for table in read
        for what, rows in table.items()
        for name, row in rows.items()
    ]


ATTACKS = _rows("reach", "form")
ALLOWED = _rows("allowed")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """This repository's golden paths, compiled once, with a team to attack and one that attacks; all is rendered."""
    root = tmp_path_factory.mktemp("fleet")
    shutil.copytree(ROOT / "golden-paths", root / "golden-paths")
    for victim in ("payments/team.yaml", "payments/checkout/platform.yaml", "payments/ledger/platform.yaml"):
        (root / "teams" / victim).parent.mkdir(parents=True, exist_ok=True)
        # Those whom it names are not here.
        said = {k: v for k, v in yaml.safe_load((ROOT / "teams" / victim).read_text()).items() if k != "accessPolicy"}
        (root / "teams" / victim).write_text(yaml.safe_dump(said))
    _write(root, {"team.yaml": TEAM, "x/platform.yaml": SERVICE})
    with pytest.MonkeyPatch.context() as patch:
        module = importlib.import_module("pavior.pipeline.prepare")
        platform = module.load_platform(discover(root).value)
        patch.setattr(module, "load_platform", lambda _repository: platform)
        of_target = Workbench.schemas
        known: dict[str, ManifestSchemas] = {}
        patch.setattr(
            Workbench, "schemas", lambda bench, name: known.get(name) or known.setdefault(name, of_target(bench, name))
        )
        pipeline.render(root, PROD)
        yield root


@dataclass(frozen=True)
class Answer:
    """What a render of all said of the attacking team, and which files of rendered/ it left otherwise than they were."""

    errors: list[Diagnostic]
    others: set[str]
    seconds: float
    printed: list[str]


Attack = Callable[[Mapping[str, str | bytes]], Answer]


@pytest.fixture
def attack(fleet: Path) -> Iterator[Attack]:
    """Write files below the attacker's folder and render; afterwards all is as before."""
    before = _tree(fleet)
    mine = [fleet / HERE, *sorted(fleet.glob("rendered/*/evil")), *sorted(fleet.glob("rendered/*/argocd/evil"))]
    saved = fleet.parent / "saved"
    for number, folder in enumerate(mine):
        shutil.copytree(folder, saved / str(number), symlinks=True)

    def strike(files: Mapping[str, str | bytes]) -> Answer:
        _write(fleet, files)
        started = time.perf_counter()
        report = pipeline.render(fleet, PROD)
        seconds = time.perf_counter() - started
        found = [d for d in report.diagnostics if d.is_error and d.span.file.startswith(HERE)]
        printed = [
            line
            for form in (concise, github, text)
            for line in form.render(report.diagnostics, lambda path: shown(fleet, path))
        ]
        changed = {path for path, content in _tree(fleet).items() ^ before.items()}
        return Answer(found, {path for path in changed if "evil" not in path}, seconds, printed)

    yield strike
    for number, folder in enumerate(mine):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.move(saved / str(number), folder)


def _tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in (root / "rendered").rglob("*.yaml")}


def _write(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Files below the attacker's folder; `platform.yaml+` is added to a good one."""
    for name, content in files.items():
        path = root / HERE / name.removesuffix("+")
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(SERVICE + content if name.endswith("+") else content)


@pytest.mark.parametrize("row", ATTACKS)
def test_attack_is_answered(row: Mapping[str, str], attack: Attack) -> None:
    files = {name: content for name, content in row.items() if name != "answer"}
    answer = attack(files)
    said = {f"{d.span.file.removeprefix(HERE + '/')}:{d.span.line} {d.code.number}" for d in answer.errors}
    assert said == set(row["answer"].split(", "))
    assert not answer.others
    assert not any(ord(character) < 32 and character != "\n" for line in answer.printed for character in line)


def test_the_list_is_long_and_every_answer_has_a_code() -> None:
    reaching = _rows("reach")
    assert len({str(sorted(row.values[0].items())) for row in reaching}) == len(reaching) >= FEWEST
    assert all(" PV" in row.values[0]["answer"] for row in ATTACKS)


@pytest.mark.parametrize("row", ALLOWED)
def test_what_lies_close_by_is_allowed(row: Mapping[str, str], attack: Attack, fleet: Path) -> None:
    before = {path: content for path, content in _tree(fleet).items() if "evil" in path}
    answer = attack(row)
    assert not answer.errors
    assert not answer.others
    after = {path: content for path, content in _tree(fleet).items() if "evil" in path}
    assert after != before, "it does something"


STRANGERS = {
    "an application of the platform's": ("rendered/prod@north/argocd/evil/z.yaml", "PV708"),
    "a manifest beside the service's": ("rendered/prod@north/evil/x/z.yaml", "PV708"),
    "a manifest of another team's": ("rendered/prod@north/payments/ledger/z.yaml", "PV708"),
    "a manifest of the platform's": ("rendered/prod@north/platform/z.yaml", "PV708"),
    "an environment of its own": ("rendered/evil/z.yaml", "PV708"),
    "a program that makes manifests": ("rendered/prod@north/evil/x/z.jsonnet", "PV708"),
    "a file that says how others are read": ("rendered/prod@north/evil/x/Kustomization", "PV708"),
    "a chart": ("rendered/prod@north/evil/x/Chart.yaml", "PV708"),
    "what overrides an application": ("rendered/prod@north/evil/x/.argocd-source.yaml", "PV708"),
}


@pytest.mark.parametrize(("path", "code"), STRANGERS.values(), ids=STRANGERS)
def test_what_somebody_puts_into_rendered_is_told(path: str, code: str, attack: Attack, fleet: Path) -> None:
    place = fleet / path
    place.parent.mkdir(exist_ok=True)
    place.write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: z}\n")
    found = check(fleet, Selection())
    place.unlink()
    if not any(place.parent.iterdir()):
        place.parent.rmdir()
    assert (path, code) in {(d.span.file, d.code.number) for d in found.diagnostics if d.is_error}


@pytest.mark.parametrize("link", ["/proc/self", "/etc", "../elsewhere", "teams", "none"])
def test_a_rendered_tree_that_is_a_link_is_refused_as_such(link: str, attack: Attack, fleet: Path) -> None:
    attack({})
    (fleet / "rendered").rename(fleet / "moved")
    (fleet / "rendered").symlink_to(link)
    try:
        found = check(fleet, Selection())
        listed = check(fleet, Selection(names=("evil/x",)))
    finally:
        (fleet / "rendered").unlink()
        (fleet / "moved").rename(fleet / "rendered")
    for each in (found, listed):
        assert {(d.code.number, d.span.file) for d in each.diagnostics if d.is_error} == {("PV703", "rendered")}


def test_notes_in_rendered_are_for_people(fleet: Path) -> None:
    notes = [fleet / "rendered" / name for name in ("README.md", "prod@north/NOTES.txt", ".gitattributes")]
    for note in notes:
        note.write_text("For people.\n")
    found = check(fleet, Selection()).diagnostics
    for note in notes:
        note.unlink()
    assert not [d for d in found if d.code.number == "PV708"]


def test_what_somebody_edits_in_rendered_is_told(attack: Attack, fleet: Path) -> None:
    path = "rendered/prod@north/payments/ledger/istio.yaml"
    before = (fleet / path).read_bytes()
    (fleet / path).write_bytes(before + b"---\napiVersion: v1\nkind: Secret\nmetadata: {name: z}\n")
    found = check(fleet, Selection())
    (fleet / path).write_bytes(before)
    assert (path, "PV701") in {(d.span.file, d.code.number) for d in found.diagnostics if d.is_error}


def test_a_budget_is_not_raised_above_the_organisations(attack: Attack, fleet: Path) -> None:
    attack({"team.yaml": f"{TEAM}budget: 1000000\n"})
    found = check(fleet, Selection())
    assert (f"{HERE}/team.yaml", "PV633") in {(d.span.file, d.code.number) for d in found.diagnostics if d.is_error}


HARMLESS = {
    "expressions": ("env: {A: '{{ organization.name }}'}", '"{{ organization.name }}"'),
    "dunder expressions": ("env: {A: '{{ x.__class__ }}'}", '"{{ x.__class__ }}"'),
    "statements": ("env: {A: '{% for x in y %}'}", '"{% for x in y %}"'),
    "a document's end": ('env: {A: "a\\n---\\nkind: Secret\\n"}', "            ---\n            kind: Secret\n"),
    "carriage returns": ('env: {A: "a\\r\\nb"}', '"a\\r\\nb"'),
    "text that runs backwards": ('env: {A: "a\\u202eb"}', '"a\\u202Eb"'),
    "another's folder in the store": ("secrets: {A: {key: payments/stripe}}", "key: prod/evil/payments/stripe"),
    "rules in an alert": (
        'alerts: {Mine: {expression: "up\\n  labels: {namespace: payments}", summary: s}}',
        "        up\n          labels: {namespace: payments}\n",
    ),
}


@pytest.mark.parametrize(("written", "rendered"), HARMLESS.values(), ids=HARMLESS)
def test_text_stays_text(written: str, rendered: str, attack: Attack, fleet: Path) -> None:
    answer = attack({"x/platform.yaml+": f"{written}\n"})
    assert not answer.errors
    assert not answer.others
    files = [path.read_text() for path in (fleet / "rendered/prod@north/evil/x").rglob("*.yaml")]
    assert any(rendered in content for content in files)
    names = {
        manifest["metadata"]["namespace"] for content in files for manifest in yaml.safe_load_all(content) if manifest
    }
    assert names == {"evil"}


LINKS = {
    "x/platform.yaml": ("/etc/passwd", "PV005"),
    "x/manifests/a.yaml": ("../" * 30 + "etc/passwd", "PV005"),
    "x/patches/a.yaml": ("/proc/self/environ", "PV005"),
    "team.yaml": ("/dev/zero", "PV005"),
    "x/manifests": ("/etc", "PV006"),
    "y": ("../payments/ledger", "PV006"),
}


@pytest.mark.parametrize(("name", "link", "code"), [(name, *link) for name, link in LINKS.items()])
def test_links_lead_nowhere(name: str, link: str, code: str, attack: Attack, fleet: Path) -> None:
    path = fleet / HERE / name
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(link)
    answer = attack({})
    assert {d.code.number for d in answer.errors} == {code}
    assert not answer.others
    assert not any("root:" in line for line in answer.printed)


FILE_NAMES = (b"a\n::error::x.yaml", b"a\x1b[31m.yaml", b"a\xff.yaml", "a\u202eb.yaml".encode(), b"a,line=1::b%0A.yaml")


@pytest.mark.parametrize("name", FILE_NAMES)
def test_names_of_files_are_no_commands(name: bytes, attack: Attack, fleet: Path) -> None:
    folder = fleet / HERE / "x" / "manifests"
    folder.mkdir()
    Path(bytes(folder).decode(), name.decode("utf-8", "surrogateescape")).write_text("a: b\n")
    answer = attack({})
    assert {d.code.number for d in answer.errors} == {"PV510"}
    assert not any(character in line for line in answer.printed for character in "\x1b\u202e")
    assert not any(line.startswith("::error::x") for line in answer.printed)
    assert "\n".join(answer.printed).encode()


def _repeated(line: str, times: int) -> str:
    return "".join(line.format(i) for i in range(times))


FLOODS = {
    "unknown fields": {"x/platform.yaml+": _repeated("imagee{}: 1\n", 15_000)},
    "variables": {"x/platform.yaml+": "env: {" + _repeated("A{}: no, ", 15_000) + "}\n"},
    "duplicate keys": {"x/platform.yaml+": "env: {" + "A: 1, " * 30_000 + "}\n"},
    "anchors": {"x/platform.yaml+": _repeated("a{0}: &a{0} b\n", 10_000)},
    "questions": {"x/platform.yaml+": "? " * 50_000},
    "wrong values of a raw manifest": {
        "x/manifests/a.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {"
        + _repeated("a{}: 1, ", 20_000)
        + "}}"
    },
    "wrong raw manifests": {
        "x/manifests/a.yaml": "---\n".join(
            f"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a{i}}}, f: 1}}\n" for i in range(3_000)
        )
    },
    "one manifest many times": {
        "x/manifests/a.yaml": "---\n".join(["{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n"] * 3_000)
    },
    "kinds that are not allowed": {
        "x/manifests/a.yaml": "---\n".join(
            f"{{apiVersion: v1, kind: C{i}, metadata: {{name: a}}}}\n" for i in range(3_500)
        )
    },
    "outside hosts": {
        "x/platform.yaml+": "accessPolicy: {external: {" + _repeated("a{}.example: {{}}, ", 10_000) + "}}\n"
    },
    "paths": {"x/platform.yaml+": "ingress: {hosts: [x], paths: {" + _repeated("/a{}: {{}}, ", 10_000) + "}}\n"},
    "services that are none": {
        "x/platform.yaml+": "accessPolicy: {outbound: [" + _repeated("payments/a{}, ", 200) + "]}\n"
    },
    "a file without end": {"x/platform.yaml": b"#" * 2**26},
}


@pytest.mark.parametrize("files", FLOODS.values(), ids=FLOODS)
def test_floods_cost_little(files: Mapping[str, str | bytes], attack: Attack) -> None:
    answer = attack(files)
    assert 0 < len(arrange(answer.errors)) <= 200
    assert answer.seconds < 10, "a second or two on a quiet machine"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2**19, "kilobytes: half a gigabyte"
