"""`pavior explain`: which layer set this?"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pavior.diagnostics.suggest import did_you_mean
from pavior.emit import emit_value
from pavior.model import RENDERED, Contributor, Span
from pavior.model import Path as ValuePath
from pavior.phases.write import recover
from pavior.pipeline.assemble import Owner, ServiceInput, layers_of
from pavior.pipeline.clock import Clock
from pavior.pipeline.explain import Explanation, explain_owner
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.lookup import (
    NotFound,
    artifact_content,
    owner_of_artifact,
    place_at_line,
    place_at_pointer,
    resolve,
    targets_of,
)
from pavior.pipeline.prepare import prepare
from pavior.pipeline.provenance import Provenance, Read, Step, at_path
from pavior.platform import TargetContext
from pavior.report.escaping import ascii_json, visible

CLEAN, FOUND, USAGE = 0, 1, 2

_ARTIFACT = re.compile(rf"(?:\./)?{RENDERED}/(?P<path>.+?\.(?:yaml|md))(?::(?P<line>[0-9]{{1,9}}))?(?::[0-9]+)?")
_LONGEST = 100


def explain(root: Path, options: dict[str, Any]) -> int:
    """Answer on standard output; what is wrong with the question goes to standard error."""
    recover(root)
    outcome = prepare(root, Clock())
    if outcome.value is None:
        print(
            "pavior: golden paths, organisation or an environment have errors: run `pavior validate`", file=sys.stderr
        )
        return FOUND
    try:
        found = _ARTIFACT.fullmatch(options["subject"])
        if found:
            answer = _of_artifact(outcome.value, root, found["path"], found["line"], options["pointer"])
        else:
            answer = _of_spec(outcome.value, options["subject"], options["environment"], options["pointer"])
    except NotFound as error:
        print(f"pavior: {visible(str(error))}", file=sys.stderr)
        return USAGE
    if options["as_json"]:
        print(ascii_json([_as_json(each) for each in answer]))
    else:
        texts = ["\n".join(_as_text(each)) for each in answer]
        print(("\n\n" if any(isinstance(each, Explanation) for each in answer) else "\n").join(texts))
    return CLEAN


Answer = Explanation | Read


def _of_artifact(fleet: Fleet, root: Path, artifact: str, line: str | None, pointer: str | None) -> list[Answer]:
    """The leaves at a line or pointer of a rendered file, or all of them."""
    owner = owner_of_artifact(fleet, root, artifact)
    leaves = list(explain_owner(fleet, owner, artifact))
    if not leaves:
        raise NotFound(f"{RENDERED}/{artifact} would not be rendered any more: run `pavior render`")
    if line is not None and artifact.endswith(".md"):
        lines = [e for e in leaves for _ in range(str(e.value).removesuffix("\n").count("\n") + 1)]
        inside = lines[int(line) - 2 : int(line) - 1] if int(line) > 1 else []
        return list(inside) or _nothing(artifact, line)
    if line is not None:
        place = place_at_line(artifact_content(root, artifact), int(line))
    elif pointer:
        manifests = list({e.document: e.manifest for e in leaves}.values())
        place = place_at_pointer(list(manifests), pointer)
    else:
        return list(leaves)
    inside = [e for e in leaves if e.document == place.document and e.at[: len(place.at)] == place.at]
    if not inside:
        raise NotFound(f"{RENDERED}/{artifact} is not what would be rendered: run `pavior render`")
    return list(inside)


def _nothing(artifact: str, line: str) -> list[Answer]:
    raise NotFound(f"{RENDERED}/{artifact} has no line {line} that a template made")


def _of_spec(fleet: Fleet, name: str, environment: str | None, pointer: str | None) -> list[Answer]:
    """The leaves of a service's effective spec, or those at a path of it."""
    service = next((s for s in fleet.services.values() if str(s.id) == name), None)
    if service is None:
        known = [str(s) for s in fleet.repository.services]
        if name in known:
            raise NotFound(f"`{name}` has errors: run `pavior validate`")
        near = did_you_mean(name, known)
        hint = f"did you mean `{near}`?" if near else "run `pavior list`"
        raise NotFound(f"there is no service `{name}`: {hint}")
    targets = [t for t in fleet.platform.targets if layers_of(service, t.target) is not None]
    names = ", ".join(t.target.name for t in targets)
    if environment is None and len(targets) > 1:
        raise NotFound(f"name an environment with --env: {names}")
    asked = targets_of(fleet, environment) if environment else targets
    if not any(t in targets for t in asked):
        raise NotFound(f"{name} does not run in {environment}: it runs in {names}")
    answers = [_in_target(fleet, service, t, pointer) for t in asked]
    if any(answer != answers[0] for answer in answers):
        several = ", ".join(t.target.name for t in asked)
        raise NotFound(f"it is not the same in every cluster of {environment}: name one with --env: {several}")
    return answers[0]


