"""Places that machines share, for tests: keys, one in this process, and servers that keep files by name."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import pavior.shared.place
from pavior.shared import PLACE, PRIVATE, PUBLIC, store
from pavior.shared.place import Place


@dataclass(frozen=True, slots=True)
class Pair:
    """A private and a public key, as PEM."""

    private: str
    public: str

    @staticmethod
    def new() -> Pair:
        key = Ed25519PrivateKey.generate()
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return Pair(private.decode(), public.decode())


KEYS = Pair.new()
"""Those of the trusted pipeline."""


def trusting(url: str, keys: Pair = KEYS) -> dict[str, str]:
    """The environment of who reads."""
    return {PLACE: url, PUBLIC: keys.public}


def filling(url: str, keys: Pair = KEYS) -> dict[str, str]:
    """The environment of who writes, and is trusted."""
    return {PLACE: url, PRIVATE: keys.private}


@contextmanager
def machine(home: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Within this, commands run on a machine of its own: with this cache folder, and with these variables alone of these."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(home))
        for name in (PLACE, PUBLIC, PRIVATE):
            patch.delenv(name, raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        yield


@contextmanager
def in_this_process() -> Iterator[None]:
    """Within this, no other process is started to read and write, so that the place can be one in memory."""

    def ask(self: Place, verb: str, name: str, content: bytes = b"") -> bytes | None:
        return store.get(self.url, name) if verb == "get" else store.put(self.url, name, content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pavior.shared.place.Place, "_ask", ask)
        yield


class Handler(http.server.BaseHTTPRequestHandler):
    """Files of a server by path, that are read; `status` is answered instead, where it isn't 200, after `delay` is set."""

    server: Server

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_PUT(self) -> None:
        self.server.asked.append("PUT")
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.takes:
            self.server.files[self.path.partition("?")[0]] = content
        self._send(200 if self.server.takes else 405, b"")

    def _answer(self, *, body: bool) -> None:
        server = self.server
        server.asked.append("GET" if body else "HEAD")
        server.delay.wait(30)
        content = server.files.get(self.path.partition("?")[0])
        status = server.status if server.status != 200 else 404 if content is None else 200
        self._send(status, content or b"" if status == 200 else b"", body=body)

    def _send(self, status: int, content: bytes, *, body: bool = True) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", '"one"')
        self.send_header("Last-Modified", "Wed, 25 Nov 2026 12:00:00 GMT")
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    """`takes`: files may be put there."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.status = 200
        self.takes = False
        self.delay = threading.Event()
        self.delay.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def has(self, folder: Path) -> None:
        """Serve the files of a folder."""
        self.files.update((f"/cache/{path.name}", path.read_bytes()) for path in folder.iterdir())


@contextmanager
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.delay.set()
        made.shutdown()
        thread.join()
        made.server_close()
