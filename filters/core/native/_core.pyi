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
