"""Writing JPEG: the same pixels as Pillow's, whatever the bands."""

import io
import resource

import numpy as np
import pytest
from imfilter.cli.images.jpeg import encoder
from PIL import Image

SHAPES = [(1, 1, 3), (16, 40, 3), (100, 37, 3), (97, 8, 1), (160, 16, 1), (33, 65, 3), (400, 16, 3)]


@pytest.fixture(autouse=True)
def low_bands(monkeypatch):
    """Every image of more than 16 rows has several bands; the last shape has more than eight restart markers."""
    monkeypatch.setattr(encoder, "BAND", 1)


def noisy(height, width, channels):
    y, x = np.mgrid[:height, :width]
    noise = np.random.default_rng(1).integers(0, 40, (height, width, channels))
    return ((x * 2 + y)[..., None] % 200 + noise).astype(np.uint8)


def written(pixels, quality=90, full_chroma=True, **options):
    file = io.BytesIO()
    encoder.write(file, pixels, quality=quality, full_chroma=full_chroma, **options)
    return file.getvalue()


def by_pillow(pixels, quality=90, full_chroma=True):
    file = io.BytesIO()
    image = Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[..., 0])
    image.save(file, "JPEG", quality=quality, subsampling="4:4:4" if full_chroma else "4:2:0")
    return file.getvalue()


def read(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


@pytest.mark.each("shape", SHAPES)
@pytest.mark.each("full_chroma", [True, False])
@pytest.mark.each("quality", [30, 95, 100])
def test_bands_decode_to_the_pixels_of_the_whole(shape, full_chroma, quality):
    pixels = noisy(*shape)
    assert np.array_equal(
        read(written(pixels, quality, full_chroma, cores=2)), read(by_pillow(pixels, quality, full_chroma))
    )


def test_one_band_is_pillows_own_file():
    pixels = noisy(16, 40, 3)
    assert written(pixels) == by_pillow(pixels)


def test_the_bytes_do_not_depend_on_the_cores():
    pixels = noisy(200, 30, 3)
    assert len({written(pixels, cores=cores) for cores in (1, 2, 5)}) == 1


def test_bands_meet_at_restart_markers_numbered_from_0_to_7():
    data = written(noisy(400, 16, 3))
    assert data.count(b"\xff\xdd") == 1
    found = [data[at + 1] for at in range(len(data) - 1) if data[at] == 0xFF and 0xD0 <= data[at + 1] <= 0xD7]
    assert found == [0xD0 + number % 8 for number in range(24)]


def test_what_travels_with_the_pixels_stands_in_the_header_once():
    exif = Image.Exif()
    exif[271] = "a camera"
    data = written(noisy(100, 30, 3), icc=b"profile" * 20000, exif=exif.tobytes(), dpi=(300, 200))
    assert data.count(b"a camera") == 1
    with Image.open(io.BytesIO(data)) as image:
        assert image.info["icc_profile"] == b"profile" * 20000
        assert image.getexif()[271] == "a camera"
        assert image.info["dpi"] == (300, 200)
        assert image.size == (30, 100)
        image.load()


def test_scratch_files_without_memory_files(monkeypatch):
    pixels = noisy(100, 30, 3)
    expected = written(pixels)
    monkeypatch.delattr(encoder.os, "memfd_create", raising=False)
    assert written(pixels) == expected


def filled(pixels, strips, **settings):
    """Bands that get the rows of *strips*, as the threads of an image would give them."""
    bands = encoder.canvas(pixels.shape, "uint8", **settings)
    for start, stop in strips:
        for top, bottom in bands.cuts(start, stop):
            with bands.rows(top, bottom) as place:
                place[...] = pixels[top:bottom]
    return bands


@pytest.mark.parametrize(
    "strips",
    [[(0, 100)], [(0, 7), (7, 40), (40, 41), (41, 100)], [(0, 1), (50, 70), (1, 33), (70, 100), (33, 50)]],
    ids=str,
)
@pytest.mark.parametrize("channels", [1, 3])
def test_strips_in_any_order_give_the_file_of_the_whole(strips, channels):
    pixels = noisy(100, 30, channels)
    settings = {"quality": 80, "full_chroma": False}
    assert written(filled(pixels, strips, **settings), dpi=(72, 72), **settings) == written(
        pixels, dpi=(72, 72), **settings
    )


def test_a_band_is_encoded_as_soon_as_it_is_whole(monkeypatch):
    heights = []
    encode = encoder._encoded
    monkeypatch.setattr(
        encoder, "_encoded", lambda image, **rest: heights.append(image.height) or encode(image, **rest)
    )
    pixels = noisy(40, 30, 3)
    filled(pixels, [(0, 20)], quality=80, full_chroma=True)
    assert heights == [16]
    filled(pixels, [(0, 20), (20, 40)], quality=80, full_chroma=True)
    assert heights[1:] == [16, 16, 8]


def test_bands_have_the_shape_of_what_they_stand_for():
    pixels = noisy(40, 30, 3)
    bands = filled(pixels, [(0, 40)], quality=80, full_chroma=True)
    assert (bands.shape, bands.dtype, bands.size) == (pixels.shape, pixels.dtype, pixels.size)


def test_a_side_too_long_is_refused_when_it_is_written():
    pixels = np.zeros((encoder.LONGEST_SIDE + 1, 1, 3), np.uint8)
    canvas = filled(pixels, [(0, len(pixels))], quality=80, full_chroma=True)
    with pytest.raises(ValueError, match="65500 pixels"):
        written(canvas.samples)


def test_bands_without_scratch_files(monkeypatch):
    def refuse(*_, **__):
        raise OSError(24, "Too many open files")

    pixels = noisy(100, 30, 3)
    expected = written(pixels)
    monkeypatch.setattr(encoder.os, "memfd_create", refuse)
    monkeypatch.setattr(encoder.tempfile, "TemporaryFile", refuse)
    assert written(pixels) == expected


def test_bands_larger_than_a_scratch_file_may_be(monkeypatch):
    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(27, "File too large")

    pixels = noisy(100, 30, 3)
    expected = written(pixels)
    monkeypatch.setattr(encoder, "_scratch", Full)
    assert written(pixels) == expected


@pytest.mark.each("limit", [0, 1, 2, 20, 300, 623, 700, 2000, 5000])
def test_a_limit_on_files_shortens_no_stream(limit):
    """A file takes what fits of a piece and says so, which Pillow does not hear."""
    pixels = noisy(90, 130, 3)
    whole = written(pixels, exif=b"Exif\0\0" + bytes(1000))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        found = written(pixels, exif=b"Exif\0\0" + bytes(1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert found == whole


def test_an_interval_fits_its_field():
    """Of the header, 16 bits: the widest band has 16 rows."""
    assert encoder.UNIT // 8 * -(-encoder.LONGEST_SIDE // 8) < 1 << 16
    assert (1 << 19) // 64 < 1 << 16
