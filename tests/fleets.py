"""Platform repositories to run Pavior on: a copy of this one, or a tiny one whose runs take milliseconds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from crash import read_tree
from pavior.cli.app import pavior

ROOT = Path(__file__).parents[1]

FILES: Mapping[str, str] = {
    "golden-paths/organization.yaml": """\
apiVersion: pavior.dev/v1
name: tiny
domain: tiny.example
repository: {url: "https://git.tiny.example/platform.git"}
rawKinds: {v1/ConfigMap: true}
""",
    "golden-paths/environments/dev.yaml": """\
apiVersion: pavior.dev/v1
description: For trying things out.
clusters: {dev: {server: "https://dev.tiny.example"}}
""",
    "golden-paths/environments/prod.yaml": """\
apiVersion: pavior.dev/v1
description: What customers use.
clusters: {eu-1: {server: "https://eu-1.tiny.example"}, us-1: {server: "https://us-1.tiny.example"}}
defaults: {env: {LEVEL: quiet}}
""",
    "golden-paths/app/golden-path.yaml": """\
apiVersion: pavior.dev/v1
description: Something that runs.
components: [process, store]
tiers: {critical: {env: {CARE: much}}}
""",
    "golden-paths/components/process/component.yaml": """\
apiVersion: pavior.dev/v1
description: What runs.
manifests:
  - manifests/settings.yaml
  - manifests/address.yaml
  - {template: manifests/entry.yaml, artifact: "argocd/{{ team.name }}/{{ service.name }}.yaml"}
  - {template: manifests/namespace.yaml, scope: team}
  - {template: manifests/shared.yaml, scope: environment}
accepts:
  env:
    description: Variables.
    schema: {type: object, properties: {value: {type: [string, number, boolean], description: The value.}}}
provides:
  env: {$for: "name, value in env", "{{ name }}": {value: "{{ value }}"}}
facts: {port: "{{ port | default(omit) }}"}
references: {calls: {names: "{{ calls | default([]) }}"}}
""",
    "golden-paths/components/process/schema.json": """\
{
  "type": "object",
  "required": ["image"],
  "properties": {
    "image": {"description": "What runs.", "$ref": "#/$defs/image"},
    "port": {"description": "Where it listens.", "$ref": "#/$defs/port"},
    "retries": {"type": ["string", "number"], "description": "How often it tries.", "default": 3},
    "env": {
      "type": "object",
      "description": "Variables.",
      "propertyNames": {"$ref": "#/$defs/environmentVariable"},
      "additionalProperties": {"type": ["string", "number", "boolean"], "description": "The value.", "examples": ["a"]},
      "examples": [{"A": "b"}]
    },
    "files": {
      "type": "object",
      "description": "Texts by name.",
      "propertyNames": {"$ref": "#/$defs/name"},
      "additionalProperties": {"type": "string", "description": "The text.", "examples": ["a: b"]},
      "examples": [{"rules": "a: b"}]
    },
    "calls": {
      "type": "array",
      "description": "Services that it calls.",
      "items": {"$ref": "#/$defs/serviceReference"},
      "examples": [["red/one"]]
    }
  }
}
""",
    "golden-paths/components/process/defaults.yaml": "retries: 3\nenv: {LEVEL: loud}\n",
    "golden-paths/components/process/manifests/settings.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: "{{ service.name }}"
  namespace: "{{ service.namespace }}"
  labels: {tier: "{{ tier | default('standard') }}"}
data:
  image: "{{ image }}"
  retries: "{{ retries | int | string }}"
  $merge:
    - {$for: "name, entry in contributions.env", "env.{{ name }}": "{{ entry.value | string }}"}
    - {$for: "name, text in files", "file.{{ name }}": "{{ text }}"}
    - {$for: "name, other in linked.calls", "call.{{ name | replace('/', '.') }}": "{{ other.port | default(80) | string }}"}
""",
    "golden-paths/components/process/manifests/address.yaml": """\
$when: port
apiVersion: v1
kind: Service
metadata: {name: "{{ service.name }}", namespace: "{{ service.namespace }}"}
spec:
  selector: {app: "{{ service.name }}"}
  ports: [{name: main, port: "{{ port }}"}]
""",
    "golden-paths/components/process/manifests/entry.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ team.name }}-{{ service.name }}", namespace: argocd}
