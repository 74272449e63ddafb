"""The content of blobs, by one long-lived `git cat-file --batch` for each process that asks."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from pavior.git.run import GitProblem, command, environment, missing, problem

_AT_ONCE = 128
"""Ids that are asked for before the first answer is read: few enough for a pipe to hold, so that neither end waits."""

_CHUNK = 2**16


@dataclass(slots=True)
class Blobs:
    """Reads blobs of one repository. After a fork each process has its own Git."""

    root: str
    _process: subprocess.Popen[bytes] | None = None
    _of: int = 0

    def read(self, id_: str, limit: int) -> bytes | None:
        """One blob; None where it is larger than `limit` bytes. Raises GitProblem where the clone lacks it."""
        return next(self.read_all([id_], limit))

    def read_all(self, ids: Sequence[str], limit: int) -> Iterator[bytes | None]:
        """Blobs in the order of their ids, as `read`."""
        asking, answering = self._pipes()
        for start in range(0, len(ids), _AT_ONCE):
            part = ids[start : start + _AT_ONCE]
            try:
                asking.write("".join(f"{id_}\n" for id_ in part).encode())
                asking.flush()
            except BrokenPipeError:
                raise self._ended() from None
            yield from [
                self._answer(answering, limit) for _ in part
            ]  # all at once: who stops half-way leaves no answers behind

    def close(self) -> None:
        """End the Git of this process."""
        if self._process is not None and self._of == os.getpid():
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                assert pipe is not None
                pipe.close()
            self._process.wait()
        self._process = None

    def _answer(self, answering: IO[bytes], limit: int) -> bytes | None:
        head = answering.readline().split()
        if not head:
            raise self._ended()
        if head[1] == b"missing" or len(head) != 3:
            raise problem("missing object")
        size = int(head[2])
        content = None
        if size > limit:
            for step in range(0, size, _CHUNK):
                answering.read(min(_CHUNK, size - step))
        else:
            content = answering.read(size)
        answering.read(1)
        return content

    def _ended(self) -> GitProblem:
        assert self._process is not None
        assert self._process.stderr is not None
        said = os.fsdecode(self._process.stderr.read())
        self.close()
        return problem(said)

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._process is None or self._of != os.getpid():
            try:
                self._process = subprocess.Popen(
                    command(self.root, "cat-file", "--batch"),
                    env=environment(),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
            except FileNotFoundError as error:
                raise missing() from error
            self._of = os.getpid()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout
