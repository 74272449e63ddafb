"""Discover: what is where in a platform repository, and what of it may be read."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pavior.diagnostics import Outcome, Severity
from pavior.model import ServiceId, Source
from pavior.phases.discover import NotARepository, Repository, ServiceFiles, discover, find_root, read
from pavior.repository import WorkingTree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "acme"
    put(root, "golden-paths/organization.yaml")
    put(root, "golden-paths/environments/prod.yaml")
    put(root, "golden-paths/environments/dev.yaml")
    put(root, "golden-paths/components/pod/component.yaml")
    put(root, "golden-paths/components/pod/manifests/pod.yaml")
    put(root, "golden-paths/web-service/golden-path.yaml")
    put(root, "golden-paths/web-service/releases/1.0.0.yaml")
    put(root, "golden-paths/README.md")
    put(root, "teams/payments/team.yaml")
    put(root, "teams/payments/ledger/platform.yaml")
    put(root, "teams/payments/checkout/platform.yaml", "apiVersion: pavior.dev/v1\n")
    put(root, "teams/payments/checkout/manifests/b.yaml")
    put(root, "teams/payments/checkout/manifests/a.yaml")
    put(root, "teams/payments/checkout/patches/memory.yaml")
    put(root, "teams/CODEOWNERS")
    return root


def put(root: Path, path: str, content: str = "a: 1\n") -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


def listing(root: Path) -> Repository:
    outcome = discover(root)
    assert outcome.value is not None
    return outcome.value


def faults(outcome: Outcome[object] | Outcome[Source] | Outcome[Repository]) -> list[tuple[str, str, str]]:
    return [(d.severity.value, d.code.name, d.span.file) for d in outcome]


def test_everything_is_listed_in_order(root: Path) -> None:
    outcome = discover(root)
    assert outcome.diagnostics == ()
    assert outcome.value == Repository(
        root=root.resolve(),
        organization="golden-paths/organization.yaml",
        channels=None,
        prices=None,
        environments={"dev": "golden-paths/environments/dev.yaml", "prod": "golden-paths/environments/prod.yaml"},
        components={
            "pod": ("golden-paths/components/pod/component.yaml", "golden-paths/components/pod/manifests/pod.yaml")
        },
        golden_paths={
            "web-service": (
                "golden-paths/web-service/golden-path.yaml",
                "golden-paths/web-service/releases/1.0.0.yaml",
            )
        },
        teams={"payments": "teams/payments/team.yaml"},
        services={
            ServiceId("payments", "checkout"): ServiceFiles(
                "teams/payments/checkout",
                "teams/payments/checkout/platform.yaml",
                ("teams/payments/checkout/manifests/a.yaml", "teams/payments/checkout/manifests/b.yaml"),
                ("teams/payments/checkout/patches/memory.yaml",),
            ),
            ServiceId("payments", "ledger"): ServiceFiles(
                "teams/payments/ledger", "teams/payments/ledger/platform.yaml"
            ),
        },
        unusable=(),
        files=WorkingTree(str(root)),
    )
    assert list(outcome.value.services) == sorted(outcome.value.services)
    assert list(outcome.value.environments) == ["dev", "prod"]


def test_the_order_of_the_directory_does_not_matter(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = discover(root)
    scandir = os.scandir

    class Reversed:
        def __init__(self, path: str) -> None:
            with scandir(path) as entries:
                self.entries = sorted(entries, key=lambda entry: entry.name, reverse=True)

        def __enter__(self) -> Iterator[os.DirEntry[str]]:
            return iter(self.entries)

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(os, "scandir", Reversed)
    again = discover(root)
    assert again == expected
    assert again.value is not None
    assert expected.value is not None
    assert list(again.value.services) == list(expected.value.services)


def test_the_root_is_found_from_any_folder_inside(root: Path) -> None:
    assert find_root(root / "teams/payments/checkout") == root.resolve()
    assert find_root(root) == root.resolve()


def test_a_folder_without_an_organization_is_no_platform_repository(tmp_path: Path) -> None:
    with pytest.raises(NotARepository, match=r"golden-paths/organization\.yaml"):
        discover(tmp_path)
    with pytest.raises(NotARepository, match=r"golden-paths/organization\.yaml"):
        find_root(tmp_path)


def test_a_repository_without_teams_is_an_empty_fleet(tmp_path: Path) -> None:
    put(tmp_path, "golden-paths/organization.yaml")
    assert (listing(tmp_path).teams, listing(tmp_path).services, discover(tmp_path).diagnostics) == ({}, {}, ())


@pytest.mark.parametrize(
    ("folder", "code"),
    [
        ("payments/Checkout", "invalid-name"),
        ("payments/9lives", "invalid-name"),
        ("payments/a_b", "invalid-name"),
        ("payments/a-", "invalid-name"),
        ("payments/a b", "invalid-name"),
        ("payments/x\n", "invalid-name"),
        ("payments/é", "invalid-name"),
        ("payments/" + "a" * 53, "invalid-name"),
        ("payments/team", "reserved-name"),
    ],
)
def test_a_service_needs_a_name_that_kubernetes_takes(root: Path, folder: str, code: str) -> None:
    put(root, f"teams/{folder}/platform.yaml")
    outcome = discover(root)
    assert faults(outcome) == [("error", code, f"teams/{folder}")]
    assert outcome.value is not None
    assert outcome.value.unusable == (f"teams/{folder}",)
    assert ServiceId(*folder.split("/")) not in outcome.value.services


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("argocd", "reserved-name"),
        ("platform", "reserved-name"),
        ("backstage", "reserved-name"),
        ("default", "reserved-name"),
        ("kube-public", "reserved-name"),
        ("istio-system", "reserved-name"),
        ("Web", "invalid-name"),
        ("a" * 64, "invalid-name"),
    ],
)
def test_a_team_needs_a_name_that_is_free(root: Path, name: str, code: str) -> None:
    put(root, f"teams/{name}/team.yaml")
    put(root, f"teams/{name}/shop/platform.yaml")
    outcome = discover(root)
    assert faults(outcome) == [("error", code, f"teams/{name}")]
    assert outcome.value is not None
    assert list(outcome.value.teams) == ["payments"]


def test_names_may_be_as_long_as_they_stay_unique_in_the_cluster(root: Path) -> None:
    team, service = "t" * 63, "s" * 52
    put(root, f"teams/{team}/team.yaml")
    put(root, f"teams/{team}/{service}/platform.yaml")
    assert ServiceId(team, service) in listing(root).services
    assert discover(root).diagnostics == ()


def test_a_team_without_its_file_is_an_error_and_its_services_are_not_taken_for_removed(root: Path) -> None:
    put(root, "teams/shop/cart/platform.yaml")
    outcome = discover(root)
    assert faults(outcome) == [("error", "no-team-file", "teams/shop")]
    assert outcome.value is not None
    assert outcome.value.unusable == ("teams/shop",)


def test_a_misnamed_file_is_to_be_renamed(root: Path) -> None:
    put(root, "teams/shop/team.yml")
    put(root, "teams/payments/refunds/platform.yml")
    outcome = discover(root)
    assert [(d.span.file, d.severity.value, d.hint) for d in outcome] == [
        ("teams/shop", "error", "rename `team.yml` to `team.yaml`"),
        ("teams/payments/refunds", "error", "rename `platform.yml` to `platform.yaml`"),
    ]


def test_a_folder_of_documents_in_a_team_is_a_warning(root: Path) -> None:
    put(root, "teams/payments/docs/guide.md")
    outcome = discover(root)
    assert faults(outcome) == [("warning", "no-platform-file", "teams/payments/docs")]
    assert listing(root).unusable == ()


def test_manifests_without_a_platform_file_are_an_error(root: Path) -> None:
    put(root, "teams/payments/refunds/manifests/a.yaml")
    assert faults(discover(root)) == [("error", "no-platform-file", "teams/payments/refunds")]


def test_empty_folders_that_git_leaves_behind_are_nothing(root: Path) -> None:
    (root / "teams/gone/old").mkdir(parents=True)
    (root / "teams/payments/gone").mkdir()
    (root / "golden-paths/components/gone").mkdir()
    outcome = discover(root)
    # teams/gone is not empty: it holds a folder.
    assert faults(outcome) == [("error", "no-team-file", "teams/gone")]


def test_hidden_entries_are_nothing(root: Path) -> None:
    put(root, "teams/.idea/workspace.xml")
    put(root, "teams/payments/.cache/x")
    put(root, "golden-paths/components/pod/.DS_Store")
    assert discover(root).diagnostics == ()


def test_files_that_nothing_reads_are_named(root: Path) -> None:
    put(root, "teams/payments/checkout/manifests/c.yml")
    put(root, "teams/payments/checkout/manifests/README.md")
    put(root, "teams/payments/checkout/manifests/sub/d.yaml")
    put(root, "teams/payments/ledger/patch/memory.yaml")
    put(root, "golden-paths/environments/staging.yml")
    outcome = discover(root)
    assert faults(outcome) == [
        ("warning", "unread-file", "golden-paths/environments/staging.yml"),
        ("warning", "unread-file", "teams/payments/checkout/manifests/c.yml"),
        ("warning", "unread-file", "teams/payments/checkout/manifests/sub"),
        ("warning", "unread-file", "teams/payments/ledger/patch"),
    ]
    assert [d.hint for d in outcome] == [
        "rename it to `*.yaml`",
        "rename it to `*.yaml`",
        "move it elsewhere",
        "rename it to `patches`",
    ]


def test_a_folder_of_golden_paths_without_its_declaration_is_an_error(root: Path) -> None:
    put(root, "golden-paths/components/istio/schema.json")
    put(root, "golden-paths/worker/README.md")
    assert faults(discover(root)) == [
        ("error", "no-declaration", "golden-paths/components/istio"),
        ("error", "no-declaration", "golden-paths/worker"),
    ]


def test_an_environment_needs_a_name_that_is_free(root: Path) -> None:
    put(root, "golden-paths/environments/Prod EU.yaml")
    put(root, "golden-paths/environments/backstage.yaml")
    outcome = discover(root)
    assert faults(outcome) == [
        ("error", "invalid-name", "golden-paths/environments/Prod EU.yaml"),
        ("error", "reserved-name", "golden-paths/environments/backstage.yaml"),
    ]


def test_linked_folders_are_refused_wherever_they_lead(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere/shop").mkdir(parents=True)
    (root / "teams/shop").symlink_to(tmp_path / "elsewhere")
    (root / "teams/payments/copy").symlink_to(root / "teams/payments/checkout")
    (root / "teams/payments/ledger/manifests").symlink_to(root / "teams/payments/checkout/manifests")
    (root / "golden-paths/components/pod/loop").symlink_to(root / "golden-paths")
    outcome = discover(root)
    assert faults(outcome) == [
        ("error", "not-a-plain-file", "golden-paths/components/pod/loop"),
        ("error", "not-a-plain-file", "teams/shop"),
        ("error", "not-a-plain-file", "teams/payments/copy"),
        ("error", "not-a-plain-file", "teams/payments/ledger/manifests"),
    ]
    assert outcome.value is not None
    assert "teams/payments/ledger/manifests" in outcome.value.unusable


def test_an_unreadable_folder_is_a_diagnostic_and_a_failing_disk_raises(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def failing(number: int) -> None:
        def scan(path: str) -> object:
            if path.endswith("/ledger"):
                raise OSError(number, os.strerror(number), path)
            return scandir(path)

        monkeypatch.setattr(os, "scandir", scan)

    failing(errno.EACCES)
    outcome = discover(root)
    assert [(d.code.name, d.message) for d in outcome] == [("unreadable", "this cannot be read: permission denied")]
    assert outcome.value is not None
    assert outcome.value.unusable == ("teams/payments/ledger",)
    failing(errno.EIO)
    with pytest.raises(OSError, match="Input/output error"):
        discover(root)


class TestRead:
    def test_a_file_is_its_bytes(self, root: Path) -> None:
        path = "teams/payments/checkout/platform.yaml"
        assert read(listing(root), path) == Outcome(Source(path, b"apiVersion: pavior.dev/v1\n"))

    def test_a_file_may_be_as_large_as_the_limit(self, root: Path) -> None:
        put(root, "teams/payments/checkout/platform.yaml", "x" * 4096)
        repository = listing(root)
        assert not read(repository, "teams/payments/checkout/platform.yaml", 4096).failed
        outcome = read(repository, "teams/payments/checkout/platform.yaml", 4095)
        assert faults(outcome) == [("error", "too-large", "teams/payments/checkout/platform.yaml")]

    @pytest.mark.parametrize(
        "path",
        [
            "../secret",
            "teams/../../secret",
            "/etc/passwd",
            "teams//x",
            "teams/./x",
            "",
            ".git/config",
            "teams\\x",
            "a\0b",
        ],
    )
    def test_a_path_that_leaves_the_repository_is_refused(self, root: Path, path: str) -> None:
        put(root.parent, "secret")
        put(root, ".git/config")
        assert faults(read(listing(root), path)) == [("error", "outside-repository", path)]

    @pytest.mark.parametrize(
        "target", ["../../../../secret", "/etc/passwd", "../../../.git/config", "../../../README.md"]
    )
    def test_a_link_that_leaves_what_is_reviewed_is_refused(self, root: Path, target: str) -> None:
        put(root.parent, "secret")
        put(root, ".git/config")
        put(root, "README.md")
        (root / "teams/payments/ledger/platform.yaml").unlink()
        (root / "teams/payments/ledger/platform.yaml").symlink_to(target)
        repository = listing(root)
        assert ServiceId("payments", "ledger") in repository.services
        outcome = read(repository, "teams/payments/ledger/platform.yaml")
        assert faults(outcome) == [("error", "outside-repository", "teams/payments/ledger/platform.yaml")]

    def test_a_link_to_a_reviewed_file_is_read(self, root: Path) -> None:
        (root / "teams/payments/ledger/platform.yaml").unlink()
        (root / "teams/payments/ledger/platform.yaml").symlink_to("../checkout/platform.yaml")
        outcome = read(listing(root), "teams/payments/ledger/platform.yaml")
        assert outcome.value == Source("teams/payments/ledger/platform.yaml", b"apiVersion: pavior.dev/v1\n")

    def test_a_way_through_a_linked_folder_is_refused(self, root: Path) -> None:
        (root / "teams/payments/copy").symlink_to(root / "teams/payments/checkout")
        outcome = read(listing(root), "teams/payments/copy/platform.yaml")
        assert faults(outcome) == [("error", "not-a-plain-file", "teams/payments/copy/platform.yaml")]

    def test_broken_and_circular_links_are_diagnostics(self, root: Path) -> None:
        (root / "teams/a").symlink_to("b")
        (root / "teams/b").symlink_to("a")
        (root / "teams/c").symlink_to("nowhere")
        repository = listing(root)
        assert faults(read(repository, "teams/a")) == [("error", "unreadable", "teams/a")]
        assert faults(read(repository, "teams/c")) == [("error", "unreadable", "teams/c")]

    def test_pipes_folders_and_missing_files_are_diagnostics(self, root: Path) -> None:
        os.mkfifo(root / "teams/pipe")
        repository = listing(root)
        assert faults(read(repository, "teams/pipe")) == [("error", "not-a-plain-file", "teams/pipe")]
        assert [d.code.name for d in read(repository, "teams/payments")] in (["not-a-plain-file"], ["unreadable"])
        outcome = read(repository, "teams/payments/none/platform.yaml")
        assert [(d.code.name, d.message) for d in outcome] == [
            ("unreadable", "this cannot be read: no such file or directory")
        ]

    def test_a_link_that_leads_to_a_device_is_refused(self, root: Path) -> None:
        (root / "teams/zero").symlink_to("/dev/zero")
        assert faults(read(listing(root), "teams/zero")) == [("error", "outside-repository", "teams/zero")]


@given(st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=20))
@settings(max_examples=200, deadline=None)
def test_only_names_that_are_safe_in_paths_and_yaml_are_accepted(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    root = tmp_path_factory.mktemp("repository")
    put(root, "golden-paths/organization.yaml")
    put(root, "teams/a/team.yaml")
    if name in (".", "..", "team.yaml") or len(name.encode()) > 255:
        return
    put(root, f"teams/a/{name}/platform.yaml")
    outcome = discover(root)
    assert outcome.value is not None
    listed = [service.name for service in outcome.value.services]
    safe = (
        name[0] in LETTERS
        and name[-1] != "-"
        and set(name) <= LETTERS | DIGITS | {"-"}
        and name not in ("team", "default")
    )
    assert listed == ([name] if safe else [])
    assert bool(outcome.diagnostics) == (not safe and not name.startswith("."))
    assert all(d.severity is Severity.ERROR for d in outcome)


LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
DIGITS = frozenset("0123456789")
