"""What validate says of effective specs, and of the files of teams, environments and golden paths."""

from __future__ import annotations

from typing import Any

import pytest

from pavior.diagnostics import Note
from pavior.model import Span
from pavior.phases.validate import at_origin, validate_effective
from pavior.schema.fault import Fault, span_of
from schema_samples import document, found, only, sample, told


def faults(spec: dict[str, Any], golden_path: str = "web") -> tuple[Fault, ...]:
    return validate_effective(spec, golden_path, sample(), "`payments/checkout`")


def test_a_whole_spec_passes() -> None:
    spec = {"image": "a/b:1", "replicas": {"min": 1, "max": 2}, "needs": {"db": {"type": "postgres", "version": "16"}}}
    assert faults(spec) == ()


def test_a_field_of_another_golden_path_passes_for_a_layer_of_all_services_may_hold_it() -> None:
    assert faults({"image": "a/b:1", "schedule": {"cron": "@daily"}}) == ()


@pytest.mark.parametrize(
    ("spec", "path", "number", "message"),
    [
        ({}, ("image",), "PV203", "`payments/checkout` lacks `image`"),
        ({"image": "a/b:1", "replicas": {"min": 1}}, ("replicas", "max"), "PV203", "`replicas` lacks `max`"),
        (
            {"image": "a/b:1", "needs": {"db": {"size": "small"}}},
            ("needs", "db", "type"),
            "PV203",
            "`needs.db` lacks `type`",
        ),
        (
            {"image": "a/b:1", "needs": {"db": {"type": "postgres"}}},
            ("needs", "db", "version"),
            "PV203",
            "`needs.db` lacks `version`",
        ),
        (
            {"image": "a/b:1", "needs": {"db": {"type": "cache"}}},
            ("needs", "db", "type"),
            "PV208",
            "`cache` is not a type of `needs`",
        ),
        ({"image": "a/b:1", "prot": 1}, ("prot",), "PV204", "`prot` is not a field of `payments/checkout`"),
        ({"image": "a/b:1", "port": None}, ("port",), "PV211", "`port` has no value"),
        (
            {"image": "a/b:1", "probe": {"path": "/a", "tcp": True}},
            ("probe", "tcp"),
            "PV216",
            "`path` and `tcp` exclude one another",
        ),
        ({"image": "a/b:1", "probe": {"period": 9}}, ("probe",), "PV215", "`probe` needs `path` or `tcp`"),
        (
            {"image": "a/b:1", "probe": {"tcp": True, "timeout": 9}},
            ("probe", "timeout"),
            "PV215",
            "`timeout` needs `period` beside it",
        ),
        (
            {"image": "a/b:1", "replicas": "two"},
            ("replicas",),
            "PV201",
            "`replicas` must be a whole number or a map, not the text `two`",
        ),
        (
            {"image": "a/b:1", "waivers": {"x": {"reason": "r", "owner": "a@b.c"}}},
            ("waivers", "x", "expires"),
            "PV203",
            "`x` lacks `expires`",
        ),
    ],
)
def test_a_fault_names_its_path(spec: dict[str, Any], path: tuple[str, ...], number: str, message: str) -> None:
    (fault,) = faults(spec)
    assert (fault.path, fault.code.number, fault.message) == (path, number, message)


def test_what_is_missing_is_shown_at_its_parent() -> None:
    positions = document("apiVersion: v\nneeds:\n  db:\n    size: 1\n").positions()
    (fault,) = faults({"image": "a/b:1", "needs": {"db": {"size": "small"}}})
    assert span_of(fault, positions) == positions.keys[("needs", "db")]
    (fault,) = faults({})
    assert span_of(fault, positions) == positions.keys[("apiVersion",)]


def test_a_fault_at_its_origin_says_whose_spec_it_is() -> None:
    (fault,) = faults({"image": "a/b:1", "port": 0})
    diagnostic = at_origin(fault, Span("golden-paths/organization.yaml", 4, 9, 4, 10), "`payments/checkout`", "prod")
    assert diagnostic.span.file == "golden-paths/organization.yaml"
    assert diagnostic.notes[-1] == Note("in the effective spec of `payments/checkout` for", targets=("prod",))


