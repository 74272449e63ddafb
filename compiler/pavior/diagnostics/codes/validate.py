"""What can be wrong with a file, or with an effective spec, by its schema (PV2xx)."""

from __future__ import annotations

from pavior.diagnostics import Code

WRONG_TYPE = Code(
    "PV201",
    "wrong-type",
    what="A value is of another type than its field takes: text for a number, a list for a map, and so on.",
    why="YAML reads a plain `1.10` as the number 1.1 and `true` as a truth value, seldom what was meant where text stands.",
    fix="Write the value as the hint shows: in quotes where text is meant, without where a number is.",
)
NOT_ONE_OF = Code(
    "PV202",
    "not-one-of",
    what="A value is none of those that its field takes.",
    why="The field chooses among a few words; any other chooses nothing.",
    fix="Write one of the words that the message lists.",
)
MISSING_FIELD = Code(
    "PV203",
    "missing-field",
    what="A field that must be there is not.",
    why="Without it there is nothing to render. In platform.yaml itself only `apiVersion` and `goldenPath` must be there; "
    "everything else may come from a layer beneath, so this is said of all layers together.",
    fix="Add the field to platform.yaml, or to a layer beneath it.",
)
UNKNOWN_FIELD = Code(
    "PV204",
    "unknown-field",
    what="A key is not a field of the map that it stands in.",
    why="A misspelt field would be ignored silently, and the service would run with something else than was written.",
    fix="Correct the name as the hint says; the note lists the fields that there are.",
)
MALFORMED = Code(
    "PV205",
    "malformed",
    what="A text has not the form that its field takes.",
    why="Names, amounts, times and addresses end up in manifests, where a wrong form is refused or means something else.",
    fix="Write it as the hint shows.",
)
OUT_OF_RANGE = Code(
    "PV206",
    "out-of-range",
    what="A number is smaller or greater than its field takes.",
    why="The bounds are what the platform, or Kubernetes, accepts.",
    fix="Choose a number within the bounds that the message names.",
)
UNKNOWN_GOLDEN_PATH = Code(
    "PV207",
    "unknown-golden-path",
    what="`goldenPath` names no golden path of this repository, or no release of one.",
    why="The golden path decides which fields there are and what is rendered.",
    fix="Name one of the golden paths that the hint lists; `pavior list` shows them.",
)
UNKNOWN_NEED_TYPE = Code(
    "PV208",
    "unknown-need-type",
    what="The `type` of an entry of `needs` is none that the service's golden path offers.",
    why="The type decides which fields the entry has and what is made for it.",
    fix="Choose one of the types that the hint lists, or a golden path that offers the type.",
)
UNKNOWN_ENVIRONMENT = Code(
    "PV209",
    "unknown-environment",
    what="A key or value that names an environment names none of this platform.",
    why="What is said of an environment that doesn't exist takes effect nowhere.",
    fix="Name one of the environments in golden-paths/environments/.",
)
UNKNOWN_API_VERSION = Code(
    "PV210",
    "unknown-api-version",
    what="`apiVersion` is no version of this format that this Pavior reads.",
    why="The version says how the rest of the file is to be read.",
    fix="Write `apiVersion: pavior.dev/v1`, or install a Pavior that reads the newer version.",
)
NO_VALUE = Code(
    "PV211",
    "no-value",
    what="A key has no value (YAML reads that as null) where one must stand.",
    why="In platform.yaml and its layers null removes what a layer beneath says; here there is nothing to remove.",
    fix="Give the key a value, or remove the line.",
)
CHANGED_TYPE = Code(
    "PV212",
    "changed-type",
    what="An environment gives an entry of `needs` another `type` than the entry has.",
    why="An entry is one thing in all environments: its name stands for the same variables and the same data.",
    fix="Remove the `type` from the environment, or give the other thing a name of its own.",
)
WRONG_SIZE = Code(
    "PV213",
    "wrong-size",
    what="A text, list or map is shorter or longer than its field takes.",
    why="The bounds are what manifests can carry, or what makes sense: a list that must name something can't be empty.",
    fix="Stay within the bounds that the message names.",
)
REPEATED_ITEM = Code(
    "PV214",
    "repeated-item",
    what="A list has the same item twice.",
    why="The second says nothing, so one of them is probably a mistake.",
    fix="Remove one, or correct it.",
)
INCOMPLETE = Code(
    "PV215",
    "incomplete",
    what="A field stands without another that it needs beside it, or none of several alternatives is given.",
    why="The one has no meaning without the other.",
    fix="Add the field that the message names.",
)
EXCLUSIVE_FIELDS = Code(
    "PV216",
    "exclusive-fields",
    what="Fields stand together that exclude one another.",
    why="They say the same thing in different ways, and only one can hold.",
    fix="Keep one of them. In an overlay, set the other to null to remove what a layer beneath says.",
)
REFUSED_VALUE = Code(
    "PV217",
    "refused-value",
    what="A value is refused by the schema in a way that has no explanation of its own.",
    why="The schema decides, even where it can't be put into better words.",
    fix="Compare the value with the field's description in schemas/platform.schema.json.",
)
UNKNOWN_COMPONENT = Code(
    "PV218",
    "unknown-component",
    what="A name of a component names none of this platform.",
    why="Settings of a component that doesn't exist take effect nowhere, and a golden path can't list one.",
    fix="Name one of the folders in golden-paths/components/.",
)
