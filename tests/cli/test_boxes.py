"""Boxes, polygons and points of objects: known answers through filters, and what is kept, converted and refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

WIDTH, HEIGHT = 100, 60
POINTS = [20, 10, 2, 49, 10, 1, 0, 0, 0]
"""A visible point, a hidden one, and one that is not labelled."""


def coco(*annotations, images=("a.png",), **more):
    entries = [{"id": 7 + n, "file_name": name, "width": WIDTH, "height": HEIGHT} for n, name in enumerate(images)]
    kind = {"id": 5, "name": "cat", "supercategory": "animal", "keypoints": ["nose", "left_eye", "right_eye"]}
    return {"info": {"year": 2026}, "images": entries, "annotations": [*annotations], "categories": [kind], **more}


def annotation(bbox=(20, 10, 30, 20), **more):
    return {"id": 3, "image_id": 7, "category_id": 5, "bbox": [*bbox], "iscrowd": 0, **more}


@pytest.fixture
def picture(folder):
    """A black picture with a red rectangle."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[10:30, 20:50] = 255, 0, 0
    Image.fromarray(pixels).save("a.png")
    return Path("a.png")


@pytest.fixture
def through(ok, picture):
    """What a filter makes of objects: ``through("flip", annotation())`` returns the document that is written."""

    def through(words, *annotations, more=()):
        Path("in.json").write_text(json.dumps(coco(*annotations)))
        ok(*words.split(), "a.png", "-o", "out.png", "--boxes", "in.json", "--boxes-out", "out.json", *more)
        return json.loads(Path("out.json").read_text())

    return through


KNOWN = {
    "flip": (50, 10, 30, 20),
    "flip --op top-bottom": (20, 30, 30, 20),
    "flip --op both": (50, 30, 30, 20),
    "flip --op transpose": (10, 20, 20, 30),
    "flip --op transverse": (30, 50, 20, 30),
    # Clockwise: what was left is the top, and what was the bottom is left.
    "rotate --angle 90 --expand": (30, 20, 20, 30),
    "rotate --angle 180": (50, 30, 30, 20),
    "rotate --angle -90 --expand": (10, 50, 20, 30),
    "crop --at 10,5 --size 50,40": (10, 5, 30, 20),
    "crop --at 30,15 --size 50,40": (0, 0, 20, 15),
    "resize --size 50,30": (10, 5, 15, 10),
    "resize --size 200,60": (40, 10, 60, 20),
    "pad --size 7,3": (27, 13, 30, 20),
    "pad --size 1,2,3,4": (21, 12, 30, 20),
    "affine --translate 5,-3": (25, 7, 30, 20),
    # Twice as large around the middle, (50, 30): 20 becomes −10, 50 stays, 10 becomes −10, 30 stays.
    "affine --scale 2": (0, 0, 50, 30),
    "blur --sigma 2": (20, 10, 30, 20),
    "noise": (20, 10, 30, 20),
    "edges": (20, 10, 30, 20),
    # A result of stride 2 stands for the middle of the sample that it is at: half a pixel further.
    "conv --kernel 1 --stride 2": (10.25, 5.25, 15, 10),
    "conv --kernel 1,1,1 --padding 0": (19, 10, 30, 20),
    "pool --size 2": (10, 5, 15, 10),
}
"""The box x, y, width and height of (20, 10, 30, 20) in 100×60 pixels, by hand."""


@pytest.mark.each("words, box", KNOWN.items())
def test_a_box_goes_where_the_filter_moves_its_pixels(through, load, words, box):
    (found,) = through(words, annotation())["annotations"]
    assert found["bbox"] == pytest.approx(box, abs=1e-6)
    if words.split()[0] in ("flip", "rotate", "crop", "pad") or "translate" in words:
        red = load("out.png")[..., 0] > 0
        x, y = np.flatnonzero(red.any(axis=0)), np.flatnonzero(red.any(axis=1))
        assert (x[0], y[0], len(x), len(y)) == box


def test_the_result_is_told_as_it_is(through):
    found = through("rotate --angle 90 --expand", annotation(attributes={"tail": True}, area=600))
    assert found["images"] == [{"id": 7, "file_name": "out.png", "width": 60, "height": 100}]
    assert found["info"] == {"year": 2026} and found["categories"] == coco()["categories"]
    (box,) = found["annotations"]
    assert (box["id"], box["image_id"], box["category_id"], box["iscrowd"]) == (3, 7, 5, 0)
    assert box["attributes"] == {"tail": True} and box["area"] == 600
    assert through("resize --scale 2", annotation(area=321.5))["annotations"][0]["area"] == 4 * 321.5


