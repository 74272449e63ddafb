"""The forms of a difference: what they say, and that nothing in manifests can say more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from differences import ROOT, knowledge
from pavior.compare import Edit
from pavior.compare.difference import (
    BudgetChange,
    Cost,
    CostDifference,
    DiffReport,
    EditedField,
    FileEdit,
    Keeping,
    Spending,
    Where,
)
from pavior.compare.grouping import Grouping
from pavior.compare.manifests import compare
from pavior.model import Manifest
from pavior.report.changes import FORMS, render
from pavior.report.changes.markdown import LIMIT, MARKER
from pavior.report.escaping import visible

HOSTILE = [
    "@team/everyone",
    "`` ` ``` ````",
    "</code></details><img src=x onerror=alert(1)>",
    "[click](https://evil.example)",
    "https://evil.example/#1",
    "\n\n# heading\n| a | b |\n",
    "\x1b[31mred\x1b[0m \x07 \u202e backwards",
    "<!-- -->",
    "~~~\n```\n@me",
    "&lt;b&gt; &amp;",
    "*bold* _it_ ~~no~~ #12 GH-3 \\",
    "\ud800",
    "- [ ] task",
    "::error::mine",
    "##[add-mask]x",
    " ",
    "",
]


def deployment(memory: str = "256Mi", replicas: int = 2, **environment: str) -> Manifest:
    container = {
        "name": "c",
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "resources": {"limits": {"memory": memory}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "c", "namespace": "payments"},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [container]}}},
    }


def configuration(name: str = "c", **data: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def database() -> Manifest:
    return {"apiVersion": "platform.pavior.dev/v1", "kind": "PostgresDatabase", "metadata": {"name": "orders"}}


def spending(amount: int, month: int, keeping: Keeping) -> Spending:
    return Spending(Decimal(amount), Decimal(month), keeping)


BUDGETS = (
    BudgetChange("payments/s0", ("prod",), False, False, None, spending(10, 50, Keeping.WITHIN)),
    BudgetChange(
        "payments", ("prod",), False, True, spending(2_900, 3_000, Keeping.NEAR), spending(3_020, 3_000, Keeping.OVER)
    ),
)


def report() -> DiffReport:
    """Something of all: data lost by one, a limit of forty, replicas of one, text of several lines."""
    grouping = Grouping(details=True)
    for number in range(40):
        where = Where("prod", "prod", "main", "payments", f"s{number}", f"prod/payments/s{number}")
        after = deployment("512Mi") if number else deployment("1Gi", 5)
        base = [deployment(), configuration(text="a\nb\nc\n")]
        head = [after, configuration(text="a\nx\nc\n" if number == 3 else "a\nb\nc\n")]
        grouping.add(where, compare([*base, database()] if number == 1 else base, head, knowledge()))
    difference = CostDifference(
        "payments", "prod", Decimal(1000), Decimal("1120.50"), Decimal(1000), Decimal(2000), Decimal(3000)
    )
    cost = Cost((difference,), "EUR", "estimated by the prices of 2026-10-01", ("payments/s0",), BUDGETS)
    return replace(grouping.report("main", "this change"), cost=cost)


def test_the_form_for_terminals() -> None:
    lines = list(render("text", report()))
    assert lines[:5] == [
        "42 manifests (1 removed, 41 changed) of 40 services of 1 team, between main and this change",
        "cost: +120.50 EUR a month, for payments/s0 in prod: 1,000.00 EUR → 1,120.50 EUR, "
        "scaled to the most 1,000.00 EUR → 2,000.00 EUR (estimated by the prices of 2026-10-01)",
        "  +120.50 EUR payments in prod, which then costs 3,000.00 EUR",
        "budget of payments in prod: 3,000.00 EUR, of which 2,900.00 EUR → 3,020.00 EUR are spent by estimate: "
        "passed, which pavior check refuses",
        "budget of payments/s0 in prod: 50.00 EUR, new, of which 10.00 EUR are spent by estimate: kept",
    ]
    assert "\n".join(lines[5:]) == (
        """
destroys data: data is lost, or nothing protects it any more
  - database removed: orders
      payments/s1 in prod
      at PostgresDatabase
      so: Argo CD asks a person before it deletes the claim; an instance in AWS stays even then, \