def _in_target(fleet: Fleet, service: ServiceInput, target: TargetContext, pointer: str | None) -> list[Answer]:
    provenance = Provenance(fleet, Owner(target, service.team, service))
    at = resolve(provenance.scene, pointer) if pointer else ()
    spec_paths = [p for p in provenance.origins if p and (at is None or p[: len(at)] == at)]
    if at is None:
        wanted = tuple((pointer or "").replace("/", ".").strip(".").split("."))
        spec_paths = [p for p in provenance.origins if tuple(map(str, p)) == wanted]
    if not spec_paths:
        raise NotFound(f"no layer says anything about {pointer} of {service.id} in {target.target.name}")
    reads = [Read(p, at_path(provenance.scene, p), provenance.origins[p]) for p in spec_paths]
    return [r for r in reads if not isinstance(r.value, dict) or not r.value or len(reads) == 1]


def _as_text(answer: Answer) -> Iterator[str]:
    if isinstance(answer, Read):
        yield from _read_lines(answer, "")
        return
    yield f"{RENDERED}/{answer.artifact} {_pointer(answer.at)}: {_short(answer.value)}"
    yield f"  template {_place(answer.origin.span)}: {visible(_clip(answer.origin.text))}"
    for read in answer.reads:
        yield from _read_lines(read, "  ")
    for condition, reads in zip(answer.origin.conditions, answer.conditions, strict=True):
        yield f"  because {_place(condition.span)}: {visible(_clip(condition.text))}"
        for read in reads:
            yield from _read_lines(read, "    ")


def _read_lines(read: Read, indent: str) -> Iterator[str]:
    yield f"{indent}{visible(_dotted(read.path))} = {_short(read.value)}"
    if not read.contributors and not read.steps:
        yield f"{indent}  no layer sets it"
    for index, contributor in enumerate(read.contributors):
        mark = "*" if index == len(read.contributors) - 1 else " "
        yield f"{indent}  {mark} {_contributor(contributor)}"
    # What chose the others is in the JSON: here it would hide what won.
    choices = [choice for choice in read.choices if read.contributors[-1].chosen_by == choice.path]
    if choices:
        yield f"{indent}  chosen by"
    for choice in choices:
        yield from _read_lines(choice, f"{indent}    ")
    for step in read.steps:
        yield f"{indent}  by {_place(step.origin.span)}: {visible(_clip(step.origin.text))}"
        for inner in step.reads:
            yield from _read_lines(inner, f"{indent}    ")


def _contributor(contributor: Contributor) -> str:
    said = "removed" if contributor.removed else _short(contributor.value)
    return f"{_place(contributor.span)}  {visible(contributor.layer)}: {said}"


def _as_json(answer: Answer) -> dict[str, Any]:
    if isinstance(answer, Read):
        return _read_json(answer)
    return {
        "artifact": f"{RENDERED}/{answer.artifact}",
        "document": answer.document,
        "pointer": _pointer(answer.at),
        "value": answer.value,
        "template": {"span": _span(answer.origin.span), "text": answer.origin.text},
        "reads": [_read_json(read) for read in answer.reads],
        "conditions": [
            {"span": _span(c.span), "text": c.text, "reads": [_read_json(read) for read in reads]}
            for c, reads in zip(answer.origin.conditions, answer.conditions, strict=True)
        ],
    }


def _read_json(read: Read) -> dict[str, Any]:
    return {
        "path": list(read.path),
        "value": read.value,
        "contributors": [
            {"layer": c.layer, "span": _span(c.span), "value": c.value, "removed": c.removed} for c in read.contributors
        ],
        "chosenBy": [_read_json(choice) for choice in read.choices],
        "through": [_step_json(step) for step in read.steps],
    }


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "span": _span(step.origin.span),
        "text": step.origin.text,
        "reads": [_read_json(read) for read in step.reads],
    }


def _span(span: Span) -> dict[str, Any]:
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _place(span: Span) -> str:
    return f"{visible(span.file)}:{span.line}:{span.column}"


def _pointer(path: ValuePath) -> str:
    return "".join(f"/{str(key).replace('~', '~0').replace('/', '~1')}" for key in path)


def _dotted(path: Iterable[str | int]) -> str:
    return ".".join(str(key) for key in path)


def _short(value: Any) -> str:
    if isinstance(value, dict | list) and value:
        return f"a map of {len(value)}" if isinstance(value, dict) else f"a list of {len(value)}"
    return visible(_clip(json.dumps(value) if isinstance(value, str) and "\n" in value else emit_value(value)))


def _clip(text: str) -> str:
    line = text if "\n" not in text else text.split("\n", 1)[0] + " …"
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
