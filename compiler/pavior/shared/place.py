"""A place that machines share: files by name, of which nothing is believed that the trusted key didn't sign.

It is where the environment says, never where a repository does: its files come from whoever can open a pull request. Whatever
is wrong with it costs what it would have saved, and is told once as a warning.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pavior.diagnostics import Code, Diagnostic
from pavior.diagnostics.codes import shared as codes
from pavior.model import Span
from pavior.shared import PLACE, PRIVATE, PUBLIC
from pavior.shared.seal import Keys, NotAKey, NotSealed, read_keys

PATIENCE = 20.0
"""Seconds after which an answer is waited for no longer."""

_STORE = Path(__file__).with_name("store.py")
_MISSING = 4  # as in store.py
_LONGEST_REASON = 200


class _Unusable(Exception):
    """The place can't be used, with the reason and a hint."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.hint = hint


@dataclass(slots=True)
class Place:
    """The shared place of one run. After the first trouble it is asked nothing more; `told` says what that was."""

    url: str
    keys: Keys | None
    told: list[Diagnostic] = field(default_factory=list)

    @staticmethod
    def of(environment: Mapping[str, str]) -> Place | None:
        """The place that the environment names; None where it names none, and then nothing here is done at all."""
        url = environment.get(PLACE)
        if not url:
            return None
        place = Place(url, None)
        try:
            place.keys = read_keys(environment.get(PUBLIC), environment.get(PRIVATE))
        except NotAKey as fault:
            hint = f"put the key of the pipeline that fills it into {PUBLIC}, as PEM"
            place._complain(codes.UNUSABLE_PLACE, f"nothing in `{shown(url)}` can be believed: {fault}", hint)
        return place

    @property
    def writes(self) -> bool:
        """Whether what is put here will be believed by others."""
        return self.keys is not None and self.keys.private is not None and not self.told

    def get(self, name: str) -> bytes | None:
        """What was put under a name by who has the private key, whole; None where nothing was."""
        if self.keys is None or self.told:
            return None
        try:
            content = self._ask("get", name)
            return None if content is None else self.keys.opened(name, content)
        except _Unusable as fault:
            self._complain(codes.UNUSABLE_PLACE, f"`{shown(self.url)}` can't be read: {fault}", fault.hint)
        except NotSealed as fault:
            hint = "delete it there, and find out who wrote it: only the trusted pipeline may"
            self._complain(codes.REFUSED_ENTRY, f"`{name}` in `{shown(self.url)}` is not used: {fault}", hint)
        return None

    def put(self, name: str, payload: bytes) -> None:
        """Put something under a name, in the place of what was there."""
        if self.keys is None or not self.writes:
            return
        try:
            self._ask("put", name, self.keys.sealed(name, payload))
        except _Unusable as fault:
            self._complain(codes.UNUSABLE_PLACE, f"`{shown(self.url)}` can't be written: {fault}", fault.hint)

    def _ask(self, verb: str, name: str, content: bytes = b"") -> bytes | None:
        """Have another process do it, which can be left behind: libraries of stores have threads, and no common deadline.

        None where there is nothing. Raises _Unusable.
        """
        # -P: what lies in the folder that somebody stands in is no module.
        command = [sys.executable, "-P", os.fspath(_STORE), verb, name]
        environment = {key: value for key, value in os.environ.items() if key != PRIVATE} | {PLACE: self.url}
        try:
            done = subprocess.run(
                command, input=content, capture_output=True, env=environment, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            raise _Unusable(f"no answer within {PATIENCE:g} seconds", "see whether the machine reaches it") from None
        if done.returncode == _MISSING:
            return None
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            raise _Unusable(*_reason(reason, self.url))
        return done.stdout

    def _complain(self, code: Code, message: str, hint: str) -> None:
        self.told.append(Diagnostic(code, Span(PLACE), message, hint, severity=code.severity))


def shown(url: str) -> str:
    """A URL without what may be a secret in it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" if parts.scheme else parts.path


def _reason(told: str, url: str) -> tuple[str, str]:
    """What store.py said went wrong, and what helps."""
    kind, _, rest = told.partition(": ")
    if kind in ("ImportError", "ModuleNotFoundError"):
        hint = "install `pavior[shared]`, and s3fs for s3://, gcsfs for gs://"
        return "what reads such places is not installed", hint
    hint = "see whether the URL is right, and what the machine may do there"
    # Words of libraries quote addresses with all that is in them.
    secret = "@" in urlsplit(url).netloc or bool(urlsplit(url).query)
    return (kind if secret or not rest else f"{kind}: {rest[:_LONGEST_REASON]}") or "it ended without a word", hint
