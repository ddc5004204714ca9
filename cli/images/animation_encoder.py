"""Writing several frames into one file: each is encoded as it comes, and the file put together at the end."""

from __future__ import annotations

import io
from typing import Any

from . import apng, encode, gif, webp_animation
from .formats import Format
from .metadata import Metadata, ready
from .picture import Timing


class Gathered:
    """One output's frames, on their way into a file of a format that holds them."""

    def __init__(self, format: Format, options: encode.Options, timing: Timing | None, software: str) -> None:
        self.format, self.options, self.timing, self.software = format, options, timing, software
        self.notes: list[str] = []
        self.shape: tuple[int, ...] | None = None
        self.file = io.BytesIO()
        self._metadata = Metadata()
        self._pages: Any = encode.tiff_writer(self.file) if format.name == "tiff" else None
        kind = {"gif": gif, "png": apng, "webp": webp_animation}.get(format.name)
        self._writer: Any = kind.Writer() if kind is not None else None

    def add(self, pixels: Any, alpha: Any, metadata: Metadata) -> None:
        """Take one more frame; the first one's metadata are the file's. Raises ValueError."""
        first, name = self.shape is None, self.format.name
        metadata = Metadata() if self.options.strip else metadata
        if not first:
            metadata = Metadata(icc=metadata.icc, dpi=metadata.dpi) if name == "tiff" else Metadata()
        if first:
            self.shape = pixels.shape
            self._metadata = ready(metadata, pixels.shape[1::-1], self.options.strip_gps, self.notes)
        elif pixels.shape != self.shape and name != "tiff":
            raise ValueError(f"its frames are of several sizes, {self._sizes(pixels)}")
        if name == "gif":
            self._writer.add(pixels, None if alpha is None else alpha[..., 0] if alpha.ndim == 3 else alpha)
        elif name == "tiff":
            samples = encode.together(pixels, alpha)
            encode.add_page(self._pages, samples, alpha is not None, metadata, self.software if first else "")
        else:
            one = io.BytesIO()
            notes = encode.write(
                one, pixels, alpha, self.format, metadata, self.options, self.software if first else ""
            )
            self.notes += [note for note in notes if note not in self.notes]
            if name == "png":
                self._writer.add(one.getvalue())
            else:
                self._writer.add(one.getvalue(), pixels.shape[1], pixels.shape[0], alpha is not None)

    def _sizes(self, pixels: Any) -> str:
        assert self.shape is not None
        return f"{self.shape[1]}×{self.shape[0]} and {pixels.shape[1]}×{pixels.shape[0]}"

    def finish(self) -> io.BytesIO:
        """Return the file."""
        if self._pages is not None:
            self._pages.close()
            encode.finish_tiff(self.file, self._metadata, self.notes)
        elif self.format.name == "gif":
            self._writer.write(self.file, self.timing, encode.comments(self.software, self._metadata))
            self.notes += self._writer.notes
        else:
            self._writer.write(self.file, self.timing)
        return self.file
