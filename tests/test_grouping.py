"""The same change over the fleet is one group, whoever gathers it and in whatever order."""

from __future__ import annotations

import pickle
import random
from collections.abc import Sequence
from typing import Any

import pytest

from differences import knowledge
from pavior.compare import Edit, Risk
from pavior.compare.difference import Reach, Shared, Where
from pavior.compare.grouping import FURTHER, MOST_GROUPS, Grouping
from pavior.compare.groups import MOST_NAMES, MOST_VARIANTS
from pavior.compare.manifests import compare
from pavior.compare.templating import LONGEST, Templating, brief, shown
from pavior.model import Manifest

WHERE = Where("prod@north", "prod", "north", "payments", "checkout")


def configuration(**data: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data}


def place(number: int, target: str = "prod") -> Where:
    return Where(target, target, "main", f"team{number % 7}", f"service{number}")


def add(grouping: Grouping, where: Where, before: Sequence[Manifest], after: Sequence[Manifest]) -> None:
    grouping.add(where, compare(before, after, knowledge()))


def test_a_change_of_three_thousand_services_in_three_environments_is_one_group() -> None:
    grouping = Grouping()
    for number in range(3_000):
        for target in ("dev", "prod", "staging"):
            where = place(number, target)
            name = f"{where.service}.{where.team}.svc"
            add(grouping, where, [configuration(host=f"old.{name}")], [configuration(host=f"new.{name}")])
    report = grouping.report("base", "head")
    (group,) = report.groups
    assert (group.times, group.reach.places, len(group.reach.names)) == (9_000, 9_000, 3_000)
    (variant,) = group.variants
    assert (variant.before, variant.after) == ("old.{service}.{team}.svc", "new.{service}.{team}.svc")
    assert (report.counts.changed, len(report.teams), report.environments) == (9_000, 7, ("dev", "prod", "staging"))


def test_the_order_in_which_changes_come_and_who_gathers_them_is_of_no_account() -> None:
    numbers = list(range(40))
    whole = Grouping()
    for number in numbers:
        add(whole, place(number), [configuration(a="1")], [configuration(a=str(number % 3 + 2))])
    random.Random(1).shuffle(numbers)
    parts = [Grouping() for _ in range(3)]
    for number in numbers:
        add(parts[number % 3], place(number), [configuration(a="1")], [configuration(a=str(number % 3 + 2))])
    joined = Grouping()
    for part in parts:
        joined.merge(pickle.loads(pickle.dumps(part)))
    assert joined.report("base", "head") == whole.report("base", "head")


def test_parts_that_saw_the_same_owner_count_it_once() -> None:
    one, other = Grouping(), Grouping()
    for grouping, target in ((one, "dev"), (other, "prod")):
        for number in (2, 1) if target == "dev" else (1, 2, 3):
            add(grouping, place(number, target), [configuration(a="1")], [configuration(a="2")])
    one.merge(other)
    (group,) = one.report("base", "head").groups
    names = ("team1/service1", "team2/service2", "team3/service3")
    assert group.reach == Reach({"dev": names[:2], "prod": names})


def test_values_that_differ_are_variants_the_most_frequent_first() -> None:
    grouping = Grouping()
    for number in range(10):
        add(grouping, place(number), [configuration(a="1")], [configuration(a="2" if number else "3")])
    (group,) = grouping.report("base", "head").groups
    assert [(variant.after, variant.times) for variant in group.variants] == [('"2"', 9), ('"3"', 1)]


def test_memory_has_bounds_and_what_is_beyond_them_is_counted() -> None:
    grouping = Grouping()
    for number in range(MOST_VARIANTS + 5):
        add(grouping, WHERE, [configuration(a="x")], [configuration(a=f"y{number}")])
    (group,) = grouping.report("base", "head").groups
    assert (len(group.variants), group.untold, group.times) == (MOST_VARIANTS, 5, MOST_VARIANTS + 5)
    grouping = Grouping()
    many = {f"k{number}": "x" for number in range(MOST_GROUPS + 7)}
    add(grouping, WHERE, [configuration(a="a")], [configuration(a="a", **many)])
    groups = grouping.report("base", "head").groups
    assert len(groups) == MOST_GROUPS + 1
    assert sum(group.times for group in groups if group.path == FURTHER) == 7


