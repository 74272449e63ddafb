"""Cases of tests/compare/: manifests before and after, and exactly what is said of them, as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pavior.compare import Edit, FieldChange, ManifestChange, written
from pavior.compare.difference import Group, Where
from pavior.compare.grouping import Grouping
from pavior.compare.groups import raw_values
from pavior.compare.knowledge import Knowledge
from pavior.compare.manifests import compare
from pavior.model import Manifest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "compare"
_EXPECT = "expect: |\n"


@dataclass(frozen=True, slots=True)
class Case:
    """One document of a file: `text` as it is written, without what it expects."""

    file: Path
    number: int
    text: str
    expected: str

    @property
    def content(self) -> dict[str, Any]:
        loaded: dict[str, Any] = yaml.safe_load(self.text)
        return loaded


@cache
def knowledge() -> Knowledge:
    """What this repository's components say."""
    files = sorted(ROOT.glob("golden-paths/components/*/changes.yaml"))
    loaded = [yaml.safe_load(file.read_bytes()) for file in files]
    return Knowledge(rule for component in loaded for rule in component["changes"])


def cases() -> Iterator[Case]:
    for file in sorted(FOLDER.glob("*.yaml")):
        for number, document in enumerate(file.read_text(encoding="utf-8").split("---\n")):
            text, _, expected = document.partition(_EXPECT)
            yield Case(file, number, text, "".join(line[2:] for line in expected.splitlines(keepends=True)))


def update(told: dict[Case, str]) -> None:
    """Write what is told now into the cases."""
    for file in sorted(FOLDER.glob("*.yaml")):
        documents = []
        for case, text in told.items():
            if case.file == file:
                lines = "".join(f"  {line}\n" for line in text.splitlines())
                documents.append(case.text.rstrip("\n") + f"\n{_EXPECT}{lines}")
        file.write_text("---\n".join(documents), encoding="utf-8")


def tell(case: Case) -> str:
    """What is said of a case: of a `fleet` its groups, else each change."""
    content = case.content
    if "fleet" in content:
        return "".join(f"{line}\n" for line in _groups(content))
    changes = compare(content["before"], content["after"], knowledge())
    return "".join(f"{line}\n" for change in changes for line in _change(change)) or "nothing\n"


def _change(change: ManifestChange) -> Iterator[str]:
    names = [
        each.name if not each.namespace else f"{each.namespace}/{each.name}"
        for each in (change.former, change.identity)
        if each
    ]
    words = f" ({change.words})" if change.words else ""
    words += f": {change.told}" if change.told else ""
    yield f"{change.risk.slug}: {change.edit.value} {change.identity.group_kind} {' → '.join(names)}{words}"
    if change.effect:
        yield f"  so: {change.effect}"
    for field in change.fields:
        yield f"  {_field(field)}"
        if field.effect:
            yield f"    so: {field.effect}"
    for each in change.consequences:
        yield f"  followed by {each.identity.kind} {each.identity.name} {written(each.path)}, {each.risk.slug}"


def _field(field: FieldChange) -> str:
    values = " → ".join(value for value in raw_values(field) if value is not None)
    words = f" ({field.words})" if field.words else ""
    return f"{field.risk.slug}: {field.edit.value} {written(field.path)}{words}: {values}"


def _groups(content: dict[str, Any]) -> Iterator[str]:
    grouping = Grouping()
    for name in content["fleet"]:
        team, service = name.split("/")
        where = Where("prod", "prod", "north", team, service, owner=Edit(content.get("owner", "changed")))
        before, after = (_of(content[key], team, service) for key in ("before", "after"))
        grouping.add(where, compare(before, after, knowledge()))
    for group in grouping.report("base", "head").groups:
        yield from _group(group)


def _of(manifests: list[Manifest], team: str, service: str) -> list[Manifest]:
    text = yaml.safe_dump(manifests).replace("SERVICE", service).replace("TEAM", team)
    loaded: list[Manifest] = yaml.safe_load(text)
    return loaded


def _group(group: Group) -> Iterator[str]:
    at = f" {group.kind}" if group.kind else ""
    at += f" {group.path}" if group.path else ""
    yield f"{group.risk.slug}: {group.edit.value}{at} ({group.words}): {group.times} of {', '.join(group.reach.names)}"
    for variant in group.variants:
        values = " → ".join(value for value in (variant.before, variant.after) if value is not None)
        yield f"  {values or 'the same'}: {', '.join(variant.reach.names)}"
