"""Every kind of file that is read, through every filter, into every format that is written."""

import importlib.util
import io
import itertools
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from imfilter.cli.images import formats
from imfilter.filters.core import catalog
from PIL import Image, features
from scipy import ndimage

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "cli" / "FORMATS.md"
SPEC = importlib.util.spec_from_file_location("corpus", ROOT / "tests" / "corpus.py")
corpus = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(corpus)
KINDS = {kind.name: kind for kind in corpus.kinds()}
FILTERS = {
    "blur": ("--sigma", "1"),
    "sharpen": (),
    "edges": (),
    "conv": ("--kernel", "1 2 1; 2 4 2; 1 2 1", "--normalize", "sum"),
}
PARAMETERS = {"blur": {"sigma": 1}, "sharpen": {}, "edges": {}}
MISSING = {"pbm"} | ({"avif"} if not features.check("avif") else set())
TARGETS = [
    name
    for name, format in formats.WRITTEN.items()
    if name not in MISSING and not format.folder and (name == "npy" or not format.data_set)
]
"""All but PBM, which holds a result if it happens to be black and white: `tests/cli/test_pnm.py` tries that. Data sets
have tests of their own, as `tests/cli/test_idx.py`, and folders, as `tests/cli/test_zarr.py`."""
LOSSY = "jpeg", "gif", "avif"
TYPES = {"uint8": "8", "uint16": "16", "float32": "float", "float64": "double"}
FLOATS = "float32", "float64"


def test_every_kind_has_its_own_name():
    assert len(KINDS) == len(corpus.kinds())


@pytest.mark.each("name", KINDS)
def test_an_identity_gives_back_every_pixel_of_every_kind(run, load, folder, name):
    kind = KINDS[name]
    (folder / "in").write_bytes(kind.data)
    out = "out.tif" if kind.pixels.shape[2] == 4 else "out.npy"
    depth = "keep" if kind.pixels.dtype.kind == "f" else TYPES[kind.pixels.dtype.name]
    ended = run("conv", "--kernel", "1", "in", "-o", out, *kind.options, "--depth", depth)
    assert ended.code == 0, ended.err
    expected = kind.pixels
    if kind.alpha is not None:
        expected = np.dstack([expected, kind.alpha])
    found = load(out).reshape(expected.shape)
    if kind.alpha is not None and expected.dtype == np.float32:
        # Multiplied by the alpha and divided again.
        assert np.allclose(found, expected, rtol=1e-6, atol=1e-6)
    else:
        assert np.array_equal(found, expected)
    assert found.dtype == expected.dtype


def outcome(run, folder, kind, filter, target):
    """Run one cell of the table; return the samples of the output, or the reason why there is none."""
    (folder / "in").write_bytes(kind.data)
    ended = run(filter, *FILTERS[filter], "in", "-o", "out", "-t", target, *kind.options)
    if ended.code:
        assert ended.code == 1
        assert len(ended.lines) == 1, ended.err
        assert not (folder / "out").exists()
        return ended.lines[0].removeprefix("imfilter: out: ")
    data = (folder / "out").read_bytes()
    (folder / "out").unlink()
    found = decoded(data, target)
    return found.astype(found.dtype.newbyteorder("="))


def decoded(data, target):
    """Read an output by another way than the program does, as `(h, w, c)`."""
    if target == "npy":
        found = np.load(io.BytesIO(data))
    elif target in ("tiff", "cog"):
        found = tifffile.imread(io.BytesIO(data))
    elif target == "pam":
        head, samples = data.split(b"ENDHDR\n", 1)
        lines = dict(line.split(b" ", 1) for line in head.splitlines()[1:] if line[:1] != b"#")
        height, width, depth, maximum = (int(lines[name]) for name in (b"HEIGHT", b"WIDTH", b"DEPTH", b"MAXVAL"))
        found = np.frombuffer(samples, "u1" if maximum == 255 else ">u2").reshape(height, width, depth)
    elif target == "pfm":
        kind, size, scale, samples = data.split(b"\n", 3)
        width, height = map(int, size.split())
        count = width * height * (3 if kind == b"PF" else 1)
        found = np.frombuffer(samples, "<f4" if float(scale) < 0 else ">f4", count).reshape(height, width, -1)[::-1]
    elif target in ("ppm", "pgm"):
        kind, width, height, maximum = (
            word for line in data.split(b"\n")[:4] if line[:1] != b"#" for word in line.split()
        )
        dtype = "u1" if int(maximum) == 255 else ">u2"
        size = int(width) * int(height) * (3 if kind == b"P6" else 1) * np.dtype(dtype).itemsize
        found = np.frombuffer(data[-size:], dtype).reshape(int(height), int(width), -1)
    elif target == "png" and data[24] == 16:
        return deep_png(data)
    else:
        with Image.open(io.BytesIO(data)) as image:
            mode = "RGBA" if "transparency" in image.info else "RGB"
            found = np.asarray(image.convert(mode) if image.mode == "P" else image)
    return found if found.ndim == 3 else found[..., None]


