"""What is installed is pinned by its hash, what is released is the same bytes for the same commit, and its licences are known."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.licenses import canonicalize_license_expression
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]

REQUIREMENTS = [
    ROOT / "requirements.txt",
    ROOT / "fuzz/requirements.txt",
    *sorted(ROOT.glob("tools/*/requirements.txt")),
]
LINE = re.compile(r"[a-z0-9][a-z0-9.-]*==[0-9][\w.]*( ; [^\\]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+")
RELEASE = yaml.load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)

LICENSES = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0"}
"""Licences under which what Pavior needs may stand: those that ask nothing of who uses it beside a notice, and the Mozilla
licence, which asks for changes of its own files alone."""

CLASSIFIERS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "License :: OSI Approved :: Python Software Foundation License": "PSF-2.0",
}

READ = {"partd": ("BSD", "BSD-3-Clause")}
"""Licences that metadata names by a word of its own, as the text of the distribution's licence says."""


EXTRAS = ("shared", "dask")


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_requirement_has_a_version_and_hashes_and_no_address(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    entries = re.split(r"\n(?! )", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    assert entries
    assert [entry for entry in entries if not LINE.fullmatch(entry)] == []


def test_requirements_hold_all_that_the_project_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    assert project["project"]["optional-dependencies"].keys() == set(EXTRAS)
    named += [each for extra in EXTRAS for each in project["project"]["optional-dependencies"][extra]]
    named += project["build-system"]["requires"]
    pinned = dict(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    for requirement in map(Requirement, named):
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        assert requirement.specifier.contains(pinned[name]), requirement


@pytest.mark.parametrize("script", ["setup.sh", "requirements.sh", "release.sh"])
def test_scripts_install_by_hash_alone(script: str) -> None:
    text = (ROOT / "tools" / script).read_text(encoding="utf-8").replace("\\\n", " ")
    installs = [line for line in text.splitlines() if re.search(r"pip( --python \S+)? install ", line)]
    assert installs
    for line in installs:
        by_hash = "--require-hashes" in line and "--only-binary :all:" in line
        # Pavior itself: a folder or a wheel that was just built, whose needs are pinned beside it.
        itself = ("--no-index" in line and "--editable ." in line) or ("--constraint" in line and "dist/*.whl" in line)
        assert by_hash or itself, line


def test_what_is_built_in_go_has_checksums_and_no_toolchain_is_fetched() -> None:
    modules = sorted(ROOT.glob("tools/*/go.mod"))
    assert modules
    assert [module for module in modules if not module.with_name("go.sum").is_file()] == []
    text = (ROOT / "tools/setup.sh").read_text(encoding="utf-8").replace("\\\n", " ")
    builds = [line for line in text.splitlines() if ' build -o "' in line or " build -o ." in line]
    assert builds
    assert all("GOTOOLCHAIN=local" in line and "-mod=readonly" in line for line in builds)


def test_what_npm_installs_has_checksums_and_runs_nothing() -> None:
    for path in ROOT.glob("tools/*/package-lock.json"):
        packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
        assert [name for name, package in packages.items() if name and "integrity" not in package] == []
        assert [name for name, package in packages.items() if "resolved" in package] == []
    for path in (ROOT / "tools/setup.sh", ROOT / "Makefile"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.search(r"\bnpm (ci|install|i)\b", line):
                assert "npm ci --ignore-scripts" in line


# Licences -------------------------------------------------------------------------------------------------------------


def needed(name: str, found: dict[str, Distribution], extras: tuple[str, ...] = ()) -> dict[str, Distribution]:
    """A distribution with these extras and what it needs in turn, as installed here, by their names as indexes write them."""
    name = re.sub(r"[-_.]+", "-", name).lower()
    if name not in found or extras:
        found[name] = distribution(name)
        for requirement in map(Requirement, found[name].requires or ()):
            wanted = [*extras, ""] if requirement.marker is not None else [""]
            if requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in wanted):
                needed(requirement.name, found, tuple(requirement.extras))
    return found


def licences(metadata: Any) -> Iterator[str]:
    """The licences that a distribution's metadata names, each a choice or a part: all of them must be allowed."""
    expression = metadata.get("License-Expression")
    if expression:
        yield from re.findall(
            r"[\w.-]+", re.sub(r"\b(AND|OR|WITH)\b", " ", canonicalize_license_expression(expression))
        )
        return
    word, licence = READ.get(metadata["Name"], ("", ""))
    if metadata.get("License") in LICENSES or (word and metadata.get("License") == word):
        yield licence or metadata["License"]
    for classifier in metadata.get_all("Classifier") or ():
        if classifier.startswith("License :: "):
            yield CLASSIFIERS.get(classifier, classifier)


def test_all_that_pavior_needs_stands_under_a_licence_that_is_allowed() -> None:
    found = {name: set(licences(each.metadata)) for name, each in needed("pavior", {}, EXTRAS).items()}
    assert {"pavior", "jinja2", "markupsafe", "jsonschema-rs", "aiohttp", "cffi", "tornado"} <= found.keys()
    assert {name: named for name, named in found.items() if not named or named - LICENSES} == {}


def test_the_licence_is_the_one_that_the_project_names() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.split()[:4] == ["Apache", "License", "Version", "2.0,"]
    assert distribution("pavior").metadata["License-Expression"] == "Apache-2.0"


# Releases -------------------------------------------------------------------------------------------------------------


def built(folder: Path, umask: int, moment: int) -> dict[str, bytes]:
    """Both distributions of a copy of the sources, whose files were changed at `moment`."""
    for part in ("compiler/pavior", "golden-paths", "schemas"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / file, folder / file)
    for path in folder.rglob("*"):
        path.chmod(0o777 & ~umask if path.is_dir() else 0o666 & ~umask)
        os.utime(path, (moment, moment))
    command = [sys.executable, "-m", "hatchling", "build", "--directory", "out"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1800000000", "PYTHONHASHSEED": str(umask)}
    subprocess.run(command, cwd=folder, env=environment, umask=umask, check=True, capture_output=True)
    return {path.name: path.read_bytes() for path in sorted((folder / "out").iterdir())}


def test_two_builds_of_the_same_sources_are_the_same_bytes(tmp_path: Path) -> None:
    one = built(tmp_path / "one", 0o022, 1_700_000_000)
    other = built(tmp_path / "elsewhere/other", 0o077, 1_750_000_000)
    assert [Path(name).suffix for name in one] == [".whl", ".gz"]
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []
    assert str(tmp_path).encode() not in b"".join(one.values())


def test_a_tag_that_is_not_the_version_is_refused() -> None:
    def tagged(tag: str) -> int:
        command = ["sh", str(ROOT / "tools/release.sh"), "tag", tag]
        return subprocess.run(command, check=False, capture_output=True).returncode

    assert tagged(f"v{distribution('pavior').version}") == 0
    assert tagged("v99.0.0") == 1


def test_no_job_of_a_release_both_runs_this_repositorys_code_and_can_write() -> None:
    for job in RELEASE["jobs"].values():
        runs = any("run" in step and "gh release" not in step["run"] for step in job["steps"])
        checkout = any(step.get("uses", "").startswith("actions/checkout@") for step in job["steps"])
        assert not ((runs or checkout) and "write" in job["permissions"].values())


def test_a_release_keeps_no_secret_and_publishes_what_was_attested() -> None:
    assert "secrets." not in (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    jobs = RELEASE["jobs"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert [jobs[name]["needs"] for name in ("attest", "publish", "announce")] == ["build", "attest", "publish"]
    attested = [step["with"]["subject-path"] for step in jobs["attest"]["steps"] if "actions/attest@" in step["uses"]]
    assert attested == ["dist/*", "dist/*"]
    assert jobs["publish"]["environment"] == "pypi"
