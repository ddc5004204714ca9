"""Reading TIFF through tifffile: float colour, 16-bit colour, which Pillow cannot hold."""

from __future__ import annotations

import io
import logging
from typing import Any

from ..filters.core.lazy import np
from .metadata import ORIENTATION, Metadata, plausible, turned
from .picture import Loaded, Picture, Terms, UnreadableError, real_samples, with_alpha

X_RESOLUTION, ICC_PROFILE = 282, 34675
UNASSOCIATED_ALPHA = 2


def picture(loaded: Loaded, terms: Terms) -> Picture:
    """Read a TIFF whose samples Pillow cannot hold: float colour, 16-bit colour."""
    import tifffile

    # It logs what is wrong with a file before it raises.
    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    with tifffile.TiffFile(io.BytesIO(loaded.data)) as file:
        page: Any = file.pages.first
        terms.admit(page.imagewidth, page.imagelength)
        if len(file.pages) != 1:
            raise UnreadableError(f"has {len(file.pages)} pages, of which only one could be kept; split it first")
        extra = page.samplesperpixel - {1: 1, 2: 3}.get(page.photometric, 0)
        if extra not in (0, 1) or page.extrasamples != (UNASSOCIATED_ALPHA,) * extra:
            raise UnreadableError(f"has {page.samplesperpixel} channels of {page.dtype}, which cannot be kept")
        try:
            array = page.asarray()
        except ValueError as error:
            if "imagecodecs" not in str(error):
                raise
            packed = f"is compressed by {page.compression.name}, which is not read in {page.dtype}"
            raise UnreadableError(f"{packed}; save it uncompressed, or with ZIP") from None
        tags = {tag.code: tag.value for tag in page.tags}
        dpi = page.get_resolution("INCH") if X_RESOLUTION in tags else None
    if page.samplesperpixel > 1 and page.planarconfig == 2:
        array = np.moveaxis(array, 0, -1)
    pixels = real_samples(array[..., None] if array.ndim == 2 else array)
    pixels = turned(pixels, int(tags.get(ORIENTATION, 1)))
    metadata = Metadata(icc=tags.get(ICC_PROFILE, b""), dpi=plausible(dpi))
    return with_alpha(pixels, "tiff", metadata)
