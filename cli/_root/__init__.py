"""imfilter: filter images from the shell and from Python.

>>> from imfilter import blur, chain, edges
>>> blur([[0.0, 90.0, 0.0]], op="mean", size=(3, 1))
array([[30., 30., 30.]])
"""

# pyright: reportMissingImports=false, reportUnknownVariableType=false
# It stands elsewhere where it is installed.

from typing import TYPE_CHECKING

from .cli.version import VERSION as __version__

if TYPE_CHECKING:
    from .cli.batch.filter_chain import Chain, chain, load_recipe
    from .cli.errors import FileError
    from .cli.images.image_files import imread, imwrite
    from .filters.blur import blur
    from .filters.conv import conv
    from .filters.core.parameters import ImageError, ParameterError
    from .filters.edges import Edges, edges
    from .filters.frequency import Frequency, frequency
    from .filters.morph import morph
    from .filters.noise import noise
    from .filters.pool import pool
    from .filters.sharpen import sharpen

_MODULES = {
    "cli.batch.filter_chain": ("Chain", "chain", "load_recipe"),
    "cli.errors": ("FileError",),
    "cli.images.image_files": ("imread", "imwrite"),
    "filters.blur": ("blur",),
    "filters.conv": ("conv",),
    "filters.core.parameters": ("ImageError", "ParameterError"),
    "filters.edges": ("Edges", "edges"),
    "filters.frequency": ("Frequency", "frequency"),
    "filters.morph": ("morph",),
    "filters.noise": ("noise",),
    "filters.pool": ("pool",),
    "filters.sharpen": ("sharpen",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "Chain",
    "Edges",
    "FileError",
    "Frequency",
    "ImageError",
    "ParameterError",
    "__version__",
    "blur",
    "chain",
    "conv",
    "edges",
    "frequency",
    "imread",
    "imwrite",
    "load_recipe",
    "morph",
    "noise",
    "pool",
    "sharpen",
]


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import a name from its module at the first use: `imfilter --help` needs none of them."""
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
        globals()[name] = value
        return value
