"""A difference that renders only what can differ is the difference: held against both sides rendered whole, edit by edit."""

from __future__ import annotations

import json
import random
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from commits import commit, git
from fleets import FILES, put, reference, tiny
from mutations import fleet_of, others, places, render
from mutations import put as put_value
from pavior.compare import Edit, Identity, ManifestChange
from pavior.compare.manifests import compare
from pavior.model import Manifest
from pavior.pipeline import Selection
from pavior.pipeline import render as render_tree
from pavior.pipeline.diff import Difference, diff, touched
from pavior.pipeline.knowledge import knowledge_of

Changes = set[tuple[str, Identity, Edit]]
"""Target, manifest and what happened to it."""


class World:
    """A committed fleet, what all of it renders to, and what is known of kinds."""

    def __init__(self, root: Path) -> None:
        self.root = root
        assert not render_tree(root, Selection()).failed
        commit(root, "base")
        fleet = fleet_of(root)
        assert fleet is not None
        self.before = _manifests(render(fleet) or {})
        knowledge = knowledge_of(fleet.repository, fleet.platform.schemas).value
        assert knowledge is not None
        self.knowledge = knowledge

    def changes(self) -> tuple[Changes, set[str]] | None:
        """What the present files change, everything rendered: each manifest, and the artifacts; None where they are at fault."""
        fleet = fleet_of(self.root)
        artifacts = render(fleet) if fleet is not None else None
        if artifacts is None:
            return None
        after = _manifests(artifacts)
        paths = {p for p in self.before.keys() | after.keys() if _text(self.before.get(p)) != _text(after.get(p))}
        sides: list[dict[str, list[Manifest]]] = [defaultdict(list), defaultdict(list)]
        for path in paths:
            for side, artifacts in zip(sides, (self.before, after), strict=True):
                side[path.partition("/")[0]] += artifacts.get(path, [])
        targets = {path.partition("/")[0] for path in paths}
        found = [(t, c) for t in targets for c in compare(sides[0][t], sides[1][t], self.knowledge)]
        return _plain(found), paths

    def difference(self, **options: Any) -> Difference:
        return diff(self.root, "HEAD", Selection(), details=True, jobs=1, **options)

    def holds(self) -> bool:
        """Check one state of the files; False where they are at fault."""
        expected = self.changes()
        if expected is None:
            return False
        short, whole = self.difference(), self.difference(everything=True)
        assert not short.failed, short
        assert short.report == whole.report
        assert short.report is not None
        assert _plain((where.target, change) for where, change in short.report.details) == expected[0]
        folders = touched(self.root, "HEAD").value
        assert folders is not None
        assert {_source(self, path) for path in expected[1]} <= folders
        return True

    def restore(self) -> None:
        git(self.root, "checkout", "-q", ".")
        git(self.root, "clean", "-fdqx")


def _manifests(artifacts: Any) -> dict[str, list[Manifest]]:
    return {path: items for path, items in artifacts.items() if path.endswith(".yaml")}


def _text(manifests: list[Manifest] | None) -> str:
    return json.dumps(manifests)


def _plain(changes: Iterable[tuple[str, ManifestChange]]) -> Changes:
    """A rename is found among the manifests of one owner, and may be others' among those of a target: it is told as what came
    and what went, and then nothing is told of what could follow it."""
    plain: Changes = set()
    renamed = False
    for target, change in changes:
        if change.former is None:
            plain.add((target, change.identity, change.edit))
        else:
            renamed = True
            plain |= {(target, change.identity, Edit.ADDED), (target, change.former, Edit.REMOVED)}
    return {each for each in plain if each[2] is not Edit.CHANGED} if renamed else plain


def _source(world: World, path: str) -> str:
    committed = git(world.root, "ls-tree", "--name-only", "HEAD", f"rendered/{path}")
    if committed:
        line = git(world.root, "show", f"HEAD:rendered/{path}").split("\n", 1)[0]
        return line.removeprefix("# Rendered by Pavior from ").partition(";")[0]
    parts = path.split("/")
    names = parts[2:4] if parts[1] == "argocd" else parts[1:3]
    team, name = names[0], names[1].removesuffix(".yaml").removeprefix("x-")
    if team == "platform":
        return "golden-paths"
    return f"teams/{team}" if name == "team" else f"teams/{team}/{name}"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> World:
    root = tiny(tmp_path_factory.mktemp("small") / "platform")
    process = "golden-paths/components/process"
    put(root, f"{process}/fragments/labels.yaml", "$let: {kept: tier | default('standard')}\ncare: '{{ kept }}'\n")
    settings = FILES[f"{process}/manifests/settings.yaml"].replace(
        "labels: {tier: \"{{ tier | default('standard') }}\"}", "labels: {$include: process/labels}"
    )
    put(root, f"{process}/manifests/settings.yaml", settings)
    labels = "labels: {retries: \"{{ 'r' ~ retries }}\"}\nfacts:"
    put(root, f"{process}/component.yaml", FILES[f"{process}/component.yaml"].replace("facts:", labels))
    put(
        root,
        "teams/red/one/manifests/extra.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\ndata: {a: b}\n",
    )
    patch = "target: {kind: Service, name: two}\nmerge: {spec: {type: NodePort}}\n"
    put(root, "teams/red/two/platform.yaml", FILES["teams/red/two/platform.yaml"] + "port: 81\n")
    put(root, "teams/red/two/patches/kind.yaml", patch)
    return World(root)


