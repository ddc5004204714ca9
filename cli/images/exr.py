"""OpenEXR: the first part of a file, as float in linear light, by the format's own library."""

from __future__ import annotations

import contextlib
import math
import tempfile
from pathlib import Path
from typing import Any

from ...filters.core.lazy_numpy import Array, np
from . import extras
from .codec import Codec, not_written
from .colour_description import LINEAR_LIGHT, of_linear
from .picture import Decode, DecodeError, DecodeOptions, PartialDecode, Picture, Samples, premultiplied, real_samples
from .silence import silenced

COLOURS = ("R", "G", "B")
OUT, ERR = 1, 2


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Return the picture."""
    library = extras.required("OpenEXR", "an OpenEXR image")
    notes: list[str] = []
    # The library reads only files, and prints its errors to stdout and stderr.
    with tempfile.TemporaryDirectory(prefix="imfilter-") as folder:
        file = Path(folder, "picture.exr")
        file.write_bytes(begun.data)
        headers = [part.header for part in _opened(library, str(file), header_only=True).parts]
        header, (width, height) = headers[0], _size(headers[0])
        # The library decodes every part.
        samples = sum(math.prod(_size(each)) * len(each["channels"]) for each in headers)
        decoding = 12 * -(-samples // max(width * height, 1))
        options.check_size(width, height, Samples(len(header["channels"]), 4, decoding))
        parts = _opened(library, str(file), separate_channels=True, num_threads=1).parts
    if len(parts) > 1:
        notes.append(f"only the first of its {len(parts)} parts was used")
    if any((one != other).any() for one, other in zip(header["dataWindow"], header["displayWindow"], strict=True)):
        notes.append("its data window was used, which differs from its display window")
    planes = {name: channel.pixels for name, channel in parts[0].channels.items()}
    if any(plane is None or plane.ndim != 2 or plane.shape != (height, width) for plane in planes.values()):
        raise DecodeError(
            "is an OpenEXR image with deep or subsampled channels, which is not supported; "
            "exrstdattr or oiiotool converts it"
        )
    picture = _picture(planes, notes)
    if COLOURS[0] in planes or "Y" in planes:
        given = header.get("chromaticities")
        colour = LINEAR_LIGHT if given is None else of_linear(given[:6], given[6:], notes)
        picture.metadata = picture.metadata._replace(colour=colour)
    return picture


def _size(header: Any) -> tuple[int, int]:
    (left, top), (right, bottom) = header["dataWindow"]
    return max(int(right) - int(left) + 1, 0), max(int(bottom) - int(top) + 1, 0)


def _opened(library: Any, name: str, **settings: Any) -> Any:
    with silenced(ERR), silenced(OUT):
        try:
            found = library.File(name, **settings)
        except (RuntimeError, ValueError, TypeError):
            raise DecodeError("is damaged or truncated (OpenEXR cannot read its header)") from None
    if not found.parts:
        raise DecodeError("is damaged or truncated (OpenEXR cannot read its pixels)")
    return found


def _picture(planes: dict[str, Array], notes: list[str]) -> Picture:
    """Return the colours and the alpha among channels; if there are no colours, the channels become bands."""
    names = COLOURS if set(COLOURS) <= planes.keys() else ("Y",) if "Y" in planes else ()
    alpha = planes.get("A") if names else None
    others = sorted(planes.keys() - {*names, "A"}) if names else sorted(planes)
    if names and others:
        notes.append(f"its channels {', '.join(others)} were left out")
    elif not names and len(others) > 1:
        notes.append(f"its bands are the channels {', '.join(others)}")
    pixels = real_samples(_as_floats([planes[name] for name in names or others]))
    if alpha is None:
        return Picture(pixels, notes=notes, colours="gray" if names or len(others) == 1 else "bands")
    alpha = alpha.astype(np.float32)
    if (alpha == 1).all():
        return Picture(pixels, notes=notes)
    with contextlib.suppress(ValueError):
        # Colours are stored multiplied by alpha, so glowing colours with alpha 0 are lost.
        pixels = premultiplied(pixels, alpha).astype(np.float32)
    return Picture(pixels, alpha, notes=notes)


def _as_floats(planes: list[Array]) -> Array:
    whole = np.stack(planes, axis=2)
    return whole.astype(np.float32) if whole.dtype == np.float16 else whole


CODEC = Codec(finish, not_written)
