"""GitLab's REST API, as far as the notes of a merge request need it. Endpoints: docs.gitlab.com/api/notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pavior.forge import ForgeError
from pavior.forge.comments import Comment
from pavior.forge.http import Api

_PAGE = 100
_MOST_PAGES = 100


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """The conversation of a merge request; `path` is its own below the API."""

    api: Api
    path: str
    author: str = ""

    def me(self) -> str:
        return self.author or str(self.api.ask("GET", "/user")["username"])

    def comments(self) -> Iterator[Comment]:
        for page in range(1, _MOST_PAGES + 1):
            query: dict[str, str | int] = {"sort": "asc", "order_by": "created_at", "per_page": _PAGE, "page": page}
            notes = self.api.ask("GET", f"{self.path}/notes", **query)
            yield from map(_comment, notes)
            if len(notes) < _PAGE:
                return
        raise ForgeError(f"{self.path} has more than {_PAGE * _MOST_PAGES:,} notes")

    def create(self, body: str) -> Comment:
        return _comment(self.api.ask("POST", f"{self.path}/notes", {"body": body}))

    def update(self, comment: Comment, body: str) -> None:
        self.api.ask("PUT", f"{self.path}/notes/{comment.id}", {"body": body})


def merge_request(environment: Mapping[str, str], author: str = "") -> MergeRequest:
    """The merge request of a pipeline's environment. Raises ForgeError where it is of none, or lacks the token."""
    project, number = environment.get("CI_PROJECT_ID", ""), environment.get("CI_MERGE_REQUEST_IID", "")
    if not (project.isdecimal() and number.isdecimal()):
        raise ForgeError("CI_MERGE_REQUEST_IID names no merge request: this runs in a merge request pipeline")
    token = environment.get("PAVIOR_GITLAB_TOKEN", "")
    if not token:
        raise ForgeError("PAVIOR_GITLAB_TOKEN is not set: a job's own token may not write notes")
    api = Api(environment.get("CI_API_V4_URL") or "https://gitlab.com/api/v4", {"PRIVATE-TOKEN": token})
    return MergeRequest(api, f"/projects/{project}/merge_requests/{number}", author)


def _comment(told: Mapping[str, Any]) -> Comment:
    return Comment(told["id"], (told["author"] or {}).get("username", ""), told["body"] or "")
