"""`Augmenter`: the same variants from Python as from the command line."""

import pickle

import numpy as np
import pytest
from imfilter import ImageError, ParameterError, blur, chain, edges, flip, imread, imwrite
from imfilter.augment import Augmenter

STEPS = (
    "flip --p 0.5",
    "affine --angle -15..15 --scale 0.8..1.25 --translate -2..2,-2..2",
    "crop --area 0.2..1 --ratio 3/4..4/3 --place 0..1,0..1",
    "resize --size 20",
    "tone --contrast 0.6..1.4",
    "blur --sigma 0..2 | noise --sigma 0..12 | none",
)


def test_it_makes_what_the_command_makes(ok, rgb, folder):
    (folder / "train" / "cat").mkdir(parents=True)
    imwrite("train/cat/a.png", rgb)
    ok("augment", "-q", "train", "-r", "-o", "out/", "--variants", "12", "--keep", "--seed", "9", *STEPS)
    augmenter = Augmenter(*STEPS, seed=9)
    for variant in range(13):
        made = augmenter(rgb, name="cat/a.png", variant=variant)
        assert np.array_equal(made, imread(f"out/cat/a-{variant:02}.png")), variant


def test_a_stack_is_one_call_an_image(rgb):
    images = np.stack([rgb, rgb[::-1], rgb[:, ::-1]])
    names = ["a", "b/c", "d"]
    augmenter = Augmenter(*STEPS, seed=2)
    out, drawn = augmenter.stack(images, names, variant=3)
    assert out.shape == (3, 20, 20, 3) and len(drawn) == 3
    for number, name in enumerate(names):
        assert np.array_equal(out[number], augmenter(images[number], name=name, variant=3))
        height, width = images.shape[1:3]
        steps = augmenter.chain(width, height, name=name, variant=3).steps
        assert [step["filter"] for step in drawn[number]] == [step.name for step in steps]
    with pytest.raises(ImageError, match="differ in size"):
        Augmenter("crop --size 3..20").stack(images, names)
    with pytest.raises(ParameterError, match="there are 1 for 3 images"):
        augmenter.stack(images, ["a"])


def test_steps_may_be_objects_and_the_picture_of_several_results_is_taken(rgb):
    augmenter = Augmenter(flip, blur.step(sigma=1.5), "edges --op {sobel|scharr}", seed=4)
    op = augmenter.chain(9, 9, name="x").steps[2].values["op"]
    expected = chain(flip, blur.step(sigma=1.5), edges.step(op=op))(rgb, maps="image").image
    assert np.array_equal(augmenter(rgb, name="x"), expected)


def test_it_can_be_pickled(rgb):
    augmenter = Augmenter(*STEPS, seed=2)
    again = pickle.loads(pickle.dumps(augmenter))
    assert np.array_equal(again(rgb, name="q"), augmenter(rgb, name="q"))


@pytest.mark.each(
    "steps, keywords, reason",
    [
        (("blur --sigma 0..2000",), {}, "2000 is above the greatest value"),
        (("blurr",), {}, "unknown filter 'blurr'"),
        ((3,), {}, "3 is neither text, nor a filter, nor a step"),
        (("flip",), {"seed": -1}, "-1 is not a whole number from 0"),
        (("flip",), {"seed": 1.5}, "1.5 is not a whole number from 0"),
    ],
)
def test_wrong_steps_are_refused(steps, keywords, reason):
    with pytest.raises(ParameterError, match=reason):
        Augmenter(*steps, **keywords)


def test_wrong_variants_are_refused(rgb):
    with pytest.raises(ParameterError, match="-1 is not a whole number"):
        Augmenter("flip")(rgb, variant=-1)
