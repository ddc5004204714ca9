"""Kernel files of every family: what each writes, and the weights that it means."""

import base64
import json
import re
import textwrap
from itertools import chain
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from imfilter.filters.conv import conv
from imfilter.filters.core.linear import kernel_files, kernel_source
from imfilter.filters.core.linear.kernel_files import BINARY, TEXT
from imfilter.filters.core.linear.kernels import MAX_TAPS, Kernel

KERNELS = Path(__file__).parent / "kernels"
NUMBERED = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


def read(content, max_taps=MAX_TAPS):
    """What a file of this text, or these bytes, is read as."""
    return kernel_files.read(content if isinstance(content, bytes) else content.encode(), "k.txt", max_taps)


def rows(matrix, blank=" "):
    return "\n".join(blank.join(repr(value) for value in row) for row in np.asarray(matrix).tolist())


# ---- files as their tools' manuals show them ----------------------------------------------------------

FFMPEG = "0 -1 0 -1 5 -1 0 -1 0"
SHARPEN = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
FILES = {
    # in kernels/: the family, the weights, the anchor, the offset, and words of the notes
    "libvips.mat": ("libvips", np.array([[-1] * 3, [-1, 16, -1], [-1] * 3]) / 8, (1, 1), 128, "its scale, 8"),
    "arcgis.txt": ("libvips", [[1, 2], [3, 4], [5, 6]], (1, 1), 0, "ArcGIS"),
    "norm.conv": ("SExtractor", np.outer([1, 2, 1], [1, 2, 1]) / 16, (1, 1), 0, "absolute values, 16"),
    "zero-sum.conv": ("SExtractor", [[-0.5, 0, 0.5]], (1, 0), 0, "absolute values, 2"),
    "zeros.conv": ("SExtractor", [[0, 0]], (1, 0), 0, "all weights are 0"),
    "nonorm.conv": ("SExtractor", [[-1, 2, -1]], (1, 0), 0, "not divided"),
    "mean.mfilter": ("GRASS", np.full((3, 3), 1 / 9), (1, 1), 0, "divided by 9 (DIVISOR)"),
    "lower-case.mfilter": ("GRASS", np.array(NUMBERED) / 45, (1, 1), 0, "sum of the weights, 45"),
    "gradian.krn": ("IM", [[0, -1, 0], [0, 1, 0], [0, 0, 0]], (1, 1), 0, "not divided: its weights sum to 0"),
    "mean.krn": ("IM", [[0.125, 0.25, 0.125], [0.125, 0.25, 0.125]], (1, 1), 0, "the sum of the weights, 4"),
    "magick.txt": ("ImageMagick", [[1, 2, 3], [4, -5, 6]], (0, 1), 0, "anchor 0,1"),
    "magick-gaps.txt": ("ImageMagick", [[0, 1, 0], [1, 0, 1], [0, 1, 0]], (1, 1), 0, "4 missing cells count as 0"),
    "magick-even.txt": ("ImageMagick", [[1, 2], [3, 4], [5, 6], [7, 8]], (0, 1), 0, "Correlate"),
    "ffmpeg.txt": ("ffmpeg", SHARPEN, (1, 1), 0, "four equal planes"),
    "ffmpeg-short.txt": ("ffmpeg", np.array([[1, 1, 1], [1, 2, 1], [1, 1, 1]]) / 10, (1, 1), 0, "divided by 10"),
    "ffmpeg-bias.txt": ("ffmpeg", [[0, 1, 0], [1, -4, 1], [0, 1, 0]], (1, 1), 128, "divided by 1"),
    "ffmpeg-option.txt": ("ffmpeg", np.full((3, 3), 1 / 9), (1, 1), 0, "rdiv 1/9"),
    "ffmpeg-named.txt": ("ffmpeg", [[0.5, 1, 0.5]], (1, 0), 0, "rdiv 0.5"),
    "imagepro.3x2": ("Image-Pro", [[-1, -1, -1], [-1, 9, -1]], (0, 1), 5, "anchor 0,1"),
    "scaled.ker": ("PV-WAVE", np.full((3, 3), 1 / 9), (1, 1), 0, "divided by its scale, 9"),
    "plain.ker": ("PV-WAVE", [[-1, 0, 1]], (1, 0), 0, "as written"),
    "default.svg": ("SVG", np.array(NUMBERED)[::-1, ::-1] / 45, (1, 1), 0, "rotated by 180°"),
    "order-target.svg": ("SVG", [[-3, -2, -1], [3, 2, 1]], (0, 1), 0, "weights sum to 0"),
    "divisor.svg": ("SVG", [[1.5], [0.5]], (0, 1), 0, "--border wrap"),
    "doctype.svg": ("SVG", [[2]], (0, 0), 0, "its divisor, 1"),
    "plain.pgm": ("PGM", [[-1, 0, 1], [0.5, -0.5, 0]], (1, 1), 0, "mid-gray is 0"),
    "raw.pgm": ("PGM", [[-1, 1]], (1, 0), 0, "255 is 1"),
    "raw16.pgm": ("PGM", [[-1, 1]], (1, 0), 0, "65535 is 1"),
    "opencv.yml": ("OpenCV", [[1, -2, 3.5], [4, 5, 6]], (1, 1), 0, "'kernel'"),
    "opencv.xml": ("OpenCV", [[1, -2.5]], (1, 0), 0, "'k'"),
    "opencv.json": ("OpenCV", [[1, 2, -3]], (1, 0), 0, "'k'"),
    "nodata.asc": ("ESRI", [[1, 2, 0], [4, 0, 6]], (1, 1), 0, "2 missing cells"),
    "default-nodata.asc": ("ESRI", [[0, 4]], (1, 0), 0, "1 missing cell counts"),
    "nan.asc": ("ESRI", [[0, -9999]], (1, 0), 0, "1 missing cell"),
    "braces.txt": ("plain", [[1, 2], [3, 4], [5, 6]], (1, 1), 0, "as written"),
    "minus-sign.txt": ("plain", [[-1, 0, 1]], (1, 0), 0, "as written"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
@pytest.mark.each("ends", [b"\n", b"\r\n"])
def test_a_file_means_the_weights_that_its_tool_applies(name, ends):
    family, weights, anchor, offset, note = FILES[name]
    content = (KERNELS / name).read_bytes()
    found, reading = read(content if name.startswith("raw") else content.replace(b"\n", ends))
    assert found == family
    np.testing.assert_allclose(reading.kernel.weights, weights, rtol=1e-15, atol=1e-16)
    assert reading.kernel.anchor == anchor
    assert reading.offset == offset
    assert note in "; ".join(reading.notes)


@pytest.mark.each("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", [name for name in FILES if not name.endswith(".pgm")])
def test_any_encoding_of_a_family_is_read(name, encoding):
    family, weights, *_ = FILES[name]
    found, reading = read((KERNELS / name).read_text("utf-8").encode(encoding))
    assert found == family
    np.testing.assert_allclose(reading.kernel.weights, weights, rtol=1e-15, atol=1e-16)


def test_every_family_has_a_file():
    assert {file[0] for file in FILES.values()} == {family for family, _ in TEXT} | {"PGM"}
    assert {path.name for path in KERNELS.iterdir()} == set(FILES)


def test_the_page_names_every_family():
    page = (Path(__file__).parents[2] / "filters" / "KERNELS.md").read_text("utf-8")
    named = re.findall(r"^\| (?!family|---)([^|]+?) \|", page, re.MULTILINE)
    assert sorted(named) == sorted(family for family, _ in TEXT + BINARY)


def test_each_family_says_how_it_is_laid_on():
    for name in FILES:
        notes = read((KERNELS / name).read_bytes())[1].notes
        assert any(word in notes[0] for word in ("as written", "rotated by 180°")), name


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("uint8", [[0, 128, 255]]), ("uint16", [[0, 32768, 65535]]), ("float32", [[-0.5, 0.5, 1.5]])],
)
def test_the_bias_of_svg_is_a_part_of_white(tmp_path, dtype, expected):
    full = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    file = tmp_path / "k.svg"
    file.write_text('<feConvolveMatrix order="3,1" kernelMatrix="1 0 -1" divisor="1" bias="0.5"/>')
    # SVG turns the kernel: what is right of the pixel counts 1.
    image = np.array([[full, 0, 0]]).astype(dtype)
    answer = conv(image, kernel=str(file), border="constant", scale=1)
    assert answer.tolist() == [[*expected[0][1:2], expected[0][0], expected[0][1]]]


