"""`verify`: kubeconform's word on a rendered tree, at file and line."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from pavior.kubernetes import kubeconform
from pavior.kubernetes.kubeconform import BrokenTool, MissingTool, Verification, verify
from pavior.kubernetes.schemas import ManifestSchemas

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "schemas" / "kubernetes"

SERVICE = """\
    apiVersion: v1
    kind: Service
    metadata:
      name: checkout
      namespace: payments
    spec:
      ports:
      - name: http
        port: 80
    """
DEFINITION = """\
    apiVersion: apiextensions.crossplane.io/v2
    kind: CompositeResourceDefinition
    metadata:
      name: ledgers.platform.example
    spec:
      group: platform.example
      scope: Namespaced
      names:
        kind: Ledger
        plural: ledgers
      versions:
      - name: v1
        served: true
        referenceable: true
        schema:
          openAPIV3Schema:
            type: object
            properties:
              spec:
                type: object
                properties:
                  size:
                    type: string
    """
LEDGER = """\
    apiVersion: platform.example/v1
    kind: Ledger
    metadata:
      name: main
    spec:
      size: small
    """


def tree(repository: Path, files: dict[str, str]) -> Verification:
    """Write these files below rendered/ and verify them."""
    for name, text in files.items():
        path = repository / "rendered" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    return verify(repository, "rendered", [SCHEMAS])


def found(verification: Verification) -> list[tuple[str, str, int, int]]:
    """Each diagnostic's code, file, line and column."""
    places = [(each.code.number, each.span) for each in verification.diagnostics]
    return [(code, span.file, span.line, span.column) for code, span in places]


def test_valid_manifests_are_counted_and_nothing_is_skipped(tmp_path: Path) -> None:
    checked = tree(
        tmp_path, {"prod/a/service.yaml": dedent(SERVICE) + "---\n" + dedent(SERVICE), "dev/b.yaml": SERVICE}
    )
    assert checked == Verification(files=2, valid=3)
    assert checked.manifests == 3


def test_a_fault_stands_at_its_line_in_a_file_of_several_manifests(tmp_path: Path) -> None:
    bad = dedent(SERVICE).replace("name: checkout", "name: other").replace("port: 80", "port: eighty")
    checked = tree(tmp_path, {"prod/a.yaml": dedent(SERVICE) + "---\n" + bad})
    assert found(checked) == [("PV691", "rendered/prod/a.yaml", 19, 11)]
    assert checked.diagnostics[0].message == "Service `other`: /spec/ports/0/port expected integer, but got string"
    assert (checked.valid, checked.invalid) == (1, 1)


def test_an_unknown_field_is_refused(tmp_path: Path) -> None:
    checked = tree(tmp_path, {"prod/a.yaml": SERVICE.replace("ports:", "portz:")})
    assert found(checked) == [("PV691", "rendered/prod/a.yaml", 7, 3)]
    assert checked.diagnostics[0].message == "Service `checkout`: /spec additionalProperties `portz` not allowed"


def test_a_duplicate_key_is_refused(tmp_path: Path) -> None:
    checked = tree(tmp_path, {"prod/a.yaml": SERVICE.replace("kind: Service", "kind: Service\n    kind: Service")})
    assert checked.valid == 0
    assert [code for code, *_ in found(checked)] == ["PV692"]


@pytest.mark.parametrize("text", ["a: [", "\tkind: x\n", "kind: Service\n", "apiVersion: v9\nkind: Service\n"])
def test_what_cannot_be_checked_is_an_error(tmp_path: Path, text: str) -> None:
    checked = tree(tmp_path, {"prod/a.yaml": text})
    assert (checked.valid, checked.skipped) == (0, 0)
    assert [(code, file) for code, file, *_ in found(checked)] == [("PV692", "rendered/prod/a.yaml")]


