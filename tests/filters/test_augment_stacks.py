"""Many images with different numbers, filtered at once: the same bits as each by itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imfilter.augment import Augmenter
from imfilter.cli.batch.augment.many_draws import ManyDraws
from imfilter.cli.commands import augmented_stack
from imfilter.filters.core import native
from imfilter.filters.core.engine import stack
from imfilter.filters.core.engine.many_plan import Plan

STEPS = (
    "crop --size 20,18 --pad --at -4..4,-4..4",
    "crop --size 12..13 --pad --fill 7 --place 0..1",
    "flip --p 0.5",
    "flip --op {left-right|top-bottom|both|transpose|transverse}",
    "rotate --angle -15..15",
    "rotate --angle -180..180 --border {reflect|nearest} --fill 3.5",
    "affine --angle -10..10 --scale 0.8..1.25 --shear -5..5,0 --translate -10%..10%,1..2",
    "affine --translate {0|1|2.5} --interpolation {nearest|bicubic|bilinear}",
    "tone --brightness 0.6..1.4 --contrast 0.6..1.4 --saturation 0.6..1.4",
    "tone --brightness 0.6..1.4 --p 0.5 | tone --hue -30..30 | tone --gamma 0.5..2",
    "tone --contrast {1|1.5|12}",
    "erase --area 0.02..0.33 --ratio 0.3..3.3 --place 0..1,0..1",
    "erase --op {mean|noise|fill} --area 0..0.5 --fill {0|100|1.5}",
    "blur --sigma 0..1 | noise --sigma 0..12 | none",
    "blur --op median --size 1..5",
    "sharpen --amount 0..1 --p 0.5",
    "resize --size 15..16 --interpolation {bilinear|area}",
    "tone --op {invert|equalize|grayscale}",
    "rotate --angle -9..9 --channels luma",
    "crop --area 0.2..1 --ratio 3/4..4/3 --place 0..1,0..1",
    "resize --size 11..30 --interpolation {bilinear|bicubic|lanczos|nearest|area} --fit {cover|stretch|contain|pad}",
)
NAMES = [f"{number % 3}/{number}.png" for number in range(12)]


def images(shape, dtype, seed=0):
    found = np.random.default_rng(seed).random((len(NAMES), *shape))
    return (found * {"u": 255 if dtype == np.uint8 else 65535, "f": 1}[np.dtype(dtype).kind]).astype(dtype)


def check(steps, shape, dtype, seed=0):
    augmenter, given = Augmenter(*steps, "resize --size 17", seed=seed), images(shape, dtype, seed)
    alone = [augmenter(image, name=name, variant=2) for image, name in zip(given, NAMES, strict=True)]
    found, drawn = augmenter.stack(given, NAMES, variant=2)
    assert found.dtype == alone[0].dtype and np.array_equal(found, np.stack(alone), equal_nan=True)
    height, width = shape[:2]
    for number, name in enumerate(NAMES):
        steps = augmenter.chain(width, height, name=name, variant=2).steps
        assert [step["filter"] for step in drawn[number]] == [step.name for step in steps]


@pytest.mark.each("step", STEPS)
def test_each_step_together_is_each_alone(step, each_core):
    for shape in ((16, 21, 3), (9, 9), (24, 24, 1)):
        check([step], shape, np.uint8)
    check([step], (16, 21, 3), np.uint16)
    check([step], (16, 21), np.float32)
    check([step], (12, 12, 4), np.uint8)


def test_a_stack_is_drawn_for_and_filtered_in_parts(monkeypatch):
    """Also of images in which no random part fits, and of so few that they are drawn for one by one."""
    steps = ("crop --area 0.5..1 --ratio 1/2..2", "flip --p 0.5", "tone --brightness 0.5..2 --p 0.9")
    for shape in ((6, 90, 3), (16, 21)):
        whole = Augmenter(*steps, "resize --size 9", seed=5).stack(images(shape, np.uint8), NAMES, 3)
        for count in (1, 3, 11):
            monkeypatch.setattr(augmented_stack, "AT_ONCE", count * np.prod(shape))
            parts = Augmenter(*steps, "resize --size 9", seed=5).stack(images(shape, np.uint8), NAMES, 3)
            assert np.array_equal(parts[0], whole[0]) and parts[1] == whole[1]
        check(steps, shape, np.uint8, seed=5)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from((*STEPS[:12], *STEPS[-2:])), min_size=1, max_size=5), st.integers(0, 99), st.booleans())
def test_any_steps_together_are_each_alone(steps, seed, gray):
    check(steps, (20, 20) if gray else (20, 23, 3), np.uint8, seed)


def test_what_has_numbers_alone_builds_no_stages(monkeypatch):
    seen = []
    monkeypatch.setattr(stack, "join", None)
    original = Plan.run
    monkeypatch.setattr(
        Plan, "run", lambda plan, images, places: seen.append(len(images)) or original(plan, images, places)
    )
    steps = (STEPS[0], STEPS[2], STEPS[4], STEPS[8], STEPS[11])
    Augmenter(*steps).stack(images((16, 16, 3), np.uint8), NAMES)
    assert seen == [len(NAMES)]


def test_many_recipes_are_those_of_one_after_the_other():
    for steps in ([step] for step in STEPS):
        augmentation = Augmenter(*steps, "crop --area 0.2..1 --ratio 1/2..2 --p 0.9", seed=4).augmentation
        draws = ManyDraws(augmentation)
        for variant in (0, 1, 5):
            found = draws.recipes(NAMES, [variant, 3], 32, 24)
            for name, recipes in zip(NAMES, found, strict=True):
                for own, recipe in zip((variant, 3), recipes, strict=True):
                    expected = augmentation.drawn(name, own, 32, 24)
                    calls = [
                        [(step.name, [*step.given.items()], step.values) for step in one.steps]
                        for one in (recipe, expected)
                    ]
                    assert calls[0] == calls[1]


def test_the_core_checks_the_rows_of_many_matrices():
    if native.core is None:
        pytest.skip("there is no core")
    rows, fill = np.zeros((1, 7, 4), np.uint8), np.zeros(1)
    for count, match in ((2, "as many for each"), (1.5, "9 entries"), (0, "9 entries")):
        matrices = np.zeros(int(9 * count))
        with pytest.raises(ValueError, match=match):
            native.core.warp(rows, np.empty((1, 7, 4), np.float32), matrices, fill, 1, 0, 1, 4, False)
