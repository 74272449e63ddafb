"""What validate says of a platform.yaml: the right place, the right words, one for each fault."""

from __future__ import annotations

import timeit

import pytest

from pavior.diagnostics import Diagnostic
from pavior.model import Source
from pavior.phases.load import load
from pavior.phases.validate import validate
from schema_samples import HEAD, document, found, marked, only, sample, told


def service(body: str) -> str:
    return HEAD + body


def test_a_good_file_passes_and_is_handed_on() -> None:
    file = document(
        service("image: acme/checkout:1\nreplicas: {min: 2}\nenvironments: {prod: {replicas: 3}, dev: false}\n")
    )
    outcome = validate(file, "platform", sample())
    assert outcome.value is file
    assert outcome.diagnostics == ()


@pytest.mark.parametrize(
    ("body", "mark", "number", "message", "hint"),
    [
        ("prot: 80", "prot", "PV204", "`prot` is not a field of platform.yaml", "did you mean `port`?"),
        ("resources: {cpus: 1}", "cpus", "PV204", "`cpus` is not a field of `resources`", "did you mean `cpu`?"),
        ("replicas: {minn: 1}", "minn", "PV204", "`minn` is not a field of `replicas`", "did you mean `min`?"),
        (
            "min: 1",
            "min",
            "PV204",
            "`min` is not a field of platform.yaml",
            "`min` belongs under `replicas`",
        ),
        (
            "resources: {replicas: 2}",
            "replicas",
            "PV204",
            "`replicas` is not a field of `resources`",
            "`replicas` is a field of platform.yaml itself: move it out",
        ),
        (
            "schedule: {cron: '@daily'}",
            "schedule",
            "PV204",
            "`schedule` is not a field of platform.yaml",
            "`schedule` belongs to golden path `job`",
        ),
        (
            "variables: {A: b}",
            "variables",
            "PV204",
            "`variables` is not a field of platform.yaml",
            "did you mean `env`?",
        ),
        ("httpGet: /", "httpGet", "PV204", "`httpGet` is not a field of platform.yaml", "did you mean `probe.path`?"),
        ("probe: {http_get: /}", "http_get", "PV204", "`http_get` is not a field of `probe`", "did you mean `path`?"),
        (
            "resources: {instances: 2}",
            "instances",
            "PV204",
            "`instances` is not a field of `resources`",
            "it is called `replicas`",
        ),
        ("Port: 80", "Port", "PV204", "`Port` is not a field of platform.yaml", "did you mean `port`?"),
        (
            "instances: 2",
            "instances",
            "PV204",
            "`instances` is not a field of platform.yaml",
            "did you mean `replicas`?",
        ),
        (
            'port: "80"',
            '"80"',
            "PV201",
            "`port` must be a whole number, not the text `80`",
            "write it without quotes: `80`",
        ),
        ("port: 80.5", "80.5", "PV201", "`port` must be a whole number, not the number `80.5`", "for example `8080`"),
        ("command: run", "run", "PV201", "`command` must be a list, not the text `run`", "write a list: `[run]`"),
        (
            "env: [{name: A, value: b}]",
            "[{name: A, value: b}]",
            "PV201",
            "`env` must be a map, not a list",
            "write a map from name to value: `A: b`",
        ),
        ("command: {a: b}", "{a: b}", "PV201", "`command` must be a list, not a map", None),
        ("image: 12", "12", "PV201", "`image` must be text, not the number `12`", None),
        (
            "resources: {memory: 512}",
            "512",
            "PV201",
            "`memory` must be text, not the number `512`",
            "write a number and its unit, such as `512Mi` or `2Gi`",
        ),
        (
            "command: [a, 1.50]",
            "1.50",
            "PV201",
            "item 2 of `command` must be text, not the number `1.50`",
            'quote it: `"1.50"`',
        ),
        (
            "tier: critcal",
            "critcal",
            "PV202",
            "`critcal` is not one of `critical`, `standard` or `experimental`",
            "did you mean `critical`?",
        ),
        ("resources: {memory: 512mb}", "512mb", "PV205", "`512mb` is not an amount of memory", None),
        ("env: {A-B: c}", "A-B", "PV205", "`A-B` is not the name of an environment variable", None),
        ("port: 70000", "70000", "PV206", "`port` must be at most 65535, not 70000", "choose a number from 1 to 65535"),
        ("replicas: -1", "-1", "PV206", "`replicas` must be at least 0, not -1", None),
        ("environments: {prd: {port: 1}}", "prd", "PV209", "`prd` is not an environment", "did you mean `prod`?"),
        ("environments: {prod: null}", "prod", "PV211", "`prod` has no value", None),
        ("environments: {prod: true}", "true", "PV205", "`true` is not an overlay", None),
        ("command: [null]", "null", "PV211", "item 1 of `command` has no value", None),
        ("probe: {timeout: 0}", "0", "PV206", "`timeout` must be at least 1, not 0", None),
        ("waivers: {digest: {expires: 2027-02-30}}", "2027-02-30", "PV205", "`2027-02-30` is not a date", None),
        (
            "waivers: {digest: {environments: [prod, prod]}}",
            "prod",
            "PV214",
            "`prod` is already in `environments`",
            "remove one of the two",
        ),
        ("waivers: {digest: {environments: [qa]}}", "qa", "PV209", "`qa` is not an environment", None),
    ],
)
def test_a_fault_is_told_once_at_its_place(body: str, mark: str, number: str, message: str, hint: str | None) -> None:
    text = service(body)
    diagnostic = only(text)
    assert (diagnostic.code.number, diagnostic.message) == (number, message)
    assert marked(text, diagnostic) == mark
    if hint is not None:
        assert diagnostic.hint == hint


