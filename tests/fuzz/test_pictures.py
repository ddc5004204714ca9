"""Real files with something wrong: each is a picture or refused, with little work, in silence, without much memory."""

import tracemalloc

from hypothesis import strategies as st
from imfilter.cli.images import decode, picture

OPTIONS = picture.DecodeOptions(picture.size_guard(1 << 22), to_rgb=True)
CALLS, CALLS_A_BYTE = 20_000, 100
MEMORY = 32 * (1 << 22)
"""Bytes for the most pixels that may be: three channels of float32 twice, and some."""


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


def test_a_broken_file_is_a_picture_or_refused(work, capfd, corpus, mutated, search):
    def bounded(data, lenient):
        tracemalloc.reset_peak()
        assert work(lambda: check(data, lenient)) <= CALLS + CALLS_A_BYTE * len(data)
        assert tracemalloc.get_traced_memory()[1] < MEMORY

    files = [kind.data for kind in corpus.kinds()]
    tracemalloc.start()
    try:
        search(bounded, mutated(files), st.booleans())
    finally:
        tracemalloc.stop()
    assert capfd.readouterr().err == ""
