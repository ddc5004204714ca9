"""The words that a shell completes: those that stand in an option's metavar, names of kernels, and files by suffix."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence

Completed = Callable[[str], list[str]]
"""From what is incomplete to the words that complete it; for none the shell completes files."""
WORD = re.compile(r"[a-z][a-z0-9-]*(=V)?")
"""A part of a metavar that is written as it stands: others are in capitals, as N and FILE."""


def of_metavar(metavar: str) -> Completed | None:
    """Return what completes a value that is written so; None where no words are known.

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
    """Return the kernels and banks whose names begin so, and files that do."""
    from ...filters.core.linear import filter_banks, kernels  # few calls ask

    return _or_files(incomplete, [*kernels.names(), *filter_banks.BUILT_IN], True)


def _or_files(begun: str, words: Sequence[str], file: bool) -> list[str]:
    found = [word for word in words if word.startswith(begun)]
    return found + files(begun) if found and begun and file else found


def files(begun: str, suffixes: Sequence[str] = ("",)) -> list[str]:
    """Return the files whose names begin so and end in one of the *suffixes*, and folders.

    A folder that is alone is looked into: shells put a space behind a word that is the only one.
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
