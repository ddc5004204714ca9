"""The header of a PBM, PGM, PPM, PAM or PFM.

After the manual pages pbm(5), pgm(5), ppm(5), pam(5) and pfm(5) of Netpbm.
"""

from __future__ import annotations

import itertools
import re

from ....filters.core.named_tuple import NamedTuple
from ..codec import Peek
from ..picture import DecodeError

GAP = rb"(?>\s++|#[^\n\r]*+[\n\r])++"
SIZE = re.compile(rb"P([1-6])" + 2 * (GAP + rb"(\d{1,9})"))
MAXIMUM = re.compile(GAP + rb"(\d{1,5})")
PAM = re.compile(rb"P7[ \t\r]*\n"), re.compile(rb"^ENDHDR[ \t\r]*\n", re.MULTILINE)
"""The beginning of a PAM's header, and its last line."""
FLOAT = re.compile(rb"P([Ff])\s++(\d{1,9})\s++(\d{1,9})\s++([-+]?\d{0,20}\.?\d{1,20}(?:[eE][-+]?\d{1,3})?)(?:\r\n|\s)")
START = re.compile(rb"P(?:[1-6Ff]\s|7\n)")
"""The beginning of an image."""
NEXT = re.compile(rb"\sP[1-6]\s")
"""The beginning of another image after one in text form."""
BLANKS = re.compile(rb"\s*+")
LONGEST, FARTHEST = 1 << 20, 1 << 16
"""Most bytes of a header with its comments, and of the blank space that belongs to an image."""
WORD, NEAR = 16, 1 << 10
"""Most bytes per sample of a text with its blanks, and of everything else before the next image."""
BIT = re.compile(rb"#[^\n\r]*|[01]")
NUMBER = re.compile(rb"#[^\n\r]*|[^\s#]+")
"""The samples of a text, and comments between them."""
TEXT = ("1", "2", "3")
BITS = ("1", "4")
REAL = ("F", "f")
FEWEST, PATIENT = 32, 1024
"""Bytes of a stream that are first searched for a header, and the limit for searching whatever has arrived."""
NUMBERS = ("WIDTH", "HEIGHT", "DEPTH", "MAXVAL")
"""The lines that every PAM has."""


