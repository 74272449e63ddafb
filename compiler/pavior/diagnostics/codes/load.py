"""PV1xx: what is wrong with a file as YAML, whatever it says."""

from __future__ import annotations

from pavior.diagnostics import Code

YAML_SYNTAX = Code(
    "PV101",
    "yaml-syntax",
    what="The file is not valid YAML.",
    why="A file that can be read in two ways, or in none, says nothing dependable.",
    fix="Mend the line that is shown. Most often it is indentation, a missing space after a colon, or text that needs quotes.",
)
TAB = Code(
    "PV102",
    "tab",
    what="A tab indents a line, or separates what only spaces may separate.",
    why="How wide a tab is differs from editor to editor, indentation carries meaning, and some readers stop at any tab.",
    fix="Indent with spaces, two for each level, and set your editor to do so. Inside quotes and text blocks tabs are fine.",
)
DUPLICATE_KEY = Code(
    "PV103",
    "duplicate-key",
    what="A map holds the same key twice.",
    why="Readers of YAML differ in which of the two they keep, so one of them is lost without a word.",
    fix="Keep one, and move what the other holds into it.",
)
ANCHOR_OR_ALIAS = Code(
    "PV104",
    "anchor-or-alias",
    what="The file uses an anchor (`&name`) or an alias (`*name`).",
    why=(
        "A value that stands elsewhere has no line of its own to point at, and a few lines of aliases of aliases grow into "
        "gigabytes."
    ),
    fix=(
        "Write the value out where it is needed, or put what services share into a layer: `defaults` of the team, of its "
        "environment, or of the golden path. Text that begins with `&` or `*` needs quotes."
    ),
)
MERGE_KEY = Code(
    "PV105",
    "merge-key",
    what="The file uses a merge key (`<<`).",
    why="YAML 1.2 has none: some readers merge, others see a key named `<<`.",
    fix="Write the values out, or put what is shared into a layer: `defaults` of the team or of the golden path.",
)
TAG = Code(
    "PV106",
    "tag",
    what="A value carries a tag (`!name`, `!!type`).",
    why="Tags ask the reader to build something other than text, numbers, lists and maps; readers differ in what they build.",
    fix="Remove the tag. Quote what is text, write numbers plain. Text that begins with `!` needs quotes.",
)
SEVERAL_DOCUMENTS = Code(
    "PV107",
    "several-documents",
    what="The file holds more than one YAML document.",
    why="It describes one thing, and readers differ in which document they take.",
    fix="Remove the line `---` and what does not belong here.",
)
NOT_UTF_8 = Code(
    "PV108",
    "not-utf-8",
    what="The file is not UTF-8 text.",
    why="In another encoding the same bytes are other letters.",
    fix="Save the file as UTF-8.",
)
BYTE_ORDER_MARK = Code(
    "PV109",
    "byte-order-mark",
    what="The file begins with a byte order mark, an invisible character.",
    why="Some readers take it for a part of the first key.",
    fix="Save the file as UTF-8 without byte order mark (`UTF-8`, not `UTF-8 with BOM`, in most editors).",
)
CONTROL_CHARACTER = Code(
    "PV110",
    "control-character",
    what="The file holds a character that controls a terminal or the direction of text, or that breaks lines in its own way.",
    why="What a reviewer sees would differ from what is read.",
    fix="Remove the character. Lines end with a line feed, with or without a carriage return before it.",
)
TOO_DEEP = Code(
    "PV111",
    "too-deep",
    what="Lists and maps are nested more than 64 deep.",
    why="Nobody writes that by hand, and readers may run out of memory on it.",
    fix="Flatten the structure.",
)
TOO_LARGE = Code(
    "PV112",
    "too-large",
    what="The file is larger than Pavior reads.",
    why="A change to one file must not slow down everybody's rendering.",
    fix="Split the file, or keep large content outside the platform repository: in the image, or in a bucket.",
)
NOT_A_MAP = Code(
    "PV113",
    "not-a-map",
    what="The file is empty, or holds a list or a single value where `key: value` lines belong.",
    why="Everything that Pavior reads is a map at its root.",
    fix="Begin with `apiVersion: pavior.dev/v1`; `pavior explain` and the schema say which fields follow.",
)
KEY_NOT_TEXT = Code(
    "PV114",
    "key-not-text",
    what="A key is a number, `true`, `false`, null, a list or a map.",
    why="Keys are text in JSON and in Kubernetes; readers differ in how they write another key as text.",
    fix='Quote the key: `"8080":`.',
)
KEY_TOO_LONG = Code(
    "PV115",
    "key-too-long",
    what="A key is longer than 1,000 characters.",
    why="YAML lets readers give up looking for the colon after 1,024 characters, so the file could not be read back.",
    fix="Use a shorter key.",
)
NUMBER_OUT_OF_RANGE = Code(
    "PV116",
    "number-out-of-range",
    what="A number does not fit into 64 bits, or is infinite or not a number.",
    why="Kubernetes and JSON cannot hold it, and what becomes of it differs from reader to reader.",
    fix="Quote it if it is text, such as an identifier; otherwise write a number in range.",
)
AMBIGUOUS_SCALAR = Code(
    "PV117",
    "ambiguous-scalar",
    what="A value without quotes means different things to different readers of YAML.",
    why=(
        "YAML 1.1, which many tools still read, takes `no` for false, `0777` for 511, `12:30:45` for 45045 and `1_000` for 1000; "
        "YAML 1.2 takes `1e3` for 1000 and `0o17` for 15. An image digest or a country code is easily lost in this way."
    ),
    fix='Quote it if it is text (`"no"`); otherwise write `true`, `false` or the plain number.',
)
SECRET = Code(
    "PV118",
    "secret",
    what="A file holds what looks like a secret: a key of some service, a private key, a password in a URL, or a telling name.",
    why=(
        "Everybody who can read the repository, and every clone of it, has the secret from then on, even when it is taken out "
        "again. That is why the message says where it stands, and shows it nowhere."
    ),
    fix=(
        "Take it out and have it replaced by a new one. Put that into the organisation's secret store and name it: "
        "`secrets: {DB_PASSWORD: {key: database, property: password}}`. What is no secret needs another name."
    ),
)
