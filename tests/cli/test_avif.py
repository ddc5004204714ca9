"""AVIF: what it keeps, and what is refused because it would be lost."""

import io
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.images import av1, avif
from PIL import Image

pytestmark = pytest.mark.needs("AVIF in Pillow")
SAMPLE = Path(__file__).parents[2] / "sample_images" / "coffee.jpg"
KEEP = ("conv", "--kernel", "1")


@pytest.fixture
def photo():
    """A cut of a photograph."""
    with Image.open(SAMPLE) as image:
        return image.crop((100, 50, 260, 170))


def test_a_photograph_stays_within_a_few_levels(ok, load, photo):
    photo.save("in.png")
    ok(*KEEP, "in.png", "-o", "out.avif")
    off = np.abs(load("out.avif").astype(int) - np.asarray(photo))
    assert off.max() <= 16 and off.mean() < 1


def test_gray_stays_gray(ok, load, photo):
    photo.convert("L").save("in.png")
    ok(*KEEP, "in.png", "-o", "out.avif")
    ok(*KEEP, "out.avif", "-o", "out.png")
    assert load("out.png").ndim == 2 or np.ptp(load("out.png").astype(int), axis=2).max() == 0


def test_what_is_read_is_what_pillow_reads(ok, load, photo):
    photo.save("in.avif", quality=80)
    ok(*KEEP, "in.avif", "-o", "out.png")
    assert np.array_equal(load("out.png"), load("in.avif"))


def test_alpha_is_kept(ok, load, rgba):
    Image.fromarray(rgba).save("in.png")
    ok(*KEEP, "in.png", "-o", "out.avif")
    assert np.abs(load("out.avif")[..., 3].astype(int) - rgba[..., 3]).max() <= 16


def test_orientation_is_applied_and_the_rest_of_exif_kept(ok, photo):
    exif = Image.Exif()
    exif[274], exif[271] = 6, "Camera"
    photo.save("in.avif", exif=exif)
    ok(*KEEP, "in.avif", "-o", "out.avif")
    with Image.open("out.avif") as image:
        assert image.size == photo.size[::-1]
        assert (image.getexif().get(274, 1), image.getexif()[271]) == (1, "Camera")


def test_any_number_of_cores_gives_the_same_bytes(ok, photo, folder):
    photo.save("in.png")
    for cores in "12":
        ok(*KEEP, "in.png", "-o", f"{cores}.avif", "-j", cores)
    assert (folder / "1.avif").read_bytes() == (folder / "2.avif").read_bytes()


def test_an_update_knows_its_stamp(run, photo):
    photo.save("in.png")
    run(*KEEP, "in.png", "-o", "out.avif", "-u")
    assert "skipped" in run(*KEEP, "in.png", "-o", "out.avif", "-u", "-v").err


def deep(data, bits, pixi=True):
    """A file of 8 bits as one that says in `av1C`, and with *pixi* there too, that it has more."""
    at = data.index(b"av1C") + 6
    data = data[:at] + bytes((data[at] | (0x60 if bits == 12 else 0x40),)) + data[at + 1 :]
    at = data.index(b"pixi")
    if not pixi:
        return data[:at] + b"free" + data[at + 4 :]
    return data[: at + 9] + bytes((bits,)) * data[at + 8] + data[at + 9 + data[at + 8] :]


def encoded(image, **options):
    file = io.BytesIO()
    image.save(file, "AVIF", **options)
    return file.getvalue()


@pytest.mark.parametrize("pixi", [True, False])
@pytest.mark.parametrize("bits", [10, 12])
def test_the_depth_is_told_by_each_property_that_says_it(photo, bits, pixi):
    data = encoded(photo)
    assert avif.depth(data) == 8
    assert avif.depth(deep(data, bits, pixi)) == bits