def test_the_bias_of_svg_holds_between_two_filters(tmp_path, run):
    from imfilter.filters.core.engine import chain, executor
    from imfilter.filters.core.engine.quantize import FULL, encoding

    file = tmp_path / "k.svg"
    file.write_text('<feConvolveMatrix order="1" kernelMatrix="1" bias="0.2"/>')
    assert FULL["uint8"] == 255
    steps = [{"kernel": str(file)}, {"kernel": "2"}]
    parts = [conv.checked(**step).part() for step in steps]
    stages, entry = chain.chain(parts)
    image = np.full((2, 2, 1), 10, np.uint8)
    encodings = {"image": encoding("picture", "uint8", "uint8", "clip", 1.0)}
    assert (executor.run(stages, image, encodings, entry).outputs["image"].samples == 2 * (10 + 51)).all()


# ---- a writer for each family, and what it must be read as ----------------------------------------------

numbers = st.integers(-9, 9) | st.floats(-1e6, 1e6, allow_subnormal=False)
sides = {"min_dims": 2, "max_dims": 2, "max_side": 5}
matrices = arrays.arrays(np.float64, arrays.array_shapes(**sides), elements=numbers)
divisors = st.integers(1, 99) | st.floats(-100, -0.01) | st.floats(0.01, 100)
whole = arrays.arrays(np.int64, arrays.array_shapes(**sides), elements=st.integers(0, 255))


