"""What holds for every filter in the catalogue, those of tomorrow too."""

import contextlib
import itertools
import shutil
import subprocess
import sys
from pathlib import Path

import imfilter.filters
import numpy as np
import pytest
from imfilter.filters.core import catalog
from imfilter.filters.core.engine import geometry
from imfilter.filters.core.engine import mask as masks
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.engine.stage import total_gain
from imfilter.filters.core.parameters import ImageError, ParameterError

from .needed import NEEDED

OWN = {
    "blend": {"other": "gray", "opacity": 0.0},
    "erase": {"place": (0, 0)},
    "normalize": {"mean": 0.25, "std": 0.5, "depth": "keep"},  # its own depth is float
    "perspective": {"from_": (0, 0, 30, 0, 30, 30, 0, 30), "to": (1, 0, 31, 1, 29, 31, 0, 30)},
    "resize": {"longest": 11},
}
"""Parameters by which a filter changes little of a picture, whatever its size."""
CALLED = NEEDED | OWN
FILTERS = [pytest.param(catalog.load(name), CALLED.get(name, {}), id=name) for name in catalog.names()]
every_filter = pytest.mark.parametrize(("filter", "needed"), FILTERS)
every_op = pytest.mark.parametrize(
    ("filter", "values"),
    [
        pytest.param(filter, needed | ({"op": op} if op else {}), id=f"{filter.__name__}-{op}" if op else None)
        for filter, needed in (param.values for param in FILTERS)
        for op in (filter.spec.parameters["op"].choices if "op" in filter.spec.parameters else [""])
    ],
)


def gain(filter, values):
    """What a filter says that it multiplies a flat image by."""
    return total_gain(filter.checked(**values).stages()) or 0.0


def is_random(filter):
    """Whether a filter draws by lot: then it has a seed."""
    return "seed" in filter.spec.parameters


def is_joint(filter, values):
    """Whether a filter says that one of its stages looks at several channels together."""
    return any(stage.colours.joint for stage in filter.checked(**values).stages())


def keeps_proportions(filter, values):
    """Whether a flat image is multiplied by the gain: nothing is drawn by lot, and samples go through no curve."""
    return not is_random(filter) and not any(stage.colours.curved for stage in filter.checked(**values).stages())


def keeps_size(filter, values):
    """Whether a filter says that its result has the image's size."""
    return masks.keeps_size(filter.checked(**values).stages())


def far_from_the_corner(filter, values, answer, size, rows=32):
    """Which samples of a result lie *rows* or more below the image's top, or columns right of its left edge.

    That is where the geometry says that they lie; *size* is the image's width and height.
    """
    down, across = np.mgrid[: answer.shape[0], : answer.shape[1]] + 0.5
    found = geometry.of(filter.checked(**values).stages(), *size)
    x, y = (across, down) if found is None else found.in_image(across, down)
    return y > rows, x > rows


def picture(answer):
    return answer.image if isinstance(answer, tuple) else answer


def parts(answer):
    """The picture and its maps; a table has a size of its own."""
    if not isinstance(answer, tuple):
        return [answer]
    return [part for name, part in zip(answer._fields, answer, strict=True) if part is not None and name != "lines"]


def test_the_four_filters_are_found():
    assert {"blur", "conv", "edges", "sharpen"} <= set(catalog.names())


@every_op
@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
def test_the_dtype_and_the_shape_stay(filter, values, dtype, noise):
    for shape in ((13, 9), (13, 9, 1), (13, 9, 3)):
        answer = filter(noise(shape, dtype), **values, channels="each")
        assert picture(answer).dtype == dtype, shape
        assert not keeps_size(filter, values) or {part.shape for part in parts(answer)} == {shape}
        assert len({part.shape for part in parts(answer)}) == 1, shape
        assert all(part.dtype == np.float32 for part in parts(answer)[1:]), shape


@every_op
def test_depth_chooses_the_dtype(filter, values, noise):
    for depth, dtype in ((8, "uint8"), ("16", "uint16"), ("float", "float32")):
        assert picture(filter(noise((5, 5)), **values | {"depth": depth})).dtype == dtype


