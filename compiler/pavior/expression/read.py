"""From a template's YAML value to its tree, with every fault of form on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from jinja2 import nodes

from pavior.diagnostics import Code, Diagnostic
from pavior.diagnostics.codes.golden_paths import (
    MISPLACED_DIRECTIVE,
    TEMPLATE_NULL,
    TEMPLATE_TOO_LARGE,
    UNKNOWN_DIRECTIVE,
    UNKNOWN_FRAGMENT,
)
from pavior.expression.parse import ParseFault, is_template, parse_bare, parse_text
from pavior.expression.runtime import text
from pavior.expression.tree import (
    Bare,
    Computed,
    Constant,
    Entry,
    JsonNode,
    ListNode,
    Loop,
    MapNode,
    Node,
    Places,
    Site,
    Text,
)
from pavior.expression.wording import meant
from pavior.model import Document, Path, Value

DIRECTIVES = ("$when", "$else", "$for", "$value", "$json", "$let", "$merge", "$include")
MAX_DEPTH = 40
MAX_LOOPS = 8
_LOOP = re.compile(r"\s*([A-Za-z]\w*)\s*(?:,\s*([A-Za-z]\w*)\s*)?\s+in\s+(?=\S)", re.ASCII)
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
RESERVED = frozenset(
    {"omit", "true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "if", "else"}
)


@dataclass(slots=True)
class Reader:
    """Reads templates and the fragments they include; gathers diagnostics."""

    fragments: Mapping[str, Document]
    diagnostics: list[Diagnostic] = field(default_factory=list)
    _places: dict[str, Places] = field(default_factory=dict)
    _including: list[str] = field(default_factory=list)
    _included: dict[tuple[str, int, int], Node] = field(default_factory=dict)
    _depth: int = 0
    _loops: int = 0

    def read(self, value: Value, places: Places, path: Path) -> Node:
        """The tree of one value. After a fault, something that stands in for it, so that the others are found too."""
        self._depth += 1
        try:
            if self._depth > MAX_DEPTH:
                self._fault(TEMPLATE_TOO_LARGE, Site(places, path), f"templates nest at most {MAX_DEPTH} deep")
                return Constant("", Site(places, path))
            if isinstance(value, dict):
                return self._map(value, places, path)
            if isinstance(value, list):
                site = Site(places, path)
                if not value:
                    return Constant([], Site(places, path, written="[]"))
                return ListNode(tuple([self.read(v, places, (*path, i)) for i, v in enumerate(value)]), site)
            if value is None:
                self._fault(TEMPLATE_NULL, Site(places, path), "null has no place in a template", "leave the key out")
                return Constant("", Site(places, path))
            return self._scalar(value, Site(places, path, written=text(value)))
        finally:
            self._depth -= 1

    def _fault(self, code: Code, site: Site, message: str, hint: str | None = None) -> None:
        self.diagnostics.append(Diagnostic(code, site.span(), message, hint))

    def _parse_fault(self, fault: ParseFault, site: Site, offset: int = 0) -> None:
        span = site.part(fault.start + offset, fault.end + offset)
        self.diagnostics.append(Diagnostic(fault.code, span, fault.message, fault.hint))

    def _scalar(self, value: Value, site: Site) -> Constant | Computed | Text:
        if not isinstance(value, str) or not is_template(value):
            return Constant(value, site)
        try:
            parts = parse_text(value)
        except ParseFault as fault:
            self._parse_fault(fault, site)
            return Constant("", site)
        if len(parts) == 1 and not isinstance(parts[0], str):
            return Computed(parts[0], site)
        if all(isinstance(part, str) for part in parts):
            return Constant("".join(str(part) for part in parts), site)
        return Text(parts, site)

    def _bare(self, value: Value, site: Site, offset: int = 0) -> Bare | None:
        """The expression of a directive; a number or boolean is one too."""
        if not isinstance(value, str | int | float):
            self._fault(MISPLACED_DIRECTIVE, site, "an expression is expected here", "write `path.to.value`")
            return None
        try:
            return Bare(parse_bare(text(value)), site, offset)
        except ParseFault as fault:
            self._parse_fault(fault, site, offset)
            return None

    def _map(self, value: dict[str, Value], places: Places, path: Path) -> Node:
        site = Site(places, path)
        if not value:
            return Constant({}, Site(places, path, written="{}"))
        if not any(key[:1] == "$" for key in value):
            return MapNode(tuple([self._entry(key, value[key], places, path) for key in value]), site)
        for key in value:
            if key.startswith("$") and key not in DIRECTIVES:
                hint = meant(key, DIRECTIVES) or f"a key that begins with `$` is written `\"{{{{ '{key}' }}}}\"`"
                self._fault(UNKNOWN_DIRECTIVE, Site(places, (*path, key), True), f"`{key}` is no directive", hint)
        loop = self._loop(value["$for"], Site(places, (*path, "$for"))) if "$for" in value else None
        self._loops += "$for" in value
        if self._loops > MAX_LOOPS:
            self._fault(TEMPLATE_TOO_LARGE, Site(places, (*path, "$for"), True), f"loops nest at most {MAX_LOOPS} deep")
        lets = self._lets(value["$let"], places, (*path, "$let")) if "$let" in value else ()
        condition = self._when(value["$when"], places, path) if "$when" in value else None
        otherwise = self.read(value["$else"], places, (*path, "$else")) if "$else" in value else None
        if otherwise is not None and "$when" not in value:
            self._fault(
                MISPLACED_DIRECTIVE,
                Site(places, (*path, "$else"), True),
                "`$else` stands without `$when`",
                "add `$when`, or remove it",
            )
        inner = self._whole(value, places, path)
        merges = self._merges(value["$merge"], places, (*path, "$merge")) if "$merge" in value else ()
        includes = self._includes(value["$include"], places, (*path, "$include")) if "$include" in value else ()
        entries = tuple(self._entry(key, value[key], places, path) for key in value if not key.startswith("$"))
        self._loops -= "$for" in value
        if inner is not None and (entries or merges or includes):
            key = "$json" if "$json" in value else "$value"
            self._fault(
                MISPLACED_DIRECTIVE,
                Site(places, (*path, key), True),
                f"`{key}` is the whole value, so nothing stands beside it",
            )
        if inner is None and len(includes) == 1 and not merges and not entries:
            inner, includes = includes[0], ()
        if condition is not None and otherwise is None:
            early, late = _split(lets, condition)
            if late:
                inner = MapNode(entries, site, lets=late, value=inner, merges=merges, includes=includes)
                return MapNode((), site, loop, early, condition, value=inner)
        return MapNode(entries, site, loop, lets, condition, otherwise, inner, merges, includes)

    def _whole(self, value: dict[str, Value], places: Places, path: Path) -> Node | None:
        """What `$value` or `$json` says the whole value is."""
        if "$json" not in value:
            return self.read(value["$value"], places, (*path, "$value")) if "$value" in value else None
        site = Site(places, (*path, "$json"), True, "$json")
        if "$value" in value:
            self._fault(
                MISPLACED_DIRECTIVE, site, "`$json` and `$value` are each the whole value", "remove one of them"
            )
        return JsonNode(self.read(value["$json"], places, (*path, "$json")), site)

    def _entry(self, key: str, value: Value, places: Places, path: Path) -> Entry:
        where = (*path, key)
        if not is_template(key):
            return Entry(key, self.read(value, places, where))
        name = self._scalar(key, Site(places, where, True, key))
        return Entry(name.value if isinstance(name, Constant) else name, self.read(value, places, where))

    def _when(self, value: Value, places: Places, path: Path) -> Bare | None:
        return self._bare(value, Site(places, (*path, "$when"), written=_written(value)))

    def _loop(self, value: Value, site: Site) -> Loop | None:
        match = _LOOP.match(value) if isinstance(value, str) else None
        if match is None:
            self._fault(MISPLACED_DIRECTIVE, site, "`$for` reads `name in list` or `key, value in map`")
            return None
        names = tuple(name for name in match.groups() if name)
        written = Site(site.places, site.path, written=value)
        if RESERVED & set(names) or len(set(names)) < len(names):
            self._fault(
                MISPLACED_DIRECTIVE, site, f"`{', '.join(names)}` cannot be a loop's names", "choose other names"
            )
            return None
        collection = self._bare(value[match.end() :], written, match.end())
        return Loop(names, collection) if collection else None

    def _lets(self, value: Value, places: Places, path: Path) -> tuple[tuple[str, Bare], ...]:
        if not isinstance(value, dict) or not value:
            self._fault(MISPLACED_DIRECTIVE, Site(places, path), "`$let` takes a map of names and expressions")
            return ()
        lets = []
        for name, expression in value.items():
            where = (*path, name)
            if not _NAME.fullmatch(name) or name in RESERVED:
                self._fault(
                    MISPLACED_DIRECTIVE,
                    Site(places, where, True),
                    f"`{name}` cannot be a name",
                    "use letters, digits and `_`, a letter first",
                )
                continue
            bare = self._bare(expression, Site(places, where, written=_written(expression)))
            if bare is not None:
                lets.append((name, bare))
        return tuple(lets)

    def _merges(self, value: Value, places: Places, path: Path) -> tuple[Node, ...]:
        node = self.read(value, places, path)
        if isinstance(node, Text) or (isinstance(node, Constant) and not isinstance(node.value, dict | list)):
            hint = f"did you mean `{{{{ {value} }}}}`?" if isinstance(value, str) and _NAME.match(value) else None
            self._fault(MISPLACED_DIRECTIVE, node.site, "`$merge` takes a map or a list of maps", hint)
            return ()
        return (node,)

    def _includes(self, value: Value, places: Places, path: Path) -> tuple[Node, ...]:
        if isinstance(value, list):
            return tuple(node for i, name in enumerate(value) for node in self._include(name, Site(places, (*path, i))))
        return self._include(value, Site(places, path))

    def _include(self, name: Value, site: Site) -> tuple[Node, ...]:
        document = self.fragments.get(name) if isinstance(name, str) else None
        if document is None:
            hint = meant(str(name), self.fragments) or "fragments are named `component/fragment`"
            self._fault(UNKNOWN_FRAGMENT, site, f"there is no fragment `{name}`", hint)
            return ()
        if name in self._including:
            way = " → ".join([*self._including, name])
            self._fault(UNKNOWN_FRAGMENT, site, f"the fragment `{name}` includes itself", f"the way round is {way}")
            return ()
        # What a fragment is depends on how deep it is included, as too deep is a fault.
        known = (name, self._depth, self._loops)
        if known not in self._included:
            places = self._places.setdefault(name, Places(document))
            self._including.append(name)
            self._included[known] = self.read(document.value, places, ())
            self._including.pop()
        return (self._included[known],)


Lets: TypeAlias = tuple[tuple[str, Bare], ...]


def _split(lets: Lets, condition: Bare) -> tuple[Lets, Lets]:
    """The names that the condition needs, and those that need not be worked out where it doesn't hold."""
    needed = _names(condition)
    early = []
    for name, bare in reversed(lets):
        if name in needed:
            early.append((name, bare))
            needed |= _names(bare)
    names = {name for name, _ in early}
    return tuple(reversed(early)), tuple(entry for entry in lets if entry[0] not in names)


def _names(bare: Bare) -> set[str]:
    expression = bare.expression
    names = {name.name for name in expression.find_all(nodes.Name)}
    return names | {expression.name} if isinstance(expression, nodes.Name) else names


def _written(value: Value) -> str:
    return text(value) if isinstance(value, str | int | float) else ""
