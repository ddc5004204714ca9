"""The second pictures of a call: one file for all inputs, or for each input the file of its name in a folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...filters.core.parameters import FileContent, FolderName
from ..console.messages import flag, shown
from ..errors import FileError, UsageError
from ..images import formats
from ..streams import STREAM
from .recipe import Recipe

if TYPE_CHECKING:
    from ...filters.core.engine.array_image import ArrayImage
    from ...filters.core.filter import Call

WHAT = "a picture that the input is joined with"


def named(recipe: Recipe) -> Iterator[tuple[Call[Any], str]]:
    """Yield the steps whose second picture comes from a file or folder, each with its parameter."""
    for step in recipe.steps:
        for name in _named_in(step):
            yield step, name


def _named_in(step: Call[Any]) -> list[str]:
    """Return the parameters of a step that name a file or folder of second pictures."""
    parameters = step.filter.spec.parameters.items()
    pictures = [name for name, parameter in parameters if parameter.param.picture]
    return [name for name in pictures if isinstance(step.values[name], FileContent | FolderName)]


def beside(recipe: Recipe, place: str) -> tuple[str, ...]:
    """Return the files in the recipe's folders for the input at a *place*, "" if there is none.

    Such a file has the same path below its folder, or else is the only one that differs just in the extension.
    """
    values = (step.values[name] for step, name in named(recipe))
    return tuple(_partner(folder, place) for folder in values if isinstance(folder, FolderName))


def _partner(folder: str, place: str) -> str:
    if place == STREAM:
        return ""
    same = Path(folder, place)
    if same.is_file():
        return str(same)
    try:
        files = sorted(same.parent.iterdir())
    except OSError:
        return ""
    alike = [file for file in files if file.stem == same.stem and formats.of_name(file.name) is not None]
    return str(alike[0]) if len(alike) == 1 else ""


class OtherPictures:
    """Decodes the second pictures of a recipe; a file for all inputs only once."""

    def __init__(self, recipe: Recipe, max_pixels: int) -> None:
        self.recipe, self.max_pixels = recipe, max_pixels
        self._files: dict[tuple[str, bool], ArrayImage] = {}
        self._whole: dict[bool, Recipe] = {}
        """If the recipe names no folder: the recipe with its pictures, for CMYK inputs and for all others."""

    def check(self) -> None:
        """Decode the pictures that serve all inputs; raises UsageError."""
        for step, name in named(self.recipe):
            if isinstance(content := step.values[name], FileContent):
                try:
                    self._of_file(content, to_rgb=True)
                except FileError as error:
                    raise UsageError(f"{flag(name)} {error}") from None

    def complete(self, recipe: Recipe, files: Sequence[str], input: str, cmyk: bool = False) -> Recipe:
        """Return a *recipe* with its pictures; *files* are those from folders. Raises FileError for the *input*."""
        from_folders = any(isinstance(step.values[name], FolderName) for step, name in named(recipe))
        if not from_folders and cmyk in self._whole:
            return self._whole[cmyk]
        left, steps = iter(files), []
        for step in recipe.steps:
            found = {
                name: self._picture(step.values[name], name, left, input, to_rgb=not cmyk) for name in _named_in(step)
            }
            steps.append(step._replace(values={**step.values, **found}))
        complete = recipe._replace(steps=tuple(steps))
        if not from_folders:
            self._whole[cmyk] = complete
        return complete

    def _picture(self, value: str, name: str, files: Iterator[str], input: str, to_rgb: bool) -> ArrayImage:
        try:
            if isinstance(value, FileContent):
                return self._of_file(value, to_rgb)
            path = next(files)
            if path:
                return self._decoded(path, None, to_rgb)
        except FileError as error:
            raise FileError(shown(input), f"{flag(name)} {error}") from None
        where = f"{flag(name)} {shown(value)}"
        if input == STREAM:
            raise FileError(shown(input), f"has no name to find in {where}; name a file")
        raise FileError(shown(input), f"{where} must hold exactly one picture of this name")

    def _of_file(self, content: FileContent, to_rgb: bool) -> ArrayImage:
        """Return the picture of a file that serves all inputs."""
        if (content, to_rgb) not in self._files:
            self._files[content, to_rgb] = self._decoded(content, content.data, to_rgb)
        return self._files[content, to_rgb]

    def _decoded(self, path: str, data: bytes | None, to_rgb: bool) -> ArrayImage:
        """Return a picture for filters, from its *data*, or read from its file; raises FileError."""
        from ...filters.core.engine.array_image import ArrayImage
        from ...filters.core.lazy_numpy import np
        from ..images import decode
        from ..images.input_bytes import read_bytes
        from ..images.picture import DecodeError, DecodeOptions, Frames, size_guard
        from ..images.reader import naming

        options = DecodeOptions(size_guard(self.max_pixels), to_rgb=to_rgb, max_pixels=self.max_pixels)
        with naming(path):
            found = decode.decode(read_bytes(path) if data is None else data, options)
            if isinstance(found, Frames):
                raise DecodeError("has several frames; the second picture must have one")
        pixels, white = found.pixels, found.white
        if found.nodata is not None:
            gaps = pixels == found.nodata
            pixels, white = np.where(gaps, np.nan, pixels.astype(np.float64)), found.full
        return ArrayImage(pixels, found.alpha, found.colours, white, None, False, False, False)
