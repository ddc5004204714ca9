"""Cloud-optimised GeoTIFF: tiles, smaller copies, directories first; streamed and in memory the same."""

import itertools
import struct

import numpy as np
import pytest
import tifffile
from imfilter.cli.images import input_bytes, pyramid, reader
from imfilter.cli.images.tiff import cog

KEEP = ("conv", "--kernel", "1", "-q")
TILE = 32


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch):
    """Pictures of few pixels have several levels."""
    monkeypatch.setattr(cog, "TILE", TILE)


def picture(dtype, *shape):
    found = np.random.default_rng(3).random(shape) * (1 if dtype == "float32" else np.iinfo(dtype).max)
    return found.astype(dtype)


def means(samples, weights=None):
    """The means of 2×2 samples in one loop a sample."""
    height, width = samples.shape[:2]
    found = np.empty((-(-height // 2), -(-width // 2), *samples.shape[2:]), np.float64)
    for y, x in itertools.product(range(len(found)), range(found.shape[1])):
        block = samples[2 * y : 2 * y + 2, 2 * x : 2 * x + 2].astype(np.float64)
        block = np.pad(block, ((0, 2 - block.shape[0]), (0, 2 - block.shape[1]), *[(0, 0)] * (block.ndim - 2)), "edge")
        found[y, x] = block.mean((0, 1))
        if weights is not None and block[..., -1].any():
            found[y, x, :-1] = (block[..., :-1] * block[..., -1:]).sum((0, 1)) / block[..., -1].sum()
    return found if samples.dtype.kind == "f" else np.floor(found + 0.5)


def check_layout(data):
    """The rules of a cloud-optimised file: directories first, then the tiles of the smallest copy, and of each next."""
    with tifffile.TiffFile(data) as file:
        pages = list(file.pages)
        ends = [page.offset for page in pages]
        assert ends == sorted(ends) and ends[0] == (16 if file.is_bigtiff else 8)
        first = [page.dataoffsets[0] for page in pages]
        assert first == sorted(first, reverse=True) and first[-1] > ends[-1]
        for number, page in enumerate(pages):
            assert page.is_tiled and (page.subfiletype == 1) == (number > 0)
            assert list(page.dataoffsets) == sorted(page.dataoffsets)
            assert page.tags[322].value == page.tags[323].value == TILE
        assert max(pages[-1].shape[:2]) <= TILE < max(pages[-2].shape[:2] if len(pages) > 1 else (TILE + 1,))
        return [page.asarray() for page in pages]


SHAPES = [(1, 1), (32, 32), (33, 64), (130, 71, 3), (65, 129, 4), (40, 97, 2)]


@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.each("shape", SHAPES)
def test_every_level_is_the_means_of_the_one_below(ok, dtype, shape):
    samples = picture(dtype, *shape)
    np.save("in.npy", samples)
    depth = {"uint8": "8", "uint16": "16", "float32": "float"}[dtype]
    ok(*KEEP, "in.npy", "-o", "out.tif", "--to", "cog", "--depth", depth)
    levels = check_layout("out.tif")
    assert np.array_equal(levels[0], samples)
    for below, above in itertools.pairwise(levels):
        expected = means(below, weights=True if shape[2:] in ((2,), (4,)) else None)
        assert np.allclose(above, expected, rtol=1e-6, atol=1e-6 if dtype == "float32" else 0)


@pytest.mark.parametrize("compression", ["none", "lzw", "deflate"])
def test_streamed_and_in_memory_are_the_same_bytes(ok, folder, monkeypatch, compression):
    for name, channels in (("gray", ()), ("rgb", (3,)), ("alpha", (4,))):
        np.save(f"{name}.npy", picture("uint8", 201, 90, *channels))
        words = ("blur", "-q", "--depth", "8", f"{name}.npy", "--to", "cog", "--compression", compression, "-o")
        ok(*words, "whole.tif")
        with monkeypatch.context() as patch:
            patch.setattr(reader, "STREAMED_BYTES", 0)
            patch.setattr(input_bytes, "LARGE", 0)
            ok(*words, "streamed.tif")
        assert (folder / "whole.tif").read_bytes() == (folder / "streamed.tif").read_bytes()


def test_a_picture_with_copies_is_streamed_and_they_are_left_out(run, folder, monkeypatch):
    np.save("in.npy", picture("uint8", 201, 90))
    run(*KEEP, "in.npy", "-o", "a.tif", "--to", "cog", "--depth", "8")
    whole = run("blur", "a.tif", "-o", "b.tif")
    monkeypatch.setattr(reader, "STREAMED_BYTES", 0)
    monkeypatch.setattr(input_bytes, "LARGE", 0)
    streamed = run("blur", "a.tif", "-o", "c.tif", "-v")
    note = "imfilter: a.tif: 3 of its pages, small copies or masks of others, were left out"
    assert whole.lines == [note]
    assert note in streamed.lines and "streamed in strips" in streamed.err
    assert np.array_equal(tifffile.imread("b.tif"), tifffile.imread("c.tif"))


def test_where_it_lies_is_kept_and_what_is_missing_is_in_no_mean(ok, folder):
    samples = picture("uint8", 70, 70) // 2 + 100
    samples[:40, :40] = 0
    tags = [(33550, "d", 3, (10.0, 10.0, 0.0)), (33922, "d", 6, (0, 0, 0, 5e5, 5e6, 0)), (42113, "s", 2, "0")]
    tifffile.imwrite("in.tif", samples, extratags=tags, metadata=None)
    ok(*KEEP, "in.tif", "-o", "out.tif", "--to", "cog")
    with tifffile.TiffFile("out.tif") as file:
        assert file.pages[0].tags[33550].value == (10.0, 10.0, 0.0)
        assert file.pages[0].tags[33922].value == (0, 0, 0, 5e5, 5e6, 0)
        assert [page.tags[42113].value for page in file.pages] == ["0"] * 3
        assert np.array_equal(file.pages[1].asarray(), samples[::2, ::2])


def test_offsets_are_wide_where_the_file_is_large(ok, monkeypatch):
    from imfilter.cli.images.tiff import writer

    samples = picture("uint8", 90, 70)
    np.save("in.npy", samples)
    monkeypatch.setattr(writer, "CLASSIC_BYTES", 0)
    ok(*KEEP, "in.npy", "-o", "out.tif", "--to", "cog", "--depth", "8")
    with open("out.tif", "rb") as file:
        assert struct.unpack("<2sH", file.read(4)) == (b"II", 43)
    assert np.array_equal(check_layout("out.tif")[0], samples)


def test_the_stamp_is_found_again(ok, folder):
    np.save("in.npy", picture("uint8", 90, 70))
    words = ("blur", "-q", "in.npy", "-o", "out/", "--to", "cog", "--update")
    ok(*words)
    (out,) = (folder / "out").iterdir()
    assert out.name == "in.tif"
    before = out.stat()
    ok(*words)
    assert out.stat() == before


def test_bits_and_several_pages_are_refused(refused):
    np.save("in.npy", picture("uint8", 9, 9))
    tifffile.imwrite("two.tif", picture("uint8", 2, 9, 9), photometric="minisblack")
    assert "COG" in refused(1, "threshold", "in.npy", "-o", "out.tif", "--to", "cog", "--depth", "1")
    assert "COG" in refused(1, "blur", "two.tif", "-o", "out.tif", "--to", "cog")


def test_rows_in_blocks_of_any_height_make_the_same_levels():
    samples = picture("uint16", 77, 50, 1)
    levels = pyramid.shapes(samples.shape, 8)
    packed = {}
    made = pyramid.Pyramid(levels, 16, lambda level, top, rows: (top, rows.copy()), pyramid.halved)
    for top in range(0, 77, 16):
        for level, (at, rows) in made.add(pyramid.halved(samples[top : top + 16])):
            assert at == sum(map(len, packed.setdefault(level, [])))
            packed[level].append(rows)
    expected = samples
    for level in range(1, len(levels)):
        expected = pyramid.halved(expected)
        assert expected.shape == levels[level]
        assert np.array_equal(np.concatenate(packed[level]), expected)
