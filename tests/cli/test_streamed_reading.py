"""A picture whose rows are read when they are asked for is the one that is decoded whole."""

import errno
import importlib.util
import io
import itertools
import os
import threading
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import tifffile
from imfilter.cli.images import decode
from imfilter.cli.images.file_bytes import FileBytes
from imfilter.cli.images.picture import DecodeError, DecodeOptions, Picture
from imfilter.cli.images.source import state_of
from imfilter.filters.core import native
from PIL import Image

SPEC = importlib.util.spec_from_file_location("corpus", Path(__file__).parents[1] / "corpus.py")
corpus = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(corpus)
RNG = np.random.default_rng(11)
OPTIONS = DecodeOptions(lambda expected: None)
THREADS = 3
OF_CORE = "PNG" if native.core is None else ""
"""The format that the compiled core alone can stream."""
WHOLE = ("text", "Fortran", "palette", "Lab", "--to-rgb", "interlaced", *(f"PNG gray {bits}-bit" for bits in (1, 2, 4)))
"""Words in the name of a file of a format that can be streamed, and this one cannot: its samples do not lie as rows
do."""


def opened(path):
    """What stands for the bytes of a file."""
    with open(path, "rb", buffering=0) as file:
        return FileBytes(file.fileno(), state_of(file.fileno()))


def streamed(data, options=OPTIONS):
    """The picture of a file, whose rows are read from the disk; None where it must be decoded whole."""
    with open("picture", "wb") as file:
        file.write(data)
    return decode.stream(opened("picture"), options)


def rows_of(image):
    """All rows of an image, asked for in pieces, in any order, several threads at once, some of them twice."""
    height = len(image)
    cuts = np.unique(np.concatenate([[0, height], RNG.integers(0, height + 1, 4)]))
    pieces = [slice(int(a), int(b)) for a, b in itertools.pairwise(cuts)]
    found, failures = {}, []

    def read(seed):
        order = np.random.default_rng(seed).permutation(len(pieces))
        try:
            for number in order:
                rows = image[pieces[number]]
                assert number not in found or np.array_equal(found[number], rows, equal_nan=rows.dtype.kind == "f")
                found[number] = rows
                start = int(RNG.integers(0, height))
                assert np.array_equal(image[start:], image[start:height], equal_nan=rows.dtype.kind == "f")
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    return np.concatenate([found[number] for number in range(len(pieces))])


def assert_same(found, whole):
    """The pictures are the same in every respect."""
    ours, theirs = (
        {name: value for name, value in vars(one).items() if name not in ("pixels", "alpha")} for one in (found, whole)
    )
    assert ours == theirs
    for image, array in ((found.pixels, whole.pixels), (found.alpha, whole.alpha)):
        assert (image is None) == (array is None)
        if image is not None:
            assert (image.shape, image.dtype) == (array.shape, array.dtype)
            rows = rows_of(image)
            assert rows.dtype == array.dtype
            np.testing.assert_array_equal(rows, array)


KINDS = [kind for kind in corpus.kinds() if kind.format in ("PBM", "PGM", "PPM", "PAM", "PFM", "npy", "TIFF", "PNG")]


@pytest.mark.each("kind", KINDS)
def test_every_file_is_the_one_that_is_decoded_whole(kind):
    options = OPTIONS._replace(to_rgb="--to-rgb" in kind.options)
    found, whole = streamed(kind.data, options), decode.decode(kind.data, options)
    assert isinstance(whole, Picture)
    assert (found is None) == (kind.format == OF_CORE or any(word in kind.name for word in WHOLE))
    if found is not None:
        assert_same(found, whole)


TYPES = ("u1", "u2", "u4", "f4")
CUTS = ({"rowsperstrip": 7}, {"rowsperstrip": 1}, {"rowsperstrip": 41}, {"tile": (16, 32)}, {"tile": (64, 64)})


def tiffs():
    """TIFFs of every kind: how they are cut, packed, predicted, in planes or not, in which order of bytes."""
    for number, (dtype, cut, channels) in enumerate(itertools.product(TYPES, CUTS, (1, 2, 3, 4, 6))):
        array = RNG.integers(0, 200, (41, 53, channels)).astype(dtype)
        kind = {1: "minisblack", 2: "minisblack", 3: "rgb", 4: "rgb", 6: "minisblack"}[channels]
        extra = {2: ["unassalpha"], 4: ["assocalpha" if number % 2 and dtype == "u2" else "unassalpha"]}.get(channels)
        separate = number % 3 == 0 and channels > 1
        packed = number % 4 != 0
        words = {
            "photometric": kind,
            "planarconfig": ("separate" if separate else "contig") if channels > 1 else None,
            "extrasamples": extra,
            "compression": "zlib" if packed else None,
            "predictor": packed and number % 8 > 3 and dtype not in ("f2", "f4", "f8"),
            "resolution": (300, 300),
            "description": "a page",
        }
        shaped = array[..., 0] if channels == 1 else np.moveaxis(array, 2, 0) if separate else array
        file = io.BytesIO()
        order, big = "<>"[number % 2], number % 5 > 2
        with tifffile.TiffWriter(file, bigtiff=big, byteorder=order) as writer:
            writer.write(shaped, **words, **cut, metadata=None)
        yield Tiff(f"{dtype} {channels} {cut} {order} {big} {words}", file.getvalue())
    image = Image.fromarray(RNG.integers(0, 256, (41, 53, 3), np.uint8))
    for packing in ("tiff_lzw", "packbits", "zstd", "tiff_adobe_deflate"):
        yield Tiff(packing, corpus.saved(image, "TIFF", compression=packing, tiffinfo={278: 6}))
        yield Tiff(f"{packing} in one strip", corpus.saved(image, "TIFF", compression=packing, strip_size=1 << 30))


