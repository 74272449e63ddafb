"""A cache that machines share: what one rendered is rendered by no other, and whatever is wrong with it changes nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

import pavior.shared.place
from fleets import Run, edit, put, run, run_process, tiny, tree
from pavior.pipeline import work
from pavior.pipeline.assemble import Owner
from pavior.pipeline.compile import Compiled, Workbench, compile_groups
from pavior.shared import PRIVATE
from pavior.shared.seal import NotAKey, NotSealed, read_keys
from shared_places import KEYS, Pair, filling, in_this_process, machine, server, trusting

SERVICE = "apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: a/b:{0}\n"
ALL = [f"teams/{name}" for name in ("blue/three", "red/one", "red/two")]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that does other work may take long to start a process."""
    monkeypatch.setattr(pavior.shared.place, "PATIENCE", 300.0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three services, rendered on a machine that knows nothing of a shared place."""
    root = tiny(tmp_path / "repository")
    with machine(tmp_path / "first", {}):
        assert run(root, "render").status == 0
    return root


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "shared place"


@contextmanager
def rendered() -> Iterator[list[str]]:
    """The services that are rendered within this, by folder."""
    seen: list[str] = []
    compile_it = work.compile_groups

    def noting(bench: Workbench, groups: Sequence[Sequence[Owner]]) -> list[list[Compiled]]:
        seen.extend(group[0].source for group in groups if group[0].service)
        return compile_it(bench, groups)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "compile_groups", noting)
        yield seen


def on_another(root: Path, environment: Mapping[str, str], *arguments: str) -> tuple[Run, list[str]]:
    """What a command says on a machine that has a clone and nothing else, and which services it renders."""
    clone = root.with_name("clone")
    shutil.rmtree(clone, ignore_errors=True)
    shutil.rmtree(root.with_name("nothing"), ignore_errors=True)
    shutil.copytree(root, clone, ignore=shutil.ignore_patterns(".pavior"))
    with machine(root.with_name("nothing"), environment), rendered() as seen:
        return run(clone, *arguments), seen


def filled(root: Path, url: str, *arguments: str) -> Run:
    """Have the trusted pipeline fill the place."""
    found, _ = on_another(root, filling(url), *(arguments or ("check",)))
    assert "PV801" not in found.output
    return found


@pytest.mark.parametrize("command", [["check"], ["render"], ["render", "--jobs", "2"]], ids=" ".join)
def test_what_one_machine_checked_is_rendered_by_no_other(root: Path, place: Path, command: list[str]) -> None:
    plain, all_ = on_another(root, {}, *command)
    assert all_ == ALL or "--jobs" in command  # what other processes render is not seen here
    assert filled(root, f"file://{place}").errors == ""
    (entry,) = place.iterdir()
    found, seen = on_another(root, trusting(f"file://{place}"), *command)
    assert (found, seen) == (plain, [])
    assert tree(root.with_name("clone")) == tree(root)
    assert [path.name for path in place.iterdir()] == [entry.name]


def test_only_what_changed_is_rendered_with_those_that_read_of_it(root: Path, place: Path) -> None:
    filled(root, f"file://{place}")
    edit(root, "teams/red/one/platform.yaml", "port: 80", "port: 81")
    wanted, _ = on_another(root, {}, "check")
    found, seen = on_another(root, trusting(f"file://{place}"), "check")
    assert found == wanted
    assert seen == ["teams/red/one", "teams/red/two"]
    edit(root, "teams/red/one/platform.yaml", "port: 81", "port: 80")
    put(root, "teams/blue/three/manifests/more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n")
    assert on_another(root, trusting(f"file://{place}"), "render")[1] == ["teams/blue/three"]


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("golden-paths/components/process/manifests/settings.yaml", 'image: "', 'image: "x'),
        ("golden-paths/environments/prod.yaml", "quiet", "calm"),
        ("golden-paths/organization.yaml", "name: tiny", "name: small"),
        ("teams/red/team.yaml", "The red ones", "Those in red"),
    ],
)
def test_what_concerns_all_has_all_rendered(root: Path, place: Path, path: str, old: str, new: str) -> None:
    filled(root, f"file://{place}")
    edit(root, path, old, new)
    wanted, _ = on_another(root, {}, "check")
    assert on_another(root, trusting(f"file://{place}"), "check") == (wanted, ALL)


def test_schemas_that_the_repository_adds_have_all_rendered(root: Path, place: Path) -> None:
    filled(root, f"file://{place}")
    put(root, "schemas/kubernetes/more/v1/thing.json", "{}")
    assert on_another(root, trusting(f"file://{place}"), "check")[1] == ALL
    filled(root, f"file://{place}")
    assert on_another(root, trusting(f"file://{place}"), "check")[1] == []
    put(root, "schemas/kubernetes/more/v1/thing.json", "[]")
    assert on_another(root, trusting(f"file://{place}"), "check")[1] == ALL


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("dev/red/one/process.yaml", None),
        ("dev/red/one/process.yaml", "# Rendered by Pavior from teams/red/one\na: b\n"),
        ("dev/red/one/more.yaml", "# Rendered by Pavior from teams/red/one\na: b\n"),
        ("dev/red/one/note.txt", "mine\n"),
        ("dev/argocd/red/one.yaml", None),
        ("prod@eu-1/blue/three/data/store.yaml", None),
    ],
)
def test_files_that_are_not_what_was_rendered_are_told_as_ever(
    root: Path, place: Path, path: str, text: str | None
) -> None:
    filled(root, f"file://{place}")
    (root / "rendered" / path).unlink(missing_ok=True)
    if text is not None:
        put(root, f"rendered/{path}", text)
    wanted, _ = on_another(root, {}, "check")
    assert on_another(root, trusting(f"file://{place}"), "check")[0] == wanted
    wanted, _ = on_another(root, {}, "render")
    left = tree(root.with_name("clone"))
    assert on_another(root, trusting(f"file://{place}"), "render")[0] == wanted
    assert tree(root.with_name("clone")) == left


def test_two_services_with_one_manifest_are_told_though_both_are_known(root: Path, place: Path) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: same}\n"
    put(root, "teams/red/one/manifests/same.yaml", text)
    with machine(root.with_name("first"), {}):
        assert run(root, "render").status == 0
    filled(root, f"file://{place}")
    put(root, "teams/red/two/manifests/same.yaml", text)
    wanted, _ = on_another(root, {}, "check", "--format", "concise")
    assert "PV603" in wanted.codes or "PV602" in wanted.codes
    found, seen = on_another(root, trusting(f"file://{place}"), "check", "--format", "concise")
    assert (found, seen) == (wanted, ["teams/red/two"])


def test_a_shard_has_what_the_same_shard_left(root: Path, place: Path) -> None:
    url, shard = f"file://{place}", ("check", "--shard", "2/2", "--proof")
    filled(root, url)
    assert on_another(root, trusting(url), *shard, str(root.with_name("one")))[1]
    filled(root, url, *shard, str(root.with_name("one")))
    assert len(list(place.iterdir())) == 2
    plain, some = on_another(root, {}, *shard, str(root.with_name("one")))
    found, seen = on_another(root, trusting(url), *shard, str(root.with_name("other")))
    assert some
    assert (found, seen) == (plain, [])
    assert root.with_name("one").read_bytes() == root.with_name("other").read_bytes()


def test_who_has_no_private_key_writes_nothing(root: Path, place: Path) -> None:
    assert on_another(root, trusting(f"file://{place}"), "check")[0].status == 0
    assert not place.exists()


def test_a_run_over_some_services_asks_nothing(root: Path, place: Path) -> None:
    environment = trusting("http://127.0.0.1:1/cache")
    assert on_another(root, environment, "render", "red/one")[0].errors == ""
    assert on_another(root, environment, "check", "--team", "red")[0].output.count("warning") == 0


# What is wrong with the place -----------------------------------------------------------------------------------------


def is_told_once(root: Path, environment: Mapping[str, str], code: str) -> str:
    """A check says what it says without a shared place, and one warning with this code. Its text."""
    plain, _ = on_another(root, {}, "check")
    found, seen = on_another(root, environment, "check")
    assert (found.status, sorted(seen)) == (plain.status, ALL)
    assert found.output.endswith(plain.output)
    assert found.output.count("warning[") == found.output.count(f"warning[{code} ") == 1
    return found.output


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "larger", "by another", "of another name", "plain"])
def test_what_the_trusted_key_did_not_sign_as_it_is_is_not_used(root: Path, place: Path, damage: str) -> None:
    filled(root, f"file://{place}")
    (entry,) = place.iterdir()
    content = entry.read_bytes()
    match damage:
        case "flipped":
            content = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]
        case "cut":
            content = content[:-1]
        case "empty":
            content = b""
        case "larger":
            content += b"\n"
        case "by another":
            content = read_keys(None, Pair.new().private).sealed(entry.name, content[64:])
        case "of another name":
            content = read_keys(None, KEYS.private).sealed("results-0", content[64:])
        case "plain":
            content = content[64:]
    entry.write_bytes(content)
    told = is_told_once(root, trusting(f"file://{place}"), "PV802")
    assert entry.name in told
    assert "didn't sign it" in told
    filled(root, f"file://{place}")
    assert entry.read_bytes() == content, "who finds something strange leaves it to be looked at"


def test_a_forged_entry_makes_no_wrong_file_right(root: Path, place: Path) -> None:
    edit(root, "rendered/dev/red/one/process.yaml", "tiny.example/one:1", "evil.example/one:1")
    mallory = Pair.new()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "compile_groups", forging(root))
        on_another(root, filling(f"file://{place}", mallory), "check")
    found, _ = on_another(root, trusting(f"file://{place}", mallory), "check", "--format", "concise")
    assert "PV701" not in found.codes
    assert found.status == 0, "whom one trusts can make one believe it"
    found, _ = on_another(root, trusting(f"file://{place}"), "check", "--format", "concise")
    assert found.status == 1
    assert "PV802" in found.codes


def forging(root: Path) -> Callable[[Workbench, Sequence[Sequence[Owner]]], list[list[Compiled]]]:
    """As if what lies in rendered/ were what is rendered."""

    def forged(each: Compiled) -> Compiled:
        files = {path: (root / "rendered" / path).read_bytes() for path in each.files}
        return Compiled(each.owner, files, taken=each.taken, manifests=each.manifests)

    def compile_it(bench: Workbench, groups: Sequence[Sequence[Owner]]) -> list[list[Compiled]]:
        return [[forged(each) for each in done] for done in compile_groups(bench, groups)]

    return compile_it


def test_a_machine_that_is_not_there_is_told_once(root: Path) -> None:
    told = is_told_once(root, trusting("http://127.0.0.1:1/cache"), "PV801")
    assert "`http://127.0.0.1:1/cache` can't be read" in told
    assert is_told_once(root, filling("http://127.0.0.1:1/cache"), "PV801")


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_a_server_that_refuses_is_told_once(root: Path, status: int) -> None:
    with server() as there:
        there.status = status
        is_told_once(root, trusting(f"{there.url}/cache"), "PV801")


def test_a_server_that_does_not_answer_is_left_behind(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pavior.shared.place, "PATIENCE", 1.5)
    with server() as there:
        there.delay.clear()
        assert "no answer within 1.5 seconds" in is_told_once(root, trusting(f"{there.url}/cache"), "PV801")


def test_a_place_that_cannot_be_written_is_told_once(root: Path, place: Path) -> None:
    place.write_text("a file")
    is_told_once(root, filling(f"file://{place}/below"), "PV801")


@pytest.mark.parametrize("url", ["nothing://there", "s3x://bucket", "file", "http://", "::"])
def test_what_is_no_place_is_told_once(root: Path, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    found, _ = on_another(root, trusting(url), "check")
    assert found.status == 0
    assert found.output.count("warning[PV801 ") == (url not in ("file", "::"))  # relative folders, in which is nothing


@pytest.mark.parametrize(
    ("public", "private", "reason"),
    [
        (None, None, "no key says who is trusted"),
        ("nonsense", None, "what should be a key is none"),
        (None, "nonsense", "what should be a key is none"),
        (KEYS.private, None, "what should be a key is none"),
        (None, KEYS.public, "what should be a key is none"),
        (Pair.new().public, KEYS.private, "the private key is not that of the public one"),
    ],
)
def test_keys_that_are_none_are_told(root: Path, public: str | None, private: str | None, reason: str) -> None:
    with pytest.raises(NotAKey, match=reason):
        read_keys(public, private)
    names = {"PAVIOR_SHARED_CACHE_PUBLIC_KEY": public, PRIVATE: private}
    given = {name: value for name, value in names.items() if value is not None}
    told = is_told_once(root, {"PAVIOR_SHARED_CACHE": "memory://x", **given}, "PV801")
    assert reason in told
    assert not any(value in told for value in given.values())


def test_a_seal_is_of_its_name_and_its_payload() -> None:
    keys = read_keys(KEYS.public, KEYS.private)
    assert keys.opened("one", keys.sealed("one", b"payload")) == b"payload"
    for name, content in (("two", keys.sealed("one", b"payload")), ("one", b""), ("one", b"x" * 64)):
        with pytest.raises(NotSealed):
            keys.opened(name, content)


# Places of several kinds ----------------------------------------------------------------------------------------------


def test_a_server_of_files_is_read_and_never_written_without_the_private_key(root: Path, place: Path) -> None:
    filled(root, f"file://{place}")
    with server() as there:
        there.has(place)
        found, seen = on_another(root, trusting(f"{there.url}/cache"), "check")
        assert (found.status, found.output.count("warning"), seen) == (0, 0, [])
        assert "PUT" not in there.asked
        assert "GET" in there.asked


def test_an_empty_server_is_no_fault(root: Path) -> None:
    with server() as there:
        found, seen = on_another(root, trusting(f"{there.url}/cache/"), "check")
        assert (found.status, found.output.count("warning"), sorted(seen)) == (0, 0, ALL)


def test_a_place_in_memory(root: Path) -> None:
    with in_this_process():
        filled(root, "memory://here/below")
        assert on_another(root, trusting("memory://here/below"), "check")[1] == []
        assert on_another(root, trusting("memory://elsewhere"), "check")[1] == ALL


# What is never done ---------------------------------------------------------------------------------------------------


def fake_fsspec(folder: Path, program: str) -> str:
    """A folder with a library of that name, which runs a program when it is loaded."""
    put(folder, "fsspec/__init__.py", program)
    return str(folder)


def test_a_library_that_is_missing_is_told_with_what_to_install(root: Path, tmp_path: Path) -> None:
    library = fake_fsspec(tmp_path / "library", "raise ImportError('no such thing')")
    found = on_a_process(root, PYTHONPATH=library, **trusting("s3://bucket/cache"))
    assert found.status == 0
    assert "what reads such places is not installed" in found.output
    assert "install `pavior[shared]`, and s3fs for s3://, gcsfs for gs://" in found.output


def on_a_process(root: Path, **environment: str) -> Run:
    """A check in a process of its own, which has no cache."""
    path = ":".join(filter(None, (environment.pop("PYTHONPATH", ""), str(Path(__file__).parents[1] / "compiler"))))
    cache = str(root.with_name("none"))
    return run_process(root, "check", XDG_CACHE_HOME=cache, **{**environment, "PYTHONPATH": path})


def test_what_speaks_to_the_place_does_not_have_the_private_key(root: Path, tmp_path: Path, place: Path) -> None:
    seen = tmp_path / "seen"
    library = fake_fsspec(
        tmp_path / "library",
        f"import os; open({str(seen)!r}, 'a').write(repr(sorted(os.environ.values()))); raise ImportError",
    )
    on_a_process(root, PYTHONPATH=library, **filling(f"file://{place}"), PAVIOR_SHARED_CACHE_PUBLIC_KEY=KEYS.public)
    assert repr(KEYS.public) in seen.read_text()
    assert repr(KEYS.private) not in seen.read_text()


def test_modules_in_the_repository_are_not_loaded(root: Path, place: Path) -> None:
    put(root, "fsspec/__init__.py", "open('loaded', 'w')")
    put(root, "cryptography/__init__.py", "open('loaded', 'w')")
    script = root.with_name("pavior-script")
    script.write_text("from pavior.cli import main\nmain()\n")
    with machine(root.with_name("other"), trusting(f"file://{place}")):
        done = run_script(script, root)
    assert (done.status, done.errors) == (0, "")
    assert not (root / "loaded").exists()


def run_script(script: Path, root: Path) -> Run:
    """A check as the installed command runs it: what lies in the current folder is no module."""
    command = [sys.executable, "-P", str(script), "check"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "compiler")}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    return Run(done.returncode, done.stdout, done.stderr)


def test_secrets_in_the_url_are_not_told(root: Path) -> None:
    for url in ("http://user:hunter2@127.0.0.1:1/cache", "http://127.0.0.1:1/cache?token=hunter2"):
        told = is_told_once(root, trusting(url), "PV801")
        assert "hunter2" not in told
        assert "`http://127.0.0.1:1/cache` can't be read" in told


def test_what_is_wrong_with_the_place_is_in_every_form_and_never_kept(root: Path) -> None:
    with machine(root.with_name("mine"), trusting("http://127.0.0.1:1/cache")):
        first = run(root, "check", "--format", "github")
        assert "PV801" in first.output
        # The next is over at once, and asks nobody.
        assert run(root, "check").output.count("PV801") == 0


def test_who_fills_an_emptied_place_looks_at_everything_again(root: Path, place: Path) -> None:
    with machine(root.with_name("kept"), filling(f"file://{place}")):
        assert run(root, "check").status == 0
        (entry,) = place.iterdir()
        entry.unlink()
        assert run(root, "check").status == 0
    assert [each.name for each in place.iterdir()] == [entry.name]
