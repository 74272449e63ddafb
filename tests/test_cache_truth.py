"""With whatever earlier runs kept, a command finds, tells and writes what it would with nothing kept at all.

A machine of random edits, old times and damage compares the two after every step. Files are taken as unchanged once their
times are older than the clock's tick, which is set to some milliseconds here, so that both answers come up.
"""

from __future__ import annotations

import errno
import os
import random
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from commits import commit
from fleets import Run, put, run, tiny, tree
from pavior import cache
from pavior.repository import states
from shared_places import filling, in_this_process, machine

TICK = 20 * 10**6
"""Nanoseconds: what a Linux file system tells apart, with room."""

PLATFORM = "golden-paths/components/process/manifests/settings.yaml"
LINES = ("retries: 5\n", "env: {B: c}\n", "calls: [blue/three]\n", "tier: critical\n", "retries: many\n")
"""The last is at fault."""

SERVICES = ("red/one", "red/two", "blue/three", "blue/four")


@contextmanager
def home(place: Path) -> Iterator[None]:
    """Within this, the cache is below `place`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(place))
        patch.setattr(states, "_TICK", TICK)
        yield


class TruthOfTheCache(RuleBasedStateMachine):
    """One repository and its cache. `before` is how files were before they were last edited, with their times."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="pavior-cache-"))
        self.root, self.kept = self.place / "repository", self.place / "kept"
        self.edited: dict[str, os.stat_result] = {}

    @initialize()
    def begin(self) -> None:
        tiny(self.root)
        commit(self.root, "first")

    def teardown(self) -> None:
        shutil.rmtree(self.place)

    # What people and other programs do.

    @rule(service=st.sampled_from(SERVICES), image=st.sampled_from("123"), port=st.sampled_from((80, 81)))
    def write_service(self, service: str, image: str, port: int) -> None:
        calls = "calls: [red/one]\n" if service in ("red/two", "blue/four") else ""
        text = f"apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: t.example/a:{image}\nport: {port}\n{calls}"
        self._put(f"teams/{service}/platform.yaml", text)

    @rule(service=st.sampled_from(SERVICES), line=st.sampled_from(LINES))
    def write_a_line(self, service: str, line: str) -> None:
        text = f"apiVersion: pavior.dev/v1\ngoldenPath: app\nimage: t.example/a:1\n{line}"
        self._put(f"teams/{service}/platform.yaml", text)

    @rule(service=st.sampled_from(("red/two", "blue/four")))
    def remove_service(self, service: str) -> None:
        shutil.rmtree(self.root / "teams" / service, ignore_errors=True)

    @rule(service=st.sampled_from(SERVICES), data=st.sampled_from("ab"))
    def add_manifest(self, service: str, data: str) -> None:
        if (self.root / "teams" / service).exists():
            text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: more}}\ndata: {{a: {data}}}\n"
            self._put(f"teams/{service}/manifests/more.yaml", text)

    @rule(word=st.sampled_from("xyz"))
    def edit_template(self, word: str) -> None:
        text = (self.root / PLATFORM).read_text(encoding="utf-8")
        old = text.split('image: "')[1][:1]
        self._put(PLATFORM, text.replace(f'image: "{old}', f'image: "{word if old in "xyz" else word + old}'))

    @rule(
        team=st.sampled_from(("red", "blue")), description=st.sampled_from(("one", "two")), level=st.sampled_from("ab")
    )
    def edit_team(self, team: str, description: str, level: str) -> None:
        text = f"apiVersion: pavior.dev/v1\ndescription: The {description}.\ndefaults: {{env: {{LEVEL: {level}}}}}\n"
        self._put(f"teams/{team}/team.yaml", text)

    @rule(
        chosen=st.randoms(use_true_random=False), how=st.sampled_from(("flip", "delete", "foreign", "touch", "stray"))
    )
    def meddle_with_the_tree(self, chosen: random.Random, how: str) -> None:
        files = sorted(path for path in (self.root / "rendered").rglob("*") if path.is_file() and path.stem != "stray")
        if not files:
            return
        file = chosen.choice(files)
        if how == "flip":
            content = bytearray(file.read_bytes())
            content[-2] ^= 1
            self._write(file, bytes(content))
        elif how == "delete":
            file.unlink()
        elif how == "foreign":
            (file.parent / "notes.yaml").write_text("a: b\n", encoding="utf-8")
        elif how == "stray":
            shutil.copyfile(file, file.parent / "stray.yaml")
        else:
            os.utime(file)

    @rule()
    @precondition(lambda self: self.edited)
    def set_the_times_back(self) -> None:
        for path, status in self.edited.items():
            if (self.root / path).exists():
                os.utime(self.root / path, ns=(status.st_atime_ns, status.st_mtime_ns))

    @rule()
    def switch_branches(self) -> None:
        """Another state of what people write, with the times that it had, and back the next time."""
        other = self.place / "other"
        if not other.exists():
            shutil.copytree(self.root / "teams", other)
        (self.root / "teams").rename(self.place / "between")
        other.rename(self.root / "teams")
        (self.place / "between").rename(other)

    @rule()
    def commit_all(self) -> None:
        commit(self.root, "more")

    @rule(seconds=st.sampled_from((0.05,)))
    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    @rule(chosen=st.randoms(use_true_random=False), how=st.sampled_from(("flip", "cut", "empty", "delete", "folder")))
    def damage_the_cache(self, chosen: random.Random, how: str) -> None:
        files = sorted(path for path in self.kept.rglob("*") if path.is_file())
        if not files:
            return
        file = chosen.choice(files)
        content = bytearray(file.read_bytes())
        if how == "flip" and content:
            content[chosen.randrange(len(content))] ^= 1 << chosen.randrange(8)
            file.write_bytes(content)
        elif how in ("cut", "empty"):
            file.write_bytes(content[: chosen.randrange(len(content) + 1)] if how == "cut" else b"")
        else:
            file.unlink()
            if how == "folder":
                file.mkdir()

    # What Pavior is asked, each time twice.

    @rule()
    def render(self) -> None:
        self._compare("render")

    @rule()
    def render_twice(self) -> None:
        self._compare("render")
        time.sleep(0.05)
        self._compare("render")
        self._compare("render")

    @rule(service=st.sampled_from(SERVICES))
    def render_one(self, service: str) -> None:
        self._compare("render", service)

    @rule()
    def check(self) -> None:
        self._compare("check")

    @rule()
    def check_twice(self) -> None:
        self._compare("check")
        time.sleep(0.05)
        self._compare("check")

    @rule()
    def check_with_a_base(self) -> None:
        self._compare("check", "--base", "HEAD")

    @rule(service=st.sampled_from(SERVICES), image=st.sampled_from("123"), base=st.booleans())
    def check_after_an_edit(self, service: str, image: str, base: bool) -> None:
        """From a tree in order, so that the check after the edit has something to begin with."""
        arguments = ("--base", "HEAD") if base else ()
        self._compare("render")
        self._compare("check", *arguments)
        path = f"teams/{service}/platform.yaml"
        if (self.root / path).exists():
            text = (self.root / path).read_text(encoding="utf-8")
            self._put(path, re.sub("image: .*", f"image: t.example/b:{image}", text))
        self._compare("check", *arguments)
        self._compare("render", service)
        self._compare("check", *arguments)

    @rule(more=st.sampled_from(((), ("--format", "json"), ("--all",))))
    def diff(self, more: tuple[str, ...]) -> None:
        self._compare("diff", "--base", "HEAD", "--jobs", "1", *more)

    @rule()
    def diff_twice(self) -> None:
        self._compare("diff", "--base", "HEAD", "--jobs", "1")
        time.sleep(0.05)
        self._compare("diff", "--base", "HEAD", "--jobs", "1")

    @rule()
    def render_what_differs(self) -> None:
        self._compare("render", "--only-affected", "HEAD")

    @rule(room=st.integers(0, 5000))
    def render_with_a_full_disk(self, room: int) -> None:
        with full_disk(room):
            self._compare("render")

    @invariant()
    def nothing_is_left_half_written(self) -> None:
        assert not list(self.kept.rglob(".draft-*"))

    def _compare(self, *arguments: str) -> None:
        twin = self.place / "twin"
        shutil.copytree(self.root, twin, symlinks=True)
        with home(self.place / "none"):
            wanted = run(twin, *arguments)
        with home(self.kept), self.around():
            found = run(self.root, *arguments)
        assert _told(found) == _told(wanted)
        assert tree(self.root) == tree(twin)
        shutil.rmtree(twin)
        shutil.rmtree(self.place / "none", ignore_errors=True)

    def around(self) -> AbstractContextManager[None]:
        """What there is beside the cache."""
        return nullcontext()

    def _put(self, path: str, text: str) -> None:
        file = self.root / path
        if file.exists():
            self.edited[path] = file.stat()
        put(self.root, path, text)

    def _write(self, file: Path, content: bytes) -> None:
        self.edited[str(file.relative_to(self.root))] = file.stat()
        file.write_bytes(content)


