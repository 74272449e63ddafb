"""What cases are made of: texts that mean something to whoever reads them without care, and documents changed in a few places."""

from __future__ import annotations

import copy
from typing import Any

import yaml
from hypothesis import strategies as st

HOSTILE = [
    "\x1b[31mred", "\x9b31m", "\x1b]0;title\x07", "\u202egnp.exe", "\u2066x\u2069", "\u2028", "\x85", "\x00", "\x7f", "\r",
    "\r\n", "\t",
    "\ufeff", "\ud800", "\udc80", "a\n::error::mine", "::error::mine", "::stop-commands::x", "##[add-mask]a", "a ##[error]x",
    "##vso[task.setvariable variable=a]b", "##teamcity[x]", "%0A::error::x", "<script>alert(1)</script>", "<img src=x onerror=y>",
    "![a](https://evil.example/x)", "[a](javascript:x)", "@everyone", "https://evil.example", "`", "``", "```",
    "a\n```\n# b", "|", "a | b",
    "</details>", "<!--", "-->", "]]>", "&amp;", "&#x1b;", '"', "'", "\\", "\\x1b", "{{ 7 * 7 }}", "{{ x.__class__ }}",
    "{% raw %}", "{#",
    "${HOME}", "$(id)", "; touch x", "-", "--", "--upload-pack=x", "-oProxyCommand=x", "../../../etc/passwd", "/etc/passwd",
    "..", ".",
    "a/b", "a\\b", "~", "file:///etc/passwd", "", " ", "  a", "a ", "a: b", "- a", "# a", "&a", "*a",
    "!!python/object:os.system", "<<",
    "null", "true", "no", "1.10", "0x1f", "08", "1e999", ".nan", "12345e6", "9" * 400, "a" * 300, "a" * 5000, "é",
    "\U0001f600", "ß" * 70,
    "a" * 63, "a" * 64, "A", "1Gi", "-1Gi", "9e999Gi", "250m", "5m30s", "99999999999h", "* * * * *", "60 * * * *", "v1/ConfigMap",
    "prod", "dev", "red/one", "red/none", "blue/three", "app", "app@1.0.0", "process", "store", "one", "two", "Deployment",
    "ConfigMap",
    "/spec/replicas", "/metadata/name", "/data/a~1b", "/-", "2027-01-01", "2027-02-30", "a@b.example", "ghp_" + "a" * 36,
    "__proto__",
    "(a+)+$", "(a|a)*b", "^(([a-z])+.)+[A-Z]([a-z])+$", "[", "(?=a)", "\\p{L}+", "(?:a{1,1000}){1,1000}", ".*.*.*.*x",
]  # fmt: skip
TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=12) | st.lists(st.sampled_from(HOSTILE), max_size=3).map("".join)
NUMBERS = (
    st.sampled_from([0, 1, -1, 80, 65536, 2**31, 2**53, 2**63, 2**64, 10**30, 0.1, -0.0, 1e308, 1e-320])
    | st.integers()
    | st.floats()
)
SCALARS = TEXTS | NUMBERS | st.none() | st.booleans()
WORDS = [
    "apiVersion", "goldenPath", "kind", "metadata", "name", "namespace", "labels", "annotations", "spec", "image", "port",
    "env", "needs",
    "type", "space", "environments", "calls", "files", "retries", "tier", "waivers", "policy", "reason", "owner", "expires",
    "defaults",
    "description", "components", "manifests", "template", "artifact", "scope", "provides", "accepts", "facts", "references",
    "schema",
    "properties", "pattern", "items", "$ref", "$defs", "anyOf", "oneOf", "not", "enum", "const", "additionalProperties",
    "propertyNames",
    "required", "$when", "$for", "$let", "$merge", "$include", "$value", "target", "patch", "merge", "op", "path", "value",
    "from", "retired",
    "requires", "holdsData", "immutable", "rawKinds", "clusters", "server", "domain", "repository", "url", "quotas", "data",
    "faults", "costs",
]  # fmt: skip
KEYS = st.sampled_from(WORDS) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
)

_CHANGES = st.lists(
    st.tuples(st.sampled_from(["put", "add", "drop", "wrap", "many"]), st.integers(0, 200), KEYS, VALUES),
    min_size=1,
    max_size=4,
)


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += _places(inner, (*at, key))
    return found


def changed(document: Any, changes: list[tuple[str, int, str, Any]]) -> Any:
    """A document with a few of its values replaced, removed, wrapped or joined by others."""
    made = {"": copy.deepcopy(document)}
    for how, number, key, value in changes:
        places = _places(made[""])
        at = ("", *places[number % len(places)])
        holder: Any = made
        for step in at[:-1]:
            holder = holder[step]
        last, present = at[-1], holder[at[-1]]
        if how == "add" and isinstance(present, dict):
            present[key] = value
        elif how == "add" and isinstance(present, list):
            present.append(value)
        elif how == "drop" and len(at) > 1:
            del holder[last]
        elif how == "wrap":
            holder[last] = {key: present} if number % 2 else [present]
        elif how == "many":
            # Each its own: of one that all share, a later change would be made in all, and theirs in all of those.
            many = [copy.deepcopy(value) for _ in range(number)]
            holder[last] = {f"{key}{index}": each for index, each in enumerate(many)} if number % 2 else many
        else:
            holder[last] = value
    return made[""]


def written(value: Any) -> str:
    """A document as YAML that says exactly this, half characters as escapes."""
    try:
        return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=False, width=10_000))
    except (yaml.YAMLError, UnicodeEncodeError, ValueError):
        return repr(value)


class _Dumper(yaml.SafeDumper):
    """Without anchors: what is the same twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def documents(original: str) -> st.SearchStrategy[str]:
    """The text of a YAML file, changed as a document or as text."""
    value = yaml.safe_load(original)
    pieces = st.tuples(st.integers(0, len(original)), st.integers(0, 30), TEXTS)
    return st.one_of(
        _CHANGES.map(lambda changes: written(changed(value, changes))),
        st.lists(pieces, min_size=1, max_size=3).map(lambda cuts: _cut(original, cuts)),
        VALUES.map(written),
    )


def _cut(text: str, cuts: list[tuple[int, int, str]]) -> str:
    for at, length, piece in cuts:
        text = text[:at] + piece + text[at + length :]
    return text
