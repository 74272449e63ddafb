"""Commands in surroundings that are against them: without a superuser's powers, on a full disk, told to end."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import cache

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_DROP = """\
import ctypes, os, sys
if os.geteuid() == 0:
    for capability in (0, 1, 2, 3):
        if ctypes.CDLL(None, use_errno=True).prctl(24, capability, 0, 0, 0):
            sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
os.execv(sys.argv[1], sys.argv[1:])
"""
"""PR_CAPBSET_DROP (linux/prctl.h) of what lets a superuser pass by modes and owners: CAP_CHOWN, CAP_DAC_OVERRIDE,
CAP_DAC_READ_SEARCH and CAP_FOWNER (linux/capability.h). What is executed then has them no more."""


def held_to_modes(command: Sequence[str]) -> list[str]:
    """The command, as somebody for whom the modes of files hold, whoever runs the tests."""
    return [sys.executable, "-c", _DROP, *command]


def heed_endings() -> None:
    """For a child, before it begins: Ctrl-C, SIGTERM and SIGHUP end it, whatever the shell around the tests ignores."""
    for number in ENDINGS:
        signal.signal(number, signal.SIG_DFL)


def with_mounts(command: Sequence[str]) -> list[str]:
    """The command, where it can mount what it likes and nobody else sees it."""
    return [*mounting(), *command]


@cache
def mounting() -> tuple[str, ...]:
    """What gives a command its own mounts on this machine; nothing where it has no way to."""
    unshare = shutil.which("unshare")
    for flags in ("-m", "-rm") if unshare else ():
        prefix = (str(unshare), flags)
        tried = [*prefix, "sh", "-c", "mount -t tmpfs -o size=64k none /mnt && rm -f /mnt/x && echo x >/mnt/x"]
        if subprocess.run(tried, capture_output=True, check=False).returncode == 0:
            return prefix
    return ()
