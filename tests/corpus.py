"""Small image files of every kind that is read, with the samples that they mean. Nothing is copied from anywhere.

`python tests/corpus.py FOLDER` writes them. The encoders here are short and slow, and share no code with the program.
"""

import base64
import importlib.util
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
    if bits in (8, 16):
        return [row.astype(f">u{bits // 8}").tobytes() for row in rows]
    shifts = np.arange(bits)[::-1]
    flat = rows.reshape(len(rows), -1, 1).astype(np.uint16) >> shifts.astype(np.uint16) & 1
    return [np.packbits(row.ravel().astype(np.uint8)).tobytes() for row in flat]


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
        values = list(value) if isinstance(value, bytes) else value if isinstance(value, list) else [value]
        short = tag in (258, 262, 277, 284, 317, 320, 338, 339, 530)
        code, kind = ("B", 2) if isinstance(value, bytes) else ("H", 3) if short else ("I", 4)
        body = struct.pack(f"{order}{len(values)}{code}", *values)
        entry = body.ljust(4, b"\0")
        if len(body) > 4:
            entry = struct.pack(order + "I", there + len(beyond))
            beyond += body
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + entry
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
    for bits in (10, 14):
        array = samples(3, 1 << bits, np.uint16)
        white = (1 << bits) - 1
        full = ((2 * 65535 * array.astype(np.int64) + white) // (2 * white)).astype(np.uint16)
        yield Kind("TIFF", f"RGB {bits}-bit", tiff(array, 2, bits=bits), full)
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
    yield from pams()
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


def pams():
    """PAM of every tuple type, and PFM in both byte orders."""
    tuples = (
        ("BLACKANDWHITE", 1, (1,)),
        ("GRAYSCALE", 1, (255, 1023, 65535)),
        ("RGB", 3, (100, 255, 65535)),
        ("BLACKANDWHITE_ALPHA", 2, (1,)),
        ("GRAYSCALE_ALPHA", 2, (255, 65535)),
        ("RGB_ALPHA", 4, (255, 4095)),
    )
    for name, channels, maxima in tuples:
        for maximum in maxima:
            array = samples(channels, maximum + 1, np.int64)
            if name == "BLACKANDWHITE_ALPHA":
                array[2:4] = 0
            full = 255 if maximum < 256 else 65535
            scaled = np.floor(array * full / maximum + 0.5).astype(np.uint8 if full == 255 else np.uint16)
            raw = array.astype("u1" if full == 255 else ">u2").tobytes()
            yield Kind("PAM", f"{name}, maximum {maximum}", pam(raw, channels, maximum, name), *parted(scaled))
    inks = samples(4, 256)
    yield Kind("PAM", "CMYK", pam(inks.tobytes(), 4, 255, "CMYK"), inks)
    for channels, order in itertools.product((1, 3), "<>"):
        array = samples(channels, 65536, np.uint16) / np.float32(65535) * 2 - np.float32(0.5)
        head = f"P{'f' if channels == 1 else 'F'}\n{WIDTH} {HEIGHT}\n{'-' if order == '<' else ''}1.0\n"
        raw = array[::-1].astype(f"{order}f4").tobytes()
        what = f"{'gray' if channels == 1 else 'RGB'}, {'little' if order == '<' else 'big'}-endian"
        yield Kind("PFM", what, head.encode() + raw, array.astype(np.float32))


def pam(raw, channels, maximum, name):
    lines = ("P7", "# a comment", f"WIDTH {WIDTH}", f"HEIGHT {HEIGHT}", f"DEPTH {channels}", f"MAXVAL {maximum}")
    return "\n".join((*lines, f"TUPLTYPE {name}", "ENDHDR", "")).encode() + raw


# ---- formats that are only read ------------------------------------------------------------------------

JXL = base64.b85decode(
    "{|Z1r5D5qb0RY$rODHqlj2$`(TPsXYDJUqpC>R+<$d9qn5iyK`=*UPm1}~*s6=U$o7$X%UV~mY40x`ld+A*RrS}``*7=!o57#m}BjB1QwjIoL_5M"
    "wZaGh&RTiwK4h(H96hfWsCA;KfSk1p|2wdu1%_usJfG?PsEMZaC!2UBigx+-I9E_D$?B^5=jamVXX-s5QiK+y{r)*#U1-k~m3B{M$Ul0sR5ThKGz"
    "}V$oViY@J&QiA()S5v!xe#PPW?*#s<Llg;@A^Q<;A3EbiGX?XDB7biMz@hoMt&@R>GOlDlTbulsiWo|C7TuLg{w@U^8@#>{Up0*>@3Ud03l<iVs_"
    "cCJQ!&=$G#_Jzg<A`BSE+M4fV;&X`^5Gs!*<VRJrtw;~SdIcF*&(Vj1|L9f2ApBwlK=xB=DAW69t|zYtY-qOMwDq~xlPKUs*bn*94aL0eesgflEO"
    "kDACetoU7*chIFJRWMaRQ7@H#_fll<6_sW3oH;?W0;;R$EVC~&+bAi{)RB0}(h3ILpY5lky18sUaK<8{-a^w^A3&~l&5f-th2>hu=TFM9-_?|@JO"
    "LI3"
)
"""Written by libjxl without loss: red is 20x, green 28y and blue 2xy."""
JP2_12 = base64.b85decode(
    "0000CYEU2`4GM<}0000KW^{RQYH%_j00000YH%_j0000jYH%`W0000MX=r3}000090000D00RpL0000001sntY;pkr000005C8xHmuhe_WB*V8Q2"
    ";Lh000004FCWD2><{900000000004FCWD2><{9000000009E0RamE0Sf^E|55-9000010RRL900IA800cl_|6~9q00BdCWnpw>WFTUBAWv{*Zc0!"
    "^M<8}(a&u{KZXhx)H7+#&kN^q*000019{>UWli%UE5;A}miTeKU@*_mC_;0`Ui_=L2(d!=kj;bu6mIA<5zwfT~M*5WSk?rFAw@)@R^zEdjct7W)m"
    "e|0m`YTPsPbPK!4=8S8`9SI3^8HwLJ|RUZ`7gw6$1qg&_=RPi%^5J~_uqyq1f%Il3YXvE98+5#0Afyh27y+p(tdzk?p_X2WF<&>lj=CxK|w8!>aE"
    "H!Dt}uY&z-@ndyz~Z8DB6;UlJb@G=HEL!4)(6pGrQKw7>s<-{DL)*n&?}zRS@w`Ig}VwkNGNpQkIWW)m#T<`r6n(Iqbn`H%wr(K1W7zMbE<THD>I"
    "QCTRWWMQs0$uuczXdN6yjr96zs+Fp0v`afPKy-kgXY>Er"
)
"""The same in 12 bits, 16v, written by OpenJPEG."""
HEIC = base64.b85decode(
    "0000SW^{RQXk}@500000ZE0pPXk}@5ZE0a<0004gZDn*}000000000XXk=`10000000000aA{+700000000000000000000B57=IV*mgE07O6l0R"
    "RC200001q5uH^00000001`t001LtX>Mi!000000RR916=`l}WdZ;I000310BCk&F#rGn01j|zbZr0t000010002~X>f9I0002qX>en20001YXm(>"
    "m0R#vD005pi000009`FGC|M>U-01pFT0096OKmiN^|NjIC00093o;Uyi0{{RXx&lC90096hLID8;2mk;B0G>Di00RI39*_hOAhO+6(_GvHGyo6)0"
    "0RM#000935P)I;0RRX@0l{+^Fc^>k000wXZ)|dIV{CW;0RRmE0Du4h02FC+aAg1h0000006+i$06+i$04QT@VQ>Hd01yBG0096101yBG00IC1|Ih"
    "#c00RI2|Ih#c00IC201$9#cxeCt0009B2nYZG02pa-ZD9Za00000009621%Uzs1%v<q06%SHVRQfh05d27uLd#}hct;G@V}mm|NrhZ|7H3wYRzn("
    "xJT$?$K<z=k)HHldl*vXJai!RoKv~YfB"
)
"""16×16 pixels of one colour, written by x265."""
HEIC_10 = base64.b85decode(
    "0000SW^{RQXk}@500000ZE0pPXk}@5ZE0a<0004gZDn*}000000000XXk=`10000000000aA{+700000000000000000000B57=IV*mgE07O6l0R"
    "RC200001q5uH^00000001`t001LtX>Mi!000000RR916=`l}WdZ;I000310BCk&F#rGn01j|zbZr0t000010002~X>f9I0002qX>en20001YXm(>"
    "m0R#vD005jg000009`FGC|N8m>01pFT0096OKmiN^|NjIC00093oHzgg0{{RXx&lC90096hLID8;2mk;B0Gv1g00RI39*_hOAe$}KT{X?XLqGul0"
    "0RIS000930SICM0RRX@0l{+^Fc^>k000wXZ)|dIV{CW;0RRmE0Du4h02FC+aAg1h0000006+i$06+i$04QT@VQ>Hd01yBG0096101yBG00IC1|Ih"
    "#c00RI2|Ih#c00IC201$9#cxeCt0009D3JL%K02pa-ZD9Za00000009621%Uzs1%v<q06%SHVRQfh05d27uLd#}hct;G@V}mm|NrhZ|7H3wYRzn("
    "xJT$?$K<z=k)HHldl*vXJai!RoKv~YfB"
)
"""The same in 10 bits."""


def extra(module):
    """Whether a library of the extra `formats` is there."""
    return importlib.util.find_spec(module) is not None


def bmp(bits, body, header=b"", compression=0, size=40, height=HEIGHT, palette=b"", width=WIDTH):
    """A BMP whose bytes of pixels are given; *header* follows the 40 bytes of the usual one."""
    info = struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, compression, 0, 0, 0, len(palette) // 4, 0)
    start = 14 + len(info) + len(header) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + info + header + palette + body


def words(array, masks):
    """Pixels `(h, w, n)` of whole levels in the bits of masks, and the bytes that they mean: rounded, of 255."""
    found = np.zeros(array.shape[:2], np.uint32)
    meant = np.zeros(array.shape, np.uint8)
    for number, mask in enumerate(masks):
        low, size = (mask & -mask).bit_length() - 1, mask.bit_count()
        level = array[..., number].astype(np.uint32) >> (8 - size)
        found |= level << low
        meant[..., number] = np.floor(level * 255 / ((1 << size) - 1) + 0.5)
    return found, meant


def rows_of(array, dtype):
    """Rows from the bottom up, each filled to four bytes."""
    return b"".join(
        row.astype(dtype).tobytes() + bytes(-row.size * np.dtype(dtype).itemsize % 4) for row in array[::-1]
    )


def bmps():
    array = samples(4, 256)
    for name, masks in {
        "565": (0xF800, 0x7E0, 0x1F),
        "555": (0x7C00, 0x3E0, 0x1F),
        "4444": (0xF00, 0xF0, 0xF, 0xF000),
        "1555": (0x7C00, 0x3E0, 0x1F, 0x8000),
    }.items():
        found, meant = words(array[..., : len(masks)], masks)
        header = struct.pack(f"<{len(masks)}I", *masks) + bytes(0 if len(masks) == 3 else 52)
        data = bmp(16, rows_of(found, "<u2"), header, 3, 40 if len(masks) == 3 else 108)
        yield Kind("BMP", f"bit fields {name}", data, *parted(meant))
    found, meant = words(array, (0xFF000000, 0xFF0000, 0xFF00, 0xFF))
    header = struct.pack("<4I", 0xFF000000, 0xFF0000, 0xFF00, 0xFF) + bytes(68)
    data = bmp(32, rows_of(found, "<u4"), header, 3, 124)
    yield Kind("BMP", "bit fields 8888 with alpha", data, *parted(meant))
    found, meant = words(array[..., :3], (0x7C00, 0x3E0, 0x1F))
    yield Kind("BMP", "16-bit", bmp(16, rows_of(found, "<u2")), meant)
    deep = samples(3, 1024, np.uint32)
    data = bmp(
        32,
        rows_of(deep[..., 0] << 20 | deep[..., 1] << 10 | deep[..., 2], "<u4"),
        struct.pack("<3I", 1023 << 20, 1023 << 10, 1023),
        3,
    )
    yield Kind("BMP", "bit fields of 10 bits", data, np.floor(deep * 65535 / 1023 + 0.5).astype(np.uint16))
    upside = bmp(24, rows_of(array[::-1, :, 2::-1].reshape(HEIGHT, -1), "u1"), height=-HEIGHT)
    yield Kind("BMP", "RGB, from the top", upside, array[..., :3])
    palette = np.random.default_rng(1).integers(0, 256, (16, 3)).astype(np.uint8)
    entries = b"".join(bytes((*colour[::-1], 0)) for colour in palette.tolist())
    indices = np.repeat(samples(1, 16)[:, ::3, 0], 3, axis=1)[:, :WIDTH]
    by_row = [
        b"".join(bytes((len(list(group)), index)) for index, group in itertools.groupby(row.tolist()))
        for row in indices[::-1]
    ]
    yield Kind("BMP", "RLE8", bmp(8, b"\0\0".join(by_row) + b"\0\1", b"", 1, palette=entries), palette[indices])
    by_row = [
        bytes((0, WIDTH)) + bytes(16 * a + b for a, b in zip(row[::2], [*row[1::2], 0], strict=True)) + b"\0"
        for row in indices[::-1].tolist()
    ]
    yield Kind("BMP", "RLE4", bmp(4, b"\0\0".join(by_row) + b"\0\1", b"", 2, palette=entries), palette[indices])
    core = (
        struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, 8)
        + b"".join(bytes(colour[::-1]) for colour in palette.tolist())
        + bytes(3 * 240)
    )
    start = 14 + len(core)
    body = rows_of(indices, "u1")
    yield Kind(
        "BMP",
        "palette, OS/2",
        b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + core + body,
        palette[indices],
    )


