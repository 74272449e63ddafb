"""Read: the documents of policies → policies, compiled. What is wrong with one is found here, before a manifest meets it."""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from pavior.cel import CelFault, parse
from pavior.cel.check import Types, type_of
from pavior.cel.generate import predicate
from pavior.cel.tree import Call, Logic, Node
from pavior.diagnostics import Code, Diagnostic, Note, Outcome
from pavior.diagnostics.codes import policies as codes
from pavior.diagnostics.suggest import did_you_mean
from pavior.kubernetes import Reason, Schema
from pavior.kubernetes.policies import Shape
from pavior.kubernetes.schemas import ManifestSchemas
from pavior.model import Document, Path, Span
from pavior.policies.guards import unguarded
from pavior.policies.matching import creates, matches_resource
from pavior.policies.place import place
from pavior.policies.policy import Expression, Policy, Validation

EVALUATE = "pavior.dev/evaluate"
HINT = "pavior.dev/hint"
Codes = Mapping[str, bytes]
"""The compiled code of policies, by the path of their files."""


@dataclass(frozen=True, slots=True)
class Read:
    """Policies by name, and their code for keeping."""

    policies: Mapping[str, Policy]
    codes: Codes


def read(
    documents: Iterable[Document], shape: Shape, schemas: ManifestSchemas, kept: Codes | None = None
) -> Outcome[Read]:
    """Policies out of these documents. `kept` is the code of the very same documents, in which nothing was wrong."""
    policies: dict[str, Policy] = {}
    made: dict[str, bytes] = {}
    diagnostics: list[Diagnostic] = []
    workshop = None if kept is not None else _Workshop(shape, schemas)
    for document in documents:
        path = document.source.path
        if kept is not None:
            code = marshal.loads(kept[path]) if path in kept else None
            policy: Policy | None = policy_of(document, shape, code)
        else:
            assert workshop is not None, "made where nothing is kept"
            policy = workshop.policy(document)
            diagnostics.extend(workshop.take())
        if policy is None:
            continue
        first = policies.setdefault(policy.name, policy)
        if first is not policy:
            diagnostics.append(_twice(policy, first))
        if policy.code is not None:
            made[path] = marshal.dumps(policy.code)
    return Outcome(Read(policies, made), tuple(diagnostics))


def policy_of(document: Document, shape: Shape, code: CodeType | None = None) -> Policy:
    """The policy that a sound document is."""
    manifest = document.value

    def expressions(name: str) -> Iterator[tuple[Mapping[str, Any], Expression]]:
        for index, each in enumerate(shape.part(manifest, name) or ()):
            yield each, Expression(each["expression"], (*shape.places[name], index, "expression"))

    def computed(each: Mapping[str, Any], at: Path) -> Expression | None:
        text = each.get("messageExpression")
        return Expression(text, (*at[:-1], "messageExpression")) if text else None

    parameters = shape.part(manifest, "parameters")
    annotations = manifest["metadata"].get("annotations") or {}
    return Policy(
        name=manifest["metadata"]["name"],
        document=document,
        constraints=shape.part(manifest, "constraints") or {},
        conditions=tuple(expression for _, expression in expressions("conditions")),
        variables={each["name"]: expression for each, expression in expressions("variables")},
        validations=tuple(
            Validation(expression, each.get("message"), computed(each, expression.at))
            for each, expression in expressions("validations")
        ),
        parameters=(parameters["apiVersion"], parameters["kind"]) if parameters else None,
        fails=(shape.part(manifest, "failure") or "Fail") == "Fail",
        hint=annotations.get(HINT),
        elsewhere=annotations.get(EVALUATE) == "cluster",
        code=code,
    )


def _twice(policy: Policy, first: Policy) -> Diagnostic:
    at: Path = ("metadata", "name")
    other = first.document.positions().value(at)
    span = policy.document.positions().value(at)
    message = f"there are two policies `{policy.name}`"
    return Diagnostic(codes.SAME_POLICY, span, message, "rename one of them", (Note("and here", other),))


