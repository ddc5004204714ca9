"""Arrays that share the memory of Pillow's images, and what happens where they cannot."""

import gc
import io

import numpy as np
import pytest
from imfilter.cli.images import decode, picture, pillow_buffer, pillow_private
from PIL import Image

BANDS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}


@pytest.fixture(autouse=True)
def allocator():
    yield
    Image.core.set_use_block_allocator(0)


def samples(mode, height=7, width=13):
    return np.random.default_rng(0).integers(0, 256, (height, width, BANDS[mode])).astype(np.uint8)


def image_of(samples):
    """An image whose memory is Pillow's own."""
    return Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples).copy()


@pytest.mark.each("mode", BANDS)
@pytest.mark.each("size", [(1, 1), (7, 13), (3, 1), (1, 5)])
def test_an_array_has_the_image_s_samples(mode, size):
    expected = samples(mode, *size)
    assert np.array_equal(pillow_buffer.samples(image_of(expected)), expected)


@pytest.mark.parametrize("mode", BANDS)
def test_an_array_shares_the_image_s_memory(mode):
    image = image_of(samples(mode))
    found = pillow_buffer.samples(image)
    image.putpixel((2, 1), 99 if mode == "L" else (99,) * BANDS[mode])
    assert (found[1, 2] == 99).all()


def test_an_array_keeps_the_memory_when_the_image_is_gone():
    pillow_private.in_one_block(900, 600)
    expected = samples("RGB", 600, 900)
    found = pillow_buffer.samples(image_of(expected))
    gc.collect()
    others = [Image.new("RGB", (900, 600), "red") for _ in range(3)]
    assert np.array_equal(found, expected)
    assert others


def test_an_array_cannot_be_written_to():
    assert not pillow_buffer.samples(image_of(samples("RGB"))).flags.writeable


@pytest.mark.parametrize("mode", BANDS)
def test_an_image_in_several_blocks_is_copied(mode):
    pillow_private.in_one_block(1 << 15, 1 << 14)  # more than one can hold
    before = Image.core.get_block_size()
    Image.core.set_block_size(1 << 16)
    try:
        expected = samples(mode, 400, 300)
        image = image_of(expected)
    finally:
        Image.core.set_block_size(before)
    with pytest.raises(ValueError):
        image.__arrow_c_array__()
    assert np.array_equal(pillow_buffer.samples(image), expected)


@pytest.mark.parametrize("mode", BANDS)
def test_borrowed_memory_is_copied(mode, tmp_path):
    """Exporting an image that was mapped from a file would end the process."""
    expected = samples(mode, 40, 40)
    image_of(expected).save(tmp_path / "a.tif")
    with Image.open(tmp_path / "a.tif") as image:
        image.load()
        assert image.readonly == (mode in ("L", "RGBA"))
        assert np.array_equal(pillow_buffer.samples(image), expected)


def test_an_image_that_exports_nothing_is_copied(monkeypatch):
    expected = samples("RGB")
    image = image_of(expected)
    monkeypatch.delattr(Image.Image, "__arrow_c_array__")
    assert np.array_equal(pillow_buffer.samples(image), expected)


def test_a_decoded_picture_is_shared():
    file = io.BytesIO()
    Image.fromarray(samples("RGB", 300, 200)).save(file, "WEBP", lossless=True)
    pixels = decode.decode(file.getvalue(), picture.DecodeOptions(picture.size_guard(1 << 20))).pixels
    assert pixels.strides == (800, 4, 1)
    assert np.array_equal(pixels, samples("RGB", 300, 200))
