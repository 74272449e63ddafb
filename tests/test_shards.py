"""Shards: each renders a part, and all together are the whole, which `pavior shards` proves or refuses."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from commits import commit, git
from fleets import FILES, Run, put, run, run_process, tiny, tree
from pavior.pipeline.proof import sealed
from pavior.pipeline.shard import Shard

SERVICE = "apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: a/b:{0}\n"
TODAY = ("--today", "2027-03-31")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Some twenty services, rendered."""
    root = tiny(tmp_path / "repository")
    for number in range(18):
        put(root, f"teams/{('red', 'blue')[number % 2]}/more{number}/platform.yaml", SERVICE.format(number))
    assert run(root, "render").status == 0
    return root


def shard(root: Path, which: str, command: str = "check", *options: str) -> Run:
    return run(root, command, "--shard", which, "--proof", str(proof(root, which)), *TODAY, *options)


def proof(root: Path, which: str) -> Path:
    return root.with_name(f"proof-{which.replace('/', '-of-')}.json")


def proofs(root: Path, count: int) -> list[str]:
    return [str(proof(root, f"{index}/{count}")) for index in range(1, count + 1)]


def together(root: Path, count: int) -> Run:
    return run(root, "shards", "--format", "concise", *proofs(root, count))


def of_two_shards() -> tuple[str, str]:
    """Services of one team that the two of two shards have."""
    first, *others = [f"blue/more{number}" for number in range(1, 18, 2)]
    one = Shard(1, 2)
    return first, next(each for each in others if one.has(f"teams/{each}") != one.has(f"teams/{first}"))


def change(root: Path, chance: random.Random) -> None:
    """Services go, come and change; perhaps so do a team, and what all are rendered from."""
    for folder in sorted((root / "teams").glob("*/more*")):
        match chance.randrange(4):
            case 0:
                shutil.rmtree(folder)
            case 1:
                put(folder, "platform.yaml", SERVICE.format(chance.random()))
    for number in range(chance.randrange(6)):
        put(root, f"teams/red/new{number}/platform.yaml", SERVICE.format(number) + "port: 1\n")
    if chance.random() < 0.5:
        put(root, "teams/green/team.yaml", FILES["teams/red/team.yaml"])
        put(root, "teams/green/only/platform.yaml", SERVICE.format(0))
    elif (root / "teams/green").exists():
        shutil.rmtree(root / "teams/green")
    if chance.random() < 0.3:
        settings = "golden-paths/components/process/manifests/settings.yaml"
        put(root, settings, FILES[settings].replace("labels: {", f"labels: {{a: 'x{chance.random()}', "))


@pytest.mark.parametrize("count", [1, 3, 6])
def test_shards_of_several_machines_are_together_the_whole_with_what_is_deleted(root: Path, count: int) -> None:
    for seed in range(2):
        change(root, random.Random(seed))
        old, changes = tree(root), list[dict[str, bytes | None]]()
        for index in range(1, count + 1):
            machine = root.with_name("machine")
            shutil.copytree(root, machine)
            found = shard(machine, f"{index}/{count}", "render", "--jobs", str(1 + index % 2))
            assert found.status == 0, found.output
            new = tree(machine)
            changes.append({p: new.get(p) for p in old.keys() | new.keys() if old.get(p) != new.get(p)})
            shutil.rmtree(machine)
        assert sum(map(len, changes)) == len({path for changed in changes for path in changed})
        merged = {path: content for each in changes for path, content in each.items()}
        for path, content in merged.items():
            place = root / "rendered" / path
            place.unlink(missing_ok=True)
            if content is not None:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
        assert together(root, count).status == 0
        union = tree(root)
        assert run(root, "render").status == 0
        assert tree(root) == union
        assert merged or not seed
        for index in range(1, count + 1):
            assert shard(root, f"{index}/{count}").status == 0
        told = together(root, count)
        assert told.status == 0, told.output
        assert "all that there is, each once" in run(root, "shards", *proofs(root, count)).output


def test_shards_meet_again_as_patches(root: Path) -> None:
    commit(root, "rendered")
    change(root, random.Random(0))
    commit(root, "changed")
    for index in (1, 2, 3):
        git(root.parent, "clone", "-q", str(root), str(root.with_name("machine")))
        machine = root.with_name("machine")
        assert shard(machine, f"{index}/3", "render").status == 0
        git(machine, "add", "rendered")
        patch = git(machine, "diff", "--cached", "--binary", "rendered")
        root.with_name(f"{index}.patch").write_text(f"{patch}\n" if patch else "")
        shutil.rmtree(machine)
    root.with_name("0.patch").write_text("")  # of a shard that changed nothing
    git(root, "apply", "--allow-empty", *(str(root.with_name(f"{index}.patch")) for index in range(4)))
    assert together(root, 3).status == 0
    assert run(root, "check").status == 0


def test_deletions_were_among_what_shards_did(root: Path) -> None:
    before = tree(root)
    change(root, random.Random(0))
    for index in (1, 2, 3):
        shard(root, f"{index}/3", "render")
    assert len(before.keys() - tree(root).keys()) > 5


