"""The same manifests made by other tools.

Their input is what Pavior rendered of each service: templates that are those manifests with the image as a value (Helm, Kapitan),
or a base beneath an overlay that sets namespace and a label (Kustomize). That favours them: everything that is
decided in Pavior is already decided in what they read, and nothing is checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import yaml

from benchmarks.generate import REPOSITORY
from benchmarks.measure import measure

HELM, HELM_ENGINE, KUSTOMIZE = (REPOSITORY / ".tools/bin" / name for name in ("helm", "helm-engine", "kustomize"))
KAPITAN = REPOSITORY / ".tools/kapitan/bin/kapitan"


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command, and the folder that it runs in."""

    command: list[str]
    folder: Path


@dataclass(frozen=True, slots=True)
class Tool:
    """Another tool. `version` is that of its pin in `tools/`, which `make bench` installs.

    `lay_out` writes the input for services, folders of rendered manifests, into a new folder, and says what to run.
    """

    name: str
    executable: Path
    version: str
    lay_out: Callable[[Sequence[Path], Path], list[Invocation]]

    @property
    def found(self) -> bool:
        return self.executable.is_file()


def tools() -> list[Tool]:
    helm = _pinned("helm/go.mod", "helm.sh/helm/v3")
    engine = _pinned("helm-engine/go.mod", "helm.sh/helm/v3")
    kustomize = _pinned("kustomize/go.mod", "sigs.k8s.io/kustomize/kustomize/v5")
    kapitan = "v" + _pinned("kapitan/requirements.txt", "kapitan")
    return [
        Tool("Helm's engine in one process", HELM_ENGINE, engine, _engine),
        Tool("Kapitan", KAPITAN, kapitan, _kapitan),
        Tool("helm template", HELM, helm, _helm),
        Tool("kustomize build", KUSTOMIZE, kustomize, _kustomize),
    ]


def _pinned(file: str, module: str) -> str:
    text = (REPOSITORY / "tools" / file).read_text(encoding="utf-8")
    found = re.search(rf"(?:^|\s){re.escape(module)}(?: |==)(\S+)", text)
    assert found, f"tools/{file} does not pin {module}"
    return found[1]


def seconds_a_service(tool: Tool, services: Sequence[Path], scratch: Path) -> float:
    """What the tool takes for all of `services`, divided by how many they are."""
    invocations = tool.lay_out(services, scratch)
    return sum(measure(each.command, each.folder).seconds for each in invocations) / len(services)


def manifests_of(service: Path) -> list[tuple[str, str]]:
    """Each file of a rendered service: a flat name, and its text."""
    return [
        ("-".join(file.relative_to(service).parts), file.read_text(encoding="utf-8"))
        for file in sorted(service.rglob("*.yaml"))
    ]


def _helm(services: Sequence[Path], folder: Path) -> list[Invocation]:
    command = [str(HELM), "template", "."]
    return [Invocation(command, chart) for chart in _charts(services, folder)]


def _engine(services: Sequence[Path], folder: Path) -> list[Invocation]:
    charts = [chart.name for chart in _charts(services, folder)]
    return [Invocation([str(HELM_ENGINE), "out", *charts], folder)]


def _charts(services: Sequence[Path], folder: Path) -> list[Path]:
    """A chart for each service, its manifests as templates."""
    charts = []
    for index, service in enumerate(services):
        chart = folder / f"chart-{index}"
        image = _templates(service, chart / "templates", "{{ .Values.image }}")
        about = {"apiVersion": "v2", "name": service.name, "version": "1.0.0"}
        _write(chart / "Chart.yaml", about)
        _write(chart / "values.yaml", {"image": image})
        charts.append(chart)
    return charts


def _kapitan(services: Sequence[Path], folder: Path) -> list[Invocation]:
    """An inventory with each service as a target."""
    for index, service in enumerate(services):
        target, path = f"service-{index}", f"templates/{index}"
        image = _templates(service, folder / path, "{{ inventory.parameters.image }}")
        compiled = {"input_type": "jinja2", "input_paths": [path], "output_path": "."}
        kapitan = {"vars": {"target": target}, "compile": [compiled]}
        _write(folder / f"inventory/targets/{target}.yml", {"parameters": {"image": image, "kapitan": kapitan}})
    # Without a folder of classes it warns.
    (folder / "inventory/classes").mkdir()
    command = [str(KAPITAN), "compile", "--parallelism", "1", "--quiet"]
    return [Invocation(command, folder)]


def _kustomize(services: Sequence[Path], folder: Path) -> list[Invocation]:
    overlays = []
    for index, service in enumerate(services):
        overlay = folder / f"overlay-{index}"
        files = manifests_of(service)
        for name, text in files:
            _write(overlay / "base" / name, text)
        _write(overlay / "base/kustomization.yaml", {"resources": [name for name, _ in files]})
        about = {
            "resources": ["base"],
            "namespace": service.parent.name,
            "labels": [{"pairs": {"app.kubernetes.io/managed-by": "kustomize"}}],
        }
        _write(overlay / "kustomization.yaml", about)
        overlays.append(overlay)
    return [Invocation([str(KUSTOMIZE), "build", "."], overlay) for overlay in overlays]


def _templates(service: Path, folder: Path, expression: str) -> str:
    """Write a service's manifests as templates in which `expression` stands for its image, which is returned."""
    image = ""
    for name, text in manifests_of(service):
        image = image or _image(text)
        template = text.replace("{{", '{{ "{{" }}')
        _write(folder / name, template.replace(image, expression) if image else template)
    return image


def _image(text: str) -> str:
    words = text.split()
    return next((word for key, word in pairwise(words) if key == "image:" and "@" in word), "")


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
