"""GeoTIFF: where the samples of a result lie on the ground is where those of the input that they show did."""

import itertools
import struct

import numpy as np
import pytest
import tifffile
from imfilter.cli.images import georeference, ifd, placement
from imfilter.cli.images.metadata import Metadata, turned
from imfilter.filters.core.engine.coordinates import Geometry
from PIL import Image

SCALE, TIE, MATRIX, KEYS, METADATA = 33550, 33922, 34264, 34735, 42112
POLYNOMIALS = 50844
AREA, POINT = 1, 2
GROUND = (500000.0, 4000000.0)
WIDTH, HEIGHT = 24, 18


def keys(raster):
    return (KEYS, "H", 16, (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, raster, 3072, 0, 1, 32633), True)


def doubles(tag, *values):
    return (tag, "d", len(values), values, True)


PLACED = {
    "scale": (doubles(SCALE, 10, 20, 0), doubles(TIE, 0, 0, 0, *GROUND, 0)),
    "scale, tied elsewhere": (doubles(SCALE, 10, 20, 0), doubles(TIE, 3, 5, 0, *GROUND, 7)),
    "matrix": (doubles(MATRIX, 10, 3, 0, GROUND[0], 2, -20, 0, GROUND[1], 0, 0, 0, 0, 0, 0, 0, 1),),
    "tie points": (doubles(TIE, 0, 0, 0, *GROUND, 0, 8, 0, 0, 500080, 4000000, 0, 0, 4, 0, 500000, 3999920, 0),),
}


def write(path, pixels, *extra, **given):
    given = {"photometric": "rgb" if pixels.shape[2:] == (3,) else "minisblack", **given}
    tifffile.imwrite(path, pixels, extratags=extra, metadata=None, **given)


def tags(path, page=0):
    with tifffile.TiffFile(path) as file:
        return {tag.code: tag.value for tag in file.pages[page].tags.values()}


def on_ground(found, x, y):
    """Return where a point of the raster, from the corner of its first sample, lies: a reader of the standard."""
    if found[KEYS][11] == POINT:
        x, y = x - 0.5, y - 0.5
    if MATRIX in found:
        assert SCALE not in found and TIE not in found
        return tuple((np.reshape(found[MATRIX], (4, 4)) @ (x, y, 0, 1))[:2])
    ties = np.reshape(found[TIE], (-1, 6))
    if SCALE in found:
        (i, j, _, east, north, _), (across, down, *_) = ties[0], found[SCALE]
        return east + (x - i) * across, north - (y - j) * down
    known = np.column_stack([ties[:, :2], np.ones(len(ties))])  # the map of the plane that the tie points fix
    return tuple(np.linalg.lstsq(known, ties[:, 3:5])[0].T @ (x, y, 1))


GEOMETRIES = {
    "pool": (("pool", "--op", "avg"), 2, 0),
    "pool of windows that overlap": (("pool", "--size", "3", "--stride", "2"), 2, 0.5),
    "stride": (("conv", "--kernel", "mean3", "--stride", "3"), 3, -1),
    "valid": (("conv", "--kernel", "mean5", "--padding", "valid"), 1, 2),
    "full": (("conv", "--kernel", "mean3", "--padding", "full"), 1, -1),
    "a number": (("conv", "--kernel", "mean3", "--padding", "3"), 1, -2),
    "same": (("blur",), 1, 0),
}


@pytest.mark.each("how", GEOMETRIES)
@pytest.mark.parametrize("raster", [AREA, POINT])
@pytest.mark.parametrize("placed", PLACED)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_the_ground_stays_where_it_is(how, raster, placed, dtype, run):
    words, scale, offset = GEOMETRIES[how]
    write("a.tif", np.ones((HEIGHT, WIDTH), dtype), keys(raster), *PLACED[placed])
    assert run(*words, "a.tif", "-o", "b.tif", "--strip-gps").code == 0
    before, after = tags("a.tif"), tags("b.tif")
    assert after[KEYS] == before[KEYS]
    for x, y in itertools.product((0, 3.5, 7), (0, 2, 6.5)):
        expected = on_ground(before, scale * x + offset, scale * y + offset)
        np.testing.assert_allclose(on_ground(after, x, y), expected, rtol=1e-12, err_msg=how)


