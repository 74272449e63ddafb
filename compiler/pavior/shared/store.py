"""store.py get|put NAME: one file of the place that PAVIOR_SHARED_CACHE names, to standard output or from standard input.

A program of its own, which imports nothing of Pavior: whoever waits for it can end it. Exit status: 0 done, 4 there is nothing,
1 it can't be done, and the last line on standard error says why.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

LARGEST = 2**28
"""Bytes that are read: of 10,000 services there are some 10 MB."""

MISSING = 4


def main(verb: str, name: str) -> int:
    """Do it; the exit status."""
    try:
        url = os.environ["PAVIOR_SHARED_CACHE"]
        if verb == "put":
            put(url, name, sys.stdin.buffer.read())
            return 0
        content = get(url, name)
    except Exception as fault:
        words = (getattr(fault, "strerror", None) or str(fault)).replace("\n", " ").strip()
        print(f"{type(fault).__name__}: {words}", file=sys.stderr)
        return 1
    if content is None:
        return MISSING
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
    return 0


def get(url: str, name: str) -> bytes | None:
    """What lies under a name; None where nothing does. Raises what the store's library does, ValueError where it is too large."""
    from fsspec.core import url_to_fs  # noqa: PLC0415  (that it is missing is told as other faults are)

    files, folder = url_to_fs(url)
    try:
        content: bytes = files.cat_file(_path(folder, name))
    except FileNotFoundError:
        return None
    if len(content) > LARGEST:
        raise ValueError("it is larger than anything that Pavior puts there")
    return content


def put(url: str, name: str, content: bytes) -> None:
    """Put something under a name, at once as a whole. Raises what the store's library does."""
    from fsspec.core import url_to_fs  # noqa: PLC0415

    files, folder = url_to_fs(url)
    if "file" in ((files.protocol,) if isinstance(files.protocol, str) else files.protocol):
        files.makedirs(folder, exist_ok=True)  # elsewhere folders are nothing, or somebody else's to make
    with files.transaction, files.open(_path(folder, name), "wb") as file:
        file.write(content)


def _path(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}"


def limit() -> None:
    """Have what never ends, from a place that is nobody's to trust, end here and not when the machine is full."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415  (Unix alone has it)

        resource.setrlimit(resource.RLIMIT_AS, (8 * LARGEST, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    limit()
    # The process ends here, whatever threads a library leaves behind.
    status = main(*sys.argv[1:])
    sys.stderr.flush()
    os._exit(status)
