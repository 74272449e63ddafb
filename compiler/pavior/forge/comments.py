"""One comment of ours on a pull or merge request, made the first time and brought up to date after that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from pavior.forge import ForgeError

MARKER = "<!-- pavior diff -->"
"""The first line of our comment, which readers don't see. The report's Markdown begins with it."""

LIMIT = 65_536
"""Characters of a comment on GitHub, at most; GitLab takes more."""


UNTOLD = f"""{MARKER}
### What this change does could not be found out

Something in it is wrong, or its run ended before the report was written. The run's log and the annotations say what.
"""
"""Takes the place of a report that was not written, because that of the push before would be believed."""


class Done(Enum):
    """What became of the comment."""

    MADE = "made"
    UPDATED = "updated"
    KEPT = "already up to date"


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as its service tells it; `author` is the account's login."""

    id: int
    author: str
    body: str


class Conversation(Protocol):
    """The comments of one pull or merge request."""

    def me(self) -> str:
        """The login of the account that the token is of."""

    def comments(self) -> Iterator[Comment]:
        """All comments, oldest first."""

    def create(self, body: str) -> Comment:
        """Write a comment."""

    def update(self, comment: Comment, body: str) -> None:
        """Replace a comment's text."""


def upsert(conversation: Conversation, body: str) -> Done:
    """Bring our comment up to date, or make it. What others wrote with the same marker stays as it is.

    Raises ForgeError where `body` is too long or lacks the marker, and where the service refuses.
    """
    if not body.startswith(f"{MARKER}\n"):
        raise ForgeError(f"the comment does not begin with `{MARKER}`: write it with `pavior diff --format markdown`")
    if len(body) > LIMIT:
        raise ForgeError(f"the comment has {len(body):,} characters, and GitHub takes {LIMIT:,}")
    me = conversation.me()
    ours = next((c for c in conversation.comments() if c.author == me and c.body.startswith(MARKER)), None)
    if ours is None:
        made = conversation.create(body)
        if made.author != me:
            raise ForgeError(
                f"the comment is made by `{made.author}`, not `{me}`: each run would make one more without --author"
            )
        return Done.MADE
    if _comparable(ours.body) == _comparable(body):
        return Done.KEPT
    conversation.update(ours, body)
    return Done.UPDATED


def _comparable(body: str) -> str:
    """Services keep texts with line ends of their own."""
    return body.replace("\r\n", "\n").rstrip()
