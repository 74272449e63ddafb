"""Runs one target for a while: `python -m fuzz.engine TARGET --seconds N --found DIR`.

With atheris, coverage of Pavior's code guides what bytes hypothesis makes cases of; without it, hypothesis makes them alone. What
is found does not stop the run: each kind is kept once, as the shortest case that shows it.
"""

from __future__ import annotations

import argparse
import atexit
import hashlib
import json
import os
import random
import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.dont_write_bytecode = True

try:
    import atheris
except ImportError:
    atheris = None

INSTRUMENTED = 8.0
"""How many times slower than an ordinary process one with instrumented code may be."""


class Session:
    """One run: how many cases there were, and the shortest of each kind of fault."""

    def __init__(self, name: str, found: Path, slower: float, seconds: float) -> None:
        from fuzz.guard import cpu_seconds  # noqa: PLC0415  (imported while instrumented)
        from fuzz.targets import targets  # noqa: PLC0415

        self.name = name
        self.target = targets()[name]
        self.found = found
        self.slower = slower
        self.executions = 0
        self.shortest: dict[str, int] = {}
        self.told = 0.0
        self.end = cpu_seconds() + seconds
        """When it is over, in CPU time: a session that somebody pauses makes as many cases as another."""

    def one(self, case: Any) -> None:
        from fuzz.guard import Violation, guarded  # noqa: PLC0415

        self.executions += 1
        try:
            guarded(lambda: self.target.run(case), slower=self.slower, writable=self.target.writable())
        except Violation as violation:
            self.keep(violation.kind, str(violation), case)
        if time.monotonic() - self.told > 1:
            self.tell()

    def is_over(self) -> bool:
        from fuzz.guard import cpu_seconds  # noqa: PLC0415

        return cpu_seconds() > self.end

    def keep(self, kind: str, message: str, case: Any) -> None:
        text = json.dumps(case, indent=1)
        if len(text) >= self.shortest.get(kind, 10**9):
            return
        self.shortest[kind] = len(text)
        digest = hashlib.blake2b(kind.encode(), digest_size=4).hexdigest()
        words = re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-")[:60]
        folder = self.found / self.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{words}-{digest}.json").write_text(f"{text}\n", encoding="ascii")
        (folder / f"{words}-{digest}.txt").write_text(message.encode("unicode_escape").decode() + "\n")

    def tell(self) -> None:
        self.told = time.monotonic()
        self.found.mkdir(parents=True, exist_ok=True)
        (self.found / f"{self.name}.count").write_text(f"{self.executions}\n")


def _test(session: Session, examples: int) -> Callable[[], None]:
    from hypothesis import HealthCheck, Phase, given, settings  # noqa: PLC0415

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        print_blob=False,
    )
    @given(session.target.cases())
    def test(case: Any) -> None:
        session.one(case)

    return test


def _with_atheris(session: Session, corpus: Path) -> None:
    corpus.mkdir(parents=True, exist_ok=True)
    chance = random.Random(session.name)
    for number in range(40):  # hypothesis makes nothing of bytes that are too few
        (corpus / f"random-{number}").write_bytes(chance.randbytes(100 * (number % 20 + 1)))
    test: Any = _test(session, 1)
    words = [
        sys.argv[0],
        str(corpus),
        "-timeout=86400",
        "-rss_limit_mb=0",
        "-max_len=4096",
        "-len_control=0",
    ]

    def one(data: bytes) -> None:
        test.hypothesis.fuzz_one_input(data)
        if session.is_over():
            session.tell()
            atexit._run_exitfuncs()
            os._exit(0)

    atheris.Setup(words, one)
    atheris.Fuzz()  # ends the process


def _alone(session: Session) -> None:
    while not session.is_over():
        _test(session, 50)()
    session.tell()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--seconds", type=float, default=60, help="CPU time")
    parser.add_argument("--found", type=Path, required=True)
    parser.add_argument("--engine", choices=("atheris", "hypothesis"), default="atheris" if atheris else "hypothesis")
    options = parser.parse_args()
    if options.engine == "atheris":
        with atheris.instrument_imports(include=["pavior"]):
            session = Session(options.target, options.found, INSTRUMENTED, options.seconds)
    else:
        session = Session(options.target, options.found, 2.0, options.seconds)
    limit = 2 * 2**30
    resource.setrlimit(resource.RLIMIT_AS, (limit + (2**30 if atheris else 0), resource.RLIM_INFINITY))
    if options.engine == "atheris":
        _with_atheris(session, options.found / "coverage" / options.target)
    else:
        _alone(session)


if __name__ == "__main__":
    main()