class Header(NamedTuple):
    """The header of an image."""

    kind: str
    """The letter after the P."""
    width: int
    height: int
    channels: int
    maximum: int
    end: int
    """The offset of the samples."""
    tuple_type: str = ""
    """The tuple type of a PAM."""
    scale: float = 1.0
    """The scale of a PFM: negative if the samples are little-endian."""

    @property
    def text(self) -> bool:
        """Whether the samples are decimal numbers."""
        return self.kind in TEXT

    @property
    def bits(self) -> bool:
        """Whether it is a PBM, in which 1 is black."""
        return self.kind in BITS

    @property
    def real(self) -> bool:
        """Whether it is a PFM, whose rows come from the bottom up."""
        return self.kind in REAL

    @property
    def samples(self) -> int:
        """The number of samples."""
        return self.width * self.height * self.channels

    @property
    def sample_bytes(self) -> int:
        """Bytes of a sample, where it has any of its own."""
        return 4 if self.real else 1 if self.maximum < 256 else 2

    @property
    def row_bytes(self) -> int:
        """Bytes of a row, unless it is text."""
        return -(-self.width // 8) if self.bits else self.width * self.channels * self.sample_bytes

    @property
    def length(self) -> int:
        """Bytes of the whole image, unless it is text."""
        return self.end + self.row_bytes * self.height


def read(data: bytes | memoryview) -> Header:
    """Return the header that *data* begin with; raises `DecodeError`."""
    kind = chr(data[1]) if len(data) > 1 else ""
    data = memoryview(data)[:LONGEST]
    found = _pam(data) if kind == "7" else _pfm(data) if kind in REAL else _pnm(data)
    if not (found.width and found.height and found.channels and 0 < found.maximum < 1 << 16):
        what = f"{found.width}×{found.height} pixels up to {found.maximum}"
        raise DecodeError(f"is damaged: {what} is not a valid size")
    return found


def _pnm(data: bytes | memoryview) -> Header:
    size = SIZE.match(data)
    if size is None:
        raise DecodeError("is damaged or truncated (no size in its header)")
    kind, width, height = size[1].decode(), int(size[2]), int(size[3])
    maximum, end = 1, size.end()
    if kind not in BITS:
        found = MAXIMUM.match(data, end)
        if found is None:
            raise DecodeError("is damaged or truncated (no maximum in its header)")
        maximum, end = int(found[1]), found.end()
    if not bytes(data[end : end + 1]).isspace():
        raise DecodeError(f"is damaged: {width}×{height} pixels up to {maximum} is not a valid size")
    return Header(kind, width, height, 3 if kind in ("3", "6") else 1, maximum, end + 1)


def _pam(data: bytes | memoryview) -> Header:
    start, end = PAM
    head = start.match(data)
    last = None if head is None else end.search(data, head.end())
    if head is None or last is None:
        raise DecodeError("is damaged or truncated (its header has no ENDHDR)")
    values: dict[str, int] = {}
    types: list[str] = []
    for line in bytes(data[head.end() : last.start()]).splitlines():
        name, value = (*line.decode("ascii", "replace").split(None, 1), "", "")[:2]
        if name == "TUPLTYPE":
            types.append(value.strip())
        elif name in NUMBERS:
            if not re.fullmatch(r"[0-9]{1,9}", value.strip()):
                raise DecodeError(f"is damaged ({name} of its header is not a number)")
            values[name] = int(value)
    if missing := [name for name in NUMBERS if name not in values]:
        raise DecodeError(f"is damaged (its header has no {missing[0]})")
    width, height, depth, maximum = (values[name] for name in NUMBERS)
    return Header("7", width, height, depth, maximum, last.end(), " ".join(types))


def _pfm(data: bytes | memoryview) -> Header:
    found = FLOAT.match(data)
    if found is None or not float(found[4]):
        raise DecodeError("is damaged or truncated (no size and scale in its header)")
    kind = found[1].decode()
    return Header(kind, int(found[2]), int(found[3]), 3 if kind == "F" else 1, 1, found.end(), scale=float(found[4]))


def extent(peek: Peek) -> int:
    """Return the length of a stream's first image, with the blank space after it."""
    asked, seen = FEWEST, 0
    while True:
        # A header is short: it is searched for in whatever has arrived, but not byte by byte in a long comment.
        data = bytes(peek(seen + 1 if seen < PATIENT else asked)[:asked])
        if (found := _whole_header(data)) is not None:
            break
        if len(data) == seen or seen > LONGEST:
            return seen
        seen = len(data)
        if seen == asked:
            asked *= 2
    if found.text:
        while (there := len(peek(asked))) >= asked:
            asked = 2 * there
        at = _end_of_text(peek(there), found)
    else:
        at = found.length
    return _past_blanks(peek, at)


def _past_blanks(peek: Peek, at: int) -> int:
    """Return the end of the blank space after an image, reading no more of a pipe than necessary."""
    end = at
    while end - at < FARTHEST:
        there = peek(end + 1)[end : at + FARTHEST]
        blank = BLANKS.match(there)
        assert blank is not None
        end += blank.end()
        if blank.end() < len(there) or not len(there):
            break
    return min(end, len(peek(end)))


def _end_of_text(data: bytes | bytearray | memoryview, head: Header) -> int:
    """Return the end of the samples of a text; the end of *data* if no other image follows."""
    if not NEXT.search(data, head.end, head.end + WORD * head.samples + NEAR):
        return len(data)
    words = (BIT if head.bits else NUMBER).finditer(data, head.end)
    samples = (word for word in words if not word[0].startswith(b"#"))
    last = next(itertools.islice(samples, head.samples - 1, None), None)
    return len(data) if last is None else last.end()


def _whole_header(data: bytes) -> Header | None:
    """Return the header if all of it lies in *data*, and something after it."""
    try:
        found = read(data)
    except DecodeError:
        return None
    return found if found.end < len(data) else None
