"""Words that a newcomer types, and the page that should be found: entries of the site's index."""

from __future__ import annotations

from collections.abc import Iterable

WORDS: dict[str, tuple[str, ...]] = {
    "affine": ("shear", "scale", "translate"),
    "augment": ("data augmentation", "random variants"),
    "blend": ("watermark", "overlay", "composite"),
    "blur": ("smooth", "soften", "Gaussian blur", "bokeh"),
    "chain": ("pipeline", "several filters"),
    "compare": ("difference", "PSNR", "SSIM"),
    "conv": ("convolution", "custom kernel", "emboss", "feature maps"),
    "crop": ("cut", "trim"),
    "dataset": ("MNIST", "CIFAR", "ImageNet"),
    "denoise": ("noise reduction", "remove noise", "noise removal", "grain"),
    "edges": ("edge detection", "outline", "gradient", "Sobel operator", "Canny edge detector"),
    "erase": ("cutout", "random erasing"),
    "flip": ("mirror",),
    "frequency": ("Fourier", "FFT", "low-pass", "high-pass", "moiré"),
    "hough": ("line detection",),
    "info": ("histogram", "metadata"),
    "kernels": ("Gabor", "filter bank"),
    "morph": ("erosion", "dilation", "morphology"),
    "noise": ("add noise", "film grain"),
    "normalize": ("standardize", "mean and standard deviation"),
    "pad": ("margin", "canvas"),
    "perspective": ("deskew", "homography"),
    "pool": ("pooling", "max pooling", "downsample"),
    "resize": ("thumbnail", "scale down", "enlarge"),
    "rotate": ("turn", "straighten"),
    "sharpen": ("unsharp mask", "sharpness"),
    "sheet": ("contact sheet",),
    "studio": ("preview", "browser"),
    "threshold": ("binarize", "black and white", "Otsu"),
    "tone": ("brightness", "contrast", "gamma", "grayscale", "greyscale", "invert", "color", "colour"),
}
"""Of commands."""
OPTIONS = "options", "border", "depth", "mask", "region of interest", "JSON", "background", "JPEG quality"
"""Of the options that all filters share."""
DOCUMENTS: dict[str, tuple[str, ...]] = {
    "README.md": ("install", "installation", "exit codes", "GPU"),
    "SECURITY.md": ("untrusted files", "memory limit", "time limit"),
    "benchmarks/RESULTS.md": ("speed", "benchmark", "fast", "slow", "performance"),
    "cli/FORMATS.md": ("file formats", "JPEG", "PNG", "TIFF", "WebP", "AVIF", "HEIC", "raw", "convert a format"),
    "cli/SCRIPTS.md": ("overwrite", "metadata", "pipe", "stdin", "video", "animation"),
    "filters/CONVENTIONS.md": ("transparent", "transparency", "alpha channel", "mask", "missing values", "16 bits"),
}
"""Of documents beside the code, which have no entries of their own."""


def entries(words: Iterable[str], others: Iterable[str] = ()) -> str:
    """Return entries of the index: main ones, which the search puts first, and *others*."""
    main = dict.fromkeys(words)
    listed = [*(f"! {word}" for word in main), *(word for word in dict.fromkeys(others) if word not in main)]
    return f"```{{index}} {', '.join(listed)}\n```"


def with_entries(text: str, document: str) -> str:
    r"""Return the text of a document with its entries of the index below its title.

    >>> with_entries("# A\n\nB.\n", "NONE.md")
    '# A\n\nB.\n'
    """
    if document not in DOCUMENTS:
        return text
    title, rest = text.split("\n", 1)
    return f"{title}\n\n{entries(DOCUMENTS[document])}\n{rest}"
