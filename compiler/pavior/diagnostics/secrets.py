"""What looks like a secret, so that it can be told by its place and never be shown.

Two kinds: text that has the form of some issuer's credential, wherever it stands, and a literal value whose name says what it is
(`DB_PASSWORD: …`, `--token=…`). References (`$(NAME)`, `${NAME}`, `{{ … }}`), paths and switches are no values.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from pavior.model import Path, Value

Found = tuple[int, int, str]
"""From where to where in a text, and what it looks like."""

_FORMS = tuple(
    (needle, what, re.compile(pattern))
    for needle, what, pattern in (
        ("PRIVATE KEY", "a private key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[^\"'\n]*"),
        ("AGE-SECRET-KEY-1", "an age key", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
        ("AKIA", "an AWS access key", r"AKIA[A-Z2-7]{16}(?![A-Za-z0-9])"),
        ("ASIA", "an AWS access key", r"ASIA[A-Z2-7]{16}(?![A-Za-z0-9])"),
        ("gh", "a GitHub token", r"gh[pousr]_[A-Za-z0-9]{36,}"),
        ("github_pat_", "a GitHub token", r"github_pat_[A-Za-z0-9_]{40,}"),
        ("glpat-", "a GitLab token", r"glpat-[A-Za-z0-9_-]{20,}"),
        ("xox", "a Slack token", r"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
        ("hooks.slack.com", "a Slack webhook", r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{16,}"),
        ("k_live_", "a Stripe key", r"[rs]k_live_[A-Za-z0-9]{16,}"),
        ("k_test_", "a Stripe key", r"[rs]k_test_[A-Za-z0-9]{16,}"),
        ("whsec_", "a signing secret", r"whsec_[A-Za-z0-9+/=]{24,}"),
        ("AIza", "a Google API key", r"AIza[A-Za-z0-9_-]{35}"),
        ("GOCSPX-", "a Google client secret", r"GOCSPX-[A-Za-z0-9_-]{20,}"),
        ("sk-", "an API key", r"(?<![A-Za-z0-9-])sk-(?:(?:ant|proj)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{32,})"),
        ("npm_", "an npm token", r"npm_[A-Za-z0-9]{36}"),
        ("pypi-AgE", "a PyPI token", r"pypi-AgE[A-Za-z0-9_-]{40,}"),
        ("SG.", "a SendGrid key", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
        ("hv", "a Vault token", r"hv[sbr]\.[A-Za-z0-9_-]{24,}"),
        ("dckr_", "a registry token", r"dckr_[ps]at_[A-Za-z0-9_-]{20,}"),
        ("glsa_", "a Grafana token", r"glsa_[A-Za-z0-9_]{32,}"),
        ("glc_", "a Grafana token", r"glc_[A-Za-z0-9+/=]{32,}"),
        ("_v1_", "a DigitalOcean token", r"do[opr]_v1_[a-f0-9]{64}"),
        ("AccountKey=", "an Azure account key", r"AccountKey=[A-Za-z0-9+/=]{40,}"),
        ("eyJ", "a signed token", r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
        ("@", "a URL with a password", r"://[^\s:/@\"'$<{(]*:(?P<secret>[^\s/@\"'$<{(][^\s/@\"']*)@"),
        ("Bearer ", "credentials of a request", r"Bearer +(?P<secret>[A-Za-z0-9+/=._~-]{16,})"),
        ("Basic ", "credentials of a request", r"Basic +(?P<secret>(?=\S*[0-9+/=])[A-Za-z0-9+/=]{16,})"),
    )
)
"""Letters that each has, by which a file without it costs next to nothing; what it is; its form."""

_HINTS = ("pass", "pwd", "secret", "token", "key", "cred")
"""A name that says what it is has one of these in it."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PASSWORDS = frozenset({"password", "passwd", "passphrase", "pwd", "passcode"})
_SINGLE = _PASSWORDS | {
    "secret",
    "token",
    "credential",
    "credentials",
    "apikey",
    "secretkey",
    "privatekey",
    "accesskey",
}
_PAIRED = frozenset(
    {"api", "private", "access", "secret", "signing", "encryption", "account", "master", "shared", "auth"}
)
"""What makes a `key` a secret one."""

_OPEN = frozenset({"public", "publishable"})

