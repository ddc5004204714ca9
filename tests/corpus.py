"""Small image files of every kind that is read, with the samples that they mean. Nothing is copied from anywhere.

`python tests/corpus.py FOLDER` writes them. The encoders here are short and slow, and share no code with the program.
"""

import io
import itertools
import struct
import sys
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageCms, features

HEIGHT, WIDTH = 9, 13
FULL = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}


class Kind(NamedTuple):
    """A file, and what is in it: colours `(h, w, 1, 3 or 4)` and alpha `(h, w)` or None, as they are read."""

    format: str
    what: str
    data: bytes
    pixels: np.ndarray
    alpha: np.ndarray | None = None
    options: tuple[str, ...] = ()

    @property
    def name(self):
        return " ".join((self.format, self.what, *self.options))


def samples(channels, levels, dtype=np.uint8, seed=0):
    """Noise beside a ramp."""
    found = np.random.default_rng(seed).integers(0, levels, (HEIGHT, WIDTH, channels))
    found[:, :5] = (np.arange(5) * (levels - 1) // 4)[None, :, None]
    return found.astype(dtype)


def parted(array, dtype=None):
    """Colours and alpha, which is the last of two or four channels."""
    array = array if dtype is None else array.astype(dtype)
    return (array[..., :-1], array[..., -1]) if array.shape[2] in (2, 4) else (array, None)


# ---- PNG ---------------------------------------------------------------------------------------------

ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(name, data=b""):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def packed(rows, bits):
    """Rows `(h, w, c)` as bytes, each filled up to whole ones."""
    if bits >= 8:
        return [row.astype(f">u{bits // 8}").tobytes() for row in rows]
    shifts = np.arange(bits)[::-1]
    flat = rows.reshape(len(rows), -1, 1).astype(np.uint8) >> shifts.astype(np.uint8) & 1
    return [np.packbits(row.ravel()).tobytes() for row in flat]


def png(array, bits, colour_type, *chunks, interlaced=False):
    passes = [(0, 0, 1, 1)] if not interlaced else ADAM7
    rows = [row for x, y, dx, dy in passes if array[y::dy, x::dx].size for row in packed(array[y::dy, x::dx], bits)]
    header = struct.pack(">IIBBBBB", array.shape[1], array.shape[0], bits, colour_type, 0, 0, int(interlaced))
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    end = [chunk(b"IDAT", data), chunk(b"IEND")]
    return b"\x89PNG\r\n\x1a\n" + b"".join([chunk(b"IHDR", header), *chunks, *end])


def pngs():
    for bits in (1, 2, 4, 8, 16):
        dtype = np.uint16 if bits == 16 else np.uint8
        gray = samples(1, 1 << bits, np.uint16)
        scaled = (gray * (255 // ((1 << min(bits, 8)) - 1))).astype(dtype) if bits < 16 else gray
        yield Kind("PNG", f"gray {bits}-bit", png(gray, bits, 0), scaled)
        key = int(gray[3, 3, 0])
        alpha = np.where(gray[..., 0] == key, 0, np.iinfo(dtype).max).astype(dtype)
        data = png(gray, bits, 0, chunk(b"tRNS", struct.pack(">H", key)))
        yield Kind("PNG", f"gray {bits}-bit, one level transparent", data, scaled, alpha)
    for bits, (channels, colour_type, mode) in itertools.product(
        (8, 16), ((3, 2, "RGB"), (2, 4, "gray + alpha"), (4, 6, "RGB + alpha"))
    ):
        array = samples(channels, 1 << bits, f"uint{bits}")
        yield Kind("PNG", f"{mode} {bits}-bit", png(array, bits, colour_type), *parted(array))
        data = png(array, bits, colour_type, interlaced=True)
        yield Kind("PNG", f"{mode} {bits}-bit, interlaced", data, *parted(array))
    for bits in (8, 16):
        array = samples(3, 1 << bits, f"uint{bits}")
        alpha = np.where((array == array[3, 7]).all(axis=2), 0, (1 << bits) - 1).astype(f"uint{bits}")
        key = chunk(b"tRNS", struct.pack(">HHH", *array[3, 7].tolist()))
        yield Kind("PNG", f"RGB {bits}-bit, one colour transparent", png(array, bits, 2, key), array, alpha)
    for bits in (1, 2, 4, 8):
        indices = samples(1, 1 << bits)
        palette = np.random.default_rng(1).integers(0, 256, (1 << bits, 3)).astype(np.uint8)
        entries = chunk(b"PLTE", palette.tobytes())
        colours = palette[indices[..., 0]]
        yield Kind("PNG", f"palette of {1 << bits}", png(indices, bits, 3, entries), colours)
        alpha = np.arange(1 << bits, dtype=np.uint8) * np.uint8(255 // ((1 << bits) - 1))
        data = png(indices, bits, 3, entries, chunk(b"tRNS", alpha.tobytes()))
        yield Kind("PNG", f"palette of {1 << bits} with alpha", data, colours, alpha[indices[..., 0]])


# ---- TIFF --------------------------------------------------------------------------------------------


def lzw(data):
    """TIFF's LZW: codes of 9 to 12 bits, the first bit the heaviest, each table ended one code early."""
    table, bits, out, width = {}, 0, 0, 9
    clear, end = 256, 257

    def put(code):
        nonlocal bits, out
        out = out << width | code
        bits += width

    put(clear)
    table = {bytes([i]): i for i in range(256)}
    following, prefix = 258, b""
    for at in range(len(data)):
        longer = prefix + data[at : at + 1]
        if longer in table:
            prefix = longer
            continue
        put(table[prefix])
        table[longer] = following
        following += 1
        prefix = data[at : at + 1]
        if following == 4094:
            put(clear)
            table = {bytes([i]): i for i in range(256)}
            following, width = 258, 9
        elif following in (512, 1024, 2048):
            width += 1
    put(table[prefix])
    following += 1
    if following in (512, 1024, 2048):
        width += 1
    put(end)
    fill = -bits % 8
    return (out << fill).to_bytes((bits + fill) // 8, "big")


def packbits(data):
    parts = [data[at : at + 128] for at in range(0, len(data), 128)]
    return b"".join(bytes([len(part) - 1]) + part for part in parts)


PACK = {1: bytes, 5: lzw, 8: zlib.compress, 32773: packbits}


def predicted(block, predictor, order):
    if predictor == 2:
        whole = block.view(f"u{block.itemsize}")
        block = np.concatenate([whole[:, :1], np.diff(whole, axis=1)], axis=1).view(block.dtype)
    elif predictor == 3:
        rows, _, channels = block.shape
        planes = block.astype(block.dtype.newbyteorder(">")).view(np.uint8).reshape(rows, -1, block.itemsize)
        flat = planes.swapaxes(1, 2).reshape(rows, -1, channels)
        return np.concatenate([flat[:, :1], np.diff(flat, axis=1)], axis=1).tobytes()
    return block.astype(block.dtype.newbyteorder(order)).tobytes()


def tiff(
    array,
    photometric,
    *,
    bits=None,
    order="<",
    compression=1,
    predictor=1,
    tile=None,
    rows=4,
    planar=1,
    following=None,
    **more_tags,
):
    """A TIFF of one page; `more_tags` are called t258 and so on.

    `following` is where the next page is, "here" the page's own place.
    """
    height, width, channels = array.shape
    planes = [array] if planar == 1 else [array[..., i : i + 1] for i in range(channels)]
    high, wide = tile or (rows, width)
    blocks = []
    for plane in planes:
        for top, left in itertools.product(range(0, height, high), range(0, width, wide)):
            block = np.ascontiguousarray(plane[top : top + high, left : left + wide])
            if tile:
                block = np.pad(block, ((0, high - block.shape[0]), (0, wide - block.shape[1]), (0, 0)))
            raw = b"".join(packed(block, bits)) if bits else predicted(block, predictor, order)
            blocks.append(PACK[compression](raw))
    size = bits or 8 * array.itemsize
    form = {"u": 1, "i": 2, "f": 3}[array.dtype.kind]
    tags = {
        256: width,
        257: height,
        258: [size] * channels,
        259: compression,
        262: photometric,
        277: channels,
        284: planar,
        317: predictor,
        339: [form] * channels,
    }
    offsets = np.cumsum([8, *map(len, blocks)]).tolist()
    place = {322: wide, 323: high} if tile else {278: high}
    tags |= place | {(324 if tile else 273): offsets[:-1], (325 if tile else 279): [len(block) for block in blocks]}
    tags |= {int(name[1:]): value for name, value in more_tags.items()}
    at = offsets[-1] + offsets[-1] % 2
    entries, beyond = b"", b""
    there = at + 2 + 12 * len(tags) + 4
    for tag, value in sorted(tags.items()):
        values = value if isinstance(value, list) else [value]
        short = tag in (258, 262, 277, 284, 317, 320, 338, 339, 530)
        body = struct.pack(f"{order}{len(values)}{'H' if short else 'I'}", *values)
        entry = body.ljust(4, b"\0")
        if len(body) > 4:
            entry = struct.pack(order + "I", there + len(beyond))
            beyond += body
        entries += struct.pack(order + "HHI", tag, 3 if short else 4, len(values)) + entry
    link = at if following == "here" else following or 0
    head = struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, at)
    data = (head + b"".join(blocks)).ljust(at, b"\0")
    return data + struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", link) + beyond


def tiffs():
    names = {1: "", 5: ", LZW", 8: ", deflate", 32773: ", PackBits"}
    colours = {1: (1, "gray", {}), 2: (1, "gray + alpha", {"t338": 2}), 3: (2, "RGB", {})}
    colours[4] = (2, "RGB + alpha", {"t338": 2})
    for channels, dtype in itertools.product(colours, ("uint8", "uint16", "float32")):
        photometric, mode, tags = colours[channels]
        array = samples(channels, 256 if dtype == "uint8" else 65536, np.uint16)
        array = (array / np.float32(65535) if dtype == "float32" else array).astype(dtype)
        depth = {"uint8": "8-bit", "uint16": "16-bit", "float32": "float"}[dtype]
        pixels = parted(array)
        yield Kind("TIFF", f"{mode} {depth}", tiff(array, photometric, **tags), *pixels)
        for compression in (5, 8, 32773):
            predictor = 1 if compression == 32773 else 3 if dtype == "float32" else 2
            data = tiff(array, photometric, compression=compression, predictor=predictor, **tags)
            yield Kind("TIFF", f"{mode} {depth}{names[compression]}", data, *pixels)
        if dtype != "uint8":
            swapped = tiff(array, photometric, order=">", compression=5, **tags)
            yield Kind("TIFF", f"{mode} {depth}, big-endian, LZW", swapped, *pixels)
            tiled = tiff(array, photometric, tile=(16, 16), compression=8, predictor=2, **tags)
            yield Kind("TIFF", f"{mode} {depth}, tiled", tiled, *pixels)
            if channels > 1:
                planes = tiff(array, photometric, planar=2, order=">", **tags)
                yield Kind("TIFF", f"{mode} {depth}, in planes", planes, *pixels)
    for dtype in ("int8", "int16", "uint32", "int32", "float16", "float64"):
        array = samples(1, 100).astype(dtype)
        meant = array.astype(np.float32 if dtype in ("int8", "int16", "float16") else np.float64)
        yield Kind("TIFF", f"gray {dtype}", tiff(array, 1), meant)
    for bits in (1, 4):
        array = samples(1, 1 << bits)
        yield Kind("TIFF", f"gray {bits}-bit", tiff(array, 1, bits=bits), array * np.uint8(255 // ((1 << bits) - 1)))
    for dtype in ("uint8", "uint16"):
        array = samples(1, 256 if dtype == "uint8" else 65536, dtype)
        yield Kind("TIFF", f"gray {dtype[4:]}-bit, negative", tiff(array, 0), np.iinfo(dtype).max - array)
        deep = samples(4, int(np.iinfo(dtype).max) + 1, dtype)
        deep[..., 3] = np.iinfo(dtype).max
        deep[2:4, 2:4] = 0
        yield Kind("TIFF", f"RGB + alpha {dtype[4:]}-bit, premultiplied", tiff(deep, 2, t338=1), *parted(deep))
    palette = np.random.default_rng(1).integers(0, 256, (256, 3)).astype(np.uint8)
    indices = samples(1, 256)
    data = tiff(indices, 3, t320=(palette.T.astype(int) * 257).ravel().tolist())
    yield Kind("TIFF", "palette of 256", data, palette[indices[..., 0]])
    image = Image.fromarray(samples(3, 256))
    inks = image.convert("CMYK")
    yield converted(inks, "TIFF", "CMYK 8-bit", options=("--to-rgb",))
    yield Kind("TIFF", "CMYK 8-bit", saved(inks, "TIFF"), np.asarray(inks))
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.profileToProfile(image, *profiles, outputMode="LAB")
    back = ImageCms.profileToProfile(lab, *profiles[::-1], outputMode="RGB", renderingIntent=1, flags=0x2000)
    yield Kind("TIFF", "Lab 8-bit", saved(lab, "TIFF"), np.asarray(back))


# ---- the others --------------------------------------------------------------------------------------


def saved(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def converted(image, format, what, options=(), **saving):
    """A file of a lossy kind, whose samples are what Pillow says."""
    data = saved(image, format, **saving)
    with Image.open(io.BytesIO(data)) as again:
        array = np.asarray(again if again.mode == "L" else again.convert("RGB"))
    return Kind(format, what, data, array[..., None] if array.ndim == 2 else array, None, options)


def others():
    rgb, rgba = samples(3, 256), samples(4, 256)
    image = Image.fromarray(rgb)
    yield converted(image.convert("L"), "JPEG", "gray")
    yield converted(image, "JPEG", "RGB")
    yield converted(image, "JPEG", "RGB, progressive", progressive=True)
    yield converted(image.convert("CMYK"), "JPEG", "CMYK", options=("--to-rgb",))
    inks = saved(image.convert("CMYK"), "JPEG")
    with Image.open(io.BytesIO(inks)) as again:
        yield Kind("JPEG", "CMYK", inks, np.asarray(again))
    yield Kind("WebP", "RGB", saved(image, "WEBP", lossless=True), rgb)
    yield Kind("WebP", "RGB + alpha", saved(Image.fromarray(rgba), "WEBP", lossless=True, exact=True), *parted(rgba))
    if features.check("avif"):
        yield converted(image, "AVIF", "RGB")
    few = image.quantize(32)
    colours = np.asarray(few.convert("RGB"))
    yield Kind("GIF", "palette", saved(few, "GIF"), colours)
    opaque = np.asarray(few) != 3
    yield Kind("GIF", "palette, one transparent", saved(few, "GIF", transparency=3), colours, opaque * np.uint8(255))
    gray = np.asarray(image.convert("L"))
    yield Kind("GIF", "gray", saved(image.convert("L"), "GIF"), np.dstack([gray] * 3))  # a palette of grays is one
    yield Kind("BMP", "gray", saved(image.convert("L"), "BMP"), gray[..., None])
    black = samples(1, 2) * np.uint8(255)
    yield Kind("BMP", "1-bit", saved(Image.fromarray(black[..., 0]).convert("1"), "BMP"), black)
    yield Kind("BMP", "palette", saved(few, "BMP"), colours)
    yield Kind("BMP", "RGB", saved(image, "BMP"), rgb)
    for kind, maximum in ((1, 1), (4, 1), *itertools.product((2, 5, 3, 6), (1, 100, 255, 4095, 65535))):
        array = samples(3 if kind in (3, 6) else 1, maximum + 1, np.int64)
        full = 255 if maximum < 256 else 65535
        scaled = np.floor(array * full / maximum + 0.5).astype(np.uint8 if full == 255 else np.uint16)
        head = f"P{kind}\n# {maximum}\n{WIDTH} {HEIGHT}\n" + ("" if kind in (1, 4) else f"{maximum}\n")
        bits = 1 - array if kind in (1, 4) else array
        text = "\n".join(" ".join(map(str, row.ravel())) for row in bits).encode()
        raw = b"".join(packed(bits, 1 if kind == 4 else 8 if full == 255 else 16))
        name = "PBM" if kind in (1, 4) else "PPM" if kind in (3, 6) else "PGM"
        how = "text" if kind < 4 else "raw"
        yield Kind(name, f"{how}, maximum {maximum}", head.encode() + (text if kind < 4 else raw), scaled)
    types = [
        "bool",
        "int8",
        "uint8",
        "int16",
        "uint16",
        "int32",
        "uint32",
        "int64",
        "uint64",
        "float16",
        "float32",
        "float64",
        ">u2",
        ">i4",
        ">f4",
        ">f8",
    ]
    for dtype in types:
        array = samples(1, 100)[..., 0].astype(dtype)
        kept = np.dtype(dtype).newbyteorder("=").name
        wide = "float32" if kept in ("int8", "int16", "float16") else "float64"
        meant = array * np.uint8(255) if dtype == "bool" else array.astype(kept if kept in FULL else wide)
        yield Kind("npy", f"gray {dtype}", npy(array), meant[..., None])
    for channels in (1, 2, 3, 4):
        array = samples(channels, 65536, np.uint16)
        yield Kind("npy", f"{channels} channels uint16", npy(array), *parted(array))
        yield Kind("npy", f"{channels} channels uint16, Fortran", npy(np.asfortranarray(array)), *parted(array))
    for dtype in ("uint8", "float64"):
        array = samples(5, 100, dtype)
        yield Kind("npy", f"5 bands {dtype}", npy(array), array)


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def kinds():
    """All of them."""
    return [*pngs(), *tiffs(), *others()]


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for kind in kinds():
        (folder / f"{kind.name.replace(' ', '_').replace('>', 'big_')}.{kind.format.lower()}").write_bytes(kind.data)
