"""What travels with the pixels, from every format to every other; read by other programs than the one that wrote it."""

import io
import json
import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from imfilter.cli.images import ifd
from PIL import Image, ImageCms

KEEP = ("conv", "--kernel", "1")
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    b'tiff:Orientation="6" exif:GPSLatitude="48,51N" dc:format="image/png">'
    b"<exif:GPSLongitude>2,17E</exif:GPSLongitude><xmp:Thumbnails><rdf:Alt>AAAA</rdf:Alt></xmp:Thumbnails>"
    b'</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
SUFFIXES = ["jpg", "png", "tif", "webp"]


def tags(orientation=1):
    """A camera's directory, with values of many types, big-endian as Nikon's and Canon's are not."""
    place = {1: ifd.Value(2, 2, b"N\0"), 2: ifd.Value(5, 3, struct.pack("<6I", 48, 1, 51, 1, 0, 1))}
    shot = {
        33434: ifd.Value(5, 1, struct.pack("<II", 1, 125)),
        37380: ifd.Value(10, 1, struct.pack("<ii", -1, 3)),
        37500: ifd.Value(7, 9, b"makernote"),
        37510: ifd.Value(7, 13, b"ASCII\0\0\0hello"),
        40962: ifd.Value(4, 1, struct.pack("<I", 40)),
        40963: ifd.Value(3, 1, struct.pack("<H", 24)),
        ifd.INTEROPERABILITY: ifd.Value(4, 1, b"", {1: ifd.Value(2, 4, b"R98\0")}),
    }
    return {
        271: ifd.Value(2, 6, b"Maker\0"),
        274: ifd.short(orientation),
        305: ifd.Value(2, 5, b"v1.0\0"),
        ifd.EXIF: ifd.Value(4, 1, b"", shot),
        ifd.GPS: ifd.Value(4, 1, b"", place),
    }


def with_thumbnail(block):
    """An EXIF block whose second directory holds a small JPEG."""
    small = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(small, "JPEG")
    data = bytearray(block.removeprefix(b"Exif\0\0"))
    data += b"\0" * (len(data) % 2)
    (count,) = struct.unpack_from("<H", data, 8)
    struct.pack_into("<I", data, 10 + 12 * count, len(data))
    at = len(data) + 2 + 24 + 4
    entries = struct.pack("<HHII", 513, 4, 1, at) + struct.pack("<HHII", 514, 4, 1, small.tell())
    return b"Exif\0\0" + bytes(data) + struct.pack("<H", 2) + entries + bytes(4) + small.getvalue()


def save(name, rgb, block=None, **more):
    options = {"lossless": True, "exact": True} if name.endswith("webp") else {}
    block = ifd.block(tags()) if block is None else block
    if name.endswith("tif"):
        file = io.BytesIO()
        Image.fromarray(rgb).save(file, "TIFF", **{key: more[key] for key in more if key in ("icc_profile", "dpi")})
        added = ifd.read(block) if block else {}
        if "xmp" in more:
            added[700] = ifd.Value(1, len(more["xmp"]), more["xmp"])
        assert ifd.add(file, added)
        Path(name).write_bytes(file.getvalue())
        return
    if name.endswith("png") and "xmp" in more:
        from PIL import PngImagePlugin

        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", more.pop("xmp").decode())
        more["pnginfo"] = info
    Image.fromarray(rgb).save(name, exif=block, **options, **more)


