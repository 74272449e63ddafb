"""What function-patch-and-transform does with a Composition, as far as ours go: for tests that look at what is composed.

After its own source and documentation: patches of a field that is absent do nothing unless they are required, a Combine patch
does nothing when one of its fields is absent, ToCompositeFieldPath reads what is observed, and connection details that are not
known yet are left out.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

_STEP = re.compile(r"\[([^\]]*)\]|([^.\[\]]+)")
_ABSENT = object()


@dataclass(frozen=True)
class Composed:
    """What a pipeline makes of a composite resource."""

    resources: Mapping[str, dict[str, Any]]
    status: dict[str, Any]
    connection: Mapping[str, Any]
    secret: str | None


def steps(path: str) -> list[str | int]:
    """`spec.a[b.c/d].e[0]` as keys and indexes."""
    return [int(inner) if inner.isdigit() else inner or plain for inner, plain in _STEP.findall(path)]


def get(value: Any, path: str) -> Any:
    for step in steps(path):
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return _ABSENT
    return value


def put(target: Any, path: str, value: Any) -> None:
    whole = steps(path)
    last = whole[-1]
    for step, following in pairwise(whole):
        fresh: Any = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            target.extend([None] * (step + 1 - len(target)))
            if target[step] is None:
                target[step] = fresh
            target = target[step]
        else:
            target = target.setdefault(step, fresh)
    if isinstance(last, int):
        target.extend([None] * (last + 1 - len(target)))
    target[last] = value


def transform(value: Any, how: Mapping[str, Any]) -> Any:  # noqa: PLR0911  (one for each transform)
    match how["type"]:
        case "string" if how["string"]["type"] == "Format":
            return formatted(how["string"]["fmt"], [value])
        case "string" if how["string"]["type"] == "TrimSuffix":
            return value.removesuffix(how["string"]["trim"])
        case "string" if how["string"].get("convert") == "ToBase64":
            return base64.b64encode(value.encode()).decode()
        case "map":
            return how["map"][value]
        case "convert" if how["convert"]["toType"] == "int64":
            return int(value)
        case "convert" if how["convert"]["toType"] == "string":
            return str(value).lower() if isinstance(value, bool) else str(value)
        case "math" if how["math"]["type"] == "Multiply":
            return value * how["math"]["multiply"]
        case "match" if how["match"].get("fallbackTo") == "Value" and not how["match"].get("patterns"):
            return deepcopy(how["match"]["fallbackValue"])
    raise AssertionError(f"no such transform here: {how}")


def formatted(text: str, values: list[Any]) -> str:
    """Go's Sprintf for `%s` and `%v`, which complains of what is left over or missing."""
    parts = re.split(r"%[sv]", text)
    assert len(parts) == len(values) + 1, f"{len(values)} values for {text}"
    assert "%" not in "".join(parts), text
    shown = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    return "".join(a + b for a, b in zip(parts, [*shown, ""], strict=True))


def source_of(patch: Mapping[str, Any], source: Any) -> Any:
    if patch.get("type") == "CombineFromComposite":
        values = [get(source, variable["fromFieldPath"]) for variable in patch["combine"]["variables"]]
        assert patch["combine"]["strategy"] == "string"
        return _ABSENT if _ABSENT in values else formatted(patch["combine"]["string"]["fmt"], values)
    value = get(source, patch["fromFieldPath"])
    if value is _ABSENT and patch.get("policy", {}).get("fromFieldPath") == "Required":
        raise KeyError(patch["fromFieldPath"])
    return value


def patches_of(template: Mapping[str, Any], sets: Mapping[str, list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    for patch in template.get("patches", ()):
        if patch.get("type") == "PatchSet":
            yield from sets[patch["patchSetName"]]
        else:
            yield patch


def apply(patch: Mapping[str, Any], source: Any, target: Any) -> None:
    value = source_of(patch, source)
    if value is _ABSENT:
        return
    for how in patch.get("transforms", ()):
        value = transform(value, how)
    put(target, patch.get("toFieldPath", patch.get("fromFieldPath")), deepcopy(value))


def details_of(template: Mapping[str, Any], seen: dict[str, Any], secret: Mapping[str, Any]) -> dict[str, Any]:
    """The connection details of one composed resource, as far as they are known."""
    found = {
        detail["name"]: secret.get(detail["fromConnectionSecretKey"], _ABSENT)
        if detail["type"] == "FromConnectionSecretKey"
        else get(seen, detail["fromFieldPath"])
        for detail in template.get("connectionDetails", ())
    }
    return {name: value for name, value in found.items() if value is not _ABSENT}


def compose(
    composition: Mapping[str, Any],
    composite: dict[str, Any],
    observed: Mapping[str, dict[str, Any]],
    secrets: Mapping[str, Mapping[str, Any]],
) -> Composed:
    """Run the pipeline once. `observed` are composed resources by name, `secrets` their connection secrets."""
    status: dict[str, Any] = {}
    resources: dict[str, dict[str, Any]] = {}
    connection: dict[str, Any] = {}
    name = None
    for step in composition["spec"]["pipeline"]:
        if step["functionRef"]["name"] != "function-patch-and-transform":
            continue
        said = step["input"]
        sets = {each["name"]: each["patches"] for each in said.get("patchSets", ())}
        for template in said["resources"]:
            seen = observed.get(template["name"])
            made = deepcopy(template["base"])
            for patch in patches_of(template, sets):
                if patch.get("type", "FromCompositeFieldPath") in ("FromCompositeFieldPath", "CombineFromComposite"):
                    apply(patch, composite, made)
                elif seen is not None:
                    assert patch["type"] == "ToCompositeFieldPath"
                    apply(patch, seen, status)
            resources[template["name"]] = made
            if seen is not None:
                connection |= details_of(template, seen, secrets.get(template["name"], {}))
        if said.get("writeConnectionSecretToRef") and connection:
            reference: dict[str, Any] = {}
            for patch in said["writeConnectionSecretToRef"]["patches"]:
                apply(patch, composite, reference)
            name = reference["name"]
    return Composed(resources, status, connection, name)
