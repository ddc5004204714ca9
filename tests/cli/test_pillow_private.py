"""What is used of Pillow beside what it documents: a release that moves it fails here."""

import io
import subprocess
import sys
import threading

import numpy as np
import pytest
from imfilter.cli.images import decode, picture, pillow_private
from imfilter.cli.images.reader import Reader
from PIL import Image, ImageFile, JpegImagePlugin, PngImagePlugin

WRITING = """
import io, sys
from PIL import Image, JpegImagePlugin
from imfilter.cli.images import pillow_private
file = io.BytesIO()
pillow_private.save(Image.new("L", (2, 2)), file, "JPEG")
assert file.getvalue().startswith(bytes((255, 216)))
assert "PIL.GifImagePlugin" not in sys.modules
Image.new("L", (2, 2)).save(file, "GIF")
"""

NOISE = np.random.default_rng(1).integers(0, 256, (400, 500, 3), np.uint8)


def saved(format, array=NOISE, **options):
    file = io.BytesIO()
    Image.fromarray(array).save(file, format, **options)
    return file.getvalue()


def cut_off():
    data = saved("JPEG", quality=98)
    return data[: len(data) * 3 // 4]


def test_a_picture_of_any_size_is_opened():
    assert Image.MAX_IMAGE_PIXELS is None


@pytest.mark.parametrize(
    ("format", "plugin"), [("PNG", PngImagePlugin.PngImageFile), ("JPEG", JpegImagePlugin.jpeg_factory)]
)
def test_a_plugin_opens_its_files_and_decodes_nothing_yet(format, plugin):
    image = pillow_private.opened(plugin, saved(format))
    assert (image.size, image.mode) == ((500, 400), "RGB")
    assert image.tile
    with pytest.raises(SyntaxError):
        pillow_private.opened(plugin, b"rubbish")


def test_an_image_lies_in_one_block():
    pillow_private.in_one_block(3000, 3000)
    image = Image.new("RGB", (3000, 3000))
    assert len(image.__arrow_c_array__()) == 2


def test_a_file_is_decoded_in_one_piece(monkeypatch):
    image = pillow_private.opened(PngImagePlugin.PngImageFile, saved("PNG"))
    asked, read = [], image.load_read
    monkeypatch.setattr(image, "load_read", lambda count: asked.append(count) or read(count))
    pillow_private.load_in_one_piece(image, 10**6)
    assert asked == [10**6] * len(asked)
    assert np.array_equal(np.asarray(image), NOISE)


def test_bytes_are_taken_as_samples_of_another_mode():
    image = pillow_private.opened(PngImagePlugin.PngImageFile, saved("PNG", NOISE[:, :498]))
    image.load_prepare()
    pillow_private.take_bytes_as(image, "BGR")
    assert np.array_equal(np.asarray(image), NOISE[:, :498, ::-1])
    image = pillow_private.opened(PngImagePlugin.PngImageFile, saved("PNG"))
    pillow_private.take_bytes_as(image, "R", "L")
    assert image.mode == "L"


def test_files_that_are_cut_off_are_taken_where_that_is_asked_for():
    plugin, data = JpegImagePlugin.jpeg_factory, cut_off()
    with pytest.raises(OSError, match="truncated"):
        pillow_private.opened(plugin, data).load()
    with pillow_private.truncated_files():
        pillow_private.opened(plugin, data).load()
    with pytest.raises(OSError, match="truncated"):
        pillow_private.opened(plugin, data).load()
    with pytest.raises(ZeroDivisionError), pillow_private.truncated_files():
        raise ZeroDivisionError
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


def test_a_lenient_call_leaves_the_next_one_strict():
    options = picture.DecodeOptions(picture.size_guard(1 << 20))
    found = decode.decode(cut_off(), options._replace(lenient=True))
    assert "the readable part" in found.notes[0]
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    with pytest.raises(picture.DecodeError, match="truncated"):
        decode.decode(cut_off(), options)


def test_no_thread_is_lenient_beside_another(tmp_path, monkeypatch):
    original, threads = pillow_private.truncated_files, []
    monkeypatch.setattr(
        pillow_private, "truncated_files", lambda: threads.append(threading.current_thread()) or original()
    )
    path = tmp_path / "in.jpg"
    path.write_bytes(cut_off())
    reader = Reader(1 << 20, lenient=True)
    reader.begin(str(path))
    picture, _ = reader.read(str(path))
    assert picture.notes
    assert threads == [threading.main_thread()]


def test_a_png_tells_its_texts_and_decodes_no_pixels(monkeypatch):
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "a")
    image = pillow_private.without_pixels(
        pillow_private.opened(PngImagePlugin.PngImageFile, saved("PNG", pnginfo=info))
    )
    monkeypatch.setattr(image, "load_prepare", lambda: pytest.fail("pixels are decoded"))
    assert image.text == {"Title": "a"}
    assert not image.getexif()
    assert image.size == (500, 400)


def test_an_image_is_written_by_its_own_plugin_alone():
    assert subprocess.run([sys.executable, "-c", WRITING]).returncode == 0
