"""Two paths of one file system trade places at one instant, where the system can do that."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Callable
from functools import cache

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h
_RENAME_SWAP = 2  # macOS, sys/stdio.h

_CANNOT = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})


def exchange(one: str, other: str) -> bool:
    """Swap two paths that exist. False, and nothing done, where the system or the file system can't; else raises OSError."""
    swap = _system_call()
    if swap is None:
        return False
    if swap(os.fsencode(one), os.fsencode(other)) == 0:
        return True
    number = ctypes.get_errno()
    if number in _CANNOT:
        return False
    raise OSError(number, os.strerror(number), one, None, other)


@cache
def _system_call() -> Callable[[bytes, bytes], int] | None:
    library = ctypes.CDLL(None, use_errno=True)
    path, number = ctypes.c_char_p, ctypes.c_int
    try:
        renameat2 = library.renameat2
    except AttributeError:
        try:
            renamex_np = library.renamex_np
        except AttributeError:
            return None
        renamex_np.argtypes, renamex_np.restype = (path, path, ctypes.c_uint), number
        return lambda one, other: int(renamex_np(one, other, _RENAME_SWAP))
    renameat2.argtypes, renameat2.restype = (number, path, number, path, ctypes.c_uint), number
    return lambda one, other: int(renameat2(_AT_FDCWD, one, _AT_FDCWD, other, _RENAME_EXCHANGE))
