"""Straight lines by the Hough transform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, Unpack

from .core import Array, Common, MapField, Pair, Param, ParameterError, Stage, both, image_filter, np
from .core.engine.overlay import OVERLAY, seen
from .core.engine.overlay import overlay as overlay_on_picture
from .core.gradient import canny
from .core.gradient import hough as transform
from .core.parameters import ABSENT, given_field


class Hough(NamedTuple):
    """The picture of the lines, and their table, which if absent is None by position, and an AttributeError by name."""

    image: Array
    lines: Annotated[
        Array,
        MapField(
            "Write the lines to FILE (.csv or .json): distance, angle, votes and ends.", "table", transform.COLUMNS
        ),
    ] = ABSENT

    if not TYPE_CHECKING:
        __getattribute__ = given_field


@image_filter(answer=Hough, channels="luma")
def hough(
    *,
    edges: Annotated[
        Literal["canny", "nonzero"],
        Param("The edge pixels: Canny's, or all nonzero samples of a binary picture."),
    ] = "canny",
    sigma: Annotated[Pair, Param("Standard deviation of Canny's Gaussian.", unit="px", min=0, max=1000)] = 2.0,
    low: Annotated[
        float | None,
        Param("Canny's lower threshold for the magnitude.", span=(0, 255), min=0, shown_default="0.12 of white"),
    ] = None,
    high: Annotated[
        float | None,
        Param("Canny's upper threshold for the magnitude.", span=(0, 255), min=0, shown_default="0.3 of white"),
    ] = None,
    threshold: Annotated[
        int | None,
        Param(
            "Least number of edge pixels on a line.",
            span=(1, 1000),
            min=1,
            max=1_000_000,
            shown_default="half as many as on the strongest line",
        ),
    ] = None,
    count: Annotated[int, Param("Find at most this many lines, the strongest first.", min=1, max=10_000)] = 100,
    rho_step: Annotated[float, Param("Resolution of the distance.", unit="px", min=0.1, max=100)] = 1.0,
    theta_step: Annotated[float, Param("Resolution of the angle, in degrees.", min=0.05, max=45)] = 1.0,
    overlay: Annotated[str | None, OVERLAY] = None,
    **common: Unpack[Common],
) -> list[Stage]:
    """Find straight lines; write a table of them.

    Each edge pixel ``(x, y)`` votes for the lines through it, ``x cos θ + y sin θ = ρ``. The angles θ go from -90° to
    below 90° in equal steps of *theta_step* or a little less; the distances ρ are rounded to multiples of *rho_step*. A
    line is found if at least *threshold* pixels vote for it, and no other line within 9 pixels and 10° has more votes.
    θ is the direction of the normal, 0 along x and -90 upward, so a line at 0° is vertical. ρ is measured from the
    centre of the first pixel.

    The result shows the lines in white on black, one pixel wide; *overlay* draws them on the picture in its colour. The
    table has a row for each line, the strongest first: ``rho``, ``theta`` in degrees, ``votes``, and the ends ``x1``,
    ``y1``, ``x2``, ``y2`` where the line leaves the picture, with ``x1`` at most ``x2``. In JSON it is an object whose
    list ``lines`` has objects with these keys. A CSV file cannot hold the digest that ``--update`` checks, so it is
    always rewritten.

    Returns
    -------
    `Hough`: the picture in the image's dtype (see *depth*), and ``lines``, float64, ``(n, 7)``. The tables of a *stack*
    are padded with rows of NaN to equal length.

    Raises
    ------
    ParameterError
        A value is out of range, or a threshold of Canny's is given with ``edges="nonzero"``.

    Notes
    -----
    Voting takes about 5 ns per edge pixel and angle.

    References
    ----------
    R. Duda and P. Hart, "Use of the Hough transformation to detect lines and curves in pictures", 1972.

    Shell
    -----
    $ imfilter hough photo.jpg -o lines.png --overlay red
    $ imfilter hough photo.jpg --lines lines.csv --count 4
    $ imfilter hough photo.jpg -o lines.png --lines lines.json --sigma 3 --threshold 120
    $ imfilter hough drawing.png --lines lines.csv --edges nonzero --theta-step 0.5

    Examples
    --------
    >>> import numpy as np
    >>> picture = np.zeros((40, 60), np.uint8)
    >>> picture[:, 12] = 255
    >>> hough(picture, edges="nonzero").lines
    array([[12.,  0., 40., 12.,  0., 12., 39.]])
    """
    if edges == "nonzero":
        given = [name for name, value in (("low", low), ("high", high)) if value is not None]
        if given:
            raise ParameterError(given[0], "is for Canny's edges; leave it out, or use edges canny")
    elif low is not None and high is not None and low > high:
        raise ParameterError("low", f"{low:g} is above --high {high:g}")
    stages = canny.canny(both(sigma), low, high) if edges == "canny" else []
    fields = Hough._fields
    stages.append(transform.lines(transform.Options(threshold, count, rho_step, theta_step))._replace(fields=fields))
    if overlay is None:
        return stages
    if common.get("range", "auto") != "auto":
        raise ParameterError("range", "does not apply with --overlay")
    joined = overlay_on_picture(
        [*seen(common.get("channels")), *stages],
        overlay,
        lambda context: lambda found: np.asarray(np.any(found, axis=2, keepdims=True)),
        linear=common.get("linear", False),
        fields=fields,
    )
    return [joined]