def _told(found: Run) -> tuple[int, str, str]:
    return found.status, found.output, found.errors


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """Within this, the cache's disk takes `room` more bytes in the cache, and then is full."""
    left = room

    class Full:
        """`os`, but for writing."""

        def __getattr__(self, name: str) -> object:
            return getattr(os, name)

        def write(self, descriptor: int, content: bytes) -> int:
            nonlocal left
            if left <= 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            written = os.write(descriptor, content[:left])
            left -= written
            return written

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "os", Full())
        yield


class TruthOfTheSharedCache(TruthOfTheCache):
    """The same on machines that are thrown away after each command, and share a place."""

    @contextmanager
    def around(self) -> Iterator[None]:
        shutil.rmtree(self.kept, ignore_errors=True)
        with in_this_process(), machine(self.kept, filling(f"memory://{self.place.name}")):
            yield


TestTruthOfTheSharedCache = TruthOfTheSharedCache.TestCase
TestTruthOfTheCache = TruthOfTheCache.TestCase
TestTruthOfTheCache.settings = settings(
    max_examples=int(os.environ.get("PAVIOR_CACHE_EXAMPLES", "8")),
    stateful_step_count=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
TestTruthOfTheSharedCache.settings = settings(
    TestTruthOfTheCache.settings, max_examples=TestTruthOfTheCache.settings.max_examples // 2
)
