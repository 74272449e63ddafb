"""The commands' names, options and help. What they do is loaded when they are called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from pavior.cli.sharding import require_whole, sharding

Function = TypeVar("Function", bound=Callable[..., Any])

CHANGE_FORMATS = ("text", "markdown", "json", "html")
RISKS = (
    "destroys-data",
    "widens-access",
    "changes-permissions",
    "changes-traffic",
    "weakens-safeguards",
    "unclassified",
    "restarts-pods",
    "changes-cost",
    "changes-operations",
    "cosmetic",
)
CODE_OWNERS = (".github/CODEOWNERS", ".gitlab/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
COST_FORMATS = ("text", "markdown", "json")

FORMATS = ("text", "concise", "json", "github", "gitlab", "sarif", "junit")


def _reports(forms: Sequence[str], what: str) -> Callable[[Function], Function]:
    """The option that writes files beside what is shown."""

    def taken_apart(
        context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
    ) -> list[tuple[str, Path]]:
        reports = []
        for text in given:
            form, equals, file = text.partition("=")
            if form not in forms or not equals or not file:
                raise click.BadParameter(f"`{text}` is not FORM=FILE with a FORM of {', '.join(forms)}")
            reports.append((form, Path(file)))
        return reports

    return click.option("--report", "reports", multiple=True, metavar="FORM=FILE", callback=taken_apart, help=what)


def _showing(command: Function) -> Function:
    """The options of all commands that find things."""
    shown = click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="text",
        show_default=True,
        help="How findings are shown.",
    )
    written = _reports(FORMATS, "Write findings into FILE too, in one of these forms: sarif=pavior.sarif (repeatable).")
    return shown(written(command))


_ENVIRONMENT = click.option(
    "--env",
    "environments",
    multiple=True,
    metavar="ENV",
    help="Only this environment, or render target such as prod@eu-1 (repeatable).",
)
_TEAM = click.option("--team", "teams", multiple=True, metavar="TEAM", help="Only this team's services (repeatable).")
_TODAY = click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day that waivers are held against, as 2027-03-31; today's where left out.",
)
_BASE = click.option(
    "--base",
    metavar="REF",
    help="The branch, tag or commit that this change is meant for, such as origin/main: the base is where HEAD parted from"
    " it. `A...B`: where A and B parted; `A..`: A itself.",
)
_ONLY_AFFECTED = click.option(
    "--only-affected",
    "base",
    metavar="REF",
    help="Only what can be rendered otherwise than in the base, which REF means as in `diff --base`.",
)
_EXECUTOR = click.option(
    "--executor",
    metavar="ADDRESS",
    help="Have the workers of a Dask scheduler do it, at tcp://HOST:8786 or tls://HOST:8786, which see the repository at"
    " the same path.",
)
_NAMES = click.argument("names", nargs=-1, metavar="[SERVICE]...")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pavior")
@click.option(
    "-C",
    "directory",
    default=".",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Work on the platform repository that DIR is in.",
)
@click.pass_context
def pavior(context: click.Context, directory: Path) -> None:
    """Compile golden paths into fully rendered GitOps manifests.

    Exit status: 0 clean, 1 errors or differences, 2 wrong usage, 3 something outside the repository is broken.
    """
    context.obj = directory


def _selecting(command: Function) -> Function:
    """The arguments and options of all commands that go over the fleet."""
    return _NAMES(_ENVIRONMENT(_TEAM(_showing(command))))


@pavior.command()
@_selecting
@_TODAY
@_ONLY_AFFECTED
@sharding
@click.option("--jobs", "workers", type=click.IntRange(min=1), default=1, show_default=True, help="Worker processes.")
@_EXECUTOR
@click.option("--timings", is_flag=True, help="Show how long each phase took.")
@click.pass_obj
def render(directory: Path, /, **options: Any) -> None:
    """Bring rendered/ up to date.

    SERVICE is team/service. What has an error, and what reads from it, stays as it is.
    """
    require_whole(options)
    _run("render", directory, options)


@pavior.command()
@_selecting
@_TODAY
@_BASE
@sharding
@click.option("--timings", is_flag=True, help="Show how long each phase took.")
@click.pass_obj
def check(directory: Path, /, **options: Any) -> None:
    """Find everything that is wrong, and every file of rendered/ that is out of date; write nothing.

    With --base also all data that the base has and this change would lose, even where its rendered files are gone.
    """
    require_whole(options)
    _run("check", directory, options)


@pavior.command()
@click.argument("proofs", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@_showing
@click.pass_obj
def shards(directory: Path, /, **options: Any) -> None:
    """Prove that shards together are the whole.

    FILE is what a shard of `render` or `check` wrote for --proof. All N must be there, each once, made of the files that
    are here; and rendered/ must be what they have together.
    """
    _run("shards", directory, options)


@pavior.command()
@click.argument("names", nargs=-1, metavar="[SERVICE]... | OLD_TREE NEW_TREE")
@_BASE
@_ENVIRONMENT
@_TEAM
@click.option(
    "--format", "form", type=click.Choice(CHANGE_FORMATS), default="text", show_default=True, help="How it is shown."
)
@_reports(CHANGE_FORMATS, "Write it into FILE too, in one of these forms: markdown=comment.md (repeatable).")
@click.option("--full", is_flag=True, help="Every manifest that changes, too (text and json).")
@click.option("--more", metavar="ADDRESS", help="Where everything can be found, for who reads a part (markdown).")
@click.option("--fail-on", metavar="RISK", type=click.Choice(RISKS), help="Exit 1 if anything is as risky, or riskier.")
@click.option(
    "--all", "everything", is_flag=True, help="Render all of both sides, also what can't differ: slower, same answer."
)
@click.option(
    "--jobs", "workers", type=click.IntRange(min=1), help="Worker processes; as many as there are processors."
)
@_EXECUTOR
@click.pass_obj
def diff(directory: Path, /, **options: Any) -> None:
    """Show what a change does to what is rendered, the worst first and the same in many places once.

    The change is the working tree against its base; nothing needs to be rendered before. Or two trees of rendered YAML.

    \b
    RISK, from the worst: destroys-data, widens-access, changes-permissions,
    changes-traffic, weakens-safeguards, unclassified, restarts-pods,
    changes-cost, changes-operations, cosmetic.
    """
    options["base"] = options["base"] or "HEAD"
    _run("diff", directory, options)


@pavior.command()
@_showing
@click.pass_obj
def validate(directory: Path, /, **options: Any) -> None:
    """Check the files of golden-paths/ and teams/ without rendering."""
    _run("validate", directory, options)


@pavior.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Write nothing; exit 1 if something would be.")
@click.option("--diff", "as_diff", is_flag=True, help="Write nothing; show what would be, as a patch.")
@click.pass_obj
def fix(directory: Path, /, **options: Any) -> None:
    """Do what hints say, in the files below PATH: misspelt fields and words, other tools' names, missing quotes.

    Only where a hint alone says how. Comments and layout stay; what a person must decide is left.
    """
    _run("fix", directory, options)


@pavior.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 and name the files that would change.")
@click.option("--diff", "as_diff", is_flag=True, help="Write nothing; show what would be, as a patch.")
@click.option(
    "--all", "every_kind", is_flag=True, help="Also golden-path.yaml, component.yaml and prices.yaml below PATH."
)
@click.pass_obj
def fmt(directory: Path, /, **options: Any) -> None:
    """Lay out the files below PATH: order of fields, indentation, quotes, blank lines. Comments stay with their field.

    These are platform.yaml, team.yaml, organization.yaml and environments. What is said in a file stays the same.
    """
    _run("fmt", directory, options)


@pavior.command()
@click.argument("subject", metavar="SUBJECT")
@click.argument("pointer", required=False)
@click.option("--env", "environment", metavar="ENV", help="The environment, or its render target such as prod@eu-1.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def explain(directory: Path, /, **options: Any) -> None:
    """Say which layer set a value, or what a code means.

    SUBJECT is one of

    \b
      rendered/prod/payments/checkout/workload.yaml:37   a line of a rendered file
      rendered/prod/payments/checkout/workload.yaml      with a POINTER such as /spec/replicas
      payments/checkout --env prod                       a service's effective spec, or a POINTER such as
                                                         replicas.min in it
      PV204                                              a diagnostic's code
    """
    _run("explain", directory, options)


@pavior.command()
@_showing
@click.pass_obj
def verify(directory: Path, /, **options: Any) -> None:
    """Check all of rendered/ with kubeconform, strictly and skipping nothing."""
    _run("verify", directory, options)


@pavior.command()
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 if a file is out of date.")
@click.option(
    "--reference", metavar="FILE", help="Write the reference of platform.yaml too, as Markdown, into this file."
)
@click.option(
    "--prerequisites", metavar="FILE", help="Write what clusters must have installed too, as Markdown, into this file."
)
@click.pass_obj
def schema(directory: Path, /, **options: Any) -> None:
    """Write the JSON Schemas that editors complete and explain with, into schemas/."""
    _run("schema", directory, options)


@pavior.command()
@click.argument("file", type=click.Choice(CODE_OWNERS), default=CODE_OWNERS[0], metavar="[FILE]")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 if the file is out of date.")
@click.pass_obj
def codeowners(directory: Path, /, **options: Any) -> None:
    """Write who approves what into FILE, .github/CODEOWNERS where left out.

    What stands outside the marked lines stays. GitLab reads .gitlab/CODEOWNERS, CODEOWNERS or docs/CODEOWNERS.
    """
    _run("codeowners", directory, options)


@pavior.command()
@click.argument("names", nargs=-1, metavar="[COMPONENT]...")
@click.option("--update", is_flag=True, help="Write what is rendered into the cases that expect something else.")
@click.pass_obj
def cases(directory: Path, /, **options: Any) -> None:
    """Compare what components render with what their cases expect."""
    _run("cases", directory, options)


@pavior.command()
@_NAMES
@_ENVIRONMENT
@_TEAM
@click.option("--arithmetic", "--explain", "arithmetic", is_flag=True, help="Show what each amount is the product of.")
@click.option(
    "--format", "form", type=click.Choice(COST_FORMATS), default="text", show_default=True, help="How it is shown."
)
@click.pass_obj
def cost(directory: Path, /, **options: Any) -> None:
    """Estimate what services cost in a month, by the price book.

    SERVICE is team/service.
    """
    _run("cost", directory, options)


@pavior.command("list")
@_ENVIRONMENT
@_TEAM
@click.option("--waivers", "only_waivers", is_flag=True, help="List and count what policies are waived, not services.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def list_(directory: Path, /, **options: Any) -> None:
    """List the services: golden path, tier, environments and needs; or the waivers of policies."""
    _run("list", directory, options)


def _run(command: str, directory: Path, options: dict[str, Any]) -> None:
    from pavior.cli import commands  # noqa: PLC0415  (loads the compiler)

    raise SystemExit(commands.run(command, directory, options))
