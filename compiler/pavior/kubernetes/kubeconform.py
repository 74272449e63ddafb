"""The rendered tree under kubeconform: another program's word on what Pavior wrote.

It runs offline on the project's schemas alone, strictly (unknown fields and duplicate keys are faults), and skips nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pavior.diagnostics import Diagnostic
from pavior.diagnostics.codes.discover import NOT_A_PLAIN_FILE
from pavior.diagnostics.codes.plan import SYMBOLIC_LINK
from pavior.diagnostics.codes.verify import REFUSED, UNVERIFIED
from pavior.kubernetes import BrokenTool, MissingTool, Schema
from pavior.kubernetes.definitions import Definition, defined, read_definitions
from pavior.kubernetes.places import Place, places
from pavior.kubernetes.schemas import KindId, file_name
from pavior.model import Span

CHECKOUT = Path(__file__).parents[3]
"""Where this package's own repository is, if it runs from one: its `make tools` puts kubeconform there."""

_ENDINGS = (".yaml", ".yml", ".json")  # what kubeconform reads in a folder
_LOCATION = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"

_INNERMOST = re.compile(r"jsonschema: '(?P<where>[^']*)' does not validate with \S+: (?P<text>.+)", re.DOTALL)
_HOW_TO_GET_IT = (
    "get it with `make tools` in a checkout of Pavior, or with"
    " `go install github.com/yannh/kubeconform/cmd/kubeconform@v0.6.7`, and have it in $PATH or name it in $KUBECONFORM"
)


@dataclass(frozen=True, slots=True)
class Verification:
    """What kubeconform counted, and the manifests that it refused or could not check, each at its line."""

    files: int = 0
    valid: int = 0
    invalid: int = 0
    errors: int = 0
    skipped: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def manifests(self) -> int:
        return self.valid + self.invalid + self.errors + self.skipped


def find_kubeconform() -> Path:
    """Where kubeconform is: what $KUBECONFORM says, else in .tools/bin of Pavior's own checkout, else in $PATH.

    Never below the platform repository: what lies there comes from whoever can open a pull request.
    """
    named = os.environ.get("KUBECONFORM")
    program = named or shutil.which("kubeconform", path=str(CHECKOUT / ".tools/bin")) or shutil.which("kubeconform")
    if program and shutil.which(program):
        return Path(program)
    at_fault = f"$KUBECONFORM names `{named}`, which is no program" if named else "kubeconform is missing"
    raise MissingTool(f"{at_fault}; {_HOW_TO_GET_IT}")


def verify(repository: Path, rendered: str, schemas: Sequence[Path]) -> Verification:
    """Run kubeconform over the tree at `rendered` (below `repository`), with the schemas of these folders and those of the
    kinds that manifests of the same render target define. What is no plain file or folder is refused: a link leads anywhere.
    Raises MissingTool and BrokenTool."""
    program = find_kubeconform()
    if refused := tuple(_not_plain(f"{repository}/{rendered}", rendered)):
        return Verification(diagnostics=refused)
    definitions = [each for folder in schemas for each in read_definitions(folder)]
    total = Verification()
    for group, extra in _groups(repository / rendered, definitions):
        with tempfile.TemporaryDirectory(prefix="pavior-") as scratch:
            _write_schemas(Path(scratch), extra)
            found = _run(program, repository, [*schemas, Path(scratch)], group)
        total = _sum(total, found)
    return total


def _not_plain(place: str, path: str) -> Iterator[Diagnostic]:
    """What a program that reads a whole tree would follow out of it, or wait for."""
    mode = os.lstat(place).st_mode if os.path.lexists(place) else 0
    if stat.S_ISDIR(mode):
        with os.scandir(place) as scanned:
            entries = sorted(entry.name for entry in scanned if not entry.is_file(follow_symlinks=False))
        for name in entries:
            yield from _not_plain(f"{place}/{name}", f"{path}/{name}")
    elif stat.S_ISLNK(mode):
        hint = "replace it by what it leads to, or delete it"
        yield Diagnostic(SYMBOLIC_LINK, Span(path), f"`{path}` is a symbolic link", hint)
    elif mode:
        yield Diagnostic(NOT_A_PLAIN_FILE, Span(path), f"`{path}` is not a plain file", "delete it")


