"""A histogram as a drawing on a page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from .figures import Figures

WIDTH, HEIGHT = 256, 96


def drawn(figures: Sequence[Figures], top: int, name: str) -> str:
    """Return the histograms of a picture's channels as SVG, in which the count *top* reaches the upper edge."""
    areas = "".join(
        f'<path class="{_class(own.channel)}" d="{_outline(own.bins, top)}"/>' for own in figures if any(own.bins)
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{escape(name)}">'
        f"{areas}</svg>"
    )


def highest(figures: Sequence[Figures]) -> int:
    """Return the greatest count, ignoring the two end bins, which often hold clipped samples.

    >>> highest([Figures("R", (), ("", ""), (900, 5, 8, 700), True)])
    8
    """
    return max((max(own.bins[1:-1], default=0) for own in figures), default=0) or 1


def _class(channel: str) -> str:
    return {"R": "red", "G": "green", "B": "blue"}.get(channel, "gray")


def _outline(bins: Sequence[int], top: int) -> str:
    """Return the outline of a histogram's columns, cut off at the top.

    >>> _outline([0, 1, 4], 2)
    'M0 96V96H85V48H171V0H256V96Z'
    """
    parts = [f"M0 {HEIGHT}"]
    for number, count in enumerate(bins, 1):
        height = round(HEIGHT * min(1.0, count / top))
        parts.append(f"V{HEIGHT - height}H{round(WIDTH * number / len(bins))}")
    return "".join([*parts, f"V{HEIGHT}Z"])