def parts(name):
    """The EXIF directory, XMP, comments of a file, taken out of it byte by byte."""
    data = Path(name).read_bytes()
    block, xmp, comments = b"", b"", []
    if data[:2] == b"\xff\xd8":
        at = 2
        while data[at + 1] != 0xDA:
            length = int.from_bytes(data[at + 2 : at + 4])
            body, marker = data[at + 4 : at + 2 + length], data[at + 1]
            if body.startswith(b"Exif\0\0"):
                block = body
            elif body.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
                xmp = body[29:]
            elif marker == 0xFE:
                comments.append(body)
            at += 2 + length
    elif data[:4] == b"RIFF":
        at = 12
        while at < len(data):
            kind, length = struct.unpack_from("<4sI", data, at)
            block = data[at + 8 : at + 8 + length] if kind == b"EXIF" else block
            xmp = data[at + 8 : at + 8 + length] if kind == b"XMP " else xmp
            at += 8 + length + length % 2
    elif data[:4] == b"\x89PNG":
        at = 8
        while at < len(data):
            length, kind = struct.unpack_from(">I4s", data, at)
            body = data[at + 8 : at + 8 + length]
            block = body if kind == b"eXIf" else block
            if kind == b"iTXt" and body.startswith(b"XML:com.adobe.xmp\0"):
                xmp = body[22:]
            elif kind == b"tEXt":
                comments.append(body)
            at += 12 + length
    else:
        block = data
    found = ifd.read(block) if block else {}
    if 700 in found:
        xmp = found.pop(700).data
    return found, xmp, comments


@pytest.mark.parametrize("into", SUFFIXES)
@pytest.mark.each("source", SUFFIXES)
def test_exif_keeps_every_value_and_type(ok, rgb, source, into):
    save(f"in.{source}", rgb)
    ok(*KEEP, f"in.{source}", "-o", f"out.{into}")
    found, wanted = parts(f"out.{into}")[0], tags()
    assert found[271] == wanted[271]
    assert found[ifd.EXIF].below == wanted[ifd.EXIF].below | {40962: ifd.short(40)}
    assert found[ifd.GPS].below == wanted[ifd.GPS].below


@pytest.mark.parametrize("depth", ["16", "float"])
def test_exif_xmp_and_profile_of_a_deep_tiff(ok, rgb, depth):
    save("in.jpg", rgb, icc_profile=ICC, xmp=XMP, dpi=(300, 200))
    ok(*KEEP, "in.jpg", "-o", "one.tif", "--depth", depth)
    ok(*KEEP, "one.tif", "-o", "two.tif")
    for name in ("one.tif", "two.tif"):
        found, xmp, _ = parts(name)
        assert found[271].text() == b"Maker"
        assert found[ifd.EXIF].below[33434] == tags()[ifd.EXIF].below[33434]
        assert b"dc:format" in xmp
        with tifffile.TiffFile(name) as file:
            page = file.pages.first
            assert page.get_resolution("INCH") == (300, 200)
            assert page.tags[34675].value == ICC
            assert page.tags[34665].value["ExposureTime"] == (1, 125)
            assert page.tags[34853].value["GPSLatitudeRef"] == "N"
    assert np.array_equal(tifffile.imread("one.tif"), tifffile.imread("two.tif"))


@pytest.mark.each("orientation", range(1, 9))
@pytest.mark.parametrize("source", SUFFIXES)
def test_orientation_is_cleared_everywhere(ok, rgb, load, source, orientation):
    save(f"in.{source}", rgb, ifd.block(tags(orientation)), xmp=XMP)
    ok(*KEEP, f"in.{source}", "-o", f"out.{source}")
    found, xmp, _ = parts(f"out.{source}")
    assert found.get(274, ifd.short(1)).integers() == (1,)
    assert b'tiff:Orientation="6"' not in xmp and b"dc:format" in xmp
    turned = orientation > 4
    assert found[ifd.EXIF].below[40962].integers() == (24 if turned else 40,)
    assert load(f"out.{source}").shape[:2] == ((40, 24) if turned else (24, 40))


@pytest.mark.parametrize("source", SUFFIXES)
def test_an_orientation_that_is_none_turns_nothing(ok, rgb, load, source):
    save(f"in.{source}", rgb, ifd.block(tags(9)))
    ok(*KEEP, f"in.{source}", "-o", "out.png")
    assert load("out.png").shape[:2] == (24, 40)


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_orientation_that_is_none_turns_no_deep_tiff(ok, rgb, load, orientation):
    deep = rgb.astype(np.uint16) * 257
    tifffile.imwrite("in.tif", deep, photometric="rgb", extratags=[(274, 3, 1, orientation)])
    ok(*KEEP, "in.tif", "-o", "out.tif")
    assert np.array_equal(tifffile.imread("out.tif"), deep)


