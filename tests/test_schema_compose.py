"""Composition: what components bring becomes one schema for each golden path, and what is wrong with it is told."""

from __future__ import annotations

from typing import Any

import pytest

from pavior.diagnostics import Diagnostic
from pavior.phases.validate import validate
from schema_samples import HEAD, component, composed, document, sample


def of(schema: dict[str, Any], type_: str | None = None) -> tuple[Diagnostic, ...]:
    return composed(component("one", schema, type_)).diagnostics


def with_field(**field: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"one": {"description": "One.", **field}}}


def closed(node: Any) -> bool:
    """Whether every map with `properties` in a schema takes no others."""
    if isinstance(node, list):
        return all(closed(item) for item in node)
    if not isinstance(node, dict):
        return True
    own = "properties" not in node or node.get("additionalProperties") is False
    return own and all(closed(value) for value in node.values())


def test_every_form_is_closed_at_every_depth() -> None:
    schemas = sample()
    for path in (*schemas.paths.values(), schemas.union):
        for form in (path.file, path.layer, path.full):
            assert closed(form.node)
        for entry in path.entries.values():
            assert closed(entry.layer.node)
            assert closed(entry.full.node)


def test_a_path_has_the_fields_of_its_components_and_of_the_core() -> None:
    web = sample().paths["web"]
    assert {"image", "replicas", "needs", "tier", "waivers", "cost"} <= web.fields.keys()
    assert "schedule" not in web.fields
    assert set(web.entries) == {"postgres"}


def test_owners_name_the_component_of_each_field() -> None:
    owners = sample().owners
    assert (owners["image"], owners["schedule"], owners["tier"]) == ("server", "scheduled", "")
    assert sample().types == {"postgres": "postgres", "cache": "cache"}


def test_the_context_has_no_references_and_offers_every_type_of_entry() -> None:
    context = sample().context
    assert "$ref" not in str(context["properties"])
    entries = context["properties"]["needs"]["additionalProperties"]["anyOf"]
    assert [entry["properties"]["type"]["const"] for entry in entries] == ["postgres", "cache"]


def test_a_definition_of_ones_own_wins_over_the_shared_one() -> None:
    schema = with_field(**{"$ref": "#/$defs/port"}) | {"$defs": {"port": {"type": "string"}}}
    schemas = composed(component("one", schema)).value
    assert schemas is not None
    assert validate(document(HEAD + "one: x\n"), "platform", schemas).diagnostics == ()


def test_without_known_environments_any_name_is_one() -> None:
    schemas = composed(component("one", with_field(type="integer")), environments=()).value
    assert schemas is not None
    assert validate(document(HEAD + "environments: {anything: {one: 1}}\n"), "platform", schemas).diagnostics == ()
    assert validate(document(HEAD + "environments: {anything: {one: a}}\n"), "platform", schemas).failed


@pytest.mark.parametrize(
    ("schema", "number", "message"),
    [
        (with_field(**{"$ref": "#/$defs/prot"}), "PV921", "there is no definition `prot`"),
        (with_field(**{"$ref": "other.json"}), "PV921", "`other.json` is not a reference into `$defs`"),
        (with_field(allOf=[{"type": "string"}]), "PV922", "`allOf` is not a keyword that Pavior composes"),
        (with_field(type="string", format="ipv4"), "PV922", "the format `ipv4` is not checked"),
        (with_field(type="string", pattern="^\\d+$"), "PV924", "`\\d` does not mean the same in all engines"),
        (with_field(type="string", pattern="^a(?=b)"), "PV924", "`(?=` does not mean the same in all engines"),
        (with_field(type="text"), "PV927", None),
        (with_field(minimum="1"), "PV927", None),
        ({"type": "object", "properties": {"one": {"type": "string"}}}, "PV923", "`one` has no `description`"),
        ({"type": "string"}, "PV925", "the schema of a component must be an object with `properties`"),
        (
            with_field(**{"$ref": "#/$defs/port", "maximum": 99999}),
            "PV926",
            "`maximum` is not what `#/$defs/port` says",
        ),
        (
            with_field(type="string") | {"anyOf": [{"required": ["one"]}]},
            "PV922",
            "`anyOf` can't stand at the root, where the fields of several components meet",
        ),
        (
            {"type": "object", "properties": {"tier": {"description": "A tier.", "type": "string"}}},
            "PV920",
            "`tier` is a field of platform.core.schema.json already",
        ),
    ],
)
def test_a_fault_of_a_components_schema(schema: dict[str, Any], number: str, message: str | None) -> None:
    (diagnostic,) = of(schema)
    assert diagnostic.code.number == number
    assert diagnostic.span.file == "golden-paths/components/one/schema.json"
    if message is not None:
        assert diagnostic.message == message


def test_a_narrower_bound_may_stand_beside_a_reference() -> None:
    assert of(with_field(**{"$ref": "#/$defs/port", "minimum": 1024})) == ()


def test_a_definition_can_not_refer_to_itself() -> None:
    schema = with_field(**{"$ref": "#/$defs/a"}) | {"$defs": {"a": {"items": {"$ref": "#/$defs/a"}, "type": "array"}}}
    assert [(d.code.number, d.message) for d in of(schema)] == [("PV921", "`a` refers to itself: a → a")]


def test_a_field_belongs_to_one_component() -> None:
    outcome = composed(component("one", with_field(type="string")), component("two", with_field(type="string")))
    (diagnostic,) = outcome.diagnostics
    assert (diagnostic.code.number, diagnostic.span.file) == ("PV920", "golden-paths/components/two/schema.json")
    assert diagnostic.notes[0].span is not None
    assert diagnostic.notes[0].span.file == "golden-paths/components/one/schema.json"


def test_a_type_belongs_to_one_component() -> None:
    outcome = composed(
        component("one", with_field(type="string"), "db"), component("two", with_field(type="string"), "db")
    )
    assert [d.code.number for d in outcome.diagnostics] == ["PV920"]


def test_an_entry_can_not_have_a_field_type_of_its_own() -> None:
    schema = {"type": "object", "properties": {"type": {"description": "The type.", "type": "string"}}}
    assert [d.code.number for d in of(schema, "db")] == ["PV920"]


def test_what_is_wrong_in_a_component_is_not_wrong_again_in_files() -> None:
    schemas = composed(component("one", with_field(**{"$ref": "#/$defs/prot"}))).value
    assert schemas is not None
    assert validate(document(HEAD + "one: {anything: 1}\n"), "platform", schemas).diagnostics == ()
