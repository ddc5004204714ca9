"""Patterns of names and labels, with fields in braces, such as ``{stem}-{index:03}``."""

from __future__ import annotations

from string import Formatter

Piece = tuple[str, str | None, str | None, str | None]
"""Text, the field after it, and the field's format and conversion; None at the end of a pattern."""


def pieces(pattern: str) -> list[Piece]:
    """Return the pieces of a pattern; raises ValueError if its braces do not match.

    >>> pieces("{{{stem}-{index:03}.png")
    [('{', None, None, None), ('', 'stem', '', None), ('-', 'index', '03', None), ('.png', None, None, None)]
    """
    try:
        return list(Formatter().parse(pattern))
    except ValueError:  # whose message is for programmers
        raise ValueError("its braces do not match; {{ and }} stand for braces themselves") from None
