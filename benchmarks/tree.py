"""Where what was rendered lies."""

from __future__ import annotations

from pathlib import Path

from pavior.model import CATALOGUE


def service_folders(repository: Path) -> list[Path]:
    """The folder of each service in each target: as many as there are service-environments."""
    services = [file.parent for file in sorted((repository / "teams").glob("*/*/platform.yaml"))]
    rendered = repository / "rendered"
    # What the developer portal reads is of no target.
    targets = sorted(folder for folder in rendered.iterdir() if folder.is_dir() and folder.name != CATALOGUE)
    folders = [target / service.parent.name / service.name for target in targets for service in services]
    return [folder for folder in folders if folder.is_dir()]
