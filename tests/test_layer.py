"""Layering by example: who wins, what null removes, what types, tiers and size names choose."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from pavior.layering.ranks import Rank, component_rank, rank, service_layers
from pavior.layering.stack import Stack, stack
from pavior.model import Document, Path, Positions, ServiceId, Source, Span
from pavior.phases.layer import layer, layer_with_origins


def document(path: str, text: str) -> Document:
    """A document whose positions come from PyYAML's own composer."""

    def positions() -> Positions:
        keys: dict[Path, Span] = {}
        values: dict[Path, Span] = {}

        def span(node: yaml.Node) -> Span:
            start, end = node.start_mark, node.end_mark
            return Span(path, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

        def walk(node: yaml.Node, at: Path) -> None:
            values[at] = span(node)
            if isinstance(node, yaml.MappingNode):
                for key, value in node.value:
                    keys[(*at, key.value)] = span(key)
                    walk(value, (*at, key.value))
            elif isinstance(node, yaml.SequenceNode):
                for index, item in enumerate(node.value):
                    walk(item, (*at, index))

        root = yaml.compose(text)
        assert root is not None
        walk(root, ())
        return Positions(keys, values)

    return Document(Source(path, text.encode()), yaml.safe_load(text), positions)


POD = component_rank(
    "pod",
    document(
        "pod/component.yaml",
        "expansions:\n  size:\n    small: {resources: {cpu: 100m, memory: 128Mi}}\n    large: {resources: {memory: 4Gi}}\n",
    ),
    document("pod/defaults.yaml", "port: 8080\nsize: small\nargs: [serve, all]\n"),
)
POSTGRES = component_rank(
    "postgres",
    document(
        "postgres/component.yaml",
        "type: postgres\nexpansions:\n  size:\n    small: {storage: 10Gi}\n    large: {storage: 100Gi, cpu: 4}\n",
    ),
    document("postgres/defaults.yaml", "version: '16'\nsize: small\n"),
)


def ranks(**texts: str) -> list[Rank]:
    return [rank(name.replace("_", " "), document(f"{name}.yaml", text)) for name, text in texts.items()]


def of(above: Stack, text: str, environment: str = "prod") -> Any:
    """The effective spec of a service with this platform.yaml, which must have no faults."""
    layers = service_layers(ServiceId("payments", "checkout"), environment, document("platform.yaml", text))
    assert layers is not None
    outcome = layer(above, *layers)
    assert not outcome.diagnostics
    assert layer_with_origins(above, *layers)[0] == outcome.value
    return outcome.value


def origins_of(above: Stack, text: str, path: Path) -> list[tuple[str, str, int, int, bool]]:
    """Who contributed to `path`: layer, file, line, column, and whether it removed."""
    layers = service_layers(ServiceId("payments", "checkout"), "prod", document("platform.yaml", text))
    assert layers is not None
    _, origins = layer_with_origins(above, *layers)
    return [(c.layer, c.span.file, c.span.line, c.span.column, c.removed) for c in origins[path]]


def faults_of(above: Stack, text: str) -> list[tuple[str, Span, str, str | None]]:
    layers = service_layers(ServiceId("payments", "checkout"), "prod", document("platform.yaml", text))
    assert layers is not None
    return [(d.code.number, d.span, d.message, d.hint) for d in layer(above, *layers)]


def test_each_layer_wins_over_the_one_beneath() -> None:
    names = ["path", "organization", "environment", "cluster", "team", "team_in_prod"]
    for count in range(1, len(names) + 1):
        above = stack([POD, *ranks(**{name: f"defaults: {{port: {name}}}" for name in names[:count]})])
        assert of(above, "{}")["port"] == names[count - 1]
        assert of(above, "{port: service}")["port"] == "service"
        assert of(above, "{port: service, environments: {prod: {port: overlay}}}")["port"] == "overlay"
        assert of(above, "{port: service, environments: {dev: {port: overlay}}}")["port"] == "service"


def test_a_stack_on_top_of_a_stack_is_the_stack_of_all() -> None:
    upper = ranks(
        team="{defaults: {port: 1, needs: {db: {type: postgres}}}, defaultsByType: {postgres: {size: large}}}"
    )
    lower = [POD, POSTGRES, *ranks(path="{defaults: {env: {A: 1}}, tiers: {critical: {port: 2}}}")]
    text = "{tier: critical, env: {B: 2}, needs: {orders: {type: postgres}}}"
    assert of(stack(upper, stack(lower)), text) == of(stack([*lower, *upper]), text)


def test_maps_merge_and_lists_replace() -> None:
    above = stack([POD, *ranks(path="defaults: {env: {A: '1', B: '2'}, args: [serve, fast]}")])
    spec = of(above, "{env: {B: '3', C: '4'}, args: [work]}")
    assert spec["env"] == {"A": "1", "B": "3", "C": "4"}
    assert spec["args"] == ["work"]


def test_null_removes_at_depth_and_a_null_on_nothing_is_dropped() -> None:
    above = stack([POD, *ranks(path="defaults: {probes: {readiness: {path: /ready, port: 80}}}")])
    spec = of(above, "{args: null, probes: {readiness: {port: null}, liveness: {path: null, period: 5}}}")
    assert "args" not in spec
    assert spec["probes"] == {"readiness": {"path": "/ready"}, "liveness": {"period": 5}}


def test_what_is_set_again_after_a_removal_has_nothing_of_what_was_removed() -> None:
    above = stack([POD, *ranks(path="defaults: {env: {A: '1'}}", team="defaults: {env: null}")])
    assert of(above, "{env: {B: '2'}}")["env"] == {"B": "2"}


def test_a_scalar_replaces_a_map_and_a_map_a_scalar() -> None:
    above = stack(ranks(path="defaults: {replicas: {min: 2, max: 4}}"))
    assert of(above, "{replicas: 3}") == {"replicas": 3}
    assert of(above, "{replicas: 3, environments: {prod: {replicas: {min: 5, max: null}}}}") == {"replicas": {"min": 5}}


def test_tier_values_stand_directly_above_their_own_layer() -> None:
    above = stack(
        ranks(
            path="{defaults: {tier: standard, port: 1, a: 1}, tiers: {critical: {port: 2, a: 2}, standard: {port: 3}}}",
            organization="defaults: {a: 3}",
        )
    )
    assert of(above, "{}") == {"tier": "standard", "port": 3, "a": 3}
    assert of(above, "{tier: critical}") == {"tier": "critical", "port": 2, "a": 3}
    assert of(above, "{environments: {prod: {tier: critical}}}") == {"tier": "critical", "port": 2, "a": 3}
    assert of(above, "{tier: experimental}") == {"tier": "experimental", "port": 1, "a": 3}
    assert of(above, "{tier: null}") == {"port": 1, "a": 3}


def test_a_tier_has_no_say_in_the_tier() -> None:
    above = stack(ranks(path="{defaults: {tier: critical}, tiers: {critical: {tier: standard, port: 1}}}"))
    assert of(above, "{}") == {"tier": "critical", "port": 1}


def test_defaults_by_type_stand_beneath_every_entry_of_the_type() -> None:
    above = stack(
        [
            POSTGRES,
            *ranks(organization="defaultsByType: {postgres: {version: '17', backupDays: 7}, redis: {size: none}}"),
            *ranks(team="defaultsByType: {postgres: {backupDays: 30}}"),
        ]
    )
    spec = of(above, "{needs: {orders: {type: postgres}, ledger: {type: postgres, version: '15'}}}")
    assert spec["needs"] == {
        "orders": {"storage": "10Gi", "version": "17", "size": "small", "backupDays": 30, "type": "postgres"},
        "ledger": {"storage": "10Gi", "version": "15", "size": "small", "backupDays": 30, "type": "postgres"},
    }


def test_defaults_by_type_stand_just_before_the_entry_of_the_same_layer_and_after_those_of_lower_layers() -> None:
    path = "{defaults: {needs: {db: {type: postgres, version: '1', backupDays: 1}}}, defaultsByType: {postgres: {version: '0'}}}"
    above = stack([POSTGRES, *ranks(path=path, team="defaultsByType: {postgres: {backupDays: 2, size: large}}")])
    db = {"storage": "100Gi", "cpu": 4, "version": "1", "size": "large", "type": "postgres", "backupDays": 2}
    assert of(above, "{}")["needs"] == {"db": db}
    assert of(above, "{needs: {db: {backupDays: 3}}}")["needs"] == {"db": {**db, "backupDays": 3}}


def test_the_highest_layer_that_gives_a_type_chooses_it() -> None:
    above = stack([POSTGRES, *ranks(path="defaults: {needs: {store: {type: redis}}}")])
    spec = of(above, "{needs: {store: {type: postgres}}}")
    assert spec["needs"]["store"] == {"storage": "10Gi", "version": "16", "size": "small", "type": "postgres"}


def test_a_default_of_a_type_has_no_say_in_the_type() -> None:
    above = stack(ranks(organization="defaultsByType: {postgres: {type: redis, version: '17'}}"))
    assert of(above, "{needs: {db: {type: postgres}}}")["needs"] == {"db": {"type": "postgres", "version": "17"}}


@pytest.mark.parametrize("removal", ["needs: {db: null}", "needs: null"])
def test_defaults_by_type_bring_no_removed_entry_back(removal: str) -> None:
    above = stack(
        [
            POSTGRES,
            *ranks(
                path="defaults: {needs: {db: {type: postgres, extension: vector}}}",
                environment=f"defaults: {{{removal}}}",
                team="defaultsByType: {postgres: {backupDays: 30}}",
            ),
        ]
    )
    assert not of(above, "{}").get("needs")
    again = of(above, "{needs: {db: {type: postgres}}}")["needs"]["db"]
    assert again == {"storage": "10Gi", "version": "16", "size": "small", "backupDays": 30, "type": "postgres"}


def test_an_overlay_removes_an_entry_or_all() -> None:
    above = stack([POSTGRES])
    needs = "needs: {a: {type: postgres}, b: {type: postgres}}"
    assert list(of(above, f"{{{needs}, environments: {{prod: {{needs: {{a: null}}}}}}}}")["needs"]) == ["b"]
    assert "needs" not in of(above, f"{{{needs}, environments: {{prod: {{needs: null}}}}}}")


def test_a_size_name_stands_for_values_beneath_all_layers() -> None:
    above = stack([POD, *ranks(team="defaults: {resources: {cpu: 150m}}")])
    assert of(above, "{}")["resources"] == {"cpu": "150m", "memory": "128Mi"}
    assert of(above, "{size: large}")["resources"] == {"cpu": "150m", "memory": "4Gi"}
    assert of(above, "{size: large, resources: {memory: 5Gi}}")["resources"] == {"cpu": "150m", "memory": "5Gi"}
    assert of(above, "{resources: {memory: null}}")["resources"] == {"cpu": "150m"}
    assert of(above, "{size: null}")["resources"] == {"cpu": "150m"}


def test_an_entry_has_a_size_of_its_own() -> None:
    above = stack([POD, POSTGRES])
    needs = of(above, "{needs: {a: {type: postgres, size: large}, b: {type: postgres, storage: 1Ti}}}")["needs"]
    assert needs["a"] == {"storage": "100Gi", "cpu": 4, "version": "16", "size": "large", "type": "postgres"}
    assert needs["b"] == {"storage": "1Ti", "version": "16", "size": "small", "type": "postgres"}


def test_sizes_must_be_in_the_lowest_stack() -> None:
    with pytest.raises(ValueError, match="lowest"):
        stack([POD], stack([]))


def test_what_selects_layers_is_no_field_of_the_effective_spec() -> None:
    text = "{apiVersion: pavior.dev/v1, goldenPath: web-service, tier: critical, environments: {prod: {port: 1}}}"
    assert of(stack([]), text) == {"tier": "critical", "port": 1}


def test_an_environment_that_is_false_leaves_the_service_out() -> None:
    left_out = document("platform.yaml", "environments: {dev: false}")
    assert service_layers(ServiceId("a", "b"), "dev", left_out) is None
    assert service_layers(ServiceId("a", "b"), "prod", left_out) is not None


def test_inputs_stay_as_they_are() -> None:
    defaults = document("path.yaml", "defaults: {env: {A: '1'}, needs: {db: {type: postgres}}}")
    service = document("platform.yaml", "{env: {A: null, B: '2'}, needs: {db: {size: large}}}")
    before = (yaml.safe_dump(defaults.value), yaml.safe_dump(service.value))
    layers = service_layers(ServiceId("a", "b"), "prod", service)
    assert layers is not None
    above = stack([POSTGRES, rank("path", defaults)])
    assert layer(above, *layers) == layer(above, *layers)
    assert (yaml.safe_dump(defaults.value), yaml.safe_dump(service.value)) == before


def test_origins_name_every_layer_with_its_place_the_winner_last() -> None:
    above = stack([POD, *ranks(team="defaults:\n  env:\n    LEVEL: info\n")])
    text = "env:\n  LEVEL: debug\nenvironments:\n  prod:\n    env:\n      LEVEL: warn\n"
    assert origins_of(above, text, ("env", "LEVEL")) == [
        ("team", "team.yaml", 3, 12, False),
        ("service payments/checkout", "platform.yaml", 2, 10, False),
        ("service payments/checkout in prod", "platform.yaml", 6, 14, False),
    ]


def test_a_size_name_is_an_origin_like_any_other() -> None:
    above = stack([POD, POSTGRES])
    assert origins_of(above, "resources: {cpu: 1}", ("resources", "cpu")) == [
        ("size small of component pod", "pod/component.yaml", 3, 30, False),
        ("service payments/checkout", "platform.yaml", 1, 18, False),
    ]
    assert origins_of(above, "needs: {db: {type: postgres, size: large}}", ("needs", "db", "storage")) == [
        ("size large of component postgres", "postgres/component.yaml", 5, 22, False)
    ]


def test_tiers_and_types_are_origins_with_names_of_their_own() -> None:
    above = stack(
        [POSTGRES, *ranks(organization="tiers: {critical: {port: 1}}\ndefaultsByType: {postgres: {version: '17'}}")]
    )
    text = "{tier: critical, needs: {db: {type: postgres}}}"
    assert origins_of(above, text, ("port",)) == [("organization for tier critical", "organization.yaml", 1, 26, False)]
    assert origins_of(above, text, ("needs", "db", "version")) == [
        ("defaults of component postgres", "postgres/defaults.yaml", 1, 10, False),
        ("organization for type postgres", "organization.yaml", 2, 38, False),
    ]


def test_a_removal_is_an_origin_of_all_that_it_removed() -> None:
    above = stack(ranks(path="defaults: {probes: {readiness: {path: /ready}}}"))
    removal = ("service payments/checkout", "platform.yaml", 1, 9, True)
    assert origins_of(above, "probes: null", ("probes", "readiness", "path"))[-1] == removal
    assert origins_of(above, "probes: null", ("probes",))[-1] == removal


def test_an_entry_without_a_type_is_a_fault_at_its_key() -> None:
    text = "needs:\n  orders: {type: postgres}\nenvironments:\n  prod:\n    needs:\n      order: {size: large}\n"
    assert faults_of(stack([POSTGRES]), text) == [
        (
            "PV301",
            Span("platform.yaml", 6, 7, 6, 12),
            "`order` has no `type` in any layer",
            "did you mean to change `orders`? otherwise give it a `type`: one of postgres",
        )
    ]


def test_a_type_that_was_removed_is_missing() -> None:
    text = "needs: {orders: {type: postgres}}\nenvironments: {prod: {needs: {orders: {type: null}}}}"
    assert [(number, span.line) for number, span, _, _ in faults_of(stack([POSTGRES]), text)] == [("PV301", 1)]


def test_an_unknown_size_is_a_fault_where_it_was_chosen() -> None:
    text = "size: large\nenvironments:\n  prod:\n    size: lrage\n    needs: {db: {type: postgres, size: tiny}}\n"
    assert faults_of(stack([POD, POSTGRES]), text) == [
        (
            "PV302",
            Span("platform.yaml", 4, 11, 4, 16),
            "`lrage` is not a `size`",
            "did you mean `large`? it is one of small, large",
        ),
        (
            "PV302",
            Span("platform.yaml", 5, 40, 5, 44),
            "`tiny` is not a `size` of `postgres`",
            "use one of small, large",
        ),
    ]


def test_an_unknown_size_in_a_default_is_a_fault_of_that_default() -> None:
    above = stack([POD, POSTGRES, *ranks(team="defaults: {size: huge}\ndefaultsByType: {postgres: {size: huge}}")])
    assert [(span.file, span.line) for _, span, _, _ in faults_of(above, "{needs: {db: {type: postgres}}}")] == [
        ("team.yaml", 1),
        ("team.yaml", 2),
    ]
