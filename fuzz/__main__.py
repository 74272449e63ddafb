"""`make fuzz`: every target for its share of the time, one after another, then what was found is run again in a plain process.

Ends with 1 where anything was found that shows there too. What was found stays in `fuzz/found/`; a case that was mended is moved
to `fuzz/corpus/`, where the tests run it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from fuzz.targets import targets

FOUND = Path(__file__).parent / "found"
_EMISSION = 0.15
"""The share of `fuzz.emitted`."""

_PATIENCE = 900
"""Seconds that a target may take beyond four times its share, which is of CPU time, before it is taken to hang."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"one of {', '.join(targets())}, emitted")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--found", type=Path, default=FOUND)
    parser.add_argument("--engine", choices=("atheris", "hypothesis", "both"), default="both")
    options = parser.parse_args()
    names = options.targets or [*targets(), "emitted"]
    emitting = "emitted" in names
    names = [name for name in names if name != "emitted"]
    share = options.minutes * 60 * (1 - _EMISSION * emitting) / max(len(names), 1)
    engines = _engines(options.engine)
    for name in names:
        for engine in engines:
            _fuzz(name, engine, share / len(engines), options.found)
    failed = _emitted(options.minutes * (_EMISSION if names else 1)) if emitting else False
    found = [(name, file) for name in names for file in sorted((options.found / name).glob("*.json"))]
    confirmed = [file for name, file in found if _confirmed(name, file)]
    return int(failed or bool(confirmed))


def _engines(asked: str) -> Sequence[str]:
    try:
        import atheris  # noqa: F401, PLC0415
    except ImportError:
        if asked != "hypothesis":
            print("atheris is not installed: hypothesis alone", flush=True)
        return ("hypothesis",)
    return ("atheris", "hypothesis") if asked == "both" else (asked,)


def _fuzz(name: str, engine: str, seconds: float, found: Path) -> None:
    found.mkdir(parents=True, exist_ok=True)
    count = found / f"{name}.count"
    count.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "fuzz.engine",
        name,
        "--engine",
        engine,
        "--seconds",
        str(seconds),
        "--found",
        str(found),
    ]
    begun = time.monotonic()
    with (found / f"{name}.{engine}.log").open("wb") as log:
        ended = _ended(command, 4 * seconds + _PATIENCE, log)
    how = "" if ended == 0 else f", {'hung' if ended is None else f'ended with {ended}'}: see {log.name}"
    executions = int(count.read_text()) if count.exists() else 0
    print(f"{name:>18} {engine:>10}: {executions:>9,} executions in {time.monotonic() - begun:.0f} s{how}", flush=True)


def _ended(command: Sequence[str], patience: float, output: IO[bytes]) -> int | None:
    """How a program ended; None where it didn't, after so many seconds in which this process ran too.

    Who pauses one pauses both, so that a pause is never taken for a hang.
    """
    with subprocess.Popen(command, stdout=output, stderr=output) as process:
        for _ in range(int(patience)):
            with suppress(subprocess.TimeoutExpired):
                return process.wait(1)
        process.kill()
    return None


def _emitted(minutes: float) -> bool:
    command = [sys.executable, "-m", "fuzz.emitted", "--minutes", str(minutes), "--values", str(10**9)]
    return subprocess.run(command, check=False).returncode != 0


def _confirmed(name: str, file: Path) -> bool:
    """Whether a case that was found shows in a plain process; one that doesn't is a slowness of the instruments, and goes."""
    command = [sys.executable, "-m", "fuzz.replay", name, str(file)]
    with tempfile.TemporaryFile() as output:
        ended = _ended(command, 120, output)
        output.seek(0)
        said = "does not end" if ended is None else output.read().decode("utf-8", "replace")[-2000:].strip()
    failed = ended != 0
    if failed:
        print(f"{name}: {said}\n  again: {' '.join(command[:3])} {name} {file}", flush=True)
    else:
        file.unlink()
        file.with_suffix(".txt").unlink(missing_ok=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
