"""The names of files as a page has them: without where they lie on the machine of whoever made it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from ..console.messages import shown


def portable(word: str) -> str:
    """Return a file's name, or an option with one, without the folders of an absolute path.

    >>> portable("/home/ann/a.png"), portable("photos/a.png"), portable("--mask=/tmp/m.png"), portable("-")
    ('a.png', 'photos/a.png', '--mask=m.png', 'standard input')
    """
    option, equals, value = word.partition("=")
    if option.startswith("--") and equals:
        return f"{option}={portable(value)}"
    return shown(PurePath(word).name or word if PurePath(word).is_absolute() else word)


def without_places(text: str, names: Iterable[str]) -> str:
    """Return a sentence in which files are called as on the page.

    >>> without_places("/tmp/a.png: is damaged", ["/tmp/a.png"])
    'a.png: is damaged'
    """
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(shown(name), portable(name))
    return text
