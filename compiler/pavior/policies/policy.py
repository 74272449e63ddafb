"""A policy, read and compiled: what it is about, and its answers for one manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import CodeType
from typing import Any

from pavior.cel import CelError, parse
from pavior.cel.evaluate import About, Scope, Seen, about, evaluate
from pavior.cel.generate import functions
from pavior.cel.tree import Literal, Node
from pavior.cel.values import begin
from pavior.model import Document, Manifest, Value

WAIVED = "waived"
"""The variable of a policy that says whether the manifest's service is let through: a policy that has one can be waived."""

Holds = Callable[[Value, Value, Value], bool]


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression of a policy: its text, and the path in the document where it stands."""

    text: str
    at: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Validation:
    expression: Expression
    message: str | None = None
    computed: Expression | None = None
    """What computes the message; `message` stands in where it cannot."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One validation that a manifest does not pass. `failed`: the expression had no answer. `about`: the most telling first."""

    validation: Validation | None
    message: str
    about: tuple[About, ...] = ()
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """`constraints` are the plain data of what it matches, `parameters` apiVersion and kind of its parameters' manifests.

    `fails`: what has no answer is denied. `elsewhere`: it is for clusters alone. `code`: its fast yes, of `cel.generate`.
    """

    name: str
    document: Document = field(repr=False)
    constraints: Mapping[str, Any]
    conditions: tuple[Expression, ...]
    variables: Mapping[str, Expression]
    validations: tuple[Validation, ...]
    parameters: tuple[str, str] | None
    fails: bool
    hint: str | None
    elsewhere: bool
    code: CodeType | None = field(default=None, repr=False, compare=False)

    @property
    def waivable(self) -> bool:
        return WAIVED in self.variables


@cache
def tree(text: str) -> Node:
    """An expression's tree; it has been parsed without a fault before."""
    return parse(text)


def fast(policy: Policy) -> Holds:
    """Whether a manifest surely holds to a policy, of object, parameters and namespace; it may raise where it does not."""
    assert policy.code is not None, "what is for clusters alone is not asked"
    made: dict[str, Any] = functions()
    exec(policy.code, made)  # of the policy's own expressions, made by `cel.generate`
    holds: Holds = made["holds"]
    return holds


def verdicts(
    policy: Policy, manifest: Manifest, parameters: Value, namespace: Value, *, unwaived: bool = False
) -> Iterator[Verdict]:
    """What an API server would say against the creation of a manifest. `unwaived`: as if nothing were waived."""
    variables = {name: tree(expression.text) for name, expression in policy.variables.items()}
    if unwaived:
        variables[WAIVED] = Literal(0, False)
    roots = {"object": Seen(manifest, ()), "params": Seen(parameters), "namespaceObject": Seen(namespace)}
    scope = Scope(roots, variables)
    begin()
    applies = _applies(policy, scope)
    if isinstance(applies, CelError):
        if policy.fails:
            yield Verdict(None, f"a condition of it has no answer: {applies}", failed=True)
        return
    for validation in policy.validations if applies else ():
        node = tree(validation.expression.text)
        try:
            answer = evaluate(node, scope).value
        except CelError as error:
            if policy.fails:
                yield Verdict(validation, str(error), tuple(about(node, scope)), failed=True)
            continue
        if answer is not True:
            yield Verdict(validation, _message(validation, scope), tuple(about(node, scope)))


def _applies(policy: Policy, scope: Scope) -> bool | CelError:
    """Whether all conditions hold: one that does not decides, whatever others fail."""
    failed: CelError | None = None
    for condition in policy.conditions:
        try:
            if evaluate(tree(condition.text), scope).value is not True:
                return False
        except CelError as error:
            failed = failed or error
    return True if failed is None else failed


_LONGEST_MESSAGE = 5 * 1024


def _message(validation: Validation, scope: Scope) -> str:
    """As an API server words it: computed if that gives one short line, else the text, else the expression."""
    if validation.computed is not None:
        try:
            computed = evaluate(tree(validation.computed.text), scope).value
        except CelError:
            computed = None
        if isinstance(computed, str):
            computed = computed.strip()
            if computed and "\n" not in computed and len(computed.encode()) <= _LONGEST_MESSAGE:
                return computed
    return (validation.message or "").strip() or f"failed expression: {validation.expression.text.strip()}"
