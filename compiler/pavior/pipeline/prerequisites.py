"""What must be installed before anything that Pavior renders works, as Markdown: what components say of it, by system."""

from __future__ import annotations

from collections.abc import Iterator

from pavior.model import Value
from pavior.platform import Platform

_HEAD = """\
# Prerequisites

<!-- Written by `pavior schema --prerequisites` from `prerequisites:` of the components; edit those. -->

Pavior installs no controllers: what it renders expects these in each cluster, at least at these versions and set up like this.
A component that no golden path lists needs nothing for services; those that render for environments and teams always do.
"""


def prerequisites(platform: Platform) -> str:
    """The whole page: systems by name, each with the versions and settings that components ask of it."""
    asked: dict[str, list[tuple[str, Value]]] = {}
    for name, component in platform.components.items():
        for entry in component.document.value.get("prerequisites", ()):
            asked.setdefault(entry["name"], []).append((name, entry))
    return "\n".join([_HEAD, *_summary(asked), *_systems(asked)])


def _summary(asked: dict[str, list[tuple[str, Value]]]) -> Iterator[str]:
    yield "| system | version | needed by |"
    yield "| --- | --- | --- |"
    for system in sorted(asked, key=str.lower):
        versions = dict.fromkeys(entry["version"] for _, entry in asked[system] if "version" in entry)
        users = dict.fromkeys(f"[{name}](../golden-paths/components/{name}/README.md)" for name, _ in asked[system])
        yield f"| [{system}](#{_anchor(system)}) | {', '.join(versions)} | {', '.join(users)} |"
    yield ""


def _systems(asked: dict[str, list[tuple[str, Value]]]) -> Iterator[str]:
    for system in sorted(asked, key=str.lower):
        yield f"## {system}\n"
        for name, entry in asked[system]:
            version = f" ({entry['version']})" if "version" in entry else ""
            yield f"**{name}**{version}: {entry['why']}\n"
            settings = [f"- {setting}" for setting in entry.get("settings", ())]
            if settings:
                yield "\n".join([*settings, ""])


def _anchor(heading: str) -> str:
    """The name by which a heading is linked."""
    return "".join(c for c in heading.lower().replace(" ", "-") if c.isalnum() or c in "-_")