def agrees(content, family, weights, anchor=None, offset=0.0):
    found, reading = read(content)
    assert found == family
    height, width = np.shape(weights)
    np.testing.assert_allclose(reading.kernel.weights, weights, rtol=1e-12, atol=1e-300)
    assert reading.kernel.anchor == (anchor or (width // 2, height // 2))
    assert reading.offset == offset


@st.composite
def anchored(draw):
    matrix = draw(matrices)
    height, width = matrix.shape
    return matrix, draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))


@given(matrices, divisors, numbers)
def test_libvips_round_trip(matrix, scale, offset):
    height, width = matrix.shape
    agrees(f"{width} {height} {scale!r} {offset!r}\n{rows(matrix)}", "libvips", matrix / scale, offset=offset)
    agrees(f"{width}\t{height}\n{rows(matrix, ', ')}", "libvips", matrix)


@given(matrices, st.booleans())
def test_sextractor_round_trip(matrix, norm):
    total = np.abs(matrix).sum()
    assume(total == 0 or total > 1e-29)
    weights = matrix / total if norm and total else matrix
    agrees(f"CONV {'NORM' if norm else 'NONORM'}\n# {matrix.shape}\n{rows(matrix)} \n", "SExtractor", weights)


@given(st.sampled_from((1, 3, 5)), st.data())
def test_grass_round_trip(size, data):
    matrix = data.draw(arrays.arrays(np.float64, (size, size), elements=numbers))
    divisor = data.draw(divisors)
    agrees(f"TITLE t\nMATRIX {size}\n{rows(matrix)}\nDIVISOR {divisor!r}\nTYPE P\n", "GRASS", matrix / divisor)
    total = Kernel.of(matrix).sum
    if abs(total) > 1e-3:
        agrees(f"MATRIX {size}\n{rows(matrix)}\nDIVISOR 0\n", "GRASS", matrix / total)


@given(anchored(), st.data())
def test_imagemagick_round_trip(given, data):
    matrix, x, y = given
    height, width = matrix.shape
    missing = data.draw(arrays.arrays(bool, matrix.shape))
    assume(not missing.all())
    cells = [
        "nan" if gone else repr(value)
        for value, gone in zip(chain(*matrix.tolist()), chain(*missing.tolist()), strict=True)
    ]
    agrees(f"{width}x{height}+{x}+{y}:{','.join(cells)}", "ImageMagick", np.where(missing, 0, matrix), (x, y))