def test_an_empty_list_must_name_something() -> None:
    diagnostic = only(service("waivers: {digest: {environments: []}}"))
    assert (diagnostic.code.number, diagnostic.message) == ("PV213", "`environments` is empty")


def test_a_number_is_quoted_as_it_was_written() -> None:
    assert only(service("needs: {db: {type: postgres, version: 1.10}}")).hint == 'quote it: `"1.10"`'


def test_faults_of_one_file_come_in_its_order() -> None:
    assert told("apiVersion: pavior.dev/v1\ngoldenPath: web\nport: a\nreplicas: {max: b}\ncomand: []\n") == [
        "3:7 PV201 `port` must be a whole number, not the text `a`",
        "4:17 PV201 `max` must be a whole number, not the text `b`",
        "5:1 PV204 `comand` is not a field of platform.yaml",
    ]


def test_what_a_small_map_takes_is_noted() -> None:
    notes = only(service("resources: {disk: 1}")).notes
    assert [note.message for note in notes] == ["`resources` takes cpu, memory (schemas/platform.schema.json)"]


def test_a_missing_golden_path_is_told_at_the_first_key() -> None:
    assert told("apiVersion: pavior.dev/v1\nport: 80\n") == ["1:1 PV203 platform.yaml lacks `goldenPath`"]


def test_a_misspelt_required_field_is_not_missing_too() -> None:
    assert told("apiVersion: pavior.dev/v1\ngoldenpath: web\n") == [
        "2:1 PV204 `goldenpath` is not a field of platform.yaml"
    ]


@pytest.mark.parametrize(
    ("named", "message", "hint"),
    [
        ("wep", "there is no golden path `wep`", "did you mean `web`?"),
        ("batch-processing", "there is no golden path `batch-processing`", "there are web, job, site"),
        ("web@2.0.0", "golden path `web` has no release `2.0.0`", "it has no releases yet: write `web`"),
        ("web@next", "golden path `web` has no release `next`", "it has no releases yet: write `web`"),
    ],
)
def test_an_unknown_golden_path_is_one_fault(named: str, message: str, hint: str) -> None:
    text = f"apiVersion: pavior.dev/v1\ngoldenPath: {named}\nschedule: {{cron: '@daily'}}\nreplicas: 2\n"
    diagnostic = only(text)
    assert (diagnostic.code.number, diagnostic.message, diagnostic.hint) == ("PV207", message, hint)
    assert marked(text, diagnostic) == named


def test_an_unknown_version_of_the_format_has_its_own_code() -> None:
    diagnostic = only("apiVersion: pavior.dev/v7\ngoldenPath: web\n")
    assert (diagnostic.code.number, diagnostic.hint) == ("PV210", "did you mean `pavior.dev/v1`?")


def test_null_may_stand_for_whatever_a_layer_beneath_says() -> None:
    assert (
        found(
            service(
                "port: null\nreplicas: null\nenv: {A: null}\nneeds: {db: null}\nenvironments: {prod: {tier: null}}\n"
            )
        )
        == ()
    )


def test_fields_that_exclude_one_another_may_meet_only_in_the_effective_spec() -> None:
    assert found(service("probe: {tcp: null, path: /healthz}\nenvironments: {prod: {probe: {timeout: 3}}}\n")) == ()


