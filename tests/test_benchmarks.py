"""The benchmark measures what it says: fleets that render without a finding, the same ones each time."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.generate import REPOSITORY, generate
from benchmarks.report import Peer, Report, markdown, text, with_report

from pavior.pipeline import Selection, render


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_same_count_and_seed_make_the_same_fleet_and_another_seed_another(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        generate(12, tmp_path / name, seed)
    assert contents(tmp_path / "one") == contents(tmp_path / "again")
    assert contents(tmp_path / "one/teams") != contents(tmp_path / "other/teams")


def test_a_generated_fleet_has_the_services_asked_for_and_renders_without_a_finding(tmp_path: Path) -> None:
    generate(40, tmp_path / "repository")
    assert len(list((tmp_path / "repository/teams").glob("*/*/platform.yaml"))) == 40
    report = render(tmp_path / "repository", Selection())
    assert not report.diagnostics
    assert report.changed


def test_a_fleet_is_not_generated_over_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious", encoding="utf-8")
    with pytest.raises(FileExistsError):
        generate(1, tmp_path)


def a_report() -> Report:
    return Report(
        machine="a machine",
        services=1000,
        service_environments=3000,
        manifests=48_000,
        jobs=1,
        rounds=3,
        files=20_000,
        size=40_000_000,
        cold=6.0,
        warm=0.9,
        processor=5.4,
        copy=0.5,
        copy_ratio=12.0,
        copy_processor_ratio=9.5,
        peak_memory=100 * 2**20,
        phases={"render": 3.0},
        peers=[Peer("helm template", 0.08, 40.0), Peer("kustomize build", None, None)],
    )


def test_a_report_reads_in_milliseconds_a_service_environment() -> None:
    report = a_report()
    assert (
        "render from nothing        6.00 s, 2.00 ms a service-environment, 0.125 ms a manifest"
        in text(report).splitlines()
    )
    assert "processor time of it       5.40 s, 1.80 ms a service-environment" in text(report).splitlines()
    assert (
        "| cp -r of the result | 0.50 s; render takes 12.0 times that, 9.5 times in processor time |"
        in markdown(report).splitlines()
    )
    assert "| phase render | 1.000 ms a service-environment |" in markdown(report).splitlines()
    assert "| helm template | 80 ms a service, 40 times Pavior's |" in markdown(report).splitlines()
    assert "| kustomize build | not found |" in markdown(report).splitlines()


def test_the_report_replaces_the_one_before_in_the_documentation() -> None:
    page = (REPOSITORY / "docs/performance.md").read_text(encoding="utf-8")
    once = with_report(page, a_report())
    assert once.count("| render from nothing | 6.00 s") == 1
    assert with_report(once, a_report()) == once
    assert once.startswith(page.split("<!--")[0])