@given(st.sampled_from([3, 5, 7]), st.data())
def test_ffmpeg_round_trip(size, data):
    matrix = data.draw(arrays.arrays(np.float64, (size, size), elements=numbers))
    rdiv, bias = data.draw(divisors), data.draw(numbers)
    group = " ".join(rows(matrix).split())
    text = ":".join([*[group] * 4, *[repr(rdiv)] * 4, *[repr(bias)] * 4])
    agrees(text, "ffmpeg", matrix * rdiv, offset=bias)


@given(anchored())
def test_image_pro_round_trip(given):
    matrix, x, y = given
    height, width = matrix.shape
    text = f"# Image Pro Plus Kernel\nSize {width} {height}\nOffset {x} {y}\nData\n{rows(matrix)}\n"
    agrees(text, "Image-Pro", matrix, (x, y))


@given(matrices, divisors, st.integers(1, 7))
def test_pv_wave_round_trip(matrix, scale, per_line):
    height, width = matrix.shape
    words = [*rows(matrix).split(), repr(scale)]
    wrapped = "\n".join(" ".join(words[i : i + per_line]) for i in range(0, len(words), per_line))
    agrees(f"; a kernel\ndouble\n{width} {height}\n{wrapped}\n", "PV-WAVE", matrix / scale)


@given(anchored(), divisors)
def test_svg_round_trip(given, divisor):
    matrix, x, y = given
    height, width = matrix.shape
    element = (
        f'<feConvolveMatrix order="{width} {height}" kernelMatrix={quoteattr(rows(matrix))}'
        f' divisor="{divisor!r}" targetX="{x}" targetY="{y}"/>'
    )
    agrees(f"<svg>{element}</svg>", "SVG", matrix[::-1, ::-1] / divisor, (x, y))


@given(whole, st.sampled_from([255, 256, 65535]))
def test_pgm_round_trip(samples, top):
    height, width = samples.shape
    weights = (samples - top / 2) * 2 / top
    agrees(f"P2\n{width} {height}\n{top}\n{rows(samples)}\n", "PGM", weights)
    raw = samples.astype(np.uint8 if top == 255 else ">u2").tobytes()
    agrees(f"P5\n{width} {height}\n{top}\n".encode() + raw, "PGM", weights)


@given(matrices)
def test_opencv_round_trip(matrix):
    height, width = matrix.shape
    flat = matrix.ravel().tolist()
    data = ", ".join(map(repr, flat))
    yaml = f"%YAML:1.0\n---\nk: !!opencv-matrix\n   rows: {height}\n   cols: {width}\n   dt: d\n   data: [ {data} ]\n"
    agrees(yaml, "OpenCV", matrix)
    fields = f"<rows>{height}</rows><cols>{width}</cols><dt>d</dt><data>{data.replace(',', '')}</data>"
    agrees(f'<opencv_storage><k type_id="opencv-matrix">{fields}</k></opencv_storage>', "OpenCV", matrix)
    node = {"type_id": "opencv-matrix", "rows": height, "cols": width, "dt": "d", "data": flat}
    agrees(json.dumps({"k": node}, indent=1), "OpenCV", matrix)


@given(matrices, st.sampled_from([("d", "<f8"), ("f", "<f4"), ("s", "<i2"), ("u", "u1")]))
def test_opencv_base64_round_trip(matrix, element):
    letter, dtype = element
    matrix = (np.rint(matrix) % 100).astype(dtype)
    height, width = matrix.shape
    data = base64.b64encode(f"1{letter}".encode().ljust(24) + matrix.tobytes()).decode()
    wrapped = textwrap.indent("\n".join(textwrap.wrap(data, 64)), " " * 6)
    yaml = f"%YAML 1.2\n---\nk: !!opencv-matrix\n   rows: {height}\n   cols: {width}\n   dt: {letter}\n"
    agrees(f"{yaml}   data: !!binary |\n{wrapped}\nother: 3\n", "OpenCV", matrix)
    fields = f"<rows>{height}</rows><cols>{width}</cols><dt>{letter}</dt><data type_id='binary'>{wrapped}</data>"
    agrees(f'<opencv_storage><k type_id="opencv-matrix">{fields}</k></opencv_storage>', "OpenCV", matrix)
    node = {"type_id": "opencv-matrix", "rows": height, "cols": width, "dt": letter, "data": f"$base64${data}"}
    agrees(json.dumps({"k": node}), "OpenCV", matrix)


