"""The one picture of a file that a sheet shows: of several frames the first, or the one that is asked for."""

from __future__ import annotations

from ..images.file_pictures import FilePictures
from ..images.picture import Picture
from ..images.reader import Reader


def read(name: str, reader: Reader, frame: int | None) -> tuple[Picture, int | None]:
    """Return the picture, and how many the file has, None if that is not known; raises FileError."""
    found = FilePictures(name, reader, frame)
    picture = next(found.pictures())
    picture.format = picture.format or found.found.format  # that of a frame is its file's
    return picture, found.count