def test_the_numbers_are_those_that_a_plain_reader_wants(ok):
    write("a.tif", np.ones((HEIGHT, WIDTH), "float32"), keys(AREA), *PLACED["scale"])
    ok("pool", "--op", "avg", "a.tif", "-o", "half.tif")
    assert (tags("half.tif")[SCALE], tags("half.tif")[TIE]) == ((20, 40, 0), (0, 0, 0, *GROUND, 0))
    ok("conv", "--kernel", "mean3", "--padding", "valid", "a.tif", "-o", "valid.tif")
    assert (tags("valid.tif")[SCALE], tags("valid.tif")[TIE]) == ((10, 20, 0), (0, 0, 0, 500010, 3999980, 0))


@pytest.mark.each("orientation", range(1, 9))
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("placed", PLACED)
def test_a_picture_that_is_turned_lies_where_it_did(orientation, dtype, placed, run):
    stored = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH) % 251
    turn = (274, "H", 1, orientation, True)
    write("a.tif", stored.astype(dtype), keys(AREA), *PLACED[placed], turn)
    assert run("conv", "--kernel", "1", "a.tif", "-o", "b.tif").code == 0
    before, after = tags("a.tif"), tags("b.tif")
    upright = tifffile.imread("b.tif")
    np.testing.assert_array_equal(upright, turned(stored, orientation))
    assert after.get(274, 1) == 1
    # Each sample is numbered by its place: where it is stored, and where it is found.
    places = turned(np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH), orientation)
    for y, x in ((0, 0), (5, 7), (upright.shape[0] - 1, upright.shape[1] - 1)):
        row, column = divmod(int(places[y, x]), WIDTH)
        expected = on_ground(before, column + 0.5, row + 0.5)
        np.testing.assert_allclose(on_ground(after, x + 0.5, y + 0.5), expected, rtol=1e-12)


def test_maps_lie_where_the_picture_does(ok, run):
    write("a.tif", np.ones((HEIGHT, WIDTH), "uint16"), keys(AREA), *PLACED["scale"], (42113, "s", 2, "0\0", True))
    names = [word for name in ("magnitude", "angle", "gx", "gy") for word in (f"--{name}", f"{name}.tif")]
    assert run("edges", "a.tif", "-o", "e.tif", *names).code == 0
    ok("conv", "--kernel", "haar", "--stride", "2", "a.tif", "-o", "maps.tif")
    for name in ("e", "magnitude", "angle", "gx", "gy"):
        assert on_ground(tags(f"{name}.tif"), 5, 4) == on_ground(tags("a.tif"), 5, 4)
    for page in range(4):  # a map each
        assert on_ground(tags("maps.tif", page), 0.5, 0.5) == on_ground(tags("a.tif"), 0.5, 0.5)
        assert on_ground(tags("maps.tif", page), 3.5, 0.5) == on_ground(tags("a.tif"), 6.5, 0.5)


def test_each_page_lies_where_it_did(ok):
    with tifffile.TiffWriter("a.tif") as file:
        for number in range(3):
            tie = doubles(TIE, 0, 0, 0, 1000 * number, 0, 0)
            extra = (keys(AREA), doubles(SCALE, 1 + number, 1, 0), tie)
            file.write(np.full((8, 8), number, "uint8"), metadata=None, extratags=extra, contiguous=False)
    ok("pool", "a.tif", "-o", "b.tif")
    ok("pool", "a.tif", "-o", "one.tif", "--frame", "2")
    for number in range(3):
        assert on_ground(tags("b.tif", number), 1, 1) == on_ground(tags("a.tif", number), 2, 2)
    assert on_ground(tags("one.tif"), 1, 1) == on_ground(tags("a.tif", 2), 2, 2)