with its data and its price; one inside the cluster goes with its data

restarts pods: pods are replaced by new ones
  ~ memory limit
      40 services in prod, e.g. payments/s0, payments/s1, payments/s10
      at Deployment c spec.template.spec.containers[name=c].resources.limits.memory
      · 256Mi → 512Mi: 39 services in prod, e.g. payments/s1, payments/s10, payments/s11
      · 256Mi → 1Gi: payments/s0 in prod

changes cost: sizes and numbers
  ~ replicas: 2 → 5
      payments/s0 in prod
      at Deployment c spec.replicas

changes operations: how things are watched, scaled and delivered
  ~ configuration
      payments/s3 in prod
      at ConfigMap c data.text
      @@ -1,3 +1,3 @@
       a
      -b
      +x
       c"""
    )


def test_the_form_for_comments_leads_with_the_worst_and_folds_what_is_harmless() -> None:
    lines = list(render("markdown", report(), more="https://ci.example/artifact"))
    assert lines[0] == MARKER
    assert lines[1] == "### Worst: destroys data"
    assert lines[3].startswith("42 manifests (1 removed, 41 changed) of 40 services of 1 team (`payments`), in `prod`.")
    cost = next(line for line in lines if line.startswith("**Cost"))
    assert cost.startswith(
        "**Cost: +120.50 EUR a month, for `payments/s0` in `prod`: 1,000.00 EUR → 1,120.50 EUR, scaled"
    )
    assert lines[lines.index(cost) + 2].startswith(
        "- budget of `payments` in `prod`: 3,000.00 EUR, of which 2,900.00 EUR →"
    )
    assert "| **restarts pods** | 1 | 40 | 40 | memory limit |" not in lines
    assert "| restarts pods | 1 | 40 | 40 | memory limit |" in lines
    assert "- **database removed: `orders`**: `payments/s1` in `prod` at `PostgresDatabase`" in lines
    assert lines.index("#### destroys data: data is lost, or nothing protects it any more") < lines.index("<details>")
    assert "<summary>restarts pods (pods are replaced by new ones): 1 group</summary>" in lines
    assert "  - `256Mi` → `512Mi`: 39 services in `prod`, e.g. `payments/s1`, `payments/s10`, `payments/s11`" in lines
    assert lines[-1] == "[Everything](https://ci.example/artifact)."


def test_costs_that_stay_are_told() -> None:
    same = Cost((), "EUR", "estimated for a month by the price book of 2026-10-01")
    assert f"cost: no difference ({same.note})" in list(render("text", replace(report(), cost=same)))


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_costs_are_told_where_no_manifest_differs(form: str) -> None:
    nothing = replace(Grouping().report("main", "this change"), cost=report().cost)
    assert any("1,120.50 EUR" in line for line in render(form, nothing))


@pytest.mark.parametrize("form", FORMS)
def test_costs_that_are_not_known_are_not_passed_over(form: str) -> None:
    told = "\n".join(render(form, replace(report(), cost=None, cost_unknown="the price book is gone")))
    assert "the price book is gone" in told
    assert "gone" not in "\n".join(render(form, replace(report(), cost=None)))


def test_the_worst_is_open_even_if_it_is_harmless() -> None:
    grouping = Grouping()
    where = Where("prod", "prod", "main", "payments", "s", "p")
    grouping.add(where, compare([deployment()], [deployment("1Gi", 3)], knowledge()))
    lines = list(render("markdown", grouping.report("main", "this change")))
    assert "| **restarts pods** | 1 | 1 | 1 | memory limit |" in lines
    assert lines.index("#### restarts pods: pods are replaced by new ones") < lines.index("<details>")


def test_kinds_that_a_change_does_less_to_are_named() -> None:
    grouping = Grouping()
    before, after = (
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": "c"},
            "spec": {"jobTemplate": {"spec": {"template": deployment(memory)["spec"]["template"]}}},
        }
        for memory in ("256Mi", "512Mi")
    )
    where = Where("prod", "prod", "main", "payments", "s", "p")
    grouping.add(where, compare([deployment()], [deployment("512Mi")], knowledge()))
    grouping.add(replace(where, service="j"), compare([before], [after], knowledge()))
    lines = [line.strip() for line in render("text", grouping.report("main", "this change"))]
    assert "~ memory limit: 256Mi → 512Mi" in lines
    assert (
        "at spec.containers[name=c].resources.limits.memory in the pod template of Deployment, CronJob "
        "(of CronJob: changes operations)"
    ) in lines


def test_kinds_are_told_with_where_each_is() -> None:
    grouping = Grouping()
    for target, kind in (("dev", "Deployment"), ("prod", "StatefulSet")):
        where = Where(target, target, "main", "payments", "s", "p")
        before, after = ({**deployment(memory), "kind": kind} for memory in ("256Mi", "512Mi"))
        grouping.add(where, compare([before], [after], knowledge()))
    report = grouping.report("main", "this change")
    assert (
        "      at spec.containers[name=c].resources.limits.memory in the pod template of Deployment in dev; StatefulSet in prod"
    ) in list(render("text", report))
    (kinds,) = (group["kinds"] for group in json.loads("\n".join(render("json", report)))["groups"])
    assert [(each["kind"], each["targets"]) for each in kinds] == [
        ("apps/Deployment", ["dev"]),
        ("apps/StatefulSet", ["prod"]),
    ]


def test_of_long_values_what_differs_is_shown() -> None:
    grouping = Grouping()
    start, end = "https://registry.example/" + "long/" * 20, "/and-so-on" * 20
    for target, name in (("dev", "one"), ("prod", "two")):
        before, after = (configuration(a=f"{start}{tag}{end}{name}") for tag in ("1.4.9", "1.5.0"))
        where = Where(target, target, "main", "payments", "s", "p")
        grouping.add(where, compare([before], [after], knowledge()))
    told = [line.strip() for line in render("text", grouping.report("main", "this change")) if "→" in line]
    assert told == [
        "· …long/long/long/long/1.4.9/and-so-on/and-so-on… → …long/long/long/long/1.5.0/and-so-on/and-so-on…: "
        "payments/s in dev, prod"
    ]


@given(st.text("ab. /", max_size=90), st.text("ab. /", max_size=90))
def test_different_values_look_different_however_long(before: str, after: str) -> None:
    grouping = Grouping()
    where = Where("prod", "prod", "main", "payments", "s", "p")
    grouping.add(where, compare([configuration(a=before)], [configuration(a=after)], knowledge()))
    for line in render("text", grouping.report("main", "this change")):
        if " → " in line:
            old, new = line.removeprefix("  ~ configuration: ").split(" → ")
            assert old != new


def test_nothing_to_tell_is_told() -> None:
    nothing = Grouping().report("main", "this change")
    assert list(render("text", nothing)) == ["no change between main and this change"]
    assert "### Nothing changes in the clusters" in list(render("markdown", nothing))
    assert json.loads("\n".join(render("json", nothing)))["risk"] is None
    assert "<h1>Nothing changes in the clusters</h1>" in list(render("html", nothing))


def test_in_full_the_form_for_terminals_has_every_manifest() -> None:
    lines = list(render("text", report(), full=True))
    start = lines.index("payments/s1 in prod")
    assert lines[start : start + 5] == [
        "payments/s1 in prod",
        "  ~ Deployment payments/c changed [restarts pods]",
        "      spec.template.spec.containers[name=c].resources.limits.memory changed [restarts pods, memory limit]",
        "        - 256Mi",
        "        + 512Mi",
    ]
    assert "      - kind: PostgresDatabase" in lines
    assert sum("memory limit]" in line for line in lines) == 40


def test_json_is_as_its_schema_says() -> None:
    schema = json.loads((ROOT / "schemas" / "diff.schema.json").read_bytes())
    Draft202012Validator.check_schema(schema)
    for full in (False, True):
        told = replace(report(), edits=file_edits("a", 2))
        content = json.loads("\n".join(render("json", told, full=full)))
        Draft202012Validator(schema).validate(content)
        assert ("details" in content) is full
    assert content["groups"][0]["risk"] == content["risk"] == "destroys-data"
    assert content["groupsByRisk"] == {
        "destroys-data": 1,
        "restarts-pods": 1,
        "changes-cost": 1,
        "changes-operations": 1,
    }
    assert [variant["times"] for variant in content["groups"][1]["variants"]] == [39, 1]


def test_what_could_not_be_compared_comes_first() -> None:
    told = replace(report(), withheld=("shop/cart", "shop/front"))
    markdown = list(render("markdown", told))
    assert markdown[1:4:2] == [
        "### Not all of this change could be compared",
        "**Not compared, because of errors: `shop/cart`, `shop/front`.** What they change is not in here.",
    ]
    assert "<code>shop/cart</code>, <code>shop/front</code>" in "".join(render("html", told))
    content = json.loads("\n".join(render("json", told)))
    Draft202012Validator(json.loads((ROOT / "schemas" / "diff.schema.json").read_bytes())).validate(content)
    assert content["withheld"] == ["shop/cart", "shop/front"]


def hostile(text: str) -> DiffReport:
    """A difference in which a text stands wherever people choose texts."""
    grouping = Grouping(details=True)
    where = Where(text or "t", text, text, text, text, text)
    gadget = {"apiVersion": f"{text}/v1", "kind": text or "K", "metadata": {"name": text, "namespace": text}}
    before = [deployment(A="a"), configuration(a="x\ny"), {**gadget, "list": [{"name": text, "x": 1}]}]
    after = [
        deployment(A=text, B=text),
        configuration(**{text or "k": text, "a": f"x\n{text}\n{text}z"}),
        {**gadget, "list": [{"name": text, "x": 2}], text: {text: [text]}},
        configuration(f"{text}2"),
    ]
    grouping.add(where, compare(before, after, knowledge()))
    grouping.add(replace(where, owner=Edit.ADDED), compare([], after, knowledge()))
    gadgets = [{"apiVersion": f"{text}/v1", "kind": f"{text or 'K'}{text}", "metadata": {"name": "g"}}]
    grouping.add(replace(where, owner=Edit.REMOVED), compare(gadgets, [], knowledge()))
    cost = Cost((difference(text, 1),), text, text, (text, f"{text}/{text}"), (budget(text),), skipped=True)
    told = grouping.report(text, text)
    groups = tuple(replace(group, effects=(text, f"{text}{text}")) for group in told.groups)
    return replace(told, groups=groups, cost=cost, edits=file_edits(text, 1))


def file_edits(text: str, number: int) -> tuple[FileEdit, ...]:
    """Files of all sorts, each so many times."""
    fields = (
        EditedField(text, Edit.CHANGED, text, f"{text}2"),
        EditedField(text, Edit.ADDED, None, text),
        EditedField(text, Edit.REORDERED, text, text),
    )
    some = (
        FileEdit(text, Edit.CHANGED, fields),
        FileEdit(text, Edit.CHANGED, ()),
        FileEdit(text, Edit.CHANGED),
        FileEdit(text, Edit.REMOVED),
    )
    return tuple(replace(each, path=f"{text}{n}") for n in range(number) for each in some)


def difference(text: str, number: int) -> CostDifference:
    amount = Decimal(number)
    return CostDifference(text, text, Decimal(0), amount, Decimal(0), amount * 2, amount)


def budget(text: str) -> BudgetChange:
    return BudgetChange(text, (text,), True, True, spending(1, 1, Keeping.NEAR), spending(2, 1, Keeping.OVER))


ALLOWED = {"details", "/details", "summary", "/summary", "code", "/code"}


def markup(comment: str) -> Iterator[str]:
    """What a forge would make of a comment that isn't ours: links, images, tags, headings of other texts, mentions."""
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(comment)
    for token in (inner for outer in tokens for inner in (outer, *(outer.children or ()))):
        if token.type in ("link_open", "image", "em_open", "s_open"):
            yield token.type
        elif token.type in ("html_block", "html_inline"):
            for tag in re.findall(r"<(/?[^\s>]+)", token.content.replace(MARKER, "")):
                if tag not in ALLOWED:
                    yield token.content
            if "@" in re.sub(r"<code>.*?</code>", "", token.content):
                yield token.content
        elif token.type == "text" and re.search(r"@\w|#\d|https?:|www[.]", token.content):
            yield token.content


