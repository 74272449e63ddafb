"""What is emitted reads back the same. `fuzz.emitted` asks Kubernetes' own parser too, a million times."""

from __future__ import annotations

from hypothesis import strategies as st

from fuzz.case import Case, Target
from fuzz.emitted import pyyaml_differs, ruamel_differs
from fuzz.guard import Violation
from fuzz.material import KEYS, TEXTS, VALUES
from pavior.emit import NotEmittable, UnemittableArtifact, emit
from pavior.model import Artifact


def _run(case: Case) -> None:
    try:
        content = emit(Artifact("prod/a/b/c.yaml", "teams/a/b", tuple(case)))
    except (NotEmittable, UnemittableArtifact):
        return
    for differs in (pyyaml_differs, ruamel_differs):
        if differs(content, case):
            raise Violation(f"reads otherwise: {differs.__name__}", repr(content)[:500])


TARGETS = {"emission": Target(lambda: st.lists(st.dictionaries(KEYS | TEXTS, VALUES, max_size=5), max_size=3), _run)}
