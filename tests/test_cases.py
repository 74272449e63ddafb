"""`pavior cases`: what components render beside what their cases expect, and what is wrong with a case as a file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pavior.cli.app import pavior

CASE = "golden-paths/components/volume/cases/disk.yaml"

DISK = """\
# What the disk is.
description: An entry is a disk of its own.
environment: prod
team: shop
service: cart
goldenPath: web-service
platform:
  image: registry.acme.example/cart:1.4.2
  needs: {orders: {type: volume, storage: 10Gi}}
"""

EXPECTED = """\
expect:
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    name: cart-orders
    namespace: shop
    labels:
      app: cart
      team: shop
      pavior.dev/service: cart
      pavior.dev/need: orders
  spec:
    accessModes:
    - ReadWriteOnce
    storageClassName: fast
    resources:
      requests:
        storage: 10Gi
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    shutil.copytree(Path(__file__).parent / "platform", tmp_path / "platform")
    (tmp_path / "platform" / CASE).parent.mkdir()
    return tmp_path / "platform"


def cases(repository: Path, text: str, *arguments: str) -> Result:
    """Run the cases of a repository whose only case is this one."""
    (repository / CASE).write_text(text)
    result = CliRunner().invoke(pavior, ["-C", str(repository), "cases", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def test_a_case_passes_where_the_component_renders_exactly_that(repository: Path) -> None:
    result = cases(repository, DISK + EXPECTED)
    assert (result.exit_code, result.output) == (0, "1 case: all render what they expect\n")


def test_a_case_that_differs_is_shown_as_a_difference(repository: Path) -> None:
    result = cases(repository, DISK + EXPECTED.replace("storage: 10Gi", "storage: 20Gi"), "volume")
    assert result.exit_code == 1
    assert result.output.startswith(f"{CASE}: An entry is a disk of its own.\n--- expected\n+++ rendered\n@@")
    assert "\n-      storage: 20Gi\n+      storage: 10Gi\n" in result.output
    assert result.output.endswith("\n1 case: 1 failed\n")


def test_update_writes_what_is_rendered_and_keeps_the_rest(repository: Path) -> None:
    result = cases(repository, DISK + "expect: []\n", "--update")
    assert (result.exit_code, result.output) == (0, f"updated: {CASE}\n1 case: all render what they expect\n")
    assert (repository / CASE).read_text() == DISK + EXPECTED


def test_update_keeps_what_stands_after_expect(repository: Path) -> None:
    head, rest = DISK.split("team:")
    after = f"# Whose it is.\nteam:{rest}"
    result = cases(repository, head + "expect: []\n\n" + after, "--update")
    assert result.exit_code == 0
    assert (repository / CASE).read_text() == head + EXPECTED + after


COSTS = """\
costs:
  orders/disk:
    price: disk-gib
    quantity:
      GiB: 10
"""


def test_a_case_may_expect_what_the_component_costs_in_quantities(repository: Path) -> None:
    result = cases(repository, DISK + EXPECTED + COSTS)
    assert (result.exit_code, result.output) == (0, "1 case: all render what they expect\n")
    result = cases(repository, DISK + EXPECTED + COSTS.replace("GiB: 10", "GiB: 20"))
    assert result.exit_code == 1
    assert "\n-      GiB: 20\n+      GiB: 10\n" in result.output


def test_update_writes_costs_where_the_case_asks_for_them(repository: Path) -> None:
    head, rest = DISK.split("team:")
    result = cases(repository, f"{head}costs: {{}}\nteam:{rest}expect: []\n", "--update")
    assert result.exit_code == 0
    assert (repository / CASE).read_text() == f"{head}{COSTS}team:{rest}{EXPECTED}"


def test_a_component_that_does_not_exist_is_wrong_usage(repository: Path) -> None:
    result = cases(repository, DISK + EXPECTED, "volumes")
    assert result.exit_code == 2
    assert result.output == "pavior: there is no component volumes: did you mean volume?\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("environment: prod\n", "", "error[PV203 missing-field]: disk.yaml lacks `environment`"),
        ("environment: prod", "environment: pord", "error[PV209 unknown-environment]: "),
        (
            "environment: prod",
            "environment: prod\ncluster: eu-9",
            "error[PV202 not-one-of]: environment `prod` has no cluster",
        ),
        ("environment: prod", "environment: prod\ncolour: red", "error[PV204 unknown-field]: `colour` is not a field"),
        ("environment: prod", "environment: prod\nscope: galaxy", "error[PV202 not-one-of]: `galaxy` is not one of"),
        (
            "environment: prod",
            "environment: prod\nlinked: {outbuond: {}}",
            "error[PV204 unknown-field]: `outbuond` is no",
        ),
        ("team: shop\n", "", "error[PV203 missing-field]: a case of scope `service` lacks `team`"),
        ("service: cart\n", "", "error[PV203 missing-field]: a case of scope `service` lacks `service`"),
        ("platform:\n", "teamFile:\n", "error[PV203 missing-field]: a case of scope `service` lacks `platform`"),
        ("team: shop", "team: shop\nteamFile: {contact: me}", "error[PV204 unknown-field]: `contact` is not a field"),
        ("goldenPath: web-service\n", "", "lacks `goldenPath`"),
        ("web-service", "web-servise", "error[PV207 unknown-golden-path]: there is no golden path `web-servise`"),
        ("image:", "imgae:", "error[PV204 unknown-field]: `imgae` is not a field"),
        ("storage: 10Gi", "storage: 10", "error[PV201 wrong-type]: "),
        (", storage: 10Gi", "", "error[PV203 missing-field]: `needs.orders` lacks `storage`"),
        (
            "platform:\n",
            "platform:\n  environments: {prod: false}\n",
            "error[PV217 refused-value]: the case is for `prod`",
        ),
        ("environment: prod", "environment: [prod", "error[PV101 yaml-syntax]: "),
    ],
)
def test_a_malformed_case_is_told_at_its_line(repository: Path, old: str, new: str, message: str) -> None:
    text = (DISK + "expect: []\n").replace(old, new)
    result = cases(repository, text)
    assert result.exit_code == 1
    assert message in result.output
    assert f"\n  --> {CASE}:" in result.output
    assert result.output.endswith("1 case: 1 failed\n")
    assert result.output.count("error[") == 1


def test_update_leaves_a_malformed_case_alone(repository: Path) -> None:
    result = cases(repository, DISK, "--update")
    assert result.exit_code == 1
    assert "error[PV203 missing-field]: disk.yaml lacks `expect`" in result.output
    assert (repository / CASE).read_text() == DISK


@pytest.mark.parametrize(("scope", "expected"), [("team", "kind: Namespace"), ("environment", "")])
def test_cases_of_other_scopes_need_no_service(repository: Path, scope: str, expected: str) -> None:
    (repository / CASE).parent.rmdir()
    (repository / "golden-paths/components/team/cases").mkdir()
    text = f"description: Of scope {scope}.\nscope: {scope}\nenvironment: dev\nteam: shop\nexpect: []\n"
    (repository / "golden-paths/components/team/cases/one.yaml").write_text(text)
    result = CliRunner().invoke(pavior, ["-C", str(repository), "cases", "team"])
    assert result.exit_code == int(bool(expected))
    assert expected in result.output