@dataclass(slots=True)
class _Workshop:
    """What reading policies shares, and the faults found since they were last taken."""

    shape: Shape
    schemas: ManifestSchemas
    found: list[Diagnostic] = field(default_factory=list)

    def take(self) -> list[Diagnostic]:
        found, self.found = self.found, []
        return found

    def fault(self, code: Code, span: Span, message: str, hint: str | None = None) -> None:
        self.found.append(Diagnostic(code, span, message, hint, severity=code.severity))

    def policy(self, document: Document) -> Policy | None:
        if not self._shaped(document):
            return None
        policy = policy_of(document, self.shape)
        self._rules(policy)
        if not policy.elsewhere:
            code = self._compiled(policy)
            if not self.found and code is not None:
                return policy_of(document, self.shape, code)
        return policy if not self.found else None

    def _shaped(self, document: Document) -> bool:
        manifest, positions = document.value, document.positions()
        if not isinstance(manifest, dict) or not self.shape.is_policy(manifest):
            message = f"this is no {self.shape.kind} of `{self.shape.api_version}`"
            hint = "a component's other manifests stand in `manifests/`"
            self.fault(codes.NO_POLICY, _head(positions.value(())), message, hint)
            return False
        for fault in self.schemas.faults(manifest):
            at_key = fault.reason is Reason.UNKNOWN_FIELD
            span = positions.key(fault.path) if at_key else positions.value(fault.path)
            self.fault(codes.NO_POLICY, span, fault.message, fault.hint)
        return not self.found

    def _rules(self, policy: Policy) -> None:
        """Rules must say CREATE somewhere, and name resources that there are."""
        at = (*self.shape.places["constraints"], "resourceRules")
        positions, rules = policy.document.positions(), policy.constraints.get("resourceRules", ())
        if not any(creates(rule) for rule in rules) and not policy.elsewhere:
            hint = 'add CREATE to a rule, or mark it with `pavior.dev/evaluate: "cluster"`'
            message = f"policy `{policy.name}` says nothing to the creation of manifests"
            self.fault(codes.NO_POLICY, positions.key(at), message, hint)
        resources = self.schemas.resources()
        for number, rule in enumerate(rules):
            groups = rule.get("apiGroups", ())
            known = [plural for (group, _), plural in resources.items() if group in groups or "*" in groups]
            # Kinds that the platform defines itself are known once it is rendered; of other groups nothing is.
            if any(group != "*" and group not in {g for g, _ in resources} for group in groups):
                continue
            for index, name in enumerate(rule.get("resources", ())):
                plural = name.partition("/")[0]
                if plural != "*" and plural not in known:
                    near = did_you_mean(plural, known)
                    hint = f"did you mean `{near}`?" if near else "rules name plurals, in lower case"
                    message = f"no kind of these groups is called `{name}`"
                    self.fault(
                        codes.UNKNOWN_RESOURCE, positions.value((*at, number, "resources", index)), message, hint
                    )

    def _compiled(self, policy: Policy) -> CodeType | None:
        """The code of a policy's fast yes; None where an expression is at fault."""
        types: dict[str, str] = {"object": "dyn", "namespaceObject": "dyn"}
        if policy.parameters:
            types["params"] = "dyn"
        if self.shape.part(policy.document.value, "annotations"):
            span = policy.document.positions().key(self.shape.places["annotations"])
            self._elsewhere(span, "what is written to an audit log is for clusters alone", None)
        variables: dict[str, Node] = {}
        for name, expression in policy.variables.items():
            node = self._expression(policy, expression, types, None)
            if node is not None:
                variables[name] = node
                types[f"variables.{name}"] = type_of(node, types)
        conditions = [self._expression(policy, each, types, "bool") for each in policy.conditions]
        tests = [self._expression(policy, each.expression, types, "bool") for each in policy.validations]
        messages = [each.computed for each in policy.validations if each.computed]
        computed = [self._expression(policy, each, types, "string") for each in messages]
        if self.found:
            return None
        given = [node for node in conditions if node is not None]
        wanted = [node for node in tests if node is not None]
        guarded = (
            *policy.variables.values(),
            *policy.conditions,
            *(v.expression for v in policy.validations),
            *messages,
        )
        trees = (*variables.values(), *given, *wanted, *(node for node in computed if node is not None))
        self._guards(policy, list(zip(guarded, trees, strict=True)), variables, given)
        # A policy holds where a condition of it does not.
        all_of = Logic(0, "&&", tuple(wanted)) if len(wanted) > 1 else wanted[0]
        answer = Logic(0, "||", (*(Call(0, "!", (node,)) for node in given), all_of)) if given else all_of
        source = predicate("holds", list(variables.items()), [answer], types)
        return compile(source, policy.document.source.path, "exec")

    def _expression(self, policy: Policy, expression: Expression, types: Types, wanted: str | None) -> Node | None:
        try:
            node = parse(expression.text)
            its = type_of(node, types)
            if wanted and its != wanted:
                hint = "compare it: `… == true`" if its == "dyn" and wanted == "bool" else None
                gives = "what is not known from its text" if its == "dyn" else its
                raise CelFault(0, "", f"this gives {gives}, and must give {wanted}", hint)
        except CelFault as fault:
            span = place(policy.document, expression.at, expression.text, fault.at, fault.word)
            if fault.elsewhere:
                self._elsewhere(span, fault.message, fault.hint)
            else:
                self.fault(codes.BAD_EXPRESSION, span, fault.message, fault.hint)
            return None
        return node

    def _elsewhere(self, span: Span, message: str, hint: str | None) -> None:
        mark = 'or mark the policy with the annotation `pavior.dev/evaluate: "cluster"`'
        self.fault(codes.ELSEWHERE_ONLY, span, message, f"{hint or 'say it otherwise'}, {mark}")

    def _guards(
        self,
        policy: Policy,
        expressions: Sequence[tuple[Expression, Node]],
        variables: Mapping[str, Node],
        conditions: Sequence[Node],
    ) -> None:
        schemas = self._schemas(policy)
        for expression, node in expressions:
            # What computes a message is asked where the validation is false, and an error there only costs the message.
            if expression.at[-1] == "messageExpression":
                continue
            given = () if expression in policy.conditions or expression in policy.variables.values() else conditions
            for read_ in unguarded(node, variables, schemas, given):
                span = place(policy.document, expression.at, expression.text, read_.at, read_.word)
                shown = read_.path.replace("$", "")
                hint = f"ask first: `has({shown}) && …`; or read it with a fallback: `.?{read_.word}.orValue(…)`"
                self.fault(codes.UNGUARDED_READ, span, f"`{shown}` may be absent", hint)

    def _schemas(self, policy: Policy) -> list[Schema] | None:
        """The schemas of all kinds that a policy is about; None where one has none, or there are too many to say."""
        if any("*" in rule.get("resources", ()) for rule in policy.constraints.get("resourceRules", ())):
            return None
        found = []
        for (group, kind), plural in self.schemas.resources().items():
            if not any(plural in rule.get("resources", ()) for rule in policy.constraints.get("resourceRules", ())):
                continue
            for api_version in self.schemas.versions(group, kind):
                if any(
                    matches_resource(policy.constraints, api_version, plural, namespaced=namespaced)
                    for namespaced in (True, False)
                ):
                    schema = self.schemas.schema(api_version, kind)
                    assert schema is not None, "a kind that is listed has a schema"
                    found.append(schema)
        return found or None


def _head(span: Span) -> Span:
    return Span(span.file, span.line, span.column, span.line, span.column + 1)
