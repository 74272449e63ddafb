"""What generated code knows where it stands: which fields have been read into a local name, and which are surely there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pavior.cel.check import Types, type_of
from pavior.cel.tree import Call, Has, Logic, Name, Node, Select, walk
from pavior.cel.waiting import variable_of


def cell_of(node: Node) -> Node | None:
    """What reads of one field are known by, optional or not; None for what is no such read."""
    match node:
        case Select() if variable_of(node) is None:
            return Select(0, cell_of(node.operand) or node.operand, node.field)
        case Has():
            return Select(0, cell_of(node.operand) or node.operand, node.field)
    return None


@dataclass(slots=True)
class Scope:
    """What is known where code stands: types, and the local names of what has been read.

    `cells` are fields, each with the name of its value or of `_absent`, `present` those that are surely there. `assigns`:
    names may be given to more.
    """

    types: Types
    cells: dict[Node, str] = field(default_factory=dict)
    present: set[Node] = field(default_factory=set)
    assigns: bool = True

    def inner(self, **types: str) -> Scope:
        """The scope of what may not run: nothing that is read in it is known outside."""
        outer = {**self.types, **types} if types else self.types
        cells = {cell: name for cell, name in self.cells.items() if not _reads(cell, types)} if types else self.cells
        present = {cell for cell in self.present if not _reads(cell, types)} if types else self.present
        return Scope(outer, dict(cells), set(present), self.assigns)

    def learn(self, test: Node, truth: bool) -> None:
        """Know what is there where a test is true, or false."""
        match test:
            case Has():
                if truth:
                    self.present.add(known(cell_of(test)))
            case Call(function="!"):
                self.learn(test.arguments[0], not truth)
            case Logic() if truth == (test.sign == "&&"):
                for operand in test.operands:
                    self.learn(operand, truth)


def known(cell: Node | None) -> Node:
    assert cell is not None, "what reads a field has a cell"
    return cell


def _reads(node: Node, names: Iterable[str]) -> bool:
    return any(isinstance(each, Name) and each.name in names for each in walk(node))


def by_fields(node: Node, types: Types) -> bool:
    """Whether a path goes to its end by fields of what is no optional itself."""
    while isinstance(node, Select) and variable_of(node) is None:
        node = node.operand
    return type_of(node, types) != "optional"
