"""Windows given by their size or their radius."""

from __future__ import annotations

from ..parameters import IntPair, Pair, ParameterError, both


def whole(radius: Pair | None) -> tuple[int, int] | None:
    """Return the radius of a window, which must be a whole number."""
    if radius is None:
        return None
    if any(r != int(r) for r in both(radius)):
        raise ParameterError("radius", f"{radius} is not a whole number; only a disk's radius may be a fraction")
    x, y = both(radius)
    return int(x), int(y)


def window_of(size: IntPair | None, radius: tuple[int, int] | None) -> tuple[int, int] | None:
    """Return the window that *size* and *radius* agree on."""
    if radius is None:
        return None if size is None else both(size)
    width, height = (2 * r + 1 for r in radius)
    if size is not None and both(size) != (width, height):
        raise ParameterError(
            "radius", f"{radius[0]},{radius[1]} means size {width},{height}, which contradicts size {size}"
        )
    return width, height


def radii_of(window: tuple[int, int], name: str, most: int | None = None) -> tuple[int, int]:
    """Return the radii of an odd *window*, whose sides are at most *most*."""
    if window[0] % 2 == 0 or window[1] % 2 == 0:
        raise ParameterError("size", f"{window[0]},{window[1]}: the window of a {name} must be odd")
    if most is not None and max(window) > most:
        raise ParameterError("size", f"{window[0]},{window[1]}: the window of a {name} must be at most {most},{most}")
    return window[0] // 2, window[1] // 2