def test_a_long_value_is_kept_short_and_told_from_another() -> None:
    one, other = brief("x" * LONGEST + "a"), brief("x" * LONGEST + "b")
    assert one is not None
    assert len(one) < LONGEST + 60
    assert one != other


def test_an_owner_that_goes_is_one_group_but_for_its_data() -> None:
    grouping = Grouping()
    where = Where("prod", "prod", "main", "payments", "checkout", owner=Edit.REMOVED)
    database = {"apiVersion": "platform.pavior.dev/v1", "kind": "PostgresDatabase", "metadata": {"name": "db"}}
    add(grouping, where, [configuration(a="1"), database], [])
    first, second = grouping.report("base", "head").groups
    assert (first.risk, first.times) == (Risk.DESTROYS_DATA, 1)
    assert (second.kind, second.words, second.edit, second.times) == (None, "service", Edit.REMOVED, 1)


def test_what_comes_with_an_owner_is_counted_the_worst_first() -> None:
    grouping = Grouping()
    where = Where("prod", "prod", "main", "payments", "checkout", owner=Edit.ADDED)
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}
    add(grouping, where, [], [account, configuration(a="1"), {**configuration(), "metadata": {"name": "b"}}, service])
    (group,) = grouping.report("base", "head").groups
    assert group.contents == (("address of a service", 1), ("configuration", 2), ("service account", 1))


def pod(kind: str, image: str, **more: Any) -> Manifest:
    template = {"spec": {"containers": [{"name": "c", "image": image, **more}]}}
    job = kind == "CronJob"
    return {
        "apiVersion": "argoproj.io/v1alpha1" if kind == "Rollout" else "batch/v1" if job else "apps/v1",
        "kind": kind,
        "metadata": {"name": "p"},
        "spec": {"jobTemplate": {"spec": {"template": template}}} if job else {"template": template},
    }


def test_the_same_change_of_a_pod_template_is_one_group_whatever_the_kind() -> None:
    grouping = Grouping()
    for number, kind in enumerate(("Deployment", "Rollout", "CronJob", "Deployment")):
        add(grouping, place(number), [pod(kind, "i:1")], [pod(kind, "i:2")])
    (group,) = grouping.report("base", "head").groups
    assert (group.risk, group.times, group.words) == (Risk.RESTARTS_PODS, 4, "image")
    assert group.shared == Shared(
        "pod template",
        "spec.containers[name=c].image",
        (
            ("apps/Deployment", Risk.RESTARTS_PODS),
            ("argoproj.io/Rollout", Risk.RESTARTS_PODS),
            ("batch/CronJob", Risk.CHANGES_OPERATIONS),
        ),
        (("prod",), ("prod",), ("prod",)),
    )
    assert (group.kind, group.path) == ("apps/Deployment", "spec.template.spec.containers[name=c].image")


def test_another_change_of_a_milder_kind_is_a_group_of_its_own() -> None:
    grouping = Grouping()
    add(grouping, place(1), [pod("Deployment", "i:1")], [pod("Deployment", "i:2")])
    add(grouping, place(2), [pod("CronJob", "i:1")], [pod("CronJob", "i:3")])
    first, second = grouping.report("base", "head").groups
    assert (first.risk, first.kind, first.shared) == (Risk.RESTARTS_PODS, "apps/Deployment", None)
    assert (second.risk, second.kind, second.shared) == (Risk.CHANGES_OPERATIONS, "batch/CronJob", None)


def test_opening_and_closing_are_never_one_group() -> None:
    grouping = Grouping()
    for number, root in enumerate((True, False)):
        before, after = ({"securityContext": {"privileged": value}} for value in (root, not root))
        add(grouping, place(number), [pod("Deployment", "i", **before)], [pod("Deployment", "i", **after)])
    groups = grouping.report("base", "head").groups
    assert [group.risk for group in groups] == [Risk.WIDENS_ACCESS, Risk.RESTARTS_PODS]


