"""What a TIFF says of itself, its sizes, planes, types and scale, stays true of the output or goes with a note."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

KEEP = "conv", "--kernel", "1"


def stack(count=5, shape=(40, 60), dtype="uint16"):
    return np.random.default_rng(0).integers(0, 1000, (count, *shape)).astype(dtype)


@pytest.fixture
def ome():
    """An OME-TIFF of 2 channels, 3 slices: 0.13 µm across, 0.26 down."""
    planes = stack(6).reshape(3, 2, 40, 60)
    scale = {"PhysicalSizeX": 0.13, "PhysicalSizeY": 0.26, "SignificantBits": 12}
    tifffile.imwrite("in.ome.tif", planes, metadata={"axes": "ZCYX", "Channel": {"Name": ["a", "b"]}, **scale})
    return planes


def described(path="out.tif"):
    with tifffile.TiffFile(path) as file:
        text = file.pages.first.description
        pixels = re.search(r"<Pixels([^>]*)>", text)
        return dict(re.findall(r'(\w+)="([^"]*)"', pixels[1])) if pixels else text, text, len(file.pages)


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ((*KEEP,), {}),
        (("pool", "--op", "avg", "--size", "2"), {"SizeX": "30", "SizeY": "20", "X": "0.26", "Y": "0.52"}),
        (("pool", "--op", "max", "--size", "3,2"), {"SizeX": "20", "SizeY": "20", "X": "0.39", "Y": "0.52"}),
        (("conv", "--kernel", "0 0 0; 0 1 0; 0 0 0", "--padding", "valid"), {"SizeX": "58", "SizeY": "38"}),
        (("conv", "--kernel", "1", "--stride", "2"), {"SizeX": "30", "SizeY": "20", "X": "0.26", "Y": "0.52"}),
        ((*KEEP, "--depth", "float"), {"Type": "float"}),
        ((*KEEP, "--depth", "8"), {"Type": "uint8"}),
        ((*KEEP, "--compression", "none"), {}),
    ],
    ids=str,
)
def test_ome_xml_tells_the_new_sizes_and_type(ok, ome, words, changed):
    ok(*words, "in.ome.tif", "-o", "out.tif", "-q")
    found, text, pages = described()
    expected = {"SizeX": "60", "SizeY": "40", "SizeZ": "3", "SizeC": "2", "SizeT": "1", "Type": "uint16", **changed}
    assert {name: found[name] for name in expected if len(name) > 1} == {
        name: value for name, value in expected.items() if len(name) > 1
    }
    assert float(found["PhysicalSizeX"]) == pytest.approx(float(changed.get("X", 0.13)))
    assert float(found["PhysicalSizeY"]) == pytest.approx(float(changed.get("Y", 0.26)))
    assert ("SignificantBits" in found) == ("Type" not in changed)
    assert pages == 6
    assert 'Name="b"' in text
    with tifffile.TiffFile("out.tif") as file:
        assert file.is_ome
        assert file.series[0].shape == (3, 2, int(found["SizeY"]), int(found["SizeX"]))


@pytest.mark.parametrize("frame", [0, 3])
def test_ome_xml_of_one_page_tells_of_it(run, ome, frame):
    ended = run(*KEEP, "in.ome.tif", "-o", "out.tif", "--frame", str(frame))
    assert "its OME-XML now describes only this page" in ended.err
    found, text, pages = described()
    assert (found["SizeZ"], found["SizeC"], found["SizeT"], pages) == ("1", "1", "1", 1)
    assert re.findall(r'Name="([ab])"', text) == ["ab"[frame % 2]]
    assert np.array_equal(tifffile.imread("out.tif"), ome[frame // 2, frame % 2])
    with tifffile.TiffFile("out.tif") as file:
        assert file.series[0].shape == (40, 60)


def test_ome_xml_of_colours_that_are_gray_now_tells_one_channel(ok):
    tifffile.imwrite("in.ome.tif", stack(1, (40, 60, 3), "uint8")[0], photometric="rgb", metadata={"axes": "YXS"})
    ok("edges", "in.ome.tif", "-o", "out.tif", "-q")
    found, text, _ = described()
    assert found["SizeC"] == "1"
    assert 'SamplesPerPixel="1"' in text


@pytest.mark.parametrize("suffix", ["png", "npy", "jpg"])
def test_another_format_says_that_it_has_no_place_for_ome_xml(run, ome, suffix):
    ended = run(*KEEP, "in.ome.tif", "-o", f"out.{suffix}", "--frame", "0", "--depth", "8")
    assert "cannot hold its OME-XML; use .tif" in ended.err


def test_ome_xml_that_names_other_files_is_left_out(run, ome):
    data = Path("in.ome.tif").read_bytes()
    with tifffile.TiffFile("in.ome.tif") as file:
        text = file.pages.first.description
    two = "".join(
        f'<TiffData IFD="0" FirstZ="{z}" PlaneCount="1"><UUID FileName="{z}.tif">urn:uuid:{z}</UUID></TiffData>'
        for z in range(2)
    )
    text = re.sub(r"<TiffData[^>]*/>", two, text)
    tifffile.imwrite("in.tif", ome[0, 0], description=text.encode("utf-8"), metadata=None)
    ended = run(*KEEP, "in.tif", "-o", "out.tif")
    assert "its OME-XML was not kept (it describes 2 files)" in ended.err
    assert "<OME" not in described()[1]
    assert data


# ---- ImageJ ------------------------------------------------------------------------------------------


@pytest.fixture
def hyperstack():
    planes = stack(6).reshape(3, 2, 40, 60)
    tifffile.imwrite(
        "in.tif",
        planes,
        imagej=True,
        resolution=(100 / 13, 50 / 13),
        metadata={
            "axes": "ZCYX",
            "unit": "um",
            "spacing": 0.3,
            "min": 0.0,
            "max": 1000.0,
            "Labels": [f"s{number}" for number in range(6)],
            "Ranges": (0.0, 1000.0, 0.0, 500.0),
            "LUTs": [np.tile(np.arange(256, dtype="uint8"), (3, 1))] * 2,
            "Info": "some µ words",
        },
    )
    return planes


def of_imagej(path="out.tif"):
    with tifffile.TiffFile(path) as file:
        tags = file.pages.first.tags
        resolution = [tags[number].value if number in tags else None for number in (282, 283, 296)]
        return file.imagej_metadata, resolution, len(file.pages)


@pytest.mark.parametrize("order", "<>")
def test_imagejs_words_scale_and_tags_are_kept(ok, hyperstack, order):
    if order == ">":
        with tifffile.TiffFile("in.tif") as file:
            told = file.imagej_metadata
        told = {name: value for name, value in told.items() if name not in ("ImageJ", "images", "slices", "channels")}
        told |= {"axes": "ZCYX"}
        tifffile.imwrite(
            "in.tif", hyperstack, imagej=True, byteorder=">", resolution=(100 / 13, 50 / 13), metadata=told
        )
    ok(*KEEP, "in.tif", "-o", "out.tif", "-q")
    found, resolution, pages = of_imagej()
    assert resolution == [(100, 13), (50, 13), 1]
    assert (found["images"], found["channels"], found["slices"], pages) == (6, 2, 3, 6)
    assert (found["unit"], found["spacing"], found["max"]) == ("um", 0.3, 1000.0)
    assert found["Labels"] == [f"s{number}" for number in range(6)]
    assert found["Ranges"] == (0.0, 1000.0, 0.0, 500.0)
    assert found["Info"] == "some µ words"
    assert len(found["LUTs"]) == 2
    assert np.array_equal(tifffile.imread("out.tif"), hyperstack)


def test_imagejs_scale_follows_the_geometry(ok, hyperstack):
    ok("pool", "--op", "avg", "--size", "2", "in.tif", "-o", "out.tif", "-q")
    assert of_imagej()[1] == [(50, 13), (25, 13), 1]
    ok("edges", "in.tif", "-o", "e.tif", "--magnitude", "out.tif", "-q")
    assert of_imagej()[1] == [(100, 13), (50, 13), 1]


def test_one_page_of_a_hyperstack_is_none(run, hyperstack):
    ended = run(*KEEP, "in.tif", "-o", "out.tif", "--frame", "4")
    found, resolution, pages = of_imagej()
    assert pages == 1
    assert resolution == [(100, 13), (50, 13), 1]
    assert not {"images", "channels", "slices", "hyperstack", "LUTs", "Ranges"} & found.keys()
    assert (found["unit"], found["Labels"]) == ("um", "s4")
    assert "colour tables were not kept" in ended.err


def test_a_display_range_of_another_type_is_left_out(run, hyperstack):
    ended = run(*KEEP, "in.tif", "-o", "out.tif", "--depth", "float")
    assert "display range was not kept" in ended.err
    assert not {"min", "max", "Ranges"} & of_imagej()[0].keys()


def test_regions_of_imagej_go_where_the_geometry_changes(run):
    tifffile.imwrite("in.tif", stack(2), imagej=True, metadata={"ROI": b"Iout" + bytes(60)})
    run(*KEEP, "in.tif", "-o", "out.tif")
    assert of_imagej()[0]["ROI"] == b"Iout" + bytes(60)
    ended = run("pool", "--op", "avg", "--size", "2", "in.tif", "-o", "out.tif")
    assert "regions were not kept" in ended.err
    assert "ROI" not in of_imagej()[0]


# ---- the others --------------------------------------------------------------------------------------


def test_tifffiles_shape_is_the_new_one(ok):
    tifffile.imwrite("in.tif", stack(6).reshape(3, 2, 40, 60), photometric="minisblack")
    ok("pool", "--op", "avg", "--size", "2", "in.tif", "-o", "out.tif", "-q")
    assert json.loads(described()[1])["shape"] == [3, 2, 20, 30]
    assert tifffile.imread("out.tif").shape == (3, 2, 20, 30)
    ok(*KEEP, "in.tif", "-o", "out.tif", "--frame", "1", "-q")
    assert json.loads(described()[1])["shape"] == [40, 60]


@pytest.mark.parametrize("suffix", ["tif", "jpg", "png", "webp", "bmp"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_no_resolution_comes_out_of_nothing(ok, suffix, dtype):
    array = stack(1, (20, 30, 3), dtype)[0]
    with tifffile.TiffWriter("in.tif") as file:
        file.write(array, photometric="rgb", metadata=None, resolution=(1, 1), resolutionunit=1)
    ok(*KEEP, "in.tif", "-o", f"out.{suffix}", "--depth", "8", "-q")
    with Image.open(f"out.{suffix}") as image:
        if suffix == "tif":
            assert not {282, 283, 296} & set(image.tag_v2)
        elif suffix == "jpg":
            assert (image.info["jfif_unit"], image.info["jfif_density"]) == (0, (1, 1))
        else:
            assert image.info.get("dpi", (0, 0)) == (0, 0)


def test_a_resolution_in_centimetres_is_the_same_length(ok):
    tifffile.imwrite("in.tif", stack(1)[0], resolution=(100, 200), resolutionunit="CENTIMETER", metadata=None)
    ok(*KEEP, "in.tif", "-o", "out.tif", "-q")
    with tifffile.TiffFile("out.tif") as file:
        tags = file.pages.first.tags
        (x, one), unit = tags[282].value, tags[296].value
        assert unit == 3
        assert (x, one) == (100, 1)


def test_what_tifffile_says_of_an_array_goes_without_a_word(ok, run):
    tifffile.imwrite("in.tif", stack(1)[0].astype(np.uint8))
    assert json.loads(described("in.tif")[0]) == {"shape": [40, 60]}
    for name in ("out.png", "out.npy", "out.jpg"):
        ok(*KEEP, "in.tif", "-o", name)
    tifffile.imwrite("in.tif", stack(1)[0].astype(np.uint8), metadata={"exposure": 5})
    said = "imfilter: in.tif: PNG cannot hold its tifffile description; use .tif"
    assert run(*KEEP, "in.tif", "-o", "out.png").lines == [said]
    ok("pool", "--op", "max", "--size", "2", "in.tif", "-o", "out.tif")
    assert json.loads(described()[0]) == {"shape": [20, 30], "exposure": 5}


def test_a_shape_that_is_not_understood_is_told_of(run):
    tifffile.imwrite("in.tif", stack(1)[0], description='{"shape": "?"}', metadata=None)
    said = "imfilter: in.tif: its tifffile description is damaged and was not kept"
    assert run(*KEEP, "in.tif", "-o", "out.tif").lines == [said]
    with tifffile.TiffFile("out.tif") as file:
        assert "?" not in file.pages.first.description