def test_more_than_8_bits_need_an_extra(refused, folder, photo, monkeypatch):
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    (folder / "in.avif").write_bytes(deep(encoded(photo), 10))
    line = refused(1, *KEEP, "in.avif", "-o", "out.png")
    assert line.endswith("is an AVIF image of 10 bits, which needs an extra: pip install 'imfilter[formats]'")


@pytest.mark.needs("the extra formats")
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("bits", [10, 12])
def test_more_than_8_bits_become_16(ok, load, folder, bits, channels):
    imagecodecs = pytest.importorskip("imagecodecs")
    levels = np.random.default_rng(0).integers(1, 1 << bits, (32, 48, channels)).astype(np.uint16)
    data = imagecodecs.avif_encode(levels.squeeze(), level=100, bitspersample=bits)
    (folder / "in.avif").write_bytes(data)
    ok(*KEEP, "in.avif", "-o", "out.tif")
    meant = np.floor(levels * (65535 / ((1 << bits) - 1)) + 0.5)
    found = load("out.tif").reshape(meant.shape)
    assert np.array_equal(found, meant)


def test_frames_keep_their_times(ok, photo):
    turned = [photo.rotate(180), photo.rotate(90)]
    photo.save("in.avif", save_all=True, append_images=turned, duration=[100, 50, 20])
    ok(*KEEP, "in.avif", "-o", "out.png")
    with Image.open("in.avif") as before, Image.open("out.png") as after:
        assert (after.n_frames, after.info["loop"]) == (3, 0)
        for number, duration in enumerate((100, 50, 20)):
            before.seek(number)
            after.seek(number)
            assert np.array_equal(np.asarray(before.convert("RGB")), np.asarray(after.convert("RGB")))
            assert after.info["duration"] == duration


@pytest.mark.parametrize("frames", [1, 3])
@pytest.mark.parametrize("part", [0.5, 0.8, 0.95, 0.99])
def test_a_file_that_ends_in_zeros_is_refused(refused, photo, folder, part, frames):
    """Decoders of AV1 take zeros for data, and say nothing."""
    others = {"save_all": True, "append_images": [photo.rotate(180), photo.rotate(90)]} if frames > 1 else {}
    data = encoded(photo, **others)
    cut = int(part * len(data))
    (folder / "in.avif").write_bytes(data[:cut] + bytes(len(data) - cut))
    assert "end in zeros" in refused(1, *KEEP, "in.avif", "-o", "out.png")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_file_that_is_cut_off_is_refused(refused, photo, folder, part):
    file = io.BytesIO()
    photo.save(file, "AVIF")
    (folder / "in.avif").write_bytes(file.getvalue()[: int(part * len(file.getvalue()))])
    assert "in.avif: " in refused(1, *KEEP, "in.avif", "-o", "out.png")


SMALL, LARGE = (64, 64), (2000, 2000)


def lying(frames, name, shift):
    """Return a file of some frames in which each box of a *name* says that they are large."""
    file = io.BytesIO()
    images = [Image.new("RGB", SMALL, (60 * number, 9, 9)) for number in range(frames)]
    images[0].save(file, "AVIF", save_all=frames > 1, append_images=images[1:])
    whole, found = file.getvalue(), 0
    at = whole.find(name)
    while at >= 0:
        size = struct.pack(">II", *(side << shift for side in SMALL))
        place = whole.index(size, at)
        whole = whole[:place] + struct.pack(">II", *(side << shift for side in LARGE)) + whole[place + 8 :]
        at, found = whole.find(name, place), found + 1
    assert found
    return whole


@pytest.mark.parametrize(("frames", "name", "shift"), [(1, b"ispe", 0), (2, b"ispe", 0), (2, b"tkhd", 16)])
def test_a_size_that_the_coded_frames_do_not_have_is_refused(refused, folder, frames, name, shift):
    (folder / "in.avif").write_bytes(lying(frames, name, shift))
    for lenient in ((), ("--lenient",)):
        line = refused(1, *KEEP, "in.avif", "-o", "out.png", *lenient)
        assert "is damaged (it declares 2000×2000 pixels, but its data have 64×64)" in line