@every_op
@pytest.mark.each("channels", ["each", "luma", "chroma", "max"])
def test_the_image_itself_is_never_written_to(filter, values, channels, noise):
    coloured = gain(filter, values) != 0
    if channels == "chroma" and not coloured:
        return  # refused: the result has no colours
    for dtype, linear in itertools.product(("uint8", "float32"), (False, True)):
        image = noise((9, 9, 3), dtype)
        image.flags.writeable = False
        before = image.copy()
        answer = picture(filter(image, **values, channels=channels, linear=linear))
        np.testing.assert_array_equal(image, before)
        assert answer.shape[2:] == ((3,) if channels == "each" or (coloured and channels != "max") else ())


@every_op
@pytest.mark.each("border", [border for border in BORDERS if border != "constant"])
def test_a_flat_image_is_multiplied_by_the_gain(filter, values, border):
    for value in (0, 1, 200, 255):
        answer = picture(filter(np.full((7, 8, 3), value, np.uint8), **values, border=border, range="clip"))
        if keeps_proportions(filter, values):
            assert (answer == min(255, int(gain(filter, values) * value + 0.5))).all(), value


@every_op
def test_a_flat_float_image_is_multiplied_by_the_gain(filter, values):
    for value in (0.1, -7.3, 1e-8):
        answer = picture(filter(np.full((7, 8), value, np.float32), **values, border="reflect"))
        if keeps_proportions(filter, values):
            expected = gain(filter, values) * value
            off = np.minimum(np.abs(answer - expected), np.abs(answer - abs(expected)))  # a norm has no sign
            assert off.max() <= 1e-5 * abs(value)


@every_op
def test_a_border_of_the_images_own_value_changes_nothing(filter, values):
    flat = np.full((7, 8), 90, np.uint8)
    inside, outside = (picture(filter(flat, **values, **rule)) for rule in ({}, {"border": "constant", "fill": 90}))
    # A chain's later steps see the border of what the earlier ones gave.
    np.testing.assert_array_equal(inside[3:-3, 3:-3], outside[3:-3, 3:-3])


@every_op
@pytest.mark.each("border", BORDERS)
def test_the_smallest_images_work(filter, values, border, noise):
    shapes = (1, 1), (1, 6), (6, 1), (1, 1, 3), (2, 2)
    for shape, dtype in itertools.product(shapes, ("uint8", "float32")):
        image = noise(shape, dtype)
        if not keeps_size(filter, values):
            with contextlib.suppress(ImageError):  # nothing may be left
                filter(image, **values, channels="each", border=border)
            continue
        answer = filter(image, **values, channels="each", border=border)
        assert {part.shape for part in parts(answer)} == {shape}
        assert all(np.isfinite(part).all() for part in parts(answer)), (shape, dtype)


@every_op
@pytest.mark.each("border", BORDERS)
@pytest.mark.each("linear", [False, True])
def test_strips_give_what_the_whole_image_gives(filter, values, border, linear, run, noise):
    """Bit for bit: every sample is computed by the same operations in the same order, whatever its strip."""
    image = noise((37, 11, 3))
    options = values | {"border": border, "linear": linear, "fill": 30}
    whole = run(filter, image, strip_rows=37, **options)
    for rows in (16,) if linear else (1, 16):
        strips = run(filter, image, strip_rows=rows, **options)
        for name in whole:
            np.testing.assert_array_equal(strips[name].samples, whole[name].samples, err_msg=name)


@every_op
@pytest.mark.each("range", ["abs", "offset", "stretch"])
def test_ranges_are_the_same_in_strips(filter, values, range, run, noise):
    image = noise((37, 11, 3))
    whole, strips = (run(filter, image, strip_rows=rows, **values, range=range) for rows in (37, 4))
    for name in whole:
        np.testing.assert_array_equal(strips[name].samples, whole[name].samples, err_msg=name)


@every_op
def test_the_channels_are_filtered_each_by_itself(filter, values, noise):
    if is_joint(filter, values) or is_random(filter):
        return
    image = noise((9, 8, 3))
    answer = picture(filter(image, **values, channels="each"))
    for channel in range(3):
        np.testing.assert_array_equal(answer[..., channel], picture(filter(image[..., channel], **values)))


