"""The files that the cases of the manifest name: small pictures of every kind, kernels, recipes, and what is damaged.

The same bytes in every run, and nothing in them but by NumPy, Pillow, tifffile and `corpus.py`.
"""

from __future__ import annotations

import io
import re
import shutil
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import corpus
import numpy as np
import tifffile
from PIL import Image, ImageCms, PngImagePlugin

KERNELS = Path(__file__).parent / "filters" / "kernels"
DURATIONS = [50, 120, 120, 400]
FULL = {"uint8": 255, "uint16": 65535, "float32": 1}


def picture(height: int = 24, width: int = 40) -> np.ndarray:
    """Return a colour picture with noise, a ramp and a flat part."""
    image = np.random.default_rng(7).integers(0, 256, (height, width, 3))
    image[:, : width // 3] = (np.arange(height) * 240 // height)[:, None, None]
    image[height * 3 // 5 :, width // 2 :] = (250, 128, 3)
    return image.astype(np.uint8)


RGB = picture()
GRAY = np.ascontiguousarray(RGB[..., 1])
ALPHA = np.zeros(RGB.shape[:2], np.uint8)
ALPHA[4:20, 6:34] = 255
ALPHA[8:12, 10:16] = 100
RGBA = np.dstack([RGB, ALPHA])


def slug(kind: corpus.Kind) -> str:
    """Return the name of a corpus file."""
    words = re.sub(r"[^a-z0-9]+", "-", kind.name.lower().replace(">", "big ")).strip("-")
    return f"{words}.{kind.format.lower()}"


def encoded(array: np.ndarray, format: str, **options: Any) -> bytes:
    """Return an array as a file of a format that Pillow writes."""
    return corpus.saved(Image.fromarray(array), format, **options)


class Names(NamedTuple):
    """The names of the inputs that are many."""

    kinds: list[str]
    kernels: list[str]
    refused_kernels: list[str]
    damaged: list[str]


def write() -> Names:
    """Write all of them into the current folder."""
    Path("kinds").mkdir()
    kinds = {slug(kind): kind.data for kind in corpus.kinds()}
    assert len(kinds) == len(corpus.kinds())
    for name, data in kinds.items():
        Path("kinds", name).write_bytes(data)
    for name, data in {**pictures(), **damaged(), **texts()}.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
    for name, array in arrays().items():
        np.save(name, array)
    several()
    described()
    trees()
    kernels, refused = sorted(path.name for path in KERNELS.iterdir()), []
    for name in kernels:
        shutil.copy(KERNELS / name, name)
        for number, mutant in enumerate(mutants(Path(name).read_bytes())):
            refused.append(f"mutant-{number}-{name}")
            Path(refused[-1]).write_bytes(mutant)
    for number, text in enumerate(REFUSED_KERNELS):
        refused.append(f"refused-{number:02}")
        Path(refused[-1]).write_text(text)
    return Names(sorted(kinds), kernels, refused, sorted(damaged()))


# ---- pictures ---------------------------------------------------------------------------------------


def pictures() -> dict[str, bytes]:
    """Return the pictures that most calls are about."""
    inks = np.asarray(Image.fromarray(RGB).convert("CMYK")).copy()
    inks[..., 3] = RGB[..., 0] // 4
    cmyk = Image.frombytes("CMYK", inks.shape[1::-1], inks.tobytes())
    deep = RGB.astype(np.uint16) * 256 + RGB[::-1]
    lab = ImageCms.profileToProfile(
        Image.fromarray(RGB), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    large = picture(220, 300)
    return {
        "a.png": encoded(RGB, "PNG"),
        "b.png": encoded(RGB[::-1], "PNG"),
        "a.jpg": encoded(RGB, "JPEG", quality=90),
        "a.tif": encoded(RGB, "TIFF"),
        "g.png": encoded(GRAY, "PNG"),
        "clear.png": encoded(RGBA, "PNG"),
        "clear.webp": encoded(RGBA, "WEBP", lossless=True, exact=True),
        "clear.tif": corpus.tiff(RGBA.astype(np.uint16) * 257, 2, t338=2),
        "deep.png": corpus.png(deep, 16, 2),
        "deepgray.png": corpus.png(deep[..., :1], 16, 0),
        "inks.tif": corpus.saved(cmyk, "TIFF"),
        "inks.jpg": corpus.saved(cmyk, "JPEG", quality=95),
        "inks-profile.tif": corpus.saved(cmyk, "TIFF", icc_profile=profile()),
        "lab.tif": corpus.saved(lab, "TIFF"),
        "ycbcr.tif": corpus.saved(Image.fromarray(RGB).convert("YCbCr"), "TIFF"),
        "one.png": encoded(RGB[:1, :1], "PNG"),
        "big.png": encoded(large, "PNG"),
        "big.jpg": encoded(large, "JPEG"),
        "huge-file.png": encoded(np.random.default_rng(1).integers(0, 256, (300, 320, 3), np.uint8), "PNG"),
        "mask.png": encoded(np.where(ALPHA == 100, 128, ALPHA), "PNG"),
        "mask16.png": corpus.png((ALPHA.astype(np.uint16) * 257)[..., None], 16, 0),
        "mask-rgb.png": encoded(np.dstack([ALPHA] * 3), "PNG"),
        "masks/a.png": encoded(ALPHA // 50, "PNG"),
        "labelled-idx3-ubyte": struct.pack(">4B3I", 0, 0, 8, 3, 2, *GRAY.shape) + GRAY.tobytes() + ALPHA.tobytes(),
        "records": bytes([5, *range(256)] + [7] * 2816) * 2,
        "its-labels": struct.pack(">4BI2B", 0, 0, 8, 1, 2, 3, 1),
        "tiny.png": encoded(np.zeros((1, 1), np.uint8), "PNG"),
        "-x.png": encoded(RGB, "PNG"),
        "[red].png": encoded(RGB, "PNG"),
        "é b.png": encoded(RGB, "PNG"),
        "new\nline.png": encoded(RGB, "PNG"),
        "{stem}.png": encoded(RGB, "PNG"),
    }


def arrays() -> dict[str, np.ndarray]:
    """Return the arrays, which are pictures, signals, masks, kernels and none of these."""
    random = np.random.default_rng(3)
    values = (RGB / np.float32(160) - 0.3).astype(np.float32)
    missing = values.copy()
    missing[3:6, 4:9, 1] = missing[10, 30] = missing[15, 20:25] = np.nan
    infinite = missing.copy()
    infinite[0, 0] = np.inf
    return {
        "f.npy": values,
        "fgray.npy": values[..., 0],
        "nan.npy": missing,
        "inf.npy": infinite,
        "allnan.npy": np.full((9, 8), np.nan, np.float32),
        "signal.npy": random.normal(size=40).astype(np.float32),
        "mask.npy": (ALPHA / np.float32(255)).astype(np.float32),
        "hot.npy": np.full((3, 3), 3, np.float32),
        "bank.npy": random.uniform(-0.2, 0.2, (6, 3, 3, 3)).astype(np.float32),
        "bank3.npy": random.uniform(-0.2, 0.2, (3, 3, 5, 4)).astype(np.float32),
        "bank1.npy": random.uniform(-0.2, 0.2, (6, 1, 3, 3)).astype(np.float32),
        "kernel9.npy": random.uniform(-1, 1, (9, 7)),
        "kernel31.npy": random.uniform(-1, 1, (31, 31)),
        "ones25.npy": np.ones((25, 25)),
        "large.npy": np.ones((300, 300)),
        "huge.npy": np.ones((1000, 1000)),
        "complex-bank.npy": np.zeros((2, 3, 3), complex),
        "empty-bank.npy": np.zeros((2, 0, 3, 3)),
        "bank-of-5.npy": np.zeros((1, 2, 2, 3, 3)),
        "nan-bank.npy": np.full((2, 1, 3, 3), np.nan),
        "odd4.npy": np.zeros((2, 2, 2, 2)),
        "odd0.npy": np.array(1, np.float32),
        "odd-empty.npy": np.zeros(0),
    }


def gif(frames: Sequence[np.ndarray], disposal: int, boxes: Sequence[tuple[int, int]]) -> bytes:
    """Return a GIF of frames laid at places; their pixels are packed by Pillow, one frame at a time."""
    out = [b"GIF89a", struct.pack("<HHBBB", 40, 24, 0, 0, 0), b"!\xff\x0bNETSCAPE2.0\x03\x01\x03\0\0"]
    for frame, (left, top) in zip(frames, boxes, strict=True):
        image = Image.fromarray(frame)
        data = corpus.saved(image.quantize(256), "GIF", interlace=0)
        at = 13 + (colours := 3 << (data[10] & 7) + 1)
        while data[at] == 0x21:  # an extension
            at += 2
            while data[at]:
                at += data[at] + 1
            at += 1
        out.append(b"!\xf9\x04" + struct.pack("<BHBB", disposal << 2, 9, 0, 0))
        out.append(struct.pack("<BHHHHB", 0x2C, left, top, *image.size, 0x80 | (data[10] & 7)))
        out += [data[13 : 13 + colours], data[at + 10 : -1]]
    return b"".join([*out, b";"])


def several() -> None:
    """Write animations and pages."""
    few = RGB // 64 * 64
    frames = [few, few[::-1], few[::-1] // 2, np.roll(few, 9, axis=1)]
    shapes = [np.roll(np.where(ALPHA, 255, 0).astype(np.uint8), 5 * number) for number in range(4)]
    clear = [
        np.where(shape[..., None], np.dstack([frame, shape]), 0).astype(np.uint8)
        for frame, shape in zip(frames, shapes, strict=True)
    ]

    def save(name: str, arrays: Sequence[np.ndarray], **options: Any) -> None:
        first, *others = [Image.fromarray(array) for array in arrays]
        first.save(name, save_all=True, append_images=others, **options)

    lossless = {"lossless": True, "exact": True}
    for suffix, more in (("gif", {}), ("png", {}), ("webp", lossless)):
        save(f"film.{suffix}", frames, duration=DURATIONS, loop=4, **more)
        save(f"clearfilm.{suffix}", clear, duration=100, loop=0, disposal=2, **more)
    save("film.avif", frames[:2], duration=100)
    save("pages.tif", frames)
    save("two.tif", [GRAY[:1, :1]] * 2)
    save("in.mpo", [RGB, RGB[::-1]], format="MPO", quality=95)
    save("still-first.png", frames[:2], duration=50, default_image=True)
    for disposal in range(4):
        parts = [frames[0], np.full((6, 8, 3), 128, np.uint8), np.full((6, 8, 3), 64, np.uint8)]
        Path(f"canvas{disposal}.gif").write_bytes(gif(parts, disposal, [(0, 0), (4, 3), (20, 10)]))
    whole = Path("canvas0.gif").read_bytes()
    Path("cutfilm.gif").write_bytes(whole[: len(whole) * 3 // 4])
    apng = Path("film.png").read_bytes()
    Path("lackingfilm.png").write_bytes(apng[: apng.rindex(b"fcTL") - 4] + apng[-12:])
    mixed = [RGB, RGB[:9, :7, 0].astype(np.float32), RGB[::2].astype(np.uint16) * 257]
    for name, pages, kinds in (("mixed.tif", mixed, (0, 0, 0)), ("reduced.tif", [RGB, RGB[::2], RGB[::-1]], (0, 1, 0))):
        with tifffile.TiffWriter(name) as writer:
            for page, kind in zip(pages, kinds, strict=True):
                photometric = "rgb" if page.ndim == 3 else "minisblack"
                writer.write(page, photometric=photometric, subfiletype=kind, software="", metadata=None)


# ---- what travels with the pixels -------------------------------------------------------------------

XMP = (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/" '
    'tiff:Orientation="6" exif:GPSLatitude="48,51N"><exif:GPSLongitude>2,17E</exif:GPSLongitude>'
    "</rdf:Description></rdf:RDF></x:xmpmeta>" + '<?xpacket end="w"?>'
)


def profile() -> bytes:
    """Return an ICC profile, less the moment in which it was made."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data[24:36] = bytes(12)
    return bytes(data)


def described() -> None:
    """Write a picture with EXIF, XMP, a profile, a resolution and a comment, in each format that has them."""
    exif = Image.Exif()
    exif[271], exif[274], exif[305] = "Maker", 6, "v1.0"
    exif.get_ifd(0x8769).update({33434: (1, 125), 37510: b"ASCII\0\0\0hello", 40962: 40, 40963: 24})
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 0.0)})
    block = exif.tobytes()
    comment = PngImagePlugin.PngInfo()
    comment.add_itxt("XML:com.adobe.xmp", XMP)
    comment.add_text("Comment", "of a picture")
    image = Image.fromarray(RGB)
    shared: Mapping[str, Any] = {"exif": block, "icc_profile": profile()}
    image.save("told.jpg", dpi=(300, 300), xmp=XMP.encode(), comment=b"of a picture", **shared)
    image.save("told.png", dpi=(300, 300), pnginfo=comment, **shared)
    image.save("told.tif", dpi=(300, 300), **shared)
    image.save("told.webp", lossless=True, xmp=XMP.encode(), **shared)
    image.save("told.avif", **shared)
    exif[0x010E] = "x" * 40_000
    image.save("long.jpg", exif=exif.tobytes(), icc_profile=profile() + bytes(50_000))


# ---- folders ----------------------------------------------------------------------------------------


def trees() -> None:
    """Write folders of pictures, and links into them."""
    files = {
        "photos/a.png": encoded(RGB, "PNG"),
        "photos/b.JPG": encoded(RGB[::-1], "JPEG"),
        "photos/deep/c.tif": encoded(RGB[:, ::-1], "TIFF"),
        "photos/notes.txt": b"text",
        "photos/.hidden.png": b"not read",
        "mixed/a.png": encoded(RGB, "PNG"),
        "mixed/bad.png": b"",
        "mixed/c.png": encoded(GRAY, "PNG"),
        "mixed/text.png": b"text",
        "same/a.png": encoded(RGB, "PNG"),
        "same/A.PNG": encoded(RGB, "PNG"),
        "loop/a.png": encoded(RGB, "PNG"),
        "loop/deep/b.png": encoded(RGB, "PNG"),
        "backed/a.png": encoded(RGB, "PNG"),
        "backed/a.png.orig": encoded(RGB, "PNG"),
        "linked/c.png": encoded(RGB, "PNG"),
    }
    for name, data in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(data)
    Path("folder").mkdir()
    Path("loop/deep/loop").symlink_to("../deep")
    Path("link.png").symlink_to("a.png")
    Path("maps-out").mkdir()
    Path("gone-link").symlink_to("nowhere")
    Path("photos-link").symlink_to("photos")


# ---- what is damaged --------------------------------------------------------------------------------


def npy(descr: str, shape: tuple[int, ...], data: bytes = b"") -> bytes:
    """Return an array's file with a header that may lie."""
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def damaged() -> dict[str, bytes]:
    """Return files that are cut off, damaged or lie, and are no pictures."""

    def of_png(*chunks: bytes) -> bytes:
        return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)

    def header(width: int, height: int, compression: int = 0) -> bytes:
        return corpus.chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, compression, 0, 0))

    def of_array(array: Any) -> bytes:
        file = io.BytesIO()
        np.save(file, array, allow_pickle=True)
        return file.getvalue()

    rows = zlib.compress(bytes(9 * 10))
    idat, end = corpus.chunk(b"IDAT", rows), corpus.chunk(b"IEND")
    small = np.arange(80, dtype=np.uint8).reshape(10, 8, 1)
    deep = small.astype(np.uint16)
    tiff = corpus.tiff
    packed = tiff(small, 1, compression=8)
    second = packed.index(b"x\x9c", 12)
    found = {
        "empty": b"",
        "text": b"not an image\n",
        "svg": b"<svg/>",
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n",
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100),
        "png-magic": b"\x89PNG\r\n\x1a\n",
        "jpeg-magic": b"\xff\xd8\xff\xe0",
        "tiff-magic": b"II*\0",
        "webp-magic": b"RIFF\x10\0\0\0WEBP",
        "gif-magic": b"GIF89a",
        "bmp-magic": b"BM",
        "ppm-magic": b"P6\n",
        "npy-magic": b"\x93NUMPY",
        "npy-short": npy("|u1", (9, 9), b"123"),
        "npy-objects": of_array(np.array([[{}]])),
        "npy-program": npy("|O", (1, 1), b"cos\nsystem\n(S'touch pwned'\ntR."),
        "npy-text": of_array(np.array([["a"]])),
        "npy-complex": of_array(np.ones((2, 2), complex)),
        "npy-0-axes": of_array(np.ones(())),
        "npy-4-axes": of_array(np.ones((2, 2, 2, 2))),
        "npy-5-channels": of_array(np.ones((2, 2, 5))),
        "npy-no-pixels": of_array(np.ones((0, 4))),
        "npy-negative": npy("|u1", (-4, 4)),
        "npy-1e300": of_array(np.full((2, 2), 1e300)),
        "npy-large-integers": of_array(np.full((2, 2), 2**40 + 1)),
        "png-no-end": of_png(header(8, 10), idat),
        "png-header-checksum": of_png(header(8, 10)[:-1] + b"x", idat, end),
        "png-data-checksum": of_png(header(8, 10), idat[:-1] + b"x", end),
        "png-text-checksum": of_png(header(8, 10), idat, corpus.chunk(b"tEXt", b"a\0b")[:-1] + b"x", end),
        "png-cut-data": of_png(header(8, 10), corpus.chunk(b"IDAT", rows[:-9]), end),
        "png-few-rows": of_png(header(8, 10), corpus.chunk(b"IDAT", zlib.compress(bytes(45))), end),
        "png-no-data": of_png(header(8, 10), end),
        "png-compression": of_png(header(8, 10, 1), idat, end),
        "png-no-size": of_png(header(0, 10), idat, end),
        "png-lying-size": of_png(header(9000, 9000), idat, end),
        "tiff-circle": tiff(small, 1, following="here"),
        "tiff-page-outside": tiff(small, 1, following=99999),
        "tiff-count": tiff(small, 1).replace(struct.pack("<HHI", 273, 4, 3), struct.pack("<HHI", 273, 4, 1 << 30)),
        "tiff-strips-missing": tiff(small, 1, t273=8, t279=32),
        "tiff-strips-missing-16": tiff(deep, 1, t273=8, t279=64),
        "tiff-lying-size": tiff(small, 1, t256=9000, t257=9000),
        "tiff-lying-size-16": tiff(deep, 1, t256=9000, t257=9000),
        "tiff-lying-tiles": tiff(deep, 1, tile=(16, 16), t322=60000, t323=60000),
        "tiff-tags-cut": tiff(deep, 1)[:-20],
        "tiff-no-rows": tiff(deep, 1, t278=0),
        "tiff-many-channels": tiff(deep, 1, t277=60000),
        "tiff-unknown-packing": tiff(deep, 1, t259=4711),
        "tiff-rubbish-strip": packed[:second] + b"rubbish" + packed[second + 7 :],
        "ppm-short-raw": b"P5 4 4 255\n" + bytes(range(1, 11)),
        "bomb-png": of_png(
            corpus.chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)),
            corpus.chunk(b"IDAT", zlib.compress(bytes(10**6))),
        ),
        "bomb-ppm": b"P6 60000 60000 255\n",
        "bomb-gif": b"GIF89a"
        + struct.pack("<HHBBB", 60000, 60000, 0, 0, 0)
        + b","
        + struct.pack("<HHHHB", 0, 0, 60000, 60000, 0)
        + b"\x02\x02L\x01\0;",
        "bomb-npy": npy("|u1", (60000, 60000, 3)),
    }
    for number, text in enumerate(
        (
            *("P2 2 1 9 1 10", "P2 2 1 9 1 x", "P2 2 1 9 1", "P1 2 1 12", "P5 2 1 0 ab", "P5 2 1 70000 ab"),
            *("P5 2 0 255 ab", "P6 2 x", "P6 2 1 "),
        )
    ):
        found[f"ppm-{number}"] = text.encode()
    for format in ("JPEG", "PNG", "TIFF", "GIF", "BMP", "PPM", "WEBP", "AVIF"):
        data = encoded(np.tile(RGB, (2, 2, 1)), format)
        for percent in (10, 50, 75, 99):
            found[f"{format.lower()}-{percent}-percent"] = data[: len(data) * percent // 100]
    lying = bytearray(encoded(RGB, "JPEG"))
    start = lying.index(b"\xff\xc0")
    lying[start + 5 : start + 9] = struct.pack(">HH", 16000, 16000)
    found["jpeg-lying-size"] = bytes(lying)
    return {f"bad-{name}": data for name, data in found.items()}


# ---- texts ------------------------------------------------------------------------------------------


def texts() -> dict[str, str | bytes]:
    """Return lists, kernels and recipes."""
    return {
        "list.txt": "a.png\r\ng.png\n\nb.png",
        "list0.txt": b"a.png\0new\nline.png\0",
        "missing.txt": "gone.png\na.png\n",
        "blank.txt": "\n\n",
        "boxes/a.txt": "0 0.5 0.5 0.25 0.5\n1 0.9 0.1 0.1 0.1\n",
        "boxes/classes.txt": "left eye\nnose\n",
        "names.txt": "right eye\nnose\n",
        "k.txt": "1 2 1\n2 4 2\n1 2 1\n",
        "ragged.txt": "1 2 3\n4 5\n6 7 8\n",
        "words.txt": "1 two 3\n",
        "bias.txt": "1 2 3 4 5 6\n",
        "shape.txt": "0 1 1\n1 1 0\n",
        "pattern.txt": "0 1 0\n-1 1 1\n-1 -1 0\n",
        "r.toml": '[[step]]\nfilter = "blur"\nsigma = "2,1"\n[[step]]\nfilter = "edges"\nthin = true\n',
        "r-kernel.toml": '[[step]]\nfilter = "conv"\nkernel = "k.txt"\nnormalize = "sum"\n',
        "r-no-toml.toml": "[[step",
        "r-no-steps.toml": "",
        "r-table.toml": '[[step]]\nfilter = "blur"\n[more]\n',
        "r-no-filter.toml": "[[step]]\nsigma = 2\n",
        "r-unknown.toml": '[[step]]\nfilter = "blur"\nsgima = 2\n',
        "r-wrong-type.toml": '[[step]]\nfilter = "blur"\nsigma = [1, 2, 3]\n',
        "r-list.toml": '[[step]]\nfilter = "blur"\nop = ["mean"]\n',
        "r-date.toml": '[[step]]\nfilter = "blur"\nsigma = 2020-01-01\n',
        "r-step.toml": "step = 3\n",
        "r-bytes.toml": b"\xff\xfe",
        "r-zeros.toml": b"\0\0\0",
    }


def mutants(data: bytes) -> list[bytes]:
    """Return a kernel file cut off, with a number too many, and with a word in place of a number."""
    last = max(data.rfind(b"%d" % digit) for digit in range(10))
    return [data[: len(data) // 2], data[:-3], data + b" 7\n", data[:last] + b"x" + data[last + 1 :]]


FFMPEG = "0 -1 0 -1 5 -1 0 -1 0"
YAML = "%YAML:1.0\nk: !!opencv-matrix\n   rows: 1\n   cols: 2\n   dt: {}\n   data: [ {} ]\n"
IMAGE_PRO = "# Image Pro Plus Kernel\n"
JSON = '{"k": {"type_id": "opencv-matrix", "rows": 1, "cols": 1, "dt": "f", "data": %s}}'
MATRIX = "MATRIX 3\n1 1 1\n1 1 1\n1 1 1\n"
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + ']><svg><feConvolveMatrix order="1" kernelMatrix="&j;"/></svg>'
)
REFUSED_KERNELS = (
    "CONV\n1",
    "CONV NORM\n",
    "CONV NORM\n1 2\n3",
    "CONV NORM\n1 nan",
    MATRIX + "TYPE S",
    MATRIX + "TYPE Q",
    MATRIX + MATRIX,
    "MATRIX 3\n1 -2 1\n0 0 0\n0 0 0\nDIVISOR 0",
    MATRIX + "DIVISOR x",
    MATRIX + "1 2 3",
    "MATRIX 3\n1 1 1\n",
    "MATRIX 3",
    "MATRIX x",
    "MATRIX 1000",
    "TITLE only",
    "3x3@:1,2,3 4,5,6 7,8,9",
    "3x3>:1,2,3 4,5,6 7,8,9",
    "3x1:1,2,3;3x1:4,5,6",
    "3x1:1,2,3;\n3x1:4,5,6",
    "3x1+3+0:1,2,3",
    "3x1-1+0:1,2,3",
    "3x3:1,2,3",
    "2x1:nan,-",
    "2x1:1,inf",
    "2x2:1,2\n3,x",
    "0x3:1",
    ":".join([FFMPEG] * 3),
    ":".join([*[FFMPEG] * 4, "5", "5", "5", "1", "0", "128", "128", "0"]),
    ":".join([*[FFMPEG] * 4, "1", "2"]),
    ":".join(["1 1 1 1 1 1 1 1 1 1"] * 4),
    ":\n".join([*[FFMPEG] * 3, FFMPEG.replace("5", "x")]),
    ":".join([FFMPEG] * 17),
    "convolution=0n=1",
    IMAGE_PRO + "Size 2 2\nOffset 2 0\nData\n1 2\n3 4",
    IMAGE_PRO + "Size 2 2\nData\n1 2\n3",
    IMAGE_PRO + "Size 2\nData\n1 2",
    IMAGE_PRO + "Data\n1 2",
    IMAGE_PRO + "Size 1 1",
    IMAGE_PRO + "1 2",
    "int 2 2\n1 2 3",
    "int 2 1\n1 2 0",
    "int 2.5 1\n1 2",
    "int",
    "<svg></svg>",
    "<!doctype html>\n<html><body>404</body></html>",
    "<svg>",
    "<svg>\n<a></svg>",
    '<svg><feConvolveMatrix kernelMatrix="1"/></svg>',
    '<svg>\n<feConvolveMatrix order="2" kernelMatrix="1 2 3 x"/></svg>',
    '<feConvolveMatrix order="1.5" kernelMatrix="1"/>',
    '<feConvolveMatrix order="1" kernelMatrix="1" targetX="1"/>',
    "<a>" + '<feConvolveMatrix order="1" kernelMatrix="1"/>' * 2 + "</a>",
    LAUGHS,
    '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
    '<!DOCTYPE svg SYSTEM "http://example.org/x.dtd"><svg/>',
    '<svg><!ENTITY x "y"></svg>',
    "<svg>&x;</svg>",
    "<a>" * 101,
    YAML.format("f", "1, x"),
    YAML.format("f", "1, .Nan"),
    YAML.format("f", "1"),
    YAML.format("3f", "1 2"),
    YAML.format("f", "1 2") + YAML[10:].format("f", "1 2"),
    "%YAML:1.0\nk: 3",
    "%YAML:1.0\nk: !!opencv-nd-matrix\n   sizes: [ 2, 2, 2 ]",
    '{"a": 1}',
    '{"a": 1',
    '{"a":' * 10**5,
    JSON % "[NaN]",
    JSON % '"$base64$MWQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ"',
    "ncols 2\nnrows 2\n1 2 3",
    "ncols 2\n1 2",
    "ncols x\nnrows 1\n1",
    "ncols 1\nnrows 1\nfoo 2\n1",
    "ncols 1\nnrows 1\nnan",
    "ncols 100000\nnrows 100000\n1",
    "P2 2 1 9\n1 10",
    "P2 2 1 9\n1",
    "P2 2 1 9\n1 x",
    "P2 2 1 70000\n1 1",
    "P2 x",
    "P5 2 1 255\n\x01",
    "P6 1 1 255\nabc",
    "P5 4000 3000 255\n",
    "1\n" * 70000,
    "1 " * 70000 + "\n1 2",
    "CONV NORM\n" + "1 " * 70000,
    "1 2\n3 " + "9" * 10**5,
)
"""What no kernel file may say."""
