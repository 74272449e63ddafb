"""Renders on file systems that are too small for it, more and less: `full_disk.py REPOSITORY WANTED ROUNDS`, free to mount.

Of a rendered repository that has changed since, WANTED is the rendered tree that it will have.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

PAGE = 4096
"""A file in memory takes whole pages."""


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def taken(folder: Path) -> tuple[int, int]:
    """Pages and inodes that a folder takes, with those of the folders in it."""
    paths = list(folder.rglob("*"))
    return sum(-(-p.stat().st_size // PAGE) for p in paths if p.is_file()), len(paths)


def try_one(repository: Path, wanted: dict[str, bytes], options: str) -> str:
    """Render on a file system of these options; what became of it."""
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", place], check=True)
        try:
            root = Path(place, "repository")
            shutil.copytree(repository, root, symlinks=True)
            old = files_of(root / "rendered")
            environment = {**os.environ, "XDG_CACHE_HOME": f"{place}/cache"}
            command = [sys.executable, "-m", "pavior", "render"]
            done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
            now = files_of(root / "rendered")
            assert "Traceback" not in done.stderr, done.stderr
            assert now == (old if done.returncode else wanted), f"{options}: neither old nor new\n{done.stderr}"
            assert not (root / ".pavior/staging").exists(), options
            if done.returncode == 0:
                return "written"
            assert done.returncode == 3, done.stdout + done.stderr
            assert "No space left on device" in done.stderr, done.stderr
            subprocess.run(["mount", "-o", "remount,size=64m,nr_inodes=100000", place], check=True)
            subprocess.run(command, cwd=root, env=environment, capture_output=True, check=True)
            assert files_of(root / "rendered") == wanted
            return "refused, and completed with more room"
        finally:
            subprocess.run(["umount", place], check=True)


def main() -> None:
    repository, wanted, rounds = Path(sys.argv[1]), files_of(Path(sys.argv[2])), int(sys.argv[3])
    pages, inodes = taken(repository)
    more_pages, more_inodes = taken(repository / "rendered")
    chance, seen = random.Random(), Counter[str]()
    for number in range(rounds):
        if number % 2:
            options = f"size=64m,nr_inodes={inodes + 5 + chance.randint(0, more_inodes // 3)}"
        else:
            options = f"size={(pages + 1 + chance.randint(0, more_pages // 3)) * PAGE},nr_inodes=100000"
        seen[f"{'inodes' if number % 2 else 'size'}: {try_one(repository, wanted, options)}"] += 1
    print(f"{rounds} renders on file systems of limited size: {dict(sorted(seen.items()))}")


if __name__ == "__main__":
    main()
