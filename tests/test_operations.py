"""What the person on call meets: every alert leads to a section of a runbook and to a dashboard, and dashboards are in order."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import fleets
from test_promtool import tool

ROOT = Path(__file__).parents[1]
RENDERED = ROOT / "rendered"
LINKS = yaml.safe_load((ROOT / "golden-paths/organization.yaml").read_text(encoding="utf-8"))["links"]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def manifests(pattern: str) -> Iterator[tuple[Path, dict]]:
    for path in sorted(RENDERED.glob(pattern)):
        for manifest in yaml.load_all(path.read_bytes(), Loader=LOADER):
            yield path, manifest


@pytest.fixture(scope="module")
def alerts() -> list[dict]:
    return [
        rule
        for _, manifest in manifests("**/alerting.yaml")
        if manifest["kind"] == "PrometheusRule"
        for group in manifest["spec"]["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]


@pytest.fixture(scope="module")
def dashboards() -> dict[str, dict]:
    """By number in Grafana."""
    found = {}
    for path, manifest in manifests("*/*/*/dashboard.yaml"):
        if "json" in manifest["spec"]:
            document = json.loads(manifest["spec"]["json"])
            assert document["uid"] == manifest["spec"]["uid"]
            assert document["uid"] not in found, path
            found[document["uid"]] = document
    return found


def test_as_config_maps_they_are_the_same_documents(tmp_path, dashboards):
    repository = fleets.reference(tmp_path)
    fleets.edit(
        repository, "golden-paths/organization.yaml", "components:\n", "components:\n  dashboard: {form: configMap}\n"
    )
    assert fleets.run(repository, "render", "payments/checkout").status == 0
    found = {}
    for path in sorted((repository / "rendered").glob("*/payments/*/dashboard.yaml")):
        (manifest,) = yaml.safe_load_all(path.read_text(encoding="utf-8"))
        assert manifest["kind"] == "ConfigMap"
        assert manifest["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert manifest["metadata"]["annotations"]["grafana_folder"].startswith("payments in ")
        found |= {name.removesuffix(".json"): json.loads(text) for name, text in manifest["data"].items()}
    assert len(found) >= 4
    assert found.items() <= dashboards.items()


def headings(runbook: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", runbook.read_text(encoding="utf-8"), re.MULTILINE)


def test_every_alert_leads_to_the_section_of_a_runbook_that_says_what_to_do(alerts):
    assert len(alerts) > 500
    for rule in alerts:
        place, _, anchor = rule["annotations"]["runbook_url"].removeprefix(f"{LINKS['runbooks']}/").partition("#")
        assert anchor == rule["alert"].lower()
        names = [heading.lower() for heading in headings(RENDERED / "backstage" / place / "README.md")]
        assert names.count(anchor) == 1, (place, rule["alert"])


def test_every_section_about_an_alert_says_more_than_its_name():
    for runbook in RENDERED.glob("backstage/*/*/README.md"):
        text = runbook.read_text(encoding="utf-8").partition("\n## Alerts\n")[2].partition("\n## ")[0]
        for section in text.split("\n### ")[1:]:
            assert len(section.strip().splitlines()) >= 3, (runbook, section)
            assert "\n- " in section or "The team's own alert:" in section, (runbook, section)


def test_links_within_and_between_runbooks_lead_somewhere():
    for runbook in RENDERED.glob("backstage/*/*/README.md"):
        text = runbook.read_text(encoding="utf-8")
        own = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings(runbook)}
        assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= own, runbook
        for place in re.findall(rf"\]\({re.escape(LINKS['runbooks'])}/([^)#]+)\)", text):
            assert (RENDERED / "backstage" / place / "README.md").is_file(), (runbook, place)


def test_every_link_to_a_dashboard_finds_it(alerts, dashboards):
    prefix = f"{LINKS['grafana']}/d/"
    linked = {rule["annotations"]["dashboard_url"] for rule in alerts}
    for path in RENDERED.glob("backstage/**/*"):
        if path.is_file():
            linked |= set(re.findall(rf"{re.escape(prefix)}[\w-]+", path.read_text(encoding="utf-8")))
    to_one = {link for link in linked if link.startswith(prefix)}
    assert len(to_one) >= 50
    assert {link.removeprefix(prefix) for link in to_one} <= set(dashboards)


def test_panels_have_numbers_of_their_own_and_lie_beside_one_another_on_one_screen(dashboards):
    for uid, document in dashboards.items():
        panels = document["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels), uid
        taken = [
            (x, y)
            for panel in panels
            for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
            for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
        ]
        assert len(set(taken)) == len(taken), uid
        assert max(x for x, _ in taken) < 24, uid
        assert max(y for _, y in taken) < 30, uid


def test_no_two_dashboards_have_one_number_whatever_the_names():
    names = [("a", "b-c"), ("a-b", "c"), ("a", "b"), ("a-b", ""), ("a", "")]
    targets = ["prod", "prod@eu-1", "eu-1"]
    uids = [
        f"{team}_{service}_{target.replace('@', '_')}" for (team, service), target in itertools.product(names, targets)
    ]
    assert len(set(uids)) == len(uids)


def test_prometheus_reads_every_expression_of_a_dashboard(dashboards, tmp_path):
    expressions = {
        expression.replace("$__rate_interval", "5m")
        for document in dashboards.values()
        for expression in (
            *(target["expr"] for panel in document["panels"] for target in panel.get("targets", ())),
            *(annotation["expr"] for annotation in document["annotations"]["list"]),
        )
    }
    rules = [{"record": f"expression{i}", "expr": expression} for i, expression in enumerate(sorted(expressions))]
    (tmp_path / "rules.yaml").write_text(
        json.dumps({"groups": [{"name": "dashboards", "rules": rules}]}), encoding="utf-8"
    )
    command = [tool("promtool"), "check", "rules", str(tmp_path / "rules.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules)} rules found" in done.stdout


def test_graphs_of_a_dependency_ask_about_that_dependency(dashboards):
    expressions = [
        target["expr"]
        for panel in dashboards["payments_checkout_prod_north"]["panels"]
        for target in panel.get("targets", ())
    ]
    assert (
        'max(aws_rds_cpuutilization_average{dimension_DBInstanceIdentifier="prod-north-payments-checkout-orders"})'
        in expressions
    )
    assert not any("staging" in expression for expression in expressions)


def test_entities_of_teams_lie_in_their_own_namespace_and_own_what_they_hold():
    seen = set()
    for path, entity in manifests("backstage/*/*/backstage.yaml"):
        team = path.relative_to(RENDERED).parts[1]
        metadata = entity["metadata"]
        assert metadata.get("namespace") == ("default" if entity["kind"] == "Group" else team), path
        if "owner" in entity["spec"]:
            assert entity["spec"]["owner"] == f"group:default/{team}"
        name = (entity["kind"], metadata["namespace"], metadata["name"])
        assert name not in seen
        seen.add(name)


def test_references_in_the_catalogue_find_their_entities():
    entities = {
        f"{entity['kind'].lower()}:{entity['metadata']['namespace']}/{entity['metadata']['name']}": entity
        for _, entity in manifests("backstage/**/*.yaml")
    }
    for name, entity in entities.items():
        for field in ("owner", "parent", "system", "domain", "dependsOn", "providesApis", "consumesApis"):
            value = entity["spec"].get(field, [])
            for reference in [value] if isinstance(value, str) else value:
                assert reference in entities, (name, field)