def fits(array, **cards):
    """A FITS file of one image; the first row is the bottom one."""
    bits = {"u1": 8, "i2": 16, "i4": 32, "f4": -32}[array.dtype.str[1:]]
    axes = {f"NAXIS{number}": side for number, side in enumerate(array.shape[::-1], 1)}
    cards = {"SIMPLE": "T", "BITPIX": bits, "NAXIS": array.ndim, **axes, **cards}
    text = "".join(f"{name:<8}= {value:>20}".ljust(80) for name, value in cards.items()) + "END"
    body = array.astype(array.dtype.newbyteorder(">")).tobytes()
    return text.ljust(-(-len(text) // 2880) * 2880).encode() + body.ljust(-(-len(body) // 2880) * 2880, b"\0")


def psd(array, mode, packed=False, layers=b"", resources=b""):
    """A Photoshop document of a merged picture alone."""
    height, width, channels = array.shape
    planes = np.moveaxis(array, 2, 0).astype(array.dtype.newbyteorder(">"))
    rows = [packbits(row.tobytes()) for row in planes.reshape(-1, width)]
    body = (
        b"\0\1" + b"".join(len(row).to_bytes(2) for row in rows) + b"".join(rows)
        if packed
        else b"\0\0" + planes.tobytes()
    )
    sections = b"".join(len(part).to_bytes(4) + part for part in (b"", resources, layers))
    return struct.pack(">4sH6xHIIHH", b"8BPS", 1, channels, height, width, 8 * array.itemsize, mode) + sections + body


def sgi(array, packed=False):
    height, width, channels = array.shape
    head = struct.pack(">HBBHHHH", 474, packed, array.itemsize, 3, width, height, channels).ljust(512, b"\0")
    rows = np.moveaxis(array[::-1], 2, 0).astype(array.dtype.newbyteorder(">")).reshape(-1, width)
    if not packed:
        return head + rows.tobytes()
    lead = bytes(array.itemsize - 1)
    parts = [lead + bytes((128 + width,)) + row.tobytes() + lead + b"\0" for row in rows]
    starts = np.cumsum([512 + 8 * len(parts), *map(len, parts)])[:-1]
    return head + starts.astype(">u4").tobytes() + np.array([*map(len, parts)], ">u4").tobytes() + b"".join(parts)


def exr(array):
    """An OpenEXR file of float channels, not packed."""
    height, width, channels = array.shape
    names = ["Y"] if channels == 1 else ["R", "G", "B"]
    listed = b"".join(name.encode() + b"\0" + struct.pack("<IB3xII", 2, 0, 1, 1) for name in sorted(names)) + b"\0"
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    head = b"v/1\1\2\0\0\0"
    for name, kind, value in (
        ("channels", "chlist", listed),
        ("compression", "compression", b"\0"),
        ("dataWindow", "box2i", window),
        ("displayWindow", "box2i", window),
        ("lineOrder", "lineOrder", b"\0"),
        ("pixelAspectRatio", "float", struct.pack("<f", 1)),
        ("screenWindowCenter", "v2f", bytes(8)),
        ("screenWindowWidth", "float", struct.pack("<f", 1)),
    ):
        head += f"{name}\0{kind}\0".encode() + struct.pack("<I", len(value)) + value
    head += b"\0"
    size = 4 * width * channels
    order = [names.index(name) for name in sorted(names)]
    starts = len(head) + 8 * height + np.arange(height) * (8 + size)
    rows = [
        struct.pack("<ii", y, size) + np.moveaxis(array[y][:, order], 1, 0).astype("<f4").tobytes()
        for y in range(height)
    ]
    return head + starts.astype("<u8").tobytes() + b"".join(rows)


def only_read():
    rgb, rgba, deep = samples(3, 256), samples(4, 256), samples(3, 65536, np.uint16)
    image, gray = Image.fromarray(rgb), np.asarray(Image.fromarray(rgb).convert("L"))[..., None]
    few = image.quantize(32)
    colours = np.asarray(few.convert("RGB"))
    for packed, packing in ((None, ""), ("tga_rle", ", RLE")):
        yield Kind("TGA", "RGB" + packing, saved(image, "TGA", compression=packed), rgb)
        yield Kind("TGA", "palette" + packing, saved(few, "TGA", compression=packed), colours)
    yield Kind("TGA", "gray", saved(image.convert("L"), "TGA"), gray)
    yield Kind("TGA", "RGB + alpha", saved(Image.fromarray(rgba), "TGA"), *parted(rgba))
    found, meant = words(rgb, (0x7C00, 0x3E0, 0x1F))
    head = struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, WIDTH, HEIGHT, 16, 0)
    yield Kind("TGA", "RGB 16-bit", head + found[::-1].astype("<u2").tobytes(), meant)
    yield Kind("PCX", "RGB", saved(image, "PCX"), rgb)
    yield Kind("PCX", "palette", saved(few, "PCX"), colours)
    yield Kind("PCX", "gray", saved(image.convert("L"), "PCX"), gray)
    black = samples(1, 2) * np.uint8(255)
    yield Kind("PCX", "1-bit", saved(Image.fromarray(black[..., 0]).convert("1"), "PCX"), black)
    yield Kind("QOI", "RGB", saved(image, "QOI"), rgb)
    yield Kind("QOI", "RGB + alpha", saved(Image.fromarray(rgba), "QOI"), *parted(rgba))
    yield Kind("DDS", "RGB", saved(image, "DDS"), rgb)
    yield Kind("DDS", "RGB + alpha", saved(Image.fromarray(rgba), "DDS"), *parted(rgba))
    wide = Image.fromarray(np.pad(rgba, ((0, 7), (0, 3), (0, 0)), mode="wrap"))
    for format in ("png", "bmp"):
        data = saved(wide, "ICO", sizes=[(16, 16)], bitmap_format=format)
        yield Kind("ICO", f"RGB + alpha, {format.upper()} inside", data, *parted(np.asarray(wide)))
    for packed, packing in ((False, ""), (True, ", RLE")):
        yield Kind("SGI", "RGB 8-bit" + packing, sgi(rgb, packed), rgb)
        yield Kind("SGI", "RGB 16-bit" + packing, sgi(deep, packed), deep)
        yield Kind("PSD", "RGB 8-bit" + packing, psd(rgb, 3, packed), rgb)
        yield Kind("PSD", "RGB 16-bit" + packing, psd(deep, 3, packed), deep)
    yield Kind("PSD", "CMYK 8-bit", psd(255 - rgba, 4), rgba)
    light = (samples(3, 256) / np.float32(255)).astype(np.float32)
    yield Kind("PSD", "RGB float", psd(light, 3), light)
    small = samples(1, 100)[..., 0]
    yield Kind("FITS", "gray 8-bit", fits(small), small[::-1, :, None])
    shifted = (deep[..., 0].astype(np.int32) - 32768).astype(np.int16)
    yield Kind("FITS", "gray 16-bit", fits(shifted, BZERO=32768), deep[::-1, :, :1])
    yield Kind("FITS", "gray float", fits(light[..., 0]), light[::-1, :, :1])
    mantissas = np.concatenate([rgb, samples(1, 16) + np.uint8(120)], axis=2)
    meant = (mantissas[..., :3] * 2.0 ** (mantissas[..., 3:].astype(float) - 136)).astype(np.float32)
    head = f"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y {HEIGHT} +X {WIDTH}\n".encode()
    yield Kind("HDR", "RGB", head + mantissas.tobytes(), meant)
    rows = [bytes((2, 2, 0, WIDTH)) + b"".join(bytes((WIDTH,)) + part.tobytes() for part in row.T) for row in mantissas]
    yield Kind("HDR", "RGB, RLE", head + b"".join(rows), meant)
    yield Kind("JP2", "RGB", saved(image, "JPEG2000", irreversible=False), rgb)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    ramps = np.dstack([20 * x, 28 * y, 2 * x * y]).astype(np.uint8)
    if extra("imagecodecs"):
        yield Kind("JP2", "RGB 12-bit", JP2_12, np.floor(ramps * (16 * 65535 / 4095) + 0.5).astype(np.uint16))
        yield Kind("JXL", "RGB", JXL, ramps)
    if extra("OpenEXR"):
        yield Kind("EXR", "gray", exr(light[..., :1]), light[..., :1])
        yield Kind("EXR", "RGB", exr(light), light)
    if extra("pi_heif"):
        flat = np.full((16, 16, 3), (200, 90, 30), np.uint8)
        yield Kind("HEIC", "RGB", HEIC, flat)
        yield Kind("HEIC", "RGB 10-bit", HEIC_10, np.full((16, 16, 3), (51249, 23062, 7687), np.uint16))


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def kinds():
    """All of them."""
    return [*pngs(), *tiffs(), *others(), *bmps(), *only_read()]


IN_FILES = str.maketrans({" ": "_", "/": "_", ">": "big_"})
"""What stands in the name of a file for what cannot, or is awkward in a shell."""

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for kind in kinds():
        (folder / f"{kind.name.translate(IN_FILES)}.{kind.format.lower()}").write_bytes(kind.data)
