"""The types of the compiled core's functions; its arrays are ``(planes, rows, samples)``."""

from typing import Any

from numpy.typing import NDArray

def available() -> list[str]: ...
def choose(name: str, /) -> None: ...
def chosen() -> str: ...
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
def gradient(
    given: NDArray[Any],
    smooth: NDArray[Any],
    derivative: NDArray[Any],
    across: int,
    norm: int,
    sums: int,
    gx: NDArray[Any] | None,
    gy: NDArray[Any] | None,
    magnitude: NDArray[Any] | None,
    angle: NDArray[Any] | None,
    /,
) -> None: ...
def polar(
    gx: NDArray[Any],
    gy: NDArray[Any],
    norm: int,
    magnitude: NDArray[Any] | None,
    angle: NDArray[Any] | None,
    /,
) -> None: ...
def thin(gx: NDArray[Any], gy: NDArray[Any], norm: int, low: float, high: float, out: NDArray[Any], /) -> None: ...
def join(classes: NDArray[Any], across: int, /) -> None: ...
def luma(given: NDArray[Any], out: NDArray[Any], weights: NDArray[Any], divisor: float, /) -> None: ...
