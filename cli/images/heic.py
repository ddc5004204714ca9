"""HEIC: the primary picture of a HEIF file, read by pi-heif, the decoder of pillow-heif alone."""

from __future__ import annotations

from typing import Any

from ...filters.core.lazy_numpy import np
from ..console.messages import reason_of
from . import extras, isobmff
from .codec import Codec, not_written
from .colour_description import of_code_points
from .metadata import Metadata, of_block, whole_profile, whole_xmp
from .picture import Decode, DecodeError, DecodeOptions, PartialDecode, Picture, Samples, with_alpha


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Return the primary picture; the library turns it upright."""
    data, notes = begun.data, []
    library = extras.required("pi_heif", "a HEIC image")
    if not options.lenient:
        isobmff.check_items(data, b"hvc1")
    try:
        file = library.open_heif(data, convert_hdr_to_8bit=False, hdr_to_16bit=False)
        image = file[file.primary_index]
    except (ValueError, RuntimeError, EOFError, SyntaxError, IndexError) as error:
        raise DecodeError(f"is damaged, or a HEIF file of a kind that is not supported ({reason_of(error)})") from None
    width, height = image.size
    size = 2 if int(image.info.get("bit_depth", 8)) > 8 else 1
    options.check_size(width, height, Samples(4 if image.mode.endswith("A") else 3, size, decoding=14 * size))
    try:
        # The array is a view of the library's memory, which goes with the file; rows may be longer than the picture.
        samples = np.asarray(image)[:, :width].copy()
    except (ValueError, RuntimeError, EOFError) as error:
        raise DecodeError(f"is damaged or truncated ({reason_of(error)})") from None
    samples = samples[..., None] if samples.ndim == 2 else samples
    bits = int(image.info.get("bit_depth", 8))
    picture = with_alpha(extras.scaled(samples, bits if samples.dtype == np.uint16 else 8))
    if len(file) > 1:
        notes.append(f"only the primary one of its {len(file)} pictures was used")
    for name, word in (("depth_images", "depth map"), ("aux", "gain map or other auxiliary picture")):
        if image.info.get(name):
            notes.append(f"its {word} was left out")
    picture.metadata, picture.notes = _metadata(image.info, notes), notes
    return picture


def _metadata(info: dict[str, Any], notes: list[str]) -> Metadata:
    metadata = Metadata(icc=whole_profile(info.get("icc_profile"), notes))
    colours = info.get("nclx_profile")
    if colours and not metadata.icc:
        given = of_code_points(int(colours["color_primaries"]), int(colours["transfer_characteristics"]), notes)
        metadata = metadata._replace(colour=given)
    tags = of_block(info.get("exif") or b"", notes).tags
    return metadata._replace(tags=tags, xmp=whole_xmp(info.get("xmp") or b"", notes))


CODEC = Codec(finish, not_written)
