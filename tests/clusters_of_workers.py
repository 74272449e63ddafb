"""Dask clusters on this machine for tests: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fleets import ROOT

_START = 60.0
"""Seconds that all may take to start on a machine that does other work."""


@dataclass(slots=True)
class Cluster:
    """A running scheduler, and its workers in the order in which they were started."""

    address: str
    scheduler: subprocess.Popen[bytes]
    place: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add(self, folder: Path, compiler: Path = ROOT / "compiler") -> None:
        """Start one more worker, in a folder of its own, with this compiler; it is there when this returns."""
        folder.mkdir()
        options = ["--nthreads", "2", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
        environment = _environment(compiler) | {"XDG_CACHE_HOME": str(folder / "cache")}
        command = [sys.executable, "-m", "distributed.cli.dask_worker", self.address, *options]
        with (folder / "log").open("wb") as log:
            made = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        self.workers.append(made)
        _wait_for(folder / "log", b"Registered to:", made)

    def kill(self, *processes: subprocess.Popen[bytes]) -> None:
        for process in processes:
            process.send_signal(signal.SIGKILL)
        for process in processes:
            process.wait()


@contextmanager
def cluster(place: Path, workers: int) -> Iterator[Cluster]:
    """A scheduler with some workers, whose files and logs are below `place`."""
    place.mkdir()
    file = place / "scheduler.json"
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", *options]
    with (place / "log").open("wb") as log:
        scheduler = subprocess.Popen(command, cwd=place, env=_environment(ROOT / "compiler"), stdout=log, stderr=log)
    made = Cluster("", scheduler, place)
    try:
        line = _wait_for(place / "log", b"Scheduler at:", scheduler)
        made.address = line.split()[-1].decode()
        for number in range(workers):
            made.add(place / f"worker{number}")
        yield made
    finally:
        made.kill(*(process for process in (*made.workers, scheduler) if process.poll() is None))


def _environment(compiler: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(compiler), "DASK_DISTRIBUTED__WORKER__DAEMON": "False"}


def _wait_for(log: Path, words: bytes, process: subprocess.Popen[bytes]) -> bytes:
    """The line of a log with these words, once it is there."""
    until = time.monotonic() + _START
    while time.monotonic() < until and process.poll() is None:
        for line in log.read_bytes().splitlines():
            if words in line:
                return line
        time.sleep(0.05)
    raise AssertionError(f"it did not start:\n{log.read_text(errors='replace')}")
