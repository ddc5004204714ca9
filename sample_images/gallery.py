"""Make the gallery: every picture in `gallery/`, and the README's strip.

`python sample_images/gallery.py` runs the commands that it prints, with the `imfilter` that is installed.
`REGENERATE=1 pytest` writes the tables of these pictures into `filters/README.md`.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).parent
WIDTH = 300

GALLERY: dict[str, list[tuple[str, str]]] = {
    # section: (caption, arguments; {out} is the picture)
    "blur": [
        ("Gaussian, the default operator", "blur coffee.jpg -o {out} --sigma 3"),
        ("Gaussian along x only", "blur coffee.jpg -o {out} --sigma 8,0"),
        ("Mean over a 9×9 window", "blur coffee.jpg -o {out} --op mean --size 9"),
        ("Minimum over a 9×9 window", "blur coffee.jpg -o {out} --op min --size 9"),
        ("Maximum over a 9×9 window", "blur coffee.jpg -o {out} --op max --size 9"),
        ("Motion blur along a line of 25 pixels", "blur coffee.jpg -o {out} --op motion --size 25 --angle 30"),
        ("Disk: defocus", "blur coffee.jpg -o {out} --op disk --radius 6"),
        ("Non-local means: removes noise, keeps edges and texture", "blur cat.jpg -o {out} --op nlm --noise-sigma 10"),
        ("Median over a 9×9 window: keeps edges", "blur coffee.jpg -o {out} --op median --size 9"),
        ("20th percentile over a 9×9 window", "blur coffee.jpg -o {out} --op percentile --percentile 20 --size 9"),
        ("Kuwahara: flat areas, sharp edges", "blur coffee.jpg -o {out} --op kuwahara --radius 4"),
        ("In linear light: highlights stay bright", "blur coffee.jpg -o {out} --sigma 3 --linear"),
        ("Bilateral: keeps edges", "blur coffee.jpg -o {out} --op bilateral --sigma 4 --range-sigma 30"),
        ("Guided by the image itself: keeps edges", "blur coffee.jpg -o {out} --op guided --radius 6 --epsilon 0.02"),
    ],
    "denoise": [
        ("BM3D, the default operator", "denoise cat.jpg -o {out}"),
        ("Wavelets: nearly as good, in a tenth of the time", "denoise cat.jpg -o {out} --op wavelet --noise-sigma 10"),
        ("Total variation: flat surfaces, sharp edges", "denoise cat.jpg -o {out} --op tv --weight 30"),
        ("Lee's filter: for speckle", "denoise cat.jpg -o {out} --op lee --looks 30"),
    ],
    "sharpen": [
        ("Laplacian, the default operator", "sharpen cat.jpg -o {out}"),
        ("Unsharp mask", "sharpen cat.jpg -o {out} --op unsharp --sigma 2 --amount 1.5"),
        ("High-boost: sharper and brighter", "sharpen cat.jpg -o {out} --op highboost --boost 2.4"),
        ("Laplacian of a Gaussian", "sharpen cat.jpg -o {out} --op log --sigma 1.5 --amount 2"),
        ("Adaptive: adds no noise and no halos", "sharpen cat.jpg -o {out} --op adaptive --sigma 2 --amount 1.5"),
    ],
    "edges": [
        ("Sobel: gradient magnitude", "edges coffee.jpg -o {out}"),
        ("Its direction: hue = angle, value = magnitude", "edges coffee.jpg --angle {out} --angle-style color"),
        ("Derivative along x, 0 at mid-gray", "edges coffee.jpg --gx {out} --gain 0.25"),
        ("Derivative along y", "edges coffee.jpg --gy {out} --gain 0.25"),
        ("Prewitt", "edges coffee.jpg -o {out} --op prewitt"),
        ("Scharr", "edges coffee.jpg -o {out} --op scharr"),
        ("Roberts", "edges coffee.jpg -o {out} --op roberts --gain 2"),
        ("Central differences", "edges coffee.jpg -o {out} --op central --gain 2"),
        ("Farid", "edges coffee.jpg -o {out} --op farid"),
        ("Kirsch: strongest of eight masks", "edges coffee.jpg -o {out} --op kirsch"),
        ("Robinson: strongest of eight masks", "edges coffee.jpg -o {out} --op robinson"),
        ("Laplacian, 0 at mid-gray", "edges coffee.jpg -o {out} --op laplacian"),
        ("Laplacian of a Gaussian", "edges coffee.jpg -o {out} --op log"),
        ("Difference of Gaussians", "edges coffee.jpg -o {out} --op dog"),
        ("Zero crossings of the Laplacian of a Gaussian", "edges coffee.jpg -o {out} --op zerocross --sigma 3"),
        ("Sobel, thinned", "edges coffee.jpg -o {out} --sigma 1 --thin"),
        ("Canny", "edges coffee.jpg -o {out} --op canny"),
        ("Canny's edges, drawn on the photo", "edges cat.jpg -o {out} --op canny --overlay red"),
        ("Boundaries of objects, without textures", "edges cat.jpg -o {out} --op pb"),
        ("Only the likely boundaries", "edges cat.jpg -o {out} --op pb --threshold 128"),
        ("Sobel over all colours jointly (Di Zenzo)", "edges coffee.jpg -o {out} --channels di-zenzo"),
        ("Structure tensor: strength of the texture", "edges cat.jpg -o {out} --op structure"),
        ("Its orientation, modulo 180°", "edges cat.jpg --orientation {out} --op structure --rho 3"),
        ("Its coherence: white where all changes are along one axis", "edges cat.jpg --coherence {out} --op structure"),
    ],
    "hough": [
        ("Straight lines, drawn on the photo", "hough moire.jpg -o {out} --overlay red --count 8"),
        ("Lines only", "hough coffee.jpg -o {out}"),
    ],
    "morph": [
        ("Erosion, the default operator", "morph coffee.jpg -o {out} --shape disk --size 9"),
        ("Dilation", "morph coffee.jpg -o {out} --op dilate --shape disk --size 9"),
        ("Opening: removes small bright details", "morph cat.jpg -o {out} --op open --shape disk --size 7"),
        ("Closing: removes small dark details", "morph cat.jpg -o {out} --op close --shape disk --size 7"),
        ("Morphological gradient", "morph coffee.jpg -o {out} --op gradient --gain 2"),
        ("Top-hat: what an opening removes", "morph cat.jpg -o {out} --op tophat --size 9 --gain 3"),
        ("Black-hat: what a closing fills", "morph cat.jpg -o {out} --op blackhat --size 9 --gain 3"),
        (
            "Hit or miss: lower left corners",
            'morph coffee.jpg -o {out} --op hitmiss --shape "0 1 0; -1 1 1; -1 -1 0" --channels luma',
        ),
    ],
    "frequency": [
        ("Low-pass, the default operator: Gaussian", "frequency coffee.jpg -o {out} --wavelength 12"),
        ("An ideal low-pass rings", "frequency coffee.jpg -o {out} --wavelength 12 --shape ideal"),
        ("High-pass, 0 at mid-gray", "frequency coffee.jpg -o {out} --op highpass"),
        ("Band-pass, 0 at mid-gray", "frequency coffee.jpg -o {out} --op bandpass"),
        ("Band-stop", "frequency coffee.jpg -o {out} --op bandstop"),
        (
            "Spectrum of a picture with moiré: two bright points off the centre",
            "frequency moire.jpg --spectrum {out} --channels luma",
        ),
        (
            "Notch filter for the moiré: its response",
            "frequency moire.jpg --response {out} --op notch --at 0.1,0.05 --channels luma",
        ),
        ("Moiré removed", "frequency moire.jpg -o {out} --op notch --at 0.1,0.05"),
    ],
    "conv": [
        ("A built-in kernel", "conv cat.jpg -o {out} --kernel emboss"),
        ("A literal kernel, normalized", 'conv cat.jpg -o {out} --kernel "1 2 4 2 1" --normalize sum'),
        ("A signed result, 0 at mid-gray", "conv cat.jpg -o {out} --kernel highpass --range offset --gain 2"),
        ("Every fourth sample", "conv cat.jpg -o {out} --kernel gaussian5 --stride 4"),
        ("A filter bank on one sheet", "conv cat.jpg --kernel gabor:6x2 --sheet {out}"),
    ],
    "tone": [
        ("Brightness", "tone coffee.jpg -o {out} --brightness 1.4"),
        ("Contrast and saturation", "tone coffee.jpg -o {out} --contrast 1.3 --saturation 1.4"),
        ("Hue rotated by 120°", "tone coffee.jpg -o {out} --hue 120"),
        ("Gamma below 1 opens the shadows", "tone coffee.jpg -o {out} --gamma 0.6"),
        ("Levels: black, white and a gamma between them", "tone coffee.jpg -o {out} --levels 20,200,1.3"),
        ("Grayscale", "tone coffee.jpg -o {out} --op grayscale"),
        ("Negative", "tone coffee.jpg -o {out} --op invert"),
        ("Posterized to two bits", "tone coffee.jpg -o {out} --op posterize --bits 2"),
        ("Solarized", "tone coffee.jpg -o {out} --op solarize"),
        ("Stretched, 1 % clipped at each end", "tone cat.jpg -o {out} --op autocontrast --cutoff 1"),
        ("Histogram equalization", "tone cat.jpg -o {out} --op equalize"),
        ("CLAHE: equalized tile by tile, contrast limited", "tone cat.jpg -o {out} --op clahe"),
    ],
    "normalize": [
        ("Black at 0.2 and white at 0.8", "normalize coffee.jpg -o {out} --to 0.2,0.8 --depth 8"),
    ],
    "threshold": [
        ("Otsu, the default operator", "threshold coffee.jpg -o {out}"),
        ("Above half of white", "threshold coffee.jpg -o {out} --op fixed"),
        ("Sauvola: each pixel by its neighbourhood", "threshold coffee.jpg -o {out} --op sauvola --size 25"),
        ("Compared with the mean around each pixel", "threshold coffee.jpg -o {out} --op mean --offset 5"),
    ],
    "noise": [
        ("Gaussian, the default operator", "noise coffee.jpg -o {out} --sigma 25"),
        ("Uniform", "noise coffee.jpg -o {out} --op uniform --amplitude 40"),
        ("Salt and pepper", "noise coffee.jpg -o {out} --op salt-pepper"),
        ("Poisson: photon noise", "noise coffee.jpg -o {out} --op poisson --peak 40"),
        ("Speckle", "noise coffee.jpg -o {out} --op speckle --sigma 0.3"),
    ],
    "resize": [
        ("To a quarter: bilinear, every sample counts", "resize coffee.jpg -o {out} --scale 0.25"),
        ("Without antialiasing", "resize coffee.jpg -o {out} --scale 0.25 --antialias off"),
        ("A square: cover crops the middle", "resize coffee.jpg -o {out} --size 240 --fit cover"),
        ("A square: pad keeps all of the picture", "resize coffee.jpg -o {out} --size 240 --fit pad --fill 255"),
    ],
    "rotate": [
        ("Clockwise by 12°", "rotate coffee.jpg -o {out} --angle 12"),
        ("The whole rotated picture", "rotate coffee.jpg -o {out} --angle 30 --expand --fill 255"),
        ("A quarter turn, without interpolation", "rotate coffee.jpg -o {out} --angle 90 --expand"),
    ],
    "affine": [
        ("Scaled, rotated and moved in one step", "affine coffee.jpg -o {out} --scale 1.3 --angle 8 --translate 10%,0"),
        ("Sheared", "affine coffee.jpg -o {out} --shear 15,0 --expand --fill 255"),
    ],
    "perspective": [
        ("Seen from below", "perspective coffee.jpg -o {out} --to 90,0,360,0,450,300,0,300 --fill 255"),
        ("Four points become the whole result", "perspective coffee.jpg -o {out} --from 90,0,360,0,450,300,0,300"),
    ],
    "erase": [
        ("A tenth of the area", "erase coffee.jpg -o {out}"),
        ("Covered with noise", "erase coffee.jpg -o {out} --op noise --at 150,130 --size 120,60"),
    ],
    "mix": [
        (
            "A glow: a blurred copy mixed in",
            'mix coffee.jpg -o {out} --branches "none + blur --sigma 8" --weights 0.5,0.5',
        ),
        (
            "Three chains of operations, as AugMix draws them",
            'mix cat.jpg -o {out} --branches "none + rotate --angle 12 then tone --op posterize --bits 3 + '
            'affine --shear 10 + tone --op equalize --per-channel" --weights 0.4,0.2,0.2,0.2',
        ),
    ],
    "blend": [
        ("A colour composited at 33 % opacity", "blend coffee.jpg -o {out} --other orange --opacity 0.33"),
        ("Multiplied by a colour", "blend coffee.jpg -o {out} --other orange --op multiply"),
        ("Screened with a colour", "blend coffee.jpg -o {out} --other navy --op screen"),
    ],
    "flip": [
        ("Left and right swapped, the default operator", "flip cat.jpg -o {out}"),
        ("Rows and columns swapped", "flip cat.jpg -o {out} --op transpose"),
    ],
    "crop": [
        ("The largest square", "crop coffee.jpg -o {out} --ratio 1"),
        ("A part at a given place", "crop coffee.jpg -o {out} --area 0.25 --place 0.5,0.8"),
    ],
    "pad": [
        ("A margin of one colour", "pad cat.jpg -o {out} --size 30 --fill 124,116,104"),
        ("A margin that mirrors the picture", "pad cat.jpg -o {out} --size 60 --border reflect"),
    ],
    "pool": [
        ("Maximum over 4×4, the default operator", "pool coffee.jpg -o {out} --size 4"),
        ("Minimum", "pool coffee.jpg -o {out} --op min --size 4"),
        ("Mean: 4×4 pixels become one", "pool coffee.jpg -o {out} --op avg --size 4"),
        ("L2 norm over 4×4, as the root of the mean square", "pool coffee.jpg -o {out} --op l2 --size 4"),
    ],
}

STRIP = [
    ("input", ""),
    ("blur --sigma 3", "blur coffee.jpg -o {out} --sigma 3"),
    ("sharpen", "sharpen coffee.jpg -o {out}"),
    ("edges", "edges coffee.jpg -o {out}"),
    ("edges --angle", "edges coffee.jpg --angle {out} --angle-style color"),
]


def picture_name(section: str, number: int) -> str:
    """Return the file name of one picture."""
    return f"{section}-{number + 1}.jpg"


def tables() -> str:
    """Return the tables of `filters/README.md`: the pictures of each section, with their commands."""
    parts = []
    for section, entries in GALLERY.items():
        cells = [
            f"![{caption}](../sample_images/gallery/{picture_name(section, number)})<br>{caption}<br>"
            f"`imfilter {arguments.replace('{out}', 'out.png')}`"
            for number, (caption, arguments) in enumerate(entries)
        ]
        rows = [(*cells[start : start + 2], "")[:2] for start in range(0, len(cells), 2)]
        parts.append(f"## {section}")
        parts.append("\n".join(["| | |", "| --- | --- |", *(f"| {left} | {right} |" for left, right in rows)]))
    return "\n\n".join(parts)


def run(arguments: str, out: Path) -> None:
    """Run one command of the gallery."""
    words = [str(out) if word == "{out}" else word for word in shlex.split(arguments)]
    subprocess.run([sys.executable, "-m", "imfilter", *words], cwd=HERE, check=True)


def picture(arguments: str, width: int) -> Image.Image:
    """Return what a command gives, no wider than *width*."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.png"
        run(arguments, out)
        image = Image.open(out).convert("RGB")
    if image.width > width:
        image = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
    return image


