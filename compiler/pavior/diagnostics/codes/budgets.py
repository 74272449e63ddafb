"""Codes of costs against budgets (PV630 to PV639)."""

from pavior.diagnostics import Code, Severity

_WHY = "Whoever set the budget wants to hear of it before the bill comes. It is an estimate: the bill knows of traffic too."
_FIX = (
    "`pavior cost SERVICE --arithmetic` shows what costs so much: fewer replicas, a smaller size, an environment left out. "
    "Or raise the budget, where it is yours."
)

NEAR_BUDGET = Code(
    "PV630",
    "near-budget",
    what="The estimated cost comes near to a budget: at or above its `warnAt`.",
    why=_WHY,
    fix=_FIX,
    severity=Severity.WARNING,
)
OVER_BUDGET = Code(
    "PV631",
    "over-budget",
    what="The estimated cost is higher than a budget that is not enforced.",
    why=_WHY,
    fix=_FIX,
    severity=Severity.WARNING,
)
BUDGET_EXCEEDED = Code(
    "PV632",
    "budget-exceeded",
    what="The estimated cost is higher than a budget that says `enforce: true`.",
    why=_WHY,
    fix=_FIX,
)
BUDGET_ABOVE_CAP = Code(
    "PV633",
    "budget-above-cap",
    what="The budgets in a team's team.yaml are higher together than what the organisation allows the team.",
    why="A team may tighten its budget, not raise it beyond `budgets` in organization.yaml.",
    fix="Lower it, or have the organisation's figure raised in `golden-paths/organization.yaml`.",
)
BUDGET_WITHOUT_PRICES = Code(
    "PV634",
    "budget-without-prices",
    what="There is a budget, but no price book to reckon costs by.",
    why="A budget that nothing is compared with holds nobody back.",
    fix="Write `golden-paths/prices.yaml`, or remove the budget.",
    severity=Severity.WARNING,
)
