"""Running a command once and knowing what it took."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """What one command took: seconds on the wall's clock and of processors, and the most memory that one process held, in bytes.

    Processor time includes all its processes and the system's work for them. On a machine that does other work too, it is
    the steadier number.
    """

    seconds: float
    processor: float
    peak_memory: int


class CommandFailed(Exception):
    """A command that is measured ended with another status than 0. The message holds what it said."""


def measure(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Run:
    """Run `command` in `folder` and wait for it. Its output is kept only to say why it failed."""
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        complaint = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        said = complaint.decode(errors="replace")[-4000:]
        raise CommandFailed(f"{' '.join(command)}: exit status {process.returncode}\n{said}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
