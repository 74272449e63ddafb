"""Reports: what people and machines are shown of diagnostics."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pavior.diagnostics import Code, Diagnostic, Edit, Fix, Note, Severity
from pavior.model import Span
from pavior.report import FORMS, render
from pavior.report.escaping import visible, width

UNKNOWN = Code("PV204", "unknown-field", "A key.", "It does nothing.", "Remove it.")
OLD = Code("PV210", "old-field", "An old key.", "It will go.", "Replace it.", Severity.WARNING)

CHECKOUT = "teams/payments/checkout/platform.yaml"
LEDGER = "teams/payments/ledger/platform.yaml"
SOURCES = {
    CHECKOUT: b"apiVersion: pavior.dev/v1\ngoldenPath: web-service\nport: 8080\nautoscaling:\n  min: 2\n  max: 4\n  replica: 3\n",
    LEDGER: "# \u6771\u4eac\n\u6771\u4eac: {\tprot: 80}\r\ne\u0301: 1\n".encode(),
}


def lines(*diagnostics: Diagnostic, form: str = "text", colour: bool = False) -> list[str]:
    return list(render(form, diagnostics, SOURCES.get, colour=colour))


def unknown(
    span: Span, message: str = "`replica` is not a field of `autoscaling`", hint: str | None = None
) -> Diagnostic:
    return Diagnostic(UNKNOWN, span, message, hint)


REPLICA = Span(CHECKOUT, 7, 3, 7, 10)


class TestText:
    def test_a_finding_shows_its_line_its_hint_and_its_notes(self) -> None:
        diagnostic = Diagnostic(
            UNKNOWN,
            REPLICA,
            "`replica` is not a field of `autoscaling`",
            "did you mean `replicas`?",
            (Note("`autoscaling` takes min, max, cpu, memory (schemas/platform.schema.json)"),),
        )
        assert lines(diagnostic) == [
            "error[PV204 unknown-field]: `replica` is not a field of `autoscaling`",
            "  --> teams/payments/checkout/platform.yaml:7:3",
            "   |",
            " 7 |   replica: 3",
            "   |   ^^^^^^^",
            "   = hint: did you mean `replicas`?",
            "   = note: `autoscaling` takes min, max, cpu, memory (schemas/platform.schema.json)",
            "",
            "1 error",
        ]

    def test_a_note_shows_the_other_place(self) -> None:
        note = Note("it stands here first", Span(CHECKOUT, 3, 1, 3, 5))
        assert lines(Diagnostic(OLD, REPLICA, "twice", None, (note,), Severity.WARNING))[5:] == [
            "   = note: it stands here first",
            "  --> teams/payments/checkout/platform.yaml:3:1",
            "   |",
            " 3 | port: 8080",
            "   | ----",
            "",
            "1 warning",
        ]

    def test_the_frame_is_as_wide_as_the_largest_line_number(self) -> None:
        diagnostic = Diagnostic(
            UNKNOWN, Span("long", 100, 1, 100, 2), "m", None, (Note("n", Span("long", 9, 1, 9, 2)),)
        )
        report = list(render("text", [diagnostic], lambda _: b"x\n" * 120))
        assert report == [
            "error[PV204 unknown-field]: m",
            "    --> long:100:1",
            "     |",
            " 100 | x",
            "     | ^",
            "     = note: n",
            "    --> long:9:1",
            "     |",
            "   9 | x",
            "     | -",
            "",
            "1 error",
        ]

    def test_a_span_of_several_lines_marks_the_first_and_names_the_last(self) -> None:
        assert lines(unknown(Span(CHECKOUT, 4, 1, 7, 13)))[3:5] == [
            " 4 | autoscaling:",
            "   | ^^^^^^^^^^^^ … to line 7",
        ]

    def test_marks_stand_below_wide_characters_and_tabs(self) -> None:
        assert lines(unknown(Span(LEDGER, 2, 7, 2, 11)))[3:5] == [
            " 2 | \u6771\u4eac: {    prot: 80}",
            "   | " + " " * (4 + 3 + 4) + "^^^^",
        ]

    def test_combining_characters_take_no_room(self) -> None:
        assert lines(unknown(Span(LEDGER, 3, 5, 3, 6)))[3:5] == [" 3 | e\u0301: 1", "   |    ^"]

    def test_an_empty_span_is_one_mark(self) -> None:
        assert lines(unknown(Span(CHECKOUT, 4, 13, 4, 13)))[3:5] == [" 4 | autoscaling:", "   |             ^"]

    def test_a_folder_has_no_line(self) -> None:
        assert lines(unknown(Span("teams/payments/Checkout"), "`Checkout` cannot be the name of a service")) == [
            "error[PV204 unknown-field]: `Checkout` cannot be the name of a service",
            "  --> teams/payments/Checkout",
            "",
            "1 error",
        ]

    def test_a_line_that_is_not_there_is_not_shown(self) -> None:
        assert lines(unknown(Span(CHECKOUT, 99, 5, 99, 6)))[1:3] == [f"   --> {CHECKOUT}:99:5", ""]

    def test_a_very_long_line_is_shown_around_the_mark(self) -> None:
        content = b"a" * 5000 + b" wrong " + b"b" * 5000
        report = list(render("text", [unknown(Span("long", 1, 5002, 1, 5007))], lambda _: content))
        assert all(len(line) < 140 for line in report)
        source, marks = report[3], report[4]
        assert source.startswith(" 1 | …aaa")
        assert source.endswith("bbb…")
        assert source[marks.index("^") : marks.rindex("^") + 1] == "wrong"

    def test_a_very_long_mark_ends_at_the_edge(self) -> None:
        report = list(render("text", [unknown(Span("long", 1, 4, 1, 9000))], lambda _: b"a: " + b"x" * 9000))
        assert all(len(line) < 140 for line in report)

    def test_content_that_is_not_utf_8_is_shown_as_far_as_it_goes(self) -> None:
        report = list(render("text", [unknown(Span("latin", 1, 5, 1, 6))], lambda _: b"a: x\xe9y\n"))
        assert report[3:5] == [" 1 | a: x\ufffdy", "   |     ^"]

    def test_colours_are_there_on_request_only(self) -> None:
        plain = lines(unknown(REPLICA, hint="h"))
        coloured = lines(unknown(REPLICA, hint="h"), colour=True)
        assert (
            coloured[0]
            == "\x1b[1;31merror[PV204 unknown-field]\x1b[0m\x1b[1m: `replica` is not a field of `autoscaling`\x1b[0m"
        )
        assert [re.sub("\x1b\\[[0-9;]*m", "", line) for line in coloured] == plain

    def test_nothing_found_is_no_output(self) -> None:
        assert lines() == []


class TestArrangement:
    def test_findings_come_by_file_and_position_with_a_count(self) -> None:
        first, second = unknown(Span(CHECKOUT, 2, 1, 2, 3)), unknown(Span(CHECKOUT, 10, 1, 10, 2))
        third = Diagnostic(OLD, Span(LEDGER, 1, 1, 1, 2), "old", severity=Severity.WARNING)
        report = lines(third, second, first)
        assert [line.split(" --> ")[1] for line in report if " --> " in line] == [
            f"{CHECKOUT}:2:1",
            f"{CHECKOUT}:10:1",
            f"{LEDGER}:1:1",
        ]
        assert report[-1] == "2 errors, 1 warning"

    @pytest.mark.parametrize(
        ("safe", "said"),
        [
            ([None], "1 error"),
            ([False], "1 error"),
            ([True], "1 error, fixable with `pavior fix`"),
            ([True, None, True], "3 errors, 2 fixable with `pavior fix`"),
            ([True, True], "2 errors, all fixable with `pavior fix`"),
        ],
    )
    def test_the_count_says_what_can_be_fixed(self, safe: list[bool | None], said: str) -> None:
        found = [
            replace(unknown(REPLICA, str(n)), fix=None if each is None else Fix((Edit(REPLICA, "x"),), each))
            for n, each in enumerate(safe)
        ]
        assert lines(*found)[-1] == said

    def test_files_that_differ_alike_are_one_finding_with_its_places(self) -> None:
        files = [f"rendered/{target}/shop/cart-{n}/workload.yaml" for target in ("dev", "prod") for n in range(4)]
        found = [Diagnostic(OLD, Span(file, 3, 1, 3, 2), f"`{file}` differs", like="a\nb") for file in files]
        report = lines(*found)
        assert [line for line in report if line.startswith("error")] == [
            "error[PV210 old-field]: `rendered/dev/shop/cart-0/workload.yaml` differs"
        ]
        assert [line.strip() for line in report if " = note" in line] == [
            "= note: the same in 7 other files: `rendered/dev/shop/cart-1` (1), `rendered/dev/shop/cart-2` (1), "
            "`rendered/dev/shop/cart-3` (1), `rendered/prod/shop/cart-0` (1), `rendered/prod/shop/cart-1` (1), "
            "`rendered/prod/shop/cart-2` (1) and 1 more folder"
        ]
        assert report[-1] == "8 errors"
        assert len(json.loads("\n".join(lines(*found, form="json")))["diagnostics"]) == 8

    def test_of_very_many_differences_those_that_go_farthest_are_shown(self) -> None:
        found = [Diagnostic(OLD, Span(f"rendered/{n:02}/a.yaml"), f"{n} differs", like=str(n)) for n in range(30)]
        found += [Diagnostic(OLD, Span(f"rendered/99/{n}.yaml"), f"99/{n} differs", like="9") for n in range(2)]
        report = lines(*found, Diagnostic(UNKNOWN, REPLICA, "a fault of another kind"))
        assert len([line for line in report if line.startswith("error")]) == 11
        assert "error[PV210 old-field]: 9 differs" in report
        assert report[-1] == "33 errors"
        assert report[-3].startswith(
            "… and more like these, each in its own way, in 20 other files: `rendered/10` (1), "
        )

    def test_the_same_fault_in_three_environments_is_shown_once(self) -> None:
        assert lines(unknown(REPLICA), unknown(REPLICA), unknown(REPLICA))[-1] == "1 error"

    def test_different_messages_of_one_place_are_all_shown(self) -> None:
        assert lines(unknown(REPLICA, "one"), unknown(REPLICA, "two"))[-1] == "2 errors"

    def test_an_error_wins_over_the_same_as_a_warning(self) -> None:
        warning = Diagnostic(UNKNOWN, REPLICA, "m", severity=Severity.WARNING)
        assert lines(warning, unknown(REPLICA, "m"), warning)[-1] == "1 error"


def test_concise_is_one_line_for_each_finding() -> None:
    assert lines(unknown(REPLICA, hint="did you mean `replicas`?"), form="concise") == [
        f"{CHECKOUT}:7:3: error[PV204 unknown-field]: `replica` is not a field of `autoscaling` (did you mean `replicas`?)"
    ]


def test_json_has_everything() -> None:
    note = Note("here", Span(LEDGER, 1, 2, 3, 4))
    fix = Fix((Edit(REPLICA, "replicas"),))
    diagnostic = Diagnostic(OLD, REPLICA, "é \udc80", "h", (note, Note("n")), Severity.WARNING, fix)
    replica = {"file": CHECKOUT, "line": 7, "column": 3, "endLine": 7, "endColumn": 10}
    assert json.loads("\n".join(lines(diagnostic, form="json"))) == {
        "diagnostics": [
            {
                "code": "PV210",
                "name": "old-field",
                "severity": "warning",
                "message": "é \\udc80",
                "hint": "h",
                "span": replica,
                "notes": [
                    {
                        "message": "here",
                        "span": {"file": LEDGER, "line": 1, "column": 2, "endLine": 3, "endColumn": 4},
                    },
                    {"message": "n", "span": None},
                ],
                "fix": {"safe": True, "edits": [{"span": replica, "text": "replicas"}]},
            }
        ],
        "errors": 0,
        "warnings": 1,
    }


class TestGitHub:
    def test_a_finding_is_a_workflow_command(self) -> None:
        diagnostic = Diagnostic(UNKNOWN, REPLICA, "50% wrong", "h", (Note("n", Span(LEDGER, 1, 2, 3, 4)),))
        assert lines(diagnostic, form="github") == [
            f"::error file={CHECKOUT},line=7,endLine=7,col=3,endColumn=10,title=PV204 unknown-field::"
            f"50%25 wrong%0Ahint: h%0Anote: n ({LEDGER}:1:2)"
        ]

    def test_several_lines_have_no_columns(self) -> None:
        (line,) = lines(unknown(Span(CHECKOUT, 4, 1, 7, 2), "m"), form="github")
        assert line == f"::error file={CHECKOUT},line=4,endLine=7,title=PV204 unknown-field::m"

    def test_names_cannot_end_the_command(self) -> None:
        (line,) = lines(unknown(Span("teams/a,b::c\n::error ::d"), "m\n::error::x"), form="github")
        assert line == (
            "::error file=teams/a%2Cb%3A%3Ac\\n%3A%3Aerror %3A%3Ad,line=1,endLine=1,col=1,endColumn=1,"
            "title=PV204 unknown-field::m\\n::error::x"
        )


class TestEscaping:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
            ("a\nb\rc\td", "a\\nb\\rc\\td"),
            ("\x9b31m", "\\x9b31m"),
            ("\u202eabc\u2066", "\\u202eabc\\u2066"),
            ("\ufeff\u200b", "\\ufeff\\u200b"),
            ("\u2028", "\\u2028"),
            ("\udc80", "\\udc80"),
            ("é 東 👩\u200d💻 \\", "é 東 👩\u200d💻 \\"),
        ],
    )
    def test_what_is_invisible_or_moves_the_cursor_is_written_out(self, text: str, shown: str) -> None:
        assert visible(text) == shown

    def test_wide_characters_are_two_columns(self) -> None:
        assert [width(text) for text in ("abc", "東京", "e\u0301", "\uff41")] == [3, 4, 1, 2]


@given(
    st.text(st.characters(), max_size=30),
    st.text(st.characters(), max_size=30),
    st.binary(max_size=80),
    st.tuples(*[st.integers(1, 6)] * 4),
)
@settings(max_examples=300, deadline=None)
def test_no_text_reaches_the_terminal_as_control(
    message: str, file: str, content: bytes, place: tuple[int, ...]
) -> None:
    line, column, more_lines, more_columns = place
    end = (line, column + more_columns) if more_lines == 1 else (line + more_lines, more_columns)
    diagnostic = Diagnostic(UNKNOWN, Span(file, line, column, *end), message, message, (Note(message, Span(file)),))
    for form in FORMS:
        for printed in render(form, [diagnostic], lambda _: content):
            assert (
                not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\n]", printed)
                or form == "junit"
            )
            printed.encode()
    ElementTree.fromstring("\n".join(render("junit", [diagnostic], lambda _: content)))
    json.loads("\n".join(render("json", [diagnostic], lambda _: content)))
