"""Limit BLAS to one thread: the program divides the strips of an image among threads of its own."""

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
"""The variables that set the number of threads of the BLAS libraries with which NumPy and SciPy are built."""


def limit_blas() -> None:
    """Limit BLAS to one thread, whatever the environment says. Call this before BLAS is loaded.

    Several threads would add the terms of a product in another order: with two, 11 of 3.2 million samples changed. They
    would also compete with the program's own threads, and starting them costs 10 ms.
    """
    os.environ.update(dict.fromkeys(THREADS, "1"))