def test_the_hull_of_a_square_that_turns_by_45_degrees_has_twice_the_area(through):
    x, y, width, height = through("rotate --angle 45", annotation((40, 20, 20, 20)))["annotations"][0]["bbox"]
    assert width * height == pytest.approx(800, rel=1e-4)
    assert (x + width / 2, y + height / 2) == pytest.approx((50, 30), abs=1e-4)
    # That of a disc's outline does not grow.
    angles = np.linspace(0, 2 * np.pi, 360)
    disc = np.column_stack([50 + 10 * np.cos(angles), 30 + 10 * np.sin(angles)]).ravel().tolist()
    turned = through("rotate --angle 45", annotation((40, 20, 20, 20), segmentation=[disc]))["annotations"][0]
    assert turned["bbox"] == pytest.approx([40, 20, 20, 20], abs=0.01)
    assert len(turned["segmentation"][0]) == 720


def test_polygons_are_cut_at_the_edge(through):
    triangle = [20, 10, 50, 10, 20, 40]
    (found,) = through("crop --at 30,0 --size 60,60", annotation(segmentation=[triangle], area=450))["annotations"]
    corners = {tuple(point) for point in np.reshape(found["segmentation"][0], (-1, 2)).round(6).tolist()}
    assert corners == {(0, 10), (20, 10), (0, 30)}
    assert found["bbox"] == [0, 10, 20, 20] and found["area"] == 200
    assert through("crop --at 60,0 --size 40,60", annotation(segmentation=[triangle]), more=["-q"])["annotations"] == []


def test_points_outside_are_invisible(through):
    (found,) = through("flip", annotation(keypoints=POINTS, num_keypoints=2))["annotations"]
    assert found["keypoints"] == [79, 10, 2, 50, 10, 1, 0, 0, 0] and found["num_keypoints"] == 2
    (found,) = through("crop --at 30,0 --size 60,60", annotation(keypoints=POINTS, num_keypoints=2))["annotations"]
    assert found["keypoints"] == [0, 0, 0, 19, 10, 1, 0, 0, 0] and found["num_keypoints"] == 1


@pytest.mark.parametrize("words, swapped", [("flip", True), ("flip --op both", False), ("rotate --angle 180", False)])
def test_names_are_swapped_where_the_picture_is_mirrored_and_that_is_asked_for(through, words, swapped):
    points = [20, 10, 2, 30, 10, 2, 40, 10, 2]
    plain = through(words, annotation(keypoints=points))["annotations"][0]["keypoints"]
    found = through(words, annotation(keypoints=points), more=["--swap", "left,right"])["annotations"][0]["keypoints"]
    assert found == (plain[:3] + plain[6:] + plain[3:6] if swapped else plain)


def test_what_is_hardly_seen_is_left_out(through):
    half = "crop --at 35,0 --size 60,60"
    assert through(half, annotation())["annotations"][0]["bbox"] == [0, 10, 15, 20]
    assert through(half, annotation(), more=["--min-visible", "0.5", "-q"])["annotations"]
    assert not through(half, annotation(), more=["--min-visible", "0.51", "-q"])["annotations"]
    assert not through("crop --at 45,0 --size 50,60", annotation(), more=["-q"])["annotations"]
    assert through("crop --at 45,0 --size 50,60", annotation(), more=["--min-visible", "0"])["annotations"]
    assert not through("resize --scale 0.04", annotation(), more=["-q"])["annotations"]  # 1.2 × 0.8 pixels
    assert through("resize --scale 0.05", annotation())["annotations"]  # 1.5 × 1


def test_what_went_outside_on_the_way_does_not_come_back(ok, picture, load):
    Path("in.json").write_text(json.dumps(coco(annotation())))
    steps = "crop --at 40,0 --size 60,60", "pad --size 40,0,0,0"
    ok("chain", "a.png", "-o", "out.png", "--boxes", "in.json", "--boxes-out", "out.json", *steps)
    (found,) = json.loads(Path("out.json").read_text())["annotations"]
    assert found["bbox"] == [40, 10, 10, 20]
    red = load("out.png")[..., 0] > 0
    assert (np.flatnonzero(red.any(axis=0))[[0, -1]] == [40, 49]).all()
