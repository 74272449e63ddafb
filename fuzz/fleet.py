"""A tiny platform repository in memory, made anew for each case, with something beside it that nobody may see."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from click.testing import CliRunner

from fuzz import output
from fuzz.case import as_bytes
from fuzz.guard import CANARY, Violation, unwatched
from pavior.cli.app import pavior

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fleets import FILES

FORMS = ("text", "concise", "json", "github", "gitlab", "sarif", "junit")
POLICY = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: few}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]}
  variables: [{name: size, expression: 'size(object.?data.orValue({}))'}]
  validations: [{expression: "variables.size < 1000 && object.metadata.name.matches('^[a-z-]+$')", message: too many}]
"""
_PROCESS = "golden-paths/components/process/component.yaml"
_COSTS = """\
policies: [policies/few.yaml]
costs:
  running: {price: core, quantity: {cores: "{{ retries | int }}"}, assumes: "{{ image }} runs all day"}
"""
_PRICES = """\
apiVersion: pavior.dev/v1
currency: EUR
date: "2026-11-02"
source: a guess
factors: {idle: {times: 1.25, reason: not all is used}}
prices: {core: {amount: 0.03, per: hour, factors: [idle]}}
"""
_REVIEWERS = 'reviewers: ["@tiny/platform"]\n'
_WAIVER = """\
waivers:
  few: {reason: a try, owner: ana@tiny.example, expires: "2027-01-31", environments: [dev]}
"""
MORE = {
    **FILES,
    "golden-paths/organization.yaml": FILES["golden-paths/organization.yaml"] + _REVIEWERS,
    "teams/red/team.yaml": FILES["teams/red/team.yaml"] + "reviewers: [ana@tiny.example]\n",
    _PROCESS: FILES[_PROCESS] + _COSTS,
    "golden-paths/prices.yaml": _PRICES,
    "teams/red/two/platform.yaml": FILES["teams/red/two/platform.yaml"] + _WAIVER,
    "golden-paths/components/process/policies/few.yaml": POLICY,
    "teams/red/one/manifests/own.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\ndata: {a: b}\n",
    "teams/red/one/patches/own.yaml": "target: {kind: Service, name: one}\n"
    "patch: [{op: add, path: /spec/type, value: ClusterIP}]\n",
    "teams/red/two/patches/own.yaml": "target: {kind: ConfigMap, name: two}\nmerge: {data: {image: null, x: z}}\n",
}
"""The tiny fleet of the tests, with a file of each sort that it lacks."""


@cache
def ground() -> Path:
    """A folder in memory, of this process alone."""
    place = Path(tempfile.mkdtemp(prefix="pavior-fuzz-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
    owner = os.getpid()
    atexit.register(lambda: shutil.rmtree(place, ignore_errors=True) if os.getpid() == owner else None)
    (place / "secret.yaml").write_text(f"apiVersion: pavior.dev/v1\nimage: {CANARY}\n")
    (place / "secrets").mkdir()
    (place / "secrets/platform.yaml").write_text(f"apiVersion: pavior.dev/v1\nimage: {CANARY}\n")
    (place / "cache").mkdir()
    return place


def writable() -> tuple[str, ...]:
    return (str(ground() / "repository"), str(ground() / "cache"))


@contextmanager
def repository(files: Mapping[str, str], *, base: Mapping[str, str] = MORE) -> Iterator[Path]:
    """The tiny fleet with these files in the place of its own, or beside them. A name that can't be one is left out."""
    root = ground() / "repository"
    with unwatched():
        shutil.rmtree(root, ignore_errors=True)
        for path, text in (*base.items(), *files.items()):
            place(root, path, as_bytes(text))
    yield root


def place(root: Path, path: str, content: bytes) -> None:
    """Write a file of a case, below the root whatever its path says."""
    parts = [part for part in path.split("/") if part not in ("", ".", "..") and "\0" not in part]
    if not parts:
        return
    file = os.path.join(os.fsencode(root), *(as_bytes(part)[:255] for part in parts))
    with suppress(OSError):  # a folder of that name is there, or a file where a folder should be
        os.makedirs(os.path.dirname(file), exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)


def command(root: Path, words: Sequence[str]) -> int:
    """Run a command in this process, and look at what it says; its exit status."""
    result = CliRunner().invoke(
        pavior, ["-C", str(root), *words], catch_exceptions=False, env={"XDG_CACHE_HOME": str(ground() / "cache")}
    )
    if result.exit_code not in (0, 1, 2, 3):
        raise Violation("status", f"{words} ended with {result.exit_code}")
    output.check(form_of(words), result.stdout)
    output.check("text", result.stderr)
    return result.exit_code


def form_of(words: Sequence[str]) -> str:
    """The form of what a command says on standard output."""
    if "--json" in words:
        return "json"
    return words[words.index("--format") + 1] if "--format" in words else "text"
