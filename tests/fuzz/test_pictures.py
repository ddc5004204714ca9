"""Real files with something wrong: each is a picture or refused, with little work, in silence, without much memory.

The same 200 files each time in the suite, sixty times as many with `-m ""`. `IMFILTER_FUZZ_ROUNDS=500 pytest
tests/fuzz` searches among others each time; what it finds, Hypothesis makes small and prints: that becomes a test in
tests/cli/test_hostile.py.
"""

import importlib.util
import os
import random
import tracemalloc
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from imfilter.cli.images import decode, picture

SPEC = importlib.util.spec_from_file_location("corpus", Path(__file__).parents[1] / "corpus.py")
corpus = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(corpus)
FILES = [kind.data for kind in corpus.kinds()]
SEARCHED = os.environ.get("IMFILTER_FUZZ_ROUNDS")
FIRST = random.SystemRandom().getrandbits(60) if SEARCHED else 0
ROUNDS = [
    pytest.param(number, marks=[] if SEARCHED or not number else [pytest.mark.thorough])
    for number in range(int(SEARCHED or 60))
]
OPTIONS = picture.DecodeOptions(picture.size_guard(1 << 22), to_rgb=True)
EXTREMES = [bytes(4), b"\xff" * 4, b"\xff" * 2, b"\0\0\xff\xff", b"\x80\0\0\0", b"\0\0\0\x80", b"\0\1", b"\1\0"]
CALLS, CALLS_A_BYTE = 20_000, 100
MEMORY = 32 * (1 << 22)
"""Bytes for the most pixels that may be: three channels of float32 twice, and some."""


@st.composite
def broken(draw):
    """A file with some of its bytes changed, gone, doubled or replaced by another's."""
    data = bytearray(draw(st.sampled_from(FILES)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)) | st.integers(0, min(len(data), 200)))
        match draw(st.integers(0, 5)):
            case 0 if start < len(data):
                data[start] ^= 1 << draw(st.integers(0, 7))
            case 1:
                extreme = draw(st.sampled_from(EXTREMES))
                data[start : start + len(extreme)] = extreme
            case 2:
                del data[start:]
            case 3:
                del data[start : start + draw(st.integers(1, 40))]
            case 4:
                data[start:start] = data[start : start + draw(st.integers(1, 40))]
            case _:
                other = draw(st.sampled_from(FILES))
                data[start:] = other[min(start, len(other)) :]
    return bytes(data)


def check(data, lenient):
    try:
        found = decode.decode(data, OPTIONS._replace(lenient=lenient))
    except picture.DecodeError as error:
        assert str(error)
        assert "\n" not in str(error)
    else:
        if isinstance(found, picture.Picture):
            assert found.pixels.ndim == 3
            assert found.pixels.shape[2] in (1, 3) or found.colours in ("cmyk", "bands")
            assert found.pixels.size
            assert found.pixels.dtype.name in ("uint8", "uint16", "float32", "float64")
            assert found.alpha is None or (found.alpha.shape, found.alpha.dtype) == (
                found.pixels.shape[:2],
                found.pixels.dtype,
            )


@pytest.mark.parametrize("number", ROUNDS)
def test_a_broken_file_is_a_picture_or_refused(work, capfd, number):
    @seed(FIRST + number)
    @settings(max_examples=200, database=None, suppress_health_check=list(HealthCheck))
    @given(broken(), st.booleans())
    def search(data, lenient):
        tracemalloc.reset_peak()
        assert work(lambda: check(data, lenient)) <= CALLS + CALLS_A_BYTE * len(data)
        assert tracemalloc.get_traced_memory()[1] < MEMORY

    tracemalloc.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as the command does
            search()
    finally:
        tracemalloc.stop()
    assert capfd.readouterr().err == ""
