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
def bilateral(
    given: NDArray[Any],
    out: NDArray[Any],
    opacity: NDArray[Any] | None,
    step: int,
    exponents: NDArray[Any],
    height: int,
    width: int,
    scale: float,
    ignoring: bool,
    /,
) -> None: ...
def nonlocal_means(
    given: NDArray[Any],
    out: NDArray[Any],
    opacity: NDArray[Any] | None,
    step: int,
    x: int,
    y: int,
    patch: int,
    factor: float,
    spared: float,
    ignoring: bool,
    /,
) -> None: ...