def test_a_folders_shard_is_the_same_on_every_machine_and_in_every_version() -> None:
    sources = ["golden-paths", "teams/red", "teams/red/one", "teams/payments/checkout"]
    found = {s: [[Shard(i, n).has(s) for i in range(1, n + 1)].index(True) + 1 for n in (2, 5, 64)] for s in sources}
    assert found == {
        "golden-paths": [2, 3, 12],
        "teams/red": [1, 4, 13],
        "teams/red/one": [2, 2, 8],
        "teams/payments/checkout": [1, 1, 3],
    }


def test_a_shard_proves_the_same_in_every_process(root: Path) -> None:
    said = set()
    for seed, jobs in (("1", "1"), ("2", "2")):
        options = ("--shard", "1/2", "--proof", str(proof(root, "1/2")), *TODAY, "--jobs", jobs)
        assert run_process(root, "render", *options, PYTHONHASHSEED=seed).status == 0
        said.add(proof(root, "1/2").read_text())
    assert len(said) == 1
    assert sum(len(part["manifests"]) for part in json.loads(said.pop())["parts"].values()) > 20


def test_one_manifest_of_two_shards_is_found_when_they_meet(root: Path) -> None:
    names = of_two_shards()
    for name in names:
        taken = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\n"
        put(root, f"teams/{name}/manifests/shared.yaml", taken)
    assert [shard(root, which, "render").status for which in ("1/2", "2/2")] == [0, 0]
    assert [shard(root, which).status for which in ("1/2", "2/2")] == [0, 0]
    found = together(root, 2)
    assert (found.status, found.codes) == (1, ["PV603"])
    assert f"`pavior check {' '.join(names)}` says which" in run(root, "shards", *proofs(root, 2)).output
    assert run(root, "check", "--format", "concise", *names).codes == ["PV603", "PV603"]


DISTURBANCES = {
    "a file of no service": ("prod@eu-1/red/gone/process.yaml", "PV715"),
    "a file of a service more": ("prod@eu-1/red/one/process-2.yaml", "PV715"),
    "a file of a service otherwise": ("prod@eu-1/red/one/process.yaml", "PV715"),
}


@pytest.mark.parametrize("what", DISTURBANCES)
def test_a_tree_that_is_not_what_the_shards_have_is_refused(root: Path, what: str) -> None:
    path, code = DISTURBANCES[what]
    for index in (1, 2, 3):
        assert shard(root, f"{index}/3").status == 0
    source = "/".join(path.split("/")[1:3])
    put(root, f"rendered/{path}", f"# Rendered by Pavior from teams/{source}; edit that, not this file.\na: b\n")
    found = together(root, 3)
    assert (found.status, found.codes) == (1, [code])
    assert run(root, "check").status == 1


def test_whatever_changes_in_the_inputs_is_told_when_shards_meet(root: Path) -> None:
    for index in (1, 2):
        assert shard(root, f"{index}/2").status == 0
    assert together(root, 2).status == 0
    for path in ("teams/red/team.yaml", "golden-paths/components/process/README.md", "schemas/kubernetes/x.json"):
        before = (root / path).read_text() if (root / path).exists() else None
        put(root, path, f"{before or ''}# more\n")
        assert together(root, 2).codes == ["PV012", "PV012"]
        (root / path).unlink() if before is None else put(root, path, before)
        assert together(root, 2).status == 0
    (root / "teams/red/link.yaml").symlink_to("team.yaml")
    assert together(root, 2).codes == ["PV012", "PV012"]


def altered(told: dict[str, Any]) -> str:
    """A proof that somebody wrote with care."""
    return json.dumps(sealed({key: value for key, value in told.items() if key != "digest"}))


def test_another_version_of_pavior_is_told(root: Path) -> None:
    for index in (1, 2):
        assert shard(root, f"{index}/2").status == 0
    told = json.loads(proof(root, "2/2").read_text())
    told["inputs"]["pavior"] = "0" * 32
    proof(root, "2/2").write_text(altered(told))
    assert together(root, 2).codes == ["PV012"]


def test_a_damaged_proof_is_refused_whatever_is_in_it(root: Path) -> None:
    assert shard(root, "1/1").status == 0
    text, place, chance = proof(root, "1/1").read_text(), proof(root, "1/1"), random.Random(1)
    told = json.loads(text)
    wrong = [None, 0, -1, "x", [], {}, [1], {"a": 1}, 10**30, 1.5]
    for key, value in [(key, value) for key in told for value in wrong]:
        place.write_text(altered({**told, key: value}))
        assert together(root, 1).status == 1 or (key, value) == ("errors", 0) or key == "digest"
    for part in ({"teams/red/one": value} for value in wrong):
        place.write_text(altered({**told, "parts": part}))
        assert together(root, 1).status == 1
    for _ in range(40):
        at = chance.randrange(len(text))
        place.write_text(chance.choice([text[:at], text[:at] + chance.choice('0f"}],') + text[at + 1 :]]))
        assert together(root, 1).status == 1 or json.loads(place.read_text()) == told
    place.unlink()
    assert together(root, 1).codes == ["PV010"]
    put(root, "teams/red/one/platform.yaml", "nothing: here\n")
    assert shard(root, "1/1").status == 1
    assert together(root, 1).codes == ["PV714"]


