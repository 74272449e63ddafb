"""JSON over HTTP, bounded: one service, one token, no redirect that takes the token elsewhere."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from pavior.forge import ForgeError

_MOST_BYTES = 32 * 1024 * 1024
"""Of an answer in JSON. A hundred comments of the greatest length are a fifth of that."""

_SECONDS = 30
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Api:
    """A service's address without a slash at its end, and the headers that prove who asks."""

    address: str
    headers: Mapping[str, str] = field(repr=False)

    def ask(self, method: str, path: str, body: Any = None, **query: str | int) -> Any:
        """The JSON that the service answers. Raises ForgeError for anything that isn't success."""
        answer = self._send(method, path, body, query)
        if answer.status in _REDIRECTS:
            raise ForgeError(f"{method} {path}: the service sends to another address, where its token must not go")
        text = _read(answer, _MOST_BYTES, path)
        try:
            return json.loads(text) if text else None
        except ValueError:
            raise ForgeError(f"{method} {path}: the answer is not JSON") from None

    def download(self, path: str, most_bytes: int) -> bytes:
        """A file of at most `most_bytes`. Where it lies elsewhere, the token stays here."""
        answer = self._send("GET", path, None, {})
        if answer.status not in _REDIRECTS:
            return _read(answer, most_bytes, path)
        elsewhere = answer.headers.get("location", "")
        here, there = urlsplit(self.address), urlsplit(elsewhere)
        if there.scheme != here.scheme or not there.hostname:
            raise ForgeError(f"GET {path}: the service sends to an address that is no file")
        return _read(_open(urllib.request.Request(elsewhere), path), most_bytes, path)

    def _send(self, method: str, path: str, body: Any, query: Mapping[str, str | int]) -> http.client.HTTPResponse:
        address = f"{self.address}{path}" + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        headers = {**self.headers, "User-Agent": "pavior"}
        if data is not None:
            headers["Content-Type"] = "application/json"
        return _open(urllib.request.Request(address, data, headers, method=method), f"{method} {path}")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any, **named: Any) -> None:
        """urllib would send the token along."""


_OPENER = urllib.request.build_opener(_NoRedirect)


def _open(request: urllib.request.Request, what: str) -> http.client.HTTPResponse:
    try:
        answer: http.client.HTTPResponse = _OPENER.open(request, timeout=_SECONDS)
        return answer
    except urllib.error.HTTPError as error:
        if error.code in _REDIRECTS:
            return error  # type: ignore[return-value]  # which is the answer too
        raise ForgeError(f"{what}: {error.code} {_said(error)}", error.code) from None
    except (OSError, http.client.HTTPException) as error:
        raise ForgeError(f"{what}: {getattr(error, 'reason', None) or error or type(error).__name__}") from None


def _said(error: urllib.error.HTTPError) -> str:
    """The service's own words for what is wrong, as far as they fit into a line."""
    try:
        said = json.loads(error.read(4096))["message"]
    except (ValueError, KeyError, TypeError, OSError, http.client.HTTPException):
        said = error.reason
    return ascii(str(said)[:200])


def _read(answer: http.client.HTTPResponse, most_bytes: int, what: str) -> bytes:
    try:
        content = answer.read(most_bytes + 1)
    except (OSError, http.client.HTTPException) as error:
        raise ForgeError(f"{what}: the answer breaks off: {error or type(error).__name__}") from None
    if len(content) > most_bytes:
        raise ForgeError(f"{what}: more than {most_bytes:,} bytes")
    return content
