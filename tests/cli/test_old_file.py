"""What a file says of itself stays true in the result, or goes: maker notes, IPTC, XMP, parts of a file, the stamp."""

import hashlib
import importlib.util
import io
import re
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from imfilter.cli.images import formats, ifd, photoshop, xmp
from imfilter.cli.images.jpeg import encoder, extended_xmp, segments
from imfilter.cli.images.metadata import SELF_CONTAINED
from PIL import Image, JpegImagePlugin

SPEC = importlib.util.spec_from_file_location("corpus", Path(__file__).parents[1] / "corpus.py")
corpus = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(corpus)
KEEP = ("conv", "--kernel", "1")
OWNER = b"Jane Doe, owner of the camera\0"


def jpeg(rgb, *more, **options):
    """A JPEG with *more* segments, markers and bodies, behind its first."""
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", **options)
    data = file.getvalue()
    parts = b"".join(struct.pack(">BBH", 0xFF, marker, 2 + len(body)) + body for marker, body in more)
    return data[:20] + parts + data[20:]


def bodies(data, marker):
    return [bytes(each.body) for each in segments.read(data) if each.marker == marker]


# ---- maker notes ------------------------------------------------------------------------------------


def exif_with_note(order, at, start=b""):
    """An EXIF block whose maker note, like Canon's, counts from the block's beginning; it lies *at* an offset."""
    note = start + struct.pack(f"{order}HHHII", 1, 9, 2, len(OWNER), at + len(start) + 18) + bytes(4) + OWNER
    shot = struct.pack(f"{order}HHHIII", 1, 37500, 7, len(note), at, 0)
    first = struct.pack(f"{order}HHHI4sHHIII", 2, 271, 2, 4, b"Can\0", 34665, 4, 1, 38, 0)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8) + first + shot
    return head.ljust(at, b"\0") + note


def owner(block, start=0):
    """Read the owner through all offsets, as programs do."""
    order = "<" if block[:2] == b"II" else ">"

    def entry(at, wanted):
        (count,) = struct.unpack_from(f"{order}H", block, at)
        for number in range(count):
            tag, _, many, value = struct.unpack_from(f"{order}HHII", block, at + 2 + 12 * number)
            if tag == wanted:
                return many, value
        raise AssertionError(f"no tag {wanted}")

    (first,) = struct.unpack_from(f"{order}I", block, 4)
    _, note = entry(entry(first, 34665)[1], 37500)
    many, value = entry(note + start, 9)
    return block[value : value + many]


def exif_of(name):
    """The EXIF block of a file, from its TIFF header on."""
    data = Path(name).read_bytes()
    if name.endswith("tif"):
        return data
    with Image.open(name) as image:
        return image.info["exif"].removeprefix(b"Exif\0\0")


@pytest.mark.parametrize("into", ["jpg", "png", "webp", "avif", "tif"])
@pytest.mark.each("order", ["<", ">"])
@pytest.mark.each("at", [200, 1001, 30_000])
def test_a_maker_note_stays_where_its_offsets_are_true(ok, rgb, into, order, at):
    block = exif_with_note(order, at)
    assert owner(block) == OWNER
    Path("in.jpg").write_bytes(jpeg(rgb, (0xE1, b"Exif\0\0" + block)))
    ok(*KEEP, "in.jpg", "-o", f"out.{into}")
    ok(*KEEP, f"out.{into}", "-o", f"again.{into}")
    for name in (f"out.{into}", f"again.{into}"):
        found = exif_of(name)
        if into == "tif" and order == ">":  # a note that does not tell its byte order keeps its bytes and place
            assert found[at + 18 : at + 18 + len(OWNER)] == OWNER
        else:
            assert owner(found) == OWNER
        with Image.open(name) as image:
            image.load()


@pytest.mark.parametrize("depth", ["8", "16", "float"])
def test_pixels_move_for_a_maker_note(ok, rgb, depth):
    Path("in.jpg").write_bytes(jpeg(rgb, (0xE1, b"Exif\0\0" + exif_with_note("<", 777))))
    ok(*KEEP, "in.jpg", "-o", "out.tif", "--depth", depth)
    Path("plain.jpg").write_bytes(jpeg(rgb))
    ok(*KEEP, "plain.jpg", "-o", "plain.tif", "--depth", depth)
    assert owner(exif_of("out.tif")) == OWNER
    assert np.array_equal(tifffile.imread("out.tif"), tifffile.imread("plain.tif"))


