"""The number of cores that a call may use."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from ...filters.core.engine.threads import available
from ..errors import UsageError

VARIABLE = "IMFILTER_JOBS"


def cores(asked: int | None, environment: Mapping[str, str] = os.environ) -> int:
    """Return the number of ``--jobs``; else of ``IMFILTER_JOBS``; else one under ``make -j``, and all elsewhere.

    ``make -j8`` keeps eight cores busy with eight processes. Its job server would lend free cores, but a killed process
    would never return them.
    """
    if asked is not None:
        if asked < 1:
            raise UsageError("--jobs must be 1 or greater")
        return asked
    if text := environment.get(VARIABLE):
        if not re.fullmatch(r"0*[1-9]\d{0,5}", text):
            raise UsageError(f"{VARIABLE}: {text!r} is not a number of cores")
        return int(text)
    flags = environment.get("MAKEFLAGS")
    return 1 if flags and _shared_by_make(flags) else available()


def _shared_by_make(flags: str) -> bool:
    """Whether Make runs recipes in parallel: ``-j8``, ``-j``, ``--jobserver-auth=3,4``."""
    flags = f" {flags} ".partition(" -- ")[0]  # variables follow
    return re.search(r"\s(?:-j(?!1\s)|--jobserver-)", f"{flags} ") is not None
