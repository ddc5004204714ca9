"""Recognising backups in a folder: copies of pictures from before a program replaced them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection

from ..images import formats

EDITORS = ("~", ".bak", ".backup", ".old", ".orig", ".original", "_original", ".save", ".sav")
"""The suffixes, in lower case, that editors and other programs add to the name of a file that they replace."""


def is_backup(
    name: str, others: Collection[str], suffix: str | None = None, *, replaced: Callable[[str], bool]
) -> bool:
    """Whether the file *name* is a backup, by its name and those of the *others* in its folder.

    It is one if it ends like an editor's backup, or if its name is that of another image in the folder with something
    added. *suffix* is what this call adds. A name that still ends in an image suffix, such as a.jpg.webp, may be a
    picture in its own right: it is a backup only if this program *replaced* the other image.
    """
    if name.lower().endswith(EDITORS) and name.lower() not in EDITORS:
        return True
    if suffix and name.endswith(suffix) and name.removesuffix(suffix) in others:
        return True
    for found in _image_suffixes().finditer(name.lower()):
        kept = name[: found.end()]
        if kept in others and kept != name and (not _is_image(name) or replaced(kept)):
            return True
    return False


def names(pattern: str, name: str) -> bool:
    """Whether a glob names backups: it ends like the *name* of one, with more than an image suffix.

    >>> names("*.orig", "a.png.orig"), names("*", "a.png.orig"), names("a*.png", "a.png.orig.png")
    (True, False, False)
    """
    literal = re.split(r"[*?\]]", pattern)[-1]
    return bool(literal) and not _is_image(f"x{literal}") and name.endswith(literal)


def _is_image(name: str) -> bool:
    return formats.of_name(name) is not None


@functools.cache
def _image_suffixes() -> re.Pattern[str]:
    suffixes = "|".join(map(re.escape, sorted(formats.BY_SUFFIX, key=len, reverse=True)))
    return re.compile(rf"(?:{suffixes})(?=.)", re.DOTALL)