def _replace(file: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        text = (root / file).read_text()
        if old not in text:
            raise LookupError(old)
        (root / file).write_text(text.replace(old, new))

    return edit


def _new_service(root: Path) -> None:
    put(
        root,
        "teams/red/four/platform.yaml",
        "apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: t.example/four:1\ncalls: [red/one]\n",
    )


def _new_environment(root: Path) -> None:
    shutil.copy(root / "golden-paths/environments/dev.yaml", root / "golden-paths/environments/test.yaml")


def _new_team(root: Path) -> None:
    put(root, "teams/green/team.yaml", FILES["teams/red/team.yaml"])
    put(root, "teams/green/one/platform.yaml", FILES["teams/red/one/platform.yaml"])


PROCESS, ONE, TWO = "golden-paths/components/process", "teams/red/one/platform.yaml", "teams/red/two/platform.yaml"
EDITS: dict[str, Callable[[Path], None]] = {
    "a field of a service": _replace(ONE, "one:1", "one:2"),
    "a fact that another reads": _replace(ONE, "port: 80", "port: 8080"),
    "a number becomes text": _replace(ONE, "port: 80\n", "port: 80\nenv: {A: 1}\n"),
    "an environment of a service": _replace(TWO, "{dev: {env: {A: b}}}", "{dev: false}"),
    "a reference gone": _replace(TWO, "calls: [red/one]\n", ""),
    "a reference to another": _replace(TWO, "calls: [red/one]", "calls: [blue/three]"),
    "an entry of needs": _replace("teams/blue/three/platform.yaml", "space: 2Gi", "space: 3Gi"),
    "another entry of needs": _replace("teams/blue/three/platform.yaml", "{disk:", "{more: {type: store}, disk:"),
    "a raw manifest": _replace("teams/red/one/manifests/extra.yaml", "a: b", "a: c"),
    "a raw manifest gone": lambda root: (root / "teams/red/one/manifests/extra.yaml").unlink(),
    "a patch": _replace("teams/red/two/patches/kind.yaml", "NodePort", "LoadBalancer"),
    "a patch gone": lambda root: (root / "teams/red/two/patches/kind.yaml").unlink(),
    "a new service": _new_service,
    "a service gone": lambda root: shutil.rmtree(root / "teams/red/two"),
    "a service moved": lambda root: (root / "teams/red/two").rename(root / "teams/blue/two"),
    "a new team": _new_team,
    "a team's defaults": _replace("teams/red/team.yaml", "description", "defaults: {retries: 7}\ndescription"),
    "a team's words": _replace("teams/red/team.yaml", "The red ones", "The others"),
    "a new environment": _new_environment,
    "an environment gone": lambda root: (root / "golden-paths/environments/prod.yaml").unlink(),
    "an environment's defaults": _replace("golden-paths/environments/prod.yaml", "LEVEL: quiet", "LEVEL: loud"),
    "a cluster": _replace("golden-paths/environments/prod.yaml", "us-1:", "us-2:"),
    "the organisation's defaults": _replace(
        "golden-paths/organization.yaml", "name: tiny", "name: tiny\ndefaults: {retries: 5}"
    ),
    "the organisation's domain": _replace(
        "golden-paths/organization.yaml", "domain: tiny.example", "domain: small.example"
    ),
    "a component's defaults": _replace(f"{PROCESS}/defaults.yaml", "retries: 3", "retries: 4"),
    "a component's defaults that all override": _replace(f"{PROCESS}/defaults.yaml", "{LEVEL: loud}", "{LEVEL: low}"),
    "a template": _replace(f"{PROCESS}/manifests/address.yaml", "name: main", "name: first"),
    "a template of a team": _replace(
        f"{PROCESS}/manifests/namespace.yaml", "kind: Namespace", "kind: Namespace\nspec: {}"
    ),
    "a template of environments": _replace(f"{PROCESS}/manifests/shared.yaml", "shared-", "common-"),
    "where an artifact lands": _replace(
        f"{PROCESS}/component.yaml", "argocd/{{ team.name }}/{{", "argocd/{{ team.name }}/x-{{"
    ),
    "a fragment": _replace(f"{PROCESS}/fragments/labels.yaml", "'standard'", "'usual'"),
    "a contribution": _replace("golden-paths/components/store/component.yaml", "_DISK", "_PLACE"),
    "facts": _replace(
        f"{PROCESS}/component.yaml", 'port: "{{ port | default(omit) }}"', 'port: "{{ port | default(9) }}"'
    ),
    "labels": _replace(f"{PROCESS}/component.yaml", "'r' ~", "'x' ~"),
    "what a component lists": _replace(f"{PROCESS}/component.yaml", "  - manifests/address.yaml\n", ""),
    "words of a component": _replace(f"{PROCESS}/component.yaml", "What runs.", "What goes."),
    "a component's README": lambda root: put(root, f"{PROCESS}/README.md", "# Process\n"),
    "a golden path's tier": _replace("golden-paths/app/golden-path.yaml", "CARE: much", "CARE: more"),
    "nothing": lambda root: None,
}


@pytest.mark.parametrize("name", EDITS)
def test_what_an_edit_changes_is_found_without_rendering_the_rest(small: World, name: str) -> None:
    try:
        EDITS[name](small.root)
        if name == "what a component lists":
            (small.root / PROCESS / "manifests/address.yaml").unlink()
            (small.root / "teams/red/two/patches/kind.yaml").unlink()
        assert small.holds()
    finally:
        small.restore()


def test_edits_together_are_found_too(small: World) -> None:
    chance = random.Random(3)
    alone = ("an environment gone", "what a component lists", "a service moved", "a service gone", "a patch gone")
    held = 0
    for _ in range(12):
        try:
            for name in chance.sample([name for name in EDITS if name not in alone], 3):
                EDITS[name](small.root)
            held += small.holds()
        except (OSError, LookupError):
            continue  # one edit took away what another is about
        finally:
            small.restore()
    assert held >= 6


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(reference(tmp_path_factory.mktemp("fleet") / "platform"))


WHERE = {
    "teams/*/*/platform.yaml": 2,
    "teams/*/team.yaml": 1,
    "golden-paths/environments/*.yaml": 1,
    "golden-paths/organization.yaml": 1,
    "golden-paths/components/*/defaults.yaml": 1,
    "golden-paths/components/*/settings.yaml": 1,
    "golden-paths/components/*/component.yaml": 1,
    "golden-paths/components/*/manifests/*.yaml": 2,
    "golden-paths/components/*/fragments/*.yaml": 1,
}

LABELS, GUARDRAILS = "teams/fulfilment/labels/platform.yaml", "golden-paths/components/guardrails"
WAIVER = "{reason: The printer takes one job at a time., owner: fulfilment@brightwater.example, expires: '2030-12-31'}"


def _append(file: str, text: str) -> Callable[[Path], None]:
    return lambda root: put(root, file, (root / file).read_text().rstrip("\n") + "\n" + text)


def _without_waivers(root: Path) -> None:
    above, _, _ = (root / LABELS).read_text().partition("environments:\n")
    (root / LABELS).write_text(above.replace("{min: 1, ", "{min: 2, "))


POLICY_EDITS: dict[str, Callable[[Path], None]] = {
    "a waiver in another environment": _append(LABELS, f"  staging: {{waivers: {{replica-floor: {WAIVER}}}}}\n"),
    "a waiver spelt with an escape": _append(LABELS, f'  staging: {{"w\\x61ivers": {{replica-floor: {WAIVER}}}}}\n'),
    "a waiver gone": _without_waivers,
    "what policies read of a team": _replace(
        f"{GUARDRAILS}/manifests/parameters.yaml", '"waived.{{ policy }}"', '"waived.x-{{ policy }}"'
    ),
    "where the public gateway is": _replace(
        "golden-paths/components/istio/settings.yaml", "serviceAccount: public-gateway", "serviceAccount: front-door"
    ),
    "where an environment's public gateway is": _replace(
        "golden-paths/environments/prod.yaml",
        "components:\n  guardrails:\n",
        "components:\n  istio: {gateways: {public: {serviceAccount: front-door}}}\n  guardrails:\n",
    ),
    "a policy": _replace(f"{GUARDRAILS}/policies/image-tag.yaml", "and not `latest`", "and no `latest`"),
}


@pytest.mark.parametrize("name", POLICY_EDITS)
def test_what_an_edit_of_policies_and_waivers_changes_is_found(fleet: World, name: str) -> None:
    try:
        POLICY_EDITS[name](fleet.root)
        assert fleet.holds()
    finally:
        fleet.restore()


def _mutations(root: Path) -> Iterator[Callable[[Path], None]]:
    chance = random.Random(11)
    for pattern, count in WHERE.items():
        files = sorted(str(path.relative_to(root)) for path in root.glob(pattern))
        known = [place for file in chance.sample(files, min(len(files), 3 * count)) for place in places(root, file)]
        for place in chance.sample(known, count):
            yield lambda root, place=place: put_value(root, place, others(place, [])[0])  # type: ignore[misc]


def test_what_a_random_edit_of_this_fleet_changes_is_found(fleet: World) -> None:
    held = 0
    for edit in list(_mutations(fleet.root)):
        try:
            edit(fleet.root)
            held += fleet.holds()
        finally:
            fleet.restore()
    assert held >= 5
