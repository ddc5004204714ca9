"""The Hough transform: against a slow loop, lines whose places are known, and what its table holds."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.filters.core.gradient import hough as transform
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.edges import edges
from imfilter.filters.hough import hough


def loop(edges, turns, step):
    """Every edge pixel votes for every angle."""
    height, width = edges.shape
    far = math.ceil(math.hypot(height, width) / step)
    found = np.zeros((2 * far + 1, len(turns)), int)
    for y, x in zip(*np.nonzero(edges), strict=True):
        for number, turn in enumerate(turns):
            distance = (math.cos(turn) * x + math.sin(turn) * y) / step
            found[int(math.copysign(math.floor(abs(distance) + 0.5), distance)) + far, number] += 1
    return found


@pytest.mark.each("rho_step, theta_step", [(1.0, 1.0), (2.5, 3.0), (0.5, 7.0)])
def test_the_votes_are_those_of_a_loop(rho_step, theta_step, noise):
    picture = noise((31, 24)) > 200
    turns = transform.angles(theta_step)
    assert turns[0] == -np.pi / 2 and np.diff(turns).max() <= math.radians(theta_step) + 1e-12
    found = transform.votes(np.nonzero(picture), picture.shape, turns, rho_step)
    np.testing.assert_array_equal(found, loop(picture, turns, rho_step))
    assert (found.sum(axis=0) == np.count_nonzero(picture)).all()


def line(rho, degrees, shape=(120, 160)):
    """The pixels within half a pixel of a line, in the direction that it is less steep in."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    turn = math.radians(degrees)
    off = np.abs(x * math.cos(turn) + y * math.sin(turn) - rho)
    return (off <= max(abs(math.cos(turn)), abs(math.sin(turn))) / 2).astype(np.uint8) * 255


@pytest.mark.each("rho, degrees", [(40, 0), (-50, -90), (70, 30), (90, 45), (20, -30), (100, 80), (-20, -70)])
def test_a_line_is_found_where_it_is(rho, degrees):
    picture = line(rho, degrees)
    found = hough(picture, edges="nonzero", count=1).lines
    assert found.shape == (1, 7) and found.dtype == np.float64
    assert abs(found[0, 0] - rho) <= 1 and abs(found[0, 1] - degrees) <= 1
    turn = math.radians(found[0, 1])
    for x, y in (found[0, 3:5], found[0, 5:]):
        assert x * math.cos(turn) + y * math.sin(turn) == pytest.approx(found[0, 0], abs=1e-6)
        assert -1e-6 <= x <= 159 + 1e-6 and -1e-6 <= y <= 119 + 1e-6
        assert min(abs(x), abs(x - 159), abs(y), abs(y - 119)) < 1e-6
    assert found[0, 3] <= found[0, 5]


@pytest.mark.each("rho, degrees", [(40, 0), (-50, -90), (70, 30), (90, 45)])
def test_a_line_is_drawn_where_it_was(rho, degrees):
    picture = line(rho, degrees)
    drawn = hough(picture, edges="nonzero", count=1).image
    assert set(np.unique(drawn)) == {0, 255}
    assert np.count_nonzero(drawn & picture) >= 0.95 * np.count_nonzero(drawn)


def test_lines_come_in_the_order_of_their_votes_and_threshold_and_count_limit_them():
    picture = line(40, 0) | line(70, 30) | line(-50, -90)[:, ::-1]
    picture[:, 90:] &= 255 - line(40, 0)[:, 90:]
    found = hough(picture, edges="nonzero").lines
    assert len(found) >= 3 and (np.diff(found[:, 2]) <= 0).all()
    np.testing.assert_array_equal(hough(picture, edges="nonzero", count=2).lines, found[:2])
    least = int(found[1, 2])
    assert len(hough(picture, edges="nonzero", threshold=least).lines) == np.count_nonzero(found[:, 2] >= least)
    assert hough(picture, edges="nonzero", threshold=10_000).lines.shape == (0, 7)


def test_a_line_near_the_first_angle_is_not_found_at_the_last_too():
    """-90° and almost 90° are neighbours, with distances of opposite signs."""
    found = hough(line(-50, -90), edges="nonzero", threshold=60).lines
    assert len(found) == 1


def test_the_peaks_are_those_of_a_loop_over_all_places(noise):
    votes = noise((41, 36)).astype(int) // 8
    near, least = (4, 3), 20
    left, expected = votes.copy(), []

    def neighbours(row, column):
        for down in range(-near[0], near[0] + 1):
            for right in range(-near[1], near[1] + 1):
                y, x = row + down, column + right
                if not 0 <= x < votes.shape[1]:
                    x, y = x % votes.shape[1], len(votes) - 1 - y
                if 0 <= y < len(votes):
                    yield y, x

    tops = [
        place
        for place in np.ndindex(votes.shape)
        if votes[place] >= least and all(votes[other] <= votes[place] for other in neighbours(*place))
    ]
    for place in sorted(tops, key=lambda place: (-votes[place], place)):
        if left[place] >= 0:
            expected.append(place)
            for other in neighbours(*place):
                left[other] = -1
    assert transform.peaks(votes, least, 1000, near) == expected
    assert transform.peaks(votes, least, 3, near) == expected[:3]


