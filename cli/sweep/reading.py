"""The picture of a file that a sheet shows: the first frame, or the one asked for."""

from __future__ import annotations

from ..images.file_pictures import FilePictures
from ..images.picture import Picture
from ..images.reader import Reader


def read(name: str, reader: Reader, frame: int | None) -> tuple[Picture, int | None]:
    """Return the picture, and the number of frames in the file, None if unknown; raises FileError."""
    found = FilePictures(name, reader, frame)
    picture = next(found.pictures())
    picture.format = picture.format or found.found.format  # a frame has the format of its file
    return picture, found.count
