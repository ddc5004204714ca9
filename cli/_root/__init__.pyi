# What `imfilter` exports. `REGENERATE=1 pytest` writes this file.
# pyright: basic, reportMissingImports=false

from .cli.batch.filter_chain import Chain as Chain
from .cli.batch.filter_chain import chain as chain
from .cli.batch.filter_chain import load_recipe as load_recipe
from .cli.errors import FileError as FileError
from .cli.images.image_files import imread as imread
from .cli.images.image_files import imwrite as imwrite
from .filters.blur import blur as blur
from .filters.conv import conv as conv
from .filters.core.parameters import ImageError as ImageError
from .filters.core.parameters import ParameterError as ParameterError
from .filters.edges import Edges as Edges
from .filters.edges import edges as edges
from .filters.frequency import Frequency as Frequency
from .filters.frequency import frequency as frequency
from .filters.morph import morph as morph
from .filters.noise import noise as noise
from .filters.pool import pool as pool
from .filters.sharpen import sharpen as sharpen

__version__: str
__all__ = ["Chain", "Edges", "FileError", "Frequency", "ImageError", "ParameterError", "__version__", "blur", "chain", "conv", "edges", "frequency", "imread", "imwrite", "load_recipe", "morph", "noise", "pool", "sharpen"]
