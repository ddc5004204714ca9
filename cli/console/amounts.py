"""Large numbers and percentages as people write them."""

from __future__ import annotations

import re


def amount(text: str) -> float | None:
    """Return the number that ``250000000``, ``250M`` or ``1.5G`` stands for; None for other words.

    >>> amount("1.5G"), amount("2e6"), amount("many")
    (1500000000.0, 2000000.0, None)
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?(?:e\d{1,2})?)([kKmMgG]?)", text, re.ASCII)
    return float(match[1]) * {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}[match[2].lower()] if match else None


def share(count: int, total: int) -> str:
    """Return a percentage in words: never 0 % if there are any, never 100 % if some are missing.

    >>> share(1, 48), share(1, 10**6), share(0, 7), share(10**6 - 1, 10**6), share(0, 0)
    ('2.1 %', '<0.1 %', '0 %', '>99.9 %', '–')
    """
    if not total:
        return "–"
    if count in (0, total):
        return f"{100 * count // total} %"
    percent = 100 * count / total
    return "<0.1 %" if percent < 0.05 else ">99.9 %" if percent >= 99.95 else f"{percent:.1f} %"