def test_a_note_that_cannot_stay_is_told_of(run, rgb):
    Image.fromarray(rgb).save("base.tif")
    block = exif_with_note("<", 1 << 19)
    data = bytearray(block)
    strip = Image.open("base.tif").tobytes()
    # A TIFF around the block: the note lies far behind, as in a large file.
    entries = sorted(
        [
            (256, 4, 1, 40), (257, 4, 1, 24), (258, 3, 1, 8), (262, 3, 1, 1), (273, 4, 1, len(data)),
            (277, 3, 1, 1), (278, 4, 1, 24), (279, 4, 1, 960), (34665, 4, 1, 38),
        ]
    )  # fmt: skip
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *each) for each in entries) + bytes(4)
    data += strip[:960]
    struct.pack_into("<I", data, 4, len(data))
    Path("in.tif").write_bytes(bytes(data) + directory)
    ended = run(*KEEP, "in.tif", "-o", "out.png")
    assert (ended.code, len(ended.lines)) == (0, 1)
    assert "maker note was not kept" in ended.err


def test_a_note_with_offsets_of_its_own_needs_no_room(ok, rgb):
    block = exif_with_note("<", 30_000, start=SELF_CONTAINED[0])
    Path("in.jpg").write_bytes(jpeg(rgb, (0xE1, b"Exif\0\0" + block)))
    ok(*KEEP, "in.jpg", "-o", "out.jpg")
    assert OWNER in exif_of("out.jpg")
    assert len(exif_of("out.jpg")) < 1000


def test_a_block_too_long_loses_its_note_first(run, rgb):
    tags = ifd.read(exif_with_note("<", 66_000), anchored={37500}) | {270: ifd.text(b"a" * 1000)}
    Image.fromarray(rgb).save("in.png", exif=ifd.block(tags))
    ended = run(*KEEP, "in.png", "-o", "out.jpg")
    assert (ended.code, len(ended.lines)) == (0, 1)
    assert "the maker note was not kept" in ended.err
    assert ifd.read(exif_of("out.jpg"))[270].text() == b"a" * 1000


# ---- IPTC -------------------------------------------------------------------------------------------


def iptc(*texts, record=2):
    return b"".join(struct.pack(">BBBH", 0x1C, record, number, len(text)) + text for number, text in texts)


WORDS = iptc((5, b"A title"), (25, b"one"), (25, b"two"), (120, b"Caption"))
PREVIEW = iptc((200, b"\0\1"), (202, b"old pixels"))


def resources(*parts):
    return b"Photoshop 3.0\0" + b"".join(
        b"8BIM" + struct.pack(">HHI", number, 0, len(body)) + body + b"\0" * (len(body) % 2) for number, body in parts
    )


def resources_of(name):
    data = b"".join(body.removeprefix(b"Photoshop 3.0\0") for body in bodies(Path(name).read_bytes(), 0xED))
    return dict(photoshop._resources(data))


def test_iptc_stays_and_what_is_of_the_old_file_goes(ok, rgb):
    body = resources(
        (0x03ED, bytes(16)), (0x0404, WORDS + PREVIEW), (0x040C, b"thumbnail"), (0x040A, b"\1"), (0x0425, b"x" * 16)
    )
    Path("in.jpg").write_bytes(jpeg(rgb, (0xED, body[:90]), (0xED, b"Photoshop 3.0\0" + body[90:])))
    ok(*KEEP, "in.jpg", "-o", "out.jpg")
    assert resources_of("out.jpg") == {0x0404: WORDS, 0x040A: b"\1", 0x0425: hashlib.md5(WORDS).digest()}


