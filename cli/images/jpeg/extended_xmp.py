"""XMP that is too long for one JPEG segment: joined on reading, split on writing.

After XMP Specification Part 3 (Adobe, 2020), section 1.1.3.1.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence

from ..xml_text import Namespaces, Tag, declared_prefix, walk

SIGNATURE = b"http://ns.adobe.com/xmp/extension/\0"
GUID = 32
"""Bytes of the digest that names the extension."""
HEAD = struct.Struct(">II")
"""The total length, and the offset of a part."""
LONGEST = 65400
"""Bytes of a part, as in other programs."""
NOTE = b"http://ns.adobe.com/xmp/note/"
RDF = b"http://www.w3.org/1999/02/22-rdf-syntax-ns#"
MAIN = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="%s"/></rdf:RDF></x:xmpmeta>'
    b'<?xpacket end="w"?>'
)
"""A packet that contains only a reference to its extension."""


def joined(packet: bytes, segments: Sequence[bytes]) -> bytes:
    """Return a packet joined with its extension; raises ValueError if that is incomplete.

    *segments* are the contents of the APP1 segments of the file.
    """
    parts = [body for body in segments if body.startswith(SIGNATURE)]
    main = _Packet(packet) if parts else None
    if main is None or not main.extension:
        return packet
    start = len(SIGNATURE) + GUID
    found = {
        HEAD.unpack_from(body, start)[1]: body[start + HEAD.size :]
        for body in parts
        if body[len(SIGNATURE) : start].upper() == main.extension.upper() and len(body) > start + HEAD.size
    }
    length = max((HEAD.unpack_from(body, start)[0] for body in parts if len(body) > start + HEAD.size), default=0)
    at = 0
    for place in sorted(found):
        if place != at:
            raise ValueError("a part of it is missing")
        at += len(found[place])
    if not found or at != length:
        raise ValueError("a part of it is missing")
    return _merged(main, _Packet(b"".join(found[at] for at in sorted(found))))


class _Packet:
    """A parsed packet."""

    def __init__(self, packet: bytes) -> None:
        self.packet = packet
        self.extension = b""
        """The digest that it names."""
        self.rdf: Tag | None = None
        """The tag around its properties."""
        self.inner_end = self.root_end = 0
        """The end of the properties, and of the outermost element."""
        self.root_start = -1
        self.declared: dict[bytes, tuple[bytes, bytes]] = {}
        """The namespaces of the prefixes that are declared around the properties, and the declarations."""
        self._namespaces = Namespaces({})
        self._open: list[Tag] = []
        walk(packet, self._opened, self._closed)

    def _opened(self, tag: Tag) -> None:
        self._namespaces.open(tag)
        self._open.append(tag)
        if self.root_start < 0:
            self.root_start = tag.start
        if self.rdf is None and self._is(tag.name, RDF, b"RDF"):
            self.rdf = tag
            self.declared = {
                prefix: (attribute.value.strip(), self.packet[attribute.start : attribute.end])
                for above in self._open
                for attribute in above.attributes
                if (prefix := declared_prefix(attribute.name))
            }
        for attribute in tag.attributes:
            if b":" in attribute.name and self._is(attribute.name, NOTE, b"HasExtendedXMP"):
                self.extension = attribute.value.strip()

    def _closed(self, inner: int, end: int) -> None:
        tag = self._open.pop()
        if tag is self.rdf:
            self.inner_end = inner
        elif self._is(tag.name, NOTE, b"HasExtendedXMP"):
            self.extension = self.packet[tag.end : inner].strip()
        self._namespaces.close()
        self.root_end = end

    def _is(self, name: bytes, namespace: bytes, local: bytes) -> bool:
        found, _, own = self._namespaces.of(name)
        return (found, own) == (namespace, local)


def _merged(main: _Packet, extension: _Packet) -> bytes:
    if main.rdf is None or extension.rdf is None or main.rdf.empty:
        raise ValueError("it is not understood")
    new = {prefix: told for prefix, told in extension.declared.items() if prefix not in main.declared}
    if any(told[0] != main.declared[prefix][0] for prefix, told in extension.declared.items() if prefix not in new):
        raise ValueError("its prefixes stand for other namespaces")
    after = main.rdf.start + 1 + len(main.rdf.name)
    declarations = b"".join(declaration for _, declaration in new.values())
    properties = extension.packet[extension.rdf.end : extension.inner_end]
    packet = main.packet
    return packet[:after] + declarations + packet[after : main.inner_end] + properties + packet[main.inner_end :]


def split(packet: bytes, longest: int) -> tuple[bytes, list[bytes]]:
    """Return a packet of *longest* bytes at most, and the contents of the segments of its extension."""
    if len(packet) <= longest:
        return packet, []
    whole = _Packet(packet)
    extension = packet[whole.root_start : whole.root_end]
    guid = hashlib.md5(extension, usedforsecurity=False).hexdigest().upper().encode()
    parts = [
        SIGNATURE + guid + HEAD.pack(len(extension), at) + extension[at : at + LONGEST]
        for at in range(0, len(extension), LONGEST)
    ]
    return MAIN % guid, parts
