"""Lists of names and masks with something wrong: what they name is filtered, or refused in one line."""

import io

import numpy as np
import pytest
from hypothesis import strategies as st
from PIL import Image

NAMES = [b"a.npy", b"nosuch.png", b"in", b"in/b.npy", b"./a.npy", b"\xff", b"\x1b[31m", b"x" * 300, b"-", b"--", b""]
LISTS = [b"a.npy\nin/b.npy\n", b"a.npy\0in/b.npy\0", "a.npy\n".encode("utf-16"), b"\xef\xbb\xbfa.npy\r\n"]
WORDS = [b"\n" + name + b"\n" for name in NAMES] + [b"\0", b"\n\n\n", b"/" * 5000]


@pytest.fixture(autouse=True)
def pictures(folder):
    (folder / "in").mkdir()
    (folder / "out").mkdir()
    for name in ("a.npy", "in/b.npy"):
        np.save(name, np.arange(105, dtype=np.uint8).reshape(5, 7, 3))


def test_a_broken_list_is_read_or_refused(harmless, mutated, search, folder):
    def check(names, null, stream):
        words = ["--files-from", "-" if stream else "list", *(["-0"] if null else [])]
        if not stream:
            (folder / "list").write_bytes(names)
        harmless("conv", "--kernel", "1", "-o", "out/", "-j", "1", *words, stdin=names)

    search(check, mutated(LISTS, WORDS), st.booleans(), st.booleans(), examples=60)


def masks():
    shape = Image.new("L", (7, 5), 200)
    for image, format, options in (
        (shape, "PNG", {}),
        (shape, "TIFF", {}),
        (shape.convert("1"), "TIFF", {"compression": "group4"}),
        (shape, "JPEG", {}),
        (shape.convert("RGBA"), "PNG", {}),
        (shape, "GIF", {"save_all": True, "append_images": [Image.new("L", (7, 5))]}),
        (shape, "PPM", {}),
    ):
        file = io.BytesIO()
        image.save(file, format, **options)
        yield file.getvalue()
    file = io.BytesIO()
    np.save(file, np.linspace(0, 1, 35).reshape(5, 7))
    yield file.getvalue()


def test_a_broken_mask_is_taken_or_refused(harmless, mutated, search, folder):
    def check(mask, roi):
        (folder / "mask").write_bytes(mask)
        harmless("blur", "a.npy", "-o", "out/out.png", "--mask", "mask", *roi)

    boxes = st.sampled_from([[], ["--roi", "1,1,3,3"], ["--roi", "9,9,1,1"], ["--roi", "-1,-1,3,3"]])
    search(check, mutated([*masks()]), boxes, examples=60)