class TestOtherFiles:
    def test_a_team_may_speak_of_all_golden_paths_and_types(self) -> None:
        text = """\
apiVersion: pavior.dev/v1
description: Payments.
contacts: {slack: "#payments"}
defaults: {port: 80, schedule: {cron: "@daily"}}
defaultsByType: {cache: {eviction: lru}, postgres: null}
environments:
  prod: {defaults: {replicas: 3}, quota: {pods: 20}}
"""
        assert found(text, "team") == ()

    @pytest.mark.parametrize(
        ("line", "diagnostic"),
        [
            ("defaults: {prot: 1}", "3:12 PV204 `prot` is not a field of `defaults`"),
            ("replicas: 1", "3:1 PV204 `replicas` is not a field of team.yaml"),
            ("defaults: {goldenPath: web}", "3:12 PV204 `goldenPath` is not a field of `defaults`"),
            ("defaultsByType: {cach: {}}", "3:18 PV208 `cach` is not a type of `needs`"),
            ("defaultsByType: {cache: {size: large}}", "3:26 PV204 `size` is not a field of `cache`"),
            ("environments: {qa: {}}", "3:16 PV209 `qa` is not an environment"),
            (
                "environments: {prod: {defaults: {port: x}}}",
                "3:40 PV201 `port` must be a whole number, not the text `x`",
            ),
            ("contacts: {slack: payments}", "3:19 PV205 `payments` is not a Slack channel"),
            ("quota: {memory: 12}", "3:17 PV201 `memory` must be text, not the number `12`"),
            ("defaults: {needs: {a: {type: cache, evict: x}}}", "3:37 PV204 `evict` is not a field of `needs.a`"),
            ("group: null", "3:1 PV211 `group` has no value"),
        ],
    )
    def test_a_fault_of_a_team(self, line: str, diagnostic: str) -> None:
        assert told(f"apiVersion: pavior.dev/v1\ndescription: Payments.\n{line}\n", "team") == [diagnostic]

    def test_a_field_outside_of_defaults_is_told_where_it_belongs(self) -> None:
        diagnostic = only("apiVersion: pavior.dev/v1\ndescription: Payments.\nport: 80\n", "team")
        assert diagnostic.hint is not None
        assert diagnostic.hint.startswith("`port` belongs under `defaults`")

    def test_a_golden_path_speaks_of_its_own_fields(self) -> None:
        text = "apiVersion: pavior.dev/v1\ndescription: Web.\ncomponents: [server, scaled]\ndefaults: {schedule: {}}\n"
        assert told(text, "golden-path", golden_path="web") == ["4:12 PV204 `schedule` is not a field of `defaults`"]
        assert only(text, "golden-path", golden_path="web").hint == "`schedule` belongs to golden path `job`"
        assert found(text, "golden-path", golden_path="job") == ()

    def test_a_golden_path_lists_components_that_exist(self) -> None:
        text = "apiVersion: pavior.dev/v1\ndescription: Web.\ncomponents: [servr]\n"
        assert told(text, "golden-path") == ["3:14 PV218 `servr` is not a component"]

    def test_an_environment_sets_what_components_let_it_set(self) -> None:
        head = (
            "apiVersion: pavior.dev/v1\ndescription: Production.\nclusters: {eu: {server: https://eu.acme.example}}\n"
        )
        assert found(head + "components: {server: {zone: b}}\ntiers: {critical: {replicas: 3}}\n", "environment") == ()
        assert told(head + "components: {server: {zon: b}}\n", "environment") == [
            "4:23 PV204 `zon` is not a field of `server`"
        ]
        assert told(head + "components: {srv: {}}\n", "environment") == [
            "4:14 PV218 `srv` is not a component with settings"
        ]
        assert told(head + "tiers: {gold: {}}\n", "environment") == ["4:9 PV202 `gold` is not a tier"]

    def test_an_environment_needs_a_cluster(self) -> None:
        head = "apiVersion: pavior.dev/v1\ndescription: Production.\n"
        assert told(head, "environment") == ["1:1 PV203 prod.yaml lacks `clusters`"]
        assert told(head + "clusters: {}\n", "environment") == ["3:1 PV213 `clusters` is empty"]

    def test_an_organization_allows_raw_kinds(self) -> None:
        head = "apiVersion: pavior.dev/v1\nname: acme\ndomain: acme.example\nrepository: {url: https://git.example/p.git}\n"
        assert found(head + "rawKinds: {batch/v1/Job: migrations, v1/Secret: true}\n", "organization") == ()
        assert told(head + "rawKinds: {Job: migrations}\n", "organization") == [
            "5:12 PV205 `Job` is not a kind of manifest"
        ]

    def test_a_component_declares_its_templates(self) -> None:
        head = "apiVersion: pavior.dev/v1\ndescription: Storage.\n"
        assert (
            found(head + "manifests: [manifests/a.yaml, {template: manifests/b.yaml, scope: team}]\n", "component")
            == ()
        )
        assert told(head + "manifests: [{template: manifests/b.yaml, scop: team}]\n", "component") == [
            "3:42 PV204 `scop` is not a field of item 1 of `manifests`"
        ]
        assert told(head + "manifests: [../a.yaml]\n", "component") == [
            "3:13 PV205 `../a.yaml` is not a template's file"
        ]