@given(matrices, st.data())
def test_esri_round_trip(matrix, data):
    height, width = matrix.shape
    assume((matrix != -9999).all())
    missing = data.draw(arrays.arrays(bool, matrix.shape))
    assume(not missing.all())
    head = f"ncols {width}\nnrows {height}\nxllcorner 0\nyllcorner 0\ncellsize 1\nNODATA_value -9999\n"
    agrees(head + rows(np.where(missing, -9999, matrix)), "ESRI", np.where(missing, 0, matrix))


@given(anchored(), st.just(0.0) | numbers)
@example((np.array([[1.0, 2.0, 3.0]]), 0, 0), 5)
def test_what_is_written_is_the_same_filter_when_read(given, offset):
    matrix, x, y = given
    kernel = Kernel.of(matrix, anchor=(x, y))
    again = read(kernel_source.write(kernel, offset))[1]
    assert again.offset == offset
    if not offset:
        assert again.kernel.anchor == (x, y)
        np.testing.assert_array_equal(again.kernel.weights, matrix)
    (left, top), (height, width) = np.subtract(again.kernel.anchor, (x, y)), matrix.shape
    padded = again.kernel.weights
    np.testing.assert_array_equal(padded[top : top + height, left : left + width], matrix)
    assert np.count_nonzero(padded) == np.count_nonzero(matrix)


# ---- what is refused ------------------------------------------------------------------------------------

LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + ']><svg><feConvolveMatrix order="1" kernelMatrix="&j;"/></svg>'
)
YAML = "%YAML:1.0\nk: !!opencv-matrix\n   rows: 1\n   cols: 2\n   dt: {}\n   data: [ {} ]\n"
IM_PRO = "# Image Pro Plus Kernel\n"
JSON = '{"k": {"type_id": "opencv-matrix", "rows": 1, "cols": 1, "dt": "f", "data": %s}}'
MATRIX = "MATRIX 3\n1 1 1\n1 1 1\n1 1 1\n"
REFUSED = {
    "CONV\n1": "line 1: 'CONV' is neither CONV NORM nor CONV NONORM",
    "CONV NORM\n": "holds no numbers",
    "CONV NORM\n1 2\n3": r"row 2 \(line 3\): has 1 value, but row 1 has 2",
    "CONV NORM\n1 nan": r"row 1 \(line 2\): 'nan' is not a finite number",
    MATRIX + "TYPE S": "line 5: TYPE S is recursive",
    MATRIX + "TYPE Q": "line 5: the TYPE 'Q' is neither P nor S",
    MATRIX + MATRIX: "line 5: a second MATRIX is a second filter; write a file for each, for `imfilter chain`",
    "MATRIX 3\n1 -2 1\n0 0 0\n0 0 0\nDIVISOR 0": "line 5: DIVISOR 0 divides by the sum of the weights, which is 0",
    MATRIX + "DIVISOR x": "line 5, DIVISOR: 'x' is not a number",
    MATRIX + "1 2 3": "line 5: '1' is not one of TITLE, MATRIX",
    "MATRIX 3\n1 1 1\n": "line 1: MATRIX 3 needs 3×3 values, not 3×1",
    "MATRIX 3": "line 1: MATRIX 3 needs 3×3 values, not none",
    "MATRIX 2\n1 1\n1 1": "line 1: MATRIX 2 is even, which GRASS refuses",
    "IMKERNEL\nshort\n3 3": "is cut off",
    "IMKERNEL\nfew\n3 1\n0\n1 2": "holds 2 values, but 3×1 needs 3",
    "IMKERNEL\nodd type\n1 1\n2\n1": "line 4: the type 2 is neither 0",
    "IMKERNEL\nfractions\n2 1\n0\n1 0.5": "holds fractions, though its type 0",
    "MATRIX x": "line 1: MATRIX: 'x' is not a whole number",
    "MATRIX 1000": r"1000×1000 = 1000000 taps; the limit is 65536 \(--max-taps raises it\)",
    "TITLE only": "has no MATRIX",
    "3x3@:1,2,3 4,5,6 7,8,9": "line 1: '@' asks for rotated copies too, a list of kernels; name one",
    "3x3>:1,2,3 4,5,6 7,8,9": "line 1: '>' asks for rotated copies",
    "3x1:1,2,3;3x1:4,5,6": "line 1: ';' separates several kernels; name one",
    "3x1:1,2,3;\n3x1:4,5,6": "line 1: ';' separates several kernels",
    "3x1+3+0:1,2,3": "line 1: the anchor 3,0 lies outside the 3×1 kernel",
    "3x1-1+0:1,2,3": r"line 1: '3x1-1\+0' is not WxH\+X\+Y",
    "3x3:1,2,3": "holds 3 values, but 3×3 needs 9",
    "2x1:nan,-": "has no cell that is part of the kernel",
    "2x1:1,inf": "line 1: 'inf' is not a finite number",
    "2x2:1,2\n3,x": "line 2: 'x' is not a number",
    "0x3:1": "has the invalid size 0×3",
    ":".join([FFMPEG] * 3): "plane 4 differs from plane 1 in its taps; .* is not given",
    ":".join([*[FFMPEG] * 4, "5", "5", "5", "1", "0", "128", "128", "0"]): "plane 2 differs from plane 1 in its bias",
    ":".join([*[FFMPEG] * 4, "1", "2"]): "plane 2 differs from plane 1 in its divisor",
    ":".join(["1 1 1 1 1 1 1 1 1 1"] * 4): "plane 1 holds 10 values, not 9, 25 or 49",
    ":\n".join([*[FFMPEG] * 3, FFMPEG.replace("5", "x")]): "line 4: 'x' is not a number",
    ":".join([FFMPEG] * 17): "is not an option of the filter convolution",
    "convolution=0n=1": "'0n=1' is not an option of the filter convolution",
    IM_PRO + "Size 2 2\nOffset 2 0\nData\n1 2\n3 4": "line 3: the anchor 2,0 lies outside",
    IM_PRO + "Size 2 2\nData\n1 2\n3": "holds 3 values, but 2×2 needs 4",
    IM_PRO + "Size 2\nData\n1 2": "line 2: Size '2' is not two whole numbers",
    IM_PRO + "Data\n1 2": "has no line Size",
    IM_PRO + "Size 1 1": "has no line Data",
    IM_PRO + "1 2": "line 2: '1' is not one of Name",
    "int 2 2\n1 2 3": "holds 3 values, but 2×2 needs 4",
    "int 2 1\n1 2 0": "line 2: the scale: cannot divide by '0'",
    "int 2.5 1\n1 2": r"line 1: the size: '2.5' is not a whole number",
    "int": "has no size after its type",
    "<svg></svg>": "holds no feConvolveMatrix",
    "<!doctype html>\n<html><body>404</body></html>": "is a web page, not a kernel",
    "<svg>": "line 1: is not well-formed XML: no element found",
    "<svg>\n<a></svg>": "line 2: is not well-formed XML: mismatched tag",
    '<svg><feConvolveMatrix kernelMatrix="1"/></svg>': "kernelMatrix: holds 1 values, but 3×3 needs 9",
    '<svg>\n<feConvolveMatrix order="2" kernelMatrix="1 2 3 x"/></svg>': "line 2, kernelMatrix: 'x' is not a number",
    '<feConvolveMatrix order="1.5" kernelMatrix="1"/>': "line 1: order: '1.5' is not a whole number",
    '<feConvolveMatrix order="1" kernelMatrix="1" targetX="1"/>': "the anchor 1,0 lies outside",
    "<a>" + '<feConvolveMatrix order="1" kernelMatrix="1"/>' * 2 + "</a>": "holds 2 feConvolveMatrix; a kernel is one",
    LAUGHS: "line 1: declares a DOCTYPE, which a kernel does not need",
    '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>': "declares a DOCTYPE",
    '<!DOCTYPE svg SYSTEM "http://example.org/x.dtd"><svg/>': "declares a DOCTYPE",
    '<svg><!ENTITY x "y"></svg>': "declares a ENTITY",
    "<svg>&x;</svg>": "is not well-formed XML: undefined entity",
    "<a>" * 10**6: "has more than 100000 elements, or is nested deeper than 100",
    "<a>" + "<b/>" * 200_000: "has more than 100000 elements",
    YAML.format("f", "1, x"): "line 6, data: 'x' is not a number",
    YAML.format("f", "1, .Nan"): "line 6, data: '.Nan' is not a number",
    YAML.format("f", "1"): "data: holds 1 values, but 2×1 needs 2",
    YAML.format("3f", "1 2"): "k has elements of the type '3f'; a kernel has one number per cell",
    YAML.format("f", "1 2") + YAML[10:].format("f", "1 2"): r"holds 2 opencv-matrix \(k, k\); a kernel is one",
    "%YAML:1.0\nk: 3": "holds no opencv-matrix",
    "%YAML:1.0\nk: !!opencv-nd-matrix\n   sizes: [ 2, 2, 2 ]": "k is an opencv-nd-matrix; a kernel has two dimensions",
    '{"a": 1}': "holds no opencv-matrix",
    '{"a": 1': "line 1: is not well-formed JSON",
    '{"a":' * 10**5: "is JSON that is nested too deep",
    JSON % "[NaN]": "'NaN' is not a finite",
    JSON % '"$base64$MWQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ"': "its Base64 is damaged",
    "ncols 2\nnrows 2\n1 2 3": "holds 3 values, but 2×2 needs 4",
    "ncols 2\n1 2": "has no line nrows",
    "ncols x\nnrows 1\n1": "line 1: ncols: 'x' is not a whole number",
    "ncols 1\nnrows 1\nfoo 2\n1": "line 3: 'foo' is not a key of an ESRI grid",
    "ncols 1\nnrows 1\nnan": "line 3: 'nan' is not a finite number",
    "ncols 100000\nnrows 100000\n1": r"100000×100000 = 10000000000 taps; the limit is 65536",
    "P2 2 1 9\n1 10": "holds 10 above its greatest value, 9",
    "P2 2 1 9\n1": "holds 1 values, but 2×1 needs 2",
    "P2 2 1 9\n1 x": "a sample: 'x' is not a whole number",
    "P2 2 1 70000\n1 1": "has the greatest value 70000",
    "P2 x": "is not a PGM",
    "P5 2 1 255\n\x01": "holds 1 bytes of samples where 2×1 needs 2",
    "P6 1 1 255\nabc": r"is a picture \(P6\)",
    "P5 4000 3000 255\n": r"4000×3000 = 12000000 taps; the limit is 65536",
    "1\n" * 200_000: "has 200000 lines, too many for 65536 taps",
    "\n" * 200_000: "has 200000 lines",
    "1 " * 200_000 + "\n1 2": "has 200002 taps; the limit is 65536",
    "3x3:" + "1 " * 200_000: "holds more than 65536 values",
    "CONV NORM\n" + "1 " * 200_000: "taps; the limit is 65536",
    "1 2\n3 " + "9" * 10**5: "'9{30}…' is not a number",
}


