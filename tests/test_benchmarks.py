"""The benchmark measures what it says: fleets that render without a finding, the same ones each time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from benchmarks.generate import REPOSITORY, generate
from benchmarks.peers import Invocation, Tool, manifests_of, seconds_a_service, tools
from benchmarks.plot import svg
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
        date="2030-01-02",
        version="1.2.3",
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
        peers=[Peer("helm template", "v1.0.0", 0.08, 40.0), Peer("kustomize build", "v2.0.0", None, None)],
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
    assert "| helm template v1.0.0 | 80 ms a service, 40 times Pavior's |" in markdown(report).splitlines()
    assert "| kustomize build v2.0.0 | not found: `make bench` says why |" in markdown(report).splitlines()
    assert "| measured | 2030-01-02, Pavior 1.2.3 |" in markdown(report).splitlines()


def test_the_report_replaces_the_one_before_in_the_documentation() -> None:
    page = (REPOSITORY / "docs/performance.md").read_text(encoding="utf-8")
    once = with_report(page, a_report())
    assert once.count("| render from nothing | 6.00 s") == 1
    assert with_report(once, a_report()) == once
    assert once.startswith(page.split("<!--")[0])


def test_the_plot_has_a_bar_for_each_tool_that_was_found_and_longer_ones_for_slower_tools() -> None:
    report = replace(a_report(), peers=[*a_report().peers, Peer("R&D <tool>", "v3", 0.001, 0.5)])
    drawing = ElementTree.fromstring(svg(report))
    names = [text.text for text in drawing.iterfind("{*}text[@text-anchor='end']")]
    assert names == ["cp -r of the result", "R&D <tool> v3", "Pavior", "helm template v1.0.0"]
    widths = [float(bar.attrib["width"]) for bar in drawing.iterfind("{*}rect")][1:]
    assert widths == sorted(widths)
    assert widths[0] > 0
    assert max(widths) < float(drawing.attrib["width"])


def test_a_tools_time_for_one_service_is_that_for_all_shared_out(tmp_path: Path) -> None:
    def lay_out(services: Sequence[Path], folder: Path) -> list[Invocation]:
        return [Invocation([sys.executable, "-c", "import time; time.sleep(0.2)"], tmp_path) for _ in services[:2]]

    tool = Tool("sleep", Path(sys.executable), "v1", lay_out)
    assert 0.1 <= seconds_a_service(tool, [tmp_path] * 4, tmp_path / "scratch") < 5


SERVICES = [REPOSITORY / "rendered/staging/payments/checkout", REPOSITORY / "rendered/prod@north/payments/checkout"]


def documents(text: str) -> list[Any]:
    return [document for document in yaml.load_all(text, Loader=yaml.CSafeLoader) if document]


def by_identity(manifests: Sequence[Any]) -> dict[tuple[str, str, str], Any]:
    return {(each["apiVersion"], each["kind"], each["metadata"]["name"]): each for each in manifests}


@pytest.mark.parametrize("tool", tools(), ids=lambda tool: tool.name)
def test_other_tools_are_given_the_same_manifests(tool: Tool, tmp_path: Path) -> None:
    """Laid out for it, they are read as they are; where `make bench` has fetched the tool, they also come out of it."""
    invocations = tool.lay_out(SERVICES, tmp_path / "in")
    assert {invocation.command[0] for invocation in invocations} == {str(tool.executable)}
    laid_out = {file.name for file in (tmp_path / "in").rglob("*.yaml")}
    assert {name for service in SERVICES for name, _ in manifests_of(service)} <= laid_out
    if not tool.found:
        pytest.skip("`make bench` fetches it")
    before = {file for file in (tmp_path / "in").rglob("*") if file.is_file()}
    printed = [
        subprocess.run(each.command, cwd=each.folder, capture_output=True, text=True, check=True).stdout
        for each in invocations
    ]
    written = sorted({file for file in (tmp_path / "in").rglob("*") if file.is_file()} - before)
    texts = [*printed, *(file.read_text(encoding="utf-8") for file in written)]
    made = [document for text in texts for document in documents(text)]
    expected = [document for service in SERVICES for _, text in manifests_of(service) for document in documents(text)]
    assert len(made) == len(expected)
    assert by_identity(made).keys() == by_identity(expected).keys()
    if tool.name != "kustomize build":  # its overlay adds a label
        assert sorted(map(repr, made)) == sorted(map(repr, expected))


def test_helm_and_its_engine_are_of_one_version() -> None:
    versions = {tool.name: tool.version for tool in tools()}
    assert versions["helm template"] == versions["Helm's engine in one process"]