class TestNeeds:
    @pytest.mark.parametrize(
        ("body", "mark", "number", "message", "hint"),
        [
            (
                "{db: {type: postgres, sise: large}}",
                "sise",
                "PV204",
                "`sise` is not a field of `needs.db`",
                "did you mean `size`?",
            ),
            (
                "{db: {type: postgres, eviction: lru}}",
                "eviction",
                "PV204",
                "`eviction` is not a field of `needs.db`",
                "`eviction` is a field of type cache",
            ),
            ("{db: {type: postgres, size: huge}}", "huge", "PV202", "`huge` is not one of `small` or `large`", None),
            (
                "{db: {type: postgre}}",
                "postgre",
                "PV208",
                "`postgre` is not a type of `needs`",
                "did you mean `postgres`?",
            ),
            (
                "{db: {type: cache}}",
                "cache",
                "PV208",
                "`cache` is not a type of `needs`",
                "golden path `web` does not offer it; job does",
            ),
            ("{db: {type: 7, sise: 8}}", "7", "PV201", "`type` must be text, not the number `7`", None),
            ("{db: {tpye: postgres}}", "tpye", "PV204", "`tpye` is not a field of `needs.db`", "did you mean `type`?"),
            ("{postgres: {size: small}}", "postgres", "PV203", "`needs.postgres` lacks `type`", "add `type: postgres`"),
            ("{db: {type: null}}", "type", "PV211", "`type` has no value", None),
            ("{db: postgres}", "postgres", "PV201", "`db` must be a map, not the text `postgres`", None),
            ("{Db: {type: postgres}}", "Db", "PV205", "`Db` is not a name", None),
        ],
    )
    def test_an_entry_is_checked_by_its_type(
        self, body: str, mark: str, number: str, message: str, hint: str | None
    ) -> None:
        text = service(f"needs: {body}")
        diagnostic = only(text)
        assert (diagnostic.code.number, diagnostic.message) == (number, message)
        assert marked(text, diagnostic) == mark
        if hint is not None:
            assert diagnostic.hint == hint

    def test_an_overlay_is_checked_by_the_type_of_its_entry(self) -> None:
        text = service("needs: {db: {type: postgres}}\nenvironments: {prod: {needs: {db: {sise: large}}}}\n")
        assert told(text) == ["4:36 PV204 `sise` is not a field of `needs.db`"]

    def test_an_overlay_of_a_good_entry_needs_no_type(self) -> None:
        assert (
            found(service("needs: {db: {type: postgres}}\nenvironments: {prod: {needs: {db: {size: large}}}}\n")) == ()
        )

    def test_an_entry_of_a_layer_beneath_needs_no_type(self) -> None:
        text = service("needs: {db: {size: 7}}\n")
        assert only(text).code.name == "missing-field"
        assert only(text, types={"db": "postgres"}).code.name == "not-one-of"

    def test_an_overlay_can_not_change_the_type(self) -> None:
        head = "apiVersion: pavior.dev/v1\ngoldenPath: job\n"
        diagnostic = only(head + "needs: {db: {type: postgres}}\nenvironments: {prod: {needs: {db: {type: cache}}}}\n")
        assert diagnostic.code.name == "changed-type"
        assert diagnostic.message == "`needs.db` has type `postgres`, so it can't be `cache` here"

    def test_two_environments_may_each_have_an_entry_of_their_own(self) -> None:
        head = "apiVersion: pavior.dev/v1\ngoldenPath: job\n"
        assert (
            found(head + "environments: {dev: {needs: {a: {type: cache}}}, prod: {needs: {a: {type: postgres}}}}") == ()
        )

    def test_a_bad_type_is_told_once_for_the_entry_and_its_overlays(self) -> None:
        text = service("needs: {db: {type: postgre}}\nenvironments: {prod: {needs: {db: {size: large}}}}\n")
        assert only(text).code.name == "unknown-need-type"

    def test_a_golden_path_without_types_says_so(self) -> None:
        diagnostic = only("apiVersion: pavior.dev/v1\ngoldenPath: site\nneeds: {db: {type: kafka}}\n")
        assert diagnostic.hint == "golden path `site` offers none"


def test_every_span_lies_in_the_file() -> None:
    text = service("port: a\nenv: [1]\nneeds: {a: {type: b}, c: {}}\nenvironments:\n  prod:\n  qa: {}\nxxx: 1\n")
    lines = text.split("\n")
    diagnostics: tuple[Diagnostic, ...] = found(text)
    assert len(diagnostics) == 7
    for diagnostic in diagnostics:
        assert 1 <= diagnostic.span.line <= len(lines)
        assert 1 <= diagnostic.span.column < diagnostic.span.end_column <= len(lines[diagnostic.span.end_line - 1]) + 1


def test_checking_a_good_file_costs_less_than_loading_it() -> None:
    text = service(
        "image: acme/checkout:1\nneeds: {db: {type: postgres}}\nenvironments: {prod: {needs: {db: {size: large}}}}\n"
    )
    file, schemas = document(text), sample()
    source = Source("teams/payments/checkout/platform.yaml", text.encode())
    validate(file, "platform", schemas)
    checking, loading = (
        min(timeit.repeat(work, number=200, repeat=5))
        for work in (lambda: validate(file, "platform", schemas), lambda: load(source))
    )
    assert checking < loading
