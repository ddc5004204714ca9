"""`--channels R`, `G`, `B` and `A`: one channel is filtered, and the others keep every bit."""

import numpy as np
import pytest
from imfilter import chain
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core.parameters import ImageError, ParameterError
from imfilter.filters.edges import edges
from imfilter.filters.frequency import frequency
from imfilter.filters.sharpen import sharpen

OTHERS = {"R": [1, 2], "G": [0, 2], "B": [0, 1]}
UNFILTERED = [{}, {"linear": True}, {"border": "constant", "fill": 9}, {"depth": "16"}, {"depth": "float"}]


@pytest.mark.each("name", "rRgGbB")
def test_both_cases_of_letters_name_a_channel(name, noise):
    image, at = noise((9, 8, 3)), "RGB".index(name.upper())
    answer = blur(image, channels=name)
    np.testing.assert_array_equal(answer[..., at], blur(image[..., at]))
    np.testing.assert_array_equal(answer[..., OTHERS[name.upper()]], image[..., OTHERS[name.upper()]])


@pytest.mark.each("options", UNFILTERED)
@pytest.mark.each("dtype", ["uint8", "float32"])
def test_options_act_on_the_one_channel(options, dtype, noise):
    image = noise((20, 15, 3), dtype)
    answer, alone = blur(image, channels="G", **options), blur(image[..., 1], **options)
    assert answer.dtype == alone.dtype
    np.testing.assert_array_equal(answer[..., 1], alone)
    untouched = conv(image, kernel="identity", **{**options, "linear": False})
    np.testing.assert_array_equal(answer[..., [0, 2]], untouched[..., [0, 2]])


def test_a_colour_past_the_edge_gives_its_own_part(noise):
    image, values = noise((9, 8, 3)), {"border": "constant", "sigma": 2}
    for at, name in enumerate("RGB"):
        alone = blur(image[..., at], **values, fill=(10, 100, 250)[at])
        answers = (
            blur(image, **values, fill=(10, 100, 250), channels=name),
            chain(blur.step(**values, fill=(10, 100, 250), channels=name))(image),
            chain(conv.step(kernel="identity"), blur.step(**values, fill=(10, 100, 250), channels=name))(image),
        )
        for answer in answers:
            np.testing.assert_array_equal(answer[..., at], alone)


@pytest.mark.each("range", ["stretch", "offset", "abs"])
def test_ranges_are_those_of_the_one_channel(range, noise):
    image = noise((20, 15, 3)) // 2 + 20
    answer = sharpen(image, channels="B", range=range)
    np.testing.assert_array_equal(answer[..., 2], sharpen(image[..., 2], range=range))
    np.testing.assert_array_equal(answer[..., :2], image[..., :2])


def test_a_bias_and_a_gain_are_added_to_it_alone(noise):
    image = noise((9, 8, 3))
    values = {"kernel": "gaussian3", "scale": 0.5, "bias": 30}
    answer = conv(image, **values, channels="R")
    np.testing.assert_array_equal(answer[..., 0], conv(image[..., 0], **values))
    np.testing.assert_array_equal(answer[..., 1:], image[..., 1:])
    alpha = conv(noise((9, 8, 4)), **values, channels="A")[..., 3]
    np.testing.assert_array_equal(alpha, conv(noise((9, 8, 4))[..., 3], **values))


def test_masks_and_regions_act_on_it_alone(noise):
    image, mask = noise((20, 15, 3)), noise((20, 15))
    answer = blur(image, channels="R", mask=mask, roi=(2, 3, 9, 8))
    np.testing.assert_array_equal(answer[..., 0], blur(image[..., 0], mask=mask, roi=(2, 3, 9, 8)))
    np.testing.assert_array_equal(answer[..., 1:], image[..., 1:])
    seen = noise((20, 15, 4))
    answer = blur(seen, channels="A", mask=mask)
    np.testing.assert_array_equal(answer[..., 3], blur(seen[..., 3], mask=mask))
    np.testing.assert_array_equal(answer[..., :3], seen[..., :3])


@pytest.mark.each("nan", ["propagate", "ignore", "fill=0.5"])
def test_what_is_missing_elsewhere_stays_missing(nan, noise):
    image = noise((20, 15, 3), "float32")
    image[3, 3, 0], image[9, 9, 1], image[5, 5, 2] = np.nan, np.nan, np.inf
    answer = blur(image, channels="R", nan=nan)
    np.testing.assert_array_equal(answer[..., 0], blur(image[..., 0], nan=nan))
    np.testing.assert_array_equal(answer[..., 1:].view(np.uint32), image[..., 1:].view(np.uint32))


@pytest.mark.each("dtype", ["uint8", "uint16", "float32", "float64"])
def test_a_colour_beside_an_alpha_leaves_all_else(dtype, noise):
    image = noise((20, 15, 4), "float32" if dtype == "float64" else dtype).astype(dtype)
    image[:5, :, 3] = 0
    answer = blur(image, channels="G")
    np.testing.assert_array_equal(answer[..., [0, 2, 3]], image[..., [0, 2, 3]])
    # What cannot be seen does not bleed: with other colours there, all that is seen is the same.
    image[:5, :, 1] = 0
    np.testing.assert_array_equal(blur(image, channels="G")[5:], answer[5:])


def test_an_alpha_that_grows_shows_the_colours_that_were_hidden(noise):
    image = np.zeros((5, 5, 4), np.uint8)
    image[..., :3], image[2, 2, 3] = noise((5, 5, 3)), 255
    answer = blur(image, op="max", size=3, channels="A")
    np.testing.assert_array_equal(answer[..., :3], image[..., :3])
    assert (answer[1:4, 1:4, 3] == 255).all() and answer[..., 3].sum() == 9 * 255
    # Behind it another step sees them, too.
    behind = chain(blur.step(op="max", size=3, channels="A"), conv.step(kernel="identity", scale=1))(image)
    np.testing.assert_array_equal(behind[1:4, 1:4], answer[1:4, 1:4])


