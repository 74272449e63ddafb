"""The same text in every owner: an owner's names become `{service}` and the like, so that one change of a fleet is one."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from hashlib import blake2b

from pavior.compare.difference import Where
from pavior.model import Value

LONGEST = 400
"""Characters of a value that are kept; of a longer one a digest tells whether it is the same."""

_AMBIGUOUS = re.compile(r"(?:true|false|null|[-+]?[\d.]+(?:[eE][-+]?\d+)?|[\"{\[].*)?", re.DOTALL)
_SERVICE, _TEAM, _ENVIRONMENT, _CLUSTER, _TARGET = "\ue000\ue001\ue002\ue003\ue004"
"""Stand for names until all are replaced, so that no name is looked for in `{service}`."""

_MARKS = str.maketrans(
    {
        _SERVICE: "{service}",
        _TEAM: "{team}",
        _ENVIRONMENT: "{environment}",
        _CLUSTER: "{cluster}",
        _TARGET: "{target}",
    }
)
_MARKED = re.compile(f"[{_SERVICE}-{_TARGET}]")


def unmarked(text: str, where: Where, *, owner: bool, target: bool) -> str:
    """A text of `Templating.marked` for people, with the names of `where` where only one `owner` or `target` is meant."""
    if not _MARKED.search(text):
        return text
    names: dict[int, str] = {}
    if owner:
        names |= {ord(_SERVICE): where.service or "{service}", ord(_TEAM): where.team or "{team}"}
    if target:
        places = (where.environment, where.cluster, where.target)
        names |= dict(zip(map(ord, (_ENVIRONMENT, _CLUSTER, _TARGET)), places, strict=True))
    return text.translate(names).translate(_MARKS)


def is_marked(text: str) -> bool:
    """Whether a name stands in it for each owner's own."""
    return _MARKED.search(text) is not None


def shown(value: Value) -> str:
    """A value as text: text as it is where nobody takes it for something else, all else as JSON."""
    if isinstance(value, str) and not _AMBIGUOUS.fullmatch(value):
        return value
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


class Templating:
    """Replaces the names of one owner. `constants` are texts in which no name is looked for.

    Clusters are called `north` or `main`, so a cluster's name is only one beside its environment's, or alone.
    """

    __slots__ = ("_cluster", "_constants", "_names")

    def __init__(self, where: Where, constants: Sequence[str]) -> None:
        environment, cluster = where.environment, where.cluster
        words = {
            where.target: _TARGET,
            f"{environment}-{cluster}": f"{_ENVIRONMENT}-{_CLUSTER}",
            environment: _ENVIRONMENT,
            where.team: _TEAM,
            where.service: _SERVICE,
        }
        named = [(word, mark) for word, mark in words.items() if word]
        self._names = tuple(sorted(named, key=lambda each: -len(each[0])))
        self._cluster = cluster
        self._constants = tuple(constants)

    def __call__(self, text: str) -> str:
        """`checkout.payments.svc` → `{service}.{team}.svc`; a name inside a longer word stays."""
        return self.marked(text).translate(_MARKS)

    def marked(self, text: str) -> str:
        """The same, with marks that stand for the names until it is known how many owners share the text: see `unmarked`."""
        if text == self._cluster:
            return _CLUSTER
        if not any(word in text for word, _ in self._names):
            return text
        parts = [text]
        for constant in self._constants:
            if constant in text:
                parts = [piece for part in parts for piece in _parted(part, constant)]
        return "".join(part if part in self._constants else self._replaced(part) for part in parts)

    def _replaced(self, text: str) -> str:
        for word, mark in self._names:
            if word in text:
                text = _replace(text, word, mark)
        return text


def _parted(text: str, constant: str) -> list[str]:
    pieces = text.split(constant)
    return [piece for each in pieces[:-1] for piece in (each, constant)] + pieces[-1:]


def _replace(text: str, word: str, mark: str) -> str:
    """`text` with `word` replaced where it stands alone. `example.dev` is a domain, whatever environments are called."""
    place = mark == _ENVIRONMENT
    found, start = [], 0
    while (at := text.find(word, start)) >= 0:
        end = at + len(word)
        before, after = text[at - 1 : at] if at else "", text[end : end + 1]
        alone = not (before.isalnum() or after.isalnum() or before == "_" or after == "_")
        ends_domain = place and before == "." and after != "-"
        found.append(text[start:at] + (mark if alone and not ends_domain else word))
        start = end
    return "".join(found) + text[start:]


def brief(text: str | None) -> str | None:
    """A text that is short, and different for different texts."""
    if text is None or len(text) <= LONGEST:
        return text
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    return f"{text[:LONGEST]}… ({len(text)} characters, {digest})"
