"""run.py [judge …]: what other systems' own commands say of rendered/ and of the workflows, with what is accepted and why.

Each judge is built from source (tools/setup.sh judges). A finding fails unless accepted.yaml lists it, and so does an entry of
accepted.yaml that no finding matches any more.
"""

from __future__ import annotations

import fnmatch
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
BIN = ROOT / ".tools" / "bin"
RENDERED = Path(os.environ.get("PAVIOR_RENDERED", ROOT / "rendered"))
ACCEPTED = Path(__file__).parent / "accepted.yaml"
KUBERNETES = "v1.35"

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: the judge's name for the rule, what it is about (`target/namespace/name` or a file), and what it says."""

    rule: str
    about: str
    message: str


class Failed(Exception):
    """A judge did not judge: it is missing, or said something else than findings."""


def run(
    name: str, *arguments: str | Path, given: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    command = BIN / name
    if not command.exists():
        raise Failed(f"{name} is missing: run `make judges`")
    return subprocess.run(
        [str(command), *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def targets() -> list[Path]:
    return [folder for folder in sorted(RENDERED.iterdir()) if folder.name != "backstage"]


def manifests(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.rglob("*.yaml")):
        yield from yaml.load_all(path.read_text(encoding="utf-8"), Loader=_Loader)


# Judges ---------------------------------------------------------------------------------------------------------------


def helm(scratch: Path) -> Iterator[Finding]:
    """`helm lint --strict`: each service of each target as a chart, its manifests as templates."""
    for target in targets():
        for service in sorted(path for path in target.glob("*/*") if (path / "pod.yaml").is_file()):
            chart = scratch / target.name / service.parent.name / service.name
            (chart / "templates").mkdir(parents=True)
            about = {
                "apiVersion": "v2",
                "name": service.name,
                "version": "1.0.0",
                "icon": "https://example.com/icon.svg",
            }
            (chart / "Chart.yaml").write_text(yaml.safe_dump(about), encoding="utf-8")
            (chart / "values.yaml").write_text("{}\n", encoding="utf-8")
            for file in sorted(service.rglob("*.yaml")):
                text = file.read_text(encoding="utf-8").replace("{{", '{{ "{{" }}')
                (chart / "templates" / "-".join(file.relative_to(service).parts)).write_text(text, encoding="utf-8")
            done = run("helm", "lint", "--strict", "--kube-version", KUBERNETES, chart)
            said = [line for line in done.stdout.splitlines() if line.startswith("[")]
            if done.returncode and not said:
                raise Failed(done.stderr)
            for line in said:
                level, _, message = line.partition(" ")
                yield Finding(level.strip("[]").lower(), str(service.relative_to(RENDERED)), message)


def istioctl(scratch: Path) -> Iterator[Finding]:
    """`istioctl analyze` over all of a target, offline."""
    for target in targets():
        done = run("istioctl", "analyze", "--use-kube=false", "--all-namespaces", "--output", "json", target)
        for said in json.loads(done.stdout or "null") or ():
            yield Finding(said["code"], f"{target.name}/{said.get('origin', '')}", said["message"])
        if done.returncode not in (0, 79) or not done.stdout.strip():  # 79: findings that are errors
            raise Failed(done.stderr)


def kube_score(scratch: Path) -> Iterator[Finding]:
    """`kube-score` over all of a target; a Rollout, which it does not know, as the Deployment that it is otherwise."""
    for target in targets():
        file = scratch / f"{target.name}.yaml"
        with file.open("w", encoding="utf-8") as stream:
            yaml.dump_all((as_deployment(each) for each in manifests(target)), stream, Dumper=_Dumper)
        done = run("kube-score", "score", "--kubernetes-version", KUBERNETES, "--output-format", "json", file)
        if not done.stdout:
            raise Failed(done.stderr)
        for scored in json.loads(done.stdout):
            about = "/".join((target.name, scored["object_meta"].get("namespace", ""), scored["object_meta"]["name"]))
            for check in scored["checks"]:
                if not check["skipped"] and check["grade"] < 10:  # 10: nothing to say
                    for comment in check["comments"] or [{"summary": check["check"]["comment"]}]:
                        yield Finding(check["check"]["id"], about, comment["summary"])


def as_deployment(manifest: dict[str, Any]) -> dict[str, Any]:
    if manifest["kind"] == "Rollout":
        spec = {**manifest["spec"], "strategy": {"type": "RollingUpdate"}}
        return {**manifest, "apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}
    scaled = manifest.get("spec", {}).get("scaleTargetRef", {}) if manifest["kind"] == "HorizontalPodAutoscaler" else {}
    if scaled.get("kind") == "Rollout":
        target = {**scaled, "apiVersion": "apps/v1", "kind": "Deployment"}
        return {**manifest, "spec": {**manifest["spec"], "scaleTargetRef": target}}
    return manifest


def actionlint(scratch: Path) -> Iterator[Finding]:
    """`actionlint` over the workflows; what their scripts say is shellcheck's to judge, which is not built here."""
    workflows = sorted((ROOT / ".github/workflows").glob("*.y*ml"))
    done = run("actionlint", "-shellcheck=", "-pyflakes=", "-format", "{{json .}}", *workflows)
    if done.returncode > 1 or not workflows:
        raise Failed(done.stderr)
    for said in json.loads(done.stdout):
        yield Finding(said["kind"], f"{said['filepath']}:{said['line']}", said["message"])


def otelcol(scratch: Path) -> Iterator[Finding]:
    """`otelcol validate`: the configuration of each collector, with its variables set and its volumes there."""
    for target in targets():
        for collector in (each for each in manifests(target) if each["kind"] == "OpenTelemetryCollector"):
            name, spec = collector["metadata"]["name"], collector["spec"]
            text = yaml.safe_dump(spec["config"])
            for mount in spec.get("volumeMounts", ()):
                volume = scratch / mount["name"]
                volume.mkdir(exist_ok=True)
                text = text.replace(mount["mountPath"], str(volume))
            # A pod's own credentials are in no other place than in a pod.
            text = text.replace("auth_type: serviceAccount", "auth_type: none")
            file = scratch / f"{target.name}-{name}.yaml"
            file.write_text(text, encoding="utf-8")
            variables = {variable["name"]: variable.get("value", variable["name"]) for variable in spec.get("env", ())}
            done = run("otelcol", "validate", f"--config=file:{file}", **variables)
            if done.returncode:
                yield Finding("validate", f"{target.name}/{name}", done.stderr.strip())


def policies(scratch: Path) -> Iterator[Finding]:
    """Kubernetes' own CEL on all verdicts of tests/policies: each that is not the one that is known there."""
    sys.path.insert(0, str(ROOT))
    from tests.policy_cases import cases  # noqa: PLC0415

    known = cases()
    asked = [{"policy": c.policy, "object": c.object, "params": c.params, "namespace": c.namespace} for c in known]
    done = run("policies", given=json.dumps(asked))
    if done.returncode or not done.stdout:
        raise Failed(done.stderr)
    for case, verdicts in zip(known, json.loads(done.stdout), strict=True):
        against = [each for each in verdicts if each["verdict"] != "allow"]
        said = against[0]["verdict"] if against else "allow"
        if said != case.verdict or (case.message and case.message not in [each.get("message") for each in against]):
            yield Finding("verdict", case.name, f"not {case.verdict}, but {against or 'allow'}")


JUDGES: Mapping[str, Callable[[Path], Iterator[Finding]]] = {
    "actionlint": actionlint,
    "helm": helm,
    "istioctl": istioctl,
    "kube-score": kube_score,
    "otelcol": otelcol,
    "policies": policies,
}


def main(names: list[str]) -> int:
    accepted = yaml.safe_load(ACCEPTED.read_text(encoding="utf-8"))
    faults = 0
    for name in names or list(JUDGES):
        entries = [entry for entry in accepted if entry["judge"] == name]
        try:
            with tempfile.TemporaryDirectory() as scratch:
                found = list(JUDGES[name](Path(scratch)))
        except Failed as failed:
            print(f"{name}: {failed}", file=sys.stderr)
            return 3
        matched = [[entry for entry in entries if matches(entry, finding)] for finding in found]
        refused = [finding for finding, by in zip(found, matched, strict=True) if not by]
        idle = [entry for entry in entries if not any(entry in by for by in matched)]
        for finding in refused:
            print(f"{name}: {finding.about}: {finding.message} [{finding.rule}]", file=sys.stderr)
        for entry in idle:
            print(f"{name}: {entry['rule']} on {entry['about']} is accepted, but not found", file=sys.stderr)
        faults += len(refused) + len(idle)
        print(f"{name}: {len(found)} findings, {len(found) - len(refused)} of them accepted")
    return 1 if faults else 0


def matches(entry: Mapping[str, str], finding: Finding) -> bool:
    return entry["rule"] == finding.rule and fnmatch.fnmatchcase(finding.about, entry["about"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