def strip() -> Image.Image:
    """Return the README's strip: the input and four results, each with its command under it."""
    width, height, caption = 240, 160, 26
    whole = Image.new("RGB", (len(STRIP) * (width + 6) - 6, height + caption), "white")
    draw = ImageDraw.Draw(whole)
    font = ImageFont.load_default(15)
    for number, (text, arguments) in enumerate(STRIP):
        left = number * (width + 6)
        image = picture(arguments, width) if arguments else Image.open(HERE / "coffee.jpg")
        whole.paste(image.resize((width, height), Image.Resampling.LANCZOS), (left, 0))
        draw.text((left + width / 2, height + caption / 2 + 1), text, "black", font, anchor="mm")
    return whole


def main() -> None:
    """Make all pictures."""
    folder = HERE / "gallery"
    folder.mkdir(exist_ok=True)
    for section, entries in GALLERY.items():
        for number, (_, arguments) in enumerate(entries):
            picture(arguments, WIDTH).save(folder / picture_name(section, number), quality=85)
    with tempfile.TemporaryDirectory() as spare:
        run("edges coffee.jpg -o {out} --angle-legend gallery/wheel.png", Path(spare) / "out.png")
    strip().save(HERE / "strip.jpg", quality=88)


if __name__ == "__main__":
    main()
