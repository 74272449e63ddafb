"""Verify: the rendered tree as another program sees it."""

from __future__ import annotations

from pathlib import Path

from pavior.kubernetes import kubeconform
from pavior.kubernetes.kubeconform import Verification
from pavior.model import RENDERED
from pavior.phases.write import recover
from pavior.pipeline.policies import schema_folders


def verify(root: Path) -> Verification:
    """Run kubeconform over rendered/ with Pavior's schemas and the repository's own. Raises MissingTool and BrokenTool."""
    recover(root)
    return kubeconform.verify(root, RENDERED, schema_folders(root))
