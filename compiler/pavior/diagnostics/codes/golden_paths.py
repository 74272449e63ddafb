"""PV950 to PV960: faults of templates and their expressions, found when a golden path is loaded."""

from __future__ import annotations

from pavior.diagnostics import Code

TEMPLATE_SYNTAX = Code(
    "PV950",
    "template-syntax",
    what="A scalar of a template holds something that is not an expression.",
    why="Scalars hold Jinja2 expressions in `{{ }}`; `$when`, `$for` and `$let` take one without braces.",
    fix="Correct the expression at the column shown. Text that another system expands, such as `{{ $labels.pod }}`, "
    "goes into `{% raw %}…{% endraw %}`.",
)
REFUSED_EXPRESSION = Code(
    "PV951",
    "refused-expression",
    what="An expression uses a part of Jinja2 that templates don't have: a call, a statement, `**`, a name that begins with `_`.",
    why="Templates compute manifests from plain data. What they don't have cannot run away or reach outside.",
    fix="Use a filter, or `$when`, `$for` and `$let` beside the value.",
)
UNKNOWN_PATH = Code(
    "PV952",
    "unknown-path",
    what="An expression reads a path that the schema of its context doesn't have.",
    why="A misspelt path would be none for every service, and nobody would notice.",
    fix="Correct the name, or add the field to the component's schema.",
)
UNKNOWN_FILTER = Code(
    "PV953",
    "unknown-filter",
    what="An expression uses a filter or test that doesn't exist, or gives it arguments that it doesn't take.",
    why="Templates have a small, documented set of filters, all of them pure functions.",
    fix="Choose one from the list in `docs/golden-paths.md`.",
)
UNKNOWN_DIRECTIVE = Code(
    "PV954",
    "unknown-directive",
    what="A key of a template begins with `$` but is no directive.",
    why="Keys that begin with `$` are structure, so a misspelt one would otherwise end up in a manifest.",
    fix="Correct the directive. A key that really begins with `$` is written `\"{{ '$key' }}\"`.",
)
MISPLACED_DIRECTIVE = Code(
    "PV955",
    "misplaced-directive",
    what="A directive stands where it means nothing, or holds something of the wrong form.",
    why="`$else` needs `$when`, `$value` excludes other entries, `$for` reads `name in list` or `key, value in map`.",
    fix="Write the directive as `docs/golden-paths.md` shows it.",
)
TEMPLATE_NULL = Code(
    "PV956",
    "template-null",
    what="A template holds null.",
    why="A null in a manifest means different things to different readers, and is most often a forgotten value.",
    fix="Give the key a value, or leave it out.",
)
UNKNOWN_FRAGMENT = Code(
    "PV957",
    "unknown-fragment",
    what="`$include` names a fragment that doesn't exist, or that includes itself.",
    why="A fragment is `fragments/<name>.yaml` of a component, named `component/name`.",
    fix="Correct the name, or break the cycle.",
)
WRONG_TYPE = Code(
    "PV958",
    "wrong-type-in-template",
    what="An expression does something with a value that its type in the schema doesn't allow: a loop over a number, "
    "a field of a text, a map inside text.",
    why="It would fail, or silently give nothing, for every service.",
    fix="Read another path, or correct the schema.",
)
TEMPLATE_TOO_LARGE = Code(
    "PV959",
    "template-too-large",
    what="An expression is too long, nests too deep or holds a number beyond 64 bits; or a template nests too deep.",
    why="Time and memory stay bounded whatever a template says.",
    fix="Give parts of it names with `$let`, or move them to a fragment.",
)
MISPLACED_OMIT = Code(
    "PV960",
    "misplaced-omit",
    what="`omit` stands where nothing can be left out.",
    why="`omit` leaves out the key or item whose whole value it is. Inside text, arithmetic or a condition it has no meaning.",
    fix="Make it the last default of the whole value: `{{ path | default(omit) }}`; around text, use `$when`.",
)
