"""Chains of any filters: the same bytes in low strips, the obvious forms' results within a level, or refused alike."""

import warnings

import numpy as np
import pytest
from hypothesis import strategies as st
from imfilter import chain
from imfilter.filters.core import catalog, native
from imfilter.filters.core.engine import executor
from imfilter.filters.core.parameters import ImageError, ParameterError

STEEP = {"threshold", "hough", "normalize"}
"""Filters whose result may turn over by the last bit of a sample, as black does into white."""
NEEDED = {
    "blend": {"opacity": 0.5, "op": "screen"},
    "conv": {"kernel": "1 2 1; 0 1 0; 1 0 3", "normalize": "sum"},
    "crop": {"ratio": 1.5},
    "erase": {"place": (1, 1), "size": (4, 3)},
    "normalize": {"mean": 0.25, "std": 0.5},
    "pad": {"size": (2, 3), "border": "wrap"},
    "perspective": {"from_": (0, 0, 30, 0, 30, 30, 0, 30), "to": (1, 0, 31, 1, 29, 31, 0, 30)},
    "rotate": {"angle": 12},
    "resize": {"scale": (1.3, 0.7)},
}
USUAL = [1, 2, 3, 5, 9, 0.5, 0.25, 12]
STEEP_VALUES = {
    *("canny", "zerocross", "pb", "hitmiss", "equalize", "clahe", "posterize", "solarize"),
    *("kuwahara", "mode", "bm3d", "wavelet", "adaptive", "salt-pepper", "poisson", "nearest"),
}
"""The same of operators and interpolations."""


@st.composite
def pictures(draw, size=None):
    height, width = size or (draw(st.integers(9, 40)), draw(st.integers(9, 40)))
    dtype = np.dtype(draw(st.sampled_from(["u1", "u1", "u2", "f4", "f8"])))
    shape = (height, width, *draw(st.sampled_from([(), (3,), (3,), (4,), (2,)])))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    image = rng.random(shape)
    image[height // 3 :, : width // 2] *= 0.25
    if draw(st.booleans()):
        image[2:7, 3:8] = 0.5  # a flat part
    if dtype.kind == "u":
        return (image * np.iinfo(dtype).max).round().astype(dtype)
    if draw(st.booleans()):
        image[height // 2 :, width // 2] = np.nan
    return image.astype(dtype)


@st.composite
def steps(draw, size):
    name = draw(st.sampled_from(catalog.names()))
    parameters = catalog.load(name).spec.parameters
    given = dict(NEEDED.get(name, {}))
    if name == "blend":
        given["other"] = draw(pictures(size))
    if "op" in parameters:
        given["op"] = draw(st.sampled_from(parameters["op"].choices))
    apt = [
        own
        for own, parameter in parameters.items()
        if parameter.param.suits(given.get("op", ""))
        and not parameter.param.picture
        and parameter.kind != "text"
        and own not in {"depth", "white", "range", "gain", "algorithm", "channels"}
    ]
    for own in draw(st.lists(st.sampled_from(apt), max_size=2, unique=True)) if apt else ():
        parameter = parameters[own]
        if parameter.choices:
            given[own] = draw(st.sampled_from([choice for choice in parameter.choices if choice != "index"]))
        elif parameter.kind == "flag":
            given[own] = draw(st.booleans())
        else:
            given[own] = draw(st.sampled_from([1, 2, 0.5] if own == "scale" else USUAL))
    if draw(st.integers(0, 5)) == 0:
        given["nan"] = draw(st.sampled_from(["ignore", "propagate", "fill=0.25"]))
    if draw(st.integers(0, 5)) == 0:
        given["channels"] = draw(st.sampled_from(["luma", "luma", "chroma", "R", "A"]))
    return name, given


@st.composite
def chains(draw):
    image = draw(pictures())
    named = [draw(steps(image.shape[:2])) for _ in range(draw(st.integers(2, 4)))]
    how = {}
    match draw(st.integers(0, 5)):
        case 0:
            how["mask"] = draw(pictures(image.shape[:2]).map(lambda mask: mask if mask.ndim == 2 else mask[..., 0]))
        case 1:
            how["roi"] = draw(st.sampled_from([(0, 0, 5, 5), [(1, 2, 4, 9), (3, 3, 6, 20)]]))
    return image, named, how


def answers(result):
    fields = result._asdict() if hasattr(result, "_asdict") else {"image": result}
    return {name: part for name, part in fields.items() if isinstance(part, np.ndarray)}


def ended(image, named, how):
    try:
        whole = chain(*(catalog.load(name).step(**given) for name, given in named))
        return answers(whole(image, **how, jobs=1)), ""
    except (ParameterError, ImageError) as error:
        return {}, str(error)


def steep(named):
    return any(
        name in STEEP
        or any(given.get(own) for own in ("thin", "threshold", "low", "high"))
        or STEEP_VALUES & {value for value in given.values() if isinstance(value, str)}
        for name, given in named
    )


@pytest.fixture
def check(monkeypatch):
    def in_strips(*given, **options):
        return run(*given, **{**options, "strip_rows": 7})

    run = executor.run

    def check(image, named, how):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found, why = ended(image, named, how)
            with monkeypatch.context() as patch:
                patch.setattr(executor, "run", in_strips)
                strips, why_in_strips = ended(image, named, how)
            with monkeypatch.context() as patch:
                patch.setattr(native, "core", None)
                obvious, why_obvious = ended(image, named, how)
        assert why == why_in_strips == why_obvious
        for name, one in found.items():
            assert (one.dtype, one.shape) == (strips[name].dtype, strips[name].shape), name
            if image.dtype != np.float64:  # the last bits of float64 are a strip's own, where its level is taken off
                np.testing.assert_array_equal(one, strips[name], err_msg=name)
            elif name == "image" and not steep(named):
                near(one, strips[name])
            assert (one.dtype, one.shape) == (obvious[name].dtype, obvious[name].shape), name
            if name == "image" and not steep(named):
                near(one, obvious[name])

    return check


def near(one, other):
    np.testing.assert_array_equal(np.isnan(one), np.isnan(other))
    finite = np.isfinite(one) & np.isfinite(other)
    a, b = one[finite].astype(float), other[finite].astype(float)
    np.testing.assert_array_equal(one[~finite], other[~finite])
    if one.dtype.kind == "f":
        assert np.abs(a - b).max(initial=0) <= 1e-4 * max(1, np.abs(b).max(initial=0))
    else:
        off = np.abs(a - b)
        assert off.max(initial=0) <= 1
        assert np.count_nonzero(off) <= 3 + 0.01 * off.size


def test_a_chain_of_any_filters_is_the_same_in_strips_and_of_both_cores(search, check):
    search(lambda drawn: check(*drawn), chains(), examples=5)
