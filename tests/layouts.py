"""Files as people write them, for hypothesis: every style of YAML that loads, with comments and blank lines anywhere."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

WORDS = (
    "a",
    "bcd",
    "two words",
    "http://x.example/y",
    "10m",
    "3",
    "1.5",
    "true",
    "null",
    "it's",
    "a#b",
    "x:y",
    "-x",
    "å",
)
KEYS = ("apiVersion", "image", "port", "replicas", "min", "max", "env", "needs", "A", "b-c", '"q k"', "'s'", "z/y", "é")

_comment = st.sampled_from(("# c", "#c", "# key: value", "#", '# "', "# - x", "# é ' { [ ]", "#   indented"))
_end = st.one_of(st.just(""), st.builds("{}{}".format, st.sampled_from((" ", "  ", "     ")), _comment), st.just("  "))


@st.composite
def noise(draw: st.DrawFn, indentation: int) -> list[str]:
    """Lines that say nothing, mostly none."""
    if draw(st.integers(0, 3)):
        return []
    kinds = st.one_of(
        st.sampled_from(("", "   ")),
        st.builds("{}{}".format, st.sampled_from((" " * indentation, "", " " * (indentation + 3))), _comment),
    )
    return draw(st.lists(kinds, min_size=1, max_size=3))


@st.composite
def scalar(draw: st.DrawFn) -> str:
    """One of one line, plain or in quotes."""
    quoted = st.sampled_from(("''", "'a\"b'", "'a\\b'", "'it''s'", "'# no'", '"a\\tb\\""', '"é # x"', '"{["', '" "'))
    return draw(st.one_of(st.sampled_from(WORDS), quoted))


@st.composite
def brackets(draw: st.DrawFn, indentation: int, depth: int) -> str:
    """A flow collection, now and then of several lines."""
    wide = draw(st.booleans()) and draw(st.booleans())

    def gap() -> str:
        if not wide:
            return draw(st.sampled_from(("", " ")))
        return draw(st.one_of(st.just(""), st.builds(lambda end: f"{end}\n{' ' * (indentation + 3)}", _end)))

    count = draw(st.integers(0, 3))
    keyed = draw(st.booleans())
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=count, max_size=count, unique=True))
    text = "{" if keyed else "["
    for index, key in enumerate(keys):
        value = draw(brackets(indentation + 3, depth - 1) if depth and draw(st.booleans()) else scalar())
        text += gap() + (f"{key}: {value}" if keyed else value) + gap()
        text += "," if index + 1 < count or draw(st.booleans()) else ""
    return text + gap() + ("}" if keyed else "]")


@st.composite
def several_lines(draw: st.DrawFn, indentation: int) -> tuple[str, list[str]]:
    """A scalar of several lines for a collection at `indentation`: what begins it, and the other lines."""
    inner = " " * (indentation + draw(st.integers(1, 4)))
    kind = draw(st.sampled_from(("|", ">", "plain", '"')))
    if kind in "|>":
        lines = draw(st.lists(st.sampled_from(("x", "# no comment", "", "  deeper", "- a: b", "tail  ")), max_size=4))
        header = kind + draw(st.sampled_from(("", "-", "+")))
        if draw(st.booleans()) and len(inner) - indentation < 10:
            header += str(len(inner) - indentation)
            lines = [f"  {line}" if line else line for line in lines]
        elif not lines or lines[0].startswith(" ") or not lines[0]:
            lines = ["first", *lines]
        return header + draw(_end), [inner + line if line else "" for line in lines]
    lines = draw(st.lists(st.sampled_from(("more", "", "it's", "words  ")), max_size=3))
    body = [inner + line if line else "" for line in [*lines, "end"]]
    if kind == '"':
        ends = draw(st.sampled_from(("", "\\", "\\ ")))
        return f'"begin{ends}', [*body[:-1], body[-1] + '"' + draw(_end)]
    return "begin", [*body[:-1], body[-1] + draw(_end)]


@st.composite
def value(draw: st.DrawFn, indentation: int, depth: int, in_map: bool) -> tuple[str, list[str]]:
    """What stands behind a key or dash in a collection at `indentation`, and the lines below."""
    kinds = ["scalar", "scalar", "brackets", "lines", "nothing", "below"]
    kind = draw(st.sampled_from([*kinds, "map", "map", "list"] if depth else kinds))
    if kind == "scalar":
        return f" {draw(scalar())}{draw(_end)}", []
    if kind == "brackets":
        return f" {draw(brackets(indentation, 1))}{draw(_end)}", []
    if kind == "lines":
        first, others = draw(several_lines(indentation))
        return f" {first}", others
    inner = indentation + draw(st.integers(1, 4))
    below: list[str] = []
    if kind == "below":
        below = [*draw(noise(inner)), f"{' ' * inner}{draw(scalar())}{draw(_end)}"]
    elif kind == "map":
        below = draw(entries(inner, depth - 1))
    elif kind == "list":
        below = draw(items(indentation if in_map and draw(st.booleans()) else inner, depth - 1))
    return draw(_end), below


@st.composite
def entries(draw: st.DrawFn, indentation: int, depth: int, keys: Sequence[str] = KEYS) -> list[str]:
    """The lines of a block map."""
    lines: list[str] = []
    for key in draw(st.lists(st.sampled_from(keys), min_size=1, max_size=4, unique=True)):
        first, others = draw(value(indentation, depth, True))
        lines += [*draw(noise(indentation)), f"{' ' * indentation}{key}:{first}", *others]
    return lines + draw(noise(indentation))


@st.composite
def items(draw: st.DrawFn, indentation: int, depth: int) -> list[str]:
    """The lines of a block list."""
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        lines += draw(noise(indentation))
        if depth and draw(st.booleans()):
            first, *others = draw(entries(indentation + 2, depth - 1))
            if first.strip() and "#" not in first[: indentation + 3]:
                lines += [f"{' ' * indentation}- {first[indentation + 2 :]}", *others]
                continue
            lines += [f"{' ' * indentation}-", first, *others]
        else:
            begin, others = draw(value(indentation, depth, False))
            lines += [f"{' ' * indentation}-{begin}", *others]
    return lines


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file, which may still be refused as an odd choice of lines can be."""
    lines = [*draw(noise(0)), *draw(st.sampled_from(([], [], [], ["---"], ["--- # c"]))), *draw(entries(0, 3))]
    return "\n".join(lines) + draw(st.sampled_from(("\n", "\n", "", "\n\n\n")))
