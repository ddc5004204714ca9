"""The sections of a page: tables, failures, and an article for each picture."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape

from . import histogram
from .contents import Entry, Table
from .exhibit import Detail, Exhibit, Shown
from .figures import cells, heads

TURNED = 0.02
"""The fraction of a side by which pictures of the same shape may differ, for the rounding of small sizes."""


def table(own: Table) -> str:
    """Return the HTML of a table."""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in own.columns)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in own.rows)
    kind = "" if own.numbers else ' class="words"'
    shown = f"<table{kind}><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    name = escape(own.caption)
    if own.folded:
        return f"<details><summary>{name}</summary>{_scrolled(shown, name)}</details>"
    return _scrolled(shown, name)


def _scrolled(table: str, name: str) -> str:
    """Return a table that scrolls on a narrow page, also with keys."""
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{name}">{table}</div>'


def problems_list(problems: Sequence[str], room: int) -> Iterator[str]:
    """Yield the failures in at most *room* characters; the rest are only counted."""
    if not problems:
        return
    yield '<section class="card problems" aria-labelledby="failed"><h2 id="failed">Failed</h2><ul>'
    for number, problem in enumerate(problems):
        line = f"<li>{escape(problem)}</li>"
        room -= len(line)
        if room < 0:
            yield f"<li>and {len(problems) - number} more</li>"
            break
        yield line
    yield "</ul></section>"


def article(id: str, entry: Entry) -> Iterator[str]:
    """Yield the HTML of an entry, whose parts have ids that begin with *id*."""
    yield f'<article class="card" aria-labelledby="{id}"><h2 id="{id}">{escape(entry.name)}</h2>'
    if entry.verdict:
        yield f'<p class="verdict{" differs" if entry.differs else ""}">{escape(entry.verdict)}</p>'
    for fact in entry.facts:
        yield f'<p class="faint">{escape(fact)}</p>'
    for note in entry.notes:
        yield f"<p>{escape(note)}</p>"
    if entry.exhibit is not None:
        yield '<div class="parts"><div class="seen">'
        yield from _pictures(entry, entry.exhibit)
        yield "</div>"
        yield from _counted(entry, entry.exhibit)
        yield "</div>"
        yield from _details(entry, entry.exhibit)
    yield "</article>"


def _pictures(entry: Entry, exhibit: Exhibit) -> Iterator[str]:
    pictures = list(exhibit.pictures)
    pair = 2 if len(pictures) > 1 and alike(*pictures[:2]) else 1
    frames = [pictures[:pair], *([one] for one in pictures[pair:])]
    shapes: dict[tuple[int, int], list[Sequence[Shown]]] = {}
    for frame in frames:  # frames of the same size show the same part
        shapes.setdefault((frame[0].width, frame[0].height), []).append(frame)
    yield '<div class="sizes">'
    for size, several in shapes.items():
        yield _linked(size, [_frame(frame, entry.name, not number) for number, frame in enumerate(several)])
    yield "</div>"
    for said in dict.fromkeys(reduction(one) for one in pictures):
        if said:
            yield f'<p class="faint">{said}</p>'
    for one in pictures:
        if one.note:
            yield f'<p class="faint">{escape(_capital(one.name))}: {escape(one.note)}.</p>'
    if exhibit.quality:
        yield (
            f'<p class="faint">To fit the page, its pictures are shown as JPEGs of quality {exhibit.quality}; '
            "the files themselves are not changed.</p>"
        )


def reduction(one: Shown) -> str:
    """Return the note that a picture is shown smaller than it is; "" if it is not."""
    if (one.width, one.height) == one.full:
        return ""
    return f"Shown at {one.width}×{one.height} of {one.full[0]}×{one.full[1]} pixels."


def alike(one: Shown, other: Shown) -> bool:
    """Whether two pictures have the same shape, so that their places correspond."""
    across = one.full[0] * other.full[1], one.full[1] * other.full[0]
    return abs(across[0] - across[1]) <= TURNED * max(across)


def _linked(size: tuple[int, int], frames: Sequence[str]) -> str:
    """Return frames of pictures of one *size*, which show the same part if scripts run."""
    many = " many" if len(frames) > 1 else ""
    return f'<div class="linked{many}" data-width="{size[0]}" data-height="{size[1]}">{"".join(frames)}</div>'


def _frame(pictures: Sequence[Shown], name: str, with_tools: bool = False) -> str:
    """Return pictures that are layers if scripts run, else side by side."""
    roles = ["before", "after"] if len(pictures) == 2 else ["alone"]
    figures = "".join(
        f'<figure class="{role}"><img src="data:{one.type};base64,{b64encode(one.data).decode()}" width="{one.width}" '
        f'height="{one.height}" alt="{escape(f"{_capital(one.name)}: {name}")}">'
        f"<figcaption>{escape(_capital(one.name))}</figcaption></figure>"
        for role, one in zip(roles, pictures, strict=True)
    )
    label = f"{' and '.join(one.name for one in pictures)}, {name}; + and - zoom, arrow keys pan, 0 shows the whole"
    pair = " pair" if len(pictures) == 2 else ""
    view = f'<div class="view{pair}" role="group" aria-label="{escape(_capital(label))}">{figures}</div>'
    drawn = tools(pictures[0].name if len(pictures) == 2 else None) if with_tools else ""
    return f'<div class="frame">{view}{drawn}</div>'


def tools(left: str | None) -> str:
    """Return the controls of a view; for a pair they have a slider for the visible part of the *left* picture."""
    slider = ""
    if left is not None:
        name = f"Share of {left} that is shown, in per cent"
        slider = f'<input class="cut" type="range" min="0" max="100" value="50" aria-label="{escape(name)}">'
    buttons = (
        ("0", "Fit", "Show the whole"),
        ("1", "1:1", "Show actual pixels"),
        ("-", "−", "Zoom out"),
        ("+", "+", "Zoom in"),
    )
    drawn = (
        f'<button type="button" data-does="{does}" title="{title}">{text}</button>' for does, text, title in buttons
    )
    return f'<div class="tools" data-scripted hidden>{slider}{"".join(drawn)}</div>'


def _details(entry: Entry, exhibit: Exhibit) -> Iterator[str]:
    if not exhibit.details:
        return
    where = "Where they differ most" if exhibit.compared else "Where the result is strongest"
    yield f'<h3>{where}, pixel by pixel</h3><div class="details">'
    for detail in exhibit.details:
        one = detail.pictures[0]
        yield _linked((one.width, one.height), [_frame(detail.pictures, f"{entry.name}, {_place(detail)}")])
    yield "</div>"
    places = "; ".join(map(_place, exhibit.details))
    yield f'<p class="faint">{escape(_capital(places))}.</p>'


def _place(detail: Detail) -> str:
    one = detail.pictures[0]
    return f"{one.width}×{one.height} pixels at {detail.left}, {detail.top}"


def _counted(entry: Entry, exhibit: Exhibit) -> Iterator[str]:
    counted = [one for one in exhibit.pictures if one.figures]
    if not counted:
        return
    yield '<div class="counted"><div class="histograms">'
    for one in counted:
        name = f"Histogram {one.name}"
        drawn = histogram.drawn(one.figures, histogram.highest(one.figures), f"{name}, {entry.name}")
        yield f"<figure>{drawn}<figcaption>{escape(name)}</figcaption></figure>"
    yield "</div>"
    head = "".join(f'<th scope="col">{column}</th>' for column in ("", *heads(counted[0].figures)))
    rows = "".join(
        f'<tr><th scope="row">{escape(f"{_capital(one.name)}, {own.channel}")}</th>'
        f"{''.join(f'<td>{escape(cell)}</td>' for cell in cells(own))}</tr>"
        for one in counted
        for own in one.figures
    )
    yield _scrolled(
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>", escape(f"Figures of {entry.name}")
    )
    yield "</div>"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
