"""Differences, PSNR and SSIM by scikit-image, as one would write them: `python scikit_image_peer.py A B`."""

import sys
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity


def figures(names: tuple[str, str]) -> tuple[float, float, float]:
    """Return the share of pixels that differ, PSNR, and SSIM of the luma."""
    a, b = (np.asarray(Image.open(name)) for name in names)
    differing = (a != b).any(axis=2).mean()
    lumas = [image @ np.array([0.299, 0.587, 0.114]) for image in (a, b)]
    ssim = structural_similarity(*lumas, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255)
    return float(differing), float(peak_signal_noise_ratio(a, b)), float(ssim)


if __name__ == "__main__":
    one, other = sys.argv[1:]
    if Path(one).is_dir():
        pairs = [(str(path), str(Path(other, path.name))) for path in sorted(Path(one).iterdir())]
        with Pool(2) as pool:
            found = pool.map(figures, pairs)
    else:
        found = [figures((one, other))]
    for numbers in found:
        print(*numbers)