def test_what_cannot_follow_is_left_out_and_said(run):
    write("a.tif", np.ones((HEIGHT, WIDTH), "uint8"), keys(AREA), doubles(SCALE, 10, 20, 0), doubles(TIE, 1, 2, 3))
    ended = run("pool", "a.tif", "-o", "b.tif")
    assert ended.lines == [
        "imfilter: a.tif: its georeference was not kept (3 numbers in its tie points, which need 6 each)"
    ]
    assert not {SCALE, TIE} & tags("b.tif").keys()
    run("blur", "a.tif", "-o", "c.tif")
    assert tags("c.tif")[TIE] == (1, 2, 3)  # nothing moved: not ours to judge


def test_other_formats_say_that_they_have_no_place_for_it(run):
    write("a.tif", np.ones((HEIGHT, WIDTH), "uint8"), keys(AREA), *PLACED["scale"])
    for name, title in (("b.png", "PNG"), ("b.npy", ".npy")):
        ended = run("blur", "a.tif", "-o", name)
        assert ended.lines == [f"imfilter: a.tif: {title} cannot hold its georeference; use .tif"]
    with Image.open("b.png") as image:
        assert not {SCALE, TIE, KEYS} & dict(image.getexif()).keys()


def test_polynomials_follow():
    numbers = [0.0, 0.0, 10.0, 20.0, *range(3), 100.0, 200.0, *range(83)]
    found = {POLYNOMIALS: ifd.Value(12, 92, struct.pack("<92d", *numbers))}
    half = Geometry(2, 0, 0, 0, 2, 0)
    moved = struct.unpack("<92d", georeference.moved(found, half, [])[POLYNOMIALS].data)
    # The centre of sample 20 lies at 20.5 from the corner, at 10.25 in samples twice as wide.
    assert moved == (0, 0, 4.75, 9.75, *numbers[4:7], 50, 100, *numbers[9:])
    notes = []
    assert georeference.moved(found, georeference.of_orientation(6, 8, 9), notes) == {} and len(notes) == 1


def test_words_of_gdal_that_are_untrue_now_go(run):
    xml = (
        '<GDALMetadata>\n  <Item name="STATISTICS_MEAN" sample="0">3</Item>\n  <Item name="DATE">2026</Item>\n'
        '  <Item name="SCALE" sample="0" role="scale">0.1</Item>\n</GDALMetadata>\n'
    )
    write("a.tif", np.ones((HEIGHT, WIDTH), "uint8"), keys(AREA), *PLACED["scale"], (METADATA, "s", 0, xml, True))
    ended = run("blur", "a.tif", "-o", "b.tif")
    assert ended.lines == ["imfilter: a.tif: the statistics in its GDAL metadata were not kept"]
    assert "STATISTICS" not in tags("b.tif")[METADATA] and "0.1" in tags("b.tif")[METADATA]
    run("edges", "a.tif", "-o", "c.tif")
    assert tags("c.tif")[METADATA].split() == ["<GDALMetadata>", "<Item", 'name="DATE">2026</Item>', "</GDALMetadata>"]


# ---- resolution and EXIF ----------------------------------------------------------------------------


@pytest.mark.each("suffix", ["jpg", "png", "tif"])
def test_resolution_follows_the_samples(suffix, run, png):
    Image.open(png).save("b." + suffix, dpi=(300, 150))
    assert run("pool", "--size", "3,2", f"b.{suffix}", "-o", f"c.{suffix}").code == 0
    assert run("edges", f"b.{suffix}", "-o", "e.png", "--magnitude", f"d.{suffix}").code == 0
    with Image.open(f"c.{suffix}") as half, Image.open(f"d.{suffix}") as map:
        assert [round(float(value)) for value in half.info["dpi"]] == [100, 75]
        assert [round(float(value)) for value in map.info["dpi"]] == [300, 150]


