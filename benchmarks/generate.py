"""Makes a platform repository with any number of services: `python benchmarks/generate.py SERVICES FOLDER`.

The golden paths and schemas are this repository's own; teams and services are made up, the same ones for the same count
and seed. Their mix is meant to be that of a company: mostly web services of a dozen lines, with needs,
hosts, overlays, and access policies that agree at both ends.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parent.parent

MIX = {"web-service": 62, "worker": 16, "scheduled-job": 14, "static-site": 8}
"""How many of a hundred services follow each golden path."""

NEEDS = {"postgres": 40, "redis": 20, "queue": 12}
"""How many of a hundred services that may need something need one of each type."""

SERVICES_PER_TEAM = 14
MOST_CALLERS = 8


@dataclass(frozen=True, slots=True)
class Service:
    """One made-up service; `inbound` and `outbound` are filled in once all services are known."""

    team: str
    name: str
    golden_path: str
    protocol: str
    inbound: list[str] = field(default_factory=list)
    outbound: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"{self.team}/{self.name}"


def generate(services: int, folder: Path, seed: int = 1, copies: int = 1) -> None:
    """Write a platform repository with that many services into `folder`, which must not exist or be empty.

    With `copies`, that many times over: the same teams and services again, under other names.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    for part in ("golden-paths", "schemas"):
        shutil.copytree(REPOSITORY / part, folder / part)
    chance = random.Random(seed)
    organization = yaml.safe_load((folder / "golden-paths/organization.yaml").read_text(encoding="utf-8"))
    fleet = _fleet(services, _golden_paths(folder), chance)
    state = chance.getstate()
    for copy in range(copies):
        chance.setstate(state)
        _write_fleet([_copied(service, copy) for service in fleet], folder, organization, chance)


def _write_fleet(fleet: Sequence[Service], folder: Path, organization: dict[str, Any], chance: random.Random) -> None:
    for team in sorted({service.team for service in fleet}):
        _write(folder / f"teams/{team}/team.yaml", _team(team, organization, chance))
    for service in fleet:
        document = _platform_yaml(service, organization, chance)
        _write(folder / f"teams/{service.id}/platform.yaml", document)


def _copied(service: Service, copy: int) -> Service:
    """The service of the fleet's nth copy; the fleet itself is the one numbered 0."""
    if copy == 0:
        return service

    def renamed(identity: str) -> str:
        return "/".join(f"{name}-c{copy}" for name in identity.split("/"))

    return replace(
        service,
        team=renamed(service.team),
        name=renamed(service.name),
        inbound=[renamed(caller) for caller in service.inbound],
        outbound=[renamed(callee) for callee in service.outbound],
    )


def _golden_paths(folder: Path) -> dict[str, int]:
    present = {
        name: share for name, share in MIX.items() if (folder / f"golden-paths/{name}/golden-path.yaml").is_file()
    }
    if not present:
        raise FileNotFoundError("no golden path of the mix is in golden-paths/")
    return present


def _fleet(services: int, mix: dict[str, int], chance: random.Random) -> list[Service]:
    count = max(1, round(services / SERVICES_PER_TEAM))
    words = yaml.safe_load((Path(__file__).parent / "words.yaml").read_text(encoding="utf-8"))
    teams = [_nth(words["teams"], index) for index in range(count)]
    names = [f"{area}-{role}" for area in words["areas"] for role in words["roles"]]
    fleet = []
    for index in range(services):
        golden_path = chance.choices(list(mix), list(mix.values()))[0]
        protocol = "grpc" if golden_path == "web-service" and chance.random() < 0.25 else "http"
        fleet.append(Service(teams[index % count], _nth(names, index), golden_path, protocol))
    _connect(fleet, chance)
    return fleet


def _nth(words: Sequence[str], index: int) -> str:
    """The word at `index`, numbered from the second round on, so that each is had once."""
    around = index // len(words)
    return words[index % len(words)] + (f"-{around + 1}" if around else "")


def _connect(fleet: Sequence[Service], chance: random.Random) -> None:
    """Edges from callers to web services that come before them, so never in a circle, written down at both ends."""
    callees: list[Service] = []
    for caller in fleet:
        if caller.golden_path != "static-site":
            for callee in chance.sample(callees, min(len(callees), chance.choice((0, 0, 1, 1, 2, 3)))):
                if len(callee.inbound) < MOST_CALLERS:
                    caller.outbound.append(callee.id)
                    callee.inbound.append(caller.id)
        if caller.golden_path == "web-service":
            callees.append(caller)


