"""Stacks under chains of any filters: each image comes out as by a call of its own, or is refused alike."""

import warnings

import numpy as np
from hypothesis import strategies as st
from imfilter import chain
from imfilter.filters.core import catalog, native
from imfilter.filters.core.engine import executor
from imfilter.filters.core.parameters import ImageError, ParameterError

from .test_chains import answers, near, steep, steps

SIDE = st.integers(1, 3) | st.integers(1, 24)
CONV = ["1 2 1; 0 1 0; 1 0 3", "sobel-x", "sharpen", "gaussian5"]


@st.composite
def stacks(draw):
    size = draw(SIDE), draw(SIDE)
    dtype = np.dtype(draw(st.sampled_from(["u1", "u1", "u2", "f4", "f8"])))
    shape = (draw(st.sampled_from([1, 2, 3, 7])), *size, *draw(st.sampled_from([(), (), (1,), (3,), (4,), (2,)])))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    stack = rng.random(shape)
    stack[len(stack) // 2 :, : size[0] // 2] *= 0.25
    if draw(st.booleans()):
        stack[0] = 0.5
    if dtype.kind == "f" and draw(st.booleans()):
        stack[-1, size[0] // 2 :, size[1] // 2] = np.nan
    stack = (stack * np.iinfo(dtype).max).round().astype(dtype) if dtype.kind == "u" else stack.astype(dtype)
    match draw(st.integers(0, 6)):
        case 0:
            stack = np.asfortranarray(stack)
        case 1:
            stack = stack[::-1, ::-1, ::-1]
        case 2:
            stack.flags.writeable = False
        case 3 if draw(st.booleans()):
            stack = np.ma.masked_array(stack, rng.random(shape) > 0.7)
    return stack


@st.composite
def conv(draw):
    given = {"kernel": draw(st.sampled_from(CONV)), "stride": draw(st.sampled_from([1, 2, (3, 1)]))}
    given["padding"] = draw(st.sampled_from(["same", "valid", "full", "1,2"]))
    return "conv", given


@st.composite
def calls(draw):
    stack = draw(stacks())
    count = draw(st.integers(1, 3))
    named = [draw(conv() if draw(st.integers(0, 5)) == 0 else steps(stack.shape[1:3])) for _ in range(count)]
    for name, given in named:
        parameters = catalog.load(name).spec.parameters
        for own, choices in {
            "channels": ["each", "max", "R", "G", "B", "A", "luma"],
            "border": ["wrap", "replicate", "reflect101", "constant", "reflect"],
            "linear": [True],
            "fill": [3, (1, 2, 3)],
        }.items():
            if own in parameters and draw(st.integers(0, 4)) == 0:
                fits = [
                    choice for choice in choices if not parameters[own].choices or choice in parameters[own].choices
                ]
                given[own] = draw(st.sampled_from(fits))
    last = named[-1][1]
    if draw(st.integers(0, 3)) == 0:
        last["depth"] = draw(st.sampled_from(["1", "8", "16", "float"]))
    if draw(st.integers(0, 5)) == 0:
        last["range"] = draw(st.sampled_from(["offset", "stretch", "clip"]))
    how = {}
    match draw(st.integers(0, 8)):
        case 0:
            how["nodata"] = draw(st.sampled_from([0, 128, 255]))
        case 1:
            how["roi"] = (0, 0, 3, 2)
        case 2:
            how["mask"] = np.eye(*stack.shape[1:3])
        case 3:
            how["bands"] = True
    return stack, named, how, draw(st.sampled_from([1, 1, 2, 4]))


def ended(program, image, how):
    try:
        return answers(program(image, **how)), ""
    except (ParameterError, ImageError) as error:
        return {}, str(error)


def check(stack, named, how, jobs):
    before = stack.tobytes()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            steps = [catalog.load(name).step(**given) for name, given in named]
            program = chain(*steps)
        except (ParameterError, ImageError):
            return
        found, why = ended(program, stack, {**how, "stack": True, "jobs": jobs, "name": "a"})
        alone = [
            ended(program, image, {**how, "jobs": 1, "name": f"a#{number}" if number else "a"})
            for number, image in enumerate(stack)
        ]
    assert stack.tobytes() == before
    refused = [reason for _, reason in alone if reason]
    assert bool(why) == bool(refused), (why, refused)
    assert not why or why in refused, (why, refused)
    exact = stack.dtype.kind == "u" and not any(given.get("linear") for _, given in named)
    for name, together in found.items():
        each = [fields[name] for fields, _ in alone]
        if any(one.shape != each[0].shape for one in each):
            continue  # tables of several lengths
        wanted = (np.ma if isinstance(each[0], np.ma.MaskedArray) else np).stack(each)
        if stack.ndim == 4 and wanted.ndim == 3 and together.ndim == 4:
            wanted = wanted[..., None]
        assert (together.dtype, together.shape) == (wanted.dtype, wanted.shape), name
        if isinstance(wanted, np.ma.MaskedArray):
            np.testing.assert_array_equal(np.ma.getmaskarray(together), np.ma.getmaskarray(wanted))
            together, wanted = together.filled(0), wanted.filled(0)
        if exact:
            np.testing.assert_array_equal(together, wanted, err_msg=name)
        elif not steep(named):
            near(together, wanted)


def test_a_stack_is_its_images_under_any_chain(search):
    search(lambda drawn: check(*drawn), calls(), examples=40)


def test_low_strips_of_a_stack_give_the_same_and_so_does_the_other_core(search, monkeypatch):
    monkeypatch.setattr(executor, "strip_rows_of", lambda *given: 30)
    search(lambda drawn: check(*drawn), calls(), examples=20)
    monkeypatch.setattr(native, "core", None)
    search(lambda drawn: check(*drawn), calls(), examples=20)
