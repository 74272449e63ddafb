"""Every example of the template language's reference, run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from pavior.expression.registry import FILTERS, TESTS
from templates import compiled, evaluated

_PAGE = (Path(__file__).parent.parent / "docs" / "golden-paths.md").read_text(encoding="utf-8")
_SECTION = re.split(r"^## ", _PAGE.split("\n## Template language\n")[1], flags=re.MULTILINE)[0]
_BLOCKS = re.findall(r"^```yaml (\w+) ?(\S*)\n(.*?)^```$", _SECTION, re.MULTILINE | re.DOTALL)
_LINES = re.findall(r"^- `(.+?)` → `(.+?)`(?::|$)", _SECTION, re.MULTILINE)


def _examples() -> list[tuple[dict[str, str], str, str, str]]:
    found, fragments, template, values = [], {}, "", ""
    for kind, name, text in _BLOCKS:
        if kind == "fragment":
            fragments = {name: text}
        elif kind == "template":
            template = text
        elif kind == "values":
            values = text
        else:
            found.append((fragments, template, values, text))
            fragments = {}
    return found


@pytest.mark.parametrize(("fragments", "template", "values", "result"), _examples())
def test_a_documented_template_renders_as_documented(
    fragments: dict[str, str], template: str, values: str, result: str
) -> None:
    items = compiled(template, fragments=fragments).render(yaml.safe_load(values))
    assert json.dumps(items, indent=1) == json.dumps(yaml.safe_load(result), indent=1)


@pytest.mark.parametrize(("expression", "value"), _LINES)
def test_a_documented_expression_gives_what_is_documented(expression: str, value: str) -> None:
    found = evaluated(expression)
    assert found == json.loads(value)
    assert type(found) is type(json.loads(value))


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_every_filter_is_documented(name: str) -> None:
    assert any(re.search(rf"\| {name}\b", expression) for expression, _ in _LINES)


@pytest.mark.parametrize("name", sorted(TESTS))
def test_every_test_is_documented(name: str) -> None:
    assert any(re.search(rf" is (not )?{name}\b", expression) for expression, _ in _LINES)


def test_the_reference_has_examples_of_every_directive() -> None:
    templates = "".join(text for kind, _, text in _BLOCKS if kind in {"template", "fragment"})
    for directive in ("$when", "$else", "$for", "$value", "$json", "$let", "$merge", "$include"):
        assert f"{directive}:" in templates