@pytest.mark.each("number", [0x0401, 2000, 2997, 2999])
def test_paths_of_photoshop_are_told_of(run, rgb, number):
    paths = resources((number, bytes(26)), (0x0404, WORDS))
    Path("in.jpg").write_bytes(jpeg(rgb, (0xED, paths)))
    assert run(*KEEP, "in.jpg", "-o", "out.tif").lines == ["imfilter: in.jpg: its Photoshop paths were not kept"]
    block = paths.removeprefix(b"Photoshop 3.0\0")
    tifffile.imwrite("in.tif", rgb, extratags=[(34377, 1, len(block), block, True)], metadata=None)
    assert run(*KEEP, "in.tif", "-o", "out.jpg").lines == ["imfilter: in.tif: its Photoshop paths were not kept"]
    assert resources_of("out.jpg")[0x0404] == WORDS


def test_iptc_of_a_photoshop_document_stays(run, rgb):
    parts = resources((2001, bytes(26)), (0x0404, WORDS)).removeprefix(b"Photoshop 3.0\0")
    height, width, _ = rgb.shape
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, height, width, 8, 3)
    sections = b"".join(len(part).to_bytes(4) + part for part in (b"", parts, b""))
    Path("in.psd").write_bytes(head + sections + b"\0\0" + np.moveaxis(rgb, 2, 0).tobytes())
    assert run(*KEEP, "in.psd", "-o", "out.jpg").lines == ["imfilter: in.psd: its Photoshop paths were not kept"]
    assert resources_of("out.jpg")[0x0404] == WORDS


def test_iptc_goes_through_tiff(ok, rgb):
    Path("in.jpg").write_bytes(jpeg(rgb, (0xED, resources((0x0404, WORDS), (0x040B, b"http://a.b")))))
    ok(*KEEP, "in.jpg", "-o", "one.tif")
    ok(*KEEP, "one.tif", "-o", "two.tif", "--depth", "16")
    ok(*KEEP, "two.tif", "-o", "out.jpg", "--depth", "8")
    for name in ("one.tif", "two.tif"):
        with tifffile.TiffFile(name) as file:
            assert file.pages.first.tags[33723].value == WORDS
            assert b"http://a.b" in bytes(file.pages.first.tags[34377].value)
    assert resources_of("out.jpg")[0x0404] == WORDS
    assert resources_of("out.jpg")[0x040B] == b"http://a.b"
    assert Path("out.jpg").read_bytes().count(b"A title") == 1


TITLES = {"webp": "WebP"}


@pytest.mark.each("into", ["png", "webp", "bmp", "ppm"])
def test_a_format_without_iptc_costs_a_word(run, rgb, into):
    Path("in.jpg").write_bytes(jpeg(rgb, (0xED, resources((0x0404, WORDS)))))
    ended = run(*KEEP, "in.jpg", "-o", f"out.{into}")
    said = f"imfilter: in.jpg: {TITLES.get(into, into.upper())} cannot hold its IPTC; use .jpg or .tif"
    assert (ended.code, ended.lines) == (0, [said])
    assert run(*KEEP, "in.jpg", "-o", f"out.{into}", "--strip").err == ""


@pytest.mark.each(
    "body", [resources((0x0404, WORDS))[:-9], b"Photoshop 3.0\0rubbish, more of it", resources((0x0404, WORDS[:-3]))]
)
def test_damaged_iptc_costs_a_word(run, rgb, body):
    Path("in.jpg").write_bytes(jpeg(rgb, (0xED, body)))
    ended = run(*KEEP, "in.jpg", "-o", "out.jpg")
    assert (ended.code, len(ended.lines)) == (0, 1)
    assert "IPTC is damaged" in ended.err


# ---- XMP --------------------------------------------------------------------------------------------

NAMESPACES = {
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
    "hdrgm": "http://ns.adobe.com/hdr-gain-map/1.0/",
    "C": "http://ns.google.com/photos/1.0/container/",
    "Item": "http://ns.google.com/photos/1.0/container/item/",
    "GCamera": "http://ns.google.com/photos/1.0/camera/",
    "GDepth": "http://ns.google.com/photos/1.0/depthmap/",
    "GImage": "http://ns.google.com/photos/1.0/image/",
}
XAP = b"http://ns.adobe.com/xap/1.0/\0"


