"""The words that a shell completes: those in an option's metavar, names of kernels, and files by suffix."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence

Completed = Callable[[str], list[str]]
"""Returns the words that complete an incomplete one; if there are none, the shell completes files."""
WORD = re.compile(r"[a-z][a-z0-9-]*(=V)?")
"""A part of a metavar that is typed as it stands; others, such as N and FILE, are in capitals."""


def of_metavar(metavar: str) -> Completed | None:
    """Return what completes a value with this metavar; None if it has no fixed words.

    >>> of_metavar("auto|V|none")("")
    ['auto', 'none']
    >>> of_metavar("propagate|ignore|fill=V")("f")
    ['fill=']
    """
    if metavar == "KERNEL":
        return kernel_words
    if suffixes := re.findall(r"[A-Z]+(\.\w+)", metavar):
        return lambda incomplete: files(incomplete, suffixes)
    parts = metavar.strip("[]").split("|")
    words = [part.removesuffix("V") for part in parts if WORD.fullmatch(part)]
    return (lambda incomplete: _or_files(incomplete, words, "FILE" in parts)) if words else None


def kernel_words(incomplete: str) -> list[str]:
    """Return the kernels, filter banks and files whose names begin like this."""
    from ...filters.core.linear import filter_banks, kernels  # few calls ask

    return _or_files(incomplete, [*kernels.names(), *filter_banks.BUILT_IN], True)


def _or_files(begun: str, words: Sequence[str], file: bool) -> list[str]:
    found = [word for word in words if word.startswith(begun)]
    return found + files(begun) if found and begun and file else found


def files(begun: str, suffixes: Sequence[str] = ("",)) -> list[str]:
    """Return the folders whose names begin like this, and such files with one of the *suffixes*.

    If a folder is the only match, its contents follow, because shells put a space after an only match.
    """
    folder, slash, name = begun.rpartition("/")
    try:
        entries = sorted(os.scandir(f"{folder}/" if slash else "."), key=lambda entry: entry.name)
    except OSError:
        return []
    there = [entry for entry in entries if entry.name.startswith(name or "") and (name or entry.name[0] != ".")]
    folders = [f"{folder}{slash}{entry.name}/" for entry in there if entry.is_dir()]
    ends = tuple(suffixes)
    found = [folder + slash + entry.name for entry in there if not entry.is_dir() and entry.name.lower().endswith(ends)]
    return files(folders[0], suffixes) if len(folders) == 1 and not found else found + folders
