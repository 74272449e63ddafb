"""Compose: the documents of golden-paths/ → the platform, compiled.

What is wrong with golden paths is found here, once, before a service meets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pavior.diagnostics import Code, Diagnostic, Note, Outcome
from pavior.diagnostics.codes import compose as codes
from pavior.diagnostics.suggest import did_you_mean
from pavior.expression import Form, Template, compile_template
from pavior.expression.kept import Kept
from pavior.layering.merge import merge_all, part
from pavior.model import CATALOGUE, Document, Path, Span, Target, Value
from pavior.platform import (
    Claim,
    Component,
    Cycles,
    GoldenPath,
    ManifestTemplate,
    Platform,
    Reference,
    Scope,
    TargetContext,
    Within,
)
from pavior.schema import Node, Schemas, context
from pavior.schema.compiled import schema as schema_of
from pavior.schema.context import LAYERING_KEYS

COMPONENT_FILE = "component.yaml"
DEFAULTS_FILE = "defaults.yaml"
FIELDS_FILE = "schema.json"
SETTINGS_FILE = "settings.yaml"
SETTINGS_SCHEMA_FILE = "settings.schema.json"
CHANGES_FILE = "changes.yaml"
MANIFESTS_FOLDER = "manifests"
TEXTS_FOLDER = "texts"
FRAGMENTS_FOLDER = "fragments"
POLICIES_FOLDER = "policies"

# The keys of component.yaml that list files, and where these lie.
_LISTED = (("manifests", MANIFESTS_FOLDER), ("texts", TEXTS_FOLDER), ("policies", POLICIES_FOLDER))

_OF_RENDERING = ("contributions", "linked", context.COMPONENTS)
"""What there is only while manifests are rendered."""


@dataclass(frozen=True, slots=True)
class Files:
    """The documents of golden-paths/ by name, those of a component by path inside its folder; each has passed its schema."""

    organization: Document
    environments: Mapping[str, Document]
    components: Mapping[str, Mapping[str, Document]]
    golden_paths: Mapping[str, Document]


def compose(files: Files, schemas: Schemas, kept: Kept | None = None) -> Outcome[Platform]:
    """Resolve, check and compile everything. With an error there is no platform.

    `kept` are the templates that were compiled from these very files before, or takes them in.
    """
    workshop = _Workshop(files, schemas, kept or Kept())
    workshop.declarations()
    components = {name: workshop.component(name) for name in sorted(files.components)}
    golden_paths = {
        name: GoldenPath(name, document, tuple(workshop.components_of(document, components)))
        for name, document in sorted(files.golden_paths.items())
    }
    targets = tuple(workshop.targets())
    if any(d.is_error for d in workshop.diagnostics):
        return Outcome(None, tuple(workshop.diagnostics))
    platform = Platform(
        organization=files.organization,
        environments=dict(sorted(files.environments.items())),
        components=components,
        golden_paths=golden_paths,
        targets=targets,
        catalogue=tuple(catalogue(targets)),
        accepted={name: schema_of(context.map_of(node)) for name, node in sorted(workshop.accepted.items())},
        schemas=schemas,
    )
    return Outcome(platform, tuple(workshop.diagnostics))


def target_names(environments: Mapping[str, Document]) -> Iterator[Target]:
    """Every environment once, or once for each of its clusters where it has several."""
    for environment, document in sorted(environments.items()):
        clusters = sorted(document.value["clusters"])
        for cluster in clusters:
            name = environment if len(clusters) == 1 else f"{environment}@{cluster}"
            yield Target(name, environment, cluster)


def catalogue(targets: Iterable[TargetContext]) -> Iterator[TargetContext]:
    """The same targets as the catalogue's entries see them, production first."""
    for seen in sorted(targets, key=lambda t: not t.roots["environment"].get("production", False)):
        target = Target(CATALOGUE, seen.target.environment, seen.target.cluster)
        roots = {**seen.roots, "target": {"name": CATALOGUE, "folder": f"rendered/{CATALOGUE}"}}
        yield TargetContext(target, roots, seen.settings, catalogue=True)


def readable(document: Document, name: str) -> dict[str, Value]:
    """What templates read of organization.yaml or an environment: its fields and its name, not its layers."""
    fields = {key: value for key, value in document.value.items() if key not in LAYERING_KEYS}
    return {**fields, "name": fields.get("name", name)}


