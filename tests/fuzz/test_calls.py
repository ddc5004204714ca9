"""Random calls of every filter in Python: each gives what it should, or says in one line why not, without a warning."""

import warnings

import numpy as np
from hypothesis import strategies as st
from imfilter.filters.core import catalog
from imfilter.filters.core.parameters import ImageError, ParameterError

from ..filters.needed import NEEDED

CALLED = NEEDED | {"resize": {"longest": 11}}
USUAL = [0, 1, 2, 3, 5, 9, 30, 0.5, 0.1, -1, -0.5]
HOSTILE = [float("nan"), float("inf"), -float("inf"), 1e-300, 1e300, -1e300, 2**63, -(2**63), 10**400, True, 1.0000001]
ODD = [None, "", "x", b"x", (), [], {}, object(), np.zeros(0), np.zeros((2, 2)), 1j, "1,2", "10%", "9" * 5000]
TEXTS = [
    "3",
    "1,2",
    "10%,-20%",
    "0,255",
    (1, 2),
    (0, 0, 9, 1, 10, 12, -3, 8),
    "red",
    "#0f08",
    "same",
    "fill=3",
    "ignore",
]
EXTREME = [0.0, 1.0, np.nan, np.inf, -np.inf, -5.0, 1e38, -1e38, 1e-40, 1e300]
DTYPES = ["u1", "u1", "u2", ">u2", "f4", "f8", "?", "i4", "f2"]
SIDE = st.integers(1, 3) | st.integers(1, 20)


@st.composite
def images(draw, size=None):
    shape = size or (draw(SIDE), draw(SIDE))
    shape += draw(st.sampled_from([(), (1,), (2,), (3,), (3,), (4,), (5,)]))
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    rng, kind = np.random.default_rng(draw(st.integers(0, 99))), draw(st.sampled_from(["noise", "flat", "extremes"]))
    with np.errstate(over="ignore"):
        some = np.array([0, 1, 0.5, 255, 3] if dtype.kind != "f" or draw(st.booleans()) else EXTREME).astype(dtype)
        noise = rng.random(shape) if dtype.kind == "f" else rng.integers(0, 255, shape, endpoint=True)
    image = np.array(
        {"noise": noise, "flat": np.full(shape, rng.choice(some))}.get(kind, rng.choice(some, shape)), dtype
    )
    match draw(st.integers(0, 4)):
        case 0:
            image = np.asfortranarray(image)
        case 1:
            image = image[::-1, ::-1]
        case 2:
            image.flags.writeable = False
        case 3 if draw(st.booleans()):
            image = np.ma.masked_array(image, rng.random(shape) > 0.7)
    return image


@st.composite
def values(draw, parameter, size):
    hostile = not draw(st.integers(0, 7))
    numbers = st.sampled_from(HOSTILE if hostile else USUAL)
    if hostile and draw(st.booleans()):
        return draw(st.sampled_from(ODD))
    if parameter.choices:
        return draw(st.sampled_from(parameter.choices))
    if parameter.param.picture:
        return draw(images(size) | images() | st.sampled_from(TEXTS))
    if parameter.kind == "flag":
        return draw(st.booleans())
    if parameter.kind == "text":
        return draw(st.sampled_from(TEXTS) | numbers)
    bounds = [bound for bound in (parameter.param.min, parameter.param.max) if bound is not None and abs(bound) <= 30]
    numbers = numbers | st.sampled_from(bounds) if bounds else numbers
    several = parameter.kind.endswith(("pair", "numbers")) and draw(st.booleans())
    return draw(st.tuples(*[numbers] * (2 if parameter.kind.endswith("pair") else 3)) if several else numbers)


@st.composite
def calls(draw):
    name = draw(st.sampled_from(catalog.names()))
    image, parameters = draw(images()), catalog.load(name).spec.parameters
    given = dict(CALLED.get(name, {}))
    if "op" in parameters:
        given["op"] = draw(st.sampled_from(parameters["op"].choices))
    apt = [name for name, own in parameters.items() if own.param.suits(given.get("op", ""))]
    for parameter in draw(st.lists(st.sampled_from(apt), max_size=4, unique=True)):
        given[parameter] = draw(values(parameters[parameter], image.shape[:2]))
    match draw(st.integers(0, 9)):
        case 0:
            given["mask"] = draw(images(image.shape[:2]))
        case 1:
            given["roi"] = draw(st.sampled_from([(0, 0, 1, 1), [(0, 0, 2, 2), (1, 0, 2, 3)], (0, 0, 99, 99), (), "x"]))
        case 2:
            image, given["stack"] = np.ma.stack([image, image[::-1]]), True
        case 3:
            given["nodata"] = draw(st.sampled_from([0, 255, float("nan"), float("inf"), -1, 10**400, "x"]))
        case 4:
            given["bands"] = True
    return name, image, given


def answers(result):
    return [part for part in (result if isinstance(result, tuple) else [result]) if part is not None]


def check(name, image, given):
    filter, before = catalog.load(name), image.tobytes()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = answers(filter(image, **given, jobs=1))
        except (ParameterError, ImageError) as error:
            assert str(error)
            assert "\n" not in str(error)
            return
        again = answers(filter(image, **given, jobs=3))
    assert image.tobytes() == before
    assert [one.dtype for one in found] == [one.dtype for one in again]
    assert [one.tobytes() for one in found] == [one.tobytes() for one in again]


def test_a_call_of_any_values_gives_an_image_or_is_refused(search):
    search(lambda call: check(*call), calls(), examples=60)
