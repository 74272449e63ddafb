"""Layer: all that is said of a service, from component defaults up to its own overlay, becomes one effective spec.

Maps merge, scalars and lists replace, null removes (RFC 7386). What selects layers resolves first: the tier, the type of
each entry of `needs`, then the size names, which stand for values beneath all layers. The effective spec has the
fields of platform.yaml but `apiVersion`, `goldenPath` and `environments`, it has `tier` and every entry's `type`, and no null
(inside a list nothing merges, so nothing is looked at there).
"""

from __future__ import annotations

from collections.abc import Sequence

from pavior.diagnostics import Outcome
from pavior.layering.entries import Entry, entries, entry_sequence, entry_value
from pavior.layering.faults import needs_faults, size_faults
from pavior.layering.merge import merge
from pavior.layering.origins import Record, apply_words
from pavior.layering.stack import (
    Stack,
    Word,
    base,
    choose,
    expansion_layers,
    field_layers,
    fields_of,
    needs_words,
)
from pavior.model import Layer, Origins, Value

__all__ = ["layer", "layer_with_origins"]


def layer(above: Stack, service: Layer, overlay: Layer | None = None) -> Outcome[Value]:
    """The effective spec, and the faults of layering itself, at the layer that is at fault.

    The files of all layers have passed their schemas. With faults there is still a spec, for what comes next to know the
    service by; but where a size name or a type is unknown it lacks the values that these stand for. Subtrees are shared
    with the layers: never change them.
    """
    own = (service,) if overlay is None else (service, overlay)
    tier = _tier(above, own)
    fields = [fields_of(each) for each in own]
    chosen = choose(above.sizes, [base(above, tier, ()), *fields])
    spec = base(above, tier, chosen)
    for each in fields:
        spec = merge(spec, each)
    said = _needs_said(above, tier, own)
    of_needs = entries(above, said)
    if said and said[-1].value is not None:
        spec = {**spec, "needs": {entry.name: entry_value(above, entry) for entry in of_needs if entry.standing}}
    faults = [*size_faults(above, chosen, lambda: _field_words(above, tier, own)), *needs_faults(above, of_needs)]
    return Outcome(spec, tuple(faults))


def layer_with_origins(above: Stack, service: Layer, overlay: Layer | None = None) -> tuple[Value, Origins]:
    """The same effective spec as `layer`'s, and for each path in it, or removed from it, every contributor, the winner last.

    Inside a list, whose items don't merge, the list's own winner is the only contributor.
    """
    own = (service,) if overlay is None else (service, overlay)
    tier = _tier(above, own)
    chosen = choose(above.sizes, [base(above, tier, ()), *[fields_of(each) for each in own]])
    record = Record()
    words = [Word(-1, each, (), each.values) for each in expansion_layers(above.sizes, chosen)]
    spec = apply_words(record, (), [*words, *_field_words(above, tier, own)]) or {}
    said = _needs_said(above, tier, own)
    for word in said:
        _record_needs(record, word)
    of_needs: dict[str, Value] = {}
    for entry in entries(above, said):
        value = apply_words(record, ("needs", entry.name), _entry_words(above, entry))
        if entry.standing:
            of_needs[entry.name] = value
    if said and said[-1].value is not None:
        spec["needs"] = of_needs
    return spec, {path: tuple(contributors) for path, contributors in record.contributors.items()}


def _tier(above: Stack, own: Sequence[Layer]) -> str | None:
    tier = above.tier
    for each in own:
        tier = each.values.get("tier", tier)
    return tier if isinstance(tier, str) else None


def _field_words(above: Stack, tier: str | None, own: Sequence[Layer]) -> list[Word]:
    words = [Word(position, each, (), fields) for position, each, fields in field_layers(above, tier)]
    return [*words, *[Word(len(above.ranks), each, (), fields_of(each)) for each in own]]


def _needs_said(above: Stack, tier: str | None, own: Sequence[Layer]) -> list[Word]:
    position = len(above.ranks)
    said = [Word(position, each, ("needs",), each.values["needs"]) for each in own if "needs" in each.values]
    return [*needs_words(above, tier), *said]


def _entry_words(above: Stack, entry: Entry) -> list[Word]:
    """All that is said of an entry in the order in which it applies, what a removal made void included."""
    if entry.type is None or not entry.standing:
        return [*entry.past, *entry.standing]
    chosen = expansion_layers(above.type_sizes.get(entry.type, {}), entry.chosen)
    beneath = [Word(-1, each, (), each.values) for each in chosen]
    return [*entry.past, *beneath, *entry_sequence(above, entry)]


def _record_needs(record: Record, word: Word) -> None:
    span = record.span(word.layer, word.at)
    record.add(("needs",), word.layer, span, word.value, removed=word.value is None)