@dataclass(slots=True)
class _Workshop:
    """What compiling the components of one platform shares, and the faults found so far."""

    files: Files
    schemas: Schemas
    kept: Kept
    diagnostics: list[Diagnostic] = field(default_factory=list)
    fragments: dict[str, Document] = field(default_factory=dict)
    accepted: dict[str, Node] = field(default_factory=dict)
    facts: set[str] = field(default_factory=set)
    references: set[str] = field(default_factory=set)
    roots: dict[Scope, dict[str, Node]] = field(default_factory=dict)

    def fault(
        self, code: Code, span: Span, message: str, hint: str | None = None, notes: tuple[Note, ...] = ()
    ) -> None:
        self.diagnostics.append(Diagnostic(code, span, message, hint, notes))

    def declarations(self) -> None:
        """Collect what components declare to one another, before any of their templates is compiled."""
        seen: dict[tuple[str, str], Span] = {}
        realms: dict[str, tuple[str, Span]] = {}
        for name, documents in sorted(self.files.components.items()):
            document = documents[COMPONENT_FILE]
            for claim, entry in document.value.get("claims", {}).items():
                self._one_realm(realms, claim, entry["within"], document.positions().value(("claims", claim, "within")))
            for key in ("accepts", "references"):
                for declared in document.value.get(key, ()):
                    self._once(seen, key, declared, document.positions().key((key, declared)))
            if "type" in document.value:
                self._once(seen, "type", document.value["type"], document.positions().value(("type",)))
            for accepted, entry in document.value.get("accepts", {}).items():
                self.accepted[accepted] = entry["schema"]
            self.references.update(document.value.get("references", ()))
            self.facts.update(key for key in document.value.get("facts", ()) if not key.startswith("$"))
            for path, fragment in documents.items():
                folder, _, file = path.rpartition("/")
                if folder == FRAGMENTS_FOLDER:
                    self.fragments[f"{name}/{file.removesuffix('.yaml')}"] = fragment

    def _once(self, seen: dict[tuple[str, str], Span], key: str, name: str, span: Span) -> None:
        first = seen.setdefault((key, name), span)
        if first is not span:
            self.fault(
                codes.DUPLICATE_DECLARATION,
                span,
                f"`{name}` is declared under `{key}` by two components",
                "rename one of them",
                (Note("and here", first),),
            )

    def _one_realm(self, realms: dict[str, tuple[str, Span]], claim: str, within: str, span: Span) -> None:
        """Components may claim names of one sort, if they agree on where these are unique."""
        said, first = realms.setdefault(claim, (within, span))
        if said != within:
            message = f"another component's names of `{claim}` are unique within `{said}`"
            notes = (Note("here", first),)
            self.fault(codes.DUPLICATE_DECLARATION, span, message, "say the same in both, or rename one of them", notes)

    def component(self, name: str) -> Component:
        documents = self.files.components[name]
        document = documents[COMPONENT_FILE]
        value = document.value
        scope = Scope.NEED if "type" in value else Scope.SERVICE
        for index, required in enumerate(value.get("requires", ())):
            self._known(required, document, ("requires", index))
        return Component(
            name=name,
            document=document,
            type=value.get("type"),
            requires=tuple(value.get("requires", ())),
            manifests=tuple(self._manifests(name, documents, scope)),
            holds_data=value.get("holdsData", False),
            immutable=tuple(value.get("immutable", ())),
            sealed=tuple(value.get("sealed", ())),
            accepts=tuple(value.get("accepts", ())),
            provides=dict(self._provides(name, document, scope)),
            costs=self._template(name, document, ("costs",), Form.MAP, scope),
            platform_costs=self._template(name, document, ("platformCosts",), Form.MAP, Scope.ENVIRONMENT),
            prices=self._template(name, document, ("prices",), Form.VALUE, Scope.ENVIRONMENT),
            labels=self._template(name, document, ("labels",), Form.MAP, Scope.SERVICE),
            facts=self._template(name, document, ("facts",), Form.MAP, scope),
            claims={
                claim: Claim(
                    Within(entry["within"]),
                    template,
                    self._template(name, document, ("claims", claim, "below"), Form.VALUE, scope),
                    entry.get("directly", False),
                    self._template(name, document, ("claims", claim, "reserved"), Form.VALUE, scope),
                )
                for claim, entry in value.get("claims", {}).items()
                if (template := self._template(name, document, ("claims", claim, "names"), Form.VALUE, scope))
            },
            references={
                reference: Reference(template, entry.get("mirror"), self._cycles(name, document, reference, scope))
                for reference, entry in value.get("references", {}).items()
                if (template := self._template(name, document, ("references", reference, "names"), Form.VALUE, scope))
            },
            faults=self._template(name, document, ("faults",), Form.VALUE, scope),
            amounts=self._template(name, document, ("amounts",), Form.MAP, scope),
            quotas=self._template(name, document, ("quotas",), Form.MAP, Scope.TEAM),
            team_claims=self._template(name, document, ("teamClaims",), Form.MAP, Scope.TEAM),
            documents=documents,
        )

    def _cycles(self, name: str, document: Document, reference: str, scope: Scope) -> Cycles | None:
        at: Path = ("references", reference, "cycles")
        accepted = self._template(name, document, (*at, "accepted"), Form.VALUE, scope)
        said = part(document.value, at)
        return Cycles(accepted, said["message"], said["hint"]) if accepted else None

    def _manifests(self, name: str, documents: Mapping[str, Document], default: Scope) -> Iterator[ManifestTemplate]:
        """The templates that component.yaml lists, each in its folder. Policies are rendered as they are, for each target."""
        document = documents[COMPONENT_FILE]
        for key, folder in _LISTED:
            listed = set()
            for index, given in enumerate(document.value.get(key, ())):
                entry = {"template": given} if isinstance(given, str) else given
                at: Path = (key, index) if isinstance(given, str) else (key, index, "template")
                listed.add(entry["template"])
                if entry["template"] in documents:
                    yield from self._manifest(name, documents, (key, index), entry, default)
                else:
                    self._missing(entry["template"], document, at, [p for p in documents if p.startswith(f"{folder}/")])
            for path in sorted(documents):
                if path.startswith(f"{folder}/") and path not in listed:
                    span = Span(documents[path].source.path)
                    hint = f"add it under `{key}:` in {document.source.path}, or delete it"
                    self.fault(codes.UNLISTED_TEMPLATE, span, f"component `{name}` does not list `{path}`", hint)

    def _manifest(
        self, name: str, documents: Mapping[str, Document], at: Path, entry: Mapping[str, Value], default: Scope
    ) -> Iterator[ManifestTemplate]:
        document, source = documents[COMPONENT_FILE], documents[entry["template"]]
        scope = Scope(entry["scope"]) if "scope" in entry else Scope.ENVIRONMENT if at[0] == "policies" else default
        if scope is Scope.NEED and default is not Scope.NEED:
            message = f"component `{name}` is not a type of `needs`, so nothing has scope `need`"
            span = document.positions().value((*at, "scope"))
            self.fault(codes.BAD_SCOPE, span, message, "choose another scope, or give the component a `type`")
            return
        text = at[0] == "texts"
        at_root: Path = ("lines",) if text else ()
        if text and not isinstance(part(source.value, at_root), list):
            message = "a text is made of a list of `lines`"
            self.fault(codes.NO_LINES, Span(source.source.path), message, "write them under `lines:`")
            return
        template = self._template(name, source, at_root, Form.VALUE if text else Form.ITEMS, scope)
        artifact = self._template(name, document, (*at, "artifact"), Form.VALUE, scope) if "artifact" in entry else None
        if template is not None:
            catalogue = entry.get("catalogue", False)
            yield ManifestTemplate(source.source.path, scope, template, artifact, catalogue, text)

    def _missing(self, path: str, document: Document, at: Path, there: list[str]) -> None:
        near = did_you_mean(path, there)
        hint = f"did you mean `{near}`?" if near else None
        span = document.positions().value(at)
        self.fault(codes.MISSING_FILE, span, f"there is no file `{path}` in this folder", hint)

    def _provides(self, name: str, document: Document, scope: Scope) -> Iterator[tuple[str, Template]]:
        for accepted in document.value.get("provides", {}):
            if accepted not in self.accepted:
                near = did_you_mean(accepted, list(self.accepted))
                hint = f"did you mean `{near}`?" if near else f"components accept {', '.join(sorted(self.accepted))}"
                span = document.positions().key(("provides", accepted))
                self.fault(codes.UNKNOWN_CONTRIBUTION, span, f"no component accepts `{accepted}`", hint)
                continue
            template = self._template(name, document, ("provides", accepted), Form.MAP, scope)
            if template is not None:
                yield accepted, template

    def _template(self, name: str, document: Document, at: Path, form: Form, scope: Scope) -> Template | None:
        # Who comes with a path through a list has looked already.
        if not any(isinstance(step, int) for step in at) and part(document.value, at) is None:
            return None
        called = (document.source.path, at, form.value, f"{name} {scope.value}")

        def compiled() -> Outcome[Template]:
            schema = self._context(name, scope, reckoned=at == ("costs",))
            return compile_template(document, at, form=form, schema=schema, fragments=self.fragments)

        known = self.kept.get(called, lambda: sound(compiled()))
        if known is not None:
            return known
        outcome = compiled()
        self.diagnostics.extend(outcome.diagnostics)
        if outcome.value is not None:
            self.kept.put(called, outcome.value)
        return outcome.value

    def _context(self, component: str, scope: Scope, reckoned: bool = False) -> Node:
        """What templates of a component read at a scope; `reckoned` are its costs, for which nothing is rendered or linked."""
        if not self.roots:
            shared = context.environment_roots(self.schemas)
            platform, team = (
                context.platform_roots(self.schemas, self.files.components),
                context.team_roots(self.schemas),
            )
            service = context.service_roots(self.schemas, self.accepted, self.references, self.facts)
            self.roots[Scope.ENVIRONMENT] = {**shared, **platform}
            self.roots[Scope.TEAM] = {**shared, **platform, **team}
            self.roots[Scope.SERVICE] = self.roots[Scope.NEED] = {**shared, **team, **service}
        roots = {**self.roots[scope], "settings": context.settings_root(self.schemas, component)}
        if scope is Scope.NEED:
            type_name = self.files.components[component][COMPONENT_FILE].value["type"]
            roots["need"] = context.need_root(self.schemas, type_name)
        return context.closed({k: v for k, v in roots.items() if not reckoned or k not in _OF_RENDERING})

    def components_of(self, document: Document, components: Mapping[str, Component]) -> Iterator[Component]:
        listed = document.value["components"]
        for index, name in enumerate(listed):
            at: Path = ("components", index)
            if not self._known(name, document, at):
                continue
            for required in components[name].requires:
                if required in components and required not in listed:
                    message = f"component `{name}` requires `{required}`, which this golden path does not list"
                    self.fault(codes.MISSING_REQUIREMENT, document.positions().value(at), message, f"add `{required}`")
            yield components[name]

    def _known(self, name: str, document: Document, at: Path) -> bool:
        if name in self.files.components:
            return True
        near = did_you_mean(name, list(self.files.components))
        known = ", ".join(sorted(self.files.components)) or f"none: write `golden-paths/components/{name}/`"
        hint = f"did you mean `{near}`?" if near else f"there are {known}"
        self.fault(codes.UNKNOWN_COMPONENT, document.positions().value(at), f"there is no component `{name}`", hint)
        return False

    def targets(self) -> Iterator[TargetContext]:
        organization = readable(self.files.organization, "")
        for target in target_names(self.files.environments):
            document = self.files.environments[target.environment]
            cluster = document.value["clusters"][target.cluster]
            environment = readable(document, target.environment)
            roots = {
                "organization": organization,
                "environment": environment,
                "cluster": {"name": target.cluster, **{k: v for k, v in cluster.items() if k not in LAYERING_KEYS}},
                "target": {"name": target.name, "folder": f"rendered/{target.name}"},
            }
            yield TargetContext(target, roots, {name: self._settings(name, target) for name in self.files.components})

    def _settings(self, component: str, target: Target) -> Mapping[str, Value]:
        """A component's settings in one target, checked as a whole; a fault is shown where the file that decides it speaks."""
        given = list(settings_layers(self.files, component, target))
        merged = merge_all({}, (values for _, _, _, values in given))
        schema = self.schemas.settings.get(component)
        if schema is not None and not schema.accepts(merged):
            from pavior.schema.explain import faults  # noqa: PLC0415  (only where something is wrong)
            from pavior.schema.fault import Subject  # noqa: PLC0415

            for fault in faults(schema, merged, Subject(f"what is set for component `{component}`")):
                _, document, at, _ = next((g for g in reversed(given) if _says(g[3], fault.path)), given[-1])
                positions, path = document.positions(), (*at, *fault.path)
                span = positions.key(path) if fault.at == "key" else positions.value(path)
                self.fault(codes.BAD_SETTING, span, fault.message, fault.hint, (Note("in", targets=(target.name,)),))
        return merged


def settings_layers(
    files: Files, component: str, target: Target
) -> Iterator[tuple[str, Document, Path, Mapping[str, Value]]]:
    """Who speaks of a component's settings in a target, lowest first, as (name, document, where in it, what it says)."""
    own = files.components[component].get(SETTINGS_FILE)
    environment = files.environments[target.environment]
    places: list[tuple[str, Document | None, Path]] = [
        (f"settings of component {component}", own, ()),
        ("organization", files.organization, ("components", component)),
        (f"environment {target.environment}", environment, ("components", component)),
        (f"cluster {target.cluster}", environment, ("clusters", target.cluster, "components", component)),
    ]
    for name, document, at in places:
        values = part(document.value, at) if document else None
        if document is not None and isinstance(values, dict):
            yield name, document, at, values


def _says(values: Mapping[str, Value], path: Path) -> bool:
    """Do these settings say something of what is at `path`, be it null?"""
    within = part(values, path[:-1])
    return bool(path) and isinstance(within, dict) and path[-1] in within


def sound(outcome: Outcome[Template]) -> Template:
    """A template that has been compiled without a fault before."""
    assert outcome.value is not None, outcome.diagnostics
    return outcome.value
