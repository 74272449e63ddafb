"""A pull request may hold any bytes: `pavior validate` says soon and briefly what is wrong with them, and never breaks."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleets import put, run, tiny, tree

HEAD = b"apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: a/b:1\n"
LAUGHS = b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 12)
)

CONTENTS: dict[str, bytes] = {
    "brackets that never close": b"[" * 200_000,
    "brackets within brackets": b"env: " + b"[" * 50_000 + b"]" * 50_000,
    "braces within braces": HEAD + b"env: " + b"{a: " * 30_000 + b"}" * 30_000,
    "maps in maps, a line each": b"".join(b" " * n + b"a:\n" for n in range(600)),
    "lists in lists, in one line": b"- " * 100_000 + b"a\n",
    "a key of 200 kB": HEAD + b"k" * 200_000 + b": 1\n",
    "a map as a key": HEAD + b"? {a: [b, {c: d}]}\n: 1\n",
    "a value of 200 kB": HEAD + b"tier: " + b"v" * 200_000 + b"\n",
    "ten thousand million aliases": LAUGHS,
    "one anchor, many aliases": HEAD + b"files: &a {x: " + b"y" * 50_000 + b"}\nenv: [" + b"*a, " * 20_000 + b"]\n",
    "an alias of itself": HEAD + b"env: &a {A: *a}\n",
    "merge keys": HEAD + b"env: &e {A: b}\nfiles: {<<: [" + b"*e, " * 10_000 + b"]}\n",
    "twenty thousand unknown fields": HEAD + b"".join(b"k%d: 1\n" % n for n in range(20_000)),
    "one field twenty thousand times": HEAD + b"port: 80\n" * 20_000,
    "twenty thousand bad names": HEAD + b"env:\n" + b"".join(b"  b-%d: []\n" % n for n in range(15_000)),
    "more than a file may hold": b"#" + b"a" * 2**20,
    "random bytes": random.Random(7).randbytes(100_000),
    "zeros": HEAD + b"\0" * 1000,
    "UTF-16": HEAD.decode().encode("utf-16"),
    "half a character": HEAD + b"tier: \xe2\x82\n",
    "a surrogate": HEAD + b"tier: \xed\xa0\x80\n",
    "signs that turn the text around": HEAD + "tier: \u202eelif\u2066\u2028 \x1b[31m\n".encode(),
    "escape sequences in a name": HEAD + b'"\\e]0;mine\\a\\u001b[2J": 1\n',
    "a number of 100,000 digits": HEAD + b"port: " + b"9" * 100_000 + b"\n",
    "a number without bounds": HEAD + b"port: 1e999999999\n",
    "not a number": HEAD + b"port: .nan\nretries: -.inf\n",
    "a tag that runs a program": HEAD + b"tier: !!python/object/apply:os.system [touch pwned]\n",
    "fifty thousand documents": b"---\n" * 50_000,
    "a directive": b"%YAML 99.99\n%TAG ! tag:x,2000:\n---\n" + HEAD,
    "tabs": b"\t" * 100_000 + b"a: b\n",
    "an image that takes patterns to their knees": HEAD.replace(b"a/b:1", b"a" + b"/a.-_" * 40_000 + b"!"),
    "a reference that does": HEAD + b"calls: [a" + b"-a" * 50_000 + b"-/b]\n",
    "a text that never ends": HEAD + b'tier: "' + b"\\u00e9" * 30_000,
    "expressions": HEAD + b'env: {A: "{{ (\'\').__class__.__mro__ }}", B: "{% for x in range(10**9) %}"}\n',
    "nothing": b"",
    "a text alone": b"just words\n",
}
PLACES = {
    "a raw manifest": (
        "teams/red/one/manifests/raw.yaml",
        ("brackets within brackets", "random bytes", "zeros"),
    ),
    "a patch": ("teams/red/one/patches/patch.yaml", ("ten thousand million aliases", "twenty thousand unknown fields")),
    "a team": (
        "teams/red/team.yaml",
        ("brackets that never close", "an alias of itself", "a key of 200 kB", "nothing"),
    ),
}


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def root(pristine: Path) -> Iterator[Path]:
    """The tiny repository, whose teams are as they were when the test is over."""
    yield pristine
    shutil.rmtree(pristine / "teams")
    tiny(pristine)


def validated(root: Path, form: str) -> str:
    """What validate says of a repository with something wrong; it takes less than a second of this process."""
    begun = time.process_time()
    found = run(root, "validate", "--format", form)
    assert time.process_time() - begun < 1
    assert found.status == 1, found.output
    assert found.errors == ""
    assert len(found.output) < 60_000
    assert not {"\x1b", "\u202e", "\u2066", "\0"} & set(found.output)
    return found.output


@pytest.mark.parametrize("name", [name for name in CONTENTS if name != "expressions"])
def test_a_hostile_platform_file_is_refused_soon_and_briefly(root: Path, name: str) -> None:
    file = root / "teams/red/one/platform.yaml"
    file.write_bytes(CONTENTS[name])
    output = validated(root, "text" if len(name) % 2 else "concise")
    assert "teams/red/one/platform.yaml" in output
    assert not (root / "pwned").exists()


def test_what_looks_like_an_expression_is_text(root: Path) -> None:
    (root / "teams/red/one/platform.yaml").write_bytes(CONTENTS["expressions"])
    assert run(root, "render").status == 0
    assert b"{{ ('').__class__.__mro__ }}" in (root / "rendered/dev/red/one/process.yaml").read_bytes()


@pytest.mark.parametrize("place", PLACES)
def test_other_files_are_read_as_warily(root: Path, place: str) -> None:
    path, names = PLACES[place]
    for name in names:
        file = root / path
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(CONTENTS[name])
        assert f"{path}:" in validated(root, "concise")


@pytest.mark.parametrize("kind", ["link", "device", "pipe", "folder", "loop"])
def test_what_is_not_a_plain_file_is_not_opened(root: Path, tmp_path: Path, kind: str) -> None:
    file = root / "teams/red/one/platform.yaml"
    file.unlink()
    secret = tmp_path / "secret.yaml"
    secret.write_text("password: hunter2\n")
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    else:
        file.symlink_to({"link": secret, "device": Path("/dev/zero"), "loop": file}[kind])
    output = validated(root, "text")
    assert "teams/red/one/platform.yaml" in output
    assert "hunter2" not in output


@pytest.mark.parametrize("folder", ["teams", "golden-paths"])
def test_a_link_in_the_place_of_a_whole_folder_is_not_followed_and_nothing_is_lost(tmp_path: Path, folder: str) -> None:
    root = tiny(tmp_path / "repository")
    assert run(root, "render").status == 0
    before = tree(root)
    (root / folder).rename(tmp_path / "elsewhere")
    put(tmp_path, "elsewhere/secret-name/platform.yaml", "a: b\n")
    (root / folder).symlink_to(tmp_path / "elsewhere")
    for command in ("validate", "render", "check"):
        found = run(root, command, "--format", "concise")
        assert (found.status, found.codes) == (1, ["PV006"])
        assert "secret-name" not in found.output
    assert tree(root) == before
