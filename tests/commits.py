"""Git for tests: repositories with a fixed author, nobody's configuration, and a main branch."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_SETTINGS = {
    "user.name": "Ana",
    "user.email": "ana@tiny.example",
    "init.defaultBranch": "main",
    "commit.gpgSign": "false",
    "protocol.file.allow": "always",
    "advice.detachedHead": "false",
}


def git(root: Path, *arguments: str) -> str:
    """Run git in a folder; what it says."""
    settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", *settings, "-C", str(root), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit(root: Path, message: str) -> str:
    """Commit everything below a folder, in a repository that begins with this if there is none; the commit's id."""
    if not (root / ".git").exists():
        git(root, "init", "-q")
    git(root, "add", "-A", ".")
    git(root, "commit", "-q", "--allow-empty", "-m", message)
    return git(root, "rev-parse", "HEAD")
