"""The options of commands that can do a part of the fleet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


def sharding(command: Function) -> Function:
    """Add `--shard`, as two numbers, and `--proof`."""

    def numbers(context: click.Context, parameter: click.Parameter, given: str | None) -> tuple[int, int] | None:
        if given is None:
            return None
        index, _, count = given.partition("/")
        if not (index.isdecimal() and count.isdecimal() and len(given) < 12):
            raise click.BadParameter(f"`{given}` is not I/N: write the second of four shards as 2/4")
        if not 1 <= int(index) <= int(count):
            raise click.BadParameter(f"there is no `{given}`: shards count from 1/{count} to {count}/{count}")
        return int(index), int(count)

    shard = click.option(
        "--shard", metavar="I/N", callback=numbers, help="Only the I-th of N parts of the fleet, from 1/N to N/N."
    )
    proof = click.option(
        "--proof",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Where a shard says what it did, for `pavior shards`.",
    )
    return shard(proof(command))


def require_whole(options: dict[str, Any]) -> None:
    """Raise UsageError where `--shard` and `--proof` aren't together, and alone."""
    if (options["shard"] is None) != (options["proof"] is None):
        given, other = ("--proof", "--shard I/N") if options["shard"] is None else ("--shard", "--proof FILE")
        raise click.UsageError(f"{given} needs {other}: `pavior shards` holds the proofs of all shards together")
    others = {"SERVICE": "names", "--env": "environments", "--team": "teams"}
    if "workers" in options:
        others["--only-affected"] = "base"
    named = next((name for name, option in others.items() if options[option]), None)
    if options["shard"] is not None and named is not None:
        raise click.UsageError(f"--shard is a part of the whole fleet: leave {named} out, or --shard")
