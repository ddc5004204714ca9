"""The page of ``compare --report``: the pairs that differ, the worst first, with pictures of their differences."""

from __future__ import annotations

import math
import sys

from ...filters.core.engine.colour import model_of
from ...filters.core.lazy_numpy import Array
from ..console.messages import counted, fitted
from ..images.atomic_write import Transaction, place_of
from ..images.on_screen import on_screen
from ..images.picture import Picture
from ..page.contents import Entry, Page, Table
from ..page.document import document
from ..page.exhibit import Exhibit, Subject, exhibit
from ..page.figures import figures
from ..page.names import command, portable, without_places
from ..page.size import FRAME, share
from . import difference_picture
from .call import Call
from .comparable import Comparable
from .result import Result, line

LARGE = 100
"""The page is divided among at most so many pairs: usually few differ."""


def share_of(call: Call, count: int) -> int:
    """Return the bytes of the page for the pictures of one pair; 0 without a page."""
    return share(call.page_size, min(count, LARGE))[1] if call.report is not None else 0


def exhibit_of(pair: Comparable, greatest: float, call: Call) -> Exhibit:
    """Return the exhibit of a pair that differs by at most *greatest*, within its share of the page.

    Unless a gain is given, the differences are multiplied so that the greatest is visible.
    """
    style, gain = call.style, call.gain
    full = 1.0 if pair.full is None else pair.full
    if gain == 1 and style != "mark" and math.isfinite(greatest):
        gain = _round(full / greatest)
    name = "difference" if style == "mark" or gain == 1 else f"difference × {gain:g}"
    drawn = difference_picture.drawn(pair, style, gain, call.how.tolerance)
    both = [_side(name, samples, pair.alpha, pair.full) for name, samples in (("A", pair.a), ("B", pair.b))]
    return exhibit([*both, Subject(name, on_screen(drawn))], call.page_share)


def of_two(a: Picture, b: Picture, own: int) -> Exhibit:
    """Return the exhibit of two pictures that cannot be compared sample by sample."""
    both = (
        Subject(name, on_screen(one.pixels, one.alpha, one.colours, one.white)) for name, one in (("A", a), ("B", b))
    )
    return exhibit([*both], own)


def _side(name: str, samples: Array, has_alpha: bool, full: float | None) -> Subject:
    pixels, alpha = (samples[..., :-1], samples[..., -1]) if has_alpha else (samples, None)
    colours = model_of(pixels.shape[2])
    white = 1.0 if full is None else full
    return Subject(name, on_screen(pixels, alpha, colours, white), figures(pixels, alpha, colours, white))


def _round(gain: float) -> float:
    """Return the number rounded down to a round one, at least 1.

    >>> _round(255 / 3), _round(255 / 200), _round(7)
    (50.0, 1.0, 5.0)
    """
    power = 10.0 ** math.floor(math.log10(max(gain, 1.0)))
    return max(step * power for step in (1, 2, 5) if step * power <= max(gain, 1.0))


class Worst:
    """The pairs that differ; the pictures of the worst are kept, as many as fit on the page."""

    def __init__(self, size: int) -> None:
        self.results: list[Result] = []
        self.identical = self.within = 0
        self._room, self._taken = size - FRAME, 0

    def add(self, result: Result) -> None:
        """Add the next pair."""
        self.within += not result.code
        if result.found is not None and result.found.is_identical and not result.why:
            self.identical += 1
            return
        self.results.append(result)
        self._taken += _size(result)
        if self._taken > self._room:
            self._drop()

    def _drop(self) -> None:
        self.results.sort(key=_order)
        for number in range(len(self.results) - 1, -1, -1):
            if self._taken <= self._room:
                return
            self._taken -= _size(self.results[number])
            self.results[number] = self.results[number]._replace(exhibit=None)


def _size(result: Result) -> int:
    return 0 if result.exhibit is None else result.exhibit.size


def _order(result: Result) -> tuple[bool, float]:
    """Return the sort key, least for the worst: pairs that could not be compared, then by mean squared error."""
    if result.found is None:
        return False, 0.0
    rmse = result.found.difference.rmse / (result.found.full or 1.0)
    return True, -math.inf if math.isnan(rmse) else -rmse


def write(call: Call, worst: Worst, count: int, read: frozenset[tuple[int, int]]) -> None:
    """Write the page of *count* pairs; raises FileError."""
    assert call.report is not None
    told = sorted((result for result in worst.results if result.error is None), key=_order)
    failed = [result for result in worst.results if result.error is not None]
    counts = [
        counted(count, "pair", "pairs"),
        f"{worst.identical} identical",
        f"{worst.within} within the limits",
        *([f"{len(failed)} not compared"] if failed else []),
    ]
    limits = [
        (f"--{name.replace('_', '-')}", str(value))
        for name, value in call.limits._asdict().items()
        if value is not None
    ]
    page = Page(
        title=call.report_title or "imfilter compare",
        summary=[", ".join(counts)],
        command=command(sys.argv[1:]),
        tables=[Table("Limits", ("limit", ""), limits or [("the pictures must be identical", "")])],
        problems=[fitted(without_places(str(result.error), _names(result))) for result in failed],
        entries=[_entry(call, result) for result in told],
        what=("pair", "pairs"),
    )
    with Transaction(read) as transaction:
        with transaction.open(place_of(call.report)) as file:
            file.writelines(document(page, call.page_size))
        transaction.commit()


def _names(result: Result) -> list[str]:
    return [name for name in (result.pair.a, result.pair.b) if name is not None]


def _entry(call: Call, result: Result) -> Entry:
    verdict = line(result, call.how.metrics, quiet=False).removeprefix(f"{result.pair.name}: ")
    names = " and ".join(map(portable, _names(result)))
    notes = [without_places(note, _names(result)) for note in result.notes]
    return Entry(names, verdict=verdict, differs=bool(result.why), notes=notes, exhibit=result.exhibit)
