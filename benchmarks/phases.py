"""One render with the clock on: `python -m benchmarks.phases REPOSITORY RESULT` writes its seconds by phase, and
how many manifests it made, as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter

started = perf_counter()

from pavior.pipeline import Selection, render  # noqa: E402 - what importing takes is one of the numbers
from pavior.pipeline.clock import Clock  # noqa: E402


def main() -> None:
    repository, result = map(Path, sys.argv[1:])
    clock = Clock(running=True)
    imported = perf_counter()
    report = render(repository, Selection(), clock)
    ended = perf_counter()
    if report.failed:
        errors = [d for d in report.diagnostics if d.is_error]
        sys.exit("\n".join(f"{d.span.file}:{d.span.line}: {d.code.number} {d.message}" for d in errors[:20]))
    phases = {"import": imported - started, **clock.seconds}
    phases["everything else"] = ended - imported - sum(clock.seconds.values())
    result.write_text(json.dumps({"seconds": phases, "manifests": report.manifests}), encoding="utf-8")


if __name__ == "__main__":
    main()
