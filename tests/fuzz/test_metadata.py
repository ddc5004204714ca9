"""EXIF, XMP and ICC profiles with something wrong, in files that are else whole: the picture is read and written."""

import io

import pytest
from hypothesis import strategies as st
from PIL import Image, ImageCms

FORMATS = {"JPEG": "jpg", "PNG": "png", "TIFF": "tif", "WEBP": "webp"}
XMP = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
xmlns:exif="http://ns.adobe.com/exif/1.0/" tiff:Orientation="6" exif:GPSLatitude="1,2N" tiff:ImageWidth="7">
<exif:PixelXDimension>7</exif:PixelXDimension></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
WORDS = [b"<a>" * 20, b"&amp;", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"]]>", b"\0", b"\xff\xff", b"<rdf:li>"]


def exif():
    tags = Image.Exif()
    tags[0x0112] = 6
    tags[0x011A] = tags[0x011B] = 72.0
    tags[0x0131] = "program"
    tags.get_ifd(0x8769).update({0x9003: "2026:01:02 03:04:05", 0xA002: 7, 0xA003: 5, 0x927C: b"maker's own"})
    tags.get_ifd(0x8825).update({1: "N", 2: (1.0, 2.0, 3.0)})
    return tags.tobytes()


BLOCKS = {
    "exif": exif(),
    "xmp": XMP,
    "icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
}


def test_broken_metadata_keep_no_picture_from_being_filtered(harmless, mutated, search):
    def check(format, block, to, broken, word):
        file, blocks = io.BytesIO(), {**BLOCKS, block: broken}
        if format == "TIFF":  # Pillow would read the tags itself
            blocks = {"icc_profile": blocks["icc_profile"], "tiffinfo": {700: blocks["xmp"]}}
        Image.new("RGB", (7, 5), "red").save(file, format, **blocks)
        ended = harmless("conv", "-", "-o", f"out/out.{to}", "--kernel", "1", *word, stdin=file.getvalue())
        assert ended.code in (0, 1)

    broken = st.sampled_from([*BLOCKS]).flatmap(lambda name: st.tuples(st.just(name), mutated([BLOCKS[name]], WORDS)))
    options = st.sampled_from([[], ["--strip"], ["--strip-gps"], ["--lenient"], ["-v"]])
    search(
        lambda format, block, to, word: check(format, block[0], to, block[1], word),
        st.sampled_from([*FORMATS]),
        broken,
        st.sampled_from([*FORMATS.values()]),
        options,
        examples=60,
    )


@pytest.fixture(autouse=True)
def outputs(folder):
    (folder / "out").mkdir()
