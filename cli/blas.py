"""The threads of BLAS, of which the program has one: it shares the strips of an image among threads of its own."""

from __future__ import annotations

import os

THREADS = (
    "OPENBLAS_NUM_THREADS",
    "OPENBLAS_DEFAULT_NUM_THREADS",
    "GOTO_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""The variables by which the BLAS libraries that NumPy and SciPy are built with take a number of threads."""


def limit_blas() -> None:
    """Let BLAS have one thread, whatever the environment says; it must not be loaded yet.

    Several would add a product's terms in another order: with two, 11 of 3.2 million samples changed. They would wait
    for those of the program, and starting them costs 10 ms.
    """
    os.environ.update(dict.fromkeys(THREADS, "1"))