def packet(attributes="", elements="", about=""):
    used = {prefix for prefix in NAMESPACES if f"{prefix}:" in attributes + elements}
    declared = " ".join(f'xmlns:{prefix}="{NAMESPACES[prefix]}"' for prefix in sorted(used))
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="{about}" {declared} {attributes}>{elements}</rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


def xmp_of(name):
    return next(body[len(XAP) :] for body in bodies(Path(name).read_bytes(), 0xE1) if body.startswith(XAP))


DIRECTORY = (
    '<C:Directory><rdf:Seq><rdf:li rdf:parseType="Resource"><C:Item Item:Semantic="Primary" Item:Mime="image/jpeg"/>'
    '</rdf:li><rdf:li rdf:parseType="Resource"><C:Item Item:Semantic="GainMap" Item:Length="900"/></rdf:li></rdf:Seq>'
    "</C:Directory><dc:title>kept</dc:title>"
)


@pytest.mark.each(
    "attributes, elements, part",
    [
        ('hdrgm:Version="1.0"', DIRECTORY, "gain map"),
        ("", "<hdrgm:Version>1.0</hdrgm:Version>" + DIRECTORY, "gain map"),
        ('GCamera:MicroVideo="1" GCamera:MicroVideoOffset="88"', "<dc:title>kept</dc:title>", "video"),
        ('GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1"', DIRECTORY, "video"),
        ('GDepth:Format="RangeInverse"', "<dc:title>kept</dc:title>", "depth map"),
        ('GImage:Mime="image/jpeg" GImage:Data="AAAA"', "<dc:title>kept</dc:title>", "unfiltered copy"),
    ],
)
@pytest.mark.each("into", ["jpg", "png"])
def test_parts_of_the_old_file_go_with_their_words(run, rgb, attributes, elements, part, into):
    other = 'GCamera:CaptureMode="Portrait"'
    behind = {"gain map": jpeg(rgb), "video": b"\0\0\0\x18ftypmp42" + bytes(64)}.get(part, b"")
    Path("in.jpg").write_bytes(jpeg(rgb, (0xE1, XAP + packet(f"{attributes} {other}", elements))) + behind)
    ended = run(*KEEP, "in.jpg", "-o", f"out.{into}")
    assert (ended.code, len(ended.lines)) == (0, 1)
    assert f"its {part} was not kept" in ended.err
    data = Path(f"out.{into}").read_bytes()
    assert b">kept<" in data and b"CaptureMode" in data
    words = (b"hdrgm", b"Directory", b"GainMap", b"MicroVideo", b"MotionPhoto", b"GDepth", b"GImage")
    assert not [word for word in words if word in data]


@pytest.mark.each(
    "data, part",
    [
        (lambda rgb: jpeg(rgb) + b"\0\0\0\x18ftypmp42" + bytes(40), "video"),
        (lambda rgb: jpeg(rgb) + b"MotionPhoto_Data" + bytes(40), "video"),
        (lambda rgb: jpeg(rgb, (0xE2, b"urn:iso:std:iso:ts:21496:-1\0" + bytes(4))) + jpeg(rgb), "gain map"),
    ],
)
def test_parts_without_words_are_told_of(run, rgb, data, part):
    Path("in.jpg").write_bytes(data(rgb))
    ended = run(*KEEP, "in.jpg", "-o", "out.jpg")
    assert (ended.code, len(ended.lines)) == (0, 1)
    assert f"its {part} was not kept" in ended.err
    assert b"21496" not in Path("out.jpg").read_bytes()


def test_xmp_tells_the_size_and_type_of_the_result(ok, rgb):
    told = 'tiff:ImageWidth="40" exif:PixelXDimension="40" tiff:BitsPerSample="16" dc:format="image/tiff"'
    inner = "<tiff:ImageLength>24</tiff:ImageLength><exif:PixelYDimension>24</exif:PixelYDimension>"
    Path("in.jpg").write_bytes(jpeg(rgb, (0xE1, XAP + packet(f'{told} exif:FNumber="4/1"', inner))))
    ok("pool", "--size", "2", "in.jpg", "-o", "out.jpg")
    found = xmp_of("out.jpg")
    for word in (
        b'ImageWidth="20"',
        b'PixelXDimension="20"',
        b"ImageLength>12<",
        b"PixelYDimension>12<",
        b'"image/jpeg"',
    ):
        assert word in found
    assert b"BitsPerSample" not in found and b'FNumber="4/1"' in found