@every_op
@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.each("channel", [0, 1, 2])
def test_one_channel_is_filtered_as_gray_and_the_others_are_kept(filter, values, dtype, channel, noise):
    image = noise((19, 13, 3), dtype)
    kept = [other for other in range(3) if other != channel]
    try:
        answer = picture(filter(image, **values, channels="RGB"[channel]))
    except ParameterError as error:
        assert error.parameter == "channels" and not keeps_size(filter, values)
        return
    alone = picture(filter(np.ascontiguousarray(image[..., channel]), **values, channels="each"))
    if gain(filter, values):
        np.testing.assert_array_equal(answer[..., kept], image[..., kept])
        answer = answer[..., channel]
    np.testing.assert_array_equal(answer, alone)


@every_op
@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.each("colours", [1, 3])
def test_the_alpha_is_filtered_as_gray_and_the_colours_are_kept(filter, values, dtype, colours, noise):
    image = noise((19, 13, colours + 1), dtype)
    image[:3, :, -1] = 0
    try:
        answer = picture(filter(image, **values, channels="A"))
    except ParameterError as error:
        assert error.parameter == "channels" and not keeps_size(filter, values)
        return
    alone = picture(filter(np.ascontiguousarray(image[..., -1]), **values, channels="each"))
    if gain(filter, values):
        np.testing.assert_array_equal(answer[..., :-1], image[..., :-1])
        answer, alone = answer[..., -1], np.clip(alone, 0, 1) if dtype == "float32" else alone
    np.testing.assert_array_equal(answer, alone)


@every_op
def test_a_nan_does_not_reach_the_far_end(filter, values):
    image = np.zeros((64, 64), np.float32)
    image[0, 0] = np.nan
    answer = picture(filter(image, **values))
    below, right = far_from_the_corner(filter, values, answer, (64, 64))
    assert not np.isnan(answer[below | right]).any()


@every_op
@pytest.mark.each("nan", ["propagate", "ignore", "fill=0.25"])
def test_missing_samples_leave_the_rest_alone(filter, values, nan):
    image = np.full((40, 40, 3), 0.25, np.float32)
    image[4:9, 4:9], image[20, 20, 1] = np.nan, np.nan
    for channels in ("each", "luma", "max"):
        answer = picture(filter(image, **values, nan=nan, channels=channels, border="reflect"))
        known = answer[~np.isnan(answer)]
        if keeps_proportions(filter, values):
            np.testing.assert_allclose(known, gain(filter, values) * 0.25, atol=1e-7)
        below, _ = far_from_the_corner(filter, values, answer, (40, 40))
        assert not np.isnan(answer[below]).any() and (nan != "fill=0.25" or known.size == answer.size), channels


@every_op
@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.each("options", [{}, {"range": "stretch"}, {"gain": 3.0, "channels": "luma"}, {"linear": True}])
def test_outside_of_a_region_every_bit_stays(filter, values, dtype, options, noise):
    image = noise((30, 20, 3), dtype)
    if dtype == "float32":
        image[2, 2], image[3, 3, 1] = np.nan, np.inf
    mask = np.zeros((30, 20), np.uint8)
    mask[10:20, 5:15], mask[12, 8] = 255, 99
    if not keeps_size(filter, values):
        with pytest.raises(ImageError, match="needs a result of the image's size"):
            filter(image, **values, **options, mask=mask)
        return
    answer = filter(image, **values, **options, mask=mask)
    assert picture(answer).dtype == dtype
    np.testing.assert_array_equal(picture(answer)[mask == 0].view(np.uint8), image[mask == 0].view(np.uint8))
    for part in parts(answer)[1:]:
        assert (part[mask == 0] == 0).all()
    if "range" not in options:
        whole = filter(image, **values, **options)
        for given, expected in zip(parts(answer), parts(whole), strict=True):
            alike = expected if expected.ndim == given.ndim else expected[..., None]
            np.testing.assert_array_equal(given[mask == 255], np.broadcast_to(alike, given.shape)[mask == 255])


# ---- descriptions -----------------------------------------------------------------------------------


@every_filter
def test_the_summary_is_one_short_sentence(filter, needed):
    summary = catalog.summary(filter.__name__)
    assert summary == filter.spec.summary
    assert len(summary) <= 60 and summary.endswith(".")


@every_filter
def test_every_parameter_has_help(filter, needed):
    for parameter in filter.spec.parameters.values():
        assert parameter.param.help.endswith((".", "2·radius + 1")) or "," in parameter.param.help, parameter.name


