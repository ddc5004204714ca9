"""A format is a codec and its row: each has both, and a new one needs nothing else."""

import ast
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import imfilter
import imfilter.cli
import imfilter.filters
import numpy as np
import pytest
from imfilter.cli.images import codec, formats
from PIL import AvifImagePlugin, Image, WebPImagePlugin

IMAGES = Path(formats.__file__).parent
TESTS = Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("corpus", TESTS / "corpus.py")
corpus = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(corpus)
TOY = '''
"""Toy: two sides of 16 bits, and gray bytes."""

import struct

from ...filters.core.lazy_numpy import np
from .codec import Codec
from .picture import Picture


def finish(partial, options, decode):
    width, height = struct.unpack_from(">HH", partial.data, 3)
    return Picture(np.frombuffer(partial.data, np.uint8, offset=7).reshape(height, width, 1))


def encode(file, content):
    height, width, _ = content.pixels.shape
    file.write(b"TOY" + struct.pack(">HH", width, height) + content.pixels.tobytes())
    return []


CODEC = Codec(finish, encode)
'''
ROW = 'Format("toy", (".toy", ".play"), b"TOY", BYTES, (), aliases=("game",)),'
PAGE = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("test_formats", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.KINDS = {}
print(module.table({}))
"""
AHEAD = """
import json, sys
from pathlib import Path
from imfilter.cli.images import decode, picture
data = Path(sys.argv[1]).read_bytes()
options = picture.DecodeOptions(picture.size_guard(1 << 28))
decode.prepare(data[:1 << 16])
before = set(sys.modules)
decode.load(data, options)
print(json.dumps([sorted(set(sys.modules) - before), "numpy" in sys.modules]))
"""


def test_every_codec_has_a_row_and_every_row_a_codec():
    held = {
        ".".join(path.relative_to(IMAGES).with_suffix("").parts)
        for path in IMAGES.rglob("*.py")
        for node in ast.parse(path.read_bytes()).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CODEC"
    }
    assert held == {format.codec_name for format in formats.FORMATS.values()}


@pytest.mark.parametrize("format", formats.FORMATS.values(), ids=lambda format: format.name)
def test_a_codec_does_what_its_row_says(format):
    assert (format.codec.encode is codec.not_written) == bool(format.instead or format.of_files)
    assert (format.codec.encode_maps is not None) == format.maps
    assert (format.codec.frames is not None) == (
        format.animated or format.paged or (format.data_set and not (format.of_files or format.instead))
    )


def test_no_name_or_suffix_means_two_formats():
    each = formats.FORMATS.values()
    assert len(formats.BY_NAME) == sum(1 + len(format.aliases) for format in each)
    twins = [format.twin for format in formats.BY_SUFFIX.values() if format.twin]
    assert len(formats.BY_SUFFIX) == sum(len(format.suffixes) for format in each if format.name not in twins)


@pytest.mark.each("kind", corpus.kinds())
def test_every_kind_of_file_is_told_by_its_head(kind):
    name = kind.format.lower()
    assert formats.sniff(kind.data[: formats.HEAD]).name == {"pbm": "pgm"}.get(name, name)


@pytest.mark.parametrize(
    "name", ["jpeg", "webp", pytest.param("avif", marks=pytest.mark.needs("AVIF in Pillow")), "gif"]
)
def test_a_side_longer_than_a_format_holds_is_refused(refused, name):
    np.save("in.npy", np.zeros((1, 70_000), np.uint8))
    suffix = formats.FORMATS[name].suffixes[0]
    said = refused(1, "conv", "--kernel", "1", "in.npy", "-o", f"out{suffix}")
    assert f"out{suffix}: cannot be written as {name.upper()}: " in said


@pytest.mark.parametrize("brand", ["avif", "avis", "mif1", "msf1"])
def test_an_avif_is_told_by_each_brand_that_it_may_have(brand):
    assert formats.sniff(b"\0\0\0\x20ftyp" + brand.encode() + bytes(4) + b"mif1miafavif").name == "avif"


@pytest.mark.parametrize("brand", ["heic", "heix", "hevc", "mif1", "msf1"])
def test_a_heic_is_told_by_each_brand_that_it_may_have(brand):
    assert formats.sniff(b"\0\0\0\x20ftyp" + brand.encode() + bytes(4) + b"mif1miafheic").name == "heic"


@pytest.mark.parametrize("head", [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"])
def test_a_tiff_is_told_in_both_byte_orders_and_with_wide_offsets(head):
    assert formats.sniff(head + bytes(12)).name == "tiff"


@pytest.mark.parametrize(("name", "plugin"), [("webp", WebPImagePlugin), ("avif", AvifImagePlugin)])
def test_a_format_that_pillow_was_built_without_is_named(refused, monkeypatch, name, plugin):
    monkeypatch.setattr(plugin, "SUPPORTED", False)
    # So much of a file is enough to be told by.
    Path(f"in.{name}").write_bytes({"webp": b"RIFF....WEBPVP8L", "avif": b"....ftypavif...."}[name])
    np.save("in.npy", np.zeros((9, 9), np.uint8))
    without = f"Pillow was built without {formats.FORMATS[name].title or name.upper()}"
    assert without in refused(1, "conv", "--kernel", "1", "in.npy", "-o", f"out.{name}")
    assert without in refused(1, "conv", "--kernel", "1", f"in.{name}", "-o", "out.png")


# Data sets are not decoded ahead.
@pytest.mark.parametrize(
    "format", [name for name, format in formats.FORMATS.items() if not (format.data_set or format.folder)]
)
def test_the_half_that_runs_ahead_imports_nothing_and_only_jpeg_needs_numpy(folder, needs, format):
    row = formats.FORMATS[format]
    of_format = (kind for kind in corpus.kinds() if formats.is_of(row, kind.data[: formats.HEAD]))
    if (kind := next(of_format, None)) is None:
        needs("the extra formats")
    assert kind is not None
    (folder / "in").write_bytes(kind.data)
    ended = subprocess.run([sys.executable, "-c", AHEAD, "in"], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == [[], format == "jpeg"]


@pytest.fixture
def copy(folder):
    """A copy of the program, and what runs in it: ``copy("-m", "imfilter", …)``."""
    home = folder / "home"
    shutil.copytree(Path(imfilter.__file__).parent, home / "imfilter", ignore=shutil.ignore_patterns("cli", "filters"))
    for part in (imfilter.cli, imfilter.filters):
        shutil.copytree(Path(part.__file__).parent, home / "imfilter" / part.__name__.rpartition(".")[2])

    def copy(*words):
        environment = {**os.environ, "PYTHONPATH": str(home)}
        return subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True)

    copy.images = home / "imfilter" / "cli" / "images"
    return copy


def test_a_new_format_is_one_file_and_its_row(copy, folder, rgb):
    (copy.images / "toy.py").write_text(TOY)
    table = copy.images / "formats.py"
    text = table.read_text(encoding="utf-8")
    row = '        Format("bmp"'
    assert text.count(row) == 1
    table.write_text(text.replace(row, f"        {ROW}\n{row}"), encoding="utf-8")

    gray = rgb[..., 0]
    Image.fromarray(gray).save("in.png")
    for source, target in (("in.png", "a.toy"), ("a.toy", "b/"), ("b/a.toy", "c.png")):
        ended = copy("-m", "imfilter", "conv", "--kernel", "1", source, "-o", target)
        assert (ended.returncode, ended.stderr) == (0, "")
    assert (folder / "b" / "a.toy").read_bytes()[:3] == b"TOY"
    assert np.array_equal(np.asarray(Image.open("c.png")), gray)
    assert copy("-m", "imfilter", "blur", "in.png", "-o", "d", "--to", "game").returncode == 0
    assert (folder / "d").read_bytes()[:3] == b"TOY"

    refused = copy("-m", "imfilter", "blur", "in.png", "-o", "e", "--to", "nosuch").stderr
    assert ", toy," in refused
    Image.fromarray(rgb).save("colours.png")
    refused = copy("-m", "imfilter", "blur", "colours.png", "-o", "e.toy").stderr
    assert "TOY holds only gray" in refused
    (folder / "text.png").write_text("no picture")
    assert ", TOY," in copy("-m", "imfilter", "blur", "text.png", "-o", "e.png").stderr
    page = copy("-c", PAGE, str(TESTS / "cli" / "test_formats.py")).stdout
    assert page.count("| toy |") == 2