def test_properties_of_xmp_are_known_by_their_namespace():
    own = packet('tiff:Orientation="6"', "<hdrgm:Version><hdrgm:Version/></hdrgm:Version><dc:title>kept</dc:title>")
    other = own.replace(b"tiff", b"t").replace(b"http://ns.adobe.com/t/", b"http://ns.adobe.com/tiff/")
    for data in (own, other.replace(b"hdrgm", b"h"), own.decode().encode("utf-16")):
        found, parts = xmp.portable(data)
        assert b':Orientation="1"' in found and b">kept<" in found
        assert b"Version" not in found and b"hdr-gain-map" not in found
        assert parts == ("gain map",)
    foreign = own.replace(b"http://ns.adobe.com/tiff/1.0/", b"urn:other")
    assert b'tiff:Orientation="6"' in xmp.portable(foreign).packet


def test_the_rest_of_xmp_stays_byte_by_byte():
    data = packet(
        "tiff:Make = 'a>b'  dc:format='x'", "<!-- <dc:format>x</dc:format> --><dc:format >x</dc:format >&#65;"
    )
    found = xmp.described(data, (1, 2), "image/png")
    assert found == data.replace(b"dc:format='x'", b"dc:format='image/png'").replace(
        b"<dc:format >x<", b"<dc:format >image/png<"
    )


LONG = packet("", "<dc:title>" + "long " * 40_000 + "</dc:title><dc:rights>the end</dc:rights>")


def test_long_xmp_is_split_and_joined(ok, rgb):
    first, parts = extended_xmp.split(LONG, encoder.LONGEST_XMP)
    assert len(parts) == 4 and all(len(part) <= encoder.LONGEST_SEGMENT for part in parts)
    guid = re.search(rb'HasExtendedXMP="(\w{32})"', first)[1]
    assert hashlib.md5(LONG).hexdigest().upper().encode() == guid
    # Parts come in any order.
    Path("in.jpg").write_bytes(jpeg(rgb, (0xE1, XAP + first), *((0xE1, part) for part in reversed(parts))))
    ok(*KEEP, "in.jpg", "-o", "out.png")
    ok(*KEEP, "out.png", "-o", "back.jpg")
    data = Path("out.png").read_bytes()
    assert b"long " * 40_000 in data and b"the end" in data and b"HasExtendedXMP" not in data
    body = Path("back.jpg").read_bytes()
    assert sum(each.startswith(extended_xmp.SIGNATURE) for each in bodies(body, 0xE1)) == 4
    assert b"the end" in extended_xmp.joined(xmp_of("back.jpg"), bodies(body, 0xE1))


def test_properties_of_packet_and_extension_come_together(ok, rgb):
    extension = packet("", "<dc:rights>ours</dc:rights>")
    guid = hashlib.md5(extension).hexdigest().upper().encode()
    first = packet(f'xmpNote:HasExtendedXMP="{guid.decode()}"', "<dc:title>first</dc:title>")
    part = extended_xmp.SIGNATURE + guid + struct.pack(">II", len(extension), 0) + extension
    Path("in.jpg").write_bytes(jpeg(rgb, (0xE1, XAP + first), (0xE1, part)))
    ok(*KEEP, "in.jpg", "-o", "out.jpg")
    found = xmp_of("out.jpg")
    assert b">first<" in found and b">ours<" in found and b"HasExtendedXMP" not in found
    assert xmp.portable(found).packet == found


def test_an_extension_that_is_not_whole_costs_a_word(run, rgb):
    first, parts = extended_xmp.split(LONG, encoder.LONGEST_XMP)
    Path("in.jpg").write_bytes(jpeg(rgb, (0xE1, XAP + first), *((0xE1, part) for part in parts[1:])))
    ended = run(*KEEP, "in.jpg", "-o", "out.jpg")
    assert (ended.code, len(ended.lines)) == (0, 1)
    assert "XMP is damaged" in ended.err
    assert b"HasExtendedXMP" not in Path("out.jpg").read_bytes()


