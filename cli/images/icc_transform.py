"""Converting pictures in other colour spaces to RGB."""

from __future__ import annotations

import io

from PIL import Image

from ..console.messages import reason_of
from .picture import DecodeError, check_lack

NAMES = {"LAB": "Lab"}
CONVERTED = ("CMYK", "YCbCr", "LAB")


def to_rgb(image: Image.Image, icc: bytes, notes: list[str]) -> tuple[Image.Image, bytes]:
    """Return an image in another colour space converted to sRGB, and its new profile."""
    name = NAMES.get(image.mode, image.mode)
    if image.mode not in CONVERTED:
        raise DecodeError(f"has {name} colours, which cannot be kept; convert it to RGB first")
    if image.mode == "YCbCr":
        notes.append("its YCbCr colours were converted to RGB")
        return image.convert("RGB"), icc
    if image.mode == "LAB":
        notes.append("its Lab colours were converted to sRGB")
        return _through(image, b""), b""
    if icc:
        try:
            return _through(image, icc), b""
        except Exception as error:
            check_lack(error)
            notes.append(f"its ICC profile was not used ({reason_of(error)})")
    return image.convert("RGB"), b""


def _through(image: Image.Image, icc: bytes) -> Image.Image:
    """Convert by a profile; without one from Lab."""
    from PIL import ImageCms

    source = ImageCms.ImageCmsProfile(io.BytesIO(icc)) if icc else ImageCms.createProfile("LAB")
    converted = ImageCms.profileToProfile(
        image,
        source,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert converted is not None
    return converted
