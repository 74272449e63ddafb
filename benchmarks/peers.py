"""The same manifests made by `helm template` and `kustomize build`, one run of the tool for each service.

Their input is what Pavior rendered of the service: for Helm a chart with the manifests as templates and the image as a value, for
Kustomize the manifests as a base beneath an overlay that sets namespace and a label. That favours them: everything
that is decided in Pavior is already decided in what they read.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median

import yaml

from benchmarks.measure import measure


def peers() -> dict[str, Callable[[Path, Path], list[str]] | None]:
    """By the name that is reported: what lays out a service's manifests for the tool and says the command; None: not found."""
    return {
        "helm template": _helm if shutil.which("helm") else None,
        "kustomize build": _kustomize if shutil.which("kustomize") else None,
    }


def seconds_a_service(
    prepare: Callable[[Path, Path], list[str]], services: Sequence[Path], scratch: Path, rounds: int
) -> float:
    """The median over `services`, folders of rendered manifests, of the median of `rounds` runs."""
    medians = []
    for index, service in enumerate(services):
        folder = scratch / str(index)
        command = prepare(service, folder)
        medians.append(median(measure(command, folder).seconds for _ in range(rounds)))
    return median(medians)


def _helm(service: Path, folder: Path) -> list[str]:
    templates = folder / "templates"
    templates.mkdir(parents=True)
    chart = {"apiVersion": "v2", "name": service.name, "version": "1.0.0"}
    (folder / "Chart.yaml").write_text(yaml.safe_dump(chart), encoding="utf-8")
    image = ""
    for file in sorted(service.rglob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        image = image or _image(text)
        text = text.replace("{{", '{{ "{{" }}')
        if image:
            text = text.replace(image, "{{ .Values.image }}")
        (templates / "-".join(file.relative_to(service).parts)).write_text(text, encoding="utf-8")
    (folder / "values.yaml").write_text(yaml.safe_dump({"image": image}), encoding="utf-8")
    return ["helm", "template", service.name, "."]


def _image(text: str) -> str:
    words = text.split()
    return next((word for key, word in pairwise(words) if key == "image:" and "@" in word), "")


def _kustomize(service: Path, folder: Path) -> list[str]:
    base = folder / "base"
    base.mkdir(parents=True)
    names = []
    for file in sorted(service.rglob("*.yaml")):
        names.append("-".join(file.relative_to(service).parts))
        shutil.copy(file, base / names[-1])
    (base / "kustomization.yaml").write_text(yaml.safe_dump({"resources": names}), encoding="utf-8")
    overlay = {
        "resources": ["base"],
        "namespace": service.parent.name,
        "labels": [{"pairs": {"app.kubernetes.io/managed-by": "kustomize"}}],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(overlay), encoding="utf-8")
    return ["kustomize", "build", "."]