def test_an_alpha_stays_within_its_range():
    image = np.zeros((1, 9, 2), np.float32)
    image[..., 0], image[0, 4:, 1] = 0.5, 1
    answer = sharpen(image, channels="A", amount=2)
    assert answer[..., 1].min() == 0 and answer[..., 1].max() == 1
    np.testing.assert_array_equal(answer[..., 0], image[..., 0])


def test_each_step_of_a_chain_has_its_own(noise):
    image = noise((20, 15, 4))
    red_then_blue = chain(blur.step(channels="R"), sharpen.step(channels="B"))
    answer = red_then_blue(image[..., :3])
    np.testing.assert_array_equal(answer[..., 0], blur(image[..., 0]))
    np.testing.assert_array_equal(answer[..., 1], image[..., 1])
    np.testing.assert_array_equal(answer[..., 2], sharpen(image[..., 2]))
    twice = chain(blur.step(channels="R"), blur.step(channels="R"))(image[..., :3])
    np.testing.assert_array_equal(twice[..., 0], chain(blur, blur)(image[..., 0]))
    both = chain(blur.step(channels="A"), blur.step(channels="G"))(image)
    np.testing.assert_array_equal(both[..., [0, 2]], image[..., [0, 2]])
    np.testing.assert_array_equal(both[..., 3], blur(image[..., 3]))
    mixed = chain(blur.step(channels="R"), sharpen)(image[..., :3])
    np.testing.assert_array_equal(mixed[..., 1:], sharpen(image[..., 1:3], bands=True))


def test_steps_in_linear_light_leave_the_others(noise):
    image = noise((20, 15, 3), "uint16")
    answer = chain(blur.step(channels="R", linear=True), sharpen.step(channels="R"))(image)
    np.testing.assert_array_equal(answer[..., 1:], image[..., 1:])
    np.testing.assert_array_equal(answer[..., 0], chain(blur.step(linear=True), sharpen)(image[..., 0]))


@pytest.mark.each("channel", "RGBA")
def test_edges_are_found_in_one_channel(channel, noise):
    image = noise((20, 15, 4))
    alone = edges(image[..., "RGBA".index(channel)])
    found = edges(image if channel == "A" else image[..., :3], channels=channel)
    for name in ("image", "magnitude", "angle", "gx"):
        np.testing.assert_array_equal(getattr(found, name), getattr(alone, name), err_msg=name)
    later = chain(conv.step(kernel="identity"), edges.step(channels=channel))(image)
    if channel == "A":
        np.testing.assert_array_equal(later.gx, alone.gx)


def test_edges_of_one_channel_are_drawn_on_the_picture(noise):
    image = noise((20, 15, 3))
    found = edges(image[..., 2], threshold=300).image > 0
    drawn = edges(image, channels="B", threshold=300, overlay="red").image
    np.testing.assert_array_equal(drawn, np.where(found[..., None], [255, 0, 0], image))


def test_maps_are_those_of_the_channel(noise):
    image = noise((16, 16, 3))
    found, alone = frequency(image, channels="R"), frequency(image[..., 0])
    np.testing.assert_array_equal(found.spectrum, alone.spectrum)
    np.testing.assert_array_equal(found.image[..., 1:], image[..., 1:])
    assert frequency(image, channels="R", roi=(1, 1, 5, 5)).image.shape == image.shape


@pytest.mark.each("channel", "RGB")
def test_what_has_no_such_channel_is_refused(channel, noise):
    for image in (noise((5, 5)), noise((5, 5, 2)), noise((5, 5, 1))):
        with pytest.raises(ImageError, match=f"is gray, and has no {channel} channel; use --channels each"):
            blur(image, channels=channel)
    with pytest.raises(ParameterError, match=f"bands without colour have no {channel}"):
        blur(noise((5, 5, 5)), channels=channel)
    with pytest.raises(ImageError, match=rf"step 2 \(blur\): is gray, and has no {channel}"):
        chain(edges, blur.step(channels=channel))(noise((9, 9, 3)))


def test_without_an_alpha_there_is_none_to_filter(noise):
    for filter in (blur, edges):
        with pytest.raises(ImageError, match="has no alpha for --channels A to filter"):
            filter(noise((5, 5, 3)), channels="A")


@pytest.mark.each("options", [{"linear": True}, {"range": "stretch"}, {"gain": 2}])
def test_an_alpha_has_no_light_and_no_range(options, noise):
    with pytest.raises(ParameterError, match="does not apply with --channels A"):
        blur(noise((5, 5, 4)), channels="A", **options)


def test_what_moves_samples_cannot_keep_the_others(noise):
    with pytest.raises(ParameterError, match="G keeps the other channels, so the result must have the image's size"):
        conv(noise((9, 9, 3)), kernel="gaussian3", stride=2, channels="G")
    with pytest.raises(ParameterError, match="keeps the other channels"):
        conv(noise((9, 9, 3)), kernel="gaussian3", padding="valid", channels="G")


def test_strips_and_threads_give_the_same(noise):
    image = noise((900, 700, 3))
    answers = [sharpen(image, channels="G", jobs=jobs) for jobs in (1, 3)]
    np.testing.assert_array_equal(*answers)
    np.testing.assert_array_equal(answers[0][..., 1], sharpen(image[..., 1]))
    np.testing.assert_array_equal(answers[0][..., [0, 2]], image[..., [0, 2]])
