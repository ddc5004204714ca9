"""Large numbers as people write them."""

from __future__ import annotations

import re


def amount(text: str) -> float | None:
    """Return the number that ``250000000``, ``250M`` or ``1.5G`` says; None of other words.

    >>> amount("1.5G"), amount("2e6"), amount("many")
    (1500000000.0, 2000000.0, None)
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?(?:e\d{1,2})?)([kKmMgG]?)", text, re.ASCII)
    return float(match[1]) * {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}[match[2].lower()] if match else None