@pytest.mark.each("content", REFUSED)
def test_what_cannot_be_honoured_is_refused_in_one_line(work, content):
    def refused():
        with pytest.raises(ValueError, match=REFUSED[content]) as raised:
            read(content)
        assert str(raised.value).startswith("k.txt")
        assert "\n" not in str(raised.value)
        assert len(str(raised.value)) < 300

    assert work(refused) <= 30_000 + 2 * len(content)


def square(side, value="0.1234567 "):
    return "\n".join([value * side] * side)


@pytest.mark.parametrize(
    "content",
    [
        square,
        lambda side: f"{side} {side} 3 4\n{square(side)}",
        lambda side: f"{side}x{side}:{'0.123456789012345 ' * side**2}",
        lambda side: f"ncols {side}\nnrows {side}\n{square(side)}",
        lambda side: f"CONV NORM\n{square(side)}",
        lambda side: f'<feConvolveMatrix order="{side}" kernelMatrix="{square(side)}"/>',
        lambda side: f"[[{'],['.join([','.join(['0.1'] * side)] * side)}]]",
    ],
    ids=["plain", "libvips", "ImageMagick", "ESRI", "SExtractor", "SVG", "JSON"],
)
def test_ten_times_the_taps_are_ten_times_the_work(work, content):
    small, large = (work(lambda side=side: read(content(side))) for side in (40, 128))
    assert large <= 20 * small


