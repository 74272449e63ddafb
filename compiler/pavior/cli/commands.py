"""What each command does: call the pipeline, show what it found, and choose the exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pavior.cli.findings import Unwritable, show, write
from pavior.cli.progress import progress
from pavior.diagnostics import Diagnostic
from pavior.git.run import GitProblem, UnknownReference
from pavior.kubernetes import BrokenTool, MissingTool
from pavior.phases.discover import NotARepository, find_root
from pavior.phases.write import Locked, WriteFailed
from pavior.pipeline import CrewFault, LostWorker, Moved, Report, Selection, UnknownName, render, validate
from pavior.pipeline.clock import Clock
from pavior.report.escaping import ascii_json, visible

if TYPE_CHECKING:
    from pavior.pipeline.crew import Crew

CLEAN, FOUND, USAGE, BROKEN = 0, 1, 2, 3

Options = dict[str, Any]
Proving = Callable[[Report], None]


def run(command: str, directory: Path, options: Options) -> int:
    """Run a command on the repository that `directory` is in; its exit status."""
    try:
        if command == "explain" and "/" not in options["subject"]:
            return _explain_code(options["subject"])
        root = find_root(directory)
        return _COMMANDS[command](root, options | {"directory": directory})
    except BrokenPipeError:
        sys.stderr.close()
        return CLEAN
    except CrewFault as fault:
        show(root, [fault.diagnostic], options if command == "render" else None, to=sys.stderr)
        return BROKEN
    except _TOLD as error:
        return _complain(*_told(error))


_TOLD = (
    *(NotARepository, UnknownName, GitProblem, Locked, WriteFailed, LostWorker, MissingTool, BrokenTool, Unwritable),
    *(Moved, OSError),
)


def _told(error: Exception) -> tuple[int, str, str | None]:
    """What is said of something that keeps a command from its work: exit status, message and hint."""
    match error:
        case NotARepository():
            return USAGE, str(error), "run it in a platform repository, or name one with -C"
        case UnknownName():
            return USAGE, str(error), error.hint
        case GitProblem():
            return USAGE if isinstance(error, UnknownReference) else BROKEN, str(error), error.hint
        case OSError():
            place = f"{os.fsdecode(error.filename)}: " if error.filename else ""
            # What was there a moment ago is another program's doing.
            gone = isinstance(error, FileNotFoundError | NotADirectoryError)
            hint = "another program changes files here; run the command again when it has ended" if gone else None
            return BROKEN, f"{place}{error.strerror or error}", hint
        case _:
            return BROKEN, str(error), None


def _complain(status: int, message: str, hint: str | None = None) -> int:
    print(f"pavior: {visible(message)}" + (f"\n  hint: {visible(hint)}" if hint else ""), file=sys.stderr)
    return status


def _selection(options: Options) -> Selection:
    return Selection(
        tuple(options.get("names", ())), tuple(options.get("teams", ())), tuple(options.get("environments", ()))
    )


def _proven(root: Path, command: str, options: Options, selection: Selection) -> tuple[Selection, Proving]:
    """A selection of one shard, if one is asked for, and what is done with its report: its proof is written."""
    if options["shard"] is None:
        return selection, lambda report: None
    from pavior.pipeline import proof, shards  # noqa: PLC0415  (most runs are of everything)
    from pavior.pipeline.shard import Shard  # noqa: PLC0415

    shard = Shard(*options["shard"])
    base = options["base"] if command == "check" else None
    made_of = proof.inputs(root, command, base, _today(options))
    return (
        replace(selection, shard=shard),
        lambda report: write(options["proof"], proof.write(shards.sharded(root, shard, made_of, report))),
    )


def _today(options: Options) -> date:
    """The day that is given, or the day that it is: the only place that asks."""
    given: datetime | None = options["today"]
    return given.date() if given else date.today()


def _render(root: Path, options: Options) -> int:
    clock, selection = Clock(running=options["timings"]), _selection(options)
    if options["base"] is not None:
        from pavior.pipeline.diff import touched  # noqa: PLC0415

        # Without a value something stops everything, and render tells what.
        selection = replace(selection, sources=touched(root, options["base"], options["workers"]).value)
    selection, prove = _proven(root, "render", options, selection)
    with crew_of(options) as crew, progress("rendering") as advance:
        report = render(root, selection, clock, advance, options["workers"], _today(options), crew)
    prove(report)
    show(root, [*report.diagnostics, *report.around], options, report.services)
    if options["form"] == "text":
        files = sum(report.changed.values())
        stopped = report.failed and not report.targets
        print("nothing is written" if stopped else f"{_rendered(report)}: {_count(files, 'file')} changed")
        for service, reason in sorted(report.withheld.items()):
            print(f"  not written: {service}: {visible(reason)}")
    return _timed(report, FOUND if report.failed else CLEAN)


def crew_of(options: Options) -> AbstractContextManager[Crew | None]:
    """The workers of the cluster that is asked for, if one is. Raises CrewFault."""
    if options["executor"] is None:
        return nullcontext()
    from pavior.pipeline.crew import crew_at  # noqa: PLC0415

    return crew_at(options["executor"])


def _check(root: Path, options: Options) -> int:
    from pavior.pipeline.checking import check  # noqa: PLC0415  (a render needs nothing of it)

    clock = Clock(running=options["timings"])
    selection, prove = _proven(root, "check", options, _selection(options))
    with progress("checking") as advance:
        report = check(root, selection, clock, advance, base=options["base"], today=_today(options))
    prove(report)
    show(root, [*report.diagnostics, *report.around], options, report.services)
    if options["form"] == "text" and not report.diagnostics:
        print(f"{_rendered(report)}: everything is as it would be rendered")
    return _timed(report, FOUND if report.failed else CLEAN)


def _shards(root: Path, options: Options) -> int:
    from pavior.pipeline.shards import together  # noqa: PLC0415

    outcome = together(root, options["proofs"])
    show(root, outcome.diagnostics, options)
    if outcome.value is None:
        return FOUND
    if options["form"] == "text":
        it = outcome.value
        what = f"{_count(it.manifests, 'manifest')} of {_count(it.services, 'service')}"
        print(f"{_count(it.shards, 'shard')} of `pavior {it.command}`: {what}, all that there is, each once")
    return CLEAN


def _diff(root: Path, options: Options) -> int:
    from pavior.cli.diff import show_difference  # noqa: PLC0415

    def tell(found: Iterable[Diagnostic]) -> None:
        show(root, found, to=sys.stderr)

    with crew_of(options) as crew:
        return show_difference(root, options, _selection(options), tell, crew)


def _validate(root: Path, options: Options) -> int:
    report = validate(root, Clock())
    show(root, report.diagnostics, options, report.services)
    if options["form"] == "text" and not report.diagnostics:
        print(f"{_count(len(report.services), 'service')}: nothing wrong")
    return FOUND if report.failed else CLEAN


def _timed(report: Report, status: int) -> int:
    for phase, seconds in report.clock.seconds.items():
        print(f"{phase:>14} {seconds * 1000:9.1f} ms", file=sys.stderr)
    return status


def _rendered(report: Report) -> str:
    services, targets = _count(len(report.services), "service"), _count(len(report.targets), "target")
    return f"{_count(report.manifests, 'manifest')} of {services} for {targets}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _explain_code(name: str) -> int:
    from pavior.diagnostics.catalogue import describe, find  # noqa: PLC0415

    code = find(name)
    if code is None:
        return _complain(USAGE, f"there is no code `{name}`", "name a service as `team/service`, a code as `PV204`")
    print(describe(code), end="")
    return CLEAN


def _explain(root: Path, options: Options) -> int:
    from pavior.cli.explain import explain  # noqa: PLC0415

    return explain(root, options)


def _verify(root: Path, options: Options) -> int:
    from pavior.pipeline.verify import verify  # noqa: PLC0415

    found = verify(root)
    show(root, found.diagnostics, options)
    if options["form"] == "text":
        print(
            f"kubeconform: {found.manifests:,} manifests in {found.files:,} files:"
            f" {found.valid:,} valid, {found.invalid:,} invalid, {found.errors:,} errors, {found.skipped:,} skipped"
        )
    return CLEAN if found.valid == found.manifests and not found.diagnostics else FOUND


def _cases(root: Path, options: Options) -> int:
    from pavior.cli.cases import cases  # noqa: PLC0415

    return cases(root, options, lambda found: show(root, found))


def _fix(root: Path, options: Options) -> int:
    from pavior.cli.fix import fix  # noqa: PLC0415

    return fix(root, options)


def _fmt(root: Path, options: Options) -> int:
    from pavior.cli.fmt import fmt  # noqa: PLC0415

    return fmt(root, options, lambda found: show(root, found))


def _schema(root: Path, options: Options) -> int:
    from pavior.pipeline.publish import publish  # noqa: PLC0415

    pages = {name: options[name] for name in ("reference", "prerequisites")}
    found, stale = publish(root, write=not options["only_check"], **pages)
    show(root, found)
    for path in stale:
        print(f"{'out of date' if options['only_check'] else 'written'}: {path}")
    return FOUND if any(d.is_error for d in found) or (options["only_check"] and stale) else CLEAN


def _codeowners(root: Path, options: Options) -> int:
    from pavior.pipeline.ownership import code_owners  # noqa: PLC0415

    found, stale = code_owners(root, options["file"], write=not options["only_check"])
    show(root, found)
    for path in stale:
        print(f"{'out of date' if options['only_check'] else 'written'}: {path}")
    return FOUND if found or (options["only_check"] and stale) else CLEAN


def _cost(root: Path, options: Options) -> int:
    from pavior.cli.cost import cost  # noqa: PLC0415

    return cost(root, options, _selection(options))


_COLUMNS = {
    "SERVICE": "service",
    "GOLDEN PATH": "goldenPath",
    "TIER": "tier",
    "ENVIRONMENTS": "environments",
    "NEEDS": "needs",
}

_WAIVERS = {
    "SERVICE": "service",
    "ENVIRONMENT": "environment",
    "POLICY": "waives",
    "UNTIL": "expires",
    "OWNER": "owner",
    "REASON": "reason",
}


def _list(root: Path, options: Options) -> int:
    from pavior.pipeline.listing import listing, waivers  # noqa: PLC0415

    columns: Mapping[str, str] = _WAIVERS if options["only_waivers"] else _COLUMNS
    found, rows = (waivers if options["only_waivers"] else listing)(root, _selection(options))
    errors = [d for d in found if d.is_error]
    if options["as_json"]:
        print(ascii_json(rows))
    else:
        heading = {key: name for name, key in columns.items()}
        table = [heading, *({k: _cell(v) for k, v in row.items()} for row in rows)]
        widths = {key: max(len(row[key]) for row in table) for key in heading}
        for row in table:
            print("  ".join(row[key].ljust(widths[key]) for key in heading).rstrip())
        if options["only_waivers"]:
            print(_count(len(rows), "waiver"))
    if errors:
        print(f"{_count(len(errors), 'error')}: run `pavior validate`", file=sys.stderr)
    return FOUND if errors else CLEAN


def _cell(value: Any) -> str:
    return visible(", ".join(value) if isinstance(value, list) else str(value or ""))


_COMMANDS: dict[str, Callable[[Path, Options], int]] = {
    "render": _render,
    "check": _check,
    "diff": _diff,
    "shards": _shards,
    "validate": _validate,
    "explain": _explain,
    "verify": _verify,
    "schema": _schema,
    "list": _list,
    "cases": _cases,
    "codeowners": _codeowners,
    "cost": _cost,
    "fix": _fix,
    "fmt": _fmt,
}