def _team(name: str, organization: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    team: dict[str, Any] = {
        "apiVersion": "pavior.dev/v1",
        "description": f"Team {name}",
        "group": f"{organization['name']}:{name}",
        "contacts": {"slack": f"#{name}", "email": f"{name}@{organization['domain']}"},
        "quota": {"cpu": 40, "memory": "80Gi", "pods": 150},
    }
    if chance.random() < 0.5:
        team["defaults"] = {"observability": {"logLevel": "info"}, "env": {"TEAM": name}}
    if chance.random() < 0.3:
        team["defaultsByType"] = {"postgres": {"backupDays": 14}}
    if chance.random() < 0.3:
        team["environments"] = {"prod": {"defaults": {"observability": {"logLevel": "warn"}}}}
    return team


def _platform_yaml(service: Service, organization: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    version = f"{chance.randint(1, 9)}.{chance.randint(0, 30)}.{chance.randint(0, 9)}"
    image = f"{organization['registry']}/{service.team}/{service.name}:{version}"
    document: dict[str, Any] = {"apiVersion": "pavior.dev/v1", "goldenPath": service.golden_path}
    if chance.random() < 0.15:
        document["tier"] = chance.choice(("critical", "experimental"))
    document["image"] = image
    prod: dict[str, Any] = {"image": f"{image}@sha256:{hashlib.sha256(image.encode()).hexdigest()}"}
    _FIELDS[service.golden_path](service, document, prod, chance)
    policy = {"inbound": sorted(service.inbound), "outbound": sorted(service.outbound)}
    if service.inbound or service.outbound:
        document["accessPolicy"] = {direction: services for direction, services in policy.items() if services}
    document["environments"] = {"prod": prod}
    if not (service.inbound or service.outbound) and chance.random() < 0.2:  # an edge needs both ends everywhere
        document["environments"] = {"dev": False, **document["environments"]}
    return document


def _web_service(service: Service, document: dict[str, Any], prod: dict[str, Any], chance: random.Random) -> None:
    document["port"] = chance.choice((8080, 8080, 3000))
    if service.protocol == "grpc":
        document["protocol"] = "grpc"
    elif chance.random() < 0.5:
        document["ingress"] = {"hosts": [service.name], "anonymous": True}
        if chance.random() < 0.3:
            document["ingress"]["paths"] = {"/": {"timeout": "5s"}, "/reports": {"timeout": "30s"}}
    if chance.random() < 0.3:
        document["size"] = chance.choice(("medium", "large"))
    if chance.random() < 0.4:
        document["slo"] = {
            "availability": chance.choice((99.5, 99.9)),
            "latency": {"threshold": "250ms", "objective": 99},
        }
    prod["replicas"] = {"min": chance.choice((3, 4, 5)), "max": chance.choice((6, 8, 12))}
    _common(document, chance)


def _worker(service: Service, document: dict[str, Any], prod: dict[str, Any], chance: random.Random) -> None:
    document["args"] = ["work", service.name]
    prod["replicas"] = {"max": chance.choice((6, 10))}
    _common(document, chance)


def _scheduled_job(service: Service, document: dict[str, Any], prod: dict[str, Any], chance: random.Random) -> None:
    document["schedule"] = {"cron": f"{chance.randint(0, 59)} {chance.randint(0, 23)} * * *"}
    if chance.random() < 0.3:
        document["schedule"]["deadline"] = "2h"
    _common(document, chance)


def _static_site(service: Service, document: dict[str, Any], prod: dict[str, Any], chance: random.Random) -> None:
    document["ingress"] = {"hosts": [service.name]}


_FIELDS = {"web-service": _web_service, "worker": _worker, "scheduled-job": _scheduled_job, "static-site": _static_site}


def _common(document: dict[str, Any], chance: random.Random) -> None:
    if chance.random() < 0.6:
        document["env"] = {"LOG_FORMAT": "json", "FEATURE_FLAGS": "gift-cards,fast-lane"}
    if chance.random() < 0.3:
        document["secrets"] = {"API_KEY": {"key": "partners/api", "property": "key"}}
    needs: dict[str, Any] = {}
    for type_of_need, share in NEEDS.items():
        if chance.random() * 100 < share:
            needs[_ENTRY_NAMES[type_of_need]] = {"type": type_of_need}
    if "database" in needs and chance.random() < 0.4:
        needs["database"]["size"] = "small"
    if needs:
        document["needs"] = needs


_ENTRY_NAMES = {"postgres": "database", "redis": "cache", "queue": "jobs"}


def _write(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document, sort_keys=False, default_flow_style=None, width=200), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a platform repository with made-up teams and services.")
    parser.add_argument("services", type=int, help="how many services")
    parser.add_argument("folder", type=Path, help="where to; must not exist or be empty")
    parser.add_argument("--seed", type=int, default=1, help="another seed makes another fleet")
    arguments = parser.parse_args()
    generate(arguments.services, arguments.folder, arguments.seed)


if __name__ == "__main__":
    main()
