"""The reference fleet shows what Pavior promises: short files, every golden path, and the cases that real companies have."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest
import yaml

from pavior.pipeline import Selection
from pavior.pipeline.listing import listing

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def rows():
    found, rows = listing(ROOT, Selection())
    assert not found
    return rows


def test_platform_files_are_short():
    lengths = sorted(len(f.read_text(encoding="utf-8").splitlines()) for f in ROOT.glob("teams/*/*/platform.yaml"))
    assert statistics.median(lengths) <= 14
    assert sum(length > 25 for length in lengths) <= 1


def test_every_golden_path_and_environment_is_in_use(rows):
    paths = {path.parent.name for path in ROOT.glob("golden-paths/*/golden-path.yaml")}
    assert {row["goldenPath"] for row in rows} == paths
    assert {name for row in rows for name in row["environments"]} == {"dev", "staging", "prod"}
    assert len({row["service"].split("/")[0] for row in rows}) >= 4
    assert len(rows) >= 14


def test_the_cases_that_real_companies_have(rows):
    tiers = {tier for row in rows for tier in row["tier"].split(", ")}
    types = {need.split(" ")[1].strip("()") for row in rows for need in row["needs"]}
    assert tiers == {"critical", "standard", "experimental"}
    assert types == {"postgres", "mysql", "redis", "queue", "topic", "bucket"}
    assert any(len(row["environments"]) < 3 for row in rows)
    assert list(ROOT.glob("teams/*/*/manifests/*.yaml"))
    assert list(ROOT.glob("teams/*/*/patches/*.yaml"))


def test_images_in_prod_have_digests():
    for artifact in ROOT.glob("rendered/prod@*/*/*/*.yaml"):
        for line in artifact.read_text(encoding="utf-8").splitlines():
            if line.strip().startswith("image: registry."):
                assert "@sha256:" in line, artifact


def test_every_application_deploys_its_own_targets_folder_to_its_own_cluster():
    names: list[str] = []
    for folder in sorted((ROOT / "rendered").glob("*/argocd")):
        environment, _, cluster = folder.parent.name.partition("@")
        clusters = yaml.safe_load((ROOT / f"golden-paths/environments/{environment}.yaml").read_text())["clusters"]
        server = clusters[cluster or environment]["server"]
        for artifact in sorted(folder.rglob("*.yaml")):
            for manifest in yaml.safe_load_all(artifact.read_text(encoding="utf-8")):
                names.append(f"{manifest['kind']} {manifest['metadata']['name']}")
                source = manifest["spec"].get("source")
                if source is not None:
                    assert source["path"].startswith(f"rendered/{folder.parent.name}/")
                    # The roots make applications, where Argo CD itself runs.
                    is_root = "/argocd" in source["path"]
                    assert (manifest["spec"]["destination"]["server"] == server) != is_root, artifact
    assert len(names) == len(set(names))
    assert len(names) > 100
