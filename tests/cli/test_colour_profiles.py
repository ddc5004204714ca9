"""What a file says of its colours: kept, told by a profile, or converted; and linear light by its own curve."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from imfilter.cli.images import icc_profile, srgb_conversion
from imfilter.cli.images.colour_description import BT2020, ColourDescription
from imfilter.filters.core.engine import transfer
from PIL import Image, ImageCms

KEEP = ("conv", "--kernel", "1")
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
D50 = (0.9642, 1.0, 0.8249)
P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
ADOBE = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
PROPHOTO = ((0.7977, 0.2880, 0.0), (0.1352, 0.7119, 0.0), (0.0313, 0.0001, 0.8249))
"""Red, green and blue in XYZ relative to D50."""


# ---- profiles, written here after ICC.1 -------------------------------------------------------------


def fixed(*values):
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def curv(*values):
    return b"curv" + bytes(4) + struct.pack(f">I{len(values)}H", len(values), *values)


def para(kind, *values):
    return b"para" + bytes(4) + struct.pack(">HH", kind, 0) + fixed(*values)


def profile(space, tags, pcs=b"XYZ ", version=4):
    at, table, body = 132 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, at + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = bytearray(128)
    struct.pack_into(">I", head, 0, at + len(body))
    head[8], head[12:24] = version, b"mntr" + space + pcs
    head[24:36] = struct.pack(">6H", 2024, 1, 1, 0, 0, 0)
    head[36:40], head[68:80] = b"acsp", fixed(*D50)
    return bytes(head) + struct.pack(">I", len(tags)) + table + body


def text(words):
    encoded = words.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II4sII", 1, 12, b"enUS", len(encoded), 28) + encoded


SAID = {b"desc": text("test"), b"cprt": text("none"), b"wtpt": b"XYZ " + bytes(4) + fixed(*D50)}


def rgb_profile(columns, *curves, **more):
    curves = curves * 3 if len(curves) == 1 else curves
    tags = dict(SAID)
    for letter, column, curve in zip(b"rgb", columns, curves, strict=True):
        tags[bytes((letter,)) + b"XYZ"] = b"XYZ " + bytes(4) + fixed(*column)
        tags[bytes((letter,)) + b"TRC"] = curve
    return profile(b"RGB ", tags | {name.encode(): tag for name, tag in more.items()})


def gray_profile(curve, pcs=b"XYZ "):
    return profile(b"GRAY", SAID | {b"kTRC": curve}, pcs)


SRGB_CURVE = para(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
TABLE = curv(*(round(65535 * (i / 255) ** 1.7) for i in range(256)))
PROFILES = {
    "p3": rgb_profile(P3, SRGB_CURVE),
    "adobe": rgb_profile(ADOBE, curv(round(2.19921875 * 256))),
    "prophoto": rgb_profile(PROPHOTO, para(0, 1.8)),
    "linear": rgb_profile(P3, curv()),
    "a table": rgb_profile(ADOBE, TABLE),
    "a curve each": rgb_profile(P3, para(0, 2.0), TABLE, para(1, 2.2, 0.9, 0.1)),
    "an offset": rgb_profile(P3, para(4, 2.4, 0.9, 0.1, 0.2, 0.03, 0.0, 0.0)),
    "parts that meet": rgb_profile(P3, para(2, 2.0, 0.8, 0.2, 0.0)),
    "a flat end": rgb_profile(P3, curv(*([0] * 9), *range(0, 65536, 4369), 65535, 65535)),
}
GRAY_PROFILES = {
    "gamma 1.8": gray_profile(para(0, 1.8)),
    "a gray table": gray_profile(TABLE),
    "lightness": gray_profile(curv(), b"Lab "),
}


def littlecms(pixels, icc, flags=ImageCms.Flags.NOOPTIMIZE):
    """Convert 8 bits to sRGB by LittleCMS."""
    image = Image.fromarray(pixels)
    converted = ImageCms.profileToProfile(
        image, ImageCms.ImageCmsProfile(io.BytesIO(icc)), ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC, outputMode="RGB",
        flags=flags,
    )  # fmt: skip
    return np.asarray(converted)


@pytest.fixture
def colours():
    """Colours all over the cube, and grays."""
    steps = np.array([0, 1, 5, 20, 51, 102, 128, 180, 230, 254, 255], np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    grays = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    return np.concatenate([cube, grays])[: 11**3 + 253].reshape(16, -1, 3)


# ---- conversion -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("suffix", ["bmp", "ppm"])
def test_what_holds_no_profile_gets_the_colours_of_srgb(run, load, colours, name, suffix):
    Image.fromarray(colours).save("a.png", icc_profile=PROFILES[name])
    ended = run(*KEEP, "a.png", "-o", f"b.{suffix}")
    assert ended.code == 0
    assert ended.lines == [
        f"imfilter: a.png: {suffix.upper()} holds no colour profile: converted to sRGB "
        "(--keep-values leaves the values unchanged)"
    ]
    assert np.abs(load(f"b.{suffix}").astype(int) - littlecms(colours, PROFILES[name])).max() <= 1


@pytest.mark.parametrize("name", GRAY_PROFILES)
def test_gray_is_converted_by_its_curve(run, load, name):
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    Image.fromarray(gray).save("a.png", icc_profile=GRAY_PROFILES[name])
    assert run(*KEEP, "a.png", "-o", "b.pgm").code == 0
    assert np.abs(load("b.pgm").astype(int) - littlecms(gray, GRAY_PROFILES[name])[..., 1]).max() <= 1


def test_16_bits_and_float_are_converted_as_exactly(run, load, colours):
    deep = colours.astype(np.uint16) * 257
    exact = littlecms_free(colours / 255)
    tifffile.imwrite("a.tif", deep, photometric="rgb", iccprofile=PROFILES["p3"])
    tifffile.imwrite("f.tif", (colours / 255).astype(np.float32), photometric="rgb", iccprofile=PROFILES["p3"])
    run(*KEEP, "a.tif", "-o", "b.ppm")
    assert np.abs(deep_ppm("b.ppm") - np.clip(exact, 0, 1) * 65535).max() <= 0.51
    run(*KEEP, "f.tif", "-o", "g.tif", "--strip")
    np.testing.assert_allclose(load("g.tif"), exact, atol=2e-5)  # colours outside of sRGB are not clipped
    assert load("g.tif").min() < -0.01


def deep_ppm(name):
    """Read a PPM of 16 bits as this program writes it."""
    head, data = Path(name).read_bytes().split(b"\n65535\n", 1)
    width, height = map(int, head.splitlines()[-1].split())
    return np.frombuffer(data, ">u2").reshape(height, width, 3).astype(int)


def littlecms_free(values):
    """P3 to sRGB by the formulas of IEC 61966-2-1; the matrix of sRGB is checked below."""
    size = np.abs(values)
    light = np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)
    xyz = light @ np.round(np.array(P3) * 65536) / 65536
    light = np.linalg.solve(icc_profile.matrix_of(SRGB_PRIMARIES), xyz.reshape(-1, 3).T).T.reshape(xyz.shape)
    size = np.abs(light)
    return np.copysign(np.where(size <= 0.0031308, 12.92 * size, 1.055 * size ** (1 / 2.4) - 0.055), light)


SRGB_PRIMARIES = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)


def test_keep_values_keeps_them(ok, run, load, colours):
    Image.fromarray(colours).save("a.png", icc_profile=PROFILES["p3"])
    ok(*KEEP, "a.png", "-o", "b.bmp", "--keep-values")
    assert np.array_equal(load("b.bmp"), colours)
    ok(*KEEP, "a.png", "-o", "b.npy", "--depth", "8")  # raw data
    assert np.array_equal(load("b.npy"), colours)


@pytest.mark.parametrize("suffix", ["png", "tif", "jpg", "webp"])
def test_strip_converts_too(run, load, colours, suffix):
    Image.fromarray(colours).save("a.png", icc_profile=PROFILES["adobe"])
    ended = run(*KEEP, "a.png", "-o", f"b.{suffix}", "--strip")
    assert "--strip leaves out the colour profile: converted to sRGB" in ended.err
    expected = littlecms(colours, PROFILES["adobe"]).astype(int)
    with Image.open(f"b.{suffix}") as found:
        assert "icc_profile" not in found.info
        off = np.abs(np.asarray(found).astype(int) - expected)
    assert off.max() <= 1 if suffix != "jpg" else off.mean() < 8


@pytest.mark.parametrize("icc", [SRGB, rgb_profile(np.array(srgb_columns := (
    (0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))), SRGB_CURVE)])  # fmt: skip
def test_what_is_srgb_stays_and_nothing_is_said(ok, load, colours, icc):
    Image.fromarray(colours).save("a.png", icc_profile=icc)
    ok(*KEEP, "a.png", "-o", "b.bmp")
    assert np.array_equal(load("b.bmp"), colours)


def test_it_is_said_once_a_batch(run, colours):
    for name in "abc":
        Image.fromarray(colours).save(f"{name}.png", icc_profile=PROFILES["p3"])
    for jobs in ("1", "2"):
        ended = run(*KEEP, "a.png", "b.png", "c.png", "-o", "out/", "--to", "bmp", "-j", jobs)
        said = [line for line in ended.lines if "converted to sRGB" in line]
        assert said == [
            "imfilter: a.png: BMP holds no colour profile: converted to sRGB "
            "(--keep-values leaves the values unchanged) (2 other images likewise)"
        ]
    assert "sRGB" not in run(*KEEP, "a.png", "-o", "out.bmp", "-q").err


def test_alpha_stays_beside_the_conversion(run, load, colours):
    alpha = np.full(colours.shape[:2], 255, np.uint8)
    alpha[3:7] = 90
    image = Image.fromarray(np.dstack([colours, alpha]))
    image.save("a.png", icc_profile=PROFILES["p3"])
    run(*KEEP, "a.png", "-o", "b.png", "--strip")
    found = load("b.png")
    assert np.array_equal(found[..., 3], alpha)
    assert np.abs(found[..., :3].astype(int) - littlecms(colours, PROFILES["p3"])).max() <= 1


def test_frames_are_converted_each(run, load):
    frames = [Image.new("RGB", (8, 6), colour) for colour in ((200, 50, 40), (20, 220, 40))]
    frames[0].save("a.png", save_all=True, append_images=frames[1:], icc_profile=PROFILES["adobe"], duration=100)
    ended = run(*KEEP, "a.png", "-o", "b.gif")
    assert ended.err.count("converted to sRGB") == 1
    with Image.open("b.gif") as found:
        for number, frame in enumerate(frames):
            found.seek(number)
            expected = littlecms(np.asarray(frame), PROFILES["adobe"]).astype(int)
            assert np.abs(np.asarray(found.convert("RGB")).astype(int) - expected).max() <= 1


def lut8(identity_like):
    """A table from RGB to Lab of two grid points a side (section 10.11)."""
    grid = bytes(
        value
        for red in (0, 1) for green in (0, 1) for blue in (0, 1)
        for value in (
            round(255 * (0.3 * red + 0.6 * green + 0.1 * blue)),
            128 + (60 * red - 60 * green) // 1, 128 + (50 * green - 60 * blue) // 1,
        )
    )  # fmt: skip
    ramp = bytes(range(256))
    head = b"mft1" + bytes(4) + bytes((3, 3, 2, 0)) + fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    return head + ramp * 3 + grid + ramp * 3


def test_tables_go_through_littlecms_and_more_than_8_bits_are_said_to_stay(run, load, colours):
    icc = profile(b"RGB ", SAID | {b"A2B0": lut8(None)}, b"Lab ", version=2)
    Image.fromarray(colours).save("a.png", icc_profile=icc)
    assert "converted to sRGB" in run(*KEEP, "a.png", "-o", "b.bmp").err
    by_tables = littlecms(colours, icc, ImageCms.Flags.BLACKPOINTCOMPENSATION)
    assert np.abs(load("b.bmp").astype(int) - by_tables).max() <= 1
    assert not np.array_equal(load("b.bmp"), colours)
    tifffile.imwrite("a.tif", colours.astype(np.uint16) * 257, photometric="rgb", iccprofile=icc)
    ended = run(*KEEP, "a.tif", "-o", "b.ppm")
    assert ended.code == 0 and "the values were not converted to sRGB: its ICC profile holds tables" in ended.err
    assert np.array_equal(deep_ppm("b.ppm"), colours.astype(int) * 257)


def test_edges_have_no_colours_to_convert(ok, load):
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    Image.fromarray(gray).save("a.png", icc_profile=GRAY_PROFILES["gamma 1.8"])
    Image.fromarray(gray).save("plain.png")
    ok("edges", "a.png", "-o", "b.pgm")
    ok("edges", "plain.png", "-o", "plain.pgm")
    assert np.array_equal(load("b.pgm"), load("plain.pgm"))


# ---- damaged profiles -------------------------------------------------------------------------------


def test_a_damaged_profile_is_told_of_and_never_a_traceback(run, colours):
    whole = PROFILES["a curve each"]
    random = np.random.default_rng(5)
    broken = [whole[:140], whole[:300], whole[:-40]]
    for _ in range(60):
        data = bytearray(whole)
        for at in random.integers(128, len(data), 6):
            data[at] = random.integers(0, 256)
        broken.append(bytes(data))
    for data in broken:
        data = struct.pack(">I", len(data)) + data[4:]
        Image.fromarray(colours[:2]).save("a.png", icc_profile=data)
        for words in (("-o", "b.bmp"), ("-o", "b.png", "--linear")):
            ended = run(*KEEP, "a.png", *words)
            assert ended.code == 0 and "Traceback" not in ended.err, ended.err


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({b"kTRC": b"curv" + bytes(4) + struct.pack(">I", 1 << 31) + bytes(20)}, "a curve is cut off"),
        ({b"kTRC": para(3, 2.4)}, "a parametric curve is damaged"),
        ({b"kTRC": b"sig " + bytes(20)}, "a curve has an unknown type"),
    ],
)
def test_what_is_wrong_with_a_profile(tags, reason):
    with pytest.raises(ValueError, match=reason):
        icc_profile.read(profile(b"GRAY", SAID | tags))


@pytest.mark.each("curve", [curv(65535, 30000, 0), curv(0), para(0, -1.0), para(3, 2, -1, 1, 0, 0), curv(7, 7, 7)])
def test_a_curve_that_does_not_grow_is_none(curve):
    assert icc_profile.read(gray_profile(curve)).transfer is None


def test_a_table_of_tags_that_lies_is_read_no_further_than_the_file():
    data = bytearray(profile(b"GRAY", SAID | {b"kTRC": curv()}))
    data[128:132] = b"\xff" * 4
    assert icc_profile.read(bytes(data)).space == "GRAY"


# ---- what a PNG says --------------------------------------------------------------------------------


def png(pixels, *chunks):
    """A PNG of 8 or 16 bits, gray or RGB, with these chunks before its pixels."""
    height, width = pixels.shape[:2]
    rows = pixels.astype(pixels.dtype.newbyteorder(">")).reshape(height, -1)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    head = struct.pack(">IIBBBBB", width, height, pixels.itemsize * 8, 2 if pixels.ndim == 3 else 0, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )


def chunks_of(name):
    data, at, found = Path(name).read_bytes(), 8, []
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


GAMA = (b"gAMA", struct.pack(">I", 55556))
CHRM = (b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000))
SRGB_CHUNK = (b"sRGB", b"\x01")
CICP = (b"cICP", bytes((9, 16, 0, 1)))
MDCV = (b"mDCV", bytes(range(24)))
CLLI = (b"cLLI", struct.pack(">II", 10_000_000, 2_000_000))
ICCP = (b"iCCP", b"p3\0\0" + zlib.compress(PROFILES["p3"]))
DESCRIBED = [(GAMA, CHRM), (SRGB_CHUNK,), (CICP, MDCV, CLLI), (ICCP, GAMA, CHRM), (CICP, ICCP), (SRGB_CHUNK, GAMA)]


@pytest.mark.each("given", DESCRIBED)
@pytest.mark.each("dtype", ["uint8", "uint16"])
def test_a_png_keeps_what_a_png_says_before_its_pixels(ok, colours, given, dtype):
    pixels = colours.astype(dtype) * (257 if dtype == "uint16" else 1)
    Path("a.png").write_bytes(png(pixels, *given))
    ok("blur", "a.png", "-o", "b.png")
    found = chunks_of("b.png")
    names = [name for name, _ in found]
    for name, body in given:
        assert names.count(name) == 1 and names.index(name) < names.index(b"IDAT")
        if name != b"iCCP":
            assert dict(found)[name] == body


def test_edges_and_maps_have_none_of_it(ok, colours):
    Path("a.png").write_bytes(png(colours, GAMA, CHRM, CLLI))
    ok("edges", "a.png", "-o", "b.png", "--angle", "c.png", "--gx", "d.png")
    for name in ("b.png", "c.png", "d.png"):
        assert {name for name, _ in chunks_of(name)} <= {b"IHDR", b"IDAT", b"IEND", b"tEXt"}


def test_profile_and_srgb_chunk_are_not_both_written(ok, colours):
    Path("a.png").write_bytes(png(colours, ICCP, SRGB_CHUNK))
    ok("blur", "a.png", "-o", "b.png")
    names = [name for name, _ in chunks_of("b.png")]
    assert b"iCCP" in names and b"sRGB" not in names


@pytest.mark.each("chunk", [(b"gAMA", bytes(3)), (b"cHRM", bytes(31)), (b"cICP", bytes(5)), (b"mDCV", b"")])
def test_a_damaged_chunk_is_left_out_with_a_word(run, colours, chunk):
    Path("a.png").write_bytes(png(colours, chunk))
    ended = run("blur", "a.png", "-o", "b.png", "--lenient")
    assert ended.code in (0, 1) and "Traceback" not in ended.err
    if ended.code == 0:
        assert chunk[0] not in [name for name, _ in chunks_of("b.png")]


@pytest.mark.each("body", [bytes(4), b"\xff" * 4])
def test_a_gamma_of_nothing_is_none(ok, run, load, colours, body):
    Path("a.png").write_bytes(png(colours, (b"gAMA", body)))
    assert run("blur", "a.png", "-o", "b.png", "--linear").code == 0
    Path("plain.png").write_bytes(png(colours))
    ok("blur", "plain.png", "-o", "plain.out.png", "--linear")
    assert np.array_equal(load("b.png"), load("plain.out.png"))


def test_animations_keep_it_too(ok, colours):
    frames = [Image.fromarray(colours), Image.fromarray(255 - colours)]
    frames[0].save("plain.png", save_all=True, append_images=frames[1:], duration=100)
    head, *rest = chunks_of("plain.png")
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in (head, GAMA, CHRM, *rest)
    )
    Path("a.png").write_bytes(data)
    ok("blur", "a.png", "-o", "b.png")
    found = chunks_of("b.png")
    assert dict(found)[b"gAMA"] == GAMA[1] and dict(found)[b"cHRM"] == CHRM[1]
    assert [name for name, _ in found].index(b"gAMA") < [name for name, _ in found].index(b"IDAT")
    assert sum(name == b"fcTL" for name, _ in found) == 2


@pytest.mark.parametrize("suffix", ["tif", "jpg", "webp", "avif"])
def test_other_formats_get_a_profile_that_says_the_same(ok, colours, suffix):
    """LittleCMS understands it as the gamma and the primaries of the chunks."""
    Path("a.png").write_bytes(png(colours, GAMA, CHRM))
    ok(*KEEP, "a.png", "-o", f"b.{suffix}")
    with Image.open(f"b.{suffix}") as found:
        icc = found.info["icc_profile"]
    reference = rgb_profile(P3, para(0, 100000 / 55556))
    assert np.abs(littlecms(colours, icc).astype(int) - littlecms(colours, reference)).max() <= 2
    assert icc_profile.read(icc).transfer == transfer.of_curves(transfer.gamma(round(65536 / 0.55556) / 65536))


@pytest.mark.parametrize("given", [(), (SRGB_CHUNK,), (SRGB_CHUNK, (b"gAMA", struct.pack(">I", 45455)))])
def test_srgb_needs_no_profile(ok, colours, given):
    Path("a.png").write_bytes(png(colours, *given))
    ok(*KEEP, "a.png", "-o", "b.tif")
    with Image.open("b.tif") as found:
        assert "icc_profile" not in found.info


def test_what_a_png_says_is_converted_where_no_profile_is_kept(run, load, colours):
    Path("a.png").write_bytes(png(colours, GAMA, CHRM))
    assert "converted to sRGB" in run(*KEEP, "a.png", "-o", "b.bmp").err
    reference = rgb_profile(P3, para(0, 100000 / 55556))
    assert np.abs(load("b.bmp").astype(int) - littlecms(colours, reference)).max() <= 2


def test_code_points_come_first_then_the_profile_then_srgb_then_gamma(run, load, colours):
    expected = {}
    for name, given in {
        "cicp": [(b"cICP", bytes((12, 8, 0, 1))), ICCP, SRGB_CHUNK, GAMA],
        "cicp alone": [(b"cICP", bytes((12, 8, 0, 1)))],
        "iccp": [ICCP, SRGB_CHUNK, GAMA, CHRM],
        "iccp alone": [ICCP],
        "srgb": [SRGB_CHUNK, GAMA, CHRM],
        "srgb alone": [SRGB_CHUNK],
    }.items():
        Path("a.png").write_bytes(png(colours, *given))
        assert run(*KEEP, "a.png", "-o", "b.bmp").code == 0
        expected[name] = load("b.bmp")
    for name in ("cicp", "iccp", "srgb"):
        assert np.array_equal(expected[name], expected[f"{name} alone"]), name
    assert not np.array_equal(expected["cicp"], expected["iccp"])
    assert np.array_equal(expected["srgb"], colours)


def test_paper_white_of_pq_and_hlg_is_white(run, load):
    """203 cd/m²: 58 % of PQ, and 75 % of HLG (ITU-R BT.2408, table 1)."""
    for code, signal in ((16, 0.581), (18, 0.75)):
        levels = np.array([[0, round(signal * 65535), 65535]], np.uint16)
        pixels = np.repeat(levels[..., None], 3, axis=2)
        Path("a.png").write_bytes(png(pixels, (b"cICP", bytes((9, code, 0, 1)))))
        run(*KEEP, "a.png", "-o", "b.ppm")
        found = deep_ppm("b.ppm")[0] / 65535
        np.testing.assert_allclose(found[:, 0], [0, 1, 1], atol=0.006)
        assert np.ptp(found, axis=1).max() < 1e-3


def test_pq_is_told_by_code_points_in_the_profile(run, colours):
    Path("a.png").write_bytes(png(colours, CICP))
    ended = run(*KEEP, "a.png", "-o", "b.tif")
    assert ended.code == 0 and "an ICC profile with a cicp tag" in ended.err
    with Image.open("b.tif") as found:
        profile = icc_profile.read(found.info["icc_profile"])
        assert np.array_equal(np.asarray(found), colours)
    assert profile.transfer == transfer.of_curves(transfer.PQ)
    np.testing.assert_allclose(profile.matrix, icc_profile.matrix_of(BT2020), atol=1e-4)


def test_primaries_make_the_matrix_of_lindbloom():
    """The matrices of sRGB and Adobe RGB relative to D50, by Bradford, that Bruce Lindbloom publishes."""
    srgb = [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
    found = icc_profile.matrix_of(SRGB_PRIMARIES)
    np.testing.assert_allclose(found, srgb, atol=3e-4)


@pytest.mark.each("nonsense", [(0,) * 8, (1, 2, 3, 4, 5, 6, 7, 8), (31270, 32900, 64000, 33000, 64000, 33000, 1, 1)])
def test_primaries_that_make_no_triangle_are_those_of_srgb(nonsense):
    described = ColourDescription(gamma=100_000, white_and_primaries=nonsense)
    assert described.chromaticities()[2:4] == (0.64, 0.33)
    assert srgb_conversion.of_description(described, gray=False) is not None


# ---- linear light -----------------------------------------------------------------------------------

CODES = {1: "BT.709", 4: "gamma 2.2", 5: "gamma 2.8", 7: "SMPTE 240M", 8: "linear", 13: "sRGB", 16: "PQ", 18: "HLG"}


@pytest.mark.parametrize("code", CODES)
def test_code_points_decode_by_their_formula(code):
    """ITU-T H.273, table 3, inverted by bisection: what is decoded must encode to the sample."""
    formulas = {
        1: lambda L: np.where(L < 0.018053968510807, 4.5 * L, 1.09929682680944 * L**0.45 - 0.09929682680944),
        4: lambda L: L ** (1 / 2.2),
        5: lambda L: L ** (1 / 2.8),
        7: lambda L: np.where(L < 0.0228, 4 * L, 1.1115 * L**0.45 - 0.1115),
        8: lambda L: L,
        13: lambda L: np.where(L < 0.0031308, 12.92 * L, 1.055 * L ** (1 / 2.4) - 0.055),
        16: lambda L: ((0.8359375 + 18.8515625 * L**0.1593017578125) / (1 + 18.6875 * L**0.1593017578125)) ** 78.84375,
        18: lambda L: np.where(
            L <= 1 / 12, np.sqrt(3 * L), 0.17883277 * np.log(np.maximum(12 * L - 0.28466892, 1e-9)) + 0.55991073
        ),
    }
    samples = np.linspace(0, 1, 401)
    light = ColourDescription(code_points=points(code)).transfer().decode(samples, 1.0)
    np.testing.assert_allclose(formulas[code](light), samples, atol=6e-4)
    assert light[0] == 0 and light[-1] == pytest.approx(1, abs=1e-6)


def test_no_two_curves_are_taken_for_each_other():
    curves = [ColourDescription(code_points=points(code)).transfer() for code in CODES]
    assert len(set(curves)) == len(CODES)


def points(code, primaries=1):
    from imfilter.cli.images.colour_description import CodePoints

    return CodePoints(primaries, code, 0, 1)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_the_identity_in_linear_light_gives_every_level_back(ok, load, code, dtype):
    full = np.iinfo(dtype).max
    levels = np.arange(full + 1, dtype=dtype).reshape(-1, 64)
    Path("a.png").write_bytes(png(levels, (b"cICP", bytes((1, code, 0, 1)))))
    ok(*KEEP, "a.png", "-o", "b.tif", "--linear", "-q")
    assert np.array_equal(load("b.tif"), levels)


@pytest.mark.parametrize("gamma", [1, 10_000, 35_714, 45_455, 55_556, 100_000, 1_000_000])
def test_so_does_every_gamma(ok, load, gamma):
    levels = np.arange(65536, dtype=np.uint16).reshape(-1, 64)
    Path("a.png").write_bytes(png(levels, (b"gAMA", struct.pack(">I", gamma))))
    ok(*KEEP, "a.png", "-o", "b.tif", "--linear")
    assert np.array_equal(load("b.tif"), levels)


@pytest.mark.parametrize("name", [*PROFILES, *GRAY_PROFILES])
def test_and_every_profile(ok, load, name):
    levels = np.arange(65536, dtype=np.uint16).reshape(-1, 64)
    icc = (PROFILES | GRAY_PROFILES)[name]
    if name in PROFILES:
        levels = np.repeat(levels[..., None], 3, axis=2)
    Path("a.png").write_bytes(png(levels, (b"iCCP", b"p\0\0" + zlib.compress(icc))))
    ok(*KEEP, "a.png", "-o", "b.tif", "--linear")
    assert np.array_equal(load("b.tif"), levels)


def test_the_case_of_gamma_1_is_linear_already(ok, load, colours):
    Path("a.png").write_bytes(png(colours, (b"gAMA", struct.pack(">I", 100_000))))
    Path("plain.png").write_bytes(png(colours))
    ok("blur", "a.png", "-o", "b.png", "--linear")
    ok("blur", "plain.png", "-o", "c.png")
    assert np.array_equal(load("b.png"), load("c.png"))


@pytest.mark.parametrize(
    ("icc", "gammas"), [(rgb_profile(P3, para(0, 1.0), para(0, 2.0), para(0, 3.0)), (1, 2, 3)), ("chunk", (1.8,) * 3)]
)
def test_each_channel_is_decoded_by_its_own_curve(ok, load, icc, gammas, noise_rgb):
    given = (b"gAMA", struct.pack(">I", round(100_000 / 1.8)))
    if icc != "chunk":
        given = (b"iCCP", b"p\0\0" + zlib.compress(icc))
    Path("a.png").write_bytes(png(noise_rgb, given))
    ok("blur", "a.png", "-o", "b.png", "--op", "mean", "--size", "3", "--linear")
    exponents = np.array(gammas)
    light = (noise_rgb / 255) ** exponents
    padded = np.pad(light, ((1, 1), (1, 1), (0, 0)), mode="symmetric")
    height, width = light.shape[:2]
    mean = sum(padded[y : y + height, x : x + width] for y in range(3) for x in range(3)) / 9
    expected = np.floor(mean ** (1 / exponents) * 255 + 0.5)
    assert (load("b.png") != expected).mean() <= 1e-3


@pytest.fixture
def noise_rgb():
    return np.random.default_rng(11).integers(0, 256, (30, 40, 3), dtype=np.uint8)


def test_fill_and_background_are_decoded_by_the_same_curve(ok, load):
    icc = gray_profile(para(0, 1.0))
    flat = np.full((4, 4), 100, np.uint8)
    Path("a.png").write_bytes(png(flat, (b"iCCP", b"p\0\0" + zlib.compress(icc))))
    words = ("--kernel", "0.5 0.5 0", "--border", "constant", "--fill", "200", "--linear")
    ok("conv", "a.png", "-o", "b.png", *words)
    assert load("b.png")[0, 0] == 150
    Image.fromarray(np.dstack([flat, flat, flat, np.full((4, 4), 51, np.uint8)])).save(
        "c.png", icc_profile=rgb_profile(P3, curv())
    )
    ok(*KEEP, "c.png", "-o", "d.jpg", "--linear", "--background", "#c8c8c8", "--quality", "100")
    assert np.abs(load("d.jpg").astype(int) - 180).max() <= 1  # 0.2 · 100 + 0.8 · 200


def test_a_chain_goes_in_and_out_by_the_same_curve(ok, load, noise_rgb):
    Path("a.png").write_bytes(png(noise_rgb, GAMA))
    ok("chain", "a.png", "-o", "b.png", "conv --kernel 1 --linear", "conv --kernel 1", "conv --kernel 1 --linear")
    assert np.array_equal(load("b.png"), noise_rgb)


def test_what_has_no_curve_is_decoded_as_srgb_with_a_word(run, load, noise_rgb):
    Path("plain.png").write_bytes(png(noise_rgb))
    run("blur", "plain.png", "-o", "plain.out.png", "--linear")
    falling = rgb_profile(P3, curv(65535, 0))
    Path("a.png").write_bytes(png(noise_rgb, (b"iCCP", b"p\0\0" + zlib.compress(falling))))
    ended = run("blur", "a.png", "-o", "b.png", "--linear")
    assert "has no curves that grow; --linear took the curve of sRGB" in ended.err
    assert np.array_equal(load("b.png"), load("plain.out.png"))
    Path("a.png").write_bytes(png(noise_rgb, (b"cICP", bytes((9, 9, 0, 1)))))
    assert "code points that are not understood (9, 9, 0, 1)" in run("blur", "a.png", "-o", "b.png", "--linear").err
    assert np.array_equal(load("b.png"), load("plain.out.png"))


# ---- luma and chroma at the shell -------------------------------------------------------------------


def test_a_format_of_gray_gets_the_filtered_luma(ok, load, noise_rgb):
    Image.fromarray(noise_rgb).save("a.png")
    ok("blur", "a.png", "-o", "b.pgm", "--channels", "luma")
    ok("blur", "a.png", "-o", "b.tif", "--channels", "luma", "--depth", "float")
    expected = np.floor(255 * load("b.tif") @ np.array([0.299, 0.587, 0.114]) + 0.5)
    assert (np.abs(load("b.pgm") - expected) <= 1).all() and (load("b.pgm") != expected).mean() < 0.01


def test_gray_has_no_chroma_and_it_is_said(run, load):
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    Image.fromarray(gray).save("a.png")
    ended = run("blur", "a.png", "-o", "b.png", "--channels", "chroma")
    assert (ended.code, ended.lines) == (0, ["imfilter: a.png: is gray, so --channels chroma leaves it unchanged"])
    assert np.array_equal(load("b.png"), gray)


def test_cmyk_has_neither(refused, noise_rgb):
    Image.fromarray(noise_rgb).convert("CMYK").save("a.tif")
    for part in ("luma", "chroma"):
        assert f"have no {part}; use --to-rgb" in refused(1, "blur", "a.tif", "-o", "b.tif", "--channels", part)
