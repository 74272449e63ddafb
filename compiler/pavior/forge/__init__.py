"""What pipelines of GitHub and GitLab need beside the commands: the base of an event, and a comment that is kept up to date.

Nothing here renders, and nothing but the standard library is imported: the job that holds a token that can write installs nothing
and runs this alone, `PYTHONPATH=compiler python3 -m pavior.forge`. What it reads of a pull request is hostile.
"""

from __future__ import annotations


class ForgeError(Exception):
    """The forge, or what it told of itself, doesn't allow what was asked for. The text is for whoever reads the job's log.

    `status` is that of the service's answer, None where the service said nothing.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
