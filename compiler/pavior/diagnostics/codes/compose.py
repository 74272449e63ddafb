"""Codes of composition: golden paths and components as a whole (PV940 to PV959)."""

from pavior.diagnostics import Code

UNKNOWN_COMPONENT = Code(
    "PV940",
    "missing-component",
    what="A golden path or a component names a component that does not exist.",
    why="Its templates would silently be missing from every service.",
    fix="Write the name of a folder in `golden-paths/components/`.",
)
MISSING_REQUIREMENT = Code(
    "PV941",
    "missing-requirement",
    what="A golden path lists a component without another that it requires.",
    why="Its templates read fields or fragments of the other.",
    fix="List the required component too.",
)
MISSING_FILE = Code(
    "PV942",
    "missing-file",
    what="component.yaml names a file that its folder does not have.",
    why="A template that is not there renders nothing.",
    fix="Correct the path, relative to the component's folder, or add the file.",
)
UNLISTED_TEMPLATE = Code(
    "PV943",
    "unlisted-template",
    what="A file in a component's `manifests/` is not listed in its component.yaml.",
    why="It would never be rendered, which nobody who wrote it expects.",
    fix="Add it under `manifests:` where it should stand in the artifact, or delete it.",
)
UNKNOWN_CONTRIBUTION = Code(
    "PV944",
    "unknown-contribution",
    what="A component provides a contribution that no component accepts.",
    why="Nothing would ever read it.",
    fix="Write the name of a contribution that some component lists under `accepts`.",
)
DUPLICATE_DECLARATION = Code(
    "PV945",
    "duplicate-declaration",
    what=(
        "Two components declare one name: a type of `needs`, a contribution or a reference; or claims of one name, unique within "
        "different things."
    ),
    why="Which of the two is meant could not be told.",
    fix="Rename one of them.",
)
BAD_SETTING = Code(
    "PV947",
    "bad-setting",
    what="The settings of a component, as organisation, environment and cluster give them, do not fit its settings.schema.json.",
    why="Its templates would render something that nobody meant.",
    fix="Correct the setting at the place shown.",
)
BAD_SCOPE = Code(
    "PV948",
    "bad-scope",
    what="A template of scope `need` stands in a component that is not a type of `needs`.",
    why="There would be no entry to render it for.",
    fix="Give the component a `type`, or the template another scope.",
)
NO_LINES = Code(
    "PV949",
    "text-without-lines",
    what="A template of text has no list of `lines`.",
    why="A text is rendered line by line, so that each can be explained.",
    fix="Write its lines as a list under `lines:`.",
)
