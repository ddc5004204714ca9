"""The page of ``sweep --report``: its cells, of which the reader compares any two."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ..compare.limits import rounded_down
from ..console.messages import counted
from ..images.atomic_write import Transaction
from ..images.on_screen import on_screen
from ..images.picture import Picture
from ..page.contents import Entry, Page, Table
from ..page.document import document
from ..page.exhibit import Exhibit, Subject, exhibit
from ..page.names import command, portable
from ..page.size import share
from . import telling
from .call import Call
from .results import Shown


def exhibits(call: Call) -> Callable[[Picture], Exhibit]:
    """Return a function that turns a cell's picture into an exhibit within its share of the page."""
    _, own = share(call.page_size, len(call.arrangement.places))

    def exhibit_of(picture: Picture) -> Exhibit:
        return exhibit([Subject("", on_screen(picture.pixels, picture.alpha, picture.colours, picture.white))], own)

    return exhibit_of


def write(transaction: Transaction, call: Call, found: Sequence[Shown]) -> None:
    """Write the page of the cells that were *found*; raises FileError."""
    assert call.report is not None
    room, _ = share(call.page_size, len(found))
    best = telling.best(found)
    page = Page(
        title=call.report_title or "imfilter sweep",
        summary=[f"{portable(call.input)}: {counted(len(call.variants), 'result', 'results')}"],
        command=command(sys.argv[1:]),
        tables=[*_tables(call, found)],
        entries=[*_entries(call, found, best)][:room],
        unshown=max(0, len(found) - room),
        what=("picture", "pictures"),
        cells=True,
    )
    with transaction.open(Path(call.report)) as file:
        file.writelines(document(page, call.page_size))


def _tables(call: Call, found: Sequence[Shown]) -> Iterator[Table]:
    if call.against is None:
        return
    ranked = sorted(found, key=lambda one: one.rank, reverse=True)
    caption = f"Against {portable(call.against)}, the best first"
    yield Table(caption, ("result", "PSNR", "SSIM", "greatest difference"), [*map(_row, ranked)], numbers=True)


def _row(one: Shown) -> Sequence[str]:
    if one.found is None:
        return portable(telling.name(one)), one.why, "", ""
    psnr, ssim = one.found.psnr, one.found.ssim
    return (
        portable(telling.name(one)),
        "identical" if one.found.is_identical else "–" if psnr is None else f"{rounded_down(psnr, 2)} dB",
        "–" if ssim is None else rounded_down(ssim, 4),
        f"{one.found.difference.greatest:g}",
    )


def _entries(call: Call, found: Sequence[Shown], best: Shown | None) -> Iterator[Entry]:
    """Yield the cells; the page opens with the input and the best, or else the first two."""
    pair = (found[0], best) if best is not None and best is not found[0] else found[:2]
    row = None
    for number, (one, place) in enumerate(zip(found, call.arrangement.places, strict=True)):
        steps = [] if one.variant is None else [one.variant.text]
        lines = [] if call.label is None else telling.below(one, number, call.label, call.against is not None)
        size = f"{one.size[0]}×{one.size[1]} pixels"
        verdict = telling.figures(one) if call.against is not None else ""
        verdict += ", the best" if one is best else ""
        yield Entry(
            portable(telling.name(one)),
            [*map(portable, [*steps, *filter(None, lines)]), size],
            verdict,
            exhibit=one.exhibit,
            begins_row=place[0] != row,
            chosen=any(one is other for other in pair),
        )
        row = place[0]