@given(st.floats(-300, 300), st.floats(-90, 89.9), st.integers(1, 200), st.integers(1, 200))
def test_ends_lie_on_the_line_and_in_the_picture(rho, degrees, height, width):
    turn = math.radians(degrees)
    ends = transform.clipped(rho, turn, height, width)
    if ends is None:
        return
    for x, y in (ends[:2], ends[2:]):
        assert abs(x * math.cos(turn) + y * math.sin(turn) - rho) < 1e-6
        assert -0.51 <= x <= width - 0.49 and -0.51 <= y <= height - 0.49


def test_the_edges_are_cannys(noise):
    picture = (noise((60, 80)) // 8 + line(40, 30, (60, 80)) // 2).astype(np.uint8)
    binary = edges(picture, op="canny", sigma=1.5, low=60, high=150).image
    by_itself = hough(picture, sigma=1.5, low=60, high=150)
    np.testing.assert_array_equal(hough(binary, edges="nonzero").lines, by_itself.lines)
    np.testing.assert_array_equal(hough(binary, edges="nonzero").image, by_itself.image)
    default = edges(picture, op="canny").image
    np.testing.assert_array_equal(hough(default, edges="nonzero").lines, hough(picture).lines)


@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.each("shape", [(1, 1), (1, 7), (5, 5), (5, 4, 3), (6, 4, 4)])
def test_an_empty_or_a_tiny_picture_has_few_lines(dtype, shape):
    found = hough(np.zeros(shape, dtype))
    assert found.lines.shape == (0, 7) and not found.image[..., :1].any()
    full = hough(np.full(shape, np.array(1, dtype)), edges="nonzero", threshold=1, count=5)
    assert 1 <= len(full.lines) <= 5


def test_missing_samples_are_no_edges():
    picture = np.full((90, 20), np.nan, np.float32)
    picture[:, 5] = 1
    picture[0, 0] = np.inf
    assert hough(picture, edges="nonzero", count=1).lines[0, :3].tolist() == [5, 0, 90]


def test_the_lines_of_each_channel_stand_behind_those_of_the_first():
    picture = np.stack([line(40, 0), line(70, 30), line(0, 0) * 0], axis=2)
    found = hough(picture, edges="nonzero", channels="each", count=1)
    assert found.lines[:, 1].tolist() == [0, 30] and not found.image[..., 2].any()


def test_maps_alone_give_the_table_alone(noise):
    picture = line(70, 30)
    only = hough(picture, edges="nonzero", maps="lines")
    np.testing.assert_array_equal(only.lines, hough(picture, edges="nonzero").lines)
    with pytest.raises(AttributeError, match="the result has no image; it has lines"):
        _ = only.image


def test_overlay_draws_on_the_picture():
    picture = np.full((40, 60, 3), 90, np.uint8)
    picture[:, 30:] = 200
    drawn = hough(picture, overlay="#ff0000", count=1)
    column = int(drawn.lines[0, 0])
    assert (drawn.image[:, column] == (255, 0, 0)).all() and column in (29, 30)
    others = np.delete(drawn.image, column, axis=1)
    np.testing.assert_array_equal(others, np.delete(picture, column, axis=1))
    with pytest.raises(ParameterError, match="range"):
        hough(picture, overlay="red", range="stretch")


@pytest.mark.each("channels", ["luma", "each", "max", "R", "G", "B"])
def test_overlay_draws_the_lines_of_the_same_channels(channels):
    picture = np.stack([line(40, 0), line(70, 30), line(90, 60)], axis=2)
    values = {"edges": "nonzero", "channels": channels, "count": 1}
    np.testing.assert_array_equal(hough(picture, **values, overlay="red").lines, hough(picture, **values).lines)


def test_overlay_draws_on_no_alpha():
    with pytest.raises(ParameterError, match="A does not apply with --overlay"):
        hough(np.zeros((5, 5, 4), np.uint8), channels="A", overlay="red")


@pytest.mark.each(
    "values, message",
    [
        ({"edges": "nonzero", "low": 3}, "low: is for Canny's edges"),
        ({"low": 30, "high": 20}, "low: 30 is above --high 20"),
        ({"count": 0}, "count: 0 is below the least value"),
        ({"theta_step": 0}, "theta_step"),
    ],
)
def test_wrong_parameters_are_refused(values, message):
    with pytest.raises(ParameterError, match=message):
        hough(np.zeros((5, 5), np.uint8), **values)
