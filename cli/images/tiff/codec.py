"""TIFF: 8 bits are written by Pillow, what it does not write by tifffile, and the tags beside by hand."""

from __future__ import annotations

import io
from typing import Any

from .. import ifd, pillow_buffer
from ..codec import Codec, Content, FrameWriter
from ..metadata import Metadata, georeferenced, tags_of
from ..picture import Timing
from ..tiff_tags import XMP
from . import decoder


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file of one page."""
    samples, metadata = content.samples(), content.metadata
    if samples.dtype.kind == "f" or content.colours == "bands" or (samples.dtype == "uint16" and samples.ndim == 3):
        with _writer(file) as writer:
            _add_page(writer, content)
        return _finish(file, metadata)
    beside = {"software": content.software, "icc_profile": metadata.icc, "dpi": metadata.dpi}
    image = pillow_buffer.image_of(samples, inks=content.colours == "cmyk")
    given = {name: value for name, value in beside.items() if value}
    image.save(file, "TIFF", compression="tiff_adobe_deflate", **given)
    return _finish(file, metadata)


def encode_maps(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file with a page for each map."""
    with _writer(file) as writer:
        for number in range(content.pixels.shape[2]):
            software = content.software if number == 0 else ""
            _add_page(writer, content._replace(pixels=content.pixels[..., number : number + 1], software=software))
    return _finish(file, content.metadata)


class Pages:
    """Gathers pages, which are encoded as they come."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._file = io.BytesIO()
        self._writer = _writer(self._file)
        self._metadata: Metadata | None = None

    def add(self, frame: Content) -> None:
        """Take one more page."""
        if self._metadata is None:
            self._metadata = frame.metadata
        _add_page(self._writer, frame)

    def write(self, file: io.BytesIO) -> None:
        """Write all pages."""
        self._writer.close()
        self.notes += _finish(self._file, self._metadata or Metadata())
        file.write(self._file.getbuffer())


def frames(timing: Timing | None) -> FrameWriter:
    """Return what writes several pages."""
    return Pages()


def _writer(file: io.BytesIO) -> Any:
    """Return a writer of float samples, of 16-bit colour and of several pages, which Pillow's is not."""
    import tifffile

    return tifffile.TiffWriter(file, byteorder="<")


def _add_page(writer: Any, content: Content) -> None:
    samples, metadata, channels = content.samples(), content.metadata, content.pixels.shape[2]
    photometric = (
        {"rgb": "rgb", "cmyk": "separated"}.get(content.colours, "minisblack") if channels > 1 else "minisblack"
    )
    extra = ["unspecified"] * (channels - 1 if content.colours == "bands" else 0)
    extra += ["unassalpha"] if content.alpha is not None else []
    writer.write(
        samples,
        photometric=photometric,
        planarconfig="contig" if samples.ndim == 3 else None,
        extrasamples=extra or None,
        compression="zlib",
        # Its predictor for floats would need a compiled package.
        predictor=samples.dtype.kind != "f",
        metadata=None,
        contiguous=False,
        software=content.software or False,
        resolution=metadata.dpi,
        resolutionunit="INCH" if metadata.dpi else None,
        iccprofile=metadata.icc or None,
        extratags=[(tag, value.type, value.many, value.data, False) for tag, value in _own_tags(metadata)],
    )


def _own_tags(metadata: Metadata) -> list[tuple[int, ifd.Value]]:
    """Return the tags that each page has of its own; the others stand in the first alone."""
    return sorted(georeferenced(metadata).items())


def _finish(file: io.BytesIO, metadata: Metadata) -> list[str]:
    """Add to the first page what else the picture carries, each tag with its own type."""
    tags = tags_of(metadata._replace(dpi=None))
    if metadata.xmp:
        tags[XMP] = ifd.Value(ifd.BYTE, len(metadata.xmp), metadata.xmp)
    return ["its EXIF and XMP were not kept in a file of this size"] if tags and not ifd.add(file, tags) else []


CODEC = Codec(decoder.finish, encode, decoder.load, encode_maps=encode_maps, frames=frames)
