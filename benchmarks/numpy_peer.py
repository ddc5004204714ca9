"""Tasks in NumPy and SciPy, as one would write them in a script: `python numpy_peer.py WORK INPUT OUTPUT...`."""

import sys

import numpy as np
from PIL import Image

work, source, target, *rest = sys.argv[1:]
image = np.asarray(Image.open(source))

if work == "lowpass":
    # A Gaussian in the frequency domain, with its response from `meshgrid`; the picture wraps around.
    u, v = np.meshgrid(*(np.fft.fftshift(np.fft.fftfreq(size)) for size in image.shape[1::-1]))
    response = np.exp(-(u**2 + v**2) / (2 * 0.1**2))
    result = np.empty(image.shape)
    for channel in range(image.shape[2]):
        spectrum = np.fft.fftshift(np.fft.fft2(image[..., channel]))
        result[..., channel] = np.real(np.fft.ifft2(np.fft.ifftshift(spectrum * response)))
    image = np.clip(result + 0.5, 0, 255).astype(np.uint8)
else:
    from scipy import ndimage

    if work == "gaussian":
        image = ndimage.gaussian_filter(image, (float(rest[0]), float(rest[0]), 0))
    elif work == "conv":
        image = ndimage.correlate(image, np.loadtxt(rest[0])[..., None])
    elif work == "median":
        image = ndimage.median_filter(image, (int(rest[0]), int(rest[0]), 1))
    elif work == "erode":
        image = ndimage.grey_erosion(image, (int(rest[0]), int(rest[0]), 1))
    elif work == "sobel":
        gray = np.asarray(Image.open(source).convert("L")).astype(np.float32)
        image = np.clip(np.hypot(ndimage.sobel(gray, 0), ndimage.sobel(gray, 1)) + 0.5, 0, 255).astype(np.uint8)
    else:
        sys.exit(f"no such work: {work}")
Image.fromarray(image).save(target)