def test_a_report_can_be_asked_for_twice() -> None:
    grouping = Grouping()
    for number, kind in enumerate(("Deployment", "CronJob")):
        add(grouping, place(number), [pod(kind, "i:1")], [pod(kind, "i:2")])
    assert grouping.report("base", "head") == grouping.report("base", "head")


def test_of_a_single_owner_its_own_names_are_told() -> None:
    grouping = Grouping()
    for target in ("dev", "prod"):
        where = Where(target, target, "main", "payments", "checkout")
        before, after = (configuration(url=f"{tag}.checkout.payments.{target}-x") for tag in ("old", "new"))
        add(grouping, where, [before], [after, database("checkout-db")])
    first, second = grouping.report("base", "head").groups
    assert (first.variants[0].after, first.variants[0].times) == ("checkout-db: small", 2)
    assert second.variants[0].after == "new.checkout.payments.{environment}-x"


def database(name: str) -> Manifest:
    return {
        "apiVersion": "platform.pavior.dev/v1",
        "kind": "PostgresDatabase",
        "metadata": {"name": name},
        "spec": {"size": "small"},
    }


def test_names_of_few_manifests_are_told() -> None:
    names = [f"c{number}" for number in range(MOST_NAMES + 1)]
    for some in (names[:-1], names):
        grouping = Grouping()
        for name in reversed(some):
            before, after = ({**configuration(a=value), "metadata": {"name": name}} for value in "12")
            add(grouping, WHERE, [before], [after])
        (group,) = grouping.report("base", "head").groups
        assert group.names == (tuple(some) if len(some) <= MOST_NAMES else ())


def test_what_others_follow_from_is_told_before_them() -> None:
    grouping = Grouping()
    labels = ({"app.kubernetes.io/version": tag} for tag in "12")
    before, after = (pod("Deployment", f"i:{tag}") for tag in "12")
    for manifest, label in zip((before, after), labels, strict=True):
        manifest["spec"]["template"]["metadata"] = {"labels": label}
    add(grouping, WHERE, [before], [after])
    assert [group.words for group in grouping.report("base", "head").groups] == ["image", "pod label"]


def test_details_are_kept_only_where_somebody_asks() -> None:
    changes = compare([configuration(a="1")], [configuration(a="2")], knowledge())
    for asked in (False, True):
        grouping = Grouping(details=asked)
        grouping.add(WHERE, changes)
        assert grouping.report("base", "head").details == (((WHERE, changes[0]),) if asked else ())


@pytest.mark.parametrize(
    ("text", "templated"),
    [
        ("checkout.payments.svc", "{service}.{team}.svc"),
        ("prod-north-payments-checkout-db", "{environment}-{cluster}-{team}-{service}-db"),
        ("rendered/prod@north/payments", "rendered/{target}/{team}"),
        ("checkouts and mycheckout stay", "checkouts and mycheckout stay"),
        ("CHECKOUT_URL", "CHECKOUT_URL"),
        ("checkout_total", "checkout_total"),
        ("payments.example.org/team", "payments.example.org/team"),
        ("of example.prod/team", "of example.prod/team"),
        ("payments.checkout.prod-north", "{team}.{service}.{environment}-{cluster}"),
        ("sqs.eu-north-1.amazonaws.com", "sqs.eu-north-1.amazonaws.com"),
        ("north", "{cluster}"),
        ("", ""),
    ],
)
def test_an_owners_names_are_recognised_where_they_stand_alone(text: str, templated: str) -> None:
    assert Templating(WHERE, ["payments.example.org"])(text) == templated


def test_a_service_called_as_its_team_is_the_service() -> None:
    where = Where("prod", "prod", "main", "web", "web")  # and an environment of one cluster is its target
    assert Templating(where, ())("web/web in prod") == "{service}/{service} in {environment}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        ("1", '"1"'),
        (1, "1"),
        ("true", '"true"'),
        (True, "true"),
        ("", '""'),
        ("500m", "500m"),
        ({"b": 1}, '{"b": 1}'),
    ],
)
def test_values_as_text_tell_texts_from_numbers(value: object, text: str) -> None:
    assert shown(value) == text
