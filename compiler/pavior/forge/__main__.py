"""`python -m pavior.forge`: what a pipeline runs beside `pavior` itself. Needs the standard library alone."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pavior.forge import ForgeError
from pavior.forge.base import Base, base, event
from pavior.forge.comments import UNTOLD, Conversation, upsert
from pavior.forge.github import PullRequest, repository
from pavior.forge.gitlab import merge_request
from pavior.forge.relay import comment, pull_request

DONE, REFUSED = 0, 3


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Do what the arguments say in this environment; 3 where it can't be done."""
    options = _parser().parse_args(arguments)
    try:
        return _COMMANDS[options.command](options, environment)
    except ForgeError as error:
        _say(environment, "error", str(error))
    except (KeyError, TypeError, AttributeError) as error:
        _say(
            environment,
            "error",
            f"the service's answer, or the event, isn't as documented: {type(error).__name__} {error}",
        )
    return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pavior.forge", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    found = commands.add_parser(
        "base",
        help="print what this pipeline's change is compared with, and make it the step's output `base` on GitHub",
    )
    found.add_argument("folder", type=Path, help="the clone, or a folder in it")
    found.add_argument("--given", default="", metavar="REF", help="this, if it isn't empty")
    upserted = commands.add_parser("comment", help="write FILE as the comment of this pipeline's pull or merge request")
    upserted.add_argument("file", type=Path)
    relayed = commands.add_parser(
        "relay", help="on GitHub's workflow_run: post the comment that the finished run wrote"
    )
    for command in (upserted, relayed):
        command.add_argument(
            "--author", default="", help="the account that the token is of, where it can't be asked for"
        )
    return parser


def _base(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    found = Base(options.given) if options.given else base(environment, options.folder)
    if not found.reference.isprintable():
        raise ForgeError("the given base is no name of a branch, tag or commit")
    if found.remark:
        _say(environment, "warning", found.remark)
    print(found.reference)
    if environment.get("GITHUB_OUTPUT"):
        with Path(environment["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
            outputs.write(f"base={found.reference}\n")
    return DONE


def _comment(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    conversation: Conversation
    if environment.get("GITLAB_CI") == "true":
        conversation = merge_request(environment, options.author)
    else:
        number = event(environment)["pull_request"]["number"]
        conversation = PullRequest(repository(environment), int(number), options.author)
    try:
        body = options.file.read_bytes().decode("utf-8") or UNTOLD
    except FileNotFoundError:
        body = UNTOLD
    except (OSError, UnicodeDecodeError) as error:
        raise ForgeError(f"{options.file} can't be read: {error}") from None
    print(f"the comment is {upsert(conversation, body).value}")
    return DONE


def _relay(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    if environment.get("GITHUB_EVENT_NAME") != "workflow_run":
        raise ForgeError("this runs in a workflow `on: workflow_run`")
    run, home = event(environment)["workflow_run"], repository(environment)
    if run["event"] != "pull_request":
        print("the run was for no pull request: nothing to post")
        return DONE
    number = pull_request(home, run)
    if number is None:
        print("no open pull request is at the commit that ran: it has moved on, and its next run will tell")
        return DONE
    body = comment(home, run)
    if body is None:
        print("the run has written no comment: nothing to post")
        return DONE
    print(f"the comment on #{number} is {upsert(PullRequest(home, number, options.author), body).value}")
    return DONE


_COMMANDS = {"base": _base, "comment": _comment, "relay": _relay}


def _say(environment: Mapping[str, str], severity: str, text: str) -> None:
    """To the log; on GitHub as an annotation, in which no line, and no `##[…]` in one, can be a command of its own."""
    line = "".join(character if character.isprintable() else " " for character in text).replace("##", "# #")
    if environment.get("GITHUB_ACTIONS") == "true":
        print(f"::{severity} title=pavior::{line.replace('%', '%25')}", file=sys.stderr)
    else:
        print(f"pavior: {line}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
