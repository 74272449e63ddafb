"""What components say of changes is read by who compares, checked by `check`, and nobody else's concern."""

from __future__ import annotations

from pathlib import Path

from fleets import put, run, tiny
from pavior.compare import Risk
from pavior.compare.manifests import compare
from pavior.phases.discover import discover
from pavior.pipeline.golden_paths import load_platform
from pavior.pipeline.knowledge import knowledge_of

RULES = """\
apiVersion: pavior.dev/v1
changes:
  - kinds: [Gadget]
    manifest: {words: gadget, risk: {removed: destroys-data}}
"""
FILE = "golden-paths/components/store/changes.yaml"
GADGET = {"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "g"}}


def test_rules_of_a_component_hold_for_its_repository(tmp_path: Path) -> None:
    root = tiny(tmp_path)
    put(root, FILE, RULES)
    repository = discover(root).value
    assert repository is not None
    platform = load_platform(repository).value
    assert platform is not None
    found = knowledge_of(repository, platform[0].schemas)
    assert found.value is not None
    assert found.diagnostics == ()
    (change,) = compare([GADGET], [], found.value)
    assert (change.risk, change.words) == (Risk.DESTROYS_DATA, "gadget")


def test_check_tells_what_is_wrong_with_rules_and_rendering_does_not_care(tmp_path: Path) -> None:
    root = tiny(tmp_path)
    put(root, FILE, RULES)
    assert run(root, "render").status == 0
    assert run(root, "check").status == 0
    put(root, FILE, RULES.replace("destroys-data", "destroys-everything"))
    assert run(root, "render").status == 0
    checked = run(root, "check")
    assert checked.status == 1
    assert f"{FILE}:4:" in checked.output
    assert "destroys-everything" in checked.output


def test_check_tells_what_is_wrong_with_a_phrase(tmp_path: Path) -> None:
    root = tiny(tmp_path)
    assert run(root, "render").status == 0
    for told, sound in (("{spec/a}[ at {b}]…", True), ("{spec/a", False), ("[[{a}]]", False), ("{}", False)):
        put(root, FILE, RULES.replace("words: gadget", f'words: gadget, told: "{told}"'))
        checked = run(root, "check")
        assert checked.status == (0 if sound else 1), told
        assert sound or "words with pointers in braces" in checked.output


def test_a_file_of_rules_that_cannot_be_read_leaves_those_of_others(tmp_path: Path) -> None:
    root = tiny(tmp_path)
    put(root, FILE, "changes: [")
    put(root, "golden-paths/components/process/changes.yaml", RULES)
    repository = discover(root).value
    assert repository is not None
    platform = load_platform(repository).value
    assert platform is not None
    found = knowledge_of(repository, platform[0].schemas)
    assert found.value is not None
    assert found.value.knows("example.com", "Gadget")
    assert [diagnostic.span.file for diagnostic in found.diagnostics] == [FILE]
