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
def rank(
    given: NDArray[Any],
    out: NDArray[Any],
    height: int,
    width: int,
    step: int,
    ranks: NDArray[Any],
    network: bool,
    /,
) -> None: ...
def mode(
    given: NDArray[Any],
    out: NDArray[Any],
    height: int,
    width: int,
    step: int,
    whole: bool,
    /,
) -> None: ...
