"""imfilter: filter images from the shell and from Python."""

from .cli.version import VERSION as __version__  # pyright: ignore[reportMissingImports] - where it is installed

__all__ = ["__version__"]
