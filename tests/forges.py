"""Services that stand in for GitHub's and GitLab's, on this machine, with as much of their APIs as Pavior asks for."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "a-token"


@dataclass
class Forge:
    """What the service knows. `refuse` maps the start of `METHOD /path` to a status; requests are kept as they came."""

    me: str = "github-actions[bot]"
    comments: list[dict[str, Any]] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    archive: bytes = b""
    refuse: dict[str, int] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    tokens: list[tuple[str, bool]] = field(default_factory=list)
    """Of each request the path, and whether the token came with it."""
    address: str = ""
    has_an_account: bool = False
    """Whether `/user` answers, as it does not for a workflow's own token."""

    def say(self, author: str, body: str) -> dict[str, Any]:
        """A comment by somebody, in the words of both services."""
        told = {"id": len(self.comments) + 1, "body": body, "user": {"login": author}, "author": {"username": author}}
        self.comments.append(told)
        return told

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        """Status and JSON."""
        told: Any
        match method, re.sub(r"(?<=/)\d+", "N", path):
            case "GET", "/user" | "/api/v4/user" if not self.has_an_account:
                return 403, {"message": "Resource not accessible by integration"}
            case "GET", "/user" | "/api/v4/user":
                told = {"login": self.me, "username": self.me}
            case "GET", "/repos/acme/platform/issues/N/comments" | "/api/v4/projects/N/merge_requests/N/notes":
                told = self.page(self.comments, query)
            case "POST", "/repos/acme/platform/issues/N/comments" | "/api/v4/projects/N/merge_requests/N/notes":
                return 201, self.say(self.me, body["body"])
            case ("PATCH", "/repos/acme/platform/issues/comments/N") | (
                "PUT",
                "/api/v4/projects/N/merge_requests/N/notes/N",
            ):
                told = next(c for c in self.comments if c["id"] == int(path.rsplit("/", 1)[1]))
                told["body"] = body["body"]
            case "GET", "/repos/acme/platform/pulls":
                owner, _, branch = query["head"][0].partition(":")
                head = [p for p in self.pulls if (p["head"]["user"]["login"], p["head"]["ref"]) == (owner, branch)]
                told = self.page(head, query)
            case "GET", "/repos/acme/platform/actions/runs/N/artifacts":
                told = {"artifacts": self.page(self.artifacts, query)}
            case _:
                return 404, {"message": "Not Found"}
        return 200, told

    @staticmethod
    def page(items: list[Any], query: dict[str, list[str]]) -> list[Any]:
        size, number = int(query["per_page"][0]), int(query["page"][0])
        return items[(number - 1) * size : number * size]


@contextmanager
def serving(forge: Forge) -> Iterator[Forge]:
    """The service at `forge.address` for as long as it is needed. Files lie on another host, as GitHub's do."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            split = urlsplit(self.path)
            forge.requests.append(f"{self.command} {self.path}")
            authentic = TOKEN in (self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or "")
            forge.tokens.append((split.path, authentic))
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            refused = [status for start, status in forge.refuse.items() if forge.requests[-1].startswith(start)]
            if refused:
                self.send(refused[0], b'{"message": "said\\nwhy"}')
            elif split.path == "/files/archive.zip":
                self.send(200, forge.archive)
            elif split.path.endswith("/zip"):
                elsewhere = forge.address.replace("127.0.0.1", "localhost")
                self.send(302, b"", {"Location": f"{elsewhere}/files/archive.zip?signature=x"})
            elif not authentic:
                self.send(401, b'{"message": "Bad credentials"}')
            else:
                status, told = forge.answer(self.command, split.path, parse_qs(split.query), body)
                self.send(status, json.dumps(told).encode())

        do_GET = do_POST = do_PATCH = do_PUT = handle_any

        def send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Tests look at `requests`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    forge.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