# ---- the colour space ---------------------------------------------------------------


def test_colours_that_became_srgb_say_so(ok, rgb):
    other = {ifd.INTEROPERABILITY: ifd.Value(4, 1, b"", {1: ifd.text(b"R03")}), 40961: ifd.short(65535)}
    block = ifd.block({271: ifd.text(b"a"), ifd.EXIF: ifd.Value(4, 1, b"", other)})
    file = io.BytesIO()
    Image.fromarray(rgb).convert("CMYK").save(file, "JPEG", exif=block)
    Path("in.jpg").write_bytes(file.getvalue())
    ok(*KEEP, "in.jpg", "-o", "out.jpg", "--to-rgb")
    shot = ifd.read(exif_of("out.jpg"))[ifd.EXIF].below
    assert shot[40961].integers() == (1,)
    assert shot[ifd.INTEROPERABILITY].below[1].text() == b"R98"


# ---- the stamp --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "format",
    [name for name, format in formats.WRITTEN.items() if name != "pbm" and not (format.data_set or format.folder)],
)
@pytest.mark.parametrize("option", ["--strip", "--no-stamp"])
def test_no_file_names_the_program(ok, rgb, format, option):
    Path("in.jpg").write_bytes(jpeg(rgb, (0xED, resources((0x0404, WORDS))), comment=b"mine", dpi=(300, 300)))
    needed = {"pgm": ("--channels", "luma"), "pfm": ("--depth", "float")}.get(format, ())
    ok(*KEEP, "in.jpg", "-o", "out", "--to", format, option, *needed, "-q")
    data = Path("out").read_bytes()
    assert b"imfilter" not in data
    if option == "--strip":
        assert b"mine" not in data and b"A title" not in data
        if format not in ("ppm", "pgm", "pam", "pfm", "npy"):
            with Image.open("out") as image:
                assert image.info.get("dpi", (1, 1)) in ((1, 1), (0, 0), (96, 96), (72, 72)) or format == "bmp"
    elif format in ("jpeg", "png", "tiff", "gif"):
        assert b"mine" in data


def test_frames_without_a_stamp(ok, rgb):
    frames = [Image.fromarray(rgb), Image.fromarray(rgb[::-1].copy())]
    frames[0].save("in.gif", save_all=True, append_images=frames[1:])
    for suffix in ("gif", "webp", "png", "tif"):
        ok(*KEEP, "in.gif", "-o", f"out.{suffix}", "--strip", "-q")
        assert b"imfilter" not in Path(f"out.{suffix}").read_bytes()


def test_an_update_without_stamps_goes_by_time(run, rgb):
    import os

    Path("in.jpg").write_bytes(jpeg(rgb))
    os.utime("in.jpg", ns=(0, Path("in.jpg").stat().st_mtime_ns - 3600 * 10**9))
    words = ("blur", "in.jpg", "-o", "out.jpg", "--update")

    def done(*more):
        before = Path("out.jpg").stat().st_ino if Path("out.jpg").exists() else None
        ended = run(*words, *more)
        assert ended.code == 0
        assert ("compares times only" in ended.err) is bool({"--strip", "--no-stamp"} & set(more))
        return Path("out.jpg").stat().st_ino != before

    assert done()
    # One with a stamp is not what was asked for, whatever its time.
    assert done("--no-stamp")
    assert not done("--no-stamp")
    assert not done("--no-stamp", "--sigma", "3")
    assert done()


# ---- --quality keep ---------------------------------------------------------------------------------


def coding(name):
    with Image.open(name) as image:
        steps = [image.quantization[table] for _, _, _, table in image.layer]
        return steps, JpegImagePlugin.get_sampling(image)


