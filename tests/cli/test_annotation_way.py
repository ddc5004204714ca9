"""Masks and boxes go the same way as pixels: through every filter, and through chains of any geometric steps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.cli.batch.annotations import way
from imfilter.cli.batch.annotations.annotation_request import refusal, way_of
from imfilter.cli.batch.annotations.boxes import Instance
from imfilter.cli.batch.annotations.moving import moved
from imfilter.cli.batch.annotations.placement import Placement
from imfilter.cli.batch.filter_chain import chain
from imfilter.cli.batch.recipe import in_a_row
from imfilter.filters.core import catalog
from imfilter.filters.core.engine.coordinates import Extent
from imfilter.filters.core.engine.stage import Stage
from imfilter.filters.core.parameters import ImageError, ParameterError

from ..filters.needed import NEEDED

WIDTH, HEIGHT = 61, 43
MOVING = {
    "flip": [{"op": op} for op in ("left-right", "top-bottom", "both", "transpose", "transverse")],
    "rotate": [
        {"angle": 90, "expand": True},
        {"angle": 180},
        {"angle": 17},
        {"angle": -151.5, "expand": True},
        {"angle": 8, "center": (5, 9)},
    ],
    "affine": [{"scale": 1.7}, {"shear": (12, 3)}, {"translate": (6.25, -3.5)}, {"angle": 20, "scale": (0.5, 0.8)}],
    "perspective": [
        {"from_": (0, 0, 61, 0, 61, 43, 0, 43), "to": (8, 3, 55, 0, 61, 43, 2, 40)},
        {"from_": (10, 5, 50, 8, 55, 40, 3, 35), "to": (0, 0, 61, 0, 61, 43, 0, 43)},
        {"from_": (0, 0, 61, 0, 61, 43, 0, 43), "to": (28, 0, 33, 0, 61, 43, 0, 43)},
        {"from_": (0, 0, 61, 0, 61, 43, 0, 43), "to": (28, 20, 33, 20, 61, 43, 0, 43)},
    ],
    "resize": [
        {"size": (30, 21)},
        {"size": (122, 40)},
        {"longest": 17},
        {"size": (40, 40), "fit": "cover"},
        {"size": (40, 40), "fit": "pad"},
        {"scale": 1.37},
    ],
    "crop": [{"size": (31, 22)}, {"at": (7, 3), "size": (40, 35)}, {"at": (-5, 9), "size": (40, 40), "pad": True}],
    "pad": [{"size": (3, 8, 0, 2)}, {"to": (80, 90), "place": (0.2, 1)}],
    "pool": [{"size": 2}, {"size": 3, "stride": 2}],
    "conv": [{"kernel": "1 1 1;1 1 1", "stride": 2}, {"kernel": "1 2 1", "padding": 0}],
}
"""Filters that move pixels, by how."""
STEPS = [(name, values) for name, several in MOVING.items() for values in several]


def called(name, values):
    return catalog.load(name).step(**values)


def checked_way(steps, width=WIDTH, height=HEIGHT):
    """The way through steps; None where they refuse an image of that size."""
    try:
        return way_of(in_a_row(steps), width, height)
    except ImageError:
        return None


def drawn(corners, width=WIDTH, height=HEIGHT, label=7):
    """A mask of a filled box of whole corners."""
    mask = np.zeros((height, width, 1), np.uint8)
    left, top, right, bottom = corners
    mask[top:bottom, left:right] = label
    return mask


def check_together(found, corners):
    """The box holds the hull of the mask, within a pixel, and touches it as nearly, where anything is seen."""
    mask = found.mask(drawn(corners), 0)
    assert mask.shape == (*found.size[::-1], 1) and {*np.unique(mask)} <= {0, 7}
    boxes = [instance.box for instance in moved([Instance(0, tuple(map(float, corners)))], found, min_visible=0)]
    rows, columns = (np.flatnonzero(mask[..., 0].any(axis=axis)) for axis in (1, 0))
    if not boxes:
        assert min(len(rows), len(columns)) <= 2
        return
    left, top, right, bottom = boxes[0]
    assert 0 <= left < right <= found.size[0] + 1e-9 and 0 <= top < bottom <= found.size[1] + 1e-9
    if len(rows):
        hull = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
        assert left <= hull[0] + 0.5 + 1e-6 and top <= hull[1] + 0.5 + 1e-6
        assert right >= hull[2] - 0.5 - 1e-6 and bottom >= hull[3] - 0.5 - 1e-6


@pytest.mark.each("name", catalog.names())
def test_a_box_holds_its_mask_through_every_filter(name):
    found = checked_way([called(name, NEEDED.get(name, {}))])
    if found is None:
        found = checked_way([called(name, NEEDED.get(name, {}))], 500, 400)
    assert found.refused is None
    if (found.width, found.height) == (WIDTH, HEIGHT):
        check_together(found, (9, 7, 40, 31))


@pytest.mark.each("name, values", STEPS)
@pytest.mark.each("corners", [(9, 7, 40, 31), (0, 0, 61, 43), (0, 20, 4, 43), (55, 30, 60, 33)])
def test_a_box_holds_its_mask_through_every_move(name, values, corners):
    found = checked_way([called(name, values)])
    check_together(found, corners)
    if name in ("flip", "crop", "pad"):  # to the pixel
        mask = found.mask(drawn(corners), 0)[..., 0]
        rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        for instance in moved([Instance(0, tuple(map(float, corners)))], found, min_visible=0):
            assert instance.box == pytest.approx((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1), abs=1e-9)


NEAREST = [
    (name, values)
    for name, values in STEPS
    if name in ("flip", "rotate", "affine", "perspective", "crop", "pad") or (name == "resize" and "fit" not in values)
]
BORDERS = ["constant", "nearest", "reflect", "mirror", "wrap"]


@pytest.mark.each("name, values", NEAREST)
@pytest.mark.each("border", BORDERS)
def test_a_mask_is_what_the_filter_makes_of_it_by_nearest_neighbour(name, values, border):
    labels = np.random.default_rng(1).integers(1, 250, (HEIGHT, WIDTH), np.uint8)
    own = {"interpolation": "nearest"} if name in ("rotate", "affine", "perspective", "resize") else {}
    values = {**values, **own, "border": border, "fill": 255}
    found = checked_way([called(name, values)]).mask(labels[..., None], 255)[..., 0]
    expected = catalog.load(name)(labels, **values)
    assert found.shape == expected.shape
    # What lies on the line between two samples may go to either.
    assert (found != expected).mean() <= (0.002 if name in ("rotate", "affine", "perspective") else 0)


@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=4), st.data())
def test_a_box_holds_its_mask_through_any_chain(steps, data):
    found = checked_way([called(name, values) for name, values in steps])
    if found is None:
        return
    left, top = data.draw(st.integers(0, WIDTH - 2)), data.draw(st.integers(0, HEIGHT - 2))
    right, bottom = data.draw(st.integers(left + 1, WIDTH)), data.draw(st.integers(top + 1, HEIGHT))
    check_together(found, (left, top, right, bottom))


@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=4))
def test_a_mask_is_as_large_as_the_result(steps):
    found = checked_way(calls := [called(name, values) for name, values in steps])
    if found is None:
        return
    result = chain(*calls)(np.zeros((HEIGHT, WIDTH), np.uint8))
    assert result.shape == found.mask(drawn((1, 1, 9, 9)), 0).shape[:2]


@given(st.floats(-30, 90), st.floats(-30, 70), st.sampled_from(STEPS))
def test_a_point_lies_where_a_pixel_around_it_does(x, y, step):
    found = checked_way([called(*step)])
    place = found.point((x, y))
    outside = not (0 <= x <= WIDTH and 0 <= y <= HEIGHT)
    if place is None:
        assert outside or not len(found.polygon([(x, y), (x + 0.01, y), (x, y + 0.01)])) or _at_edge(found, x, y)
        return
    assert not outside
    assert found.in_image([place])[0] == pytest.approx((x, y), abs=1e-6)


def _at_edge(found, x, y):
    """Whether a small triangle at a point reaches into the picture, or the result, where the point does not."""
    corners = np.array(found.polygon([(x, y), (x + 0.01, y), (x, y + 0.01)]))
    return len(corners) < 3 or bool(((corners < 0.5) | (corners > np.array(found.size) - 0.5)).any())


def test_what_is_behind_the_horizon_is_not_seen():
    values = {"from_": (0, 0, 61, 0, 61, 43, 0, 43), "to": (28, 20, 33, 20, 61, 43, 0, 43)}
    found = checked_way([called("perspective", values)])
    shown = found.mask(np.full((HEIGHT, WIDTH, 1), 9, np.uint8), 0)
    assert shown[-1, 2:-2].all() and not shown[:10].any()
    (whole,) = moved([Instance(0, (0.0, 0.0, 61.0, 43.0))], found)
    assert whole.box == pytest.approx((0, 20, 61, 43), abs=1e-6)


def test_a_step_without_a_map_says_so():
    lost = Stage(lambda context: lambda strip: strip, extent=lambda width, height: Extent(width, height, None))
    found = way.of([*called("blur", {}).stages(), lost._replace(step="step 2 (spectrum)")], "constant", 9, 9)
    assert refusal(found, "chain", has_boxes=False) == (
        "--masks: positions in the result of step 2 (spectrum) are not positions in the image"
    )


def test_borders_that_show_objects_twice_are_known():
    copies = [checked_way([called("rotate", {"angle": 10, "border": border})]).copies for border in BORDERS]
    assert copies == [False, False, True, True, True]
    assert not checked_way([called("blur", {"border": "reflect"})]).copies
    assert not checked_way([called("crop", {"size": (9, 9), "border": "wrap"})]).copies
    assert way.COPYING == ("reflect", "mirror", "wrap")


def test_placements_are_what_the_command_writes():
    placed = Placement(chain(catalog.load("flip"), catalog.load("crop").step(size=(30, 20))), WIDTH, HEIGHT)
    assert placed.size == (30, 20) and placed.mirrors
    found = checked_way([called("flip", {}), called("crop", {"size": (30, 20)})])
    boxes = [(9, 7, 40, 31), (0, 0, 4, 4)]
    expected = [moved([Instance(0, tuple(map(float, box)))], found) for box in boxes]
    assert placed.boxes(boxes) == [one[0].box if one else None for one in expected]
    assert np.array_equal(placed.mask(drawn(boxes[0])[..., 0]), found.mask(drawn(boxes[0]), 0)[..., 0])
    assert placed.points([(9, 20), (-1, 0)]) == [found.point((9.0, 20.0)), None]
    assert placed.polygons([[(9, 7), (40, 7), (9, 31)]]) == [found.polygon([(9, 7), (40, 7), (9, 31)])]


def test_wrong_placements_are_refused():
    flip, rotate = catalog.load("flip"), catalog.load("rotate")
    with pytest.raises(ParameterError, match="width: 0 is not a whole number, 1 or greater"):
        Placement(flip, 0, 5)
    with pytest.raises(ParameterError, match="neither a filter"):
        Placement("flip", 5, 5)
    with pytest.raises(ImageError, match="shape"):
        Placement(flip, 5, 5).mask(np.zeros((5, 6), np.uint8))
    with pytest.raises(ImageError, match="duplicates objects"):
        Placement(rotate.step(angle=9, border="wrap"), 50, 50).boxes([(0, 0, 3, 3)])
    with pytest.raises(ImageError, match=r"5×5|larger|beyond|outside"):
        Placement(catalog.load("crop").step(size=(9, 9)), 5, 5)
