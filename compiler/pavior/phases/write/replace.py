"""Replace: a file that people write, changed in place at their own wish."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from pavior.phases.write.endings import endings_deferred
from pavior.phases.write.private import WriteFailed, disk_failures


def replace(root: Path, path: str, before: bytes, after: bytes) -> None:
    """The file at `path`, which holds `before`, holds `after` from now on: at no time anything between, and with its mode.

    Where `path` is a link, what it leads to is replaced. Raises WriteFailed, also where somebody changed the file meanwhile.
    """
    place = os.path.realpath(root / path)
    with endings_deferred(), disk_failures():
        mode = stat.S_IMODE(os.stat(place).st_mode)
        descriptor, draft = tempfile.mkstemp(prefix=".", dir=os.path.dirname(place))
        try:
            with open(descriptor, "wb") as file:
                file.write(after)
                file.flush()
                os.fchmod(descriptor, mode)
                os.fsync(descriptor)
            if Path(place).read_bytes() != before:
                raise WriteFailed(path, "it was changed while Pavior worked on it; run the command again")
            os.replace(draft, place)
        except BaseException:
            os.unlink(draft)
            raise
