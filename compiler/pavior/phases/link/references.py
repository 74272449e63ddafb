"""Services that services name: they must exist, run in the same targets, and name one another back where access needs both."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from pavior.diagnostics import Code, Diagnostic, Note
from pavior.diagnostics.codes import link as codes
from pavior.diagnostics.suggest import did_you_mean
from pavior.model import ServiceId, Span
from pavior.phases.link.declarations import Declaration, Finding, Links, Locate, parse
from pavior.platform import Platform


def references(
    platform: Platform,
    links: Links,
    known: Collection[ServiceId],
    broken: Collection[ServiceId],
    locate: Locate,
    retired: Callable[[ServiceId], Span | None],
) -> Iterator[Finding]:
    """What is wrong with the services that services name. The arguments are those of `link`."""
    mirrors = {name: r.mirror for c in platform.components.values() for name, r in c.references.items()}
    unknown: set[ServiceId] = set()
    for declaration, name, position, text in _references(links):
        if parse(text) not in known:
            unknown.add(declaration.service)
            span = locate(declaration, "references", name, position)
            yield Finding(frozenset((declaration.service,)), _unknown(text, span, known, retired(parse(text))))
    # What a service with a fault of its own says or doesn't say of others may be that fault.
    faulty = unknown.union(broken)
    for declaration, name, position, text in _references(links):
        if parse(text) in known and parse(text) not in faulty:
            found = _one_sided(declaration, text, mirrors[name], links)
            if found is not None:
                code, message, hint, notes = found
                span = locate(declaration, "references", name, position)
                yield Finding(frozenset(), Diagnostic(code, span, message, hint, notes, code.severity))


def _unknown(text: str, span: Span, known: Iterable[ServiceId], retired: Span | None) -> Diagnostic:
    """A reference to a service that there isn't, or isn't any more."""
    if retired is not None:
        message, notes = f"there is no service `{text}` any more", (Note("its team retired it here", retired),)
        return Diagnostic(
            codes.UNKNOWN_SERVICE, span, message, "remove it, or ask the team what came in its place", notes
        )
    near = did_you_mean(text, [str(service) for service in known])
    hint = f"did you mean `{near}`?" if near else "write `team/service` as the folders under `teams/` are called"
    return Diagnostic(codes.UNKNOWN_SERVICE, span, f"there is no service `{text}`", hint)


def _references(links: Links) -> Iterator[tuple[Declaration, str, int, str]]:
    """Every name of every service that somebody refers to: by whom, in which reference, and its place there."""
    for declaration in links.declarations.values():
        for name, others in declaration.references.items():
            for position, text in enumerate(others):
                yield declaration, name, position, text


def _one_sided(
    declaration: Declaration, text: str, mirror: str | None, links: Links
) -> tuple[Code, str, str, tuple[Note, ...]] | None:
    """What warns about a reference to a service that there is."""
    other, me = parse(text), str(declaration.service)
    if other == declaration.service:
        return codes.SELF_REFERENCE, f"`{text}` is this service itself", "remove it", ()
    counterpart = links.declarations.get((declaration.target.place, other))
    if counterpart is None:
        return (
            codes.NOT_IN_ENVIRONMENT,
            f"`{text}` does not run in every environment of this service",
            "run it there too, or leave it out there under `environments`",
            (Note("it does not run in", targets=(declaration.target.name,)),),
        )
    if mirror is not None and me not in counterpart.references.get(mirror, ()):
        return (
            codes.ONE_SIDED,
            f"`{text}` does not list `{me}` under `{mirror}`, so this opens nothing",
            f"add `{me}` to `{mirror}` in teams/{text}/platform.yaml, or remove it here",
            (),
        )
    return None