data: {image: "{{ image }}"}
""",
    "golden-paths/components/process/manifests/namespace.yaml": """\
apiVersion: v1
kind: Namespace
metadata: {name: "{{ team.namespace }}"}
""",
    "golden-paths/components/process/manifests/shared.yaml": """\
apiVersion: v1
kind: Namespace
metadata: {name: "shared-{{ target.name | replace('@', '-') }}"}
""",
    "golden-paths/components/store/component.yaml": """\
apiVersion: pavior.dev/v1
description: A disk.
type: store
requires: [process]
holdsData: true
immutable: [/spec/storageClassName]
manifests: [manifests/claim.yaml]
provides:
  env: {"{{ need.name | env_name }}_DISK": {value: "{{ service.name }}-{{ need.name }}"}}
""",
    "golden-paths/components/store/schema.json": """\
{
  "type": "object",
  "properties": {
    "space": {"description": "How much it holds.", "$ref": "#/$defs/storage", "default": "1Gi"},
    "kind": {"enum": ["slow", "fast"], "description": "How quick it is.", "default": "slow"}
  }
}
""",
    "golden-paths/components/store/defaults.yaml": "space: 1Gi\nkind: slow\n",
    "golden-paths/components/store/manifests/claim.yaml": """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: "{{ service.name }}-{{ need.name }}"
  namespace: "{{ service.namespace }}"
  labels: {pavior.dev/service: "{{ service.name }}", pavior.dev/need: "{{ need.name }}"}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: "{{ need.kind }}"
  resources: {requests: {storage: "{{ need.space }}"}}
""",
    "teams/red/team.yaml": "apiVersion: pavior.dev/v1\ndescription: The red ones.\n",
    "teams/red/one/platform.yaml": "apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: tiny.example/one:1\nport: 80\n",
    "teams/red/two/platform.yaml": """\
apiVersion: pavior.dev/v1
goldenPath: app
image: tiny.example/two:1
calls: [red/one]
environments: {dev: {env: {A: b}}}
""",
    "teams/blue/team.yaml": "apiVersion: pavior.dev/v1\ndescription: The blue ones.\n",
    "teams/blue/three/platform.yaml": """\
apiVersion: pavior.dev/v1
goldenPath: app
image: tiny.example/three:1
needs: {disk: {type: store, space: 2Gi}}
""",
}


def tiny(place: Path) -> Path:
    """Two teams, three services (red/two reads facts of red/one, blue/three holds data), an environment of two clusters."""
    for path, text in FILES.items():
        put(place, path, text)
    return place


def reference(place: Path) -> Path:
    """A copy of this repository's golden paths and teams, with nothing rendered."""
    for folder in ("golden-paths", "teams"):
        shutil.copytree(ROOT / folder, place / folder)
    return place


def put(root: Path, path: str, text: str) -> None:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


def edit(root: Path, path: str, old: str, new: str) -> None:
    """Replace what stands in a file once."""
    text = (root / path).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
    put(root, path, text.replace(old, new))


def tree(root: Path) -> dict[str, bytes]:
    """The rendered files by path below rendered/; none where nothing was rendered."""
    return read_tree(root) if (root / "rendered").exists() else {}


def states(root: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of change of each rendered file, and of each folder."""
    found = {str(path): path.lstat() for path in (root / "rendered").rglob("*")}
    return {path: (status.st_ino, status.st_mtime_ns) for path, status in found.items()}


@dataclass(frozen=True, slots=True)
class Run:
    """What a command said and how it ended."""

    status: int
    output: str
    errors: str

    @property
    def codes(self) -> list[str]:
        """The codes of the findings of a command with `--format concise`, in order."""
        return [line.split(": ", 1)[1].split("[")[1][:5] for line in self.output.splitlines() if "[PV" in line]


def run(root: Path, *arguments: str) -> Run:
    """Run a command in this process, which spares a start of Python."""
    result = CliRunner().invoke(pavior, ["-C", str(root), *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Run(result.exit_code, result.stdout, result.stderr)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pavior", *arguments]


def run_process(root: Path, *arguments: str, **environment: str) -> Run:
    """Run a command in a process of its own, in the repository."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT / "compiler"), **environment}
    done = subprocess.run(command(*arguments), cwd=root, env=variables, capture_output=True, text=True, check=False)
    return Run(done.returncode, done.stdout, done.stderr)
