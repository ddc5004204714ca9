"""The types of the compiled core's functions; its arrays are ``(planes, rows, samples)``."""

from typing import Any

from numpy.typing import NDArray

def available() -> list[str]: ...
def choose(name: str, /) -> None: ...
def chosen() -> str: ...
def fourier(
    given: NDArray[Any],
    out: NDArray[Any],
    spectrum: NDArray[Any],
    twiddles: NDArray[Any],
    rows: int,
    height: int,
    width: int,
    inputs: int,
    step: int,
    level: float,
    level_sum: float,
    grid: float,
    divisor: float,
    /,
) -> None: ...
def pool(
    given: NDArray[Any],
    out: NDArray[Any],
    op: int,
    ignoring: bool,
    in_double: bool,
    height: int,
    width: int,
    stride_y: int,
    stride_x: int,
    down: int,
    across: int,
    row_first: int,
    row_end: int,
    column_first: int,
    column_end: int,
    step: int,
    /,
) -> None: ...
def separable(
    given: NDArray[Any],
    out: NDArray[Any],
    column: NDArray[Any],
    row: NDArray[Any],
    down: int,
    across: int,
    divisor: float,
    /,
) -> None: ...
