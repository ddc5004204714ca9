"""BMP: what is damaged in its runs, palette and rows is refused, and taken on request."""

import importlib.util
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SPEC = importlib.util.spec_from_file_location("corpus", Path(__file__).parents[1] / "corpus.py")
corpus = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(corpus)
KEEP = ("conv", "--kernel", "1")
COLOURS = bytes((0, 0, 0, 0, 9, 9, 9, 0, 20, 30, 40, 0))


def runs(body, compression=1, size=40, bits=8):
    return corpus.bmp(bits, bytes(body), b"", compression, size, 2, COLOURS, 6)


DAMAGED = {
    "a run longer than its row": (runs([7, 1, 0, 0, 6, 1, 0, 1]), "a run goes past the end of its row"),
    "a literal longer than its row": (runs([0, 8, *[1] * 8, 0, 1]), "a run goes past the end of its row"),
    "a row too many": (runs([6, 1, 0, 0, 6, 1, 0, 0, 6, 1, 0, 1]), "a run goes past the end of its row"),
    "a step out of the picture": (runs([0, 2, 9, 0, 6, 1, 0, 1]), "its runs go outside the picture"),
    "runs without an end": (runs([6, 1, 0, 0, 3, 1]), "its runs end early"),
    "a literal that is cut off": (runs([6, 1, 0, 0, 0, 6, 1, 1]), "its runs end early"),
    "a colour that is none": (runs([6, 9, 0, 0, 6, 1, 0, 1]), "a pixel has colour 9, but its palette has 3"),
    "a colour that is none, not packed": (
        corpus.bmp(8, bytes([3]) * 16, palette=COLOURS, height=2, width=6),
        "a pixel has colour 3, but its palette has 3",
    ),
    "half of the rows": (corpus.bmp(24, bytes(20), height=2, width=6), "20 of 38 bytes of pixels"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damage_is_refused_and_taken_on_request(run, refused, load, folder, case):
    data, said = DAMAGED[case]
    (folder / "in.bmp").write_bytes(data)
    assert said in refused(1, *KEEP, "in.bmp", "-o", "out.png")
    ended = run(*KEEP, "in.bmp", "-o", "out.png", "--lenient")
    if case == "a step out of the picture":
        assert (ended.code, ended.lines) == (1, [f"imfilter: in.bmp: is damaged or truncated ({said})"])
        return
    assert ended.code == 0
    assert said in ended.err and "the readable part was used" in ended.err
    assert load("out.png").shape[:2] == (2, 6)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (corpus.bmp(1, bytes(99), compression=3, size=64), "Huffman 1D compression, which is not supported"),
        (corpus.bmp(32, bytes(99), compression=11), "a compression that is not supported (CMYK)"),
        (corpus.bmp(64, bytes(999)), "64 bits per pixel, which is not supported"),
        (corpus.bmp(16, bytes(999), struct.pack("<3I", 0b101, 2, 8), 3), "with scattered bits"),
        (corpus.bmp(16, bytes(999), struct.pack("<3I", 1 << 20, 2, 8), 3), "wider than its 16-bit pixels"),
        (corpus.bmp(7, bytes(999)), "its compression does not allow 7 bits per pixel"),
        (corpus.bmp(8, bytes(9), compression=1, height=-9), "runs cannot begin at the top row"),
        (corpus.bmp(8, bytes(9), compression=1, height=9000, width=9000), "declares 9000×9000 pixels"),
        (corpus.bmp(24, b"", height=1, width=0), "it declares 0×1 pixels"),
        (b"BM" + bytes(12) + struct.pack("<I", 99) + bytes(99), "a header of 99 bytes is unknown"),
        (b"BM" + bytes(12), "its header is cut off"),
    ],
)
def test_what_is_not_read_says_why(refused, folder, data, said):
    (folder / "in.bmp").write_bytes(data)
    assert said in refused(1, *KEEP, "in.bmp", "-o", "out.png")


def test_the_fourth_byte_of_plain_pixels_is_not_alpha(ok, load, folder, rgba):
    found = rgba[..., 2] | rgba[..., 1].astype(np.uint32) << 8 | rgba[..., 0].astype(np.uint32) << 16
    data = corpus.bmp(32, corpus.rows_of(found | 0x7F000000, "<u4"), height=rgba.shape[0], width=rgba.shape[1])
    (folder / "in.bmp").write_bytes(data)
    ok(*KEEP, "in.bmp", "-o", "out.png")
    assert np.array_equal(load("out.png"), rgba[..., :3])


def test_alpha_that_is_0_everywhere_is_not_used(run, load, folder):
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + bytes(52)
    (folder / "in.bmp").write_bytes(corpus.bmp(32, bytes([1, 2, 3, 0]) * 12, masks, 3, 108, 2, width=6))
    ended = run(*KEEP, "in.bmp", "-o", "out.png")
    assert "its alpha is 0 everywhere and was not used" in ended.err
    assert (load("out.png") == [3, 2, 1]).all()


@pytest.mark.parametrize(("compression", "format"), [(4, "JPEG"), (5, "PNG")])
def test_a_file_inside_is_read(ok, load, folder, rgb, compression, format):
    inner = corpus.saved(Image.fromarray(rgb), format)
    (folder / "in.bmp").write_bytes(corpus.bmp(0, inner, compression=compression, width=rgb.shape[1]))
    (folder / "inner").write_bytes(inner)
    ok(*KEEP, "in.bmp", "-o", "out.png")
    assert np.array_equal(load("out.png"), load("inner"))