def test_kinds_that_a_target_defines_have_their_schema_there_and_nowhere_else(tmp_path: Path) -> None:
    files = {"prod/platform/ledger.yaml": DEFINITION, "prod/payments/main.yaml": LEDGER}
    assert tree(tmp_path, files) == Verification(files=2, valid=2)
    checked = tree(
        tmp_path, {"prod/payments/main.yaml": LEDGER.replace("size: small", "size: 1"), "dev/main.yaml": LEDGER}
    )
    assert sorted(found(checked)) == [
        ("PV691", "rendered/prod/payments/main.yaml", 6, 9),
        ("PV692", "rendered/dev/main.yaml", 1, 1),
    ]


def test_a_tree_that_is_not_there_has_no_manifests(tmp_path: Path) -> None:
    assert verify(tmp_path, "rendered", [SCHEMAS]) == Verification()


def test_every_schema_of_the_project_compiles_in_kubeconform(tmp_path: Path) -> None:
    kinds = ManifestSchemas(SCHEMAS).kinds()
    manifests = [{"apiVersion": version, "kind": kind, "metadata": {"name": "x"}} for version, kind in kinds]
    checked = tree(tmp_path, {"all/kinds.yaml": yaml.safe_dump_all(manifests)})
    assert (checked.errors, checked.skipped) == (0, 0)
    assert checked.manifests == len(kinds)


def test_a_missing_kubeconform_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFORM", raising=False)
    monkeypatch.setattr(kubeconform, "CHECKOUT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool, match="kubeconform is missing; get it with `make tools`"):
        tree(tmp_path, {"prod/a.yaml": SERVICE})


def test_a_named_kubeconform_that_is_not_there_is_not_replaced_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFORM", str(tmp_path / "nothing"))
    with pytest.raises(MissingTool, match="which is no program"):
        tree(tmp_path, {"prod/a.yaml": SERVICE})


def test_the_kubeconform_of_pavior_s_own_checkout_comes_before_that_of_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBECONFORM", raising=False)
    monkeypatch.setattr(kubeconform, "CHECKOUT", tmp_path / "pavior")
    summary = {"valid": 7, "invalid": 0, "errors": 0, "skipped": 0}
    answer = f"echo '{json.dumps({'resources': [], 'summary': summary})}'"
    program(tmp_path / "pavior" / ".tools" / "bin" / "kubeconform", answer)
    assert tree(tmp_path, {"prod/a.yaml": SERVICE}).valid == 7


def test_no_program_of_the_platform_repository_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFORM", raising=False)
    monkeypatch.setattr(kubeconform, "CHECKOUT", tmp_path / "pavior")
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    program(tmp_path / ".tools" / "bin" / "kubeconform", f"touch {tmp_path}/ran")
    with pytest.raises(MissingTool):
        tree(tmp_path, {"prod/a.yaml": SERVICE})
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("link", ["rendered", "rendered/prod", "rendered/prod/shop", "rendered/prod/a.yaml"])
def test_links_are_refused_before_a_program_follows_them(link: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.yaml").write_text("kind: Secret\n")
    place = tmp_path / "repository" / link
    place.parent.mkdir(parents=True)
    place.symlink_to(tmp_path / "elsewhere" / ("a.yaml" if link.endswith(".yaml") else ""))
    assert found(verify(tmp_path / "repository", "rendered", [SCHEMAS])) == [("PV703", link, 1, 1)]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "rendered/prod").mkdir(parents=True)
    os.mkfifo(tmp_path / "rendered/prod/a.yaml")
    assert found(verify(tmp_path, "rendered", [SCHEMAS])) == [("PV006", "rendered/prod/a.yaml", 1, 1)]


def test_a_kubeconform_that_fails_is_not_taken_for_a_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFORM", str(program(tmp_path / "kubeconform", "echo out of order >&2; exit 1")))
    with pytest.raises(BrokenTool, match="failed: out of order"):
        tree(tmp_path, {"prod/a.yaml": SERVICE})


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