# ---- rubbish ----------------------------------------------------------------------------------------------

SAMPLES = [(KERNELS / name).read_bytes() for name in FILES]
PIECES = [
    b"",
    b"0",
    b"-",
    b"\n",
    b";",
    b":",
    b"<",
    b"nan",
    b"1e309",
    b"/0",
    b"\0",
    b"\xff",
    b"[",
    b"#",
    b"x",
    b"99999999",
]


@st.composite
def broken(draw):
    """A kernel file with some of its bytes gone, doubled, or replaced."""
    data = bytearray(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        stop = min(len(data), start + draw(st.integers(0, 6)))
        piece = draw(st.sampled_from(PIECES) | st.just(bytes(data[start:stop]) * 2) | st.binary(max_size=3))
        data[start:stop] = piece
    return bytes(data)


@settings(max_examples=10 * settings().max_examples)
@given(broken())
def test_a_broken_file_is_a_kernel_or_refused_in_one_line(data):
    try:
        _, reading = read(data)
    except ValueError as error:
        assert str(error).startswith("k.txt") and "\n" not in str(error)
        assert type(error) is ValueError
    else:
        height, width = reading.kernel.shape
        x, y = reading.kernel.anchor
        assert np.isfinite(reading.kernel.weights).all()
        assert 0 <= x < width and 0 <= y < height
        assert np.isfinite(reading.offset) and np.isfinite(reading.white_offset)


@pytest.mark.each(
    "content",
    [
        lambda size: "]" + " " * size + "1",
        lambda size: "}" + " " * size + "1",
        lambda size: "#\n" * (size // 2),
        lambda size: "1\n" * (size // 15) + "x",
        lambda size: "9" * size,
        lambda size: "P2" + " " * size,
        lambda size: "P2 1 " + "#\n" * (size // 2),
        lambda size: "\t" * size + ":",
        lambda size: "%YAML\n" + "a" * size,
        lambda size: "%YAML\n" + "k: !!opencv-matrix\n" * (size // 20),
        lambda size: "<!" + " " * size + "x",
        lambda size: "<!DOCTYPE" + " " * size,
        lambda size: '<a b="' + "1 " * (size // 2) + '"/>',
        lambda size: '<feConvolveMatrix kernelMatrix="' + "1 " * (size // 2) + '"/>',
        lambda size: "{" + '"a":1,' * (size // 6),
        lambda size: '{"type_id": "opencv-matrix", "data": [' + "1," * (size // 2) + "1]}",
        lambda size: "[" + "[1]," * (size // 4) + "[1]]",
        lambda size: "1:" * (size // 2),
        lambda size: "1" + "x1" * (size // 2) + ":",
        lambda size: ";" * size,
        lambda size: "1;" * (size // 2),
        lambda size: "0,5;" * (size // 4),
        lambda size: "int " + "1 " * (size // 2),
        lambda size: "TITLE\n" * (size // 15),
        lambda size: "ncols 1\n" * (size // 15),
    ],
)
def test_ten_times_the_text_is_ten_times_the_work(work, content):
    """Counted in calls; what a pattern does in the square of the text would hang."""

    def attempt(text):
        try:
            read(text)
        except ValueError as error:
            assert str(error).startswith("k.txt") and "\n" not in str(error)

    small, large = (work(lambda size=size: attempt(content(size))) for size in (10_000, 100_000))
    assert large <= 20 * small
