"""File names as a page shows them: without their place on the machine that made it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from ..console.messages import shown, unsigned

FOLDERS = re.compile(r"""(?<=[\s='"])/(?:[^/\s'"]+/)+""")
"""The folders of an absolute path within a word, as in a step of a chain."""


def portable(name: str) -> str:
    """Return a file name in readable form, without the folders of an absolute path.

    >>> portable("/home/ann/a.png"), portable("photos/a.png"), portable("-")
    ('a.png', 'photos/a.png', 'standard input')
    """
    return shown(_without_folders(name))


def command(words: Sequence[str]) -> str:
    """Return the call of this program with *words*, quoted for a shell.

    >>> command(["conv", "/tmp/a b.png", "-o", "/tmp/out/", "--kernel=/tmp/k.txt"])
    "imfilter conv 'a b.png' -o out/ --kernel=k.txt"
    """
    return shlex.join(["imfilter", *map(_without_folders, words)])


def _without_folders(word: str) -> str:
    word = unsigned(word)
    if PurePath(word).is_absolute():
        return (PurePath(word).name or word) + "/" * (word.endswith("/") and word.strip("/") != "")
    return FOLDERS.sub("", word)


def without_places(text: str, names: Iterable[str]) -> str:
    """Return a sentence in which files are named as on the page.

    >>> without_places("/tmp/a.png: is damaged", ["/tmp/a.png"])
    'a.png: is damaged'
    """
    for name in sorted(names, key=len, reverse=True):
        if PurePath(name).is_absolute():
            text = text.replace(shown(name), portable(name))
    return text
