"""Damaged animations: refused, or on request the frames before the damage, with a word."""

import importlib.util
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from imfilter.cli.images import gif
from PIL import Image

SPEC = importlib.util.spec_from_file_location("frames", Path(__file__).with_name("test_frames.py"))
frames = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(frames)
KEEP = ("conv", "--kernel", "1")


def pictures(rgb):
    """Four of few colours, which no two share: Pillow would join them."""
    return [np.roll(rgb // 64 * 64, 7 * number, axis=1) for number in range(4)]


def written(format, rgb):
    """The bytes of a file of four frames, and the frames."""
    each = pictures(rgb)
    if format == "gif":
        return frames.gif(each, [5] * 4, 0), each
    if format == "tif":
        tifffile.imwrite("all.tif", np.stack(each), photometric="rgb", compression="zlib")
    else:
        frames.save(f"all.{format}", each, duration=50, loop=0)
    return Path(f"all.{format}").read_bytes(), each


def seen(path):
    with Image.open(path) as image:
        for number in range(image.n_frames):
            image.seek(number)
            yield np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("format", ["gif", "webp", "png"])
@pytest.mark.parametrize("part", [0.6, 0.9])
def test_the_frames_before_the_damage_are_taken(run, refused, folder, rgb, format, part):
    data, each = written(format, rgb)
    (folder / "in").write_bytes(data[: int(part * len(data))])
    assert "in: is damaged or truncated" in refused(1, *KEEP, "in", "-o", f"out.{format}")
    ended = run(*KEEP, "in", "-o", f"out.{format}", "--lenient")
    assert ended.code == 0, ended.err
    # Of an APNG each damaged frame is told of, too.
    assert ended.lines and all("damaged" in line for line in ended.lines[: None if format == "png" else 1])
    assert len(ended.lines) == 1 or format == "png"
    found = list(seen(f"out.{format}"))
    assert found
    if len(found) > 1:
        assert f"; the first {len(found)} frames were used" in ended.err
    # A damaged frame of an APNG shows the one before.
    whole = len(found) - (len(ended.lines) - 1)
    assert all(np.array_equal(one, other) for one, other in zip(found[:whole], each, strict=False))


def test_a_canvas_without_pixels_is_refused(refused, folder, rgb):
    data, _ = written("png", rgb)
    size = struct.pack(">I", 40)
    header = data[12:29].replace(size, bytes(4), 1)
    (folder / "in.png").write_bytes(data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:])
    for flag in ((), ("--lenient",)):
        assert "0×24 pixels is not a valid size" in refused(1, *KEEP, "in.png", "-o", "out.png", *flag)


def test_pages_before_one_that_is_not_read_are_taken(run, refused, folder, rgb):
    """Complex samples cannot be filtered; the two pages before them can."""
    each = pictures(rgb)[:3]
    with tifffile.TiffWriter("in.tif") as file:
        for page in (each[0], each[1], each[2][..., 0].astype(np.complex64)):
            file.write(page, photometric="rgb" if page.ndim == 3 else "minisblack")
    refused(1, *KEEP, "in.tif", "-o", "out.tif")
    ended = run(*KEEP, "in.tif", "-o", "out.tif", "--lenient")
    assert ended.code == 0, ended.err
    assert "the first 2 frames were used" in ended.err
    assert np.array_equal(tifffile.imread("out.tif"), np.stack(each[:2]))


def test_a_frame_of_a_gif_that_is_damaged_leaves_what_was_seen(run, refused, folder, rgb):
    data, each = written("gif", rgb)
    at = data.index(gif.blocks(data).frames[3].data) + 40
    broken = bytearray(data)
    broken[at : at + 40] = b"\xff" * 40  # of codes, in a block that stays as long as it is
    (folder / "in.gif").write_bytes(broken)
    refused(1, *KEEP, "in.gif", "-o", "out.png")
    ended = run(*KEEP, "in.gif", "-o", "out.png", "--lenient")
    assert "frame 3 is damaged" in ended.err
    found = list(seen("out.png"))
    assert np.array_equal(found[2], each[2]) and len(found) in (3, 4)


def test_a_file_that_is_whole_is_read_without_a_word(ok, folder, rgb):
    for format in ("gif", "webp", "png", "tif"):
        data, each = written(format, rgb)
        (folder / "in").write_bytes(data)
        out = "out.tif" if format == "tif" else "out.png"
        ok(*KEEP, "in", "-o", out, "--lenient")
        found = tifffile.imread(out) if format == "tif" else np.stack(list(seen(out)))
        assert np.array_equal(found, np.stack(each))


# ---- what GIF leaves to its readers -----------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
def test_a_frame_that_reaches_out_of_its_canvas_enlarges_it(run, load, folder, count):
    small = np.full((6, 8, 3), 128, np.uint8)
    boxes = [(36, 20), (0, 0), (10, 10)][:count]
    (folder / "in.gif").write_bytes(frames.gif([small] * count, [5] * count, 0, 0, boxes))
    ended = run(*KEEP, "in.gif", "-o", "out.png")
    assert ended.code == 0
    assert "a frame extends beyond its canvas of 40×24, which was enlarged to 44×26" in ended.err
    found = load("out.png")
    assert found.shape[:2] == (26, 44)
    opaque = np.zeros((26, 44), bool)
    opaque[20:26, 36:44] = True
    assert np.array_equal(found[..., -1] == 255, opaque)


def test_one_frame_that_does_not_fill_its_canvas_stands_where_it_belongs(ok, load, folder):
    (folder / "in.gif").write_bytes(frames.gif([np.full((6, 8, 3), 128, np.uint8)], [5], None, 0, [(4, 3)]))
    ok(*KEEP, "in.gif", "-o", "out.png")
    found = load("out.png")
    assert found.shape[:2] == (24, 40)
    assert (found[3:9, 4:12, :-1] == 128).all() and (found[..., -1] == 255).sum() == 48


def test_what_the_first_frame_leaves_to_the_one_before_is_cleared(ok, folder, rgb):
    """As Pillow, ffmpeg and libvips do: before the first frame there is nothing."""
    each = [rgb // 64 * 64, np.full((6, 8, 3), 64, np.uint8)]
    (folder / "in.gif").write_bytes(frames.gif(each, [5] * 2, 0, 3, [(0, 0), (4, 3)], transparent=255))
    ok(*KEEP, "in.gif", "-o", "out.png")
    with Image.open("in.gif") as theirs, Image.open("out.png") as ours:
        theirs.seek(1)
        ours.seek(1)
        assert np.array_equal(np.asarray(theirs.convert("RGBA"))[..., 3], np.asarray(ours.convert("RGBA"))[..., 3])
