"""Works in SciPy and scikit-image, as one would write them: `python python_peer.py WORK INPUT OUTPUT...`."""

import sys

import numpy as np
from PIL import Image

work, source, target, *rest = sys.argv[1:]
image = np.asarray(Image.open(source))

if work == "median":
    from scipy import ndimage

    size = int(rest[0])
    image = ndimage.median_filter(image, (size, size, 1))
elif work == "nlm":
    from skimage.restoration import denoise_nl_means

    patch, distance, strength = int(rest[0]), int(rest[1]), float(rest[2])
    whole = denoise_nl_means(image / 255, patch, distance, strength, fast_mode=True, channel_axis=-1)
    image = np.clip(np.rint(whole * 255), 0, 255).astype(np.uint8)
else:
    sys.exit(f"no such work: {work}")
Image.fromarray(image).save(target)
