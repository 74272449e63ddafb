"""One render with its function calls counted: `python -m benchmarks.count REPOSITORY RESULT` writes how many there were (of
functions in Python and in C) and how many manifests were made, as JSON."""

from __future__ import annotations

import json
import sys
from cProfile import Profile
from pathlib import Path


def main() -> None:
    repository, result = map(Path, sys.argv[1:])
    profile = Profile()
    profile.enable()
    from pavior.pipeline import Selection, render  # noqa: PLC0415 - importing is work too

    report = render(repository, Selection())
    profile.disable()
    if report.failed:
        errors = [d for d in report.diagnostics if d.is_error]
        sys.exit("\n".join(f"{d.span.file}:{d.span.line}: {d.code.number} {d.message}" for d in errors[:20]))
    calls = sum(entry.callcount for entry in profile.getstats())
    result.write_text(json.dumps({"calls": calls, "manifests": report.manifests}), encoding="utf-8")


if __name__ == "__main__":
    main()
