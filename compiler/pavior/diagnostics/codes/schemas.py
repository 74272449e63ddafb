"""What can be wrong with the schemas that components bring (PV920 to PV939)."""

from __future__ import annotations

from pavior.diagnostics import Code

FIELD_OWNED_TWICE = Code(
    "PV920",
    "field-owned-twice",
    what="Two components bring the same field of platform.yaml, or the same type of `needs`.",
    why="Each field belongs to exactly one component, so that its meaning doesn't depend on which others are listed.",
    fix="Rename one of the fields, or move it into a component that both others require.",
)
UNKNOWN_DEFINITION = Code(
    "PV921",
    "unknown-definition",
    what="A `$ref` of a schema leads nowhere, or in a circle.",
    why="Schemas are resolved when they are composed. They may refer to their own `$defs` and to the shared ones.",
    fix="Name a definition of the schema's own `$defs` or of schemas/platform.core.schema.json, as `#/$defs/<name>`.",
)
UNSUPPORTED_KEYWORD = Code(
    "PV922",
    "unsupported-keyword",
    what="A schema uses a keyword, or a form of it, that Pavior does not compose.",
    why="Every keyword needs an explanation for people and the same meaning in Pavior and in editors.",
    fix="Say it with the supported keywords; docs/golden-paths.md names them.",
)
UNDESCRIBED_FIELD = Code(
    "PV923",
    "undescribed-field",
    what="A field of a schema has no `description`.",
    why="Editors, the reference and diagnostics explain a field by its description.",
    fix="Add a `description` of a sentence, with `examples` or a `default`.",
)
UNSAFE_PATTERN = Code(
    "PV924",
    "unsafe-pattern",
    what="A `pattern` does not mean the same everywhere, or is no regular expression.",
    why="Editors, Pavior and other tools read it with engines that differ in lookaround, references and classes such as `\\d`.",
    fix="Write it with anchors, characters, classes in brackets, groups and repetition only: `[0-9]` instead of `\\d`.",
)
NOT_AN_OBJECT_SCHEMA = Code(
    "PV925",
    "not-an-object-schema",
    what="A component's schema is not an object with `properties`.",
    why="A component adds fields to platform.yaml or to an entry of `needs`; these are properties.",
    fix='Write `{"type": "object", "properties": {…}}`.',
)
CONFLICTING_REFERENCE = Code(
    "PV926",
    "conflicting-reference",
    what="A keyword beside a `$ref` says something else than the definition that is referred to.",
    why="A keyword beside `$ref` replaces the definition's own, which would silently loosen it.",
    fix="Leave the keyword out, make a bound narrower than the definition's, or write a definition of your own.",
)
MALFORMED_SCHEMA = Code(
    "PV927",
    "malformed-schema",
    what="A component's schema is not a JSON Schema: a keyword has a value that it can't have.",
    why="A schema that can't be read checks nothing.",
    fix="Correct the keyword that the diagnostic points at; the form is JSON Schema, draft 2020-12.",
)
SCHEMA_TOO_LARGE = Code(
    "PV946",
    "schema-too-large",
    what="With what its references stand for, a schema has too many parts, or is too deep.",
    why="Time and memory stay bounded whatever a schema says: a definition that refers to another twice doubles with each step.",
    fix="Let fewer definitions refer to others, or refer to them less often.",
)
