"""The reports that other services read: SARIF, GitLab's code quality, JUnit, GitHub's annotations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from pavior.cli.app import pavior
from pavior.diagnostics import Code, Diagnostic, Note, Severity
from pavior.diagnostics.catalogue import catalogue
from pavior.model import Span
from pavior.report import NOTHING, Context, render

UNKNOWN = Code("PV204", "unknown-field", "A key.", "It does nothing.", "Remove it.")
OLD = Code("PV210", "old-field", "An old key.", "It will go.", "Replace it.", Severity.WARNING)
CHECKOUT = "teams/payments/checkout/platform.yaml"
LEDGER = "teams/payments/ledger/platform.yaml"
REPLICA = Span(CHECKOUT, 7, 3, 7, 10)
SERVICES = frozenset({"payments/checkout", "payments/ledger", "shop/cart"})
SCHEMA = yaml.safe_load((Path(__file__).parent / "sarif.schema.yaml").read_text(encoding="utf-8"))


def reported(form: str, *diagnostics: Diagnostic, context: Context = NOTHING) -> str:
    return "\n".join(render(form, diagnostics, lambda _: None, context=context))


def unknown(span: Span = REPLICA, message: str = "`replica` is not a field", hint: str | None = None) -> Diagnostic:
    return Diagnostic(UNKNOWN, span, message, hint)


class TestSarif:
    def run(self, *diagnostics: Diagnostic, context: Context = NOTHING) -> dict[str, Any]:
        log = json.loads(reported("sarif", *diagnostics, context=context))
        jsonschema.Draft202012Validator(SCHEMA).validate(log)
        run: dict[str, Any] = log["runs"][0]
        assert all(run["tool"]["driver"]["rules"][r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])
        return run

    def test_each_code_of_the_catalogue_is_a_rule_with_its_text(self) -> None:
        run = self.run(*(Diagnostic(code, REPLICA, "m", severity=code.severity) for code in catalogue().values()))
        rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
        assert rules.keys() == catalogue().keys()
        assert all(rules[code.number]["help"]["text"] == code.fix for code in catalogue().values())
        assert {rule["defaultConfiguration"]["level"] for rule in rules.values()} == {"error", "warning"}

    def test_a_result_has_its_place_and_the_places_of_its_notes(self) -> None:
        notes = (Note("it stands here first", Span(LEDGER, 1, 2, 3, 4)), Note("`autoscaling` takes min"))
        run = self.run(Diagnostic(OLD, REPLICA, "m", "h", notes, Severity.WARNING))
        (result,) = run["results"]
        assert result["level"] == "warning"
        assert result["message"] == {"text": "m; h; `autoscaling` takes min"}
        assert result["locations"] == [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": CHECKOUT, "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 7, "startColumn": 3, "endLine": 7, "endColumn": 10},
                }
            }
        ]
        (related,) = result["relatedLocations"]
        assert related["message"] == {"text": "it stands here first"}
        assert related["physicalLocation"]["artifactLocation"]["uri"] == LEDGER
        assert "%SRCROOT%" in run["originalUriBaseIds"]

    def test_a_path_is_a_uri_below_the_root_of_the_git_repository(self) -> None:
        run = self.run(unknown(Span("teams/a b/\udce9#?/x", 1, 1, 1, 1)), context=Context(folder="our platform/"))
        place = run["results"][0]["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "our%20platform/teams/a%20b/%E9%23%3F/x"

    def test_a_fingerprint_stays_where_lines_move(self) -> None:
        def prints(*diagnostics: Diagnostic) -> list[str]:
            return [
                result["partialFingerprints"]["primaryLocationLineHash"] for result in self.run(*diagnostics)["results"]
            ]

        before = prints(unknown(), unknown(Span(CHECKOUT, 9, 3, 9, 10)), unknown(message="other"))
        after = prints(unknown(Span(CHECKOUT, 17, 5, 17, 12)), unknown(Span(CHECKOUT, 19, 3, 19, 10)))
        assert len(set(before)) == 3
        assert set(after) < set(before)
        assert prints(unknown(Span(LEDGER, 7, 3, 7, 10)))[0] not in before

    def test_a_message_is_no_link(self) -> None:
        assert self.run(unknown(message="[x](https://evil.example)"))["results"][0]["message"]["text"].startswith(
            "[x] ("
        )

    def test_nothing_found_is_a_run_without_results(self) -> None:
        assert self.run()["results"] == []


class TestGitLab:
    def test_a_finding_is_an_entry_at_its_lines(self) -> None:
        (entry,) = json.loads(
            reported("gitlab", unknown(hint="did you mean `replicas`?"), context=Context(folder="p/"))
        )
        assert entry.pop("fingerprint")
        assert entry == {
            "description": "`replica` is not a field (did you mean `replicas`?)",
            "check_name": "PV204 unknown-field",
            "severity": "major",
            "location": {"path": f"p/{CHECKOUT}", "lines": {"begin": 7, "end": 7}},
        }

    def test_fingerprints_differ_within_a_report_and_stay_where_lines_move(self) -> None:
        def prints(*spans: Span) -> list[str]:
            return [entry["fingerprint"] for entry in json.loads(reported("gitlab", *map(unknown, spans)))]

        before = prints(REPLICA, Span(CHECKOUT, 9, 3, 9, 10))
        assert len(set(before)) == 2
        assert prints(Span(CHECKOUT, 8, 3, 8, 10), Span(CHECKOUT, 10, 3, 10, 10)) == before

    def test_nothing_found_is_an_empty_list(self) -> None:
        assert reported("gitlab") == "[]"


class TestJUnit:
    def suites(self, *diagnostics: Diagnostic, services: frozenset[str] = SERVICES) -> ElementTree.Element:
        return ElementTree.fromstring(reported("junit", *diagnostics, context=Context(services)))

    def test_each_service_is_a_test_of_its_teams_suite_and_its_errors_fail_it(self) -> None:
        rendered = unknown(Span("rendered/prod/payments/ledger/workload.yaml"), "<differs>")
        warning = Diagnostic(OLD, Span(LEDGER, 1, 1, 1, 2), "<old>", severity=Severity.WARNING)
        suites = self.suites(rendered, warning)
        assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in suites] == [
            ("payments", "2", "1"),
            ("shop", "1", "0"),
        ]
        assert (suites.get("tests"), suites.get("failures")) == ("3", "1")
        checkout, ledger = suites[0]
        assert (checkout.attrib, list(checkout)) == ({"classname": "payments", "name": "payments/checkout"}, [])
        assert [child.tag for child in ledger] == ["failure", "system-out"]
        assert ledger[0].get("message") == "PV204 unknown-field: <differs>"
        assert ledger[1].text == f"{LEDGER}:1:1: warning[PV210 old-field]: <old>"

    def test_a_warning_fails_no_test(self) -> None:
        suites = self.suites(Diagnostic(OLD, Span(LEDGER, 1, 1, 1, 2), "old", severity=Severity.WARNING))
        assert suites.get("failures") == "0"

    def test_what_belongs_to_no_service_is_a_test_of_its_file(self) -> None:
        files = [
            "golden-paths/payments/checkout/x.yaml",
            "teams/payments/team.yaml",
            "rendered/prod/platform/istio.yaml",
        ]
        suites = self.suites(*(unknown(Span(file)) for file in files))
        assert suites[-1].get("name") == "platform repository"
        assert [case.get("name") for case in suites[-1]] == sorted(files)

    def test_many_errors_are_one_failure_that_counts_them(self) -> None:
        suites = self.suites(unknown(), unknown(message="other"))
        failure = suites[0][0][0]
        assert (failure.get("message") or "").endswith("(and 1 more)")
        assert len((failure.text or "").splitlines()) == 2

    def test_nothing_at_all_is_a_test_that_passes(self) -> None:
        suites = self.suites(services=frozenset())
        assert [(case.get("name"), len(case)) for suite in suites for case in suite] == [("platform repository", 0)]


def test_annotations_are_at_paths_of_the_git_repository() -> None:
    assert reported("github", unknown(), context=Context(folder="platform/")).startswith(
        f"::error file=platform/{CHECKOUT},"
    )


class TestReportsInFiles:
    @pytest.fixture
    def repository(self, tmp_path: Path) -> Path:
        root = tmp_path / "git" / "platform"
        for path, text in {"golden-paths/organization.yaml": "", "teams/shop/cart/platform.yaml": "a: 1\n"}.items():
            (root / path).parent.mkdir(parents=True)
            (root / path).write_text(text, encoding="utf-8")
        (tmp_path / "git/.git").mkdir()
        return root

    def test_one_run_writes_findings_in_several_forms(self, repository: Path, tmp_path: Path) -> None:
        wanted = {"sarif": tmp_path / "a.sarif", "junit": tmp_path / "b.xml", "gitlab": tmp_path / "c.json"}
        arguments = [part for form, file in wanted.items() for part in ("--report", f"{form}={file}")]
        done = CliRunner().invoke(pavior, ["-C", str(repository), "validate", "--format", "concise", *arguments])
        assert done.exit_code == 1
        assert done.stdout
        uris = {
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].split("/")[0]
            for result in json.loads(wanted["sarif"].read_text(encoding="utf-8"))["runs"][0]["results"]
        }
        assert uris == {"platform"}
        assert all(
            entry["location"]["path"].startswith("platform/") for entry in json.loads(wanted["gitlab"].read_bytes())
        )
        assert int(ElementTree.parse(wanted["junit"]).getroot().get("failures", "")) > 0

    def test_a_file_that_cannot_be_written_is_a_broken_environment(self, repository: Path, tmp_path: Path) -> None:
        arguments = ["-C", str(repository), "validate", "--report", f"sarif={tmp_path / 'no/where'}"]
        assert CliRunner().invoke(pavior, arguments).exit_code == 3

    @pytest.mark.parametrize("given", ["sarif", "sarif=", "=x", "toml=x"])
    def test_what_is_no_form_and_file_is_wrong_usage(self, given: str, repository: Path) -> None:
        assert CliRunner().invoke(pavior, ["-C", str(repository), "validate", "--report", given]).exit_code == 2