@pytest.mark.parametrize("source", ["jpg", "png", "webp"])
def test_a_thumbnail_is_dropped(ok, rgb, source):
    save(f"in.{source}", rgb, with_thumbnail(ifd.block(tags())), xmp=XMP)
    ok(*KEEP, f"in.{source}", "-o", "out.png")
    found, xmp, _ = parts("out.png")
    assert b"\xff\xd8\xff" not in Path("out.png").read_bytes()
    assert b"Thumbnails" not in xmp and b"dc:format" in xmp
    assert found[271].text() == b"Maker"


@pytest.mark.parametrize("into", SUFFIXES)
@pytest.mark.each("source", SUFFIXES)
def test_xmp_and_profile_travel(ok, rgb, source, into):
    save(f"in.{source}", rgb, xmp=XMP, icc_profile=ICC)
    ok(*KEEP, f"in.{source}", "-o", f"out.{into}")
    xmp = parts(f"out.{into}")[1]
    assert b"exif:GPSLatitude" in xmp and b"<exif:GPSLongitude>" in xmp
    with Image.open(f"out.{into}") as image:
        assert image.info["icc_profile"] == ICC


@pytest.mark.parametrize("into", SUFFIXES)
@pytest.mark.each("source", SUFFIXES)
def test_where_it_was_taken_can_be_left_out(ok, rgb, source, into):
    save(f"in.{source}", rgb, xmp=XMP)
    ok(*KEEP, f"in.{source}", "-o", f"out.{into}", "--strip-gps")
    found, xmp, _ = parts(f"out.{into}")
    assert ifd.GPS not in found and ifd.EXIF in found
    assert b"dc:format" in xmp and b"GPS" not in xmp
    assert struct.pack("<6I", 48, 1, 51, 1, 0, 1) not in Path(f"out.{into}").read_bytes()


def test_where_it_was_taken_under_another_name(ok, rgb):
    save("in.jpg", rgb, xmp=XMP.replace(b"exif:", b"e:").replace(b"xmlns:exif", b"xmlns:e"))
    ok(*KEEP, "in.jpg", "-o", "out.jpg", "--strip-gps")
    assert b"GPS" not in parts("out.jpg")[1] and b"dc:format" in parts("out.jpg")[1]


@pytest.mark.parametrize("into", SUFFIXES)
def test_strip_leaves_out_all(ok, rgb, into):
    save("in.jpg", rgb, xmp=XMP, icc_profile=ICC, comment=b"a comment")
    ok(*KEEP, "in.jpg", "-o", f"out.{into}", "--strip")
    data = Path(f"out.{into}").read_bytes()
    assert not [word for word in (b"Maker", b"dc:format", b"acsp", b"a comment", b"ASCII") if word in data]


def test_a_map_carries_its_resolution_alone(ok, rgb):
    save("in.jpg", rgb, xmp=XMP, icc_profile=ICC, comment=b"a comment", dpi=(300, 300))
    ok("edges", "in.jpg", "--angle", "out.png", "--magnitude", "out.tif")
    for name in ("out.png", "out.tif"):
        data = Path(name).read_bytes()
        assert not [word for word in (b"Maker", b"dc:format", b"acsp", b"a comment") if word in data]
        with Image.open(name) as image:
            assert round(float(image.info["dpi"][0])) == 300


# ---- comments, and the program's own ----------------------------------------------------------------


def test_comments_travel_and_the_stamp_is_no_comment(ok, rgb):
    Image.fromarray(rgb).save("a.jpg", comment="grün".encode())
    ok(*KEEP, "a.jpg", "-o", "b.png")
    ok(*KEEP, "b.png", "-o", "c.jpg")
    ok(*KEEP, "c.jpg", "-o", "d.jpg")
    ok("edges", "d.jpg", "-o", "e.gif")
    ok(*KEEP, "e.gif", "-o", "f.jpg")
    for name in ("c.jpg", "d.jpg", "f.jpg"):
        stamp, *own = parts(name)[2]
        assert stamp.startswith(b"imfilter ")
        assert own == ["grün".encode()]


