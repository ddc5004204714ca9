"""AVIF: what it keeps, and what is refused because it would be lost."""

import io
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.images import avif
from imfilter.cli.images.picture import DecodeError
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


def test_more_than_8_bits_are_refused(photo):
    file = io.BytesIO()
    photo.save(file, "AVIF")
    data = file.getvalue()
    avif.check_depth(data)
    at = data.index(b"pixi") + 9
    with pytest.raises(DecodeError, match="has 10-bit samples"):
        avif.check_depth(data[:at] + b"\x0a\x0a\x0a" + data[at + 3 :])


def test_several_frames_are_refused(refused, photo):
    photo.save("in.avif", save_all=True, append_images=[photo.rotate(180)], duration=100)
    assert "has 2 frames" in refused(1, *KEEP, "in.avif", "-o", "out.png")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_file_that_is_cut_off_is_refused(refused, photo, folder, part):
    file = io.BytesIO()
    photo.save(file, "AVIF")
    (folder / "in.avif").write_bytes(file.getvalue()[: int(part * len(file.getvalue()))])
    assert "in.avif: " in refused(1, *KEEP, "in.avif", "-o", "out.png")


def test_other_files_of_the_family_are_no_images(refused, folder):
    (folder / "in.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    assert "not an image of a known format" in refused(1, *KEEP, "in.heic", "-o", "out.png")