def deep_png(data):
    """Undo the filters of a 16-bit PNG, byte by byte."""
    width, height, _, kind = struct.unpack_from(">IIBB", data, 16)
    channels, at, packed = {0: 1, 2: 3, 4: 2, 6: 4}[kind], 8, b""
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        packed += data[at + 8 : at + 8 + length] if name == b"IDAT" else b""
        at += 12 + length
    step, row = 2 * channels, 2 * channels * width
    raw, above, rows = zlib.decompress(packed), bytearray(row), []
    for start in range(0, height * (row + 1), row + 1):
        line = bytearray(raw[start + 1 : start + 1 + row])
        for i in range(row):
            a, b, c = (line[i - step], above[i], above[i - step]) if i >= step else (0, above[i], 0)
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line[i] = (line[i] + (0, a, b, (a + b) // 2, paeth)[raw[start]]) & 255
        rows.append(bytes(line))
        above = line
    return np.frombuffer(b"".join(rows), ">u2").reshape(height, width, channels)


def alike(kind):
    """What is the same of kinds that differ in nothing once they are read: no result goes into what is only read."""
    format = formats.FORMATS.get(kind.format.lower())
    return (
        "only read" if format is not None and format.instead else kind.format,
        kind.pixels.dtype.name,
        kind.pixels.shape[2],
        kind.alpha is None,
    )


FIRST = {alike(kind): kind.name for kind in reversed(KINDS.values())}
"""One kind of each; the others are read as it is."""


SHOWN = {"blur, sharpen, conv": "blur", "edges": "edges"}
"""The tables on the page, each by one filter."""


def outcomes(run, folder, kind, filters):
    """Filter one kind of file into every format, and check each result: right, or refused in one line."""
    found = {}
    depth = kind.pixels.dtype.name
    for filter, target in itertools.product(filters, TARGETS):
        case = kind.name, filter, target
        found[filter, target] = samples = outcome(run, folder, kind, filter, target)
        if isinstance(samples, str):
            assert cannot(kind, filter, formats.FORMATS[target]), (*case, samples)
            continue
        assert not cannot(kind, filter, formats.FORMATS[target]), case
        assert samples.shape[:2] == kind.pixels.shape[:2], case
        assert kind.pixels.dtype == samples.dtype or samples.dtype in (np.uint8, np.float32, np.float64), case
        if target in LOSSY or (depth in FLOATS and depth != samples.dtype.name):
            continue
        if formats.FORMATS[target].only_float and depth not in FLOATS:
            samples = samples * np.float32(corpus.FULL[depth])
        close(samples, kind, filter, case)
    return found


@pytest.mark.parametrize("name", FIRST.values())
def test_every_result_is_right_or_refused_in_one_line(run, folder, name):
    """Of the filters that the table does not show; the test of the table checks the others."""
    outcomes(run, folder, KINDS[name], [filter for filter in FILTERS if filter not in SHOWN.values()])


@pytest.mark.thorough
@pytest.mark.parametrize("name", [name for name in KINDS if name not in FIRST.values()])
def test_every_result_of_every_kind_is_right_or_refused_in_one_line(run, folder, name):
    outcomes(run, folder, KINDS[name], FILTERS)


def cannot(kind, filter, format):
    """Whether a format cannot hold a result; the answer of section 2 of the design."""
    if kind.pixels.shape[2] == 4:
        return filter == "edges" or not format.inks
    if kind.pixels.shape[2] == 5:
        return not format.bands
    held = format.gray if kind.pixels.shape[2] == 1 or filter == "edges" else format.colour
    depth = kind.pixels.dtype.name
    return not held or (not (format.raw or format.only_float) and depth not in FLOATS and depth not in held)


def close(found, kind, filter, case):
    """Compare with the filter in float64, its colours multiplied by the alpha."""
    full = 1 if found.dtype in FLOATS else np.iinfo(found.dtype).max
    tolerance = 1 if found.dtype not in FLOATS else 1e-5 * max(1, float(np.abs(kind.pixels.astype(float)).max()))
    if kind.alpha is None:
        if filter in PARAMETERS:
            depth, white = ("float", corpus.FULL[kind.pixels.dtype.name]) if found.dtype in FLOATS else ("keep", 1)
            parts = np.split(kind.pixels, 4, axis=2) if kind.pixels.shape[2] == 4 else [kind.pixels]
            results = [catalog.load(filter)(part, **PARAMETERS[filter], depth=depth) for part in parts]
            expected = np.dstack([getattr(result, "image", result) for result in results]) * white
        else:
            expected = smooth(filter, kind.pixels.astype(np.float64))
        assert np.abs(found.astype(np.float64) - np.asarray(expected, np.float64)).max() <= tolerance, case
        return
    if filter not in ("blur", "conv"):
        return
    white = 1 if kind.alpha.dtype in FLOATS else np.iinfo(kind.alpha.dtype).max
    alpha = kind.alpha[..., None].astype(np.float64) / white
    opacity = smooth(filter, alpha)
    colours = smooth(filter, kind.pixels * alpha)
    if found.shape[2] == kind.pixels.shape[2]:  # laid on white
        expected = colours + (1 - opacity) * white
        assert np.abs(found - expected).max() <= tolerance, case
        return
    visible = opacity[..., 0] > 0.02
    expected = (colours / np.where(opacity > 0, opacity, 1))[visible]
    assert np.abs(found[..., -1] - opacity[..., 0] * white).max() <= max(tolerance, white / full * tolerance), case
    assert np.abs(found[..., :-1][visible] - expected).max() <= tolerance, case


def smooth(filter, values):
    if filter == "blur":
        return ndimage.gaussian_filter(values, (1, 1, 0), mode="reflect")
    weights = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
    return ndimage.correlate(values, weights[..., None], mode="reflect")


def cell(kind, found):
    if isinstance(found, str):
        return "–"
    if kind.pixels.shape[2] == 4:
        return "8 CMYK"
    return TYPES[found.dtype.name] + (" + alpha" if found.shape[2] in (2, 4) else "")


def table(known):
    """Return the page: for each kind what each format holds of its result, given the outcomes of those in `FIRST`."""
    lines = [
        "# Formats",
        "Bit depth written for each kind of input, without `--depth`. "
        "“–” means refused, with advice: `--depth`, `--channels luma` or another format. "
        "White is 255 of 8 bits, 65535 of 16, 1 of float, and 255 of other integers, unless `--white` says otherwise. "
        "In float and double precision the values stay as they are; float values are scaled to 8 bits by their white "
        "level.",
        "`REGENERATE=1 pytest` writes this page from the files of `tests/corpus.py`.",
    ]
    for title, filter in SHOWN.items():
        lines += [f"## {title}"]
        rows = {}
        for kind in KINDS.values():
            cells = tuple(cell(kind, known[FIRST[alike(kind)]][filter, target]) for target in TARGETS)
            what = kind.what + "".join(f", `{option}`" for option in kind.options)
            rows.setdefault((kind.format, cells), []).append(what)
        body = [f"| read | {' | '.join(TARGETS)} |", "|---" * (len(TARGETS) + 1) + "|"]
        body += [f"| **{format}** {'; '.join(what)} | {' | '.join(cells)} |" for (format, cells), what in rows.items()]
        lines.append("\n".join(body))
    return "\n\n".join(lines) + "\n"


def test_the_results_in_the_table_are_right_and_the_table_is_fresh(run, folder, fresh, needs):
    page = table({name: outcomes(run, folder, KINDS[name], SHOWN.values()) for name in FIRST.values()})
    needs("AVIF in Pillow")
    needs("the extra formats")
    fresh(TABLE, page)