def test_resolution_and_subject_follow_in_exif():
    below = {
        41486: ifd.Value(5, 1, struct.pack("<II", 7200, 7)),
        37396: ifd.Value(3, 4, struct.pack("<4H", 20, 10, 8, 4)),
    }
    block = {282: ifd.rational(300), 283: ifd.rational(150), ifd.EXIF: ifd.Value(4, 1, b"", below)}
    metadata = Metadata(block, dpi=(300, 150))
    half = placement.placed(metadata, Geometry.scaled((2.0, 2.0)), [])
    assert half.dpi == (150, 75) and (half.tags[282].real(), half.tags[283].real()) == (150, 75)
    assert half.tags[ifd.EXIF].below[41486].data == struct.pack("<II", 7200, 14)
    assert half.tags[ifd.EXIF].below[37396].integers() == (10, 5, 4, 2)
    on_side = placement.upright(metadata, 6, 60, 40, [])
    assert on_side.dpi == (150, 300) and (on_side.tags[282].real(), on_side.tags[283].real()) == (150, 300)
    assert on_side.tags[ifd.EXIF].below[37396].integers() == (29, 20, 4, 8)


@pytest.mark.each(
    "lies",
    [
        Geometry(0, 1, 0, 1, 0, 0),
        Geometry(-1, 0, 60, 0, 1, 0),
        Geometry(0, 1, 0, -1, 0, 40),
        Geometry(0.8, -0.6, 12, 0.6, 0.8, -7),
        Geometry(1, 0, 5, 0, 1, 9),
    ],
)
def test_every_place_of_a_moved_picture_keeps_its_ground(lies):
    tags = {
        33550: ifd.Value(12, 3, struct.pack("<3d", 2.0, 3.0, 0.0)),
        33922: ifd.Value(12, 6, struct.pack("<6d", 1, 2, 0, 1000, 5000, 0)),
    }
    notes = []
    found = georeference.moved(tags, lies, notes)
    assert not notes
    for x, y in ((0.0, 0.0), (7.0, 3.0), (20.0, 31.5)):
        image_x, image_y = lies.in_image(x, y)
        expected = 1000 + (image_x - 1) * 2, 5000 - (image_y - 2) * 3
        if lies.keeps_axes:
            scale, tie = (struct.unpack(f"<{found[n].many}d", found[n].data) for n in (33550, 33922))
            ground = tie[3] + (x - tie[0]) * scale[0], tie[4] - (y - tie[1]) * scale[1]
        else:
            matrix = struct.unpack("<16d", found[34264].data)
            ground = tuple(matrix[n] * x + matrix[n + 1] * y + matrix[n + 3] for n in (0, 4))
        np.testing.assert_allclose(ground, expected)
    warped = georeference.moved(tags, lies._replace(g=0.001), notes)
    assert not warped and notes == ["its georeference was not kept, as the picture was warped"]


def test_pages_and_frames_move_alike(ok, folder):
    pages = [np.full((20, 30, 3), value, np.uint8) for value in (10, 90, 200)]
    for page in pages:
        page[2, 5] = 255
    first, *others = map(Image.fromarray, pages)
    first.save("a.tif", save_all=True, append_images=others, dpi=(300, 150))
    first.save("a.webp", save_all=True, append_images=others, lossless=True)
    for name in ("a.tif", "a.webp"):
        ok("flip", name, "-o", f"t-{name}", "--op", "transpose")
        ok("pad", name, "-o", f"p-{name}", "--size", "3,1", "--fill", "1,2,3")
        with Image.open(f"t-{name}") as turned, Image.open(f"p-{name}") as padded:
            assert (turned.size, turned.n_frames, padded.size, padded.n_frames) == ((20, 30), 3, (36, 22), 3)
            for number, page in enumerate(pages):
                turned.seek(number)
                padded.seek(number)
                np.testing.assert_array_equal(np.asarray(turned.convert("RGB")), page.swapaxes(0, 1))
                assert (np.asarray(padded.convert("RGB"))[0] == (1, 2, 3)).all()
    with Image.open("t-a.tif") as turned:
        assert [round(float(value)) for value in turned.info["dpi"]] == [150, 300]
