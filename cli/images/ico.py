"""ICO and CUR: the largest picture of an icon or cursor, and of several such the deepest.

After "The .ico file format" in Microsoft's documentation: each is a PNG, or a bitmap of twice the height whose second
half says which pixels are transparent.
"""

from __future__ import annotations

import struct

from ...filters.core.lazy_numpy import np
from ...filters.core.named_tuple import NamedTuple
from . import bitmap, unpacker
from .codec import Codec, not_written
from .formats import PNG_SIGNATURE
from .picture import Decode, DecodeError, DecodeOptions, Frames, PartialDecode, Picture

CURSOR = 2


class Entry(NamedTuple):
    """One picture of the file."""

    width: int
    height: int
    bits: int
    length: int
    offset: int


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Return the largest picture, with a note on the others."""
    data = begun.data
    kind, count = struct.unpack_from("<HH", data, 2)
    if len(data) < 6 + 16 * count:
        raise DecodeError("is damaged or truncated (its list of pictures is cut off)")
    entries = []
    for number in range(count):
        width, height, _, _, _, bits, length, offset = struct.unpack_from("<BBBBHHII", data, 6 + 16 * number)
        entries.append(Entry(width or 256, height or 256, 0 if kind == CURSOR else bits, length, offset))
    entry = max(entries, key=lambda entry: (entry.width * entry.height, entry.bits, entry.length))
    inner = data[entry.offset : entry.offset + entry.length]
    if len(inner) < entry.length and not options.lenient:
        raise DecodeError("is damaged or truncated (its largest picture is cut off)")
    if inner.startswith(PNG_SIGNATURE):
        picture = decode(inner)
        if isinstance(picture, Frames):
            raise DecodeError("is damaged: it embeds an animation")
    else:
        picture = _bitmap(inner, options, decode)
    if count > 1:
        height, width = picture.pixels.shape[:2]
        picture.notes.append(f"only the largest of its {count} pictures was used, {width}×{height}")
    return picture


def _bitmap(data: bytes, options: DecodeOptions, decode: Decode) -> Picture:
    notes: list[str] = []
    found = bitmap.header(data, 0, notes)
    found = found._replace(height=found.height // 2)
    if found.bits == 32 and found.compression == bitmap.PLAIN:
        found = found._replace(compression=bitmap.FIELDS, masks=(0xFF0000, 0xFF00, 0xFF, 0xFF000000))
    ignored: list[str] = []
    picture = bitmap.read(data, found, ignored, options, decode)
    notes += [note for note in ignored if "alpha" not in note]
    if picture.alpha is None and found.compression in (bitmap.PLAIN, bitmap.FIELDS):
        row = (found.width + 31) // 32 * 4
        mask = unpacker.plain(data, found.pixels + found.row * found.height, row * found.height, options, notes, 0)
        hidden = np.unpackbits(mask.reshape(found.height, row), axis=1)[:, : found.width][::-1]
        if hidden.any():
            picture.alpha = (1 - hidden) * np.uint8(255)
    picture.notes = notes
    return picture


CODEC = Codec(finish, not_written)
