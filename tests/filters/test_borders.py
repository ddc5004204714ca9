"""Pixels beyond the edge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core.engine.borders import ALIASES, BORDERS, PICTURES, Rule, runs, source_index, surround

NUMPY = {"reflect": "symmetric", "mirror": "reflect", "nearest": "edge", "wrap": "wrap", "constant": "constant"}


@pytest.mark.parametrize("border", BORDERS)
def test_the_help_pictures_are_what_the_rules_do(border):
    before, middle, after = PICTURES[border].split("|")
    index = source_index(-len(before), 4 + len(after), 4, border)
    assert "".join("k" if i < 0 else "abcd"[i] for i in index) == before + middle + after


@given(st.integers(-40, 40), st.integers(0, 60), st.integers(1, 9), st.sampled_from(BORDERS))
def test_an_index_is_found_however_far_outside(source, start, length, size, border):
    expected = [source(i, size, border) for i in range(start, start + length)]
    assert source_index(start, start + length, size, border).tolist() == [-1 if i is None else i for i in expected]


@pytest.mark.each("around", [(0, 0, 0, 0), (4, 2, 1, 3), (11, 9, 8, 13)])
@pytest.mark.each("border", BORDERS)
def test_an_image_is_surrounded_as_numpy_pads(border, around, noise):
    image = noise((3, 5, 3))
    left, right, top, bottom = around
    options = {"constant_values": 7} if border == "constant" else {}
    expected = np.pad(image, ((top, bottom), (left, right), (0, 0)), NUMPY[border], **options)
    strip = surround([(0, image)], (-top, 3 + bottom, 3), left, right, np.float64, Rule(border, 7))
    np.testing.assert_array_equal(strip, expected)


def test_a_negative_margin_cuts_columns_off(noise):
    image = noise((2, 5, 1))
    strip = surround([(0, image)], (0, 2, 2), 1, -2, np.float32, Rule("nearest"))
    np.testing.assert_array_equal(strip, np.pad(image, ((0, 0), (1, 0), (0, 0)), "edge")[:, :4])


@given(st.integers(-20, 20), st.integers(1, 40), st.integers(1, 9), st.sampled_from(BORDERS))
def test_runs_tell_the_whole_index(start, length, size, border):
    index = source_index(start, start + length, size, border)
    told = [first + step * i for _, first, count, step in runs(index) for i in range(count)]
    assert told == index.tolist()


@pytest.mark.parametrize("border", BORDERS)
def test_rows_and_columns_are_padded_alike(border, noise):
    image = noise((6, 5))
    options = {"border": border, "fill": 9, "padding": (3, 2)}
    tall = conv(image, kernel="1 2; 3 4", scale=0.1, **options)
    wide = conv(image.T, kernel="1 3; 2 4", scale=0.1, border=border, fill=9, padding=(2, 3))
    np.testing.assert_array_equal(tall, wide.T)


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_means_its_rule(alias, noise):
    image = noise((4, 6))
    np.testing.assert_array_equal(blur(image, border=alias), blur(image, border=ALIASES[alias]))


def test_fill_is_seen_past_the_edge():
    assert conv(np.zeros((1, 1), np.uint8), kernel="1 1 1", border="constant", fill=20) == 40


def test_fill_is_unseen_by_the_other_rules():
    assert conv(np.zeros((1, 1), np.uint8), kernel="1 1 1", border="wrap", fill=20) == 0


def test_wrap_reaches_the_other_side_through_a_chain_of_strips(run, noise):
    from imfilter.filters.edges import edges

    image = noise((23, 9))
    options = {"sigma": 2, "border": "wrap", "thin": True}
    whole, strips = (run(edges, image, strip_rows=rows, **options)["image"].samples for rows in (23, 2))
    np.testing.assert_array_equal(whole, strips)
    rolled = run(edges, np.roll(image, 11, axis=0), border="wrap", sigma=2)["gx"].samples
    np.testing.assert_array_equal(np.roll(rolled, -11, axis=0), run(edges, image, border="wrap", sigma=2)["gx"].samples)
