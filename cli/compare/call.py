"""The options of a call of `imfilter compare`."""

from __future__ import annotations

from ...filters.core.engine.mask import Effect
from ...filters.core.named_tuple import NamedTuple
from ..batch.inputs import InputRules
from ..images import prefetch
from .limits import Limits
from .measured import How


class Call(NamedTuple):
    """The options of a call."""

    a: str
    b: str
    limits: Limits
    how: How
    rules: InputRules
    match: str = "name"
    strict: bool = False
    peak: float | None = None
    effect: Effect | None = None
    frame: int | None = None
    diff: str | None = None
    style: str = "abs"
    gain: float = 1.0
    max_pixels: int = prefetch.MAX_PIXELS
    lenient: bool = False
    cores: int = 1
    json: bool = False
    quiet: bool = False
    report: str | None = None
    report_title: str | None = None
    page_size: int = 0
    """The most bytes of the page of --report."""
    page_share: int = 0
    """The bytes of that page for the pictures of one pair."""
    mask: str | None = None
    """The file that *effect* was read from."""