@every_filter
def test_every_map_has_help_and_is_a_field_of_the_answer(filter, needed):
    for name, param in filter.spec.maps.items():
        assert param.help and name in filter.answer._fields


@every_filter
def test_every_parameter_is_keyword_only(filter, needed):
    with pytest.raises(TypeError, match="name the parameters"):
        filter(np.zeros((2, 2), np.uint8), 1.0, **needed)


@every_filter
def test_every_default_passes_its_own_check(filter, needed):
    for parameter in filter.spec.parameters.values():
        if parameter.name not in needed and parameter.default is not None:
            parameter.check(parameter.default)


@every_filter
def test_what_the_reference_shows_is_in_the_docstring(filter, needed):
    for section in ("Returns", "Raises", "Examples"):
        assert f"{section}\n{'-' * len(section)}\n" in filter.spec.doc


# ---- wrong calls ------------------------------------------------------------------------------------


@every_filter
def test_an_unknown_parameter_is_refused(filter, needed):
    with pytest.raises(ParameterError, match="bordr: no such parameter; did you mean border"):
        filter(np.zeros((2, 2), np.uint8), **needed, bordr="wrap")


@every_filter
@pytest.mark.each("value", [float("nan"), float("inf"), "wide"])
def test_no_number_is_refused_wherever_one_is_due(filter, needed, value):
    for parameter in filter.spec.parameters.values():
        if parameter.kind in ("int", "float", "int pair", "pair", "numbers"):
            with pytest.raises(ParameterError, match=rf"{parameter.name}: .*is not a (finite )?number"):
                filter(np.zeros((2, 2), np.uint8), **needed | {parameter.name: value})


@every_filter
def test_a_wrong_choice_is_refused_with_the_right_ones(filter, needed):
    for parameter in filter.spec.parameters.values():
        if parameter.kind == "choice":
            with pytest.raises(
                ParameterError, match=rf"{parameter.name}: unknown value 'nnn'; .*{parameter.choices[0]}"
            ):
                filter(np.zeros((2, 2), np.uint8), **needed | {parameter.name: "nnn"})


# ---- the catalogue ----------------------------------------------------------------------------------


def python(code: str, **options) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_reading_every_description_imports_neither_numpy_nor_scipy_nor_pillow():
    code = """
import sys
from imfilter.filters.core import catalog
for name in catalog.names():
    catalog.summary(name)
    for parameter in catalog.load(name).spec.parameters.values():
        parameter.metavar
print(*sorted({"numpy", "scipy", "PIL", "typer"} & {name.partition(".")[0] for name in sys.modules}))
"""
    assert python(code).strip() == ""


def test_listing_the_filters_imports_none_of_them():
    code = """
import sys
from imfilter.filters.core import catalog
names = catalog.names()
assert [catalog.summary(name) for name in names]
print(*[name for name in (*names, "core.filter", "core.engine") if f"imfilter.filters.{name}" in sys.modules])
"""
    assert python(code).strip() == ""


def test_a_new_file_is_a_new_filter(tmp_path):
    """Adding a filter touches one file."""
    package = tmp_path / "copied" / "filters"
    source = Path(imfilter.filters.__file__).parent
    shutil.copytree(source, package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "copied" / "__init__.py").write_text("")
    (package / "invert.py").write_text('''"""Invert."""

from __future__ import annotations

from typing import Annotated, Unpack

from .core import Common, Param, Stage, image_filter, pointwise


@image_filter
def invert(*, level: Annotated[float, Param("What black becomes.", min=0)] = 255.0, **common: Unpack[Common]) -> Stage:
    """Turn dark into bright."""
    return pointwise(lambda strip: level - strip)
''')
    code = """
import numpy as np
from copied.filters.core import catalog
assert "invert" in catalog.names()
assert catalog.summary("invert") == "Turn dark into bright."
invert = catalog.load("invert")
print(invert(np.array([[0, 55]], np.uint8)).tolist(), invert(np.array([[0, 55]], np.uint8), level=100).tolist())
try:
    invert(np.array([[0]], np.uint8), level=-1)
except ValueError as error:
    print(error)
"""
    assert python(code, cwd=tmp_path).splitlines() == [
        "[[255, 200]] [[100, 45]]",
        "level: -1 is below the least value, 0",
    ]
