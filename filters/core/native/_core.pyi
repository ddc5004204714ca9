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
    stride_down: int,
    stride_across: int,
    step: int,
    divisor: float,
    in_double: bool,
    /,
) -> None: ...
def interpolate(
    given: NDArray[Any],
    out: NDArray[Any],
    column: NDArray[Any],
    row: NDArray[Any],
    down: int,
    across: int,
    step: int,
    divisor: float,
    /,
) -> None: ...
def resample(
    given: NDArray[Any],
    out: NDArray[Any],
    seen_down: NDArray[Any],
    down: NDArray[Any],
    seen_across: NDArray[Any],
    across: NDArray[Any],
    step: int,
    in_double: bool,
    across_first: bool,
    raised: float,
    /,
) -> None: ...
def dense(
    given: NDArray[Any],
    out: NDArray[Any],
    taps: NDArray[Any],
    height: int,
    width: int,
    down: int,
    across: int,
    divisor: float,
    precise: bool,
    /,
) -> None: ...
def bank(
    given: NDArray[Any],
    out: NDArray[Any],
    weights: NDArray[Any],
    bias: NDArray[Any],
    inputs: int,
    height: int,
    width: int,
    step: int,
    stride_y: int,
    stride_x: int,
    down: int,
    across: int,
    divisor: float,
    precise: bool,
    /,
) -> None: ...
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
def box(given: NDArray[Any], out: NDArray[Any], height: int, width: int, across: int, divisor: float, /) -> None: ...
def guided(
    given: NDArray[Any],
    out: NDArray[Any],
    height: int,
    width: int,
    across: int,
    together: int,
    ridge: float,
    rounding: float,
    in_double: bool,
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
    image: NDArray[Any] | None,
    /,
) -> None: ...
def thinned_gradient(
    given: NDArray[Any],
    smooth: NDArray[Any],
    derivative: NDArray[Any],
    norm: int,
    sums: int,
    low: float,
    high: float,
    begins: bool,
    ends: bool,
    out: NDArray[Any],
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
def luma_sums(
    given: NDArray[Any],
    out: NDArray[Any],
    brightness: NDArray[Any],
    weights: NDArray[Any],
    divisor: float,
    step: int,
    /,
) -> None: ...
def contrast(given: NDArray[Any], out: NDArray[Any], factors: NDArray[Any], /) -> None: ...
def recolour(
    given: NDArray[Any],
    out: NDArray[Any],
    table: NDArray[Any] | None,
    weights: NDArray[Any],
    divisor: float,
    saturation: float,
    turn: float,
    /,
) -> None: ...
def opacity(
    given: NDArray[Any],
    out: NDArray[Any],
    opacity: NDArray[Any] | None,
    step: int,
    full: float,
    least: float,
    divide: bool,
    /,
) -> None: ...
def local_curves(
    given: NDArray[Any],
    out: NDArray[Any],
    curves: NDArray[Any],
    step: int,
    low: float,
    scale: float,
    first_row: float,
    down: float,
    first_column: float,
    across: float,
    weights: NDArray[Any],
    divisor: float,
    /,
) -> None: ...
def look_up(given: NDArray[Any], out: NDArray[Any], table: NDArray[Any], step: int, /) -> None: ...
def histogram(given: NDArray[Any], out: NDArray[Any], step: int, /) -> None: ...
def luma(given: NDArray[Any], out: NDArray[Any], weights: NDArray[Any], divisor: float, /) -> None: ...
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
def extrema(
    given: NDArray[Any],
    out: NDArray[Any],
    rectangles: NDArray[Any],
    width: int,
    height: int,
    across: int,
    greatest: bool,
    ignoring: bool,
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
def bm3d(
    given: NDArray[Any],
    basic: NDArray[Any] | None,
    guide: NDArray[Any],
    out: NDArray[Any],
    top: int,
    first: int,
    end: int,
    step: int,
    most: int,
    limit: float,
    strength: float,
    forward: NDArray[Any],
    inverse: NDArray[Any],
    window: NDArray[Any],
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
def permute(
    given: NDArray[Any], out: NDArray[Any], step: int, swap: int, reverse_x: int, reverse_y: int, /
) -> None: ...
def pick(given: NDArray[Any], out: NDArray[Any], rows: NDArray[Any], columns: NDArray[Any], step: int, /) -> None: ...
def take_apart(pixels: NDArray[Any], colours: NDArray[Any], alpha: NDArray[Any], step: int, part: int, /) -> None: ...
def put_together(pixels: NDArray[Any], colours: NDArray[Any], alpha: NDArray[Any], step: int, part: int, /) -> None: ...
def warp(
    given: NDArray[Any],
    out: NDArray[Any],
    matrix: NDArray[Any],
    fill: NDArray[Any],
    step: int,
    row: int,
    interpolation: int,
    border: int,
    in_double: bool,
    /,
) -> None: ...
def png_rows(given: NDArray[Any], out: NDArray[Any], step: int, filter: int, /) -> None: ...
def jpeg_ends(
    data: NDArray[Any],
    places: NDArray[Any],
    ends: NDArray[Any],
    tables: NDArray[Any],
    blocks: NDArray[Any],
    units: int,
    step: int,
    /,
) -> None: ...
def settle(values: NDArray[Any], raised: float, /) -> None: ...
def png_unfilter(given: NDArray[Any], out: NDArray[Any], step: int, /) -> None: ...
