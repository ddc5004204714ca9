"""What headers of JPEG and PNG tell is what their decoded pictures tell, and no pixel is read for it."""

import importlib.util
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.errors import FileError
from imfilter.cli.images import icc_profile
from imfilter.cli.images.colour_description import BT709
from imfilter.cli.images.description import of_picture, profile_name, tells_place
from imfilter.cli.images.jpeg import quality
from imfilter.cli.images.picture import Frames
from imfilter.cli.images.reader import Reader
from imfilter.filters.core.engine import transfer
from PIL import Image

SPEC = importlib.util.spec_from_file_location("corpus", Path(__file__).parents[1] / "corpus.py")
corpus = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(corpus)
KINDS = {kind.name: kind for kind in corpus.kinds() if kind.format.lower() in ("png", "jpeg", "jpg", "apng", "mpo")}
READER = Reader(1 << 22)


def described(data, name="a"):
    Path(name).write_bytes(data)
    return READER.describe(name)


def of_whole(name="a"):
    found, _ = READER.read(name)
    if isinstance(found, Frames):
        picture = found.first or next(found.decoded())
        return of_picture(picture)._replace(frames=found.count)
    return of_picture(found)


def assert_same(told, whole):
    assert told is not None
    own, other = (dict(each._asdict(), notes=None, format=None, palette=None) for each in (told, whole))
    assert own == other


def jpeg(image, **options):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", **options)
    return file.getvalue()


@pytest.mark.each("name", KINDS)
def test_a_header_tells_what_the_picture_tells(name):
    told = described(KINDS[name].data)
    if told is not None:  # an animation is told of by its frames
        assert_same(told, of_whole())


@pytest.mark.each("orientation", range(1, 9))
@pytest.mark.each("format", ["JPEG", "PNG"])
def test_orientation_and_all_beside_the_pixels_are_told(rgb, orientation, format):
    exif = Image.Exif()
    exif[274], exif[271] = orientation, "Maker"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (1.0, 2.0, 3.0)
    icc = icc_profile.made(False, BT709, transfer.SRGB, None, "Display Ω")
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, format, exif=exif.tobytes(), icc_profile=icc, dpi=(300, 300))
    told = described(file.getvalue())
    assert_same(told, of_whole())
    assert (told.width, told.height) == ((24, 40) if orientation > 4 else (40, 24))
    assert told.orientation == orientation
    assert profile_name(told.metadata) == "Display Ω" and tells_place(told.metadata)
    assert told.metadata.dpi == pytest.approx((300, 300), rel=1e-3)


def test_an_mpo_tells_of_its_first_picture_and_how_many_there_are(rgb):
    large = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    first, second = Image.fromarray(large), Image.fromarray(255 - large)
    first.save("a", "MPO", save_all=True, append_images=[second])
    told = READER.describe("a")
    assert_same(told, of_whole())
    assert told.frames == 2


def test_the_pixels_of_a_png_are_passed_over(rgb, monkeypatch):
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG")
    data = file.getvalue()
    behind = corpus.chunk(b"tEXt", b"Comment\0behind the pixels")
    whole = data[:-12] + behind + data[-12:]
    at = data.index(b"IDAT") + 4
    broken = whole[:at] + bytes(20) + whole[at + 20 :]
    assert described(broken).metadata.comments == (b"behind the pixels",)
    with pytest.raises(FileError, match="damaged"):
        READER.read("a")


def test_a_header_of_a_jpeg_that_is_longer_than_usual(rgb):
    icc = icc_profile.made(False, BT709, transfer.SRGB, None, "long")
    icc = (len(icc) + 300_000).to_bytes(4) + icc[4:] + bytes(300_000)
    told = described(jpeg(rgb, icc_profile=icc))
    assert_same(told, of_whole())
    assert len(told.metadata.icc) > 300_000


def test_what_is_no_header_is_refused(rgb):
    good = jpeg(rgb)
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG")
    png = file.getvalue()
    header = struct.pack(">IIBBBBB", 1 << 20, 1 << 20, 8, 2, 0, 0, 0)
    for data in (
        good[:30],
        png[:20],
        png[:8] + corpus.chunk(b"tEXt", b"a\0b") + png[8:],
        png[:8] + corpus.chunk(b"IHDR", header) + png[33:],
        b"",
        b"no image at all",
    ):
        with pytest.raises(FileError):
            described(data)
    bomb = corpus.chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 27)))
    with pytest.raises(FileError, match="64 MB"):
        described(png[:33] + bomb + png[33:])


@pytest.mark.each("number", [1, 10, 25, 49, 50, 51, 75, 92, 95, 100])
def test_a_quality_is_that_which_pillow_wrote(rgb, number):
    found = described(jpeg(rgb, quality=number)).metadata.coding
    assert quality.quality_of(found) == (number, True)
    odd = tuple(step + (place % 7 == 0) for place, step in enumerate(found.tables[0]))
    near = quality.quality_of(found._replace(tables=(odd,)))
    assert not near.exact and abs(near.number - number) <= 2


@pytest.mark.each("subsampling, name", [(0, "4:4:4"), (1, "4:2:2"), (2, "4:2:0")])
def test_the_chroma_has_its_name(rgb, subsampling, name):
    assert quality.chroma_of(described(jpeg(rgb, subsampling=subsampling)).metadata.coding) == name
    assert quality.chroma_of(described(jpeg(rgb[..., 0])).metadata.coding) == ""


def test_names_of_profiles_of_either_version():
    old = b"desc" + bytes(4) + struct.pack(">I", 6) + b"Adobe\0" + bytes(80)
    assert icc_profile.name(icc_profile._assembled(b"RGB ", {b"desc": old})) == "Adobe"
    texts = [(b"de", "Farben"), (b"en", "Colours\0rest")]
    body, table = b"", b""
    for language, text in texts:
        encoded = text.encode("utf-16-be")
        table += language + b"XX" + struct.pack(">II", len(encoded), 16 + 24 + len(body))
        body += encoded
    several = b"mluc" + bytes(4) + struct.pack(">II", 2, 12) + table + body
    assert icc_profile.name(icc_profile._assembled(b"RGB ", {b"desc": several})) == "Colours"
    for tag in (b"", b"mluc", b"mluc" + bytes(4) + b"\xff" * 8, b"desc" + b"\xff" * 8, b"text" + bytes(9)):
        assert icc_profile.name(icc_profile._assembled(b"RGB ", {b"desc": tag})) == ""
    assert icc_profile.name(b"short") == ""