def test_texts_of_a_png_stay_and_say_what_tags_do(ok, run, rgb):
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Ann", zip=True)
    info.add_itxt("Title", "Ωμέγα")
    info.add_text("Software", "a scanner")
    Image.fromarray(rgb).save("a.png", pnginfo=info)
    ok(*KEEP, "a.png", "-o", "b.png")
    said = "imfilter: b.png: JPEG cannot hold its PNG texts Title; use .png"
    assert run(*KEEP, "b.png", "-o", "c.jpg").lines == [said]
    with Image.open("b.png") as image:
        assert (image.text["Author"], image.text["Title"]) == ("Ann", "Ωμέγα")
    assert parts("c.jpg")[0][315].text() == b"Ann"
    assert sum(b"imfilter" in text for text in parts("b.png")[2]) == 1


@pytest.mark.each("into, name", [("tif", "TIFF"), ("jpg", "JPEG"), ("webp", "WebP")])
def test_texts_without_a_tag_are_told_of_and_those_of_the_old_file_are_not(run, rgb, into, name):
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    for keyword in ("Title", "Description", "Disclaimer", "Software", "Creation Time", "date:create"):
        info.add_text(keyword, f"a {keyword}")
    Image.fromarray(rgb).save("a.png", pnginfo=info)
    assert run(*KEEP, "a.png", "-o", f"b.{into}").lines == [
        f"imfilter: a.png: {name} cannot hold its PNG texts Title, Disclaimer; use .png"
    ]
    assert run(*KEEP, "a.png", "-o", f"b.{into}", "--strip").lines == []
    assert run(*KEEP, "a.png", "-o", "b.png").lines == []
    info.add_text("Comment", "another description")
    Image.fromarray(rgb).save("a.png", pnginfo=info)
    lost = "Title, Disclaimer" if into == "jpg" else "Title, Description, Disclaimer"
    assert f"PNG texts {lost};" in run(*KEEP, "a.png", "-o", f"b.{into}").err


@pytest.mark.parametrize("suffix", [*SUFFIXES, "gif"])
def test_a_result_filtered_again_has_one_stamp(ok, rgb, suffix):
    save("in.jpg", rgb)
    ok(*KEEP, "in.jpg", "-o", f"a.{suffix}", "-q")
    ok(*KEEP, f"a.{suffix}", "-o", f"b.{suffix}", "-q")
    assert Path(f"b.{suffix}").read_bytes().count(b"imfilter ") == 1
    ok(*KEEP, f"a.{suffix}", "-o", f"b.{suffix}", "-q", "--update")


def test_an_update_finds_the_stamp_beside_much_else(run, rgb):
    save("in.jpg", rgb, xmp=XMP.replace(b"AAAA", b"A" * 50000), icc_profile=ICC + bytes(300_000))
    for suffix in SUFFIXES:
        words = (*KEEP, "in.jpg", "-o", f"out.{suffix}", "-v", "--update")
        run(*words)
        assert "skipped" in run(*words).err


# ---- what is damaged --------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["jpg", "png", "webp"])
@pytest.mark.parametrize(
    "block", [b"Exif\0\0rubbish", b"Exif\0\0II*\0\xff\xff\xff\x7f", ifd.block(tags())[:60]], ids=["none", "far", "cut"]
)
def test_damaged_exif_costs_a_word(run, rgb, load, source, block):
    save(f"in.{source}", rgb, block)
    ended = run(*KEEP, f"in.{source}", "-o", "out.png")
    assert (ended.code, len(ended.lines)) == (0, 1)
    assert "EXIF" in ended.err and "not kept" in ended.err
    save(f"clean.{source}", rgb, b"")
    assert np.array_equal(load("out.png"), load(f"clean.{source}"))