_NAME = r"[A-Za-z][A-Za-z0-9_.-]*"
_ASSIGNMENTS = (
    # A line of a properties file, of YAML or of JSON.
    re.compile(
        rf"^[ \t]*(?:- |export )?[\"']?(?P<name>{_NAME})[\"']?[ \t]*[:=][ \t]*(?P<secret>[^\s#][^\s]*)[ \t]*$",
        re.MULTILINE,
    ),
    # An option of a command, a field of a connection string, a parameter of a query.
    re.compile(rf"(?:^|(?<=[\s&?;]))-{{0,2}}(?P<name>{_NAME})=(?P<secret>[^\s&;\"']+)"),
    re.compile(rf"(?:^|(?<=\s))--(?P<name>{_NAME})[ \t]+(?P<secret>[^\s\"'-][^\s\"']*)"),
    # In one line of JSON.
    re.compile(rf"\"(?P<name>{_NAME})\"[ \t]*:[ \t]*(?P<secret>\"[^\"]+\")"),
    # In one line of YAML: `DB_PASSWORD: …`, `{name: DB_PASSWORD, value: …}`.
    re.compile(
        rf"(?<![A-Za-z0-9_.-])[\"']?(?P<name>{_NAME})[\"']?:[ \t]+"
        r"(?P<secret>\"[^\"]*\"|'[^']*'|[^\s\"',{}\[\]|>&*!#][^,{}\[\]#]*)"
    ),
    re.compile(rf"\bname[\"']?:[ \t]*[\"']?(?P<name>{_NAME})[\"']?,[ \t]*[\"']?value[\"']?:[ \t]*(?P<secret>[^,}}]+)"),
)
_IN_TEXT = _ASSIGNMENTS[:4]

_REFERENCE = re.compile(r"\$\(|\$\{|\$[A-Z_]|\{\{|<[^<>]*>|^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$")
_NO_VALUE = re.compile(
    r"\**|(?:\.{0,2}/|https?://).*|[0-9]+(?:ms|s|m|h|d)|none|null|true|false|yes|no|on|off|enabled|disabled|required|optional",
    re.I,
)


def forms(text: str) -> Iterator[Found]:
    """Where a text has the form of a credential, in order of the forms."""
    for needle, what, pattern in _FORMS:
        if needle not in text:
            continue
        for match in pattern.finditer(text):
            start, end = match.span("secret") if "secret" in pattern.groupindex else match.span()
            yield start, end, what


def may_name(content: bytes) -> bool:
    """Whether there can be a name in a file that says what its value is."""
    lowered = content.lower()
    return any(hint.encode() in lowered for hint in _HINTS)


def named(value: Value, path: Path = (), name: str = "") -> Iterator[tuple[Path, str, str]]:
    """Literal values whose names say that they are secret: where, the name, and the text that must not be shown."""
    if isinstance(value, dict):
        said = value.get("name") if "value" in value else None
        said = value.get("path") if said is None and "op" in value else said
        for key, inner in value.items():
            of = said.rpartition("/")[2] if key == "value" and isinstance(said, str) else key
            yield from named(inner, (*path, key), of)
    elif isinstance(value, list):
        before = ""
        for index, inner in enumerate(value):
            yield from named(inner, (*path, index), before or name)
            before = inner.lstrip("-") if isinstance(inner, str) and inner.startswith("-") and "=" not in inner else ""
    elif isinstance(value, str):
        if _says_secret(name) and _is_literal(name, value):
            yield path, name, value
        else:
            yield from ((path, found, text) for found, text in _assigned(value))
    elif isinstance(value, int | float) and _is_literal(name, value):
        yield path, name, str(value)


@lru_cache(64)
def conceal(text: str) -> str:
    """A text with stars in the place of whatever looks like a secret, as long as it was.

    Findings of one line ask for it again and again, and a file may be one line.
    """
    text = _starred(text, [(start, end) for start, end, _ in forms(text)])
    lowered = text.lower()
    if any(hint in lowered for hint in _HINTS):
        for pattern in _ASSIGNMENTS:
            text = _starred(text, [match.span("secret") for match in pattern.finditer(text) if _assigns_secret(match)])
    return text


def _starred(text: str, spans: Collection[tuple[int, int]]) -> str:
    if not spans:
        return text
    characters = list(text)
    for start, end in spans:
        characters[start:end] = "*" * (end - start)
    return "".join(characters)


def _assigns_secret(match: re.Match[str]) -> bool:
    return _says_secret(match["name"]) and _is_literal(match["name"], match["secret"].strip("\"' ,}"))


def _assigned(text: str) -> Iterator[tuple[str, str]]:
    """Names and values that a text of several lines, or a command, sets."""
    lowered = text.lower()
    if not any(hint in lowered for hint in _HINTS):
        return
    seen: set[tuple[str, str]] = set()
    for pattern in _IN_TEXT:
        for match in pattern.finditer(text):
            name, secret = match["name"], match["secret"].strip("\"',;")
            if (name, secret) not in seen and _says_secret(name) and _is_literal(name, secret):
                seen.add((name, secret))
                yield name, secret


@lru_cache(4096)
def _says_secret(name: str) -> bool:
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or _OPEN.intersection(words):
        return False
    return words[-1] in _SINGLE or (words[-1] == "key" and len(words) > 1 and words[-2] in _PAIRED)


def _is_literal(name: str, value: str | float) -> bool:
    """Whether a value can be the secret itself. A number can be a password, hardly a token: that is its length or its number."""
    if isinstance(value, bool):
        return False
    if not isinstance(value, str):
        return _says_secret(name) and _WORD.findall(name)[-1].lower() in _PASSWORDS
    text = value.strip()
    return bool(text) and "\n" not in text and not _REFERENCE.search(text) and not _NO_VALUE.fullmatch(text)
