"""What is rendered once for the catalogue and not for each target, and text beside manifests."""

from __future__ import annotations

import pytest

from fleets import edit, put, run, tiny, tree

COMPONENT = """\
apiVersion: pavior.dev/v1
description: What the developer portal shows.
requires: [process]
manifests:
  - {template: manifests/entry.yaml, catalogue: true}
  - {template: manifests/group.yaml, scope: team, catalogue: true}
texts:
  - {template: texts/runbook.yaml, catalogue: true, artifact: "{{ team.name }}/{{ service.name }}/runbook.md"}
"""
ENTRY = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ service.name }}", namespace: "{{ team.name }}"}
data: {image: "{{ image }}", level: "{{ env.LEVEL }}", runs: "{{ service.targets | join(' ') }}"}
"""
RUNBOOK = """\
lines:
  - "# {{ service.name }}"
  - {$when: needs, $value: [It needs, {$for: "name, need in needs", $value: "- {{ name }}: {{ need.type }}"}]}
  - |
    The last resort:
    revert.
"""


@pytest.fixture
def root(tmp_path):
    place = tiny(tmp_path)
    put(place, "golden-paths/components/portal/component.yaml", COMPONENT)
    put(place, "golden-paths/components/portal/manifests/entry.yaml", ENTRY)
    group = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: "{{ team.name }}"}\n'
    put(place, "golden-paths/components/portal/manifests/group.yaml", group)
    put(place, "golden-paths/components/portal/texts/runbook.yaml", RUNBOOK)
    edit(place, "golden-paths/app/golden-path.yaml", "[process, store]", "[process, store, portal]")
    return place


def test_an_entry_is_rendered_once_for_each_service(root):
    assert run(root, "render").status == 0
    entries = {path: content.decode() for path, content in tree(root).items() if path.startswith("backstage/")}
    assert sorted(entries) == [
        "backstage/blue/team/portal.yaml",
        "backstage/blue/three/portal.yaml",
        "backstage/blue/three/runbook.md",
        "backstage/red/one/portal.yaml",
        "backstage/red/one/runbook.md",
        "backstage/red/team/portal.yaml",
        "backstage/red/two/portal.yaml",
        "backstage/red/two/runbook.md",
    ]
    assert "runs: dev prod@eu-1 prod@us-1" in entries["backstage/red/one/portal.yaml"]
    assert run(root, "check").status == 0


def test_an_entry_is_about_production_where_the_service_runs_there(root):
    edit(root, "golden-paths/environments/prod.yaml", "description:", "production: true\ndescription:")
    put(
        root,
        "teams/red/two/platform.yaml",
        "apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: a/b:1\nenvironments: {prod: false}\n",
    )
    assert run(root, "render").status == 0
    assert b"level: quiet" in tree(root)["backstage/red/one/portal.yaml"]
    assert b"level: loud" in tree(root)["backstage/red/two/portal.yaml"]


def test_a_text_is_its_lines_and_each_is_explained(root):
    run(root, "render")
    assert tree(root)["backstage/blue/three/runbook.md"].decode().splitlines() == [
        "<!-- Rendered by Pavior from teams/blue/three; edit that, not this file. -->",
        "# three",
        "It needs",
        "- disk: store",
        "The last resort:",
        "revert.",
    ]
    explained = run(root, "explain", "rendered/backstage/blue/three/runbook.md:4")
    assert "texts/runbook.yaml:3:" in explained.output
    assert "teams/blue/three/platform.yaml:4:" in explained.output
    assert run(root, "explain", "rendered/backstage/blue/three/runbook.md:6").output.count("runbook.yaml") == 1


def test_texts_of_what_is_gone_are_deleted(root):
    run(root, "render")
    put(root, "golden-paths/components/portal/component.yaml", COMPONENT.partition("texts:")[0])
    (root / "golden-paths/components/portal/texts/runbook.yaml").unlink()
    assert run(root, "render").status == 0
    assert not any(path.endswith(".md") for path in tree(root))


@pytest.mark.parametrize(
    ("text", "code"),
    [("other: [a]\n", "PV949"), ("lines: [{{ }}]\n", "PV"), ('lines: ["{{ image.nothing }}"]\n', "PV95")],
)
def test_a_faulty_text_is_told(root, text, code):
    put(root, "golden-paths/components/portal/texts/runbook.yaml", text)
    found = run(root, "render", "--format", "concise")
    assert found.status == 1
    assert all(each.startswith(code) for each in found.codes)
    assert found.codes