def balanced(comment: str) -> bool:
    """Whether folds open and close outside of all code."""
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(comment)
    inline = [inner for token in tokens for inner in (token, *(token.children or ()))]
    found = " ".join(token.content for token in inline if token.type.startswith("html"))
    return found.count("<details>") == found.count("</details>") == comment.count("\n</details>")


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_manifests_becomes_markup_of_a_comment(text: str) -> None:
    comment = "\n".join(render("markdown", hostile(text)))
    assert list(markup(comment)) == []
    assert balanced(comment)


@given(st.text(st.sampled_from("`*_[]()<>!@#|\\~-+=\n\r\t &;:/ ab1\x1b\u202e\u2028"), max_size=30))
@settings(max_examples=60, deadline=None)
def test_no_text_becomes_markup_of_a_comment(text: str) -> None:
    comment = "\n".join(render("markdown", hostile(text)))
    assert list(markup(comment)) == []
    assert balanced(comment)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, Any]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_manifests_becomes_a_tag_of_a_page(text: str) -> None:
    parser = _Tags()
    page = "\n".join(render("html", hostile(text)))
    parser.feed(page)
    known = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "code", "b", "details", "summary"}
    known |= {"table", "tr", "th", "td", "ul", "li", "pre", "ins", "del"}
    assert {tag for tag, _ in parser.tags} <= known
    assert {key for _, attributes in parser.tags for key in attributes} <= {
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
    }


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_manifests_controls_a_terminal(form: str, text: str) -> None:
    for line in render(form, hostile(text), full=True):
        for part in line.split("\n"):  # a style sheet is one piece
            assert visible(part) == part
        line.encode()


