"""Codes of prices in golden-paths/ (PV980 to PV984)."""

from pavior.diagnostics import Code

MISSING_PRICE = Code(
    "PV980",
    "missing-price",
    what="A component's costs ask for a price that the price book, `golden-paths/prices.yaml`, does not have.",
    why="An estimate that leaves something out looks cheaper than it is.",
    fix="Add the price to the price book, or correct its name in the component.",
)
BAD_COST = Code(
    "PV981",
    "bad-cost",
    what="A component's `costs`, `platformCosts` or `prices` make what can't be reckoned with.",
    why="An item is a price and numbers to multiply it by; anything else has no amount.",
    fix="Give the item a `price` and a `quantity` of named numbers that are not negative.",
)
UNKNOWN_FACTOR = Code(
    "PV982",
    "unknown-factor",
    what="A price names a factor that the price book does not have.",
    why="The discount or the surcharge that was meant would be missing from every amount.",
    fix="Write the factor under `factors`, with what it multiplies by and why, or correct the name.",
)
