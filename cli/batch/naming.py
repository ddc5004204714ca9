"""The names of files in an output folder, as set by `--name`."""

from __future__ import annotations

import os
import re

from ...filters.core.named_tuple import NamedTuple
from ..brace_fields import pieces
from ..console.messages import shown
from ..errors import UsageError
from ..images import formats

FIELDS = ("stem", "suffix", "filter", "index", "output", "frame", "map")
"""The fields that a pattern may have, in braces."""
CLASSES = re.compile(r"\{(label|class)(?::(0\d))?\}/")
"""The start of a pattern that puts the images of a data set into folders of their labels or classes."""
VARIANT = "variant"
"""The field of an augmentation."""
NUMBERS = "index", "map", VARIANT
"""The fields that are numbers, without that of a frame."""
WIDTH_OF_TEXT = r"[^{}]?[<>^]?\d{1,2}"
ANY = "\0"
"""The placeholder in a path for the unknown number of a frame; no path contains it."""


class Numbered(NamedTuple):
    """A path with a placeholder for the number of a frame, which is unknown until the frames are read."""

    before: str
    format: str
    after: str
    folder: str = ""
    """The format of the labels in the names of folders."""
    classes: str = ""
    """The placeholder of the folders of labels or classes, with a / after it; "" if there are none."""

    def path(self, number: int, own: str = "") -> str:
        """Return the path of a frame, in the folder *own* of its class."""
        inner = f"{own}/" if self.classes else ""
        return f"{self.folder}{inner}{self.before}{number:{self.format}}{self.after}"

    @property
    def place(self) -> str:
        """The path, with `ANY` for the number."""
        return f"{self.folder}{self.classes}{self.before}{ANY}{self.after}"

    def __str__(self) -> str:
        width = f":{self.format}" if self.format else ""
        return f"{self.folder}{self.classes}{self.before}{{frame{width}}}{self.after}"


class OutputNaming(NamedTuple):
    """Names outputs in folders."""

    pattern: str | None = None
    filter: str = ""
    frame: int | None = None
    """The only frame to filter; None for all."""
    maps: int = 0
    """The number of maps of the result; 0 if it is a picture."""
    variant: int | None = None
    """The number of the variant; None without augmentation."""

    @property
    def known(self) -> tuple[str, ...]:
        """The fields that the pattern may have."""
        return FIELDS if self.variant is None else (*FIELDS, VARIANT)

    @property
    def fields(self) -> list[str | None]:
        """The fields of the pattern; None stands for text after the last of them."""
        return [field for _, field, *_ in pieces(self.pattern or "")]

    @property
    def rest(self) -> str:
        """The pattern without a leading folder of labels or classes."""
        found = CLASSES.match(self.pattern or "")
        return (self.pattern or "")[found.end() if found else 0 :]

    @property
    def map_files(self) -> bool:
        """Whether each map has a file of its own."""
        return "map" in self.fields if self.pattern else False

    def check(self) -> None:
        """Raise UsageError if the pattern cannot name files in one folder."""
        if self.pattern is None:
            return
        try:
            if not self.pattern:
                raise ValueError("is empty")
            if "/" in self.rest or os.sep in self.rest or "\0" in self.pattern:
                raise ValueError("a file name cannot contain /")
            if {"label", "class"}.intersection(field for _, field, *_ in pieces(self.rest)):
                raise ValueError("{label} and {class} are folders; use them as in '{class}/{frame:05}.png'")
            if self.rest != self.pattern and ("frame" not in self.fields or self.frame is not None):
                raise ValueError("{label}/ and {class}/ need the image's number after them, such as {frame:05}")
            for _, field, width, conversion in pieces(self.rest):
                if conversion:
                    raise ValueError(f"! is not allowed in {{{shown(field or '')}!{shown(conversion)}}}")
                if field is not None and field not in self.known:
                    raise ValueError(f"unknown field {{{shown(field)}}}; use one of {', '.join(self.known)}")
                if field == "frame" and not re.fullmatch(r"(0\d{1,2})?d?", width or ""):
                    raise ValueError(f"{{frame:{shown(width or '')}}} is not a width; use digits, as in {{frame:03}}")
                if width and not re.fullmatch(WIDTH_OF_TEXT + ("d?" if field in NUMBERS else ""), width):
                    raise ValueError(f"{{{field}:{shown(width)}}} is not a width; use digits, as in {{index:04}}")
            if self.fields.count("frame") > 1:
                raise ValueError("use {frame} once")
            if self.map_files and not self.maps:
                raise ValueError("{map} needs a filter bank; this call gives one image")
            self._filled("a", ".png", 1, "image", 0)
        except ValueError as error:
            raise UsageError(f"--name {shown(self.pattern)}: {error}") from None

    def path(
        self, folder: str, place: str, suffix: str, index: int, output: str, map: int | None = None
    ) -> str | Numbered:
        """Return the path of an output below *folder*; *place* is the path of its input, relative to its own folder.

        *suffix* is the extension of its format. ``{map}`` becomes the number *map*, or the output's name.
        """
        inner, name = os.path.split(place)
        folder = os.path.join(folder, inner)
        own = formats.suffix_of(name)
        stem, own = name[: len(name) - len(own)], name[len(name) - len(own) :]
        if self.pattern is None:
            return os.path.join(folder, name if suffix == own else stem + suffix)
        before, width, after = self._filled(stem, suffix, index, output, map)
        if width is None:
            before = os.path.join(folder, before)
            return before if _is_suffixed(before) else before + suffix
        classes = (self.pattern or "").removesuffix(self.rest)
        numbered = Numbered(before, width, after, os.path.join(folder, ""), classes)
        return numbered if _is_suffixed(str(numbered)) else numbered._replace(after=after + suffix)

    def _filled(self, stem: str, suffix: str, index: int, output: str, map: int | None) -> tuple[str, str | None, str]:
        """Return the text before a frame's number, the format of the number, and the text after it.

        The format is None if the number is not needed.
        """
        values = {"stem": stem, "suffix": suffix, "filter": self.filter, "index": index, "output": output}
        values[VARIANT] = self.variant or 0
        before, frame = "", None
        name = ""
        for literal, field, width, _ in pieces(self.rest):
            name += literal
            if field == "frame" and self.frame is None:
                before, frame, name = name, width or "", ""
            elif field == "map":
                name += output if map is None else format(map, width or "")
            elif field is not None:
                name += format(self.frame if field == "frame" else values[field], width or "")
        return (name, None, "") if frame is None else (before, frame, name)


def _is_suffixed(path: str) -> bool:
    return formats.of_name(path) is not None
