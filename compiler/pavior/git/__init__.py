"""What a commit holds, read from Git's own objects: nothing is checked out, cloned, fetched or executed.

Only plumbing commands run (`rev-parse`, `merge-base`, `ls-tree`, `diff-tree`, `cat-file`), which know no hook, filter, text
conversion or monitor; and nothing that the repository says can make them reach for a network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pavior.git.run import GitProblem, UnknownReference, output, succeeds

__all__ = ["Commit", "GitProblem", "Node", "UnknownReference", "changed_paths", "nodes", "resolve"]

_NOTHING = re.compile(r"0{40}|0{64}")
"""What forges send for the commit before a branch's first."""

_REFUSED = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit, seen from a platform repository, which may be a folder of the Git repository.

    `root` is that folder on the disk, `tree` the id of its tree in the commit, None where the commit has no such folder.
    `id` is the commit's own id, empty for the state before any commit. `digest` is the name of the hash that ids are of.
    """

    root: str
    id: str
    tree: str | None
    digest: str = "sha1"


class Node(NamedTuple):
    """What a commit has at one path. `mode` as Git writes it: 100644 and 100755 files, 120000 links, 160000 submodules."""

    mode: str
    id: str


def resolve(root: Path, reference: str) -> Commit:
    """The base that `reference` means for the working tree at `root`.

    `REF` is the merge base of REF and HEAD: what a pull request into REF is compared with. `A...B` is that of A and B, `A..`
    is A itself, and only zeros are the state before a first commit. Raises UnknownReference, and GitProblem where Git is
    missing, `root` is not in a Git repository, or its clone lacks the history that is needed.
    """
    place = _Place.of(root)
    if not reference or reference.startswith("-") or _REFUSED.search(reference):
        raise UnknownReference(f"`{reference}` can't be a branch, tag or commit", "name one, such as `origin/main`")
    if _NOTHING.fullmatch(reference):
        return Commit(str(root), "", None, place.digest)
    if "..." in reference:
        left, _, right = reference.partition("...")
        commit = place.merge_base(place.commit(left or "HEAD"), place.commit(right or "HEAD"), reference)
    elif ".." in reference:
        left, _, right = reference.partition("..")
        if right not in ("", "HEAD"):
            hint = f"check `{right}` out, and write `{left}..`"
            raise UnknownReference(f"`{reference}` has two ends, but the working tree is always one of them", hint)
        commit = place.commit(left or "HEAD")
    else:
        commit = place.commit(reference)
        head = place.head()
        if head is not None:
            commit = place.merge_base(commit, head, reference)
    return Commit(str(root), commit, place.tree(commit), place.digest)


def nodes(commit: Commit, *folders: str) -> Iterator[tuple[str, Node]]:
    """Every file, link and submodule below these folders in a commit, by path relative to the platform repository."""
    if commit.tree is None:
        return
    listing = output(commit.root, "ls-tree", "-r", "-z", "--full-tree", commit.tree, "--", *folders)
    for line in listing.split("\0"):
        if line:
            head, _, path = line.partition("\t")
            mode, _, id_ = head.split(" ")
            yield path, Node(mode, id_)


def changed_paths(commit: Commit, folder: str) -> frozenset[str]:
    """The paths below `folder`, relative to it, at which a commit and HEAD differ; all of HEAD's where the commit has nothing."""
    head = _Place.of(Path(commit.root)).head_tree()
    trees: tuple[str, ...]
    if commit.tree is not None and head is not None:
        trees = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", commit.tree, head)
    elif commit.tree is not None or head is not None:
        trees = ("ls-tree", "-r", "-z", "--full-tree", "--name-only", commit.tree or head or "")
    else:
        return frozenset()
    below = f"{folder}/"
    named = output(commit.root, *trees, "--", folder).split("\0")
    return frozenset(path[len(below) :] for path in named if path.startswith(below))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a folder is in its Git repository. `prefix` is the way from the repository's top, empty at the top."""

    root: str
    prefix: str
    shallow: bool
    digest: str

    @staticmethod
    def of(root: Path) -> _Place:
        asked = ("--is-shallow-repository", "--show-object-format", "--show-prefix")
        answers = output(str(root), "rev-parse", *asked).split("\n", 2)
        return _Place(str(root), answers[2].removesuffix("\n").rstrip("/"), answers[0] == "true", answers[1])

    def head(self) -> str | None:
        """The commit that is checked out; None before the first."""
        found = succeeds(self.root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return found.strip() if found is not None else None

    def head_tree(self) -> str | None:
        """The tree of the platform repository in it; None where it has none."""
        found = succeeds(self.root, "rev-parse", "--verify", "--quiet", f"HEAD:{self.prefix}")
        return found.strip() if found is not None else None

    def commit(self, reference: str) -> str:
        if reference.startswith("-"):
            raise UnknownReference(f"`{reference}` can't be a branch, tag or commit", None)
        found = succeeds(self.root, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}")
        if found is None:
            branch = reference.removeprefix("origin/")
            depth = "--depth 1 " if self.shallow else ""
            raise UnknownReference(
                f"Git knows no commit `{reference}` here", f"fetch it first: `git fetch {depth}origin {branch}`"
            )
        return found.strip()

    def merge_base(self, left: str, right: str, reference: str) -> str:
        found = succeeds(self.root, "merge-base", left, right)
        if found is not None:
            return found.split("\n", 1)[0]
        name = re.split(r"\.\.+", reference)[0].removeprefix("origin/")
        if self.shallow:
            raise GitProblem(
                f"this clone is too shallow to tell where `{reference}` and HEAD parted",
                f"fetch more history (`git fetch --deepen 100 origin {name}`), or, where HEAD is a merge into it, write"
                f" `{reference.partition('..')[0]}..` for that commit itself",
            )
        raise GitProblem(
            f"`{reference}` and HEAD have no commit in common",
            f"write `{reference.partition('..')[0]}..` to compare with that commit itself",
        )

    def tree(self, commit: str) -> str | None:
        """The tree of the platform repository in a commit."""
        found = succeeds(self.root, "rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}")
        if found is None:
            raise GitProblem(
                f"the clone lacks what commit {commit[:12]} holds", "fetch it: `git fetch --refetch --no-filter origin`"
            )
        return self.subtree(found.strip(), self.prefix) if self.prefix else found.strip()

    def subtree(self, tree: str, folder: str) -> str | None:
        listing = succeeds(self.root, "ls-tree", "-d", "-z", "--full-tree", tree, "--", folder) or ""
        head = listing.split("\0", 1)[0].partition("\t")[0].split(" ")
        return head[2] if len(head) == 3 and head[1] == "tree" else None
