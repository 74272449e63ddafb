"""GitHub's REST API, as far as comments and artifacts of runs need it.

Endpoints: docs.github.com/rest, "Issue comments", "Pull requests", "Artifacts". A pull request's conversation is its issue's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pavior.forge import ForgeError
from pavior.forge.comments import Comment
from pavior.forge.http import Api

_PAGE = 100
_MOST_PAGES = 100
_WORKFLOWS_OWN = "github-actions[bot]"
"""Who writes with a workflow's own token. Such a token may not ask for its own account."""

_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository on GitHub and the API that knows it."""

    api: Api
    name: str
    """`owner/name`"""

    def get(self, path: str, **query: str | int) -> Any:
        """The answer to a GET below the repository."""
        return self.api.ask("GET", f"/repos/{self.name}{path}", **query)

    def pages(self, path: str, key: str | None = None, **query: str | int) -> Iterator[Any]:
        """The items of a list, which lies under `key` of each page where there is one."""
        for page in range(1, _MOST_PAGES + 1):
            answer = self.get(path, per_page=_PAGE, page=page, **query)
            items = answer[key] if key else answer
            yield from items
            if len(items) < _PAGE:
                return
        raise ForgeError(f"{path} has more than {_PAGE * _MOST_PAGES:,} entries")


def repository(environment: Mapping[str, str]) -> Repository:
    """The repository that a workflow's environment names. Raises ForgeError where it doesn't."""
    name, token = environment.get("GITHUB_REPOSITORY", ""), environment.get("GITHUB_TOKEN", "")
    if not _REPOSITORY.fullmatch(name):
        raise ForgeError("GITHUB_REPOSITORY does not name a repository: this runs in a workflow of GitHub")
    if not token:
        raise ForgeError("GITHUB_TOKEN is not set: hand `${{ github.token }}` to the step by `env`")
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    return Repository(Api(environment.get("GITHUB_API_URL") or "https://api.github.com", headers), name)


@dataclass(frozen=True, slots=True)
class PullRequest:
    """The conversation of a pull request. `author` is whom the token is of, asked for where it is empty."""

    repository: Repository
    number: int
    author: str = ""

    def me(self) -> str:
        if self.author:
            return self.author
        try:
            return str(self.repository.api.ask("GET", "/user")["login"])
        except ForgeError as error:
            if error.status != 403:
                raise
            return _WORKFLOWS_OWN

    def comments(self) -> Iterator[Comment]:
        for told in self.repository.pages(f"/issues/{self.number}/comments"):
            yield _comment(told)

    def create(self, body: str) -> Comment:
        path = f"/repos/{self.repository.name}/issues/{self.number}/comments"
        return _comment(self.repository.api.ask("POST", path, {"body": body}))

    def update(self, comment: Comment, body: str) -> None:
        path = f"/repos/{self.repository.name}/issues/comments/{comment.id}"
        self.repository.api.ask("PATCH", path, {"body": body})


def _comment(told: Mapping[str, Any]) -> Comment:
    """`user` is null where the account is gone."""
    return Comment(told["id"], (told["user"] or {}).get("login", ""), told["body"] or "")
