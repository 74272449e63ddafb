"""The files of a repository that people write: which there are, of what kind, and the schemas that say what belongs in them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pavior.diagnostics import Outcome
from pavior.phases.discover import Repository
from pavior.pipeline.golden_paths import load_files
from pavior.pipeline.golden_paths import schemas_of as schemas_of_files
from pavior.repository import COMPONENTS, GOLDEN_PATHS
from pavior.schema import Kind, Schemas


@dataclass(frozen=True, slots=True)
class Handwritten:
    """A file and its kind; `golden_path` is the one that a golden-path.yaml is of."""

    path: str
    kind: Kind
    golden_path: str = ""


def is_below(path: str, chosen: Collection[str]) -> bool:
    """Whether a file is one of the chosen, or in one of the chosen folders; "" is the whole repository."""
    return any(not each or path == each or path.startswith(f"{each}/") for each in chosen)


def of_golden_paths(repository: Repository) -> list[Handwritten]:
    """The files of golden-paths/ that are no templates."""
    files = [Handwritten(repository.organization, "organization")]
    files += [Handwritten(path, "environment") for path in repository.environments.values()]
    files += [
        Handwritten(f"{GOLDEN_PATHS}/{name}/golden-path.yaml", "golden-path", name) for name in repository.golden_paths
    ]
    files += [Handwritten(f"{COMPONENTS}/{name}/component.yaml", "component") for name in repository.components]
    return files + ([Handwritten(repository.prices, "prices")] if repository.prices else [])


def schemas_of(repository: Repository) -> Outcome[Schemas]:
    """The schemas of its files, as far as they are sound; no value while a file of golden-paths/ can't be read."""
    loaded = load_files(repository)
    return Outcome(None, loaded.diagnostics) if loaded.value is None else schemas_of_files(loaded.value)
