"""Cycles: services that name one another in a circle, where a component says that such names should not lead back.

Only names count that both ends agree on, and that nobody accepted. Of services that are all in circles with one another, one
circle is told: the shortest through the first of them by name, where it closes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from pavior.diagnostics import Diagnostic, Note
from pavior.diagnostics.codes.link import CYCLE
from pavior.phases.link.declarations import Declaration, Finding, Links, Locate, parse
from pavior.platform import Cycles, Platform, Reference

Graph: TypeAlias = Mapping[str, Iterable[str]]
"""`team/service` → those that it names."""


def cycles(platform: Platform, links: Links, locate: Locate) -> Iterator[Finding]:
    """A warning for each circle, once for all targets in which it is."""
    for component in platform.components.values():
        for name, reference in component.references.items():
            if reference.cycles is not None:
                yield from _cycles(name, reference, reference.cycles, links, locate)


def _cycles(name: str, reference: Reference, cycles: Cycles, links: Links, locate: Locate) -> Iterator[Finding]:
    # Nearly all fleets have none: that is found out for all targets together.
    anywhere: dict[str, set[str]] = {}
    for declaration in links.declarations.values():
        if names := declaration.references.get(name):
            anywhere.setdefault(str(declaration.service), set()).update(names)
    suspects = _leading_to_cycles(anywhere)
    if not suspects:
        return
    by_target: dict[str, list[Declaration]] = defaultdict(list)
    for declaration in links.declarations.values():
        if str(declaration.service) in suspects:
            by_target[declaration.target.place].append(declaration)
    found: dict[tuple[str, ...], list[tuple[Declaration, int]]] = {}
    for declarations in by_target.values():
        graph = {str(d.service): _agreed(d, name, reference.mirror, links) for d in declarations}
        of_target = {str(d.service): d for d in declarations}
        for together in components(graph):
            circle = _shortest(graph, together)
            found.setdefault(circle, []).append((of_target[circle[-1]], len(together)))
    for circle, closing in sorted(found.items()):
        yield Finding(frozenset(), _told(circle, name, cycles, closing, links, locate))


def _agreed(declaration: Declaration, name: str, mirror: str | None, links: Links) -> list[str]:
    """The services that this one names, that run beside it and name it back, and that it doesn't accept; sorted."""
    me, found = str(declaration.service), []
    accepted = declaration.accepted.get(name, ())
    for text in sorted(set(declaration.references.get(name, ())).difference(accepted, (me,))):
        other = links.declarations.get((declaration.target.place, parse(text)))
        if other is not None and (mirror is None or me in other.references.get(mirror, ())):
            found.append(text)
    return found


def _leading_to_cycles(graph: Graph) -> set[str]:
    """The nodes that lead to some cycle: what is left when those that lead nowhere are taken away, again and again."""
    named_by: dict[str, list[str]] = defaultdict(list)
    leads: dict[str, int] = {}
    for node, others in graph.items():
        within = [other for other in others if other in graph and other != node]
        leads[node] = len(within)
        for other in within:
            named_by[other].append(node)
    nowhere = [node for node, count in leads.items() if not count]
    for node in nowhere:
        for before in named_by[node]:
            leads[before] -= 1
            if not leads[before]:
                nowhere.append(before)
    return leads.keys() - nowhere


def components(graph: Graph) -> list[frozenset[str]]:
    """The strongly connected components of more than one node, by Tarjan's algorithm (Depth-First Search and Linear Graph
    Algorithms, SIAM J. Comput. 1, 1972) without recursion: in time linear in nodes and edges."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_nodes: dict[str, None] = {}
    found: list[frozenset[str]] = []
    for root in graph:
        walk = [(root, iter(graph[root]))] if root not in number else []
        while walk:
            node, rest = walk[-1]
            if node not in number:
                number[node] = lowest[node] = len(number)
                open_nodes[node] = None
            for other in rest:
                if other in graph and other not in number:
                    walk.append((other, iter(graph[other])))
                    break
                if other in open_nodes:
                    lowest[node] = min(lowest[node], number[other])
            else:
                walk.pop()
                if walk:
                    above = walk[-1][0]
                    lowest[above] = min(lowest[above], lowest[node])
                if lowest[node] == number[node]:
                    found.append(_closed(open_nodes, node))
    return [each for each in found if len(each) > 1]


def _closed(open_nodes: dict[str, None], first: str) -> frozenset[str]:
    """The nodes that were opened since `first`, and it; they are open no more."""
    closed = set()
    while first not in closed:
        node, _ = open_nodes.popitem()
        closed.add(node)
    return frozenset(closed)


def _shortest(graph: Graph, together: frozenset[str]) -> tuple[str, ...]:
    """The shortest circle through the first of a strongly connected component, without coming back to it."""
    first = min(together)
    reached_from: dict[str, str] = {}
    line = [first]
    for node in line:
        for other in graph[node]:
            if other == first:
                circle = [node]
                while circle[-1] != first:
                    circle.append(reached_from[circle[-1]])
                return tuple(reversed(circle))
            if other in together and other not in reached_from:
                reached_from[other] = node
                line.append(other)
    raise AssertionError("a strongly connected component leads back to each of its nodes")


def _told(
    circle: Sequence[str],
    name: str,
    cycles: Cycles,
    closing: Sequence[tuple[Declaration, int]],
    links: Links,
    locate: Locate,
) -> Diagnostic:
    declaration = closing[0][0]
    place = declaration.target.place
    spans = []
    for service, other in zip(circle, (*circle[1:], circle[0]), strict=True):
        said = links.declarations[place, parse(service)]
        spans.append((service, other, locate(said, "references", name, said.references[name].index(other))))
    (*before, (_, _, span)) = spans
    notes = [Note("in", targets=tuple(d.target.name for d, _ in closing))]
    notes += [Note(f"`{service}` names `{other}` here", at) for service, other, at in before]
    more = max(size for _, size in closing) - len(circle)
    if more:
        notes.append(Note(f"{more} more {'service is' if more == 1 else 'services are'} in circles with these"))
    way = " → ".join(f"`{service}`" for service in (*circle, circle[0]))
    return Diagnostic(CYCLE, span, f"{cycles.message}: {way}", cycles.hint, tuple(notes), CYCLE.severity)