def _groups(root: Path, definitions: Sequence[Definition]) -> Iterator[tuple[list[Path], dict[KindId, Schema]]]:
    """The folders below `root` that go together because they define the same kinds, with these kinds' schemas."""
    groups: dict[str, tuple[list[Path], dict[KindId, Schema]]] = {}
    for folder in sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else ():
        kinds = _defined_below(folder, definitions)
        key = json.dumps(sorted(kinds.items()), sort_keys=True)
        groups.setdefault(key, ([], kinds))[0].append(folder)
    yield from groups.values()


def _defined_below(folder: Path, definitions: Sequence[Definition]) -> dict[KindId, Schema]:
    from pavior.syntax.tolerant import documents_of  # noqa: PLC0415  # not needed to start

    marks = [f"kind: {definition.kind}".encode() for definition in definitions]
    found: dict[KindId, Schema] = {}
    for file in _files(folder):
        content = file.read_bytes()
        if any(mark in content for mark in marks):
            documents = documents_of(content) or ()  # kubeconform says what is wrong with it
            found |= defined((each for each in documents if isinstance(each, dict)), definitions)
    return found


def _write_schemas(folder: Path, kinds: Mapping[KindId, Schema]) -> None:
    for (api_version, kind), schema in kinds.items():
        name = file_name(api_version, kind)
        if name:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(json.dumps(schema), encoding="utf-8")


def _run(program: Path, repository: Path, schemas: Iterable[Path], folders: Sequence[Path]) -> Verification:
    locations = [
        text for folder in schemas for text in ("-schema-location", f"{folder.resolve().as_posix()}/{_LOCATION}")
    ]
    options = ["-strict", "-summary", "-output", "json", "-n", str(os.cpu_count() or 1)]
    command = [str(program), *options, *locations, *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        answer = json.loads(done.stdout)
        counts = {key: answer["summary"][key] for key in ("valid", "invalid", "errors", "skipped")}
    except (ValueError, KeyError, TypeError):
        raise BrokenTool(f"`{program}` failed: {(done.stderr or done.stdout).strip()[:500]}") from None
    files = sum(1 for folder in folders for _ in _files(folder))
    diagnostics = tuple(each for result in answer["resources"] for each in _diagnostics(result, repository))
    return Verification(files, **counts, diagnostics=diagnostics)


def _diagnostics(result: Mapping[str, Any], repository: Path) -> Iterator[Diagnostic]:
    name, kind = result.get("name") or "?", result.get("kind") or "?"
    file = Path(result["filename"])
    path = file.resolve().relative_to(repository.resolve()).as_posix()
    place = places(file, path, Place(result.get("version") or "", kind, name))
    code = REFUSED if result["status"] == "statusInvalid" else UNVERIFIED
    for where, text in _said(result):
        yield Diagnostic(code, place(where), f"{kind} `{name}`: {where + ' ' if where else ''}{_lowered(text)}")


def _said(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What kubeconform says of a manifest: JSON pointers and texts."""
    text = result.get("msg") or result["status"]
    # The message names the innermost fault; `validationErrors` may name only the schema around it.
    innermost = _INNERMOST.search(text)
    if innermost:
        return [(innermost["where"], innermost["text"])]
    errors = result.get("validationErrors") or []
    return [(each.get("path", ""), each["msg"]) for each in errors] or [("", text)]


def _lowered(text: str) -> str:
    return (text[:1].lower() + text[1:]).replace("'", "`").rstrip(".\n")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.suffix in _ENDINGS and path.is_file())


def _sum(one: Verification, other: Verification) -> Verification:
    return Verification(
        one.files + other.files,
        one.valid + other.valid,
        one.invalid + other.invalid,
        one.errors + other.errors,
        one.skipped + other.skipped,
        (*one.diagnostics, *other.diagnostics),
    )