class Tiff(NamedTuple):
    """A file, and what it is."""

    name: str
    data: bytes


def test_every_tiff_is_the_one_that_is_decoded_whole():
    for name, data in tiffs():
        found = streamed(data)
        assert found is not None, name
        assert_same(found, decode.decode(data, OPTIONS))


def test_several_images_in_one_file_are_decoded_whole():
    kinds = {kind.name: kind.data for kind in KINDS}
    for name in ("PGM raw, maximum 255", "PBM raw, maximum 1", "PAM RGB, maximum 255"):
        assert streamed(kinds[name] + kinds["PGM raw, maximum 255"]) is None
        assert streamed(kinds[name] + b"\n# rest") is not None


@pytest.mark.each("kind", [kind for kind in KINDS if not any(word in kind.name for word in WHOLE)])
def test_a_file_that_is_cut_off_is_refused(kind):
    with pytest.raises(DecodeError) as ours:
        streamed(kind.data[:-1])
    with pytest.raises(DecodeError) as theirs:
        decode.decode(kind.data[:-1], OPTIONS)
    assert str(ours.value) == str(theirs.value)


def test_a_file_that_changes_is_no_longer_read():
    kind = next(kind for kind in KINDS if kind.name == "PGM raw, maximum 255")
    image = streamed(kind.data).pixels
    assert image[:3].shape == (3, corpus.WIDTH, 1)
    os.utime("picture", ns=(0, 0))
    with pytest.raises(DecodeError, match="changed while it was read"):
        image[3:]


@pytest.mark.each(
    "kind",
    [kind for kind in KINDS if kind.name in ("PGM raw, maximum 255", "PNG RGB 8-bit") and kind.format != OF_CORE],
)
def test_a_disk_that_fails_is_not_called_a_damaged_file(kind, monkeypatch):
    def fails(*of):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    image = streamed(kind.data).pixels
    with monkeypatch.context() as patch, pytest.raises(DecodeError, match=f"^{os.strerror(errno.EIO).lower()}$"):
        patch.setattr(os, "pread", fails)
        image[0:3]


def outcome(read):
    """The picture that is read, or that there is none."""
    try:
        return read()
    except DecodeError:
        return None


def in_memory(data):
    """The picture of a file of which all rows were read; raises `DecodeError`."""
    found = streamed(data)
    if found is None:
        return decode.decode(data, OPTIONS)
    whole = [None if image is None else image[0 : len(image)] for image in (found.pixels, found.alpha)]
    found.pixels, found.alpha = whole
    return found


BROKEN = {kind.name: kind for kind in KINDS if not any(word in kind.name for word in WHOLE)}


@pytest.mark.each("name", BROKEN)
def test_a_damaged_file_is_refused_as_it_is_when_it_is_decoded_whole(name):
    data = BROKEN[name].data
    for at in RNG.integers(0, len(data), 5):
        broken = bytearray(data)
        broken[at] ^= 1 << int(RNG.integers(8))
        for wrong in (bytes(broken), data[:at], data[:at] + data[at + 1 :]):
            ours, theirs = (
                outcome(lambda read=read, wrong=wrong: read(wrong))
                for read in (in_memory, lambda data: decode.decode(data, OPTIONS))
            )
            assert (ours is None) == (theirs is None), (name, at)
            if isinstance(ours, Picture):
                np.testing.assert_array_equal(ours.pixels, theirs.pixels)


SMALL_ROOM = """
import resource, sys
import numpy as np
from imfilter.cli.images import decode, row_window
from imfilter.cli.images.file_bytes import FileBytes
from imfilter.cli.images.picture import DecodeOptions
from imfilter.cli.images.source import state_of
from imfilter.cli.images.tiff import streaming
streaming.ROOM = row_window.ROOM = 1 << 20
with open(sys.argv[1], "rb") as file:
    data = FileBytes(file.fileno(), state_of(file.fileno()))
picture = decode.stream(data, DecodeOptions(lambda expected: None))
picture.pixels[:64]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for row in range(0, len(picture.pixels), 64):
    picture.pixels[row : row + 64]
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * (1 if sys.platform == "darwin" else 1024))
"""


def test_a_picture_is_never_in_memory(measured):
    size = 6000
    black = np.broadcast_to(np.uint8(0), (size, size))
    tifffile.imwrite("tiles.tif", black, tile=(256, 256), compression="zlib", photometric="minisblack")
    tifffile.imwrite("strips.tif", black, rowsperstrip=size, photometric="minisblack")
    np.save("a.npy", black)
    Path("a.png").write_bytes(corpus.png(black[..., None], 8, 0))
    for name in ("tiles.tif", "strips.tif", "a.npy", *([] if OF_CORE else ["a.png"])):
        ended = measured("-c", SMALL_ROOM, name)
        assert ended.code == 0, ended.err
        assert int(ended.out) < size * size // 4, name


def test_a_named_pipe_is_opened_once(run):
    os.mkfifo("pipe.pgm")
    data = next(kind.data for kind in KINDS if kind.name == "PGM raw, maximum 255")
    threading.Thread(target=lambda: Path("pipe.pgm").write_bytes(data), daemon=True).start()
    assert run("blur", "pipe.pgm", "-o", "b.png").code == 0
