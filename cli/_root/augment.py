"""Random variants of images, like those of `imfilter augment`.

>>> from imfilter.augment import Augmenter
>>> Augmenter("rotate --angle -15..15", seed=7).chain(64, 48, name="cat/001.jpg")
chain(rotate.step(angle=10.1104577849))
"""

from .cli.commands.augmenter import Augmenter  # pyright: ignore[reportMissingImports] - it is found where it is installed

__all__ = ["Augmenter"]
