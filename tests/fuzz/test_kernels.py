"""Kernel files of all families with something wrong: each is a kernel, a bank, numbers, or refused in one line."""

import io
import tracemalloc
from pathlib import Path

import numpy as np
from imfilter.filters.core.linear import filter_banks, kernel_source
from imfilter.filters.core.parameters import FileContent

KERNELS = Path(__file__).parents[1] / "filters" / "kernels"
MAX_TAPS = 4096
CALLS, CALLS_A_BYTE = 20_000, 100
MEMORY = 1 << 25
WORDS = [b"1e999", b"-1", b"nan", b"9" * 5000, b"\0", b"/0", b"[" * 300, b"<a>" * 50, b"&#0;", b"3 3 0", b"\xff\xfe"]


def saved(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


FILES = [
    *(path.read_bytes() for path in sorted(KERNELS.iterdir()) if path.is_file()),
    saved(np.eye(3)),
    saved(np.ones((2, 1, 3, 3), ">f4")),
    saved(np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3))),
    saved(np.arange(4.0)),
]


def check(data):
    name = FileContent("k", data)
    for read in (filter_banks.read, kernel_source.read, lambda name, _: filter_banks.numbers(name)):
        try:
            found = read(name, MAX_TAPS)
        except ValueError as error:
            assert str(error)
            assert "\n" not in str(error)
        else:
            if isinstance(found, kernel_source.Source):
                assert found.kernel.weights.size <= MAX_TAPS
                assert np.isfinite(found.kernel.weights).all()


def test_a_broken_kernel_file_is_a_kernel_or_refused(work, capfd, mutated, search):
    def bounded(data):
        tracemalloc.reset_peak()
        assert work(lambda: check(data)) <= CALLS + CALLS_A_BYTE * len(data)
        assert tracemalloc.get_traced_memory()[1] < MEMORY

    tracemalloc.start()
    try:
        search(bounded, mutated(FILES, WORDS))
    finally:
        tracemalloc.stop()
    assert capfd.readouterr().err == ""