def test_a_shard_of_a_repository_that_renders_nothing_says_so(root: Path) -> None:
    put(root, "golden-paths/organization.yaml", "name: 1\n")
    assert [shard(root, which).status for which in ("1/2", "2/2")] == [1, 1]
    assert together(root, 2).codes == ["PV714", "PV714"]


def test_what_is_nobodys_own_is_told_by_one_shard(root: Path) -> None:
    put(root, "rendered/prod@eu-1/stranger.yaml", "kind: Namespace\n")
    told = [code for index in (1, 2, 3) for code in shard(root, f"{index}/3", "check", "--format", "concise").codes]
    assert told == ["PV708"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shards_find_together_what_a_check_of_everything_finds_and_each_of_it_once(root: Path, seed: int) -> None:
    chance = random.Random(seed)
    change(root, chance)
    for path in chance.sample(sorted(tree(root)), 12):
        place = root / "rendered" / path
        match chance.randrange(4):
            case 0:
                place.unlink()
            case 1:
                place.write_bytes(place.read_bytes() + b"more: 1\n")
            case 2:
                place.write_bytes(b"a: stranger\n")
            case 3:
                place.with_name("copy.yaml").write_bytes(place.read_bytes())
    put(root, "teams/red/one/manifests/wrong.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n")
    put(root, "teams/blue/three/manifests/wrong.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n")
    whole = run(root, "check", *TODAY, "--format", "concise").output.splitlines()
    told = [
        line for i in (1, 2, 3) for line in shard(root, f"{i}/3", "check", "--format", "concise").output.splitlines()
    ]
    # Whoever tells of strangers doesn't know which of them stand in another shard's way.
    in_the_way = {line.split(":")[0] for line in whole if "[PV702 " in line}
    findings = [line for line in told if "PV" in line and not ("[PV708 " in line and line.split(":")[0] in in_the_way)]
    assert sorted(findings) == sorted(line for line in whole if "PV" in line)
    assert len(findings) > 15


def test_lost_data_of_the_base_is_told_by_the_shard_of_its_service(root: Path) -> None:
    git(root, "init", "-q")
    commit(root, "base")
    shutil.rmtree(root / "teams/blue/three")
    for path in list((root / "rendered").glob("*/blue/three")):
        shutil.rmtree(path)
    options = ("--base", "HEAD", "--format", "concise")
    told = [shard(root, f"{index}/3", "check", *options).codes for index in (1, 2, 3)]
    whole = run(root, "check", *TODAY, *options).codes
    assert sorted(code for codes in told for code in codes) == sorted(whole)
    assert "PV704" in whole
    assert sum("PV704" in codes for codes in told) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--shard", "2"), "`2` is not I/N: write the second of four shards as 2/4"),
        (("--shard", "1/4/2"), "is not I/N"),
        (("--shard", "-1/4"), "is not I/N"),
        (("--shard", "a/b"), "is not I/N"),
        (("--shard", f"1/{10**30}"), "is not I/N"),
        (("--shard", "0/4"), "shards count from 1/4 to 4/4"),
        (("--shard", "5/4"), "shards count from 1/4 to 4/4"),
        (("--shard", "1/0"), "there is no `1/0`"),
        (("--shard", "1/4"), "--shard needs --proof FILE"),
        (("--proof", "x"), "--proof needs --shard I/N"),
        (("--shard", "1/4", "--proof", "x", "red/one"), "leave SERVICE out"),
        (("--shard", "1/4", "--proof", "x", "--team", "red"), "leave --team out"),
        (("--shard", "1/4", "--proof", "x", "--env", "dev"), "leave --env out"),
    ],
)
@pytest.mark.parametrize("command", ["render", "check"])
def test_a_bad_shard_is_wrong_usage(root: Path, command: str, arguments: tuple[str, ...], said: str) -> None:
    found = run(root, command, *arguments)
    assert found.status == 2
    assert said in found.errors


def test_only_what_is_affected_is_not_cut_into_shards(root: Path) -> None:
    found = run(root, "render", "--shard", "1/2", "--proof", "x", "--only-affected", "HEAD")
    assert found.status == 2
    assert "leave --only-affected out" in found.errors


def test_a_proof_that_cannot_be_written_is_told(root: Path) -> None:
    found = run(root, "check", "--shard", "1/2", "--proof", str(root / "nowhere" / "proof.json"))
    assert found.status == 3
    assert "could not be written" in found.errors


@pytest.mark.parametrize("folder", ["rendered", "schemas", "teams"])
def test_a_folder_that_is_a_link_is_not_walked(folder: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = root.with_name("elsewhere")
    (root / "schemas").mkdir()
    (root / folder).rename(elsewhere)
    (root / folder).symlink_to(elsewhere)
    walked: list[str] = []
    walk = os.walk
    monkeypatch.setattr(os, "walk", lambda top: walked.append(str(top)) or walk(top))
    shard(root, "1/1")
    assert walked
    assert str(root / folder) not in walked
