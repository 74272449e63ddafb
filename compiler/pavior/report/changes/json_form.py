"""One JSON object, as schemas/diff.schema.json describes it: everything, and nothing that a terminal could obey."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pavior.compare import Edit, FieldChange, Identity, ManifestChange, Risk, written
from pavior.compare.difference import (
    BudgetChange,
    DiffReport,
    EditedField,
    FileEdit,
    Group,
    Reach,
    Spending,
    Variant,
    Where,
)
from pavior.diagnostics.secrets import conceal
from pavior.report.arrangement import arrange
from pavior.report.changes.wording import single
from pavior.report.escaping import ascii_json
from pavior.report.json_form import encodable, entry


def render(report: DiffReport, *, colour: bool = False, full: bool = False, more: str | None = None) -> Iterator[str]:
    """The report as indented ASCII; with `full`, each manifest too."""
    counts = report.counts
    content = {
        "base": encodable(report.base),
        "head": encodable(report.head),
        "risk": report.risk.slug if report.risk is not None else None,
        "manifests": {
            "added": counts.added,
            "removed": counts.removed,
            "changed": counts.changed,
            "renamed": counts.renamed,
            "replaced": counts.replaced,
        },
        "serviceNames": list(map(encodable, report.services)),
        "teamNames": list(map(encodable, report.teams)),
        "environmentNames": list(map(encodable, report.environments)),
        "groupsByRisk": {
            risk.slug: number for risk in Risk if (number := sum(group.risk is risk for group in report.groups))
        },
        "groups": [_group(group) for group in report.groups],
        "edits": [_edit(each) for each in report.edits],
        "cost": _cost(report),
        "diagnostics": [entry(each) for each in arrange(report.diagnostics)],
    }
    if report.cost is None and report.cost_unknown:
        content["costUnknown"] = encodable(report.cost_unknown)
    if report.withheld:
        content["withheld"] = list(map(encodable, report.withheld))
    if full:
        content["details"] = [_detail(where, change) for where, change in report.details]
    yield from ascii_json(content).split("\n")


def _text(text: str | None) -> str | None:
    return None if text is None else encodable(conceal(text))


def _reach(reach: Reach) -> dict[str, list[str]]:
    return {encodable(target): list(map(encodable, names)) for target, names in reach.owners.items()}


def _group(group: Group) -> dict[str, Any]:
    return {
        "risk": group.risk.slug,
        "change": group.edit.value,
        "kind": _text(group.kind),
        "kinds": _kinds(group),
        "path": _text(group.path),
        "words": encodable(group.words),
        "effects": list(map(encodable, group.effects)),
        "names": list(map(_text, group.names)),
        "contents": [{"words": _text(words), "number": number} for words, number in group.contents],
        "times": group.times,
        "untold": group.untold,
        "reach": _reach(group.reach),
        "variants": [_variant(variant) for variant in group.variants],
    }


def _kinds(group: Group) -> list[dict[str, Any]]:
    if group.shared is not None:
        told = zip(group.shared.kinds, group.shared.targets, strict=True)
        return [
            {"kind": _text(kind), "risk": risk.slug, "targets": list(map(encodable, targets))}
            for (kind, risk), targets in told
        ]
    targets = list(map(encodable, group.reach.owners))
    return [{"kind": _text(group.kind), "risk": group.risk.slug, "targets": targets}] if group.kind is not None else []


def _variant(variant: Variant) -> dict[str, Any]:
    return {
        "before": _text(variant.before),
        "after": _text(variant.after),
        "times": variant.times,
        "reach": _reach(variant.reach),
        "example": {
            **_where(variant.where),
            **_identity(variant.manifest),
            "path": _text(written(variant.example.path)) if variant.example else None,
        },
    }


def _where(where: Where) -> dict[str, Any]:
    return {
        "target": encodable(where.target),
        "team": _text(where.team),
        "service": _text(where.service),
        "artifact": encodable(where.path),
    }


def _identity(identity: Identity) -> dict[str, Any]:
    return {
        "kind": _text(identity.group_kind),
        "namespace": _text(identity.namespace),
        "name": _text(identity.name),
    }


def _cost(report: DiffReport) -> dict[str, Any] | None:
    if report.cost is None:
        return None
    return {
        "currency": encodable(report.cost.currency),
        "note": encodable(report.cost.note),
        "serviceNames": list(map(encodable, report.cost.services)),
        "monthly": [
            {
                "team": encodable(each.team),
                "environment": encodable(each.environment),
                "before": float(each.before),
                "after": float(each.after),
                "highestBefore": float(each.highest_before),
                "highestAfter": float(each.highest),
                "teamAfter": None if each.team_after is None else float(each.team_after),
            }
            for each in report.cost.differences
        ],
        "budgets": [_budget(each) for each in report.cost.budgets],
        "budgetsSkipped": report.cost.skipped,
    }


def _budget(budget: BudgetChange) -> dict[str, Any]:
    return {
        "name": encodable(budget.name),
        "environments": list(map(encodable, budget.environments)),
        "organization": budget.cap,
        "enforced": budget.enforced,
        "before": _spending(budget.before),
        "after": _spending(budget.after),
    }


def _spending(spending: Spending | None) -> dict[str, Any] | None:
    if spending is None:
        return None
    return {"budget": float(spending.month), "amount": float(spending.amount), "state": spending.keeping.value}


def _edit(edit: FileEdit) -> dict[str, Any]:
    return {
        "file": _text(edit.path),
        "change": edit.edit.value,
        "fields": None if edit.fields is None else [_edited(each) for each in edit.fields],
    }


def _edited(field: EditedField) -> dict[str, Any]:
    return {
        "path": _text(field.path),
        "change": field.edit.value,
        "before": _text(field.before),
        "after": _text(field.after),
    }


def _detail(where: Where, change: ManifestChange) -> dict[str, Any]:
    return {
        **_where(where),
        **_identity(change.identity),
        "change": change.edit.value,
        "risk": change.risk.slug,
        "words": encodable(change.words),
        "renamedFrom": _identity(change.former) if change.former and change.edit is Edit.RENAMED else None,
        "replaces": _identity(change.former) if change.former and change.edit is Edit.REPLACED else None,
        "fields": [_field(each) for each in change.fields],
        "followedBy": [{**_identity(each.identity), "path": _text(written(each.path))} for each in change.consequences],
    }


def _field(field: FieldChange) -> dict[str, Any]:
    return {
        "path": _text(written(field.path)),
        "change": field.edit.value,
        "risk": field.risk.slug,
        "words": encodable(field.words),
        "before": None if field.before is None else encodable(single(field.before)),
        "after": None if field.after is None else encodable(single(field.after)),
    }