@pytest.mark.parametrize("options", [{"quality": 30}, {"quality": 88, "subsampling": 1}, {"subsampling": 0}], ids=str)
def test_a_jpeg_keeps_its_own_quality(ok, rgb, options, monkeypatch):
    monkeypatch.setattr(encoder, "BAND", 1)  # several bands, with restart markers
    Path("in.jpg").write_bytes(jpeg(np.tile(rgb, (3, 3, 1)), **options))
    ok(*KEEP, "in.jpg", "-o", "out.jpg", "--quality", "keep")
    assert coding("out.jpg") == coding("in.jpg")
    ok(*KEEP, "in.jpg", "-o", "strip.jpg", "--quality", "keep", "--strip")
    assert coding("strip.jpg") == coding("in.jpg")
    ok("edges", "in.jpg", "-o", "edges.jpg", "--quality", "keep")
    assert coding("edges.jpg")[0] == coding("in.jpg")[0][:1]


def test_what_is_no_jpeg_has_no_quality_to_keep(ok, png):
    ok(*KEEP, "a.png", "-o", "out.jpg", "--quality", "keep")
    ok(*KEEP, "a.png", "-o", "same.jpg")
    assert coding("out.jpg") == coding("same.jpg")


@pytest.mark.each("words", ["0", "101", "best", "", "7.5"])
def test_a_quality_that_is_none_is_refused(refused, png, words):
    assert "from 1 to 100 nor keep" in refused(2, *KEEP, "a.png", "-o", "out.jpg", "--quality", words)


# ---- places in the picture --------------------------------------------------------------------------


FACES = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:GPano="http://ns.google.com/photos/1.0/panorama/"
 xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" GPano:FullPanoWidthPixels="40" dc:format="image/jpeg">
<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag><rdf:li><rdf:Description mwg-rs:Name="Jane">
<mwg-rs:Area stArea:x="0.3" stArea:y="0.4" stArea:w="0.1" stArea:h="0.1" stArea:unit="normalized"/>
</rdf:Description></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>
<dc:creator>Jane Doe</dc:creator></rdf:Description></rdf:RDF></x:xmpmeta>"""
MOVED = "regions (of faces) and panorama coordinates in XMP were not kept, as its samples moved"


def test_regions_in_xmp_stay_where_the_samples_do(ok, rgb):
    Image.fromarray(rgb).save("in.jpg", xmp=FACES)
    ok("blur", "in.jpg", "-o", "out.jpg")
    kept = Path("out.jpg").read_bytes()
    assert b'mwg-rs:Name="Jane"' in kept
    assert b"FullPanoWidthPixels" in kept


@pytest.mark.parametrize(
    ("words", "orientation"),
    [(("pool", "--size", "2"), 1), (("conv", "--kernel", "mean3", "--padding", "valid"), 1), (("blur",), 6)],
    ids=str,
)
@pytest.mark.parametrize("suffix", ["jpg", "tif", "png"])
def test_regions_in_xmp_go_with_a_note_where_samples_move(run, rgb, words, orientation, suffix):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(rgb).save("in.jpg", xmp=FACES, exif=exif)
    ended = run(*words, "in.jpg", "-o", f"out.{suffix}")
    assert ended.lines == [f"imfilter: in.jpg: its {MOVED}"]
    kept = Path(f"out.{suffix}").read_bytes()
    assert b"Jane Doe" in kept
    assert b"Regions" not in kept
    assert b"GPano" not in kept


def test_the_iptc_of_a_photoshop_document_is_kept(ok, run, rgb):
    body = struct.pack(">4sHHI", b"8BIM", 0x0404, 0, len(WORDS)) + WORDS + b"\0" * (len(WORDS) % 2)
    Path("in.psd").write_bytes(corpus.psd(rgb, 3, resources=body))
    ok("blur", "in.psd", "-o", "out.jpg")
    assert WORDS in Path("out.jpg").read_bytes()
    cut = WORDS[:-1]
    body = struct.pack(">4sHHI", b"8BIM", 0x0404, 0, len(cut)) + cut + b"\0" * (len(cut) % 2)
    Path("in.psd").write_bytes(corpus.psd(rgb, 3, resources=body))
    assert "its IPTC is damaged and was not kept" in run("blur", "in.psd", "-o", "out.jpg").err
