"""No command opens a connection unless it is told to.

What an interpreter does is told to a hook that it can't take off; the programs that it starts are looked at by name.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from commits import commit
from fleets import ROOT, put, tiny
from pavior.cli.app import pavior
from shared_places import trusting

HOOK = """
import os, sys

def hook(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind") or event.startswith("socket.get"):
        os.write(2, f"network: {event}\\n".encode())
        os._exit(70)
    if event == "subprocess.Popen":
        os.write(2, f"started: {os.path.basename(arguments[1][0])}\\n".encode())

sys.addaudithook(hook)
"""

COMMANDS = {
    "cases": [["cases"]],
    "check": [["check"], ["check", "--base", "HEAD"]],
    "codeowners": [["codeowners"]],
    "cost": [["cost"]],
    "diff": [["diff"], ["diff", "--base", "HEAD", "--format", "markdown"]],
    "explain": [["explain", "red/one", "--env", "dev"], ["explain", "PV101"]],
    "fix": [["fix"]],
    "fmt": [["fmt"]],
    "list": [["list"]],
    "render": [["render"], ["render", "--jobs", "2"], ["render", "--shard", "1/1", "--proof", "proof"]],
    "schema": [["schema"]],
    "shards": [["shards", "proof"]],
    "validate": [["validate"]],
    "verify": [["verify"]],
}

PRICES = """\
apiVersion: pavior.dev/v1
currency: EUR
date: "2026-11-02"
source: made up
prices: {disk-gib: {amount: 2, per: month}}
"""

STARTED = {"git", "kubeconform"}
"""The programs that commands start. Neither is asked for anything that isn't on the disk."""


def hooked(program: str, *arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the hook on. Exit status 70: it wanted to go somewhere."""
    command = [sys.executable, "-c", HOOK + program, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "compiler")} | variables
    if "PAVIOR_SHARED_CACHE" not in variables:
        environment.pop("PAVIOR_SHARED_CACHE", None)
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with a commit, and a change that isn't in it."""
    root = tiny(tmp_path_factory.mktemp("tiny"))
    put(root, "golden-paths/prices.yaml", PRICES)
    commit(root, "one")
    put(root, "teams/red/two/platform.yaml", (root / "teams/red/two/platform.yaml").read_text() + "port: 81\n")
    return root


def test_all_commands_are_looked_at() -> None:
    assert COMMANDS.keys() == pavior.commands.keys()


@pytest.mark.parametrize("arguments", [each for every in COMMANDS.values() for each in every], ids=" ".join)
def test_a_command_opens_no_connection(arguments: list[str], repository: Path) -> None:
    done = hooked("from pavior.cli import main\nmain()", *arguments, folder=repository)
    told = done.stderr.splitlines()
    assert [line for line in told if line.startswith("network: ")] == []
    # There may be no kubeconform.
    assert done.returncode in ((0, 3) if arguments == ["verify"] else (0, 1)), done.stderr
    assert {line.removeprefix("started: ") for line in told if line.startswith("started: ")} <= STARTED


def test_a_shared_cache_is_what_has_a_command_start_what_opens_one(repository: Path, tmp_path: Path) -> None:
    variables = {**trusting("http://127.0.0.1:1/cache"), "XDG_CACHE_HOME": str(tmp_path)}
    done = hooked("from pavior.cli import main\nmain()", "check", folder=repository, **variables)
    started = {line.removeprefix("started: ") for line in done.stderr.splitlines() if line.startswith("started: ")}
    assert started - STARTED == {os.path.basename(sys.executable)}
    assert "PV801" in done.stdout


@pytest.mark.parametrize(
    "program",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9), timeout=1)",
        "import socket; socket.getaddrinfo('localhost', 80)",
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 9))",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
        "import os; child = os.fork()\nif child: sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "import socket; socket.create_connection(('127.0.0.1', 9), timeout=1)",
    ],
)
def test_the_hook_sees_a_connection(program: str, tmp_path: Path) -> None:
    done = hooked(program, folder=tmp_path)
    assert done.returncode == 70
    assert "network: socket." in done.stderr
