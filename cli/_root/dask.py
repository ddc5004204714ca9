"""Filter Dask arrays chunk by chunk, with as many neighbouring pixels as the filters need.

>>> import dask.array as da, numpy as np
>>> from imfilter.dask import filtered
>>> dots = da.from_array(np.array([[0, 90, 0, 0, 90, 0]], np.uint8), chunks=(1, 3))
>>> filtered(dots, "blur", op="mean", size=3).compute()
array([[30, 30, 30, 30, 30, 30]], dtype=uint8)
"""

from .cli.batch.dask_arrays import filtered  # pyright: ignore[reportMissingImports] - it is found where it is installed

__all__ = ["filtered"]
