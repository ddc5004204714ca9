"""XMP packets: freed of what is no longer true, or not to be told.

After XMP Specification Part 1 (ISO 16684-1). What goes is taken out by regular expressions, so that all else stays byte
by byte as it was.
"""

from __future__ import annotations

import re
from typing import Any

EXIF_NAMES = rb"http://ns\.adobe\.com/exif/1\.0/"
TURNED = re.compile(rb"((?:tiff:Orientation\s*=\s*[\"']|<tiff:Orientation>)\s*)[2-8]")
THUMBNAILS = re.compile(rb"<(xmp|xap):Thumbnails>.*?</\1:Thumbnails>", re.DOTALL)


def portable(xmp: str | bytes) -> bytes:
    """Return a packet that turns nothing and shows no old thumbnail; raises ValueError where it is no XML."""
    from xml.parsers import expat

    packet = (xmp.encode() if isinstance(xmp, str) else xmp).rstrip(b"\0")
    parser = expat.ParserCreate()

    def refuse(*_: Any) -> None:
        raise ValueError("it declares a document type")

    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(packet, True)
    except (expat.ExpatError, LookupError) as error:
        raise ValueError(str(error)) from None
    return THUMBNAILS.sub(b"", TURNED.sub(rb"\g<1>1", packet))


def without_place(xmp: bytes) -> bytes:
    """Return a packet without the properties exif:GPS*; nothing where some may be left."""
    for prefix in {b"exif", *re.findall(rb"xmlns:([\w.-]+)\s*=\s*[\"']" + EXIF_NAMES, xmp)}:
        name = re.escape(prefix) + rb":GPS\w+"
        xmp = re.sub(rb"\s" + name + rb"\s*=\s*(\"[^\"]*\"|'[^']*')", b"", xmp)
        xmp = re.sub(rb"<(" + name + rb")\b[^>]*?(/>|>.*?</\1\s*>)", b"", xmp, flags=re.DOTALL)
    return b"" if re.search(rb"GPS[A-Z]", xmp) or b"\0" in xmp else xmp
