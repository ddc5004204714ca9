"""YOLO: one text file per image, a line for each object, in fractions of width and height; classes are numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from .boxes import Annotations, Instance
from .numbers import finite

MOST_BYTES = 1 << 26
MOST_OF_NAMES = 1 << 20
POLYGON = "polygon"
"""The mark of an object that was stored as an outline."""
CLASSES = "classes.txt"
NAMES_FILES = CLASSES, "data.yaml", "../data.yaml", f"../{CLASSES}"
"""The files near the labels that are searched for class names."""


def read(data: bytes) -> Annotations:
    """Return what a file says of its image; raises ValueError."""
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    instances: list[Instance] = []
    for number, line in enumerate(lines, 1):
        if words := line.split():
            try:
                instances.append(_instance(words))
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from None
    return Annotations(tuple(instances), is_relative=True)


def _instance(words: Sequence[str]) -> Instance:
    if not words[0].isascii() or not words[0].isdigit() or len(words[0]) > 9:
        raise ValueError(f"{words[0][:40]!r} is not a class number")
    category, numbers = int(words[0]), [finite(word) for word in words[1:]]
    if len(numbers) == 4:
        x, y, width, height = numbers
        if width < 0 or height < 0:
            raise ValueError("the box has a negative side")
        return Instance(category, (x - width / 2, y - height / 2, x + width / 2, y + height / 2))
    if len(numbers) < 6 or len(numbers) % 2:
        raise ValueError(f"{len(numbers)} numbers after the class; a box has 4, a polygon 6 or more (two per corner)")
    return Instance(category, None, (list(zip(numbers[::2], numbers[1::2], strict=True)),), source=POLYGON)


def written(annotations: Annotations, width: int, height: int, number_of: Callable[[int], int]) -> bytes:
    """Return the file of an image of a *width* and *height*; *number_of* maps a class to its number in the file."""
    lines = []
    for instance in annotations.instances:
        if instance.box is None or instance.category < 0 or instance.is_crowd:
            continue
        if instance.source == POLYGON:
            rows = [[n for x, y in polygon for n in (x / width, y / height)] for polygon in instance.polygons]
        else:
            left, top, right, bottom = instance.box
            rows = [[
                (left + right) / 2 / width,
                (top + bottom) / 2 / height,
                (right - left) / width,
                (bottom - top) / height,
            ]]  # fmt: skip
        lines += [" ".join([str(number_of(instance.category)), *(f"{number:.6f}" for number in row)]) for row in rows]
    return "".join(f"{line}\n" for line in lines).encode()


def names(data: bytes, is_yaml: bool) -> tuple[str, ...]:
    r"""Return the names of classes in the order of their numbers: one per line, or the ``names`` of a data.yaml.

    >>> names(b"cat\ndog\n", False), names(b"nc: 2\nnames: ['cat', \"dog\"]\n", True)
    (('cat', 'dog'), ('cat', 'dog'))
    >>> names(b"names:\n  0: cat\n  1: big dog # it is\nval: x\n", True), names(b"names:\n- a\n- b\n", True)
    (('cat', 'big dog'), ('a', 'b'))
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    if not is_yaml:
        return tuple(line.strip() for line in text.rstrip().splitlines())
    found = re.search(r"^names:[ \t]*(.*)$((?:\n(?:[ \t].*|-.*|[ \t]*|#.*)$)*)", text, re.MULTILINE)
    if found is None:
        raise ValueError("has no names: entry")
    if found[1].startswith("["):
        inline = re.match(r"\[([^\]]*)\]", found[1] + found[2])
        if inline is None:
            raise ValueError("has a names: entry that is not a list")
        words = re.findall(r"\s*('[^']*'|\"[^\"]*\"|[^,\n]+)\s*(?:,|$)", inline[1].strip())
        return tuple(map(_unquoted, words))
    by_number: dict[int, str] = {}
    for line in found[2].splitlines():
        entry = re.fullmatch(r"[ \t]*(?:(\d{1,9})[ \t]*:|-)[ \t]+(.*)", line)
        if entry is not None:
            by_number[int(entry[1]) if entry[1] else len(by_number)] = _unquoted(entry[2])
    if sorted(by_number) != list(range(len(by_number))) or not by_number:
        raise ValueError("has a names: entry that is neither a list nor numbered from 0")
    return tuple(by_number[number] for number in range(len(by_number)))


def _unquoted(word: str) -> str:
    word = word.strip()
    if word[:1] in ("'", '"') and word.find(word[0], 1) > 0:
        return word[1 : word.find(word[0], 1)]
    return re.sub(r"\s#.*", "", word).strip()


def classes(names: Mapping[int, str] | Sequence[str]) -> bytes:
    r"""Return the file of all class names, one per line.

    >>> classes(["cat", "big\ndog", "half \ud800"])
    b'cat\nbig dog\nhalf ?\n'
    """
    listed = names if not isinstance(names, Mapping) else [names[number] for number in sorted(names)]
    lines = (" ".join(re.sub("[\ud800-\udc7f\udd00-\udfff]", "?", name).splitlines()) for name in listed)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
