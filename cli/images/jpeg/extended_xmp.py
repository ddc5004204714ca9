"""XMP that is too long for one segment of a JPEG: joined when it is read, split when it is written.

After XMP Specification Part 3 (Adobe, 2020), section 1.1.3.1.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Sequence

SIGNATURE = b"http://ns.adobe.com/xmp/extension/\0"
GUID = 32
"""Bytes of the digest that names the extension."""
HEAD = struct.Struct(">II")
"""The length of the whole, and where a part belongs."""
LONGEST = 65400
"""Bytes of a part, as other programs write them."""
NAMED = re.compile(rb"HasExtendedXMP\s*(?:=\s*[\"']|>)\s*([0-9A-Fa-f]{32})")
RDF = re.compile(rb"<rdf:RDF\b[^>]*>(.*)</rdf:RDF\s*>", re.DOTALL)
DECLARED = re.compile(rb"\sxmlns:([\w.-]+)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
WRAPPER = re.compile(rb"<\?xpacket\b[^>]*\?>\s*")
MAIN = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="%s"/></rdf:RDF></x:xmpmeta>'
    b'<?xpacket end="w"?>'
)
"""A packet that tells of nothing but its extension."""


def joined(packet: bytes, segments: Sequence[bytes]) -> bytes:
    """Return a packet with the extension that it names; raises ValueError where that is not whole.

    *segments* are the contents of the APP1 segments of the file.
    """
    parts = [body for body in segments if body.startswith(SIGNATURE)]
    named = NAMED.search(packet)
    if named is None or not parts:
        return packet
    start = len(SIGNATURE) + GUID
    found = {
        HEAD.unpack_from(body, start)[1]: body[start + HEAD.size :]
        for body in parts
        if body[len(SIGNATURE) : start].upper() == named[1].upper() and len(body) > start + HEAD.size
    }
    length = max((HEAD.unpack_from(body, start)[0] for body in parts if len(body) > start + HEAD.size), default=0)
    extension = b"".join(found[at] for at in sorted(found))
    at = 0
    for place in sorted(found):
        if place != at:
            raise ValueError("a part of it is missing")
        at += len(found[place])
    if not found or at != length:
        raise ValueError("a part of it is missing")
    return _merged(packet, extension)


def _merged(packet: bytes, extension: bytes) -> bytes:
    inner, end = RDF.search(extension), packet.rfind(b"</rdf:RDF")
    start = packet.find(b"<rdf:RDF")
    if inner is None or min(start, end) < 0:
        raise ValueError("it is not understood")
    head = packet[start : packet.index(b">", start)]
    known = {each[1] for each in DECLARED.finditer(head)}
    declared = {each[1]: each[0] for each in DECLARED.finditer(extension[: inner.start(1)]) if each[1] not in known}
    after = start + len(b"<rdf:RDF")
    return packet[:after] + b"".join(declared.values()) + packet[after:end] + inner[1] + packet[end:]


def split(packet: bytes, longest: int) -> tuple[bytes, list[bytes]]:
    """Return a packet of *longest* bytes at most, and the contents of the segments of its extension."""
    if len(packet) <= longest:
        return packet, []
    extension = WRAPPER.sub(b"", packet).strip()
    guid = hashlib.md5(extension, usedforsecurity=False).hexdigest().upper().encode()
    parts = [
        SIGNATURE + guid + HEAD.pack(len(extension), at) + extension[at : at + LONGEST]
        for at in range(0, len(extension), LONGEST)
    ]
    return MAIN % guid, parts