@pytest.mark.parametrize(
    "xmp", [b"<x:xmpmeta", b"rubbish", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'], ids=["cut", "none", "entity"]
)
def test_damaged_xmp_costs_a_word(run, rgb, xmp):
    save("in.jpg", rgb, xmp=xmp)
    ended = run(*KEEP, "in.jpg", "-o", "out.jpg")
    assert (ended.code, len(ended.lines)) == (0, 1)
    assert "XMP" in ended.err
    assert parts("out.jpg")[1] == b""


def test_a_damaged_profile_costs_a_word(run, rgb):
    save("in.jpg", rgb, icc_profile=b"rubbish" * 40)
    ended = run(*KEEP, "in.jpg", "-o", "out.jpg")
    assert (ended.code, len(ended.lines)) == (0, 1)
    assert "ICC profile" in ended.err
    assert b"rubbish" not in Path("out.jpg").read_bytes()


def test_what_jpeg_cannot_hold_costs_a_word(run, rgb):
    large = tags()
    large[270] = ifd.text(b"a" * 70000)
    save("in.png", rgb, ifd.block(large))
    ended = run(*KEEP, "in.png", "-o", "out.jpg")
    assert (ended.code, len(ended.lines)) == (0, 1)
    assert "more than JPEG can hold" in ended.err


# ---- directories ------------------------------------------------------------------------------------


def big_endian(data):
    """A directory of a text and a fraction as a big-endian file keeps it."""
    entries = struct.pack(">HHI4s", 271, 2, 3, b"Ab\0\0") + struct.pack(">HHII", 282, 5, 1, 38)
    return b"MM\0*\0\0\0\x08" + struct.pack(">H", 2) + entries + bytes(4) + struct.pack(">II", 300, 1) + data


def test_the_byte_order_is_turned_value_by_value():
    found = ifd.read(big_endian(b""))
    assert found == {271: ifd.Value(2, 3, b"Ab\0"), 282: ifd.Value(5, 1, struct.pack("<II", 300, 1))}


def test_a_directory_reads_as_it_was_written():
    assert ifd.read(ifd.block(tags())) == tags() | {
        tag: ifd.Value(4, 1, b"", tags()[tag].below) for tag in (ifd.EXIF, ifd.GPS)
    }


def test_directories_that_loop_are_seen():
    data = bytearray(ifd.block({ifd.EXIF: ifd.Value(4, 1, b"", {})}))
    struct.pack_into("<I", data, 6 + 8 + 2 + 8, 8)
    with pytest.raises(ValueError, match="loop"):
        ifd.read(bytes(data))


# ---- seen by others ---------------------------------------------------------------------------------


@pytest.mark.needs("ExifTool")
@pytest.mark.parametrize("into", SUFFIXES)
def test_exiftool_reads_the_same(ok, rgb, into):
    save("in.jpg", rgb, ifd.block(tags(6)), xmp=XMP, icc_profile=ICC, dpi=(300, 300))
    ok(*KEEP, "in.jpg", "-o", f"out.{into}")
    command = ["exiftool", "-j", "-n", "-G", "-a", f"out.{into}", "in.jpg"]
    seen, given = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    for name in ("EXIF:Make", "EXIF:ExposureTime", "EXIF:UserComment", "EXIF:GPSLatitude"):
        assert seen[name] == given[name]
    assert seen["XMP:Format"] == {"jpg": "image/jpeg", "tif": "image/tiff"}.get(into, f"image/{into}")
    assert seen.get("EXIF:Orientation", 1) == 1
    assert "ExifTool:Warning" not in seen


@pytest.mark.needs("vipsheader")
@pytest.mark.parametrize("into", SUFFIXES)
def test_libvips_reads_the_same(ok, rgb, into):
    save("in.jpg", rgb, ifd.block(tags(6)), xmp=XMP, icc_profile=ICC, dpi=(300, 300))
    ok(*KEEP, "in.jpg", "-o", f"out.{into}")
    seen = subprocess.run(["vipsheader", "-a", f"out.{into}"], capture_output=True, check=True, text=True).stdout
    assert "width: 24" in seen and "icc-profile-data" in seen and "xmp-data" in seen


def test_a_png_has_no_broken_checksum(ok, rgb):
    save("in.jpg", rgb, xmp=XMP, icc_profile=ICC)
    ok(*KEEP, "in.jpg", "-o", "out.png")
    data, at = Path("out.png").read_bytes(), 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        assert zlib.crc32(data[at + 4 : at + 8 + length]) == int.from_bytes(data[at + 8 + length : at + 12 + length])
        at += 12 + length
