"""What can be wrong with the shards of a run, seen together (PV010 to PV012, PV714 and PV715)."""

from __future__ import annotations

from pavior.diagnostics import Code

NOT_A_PROOF = Code(
    "PV010",
    "not-a-proof",
    what="A file that `pavior shards` is given is not what a shard wrote for `--proof`.",
    why="What that shard found and rendered is unknown, so nothing is known of the whole.",
    fix="Name the files that `pavior render --shard I/N --proof FILE` or `pavior check …` wrote, of the same version of Pavior.",
)
MISSING_SHARD = Code(
    "PV011",
    "missing-shard",
    what="Shards are not one run: one is missing, one is there twice, or they count differently.",
    why="What a missing shard has was neither checked nor rendered, though all the others are green.",
    fix="Run `I/N` for each I from 1 to N, and name the proofs of all of them.",
)
OTHER_INPUTS = Code(
    "PV012",
    "other-inputs",
    what="A shard was made of other files, by another Pavior, by another command, against another base or on another day.",
    why="Parts of different states fit together by luck only: a service's manifests depend on other services' files.",
    fix="Run all shards from one commit with one Pavior, and the same `--base` and `--today`; `pavior shards` too.",
)
FAILED_SHARD = Code(
    "PV714",
    "failed-shard",
    what="A shard found errors.",
    why="What is at fault was not rendered, so the whole is not either.",
    fix="Mend what its own run says, and run all shards again.",
)
DIFFERS_FROM_SHARDS = Code(
    "PV715",
    "differs-from-shards",
    what="`rendered/` is not what the shards together have: something was lost, changed or left over on the way.",
    why="What is merged is what Argo CD applies, and no shard has seen this tree.",
    fix="Start from what the shards ran on, and apply what each of them changed, deletions too.",
)
