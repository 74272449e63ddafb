"""What components say of changes: their `changes.yaml`, which rendering never reads."""

from __future__ import annotations

from collections.abc import Mapping

from pavior.compare.knowledge import Knowledge
from pavior.diagnostics import Diagnostic, Outcome
from pavior.model import Value
from pavior.phases import validate
from pavior.phases.compose import CHANGES_FILE
from pavior.phases.discover import Repository, read
from pavior.phases.load import load
from pavior.repository import COMPONENTS
from pavior.schema import Schemas


def knowledge_of(repository: Repository, schemas: Schemas) -> Outcome[Knowledge]:
    """The rules of all components of a repository. What is wrong with a file is told, and the rules of the others hold."""
    diagnostics: list[Diagnostic] = []
    entries: list[Mapping[str, Value]] = []
    for name, files in sorted(repository.components.items()):
        path = f"{COMPONENTS}/{name}/{CHANGES_FILE}"
        if path not in files:
            continue
        source = read(repository, path)
        document = load(source.value) if source.value is not None else Outcome(None, source.diagnostics)
        found = [*document.diagnostics]
        if document.value is not None:
            found += validate.validate(document.value, "changes", schemas)
            if not any(diagnostic.is_error for diagnostic in found):
                entries += document.value.value["changes"]
        diagnostics += found
    return Outcome(Knowledge(entries), tuple(diagnostics))
