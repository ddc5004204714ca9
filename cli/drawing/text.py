"""Text in pictures: fonts, substitutes for missing characters, and cutting to a width."""

from __future__ import annotations

import functools
import io
import math
import unicodedata
from bisect import bisect_right
from pathlib import Path
from typing import Any

from PIL import ImageDraw, ImageFont

from ..console.messages import printable, reason, shown
from ..errors import UsageError

SIZE = 12
"""Pixels of an em."""
UNASSIGNED = "\U000fffff"
"""A character that no font has: it is drawn as the box for missing characters."""
INSTEAD = {
    "×": "x",
    "½": "1/2",
    "¼": "1/4",
    "¾": "3/4",
    "°": " deg",
    "±": "+-",
    "−": "-",
    "–": "-",
    "·": ".",
    "…": "...",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
    "²": "^2",
    "³": "^3",
    "µ": "u",
    "μ": "mu",
    "π": "pi",
    "σ": "sigma",
    "θ": "theta",
    "ß": "ss",
}
"""Substitutes for characters that the font lacks."""
UNKNOWN = "?"
CUT = "…"


class Font:
    """A font of one size: Pillow's, which has the letters of English, or that of a file."""

    def __init__(self, size: int = SIZE, path: str | None = None) -> None:
        """Read the font; raises UsageError if *path* is not one."""
        self.own: Any = ImageFont.load_default(size) if path is None else _of_file(path, size)
        self.line_height = size + size // 3
        """Pixels from one line to the next."""
        self._lacking = self._picture(UNASSIGNED)
        self._has: dict[str, bool] = {}

    def _picture(self, character: str) -> tuple[Any, bytes]:
        mask = self.own.getmask(character)
        return mask.size, bytes(mask)

    def has(self, character: str) -> bool:
        """Whether the font has a *character*.

        >>> [Font().has(character) for character in "a °×½σ"]
        [True, True, True, False, False, False]
        """
        if character not in self._has:
            self._has[character] = character.isspace() or self._picture(character) != self._lacking
        return self._has[character]

    def written(self, text: str) -> str:
        """Return *text* in one line of characters that the font has: with substitutes, without accents, or with ``?``.

        >>> Font().written("3×3 with σ ½, 90°, Müller, 図")
        '3x3 with sigma 1/2, 90°, Muller, ?'
        """
        composed = unicodedata.normalize("NFC", printable(text))
        return "".join(character if self.has(character) else self._instead(character) for character in composed)

    def lacks(self, text: str) -> bool:
        """Whether ``?`` replaces a letter of *text*."""
        return self.written(text).count(UNKNOWN) > printable(text).count(UNKNOWN)

    def _instead(self, character: str) -> str:
        bare = "".join(part for part in unicodedata.normalize("NFD", character) if not unicodedata.combining(part))
        if character in INSTEAD:
            return INSTEAD[character]
        if all(map(self.has, bare)):  # an accent by itself is left out
            return bare
        return UNKNOWN

    def width(self, text: str) -> int:
        """Return the width in pixels of *text* as it is `written`, including what protrudes at its ends."""
        written = self.written(text)
        return math.ceil(max(self.own.getlength(written), self.own.getbbox(written)[2]))

    def cut(self, text: str, width: int) -> str:
        """Return *text* as it is `written`, cut to at most *width* pixels, with dots at the end.

        >>> Font().cut("sigma 12.5, range-sigma 40", 90)
        'sigma 12.5, ra…'
        """
        written = self.written(text[: max(0, width) + 1])  # no letter is narrower than a pixel
        if self.width(written) <= width:
            return written
        dots = self.written(CUT)
        letters = bisect_right(range(len(written)), width, key=lambda most: self.width(written[:most] + dots)) - 1
        return written[:letters].rstrip() + dots if letters >= 0 else ""

    def draw(self, pen: ImageDraw.ImageDraw, place: tuple[float, float], text: str, colour: Any) -> None:
        """Draw *text* as it is `written`, with the top left corner of its line at *place*."""
        pen.text(place, self.written(text), colour, self.own)


def _of_file(path: str, size: int) -> Any:
    try:
        data = Path(path).read_bytes() if Path(path).is_file() else None
        if data is None:
            raise UsageError(f"--font {shown(path)}: no such file")
        return ImageFont.truetype(io.BytesIO(data), size)
    except OSError as error:
        why = reason(error) if error.errno else "is not a font; use a .ttf or .otf file"
        raise UsageError(f"--font {shown(path)}: {why}") from None


@functools.lru_cache(maxsize=8)
def font(size: int = SIZE, path: str | None = None) -> Font:
    """Return a `Font`, read only once; raises UsageError if *path* is not one."""
    return Font(size, path)
