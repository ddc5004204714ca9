"""The types of the compiled core's functions; its arrays are ``(planes, rows, samples)``."""

from typing import Any

from numpy.typing import NDArray

def available() -> list[str]: ...
def choose(name: str, /) -> None: ...
def chosen() -> str: ...
def extrema(
    given: NDArray[Any],
    out: NDArray[Any],
    rectangles: NDArray[Any],
    width: int,
    height: int,
    down: int,
    across: int,
    greatest: bool,
    ignoring: bool,
    /,
) -> None: ...
def png_rows(given: NDArray[Any], out: NDArray[Any], step: int, filter: int, /) -> None: ...
def png_unfilter(given: NDArray[Any], out: NDArray[Any], step: int, /) -> None: ...
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
