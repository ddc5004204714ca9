"""imfilter: filter images from the shell and from Python.

>>> from imfilter import blur
>>> blur([[0.0, 90.0, 0.0]], op="mean", size=(3, 1))
array([[30., 30., 30.]])
"""

from .cli.version import VERSION  # pyright: ignore[reportMissingImports] - it is found where it is installed

__version__ = VERSION
MODULES = {
    "cli.batch.filter_chain": ("Chain", "chain", "load_recipe"),
    "cli.errors": ("FileError",),
    "cli.images.image_files": ("imread", "imwrite"),
    "filters.core.parameters": ("ImageError", "ParameterError"),
    "filters.edges": ("Edges",),
    "filters.frequency": ("Frequency",),
}
"""The exported names other than the filters, which are the files in `filters/`."""


def _module_of() -> dict[str, str]:
    from .filters.core import catalog  # pyright: ignore[reportMissingImports] - `imfilter --help` has its own use for it

    filters = {name: f"filters.{name}" for name in catalog.names()}
    return {**filters, **{name: module for module, names in MODULES.items() for name in names}}


def __dir__() -> list[str]:
    return sorted({*_module_of(), *(name for name in globals() if name.startswith("__")), "__all__"})


def __getattr__(name: str) -> object:
    """Import a name from its module on first use, as `imfilter --help` needs none of them."""
    if name.startswith("_") and name != "__all__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module_of = _module_of()
    if name == "__all__":
        return ["__version__", *sorted(module_of)]
    if name not in module_of:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{module_of[name]}"), name)
    globals()[name] = value
    return value