def box(name, *parts):
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), name) + body


def test_a_grid_is_larger_than_its_tiles(ok, load, folder):
    """Two tiles side by side, the grid's own data in the box `idat`."""
    file = io.BytesIO()
    Image.new("RGB", SMALL, (200, 9, 9)).save(file, "AVIF")
    whole = file.getvalue()
    coded = whole[whole.index(b"mdat") + 4 :]
    start = whole.index(b"av1C")
    av1c = whole[start - 4 : start - 4 + int.from_bytes(whole[start - 4 : start])]
    entries = [
        box(b"infe", struct.pack(">IHH4sB", 2 << 24, n, 0, kind, 0))
        for n, kind in enumerate((b"grid", b"av01", b"av01"), 1)
    ]

    def file_of(offset):
        places = struct.pack(">HHHHII", 1, 1, 0, 1, 0, 8)
        places += b"".join(struct.pack(">HHHHII", n, 0, 0, 1, offset, len(coded)) for n in (2, 3))
        properties = box(
            b"ipco",
            box(b"ispe", struct.pack(">III", 0, 128, 64)),
            box(b"ispe", struct.pack(">III", 0, *SMALL)),
            box(b"pixi", b"\0\0\0\0\3\x08\x08\x08"),
            av1c,
        )
        owned = struct.pack(">IIH3BH4BH4B", 0, 3, 1, 2, 1, 3, 2, 3, 2, 3, 0x84, 3, 3, 2, 3, 0x84)
        meta = box(
            b"meta",
            bytes(4),
            box(b"hdlr", bytes(8), b"pict", bytes(13)),
            box(b"pitm", struct.pack(">IH", 0, 1)),
            box(b"iinf", struct.pack(">IH", 0, 3), *entries),
            box(b"iloc", b"\1\0\0\0\x44\0", struct.pack(">H", 3), places),
            box(b"iref", bytes(4), box(b"dimg", struct.pack(">HHHH", 1, 2, 2, 3))),
            box(b"iprp", properties, box(b"ipma", owned)),
            box(b"idat", b"\0\0\0\1", struct.pack(">HH", 128, 64)),
        )
        return box(b"ftyp", b"avif\0\0\0\0avifmif1miaf") + meta + box(b"mdat", coded)

    whole = file_of(file_of(0).index(b"mdat") + 4)
    (folder / "in.avif").write_bytes(whole)
    ok(*KEEP, "in.avif", "-o", "out.png")
    assert load("out.png").shape[:2] == (64, 128)


SIZE = f"{10:04b}{8:04b}{1919:011b}{270:09b}"
HEADERS = {
    "reduced": "00011" + "00000" + SIZE,
    "plain": "00000" + "0" + "0" + "00000" + 12 * "0" + "00111" + SIZE,
    "two points, one with a tier": "00000" + "0" + "0" + "00001" + 12 * "0" + "00111" + 12 * "1" + "010011" + SIZE,
    "timing": "00000" + "1" + 64 * "1" + "0" + "0" + "0" + "00000" + 17 * "0" + SIZE,
    "equal intervals": "00000" + "1" + 64 * "1" + "1" + "00101" + "0" + "0" + "00000" + 17 * "0" + SIZE,
    "delays": "00000" + "1" + 64 * "1" + "0" + "1" + "00010" + 42 * "1"
    + "1" + "00000" + 17 * "0" + "1" + 7 * "1" + "1" + "1010" + SIZE,
}  # fmt: skip


@pytest.mark.parametrize("bits", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("before", [b"", b"\x12\0", b"\x2e\0\x83\0" + bytes(3)], ids=["none", "delimiter", "metadata"])
def test_the_frames_of_a_sequence_header_are_told(bits, before):
    body = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8))
    assert av1.largest_frame(before + bytes([0x0A, len(body)]) + body) == (1920, 271)
    assert av1.largest_frame(before + b"\x08" + body) == (1920, 271)
    assert av1.largest_frame(before) is None
