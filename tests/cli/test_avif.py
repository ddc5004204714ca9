"""AVIF: what it keeps, and what is refused because it would be lost."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.images import avif
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
