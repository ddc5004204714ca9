# What `imfilter` exports. `REGENERATE=1 pytest` writes this file.
# pyright: basic, reportMissingImports=false

from .cli.batch.filter_chain import Chain as Chain
from .cli.batch.filter_chain import chain as chain
from .cli.batch.filter_chain import load_recipe as load_recipe
from .cli.errors import FileError as FileError
from .cli.images.image_files import imread as imread
from .cli.images.image_files import imwrite as imwrite
from .filters.affine import affine as affine
from .filters.blend import blend as blend
from .filters.blur import blur as blur
from .filters.conv import conv as conv
from .filters.core.parameters import ImageError as ImageError
from .filters.core.parameters import ParameterError as ParameterError
from .filters.crop import crop as crop
from .filters.denoise import denoise as denoise
from .filters.edges import Edges as Edges
from .filters.edges import edges as edges
from .filters.erase import erase as erase
from .filters.flip import flip as flip
from .filters.frequency import Frequency as Frequency
from .filters.frequency import frequency as frequency
from .filters.hough import hough as hough
from .filters.mix import mix as mix
from .filters.morph import morph as morph
from .filters.noise import noise as noise
from .filters.normalize import normalize as normalize
from .filters.pad import pad as pad
from .filters.perspective import perspective as perspective
from .filters.pool import pool as pool
from .filters.resize import resize as resize
from .filters.rotate import rotate as rotate
from .filters.sharpen import sharpen as sharpen
from .filters.threshold import threshold as threshold
from .filters.tone import tone as tone

__version__: str
__all__ = ["Chain", "Edges", "FileError", "Frequency", "ImageError", "ParameterError", "__version__", "affine", "blend", "blur", "chain", "conv", "crop", "denoise", "edges", "erase", "flip", "frequency", "hough", "imread", "imwrite", "load_recipe", "mix", "morph", "noise", "normalize", "pad", "perspective", "pool", "resize", "rotate", "sharpen", "threshold", "tone"]
