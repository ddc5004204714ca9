"""Reading .npy: arrays of any real type, of one to four channels; a row of numbers is a picture of one row."""

from __future__ import annotations

import io
import math

from ...filters.core import npy_header
from ...filters.core.lazy_numpy import np
from .metadata import Metadata
from .picture import Loaded, Picture, Terms, UnreadableError, real_samples, reason_of, with_alpha


def load(data: bytes, terms: Terms) -> Loaded:
    """Leave all to `picture`: there is nothing to do without NumPy."""
    return Loaded(data)


def picture(loaded: Loaded, terms: Terms) -> Picture:
    """Read an array; raises `UnreadableError`."""
    data = loaded.data
    try:
        header = npy_header.read(data)
        shape, dtype = header.shape, np.lib.format.descr_to_dtype(header.described)
        if len(shape) == 1:
            shape = (1, *shape)
        if len(shape) in (2, 3):
            terms.admit(shape[1], shape[0], math.prod(shape[2:]) * 2 * dtype.itemsize)
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except UnreadableError:
        raise
    except Exception as error:
        raise UnreadableError(f"is no readable .npy file ({reason_of(error)})") from error
    pixels = np.atleast_2d(array)[..., None] if array.ndim in (1, 2) else array
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 2, 3, 4) or pixels.size == 0:
        raise UnreadableError(
            f"has the shape {array.shape}; an image is (height, width), (height, width, 1, 2, 3 or 4) or (width,)"
        )
    pixels = real_samples(pixels)
    return with_alpha(pixels, "npy", Metadata())