def test_colour_is_the_only_control_and_ends_on_its_line() -> None:
    for line in render("text", report(), colour=True, full=True):
        assert visible(re.sub(r"\x1b\[[0-9;]*m", "", line)) == re.sub(r"\x1b\[[0-9;]*m", "", line)
        assert line.count("\x1b[0m") * 2 == line.count("\x1b[")


def large(groups: int, text: str) -> DiffReport:
    grouping = Grouping()
    for number in range(groups):
        where = Where(f"{text}{number % 9}", f"{text}{number % 9}", "c", f"{text}{number % 50}", f"{text}{number}")
        before = [configuration(**{f"{text}{number}": "x"}), database()] if number % 3 else [database()]
        after = [configuration(**{f"{text}{number}": text * 3, f"{number}": f"{text}\n{text}"})]
        grouping.add(where, compare(before, after, knowledge()))
    costs = tuple(difference(f"{text}{number}", number) for number in range(groups))
    cost = Cost(costs, text[:20], text * 3, (text,), (budget(text),) * groups)
    return replace(grouping.report(text * 50, text * 50), cost=cost, edits=file_edits(text * 9, groups))


@pytest.mark.parametrize("text", ["a", "`", "é" * 300, "😀" * 200, "<&>" * 90, "\n" * 200, "\u202e" * 100, "|" * 500])
@pytest.mark.parametrize("groups", [1, 300, 1_200])
def test_a_comment_is_never_too_long_and_counts_what_it_leaves_out(text: str, groups: int) -> None:
    comment = "\n".join(render("markdown", large(groups, text), more="https://ci.example/" + "a" * 400))
    assert len(comment.replace("\n", "\r\n").encode()) <= LIMIT
    assert balanced(comment)
    if groups > 1_000:
        assert re.search(r"\d+ more groups would not fit here: ", comment)


def test_an_address_that_could_be_more_than_one_is_shown_as_code() -> None:
    last = list(render("markdown", report(), more="https://x) [y](https://evil.example"))[-1]
    assert last == "Everything: `https://x) [y](https://evil.example`"


def test_what_looks_like_a_secret_is_not_shown() -> None:
    token = "ghp_" + "a1B2" * 9
    grouping = Grouping(details=True)
    where = Where("prod", "prod", "main", "payments", "s", "p")
    grouping.add(where, compare([configuration(a="x\ny")], [configuration(a=f"x\n{token}", b=token)], knowledge()))
    for form in FORMS:
        assert token not in "\n".join(render(form, grouping.report("main", "this change"), full=True))


@pytest.mark.parametrize("colour", [False, True])
def test_no_line_of_the_text_is_a_command_to_the_log(colour: bool) -> None:
    for command in ("::error::mine", "##[add-mask]x"):
        for line in render("text", hostile(command), colour=colour, full=True):
            assert not line.lstrip().startswith("::")
            assert "##[" not in line
