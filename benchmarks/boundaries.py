"""Score boundaries on generated colour pictures: `python benchmarks/boundaries.py` rewrites its part of RESULTS.md.

Regions, drawn shape over shape or as wavy Voronoi cells at four times the size, are filled with flat colours, textures
or pieces of photographs, with uneven light, highlights, blur, noise and JPEG compression. Lines within a region count
as wrong, so operators must ignore textures and the photographs' own edges. If scikit-image is installed, its
photographs of brick, grass and gravel are among the textures.

Each operator uses its best single threshold for all pictures. Lines and contours are matched one to one within 0.0075
of the diagonal, as in the benchmark of D. Martin, C. Fowlkes and J. Malik, 2004.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
from pathlib import Path
from typing import Any, NamedTuple

import common
import numpy as np
from contours import FINER, HEIGHT, SAMPLES, WIDTH, Score, outline, score
from imfilter.filters.edges import edges
from PIL import Image, ImageDraw
from scipy import ndimage, sparse
from scipy.sparse import csgraph

Array = Any
KINDS = ("flat", "texture", "photograph", "mixed")
TEXTURES = ("brick.png", "grass.png", "gravel.png")
PHOTOGRAPHS = ("cat.jpg", "coffee.jpg", "astronaut.png", "rocket.jpg", "motorcycle_left.png")
REACH = 0.0075 * float(np.hypot(WIDTH, HEIGHT))
LEAST, SPREAD = 10, 0.7
"""Regions have a contour between them where their means differ by so many levels, or the logarithms of their standard
deviations by so much."""


class Scene(NamedTuple):
    """A picture and its true contours."""

    picture: Array
    contours: Array
    kind: str


class Sources(NamedTuple):
    """The fillings of regions."""

    textures: list[Array]
    photographs: list[Array]


def sources() -> Sources:
    """Read the pictures, including those of scikit-image if it is installed."""
    found = importlib.util.find_spec("skimage")
    folders = [SAMPLES] if found is None or found.origin is None else [SAMPLES, Path(found.origin).parent / "data"]

    def read(names: tuple[str, ...]) -> list[Array]:
        paths = [folder / name for name in names for folder in folders if (folder / name).exists()]
        return [_large_enough(Image.open(path).convert("RGB")) for path in paths]

    return Sources(read(TEXTURES), read(PHOTOGRAPHS))


def _large_enough(picture: Image.Image) -> Array:
    scale = max(1.0, WIDTH / picture.width, HEIGHT / picture.height)
    size = round(picture.width * scale + 0.5), round(picture.height * scale + 0.5)
    return np.asarray(picture.resize(size, Image.Resampling.LANCZOS), np.float64)


def regions(rng: np.random.Generator) -> Array:
    """Return the number of the region of each fine pixel."""
    if rng.random() < 0.5:
        labels = Image.new("L", (WIDTH * FINER, HEIGHT * FINER))
        for label in range(1, int(rng.integers(5, 13)) + 1):
            corners = [tuple(corner) for corner in outline(rng) * FINER]
            ImageDraw.Draw(labels).polygon(corners, fill=label)
        return np.asarray(labels)
    size = HEIGHT * FINER, WIDTH * FINER
    y, x = np.mgrid[: size[0], : size[1]]
    waves = [ndimage.zoom(rng.normal(size=(8, 12)), (size[0] / 8, size[1] / 12)) * rng.uniform(0, 60) for _ in "yx"]
    y, x = y + waves[0], x + waves[1]
    middles = rng.uniform((0, 0), size, (rng.integers(5, 14), 2))
    return np.argmin([(y - top) ** 2 + (x - left) ** 2 for top, left in middles], axis=0).astype(np.uint8)


def surface(rng: np.random.Generator, kind: str, colour: Array, given: Sources) -> Array:
    """Return the filling of a region, around a *colour*."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    filled = np.broadcast_to(colour, (HEIGHT, WIDTH, 3)).astype(np.float64)
    if kind == "flat":
        return filled
    light = rng.uniform(-0.15, 0.15) * (x - WIDTH / 2) + rng.uniform(-0.15, 0.15) * (y - HEIGHT / 2)
    filled = filled + light[..., None] * rng.uniform(0.6, 1, 3)
    if kind == "photograph" or (given.textures and rng.random() < 0.6):
        among = given.photographs if kind == "photograph" else given.textures
        whole = among[rng.integers(len(among))]
        top, left = (rng.integers(0, side - size + 1) for side, size in zip(whole.shape, (HEIGHT, WIDTH), strict=False))
        piece = whole[top : top + HEIGHT, left : left + WIDTH]
        piece = piece[:: rng.choice([-1, 1]), :: rng.choice([-1, 1])]
        factor = rng.uniform(0.35, 0.7) if kind == "photograph" else rng.uniform(6, 40) / piece.std()
        return filled + (piece - piece.mean(axis=(0, 1))) * factor
    grain = ndimage.gaussian_filter(rng.normal(size=(HEIGHT, WIDTH)), rng.uniform(0.8, 3, 2))
    return filled + (grain * rng.uniform(4, 30) / grain.std())[..., None] * rng.uniform(0.6, 1, 3)


def scene(rng: np.random.Generator, kind: str, given: Sources) -> Scene:
    """Draw a picture."""
    fine = regions(rng)
    labels = fine[FINER // 2 :: FINER, FINER // 2 :: FINER]
    level, spread, tint = rng.uniform(40, 215), rng.uniform(12, 45), rng.uniform(2, 14)
    total = np.zeros((HEIGHT, WIDTH, 3))
    means, deviations = [], []
    for label in range(int(fine.max()) + 1):
        colour = np.clip(level + rng.normal() * spread, 20, 235) + rng.normal(size=3) * tint
        own = KINDS[rng.integers(3)] if kind == "mixed" else kind
        values = surface(rng, own, colour, given)
        covered = (fine == label).reshape(HEIGHT, FINER, WIDTH, FINER).mean(axis=(1, 3))
        total += covered[..., None] * values
        gray = values.mean(axis=2)
        mean = ndimage.uniform_filter(gray, 15)
        means.append(ndimage.uniform_filter(values, (15, 15, 0)))
        deviations.append(np.sqrt(np.maximum(ndimage.uniform_filter(gray * gray, 15) - mean * mean, 0)))
    contours = boundaries(labels, np.stack(means, axis=2), np.stack(deviations, axis=2))
    sigma = rng.uniform(0.5, 1.6)
    picture = ndimage.gaussian_filter(total, (sigma, sigma, 0))
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    for _ in range(rng.integers(0, 4)):  # highlights
        far = (y - rng.uniform(0, HEIGHT)) ** 2 + (x - rng.uniform(0, WIDTH)) ** 2
        picture += 60 * np.exp(-far / (2 * rng.uniform(10, 60) ** 2))[..., None]
    picture += rng.normal(size=picture.shape) * rng.choice([1, 3, 6, 12])
    coded = io.BytesIO()
    rounded = Image.fromarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8))
    rounded.save(coded, "JPEG", quality=int(rng.integers(70, 96)))
    return Scene(np.asarray(Image.open(coded).convert("RGB")), contours, kind)


def boundaries(labels: Array, means: Array, deviations: Array) -> Array:
    """Return a mask that is True along borders of regions that differ there."""
    found = np.zeros(labels.shape, bool)
    rows, columns = np.indices(labels.shape)
    for near, far in (
        ((slice(None), slice(0, -1)), (slice(None), slice(1, None))),
        ((slice(0, -1),), (slice(1, None),)),
    ):
        one, other = ((rows[near], columns[near], labels[side]) for side in (near, far))
        coloured = np.abs(means[one] - means[other]).max(axis=-1) >= LEAST
        rough = np.abs(np.log((deviations[one] + 4) / (deviations[other] + 4))) >= SPREAD
        found[near] |= (labels[near] != labels[far]) & (coloured | rough)
    return found


def hits(strength: Array, contours: Array, thresholds: Array) -> Array:
    """Return for each threshold the numbers of correct lines, lines, found contours, and contours."""
    counts = np.zeros((len(thresholds), 4), np.int64)
    for number, threshold in enumerate(thresholds):
        lines = strength > threshold
        pairs = assigned(lines, contours)
        counts[number] = pairs, np.count_nonzero(lines), pairs, np.count_nonzero(contours)
    return counts


def assigned(lines: Array, contours: Array) -> int:
    """Return how many pixels of lines can be matched one to one with pixels of contours within `REACH`.

    So one of two parallel lines counts as wrong.
    """
    y, x = np.nonzero(lines)
    numbers = np.cumsum(contours).reshape(contours.shape) - 1
    reach = int(REACH)
    steps = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1)
    rows, columns = [], []
    for down, right in steps[:, np.hypot(*steps) <= REACH].T:
        at = y + down, x + right
        there = (at[0] >= 0) & (at[0] < HEIGHT) & (at[1] >= 0) & (at[1] < WIDTH)
        there[there] = contours[at[0][there], at[1][there]]
        rows.append(np.flatnonzero(there))
        columns.append(numbers[at[0][there], at[1][there]])
    row, column = np.concatenate(rows), np.concatenate(columns)
    graph = sparse.csr_array((np.ones(len(row), np.int8), (row, column)), (max(len(y), 1), max(numbers.max() + 1, 1)))
    return int((csgraph.maximum_bipartite_matching(graph, perm_type="column") >= 0).sum())


CALLS: dict[str, dict[str, Any]] = {
    "Sobel, sigma 2": {"sigma": 2, "thin": True},
    "Sobel, sigma 2, max": {"sigma": 2, "thin": True, "channels": "max"},
    "Canny, luma": {"op": "canny", "channels": "luma"},
    "Canny, max": {"op": "canny", "channels": "max"},
    "Canny, Di Zenzo": {"op": "canny", "channels": "di-zenzo"},
    "pb, luma": {"op": "pb", "channels": "luma"},
    "pb": {"op": "pb"},
}


def main() -> None:
    """Measure, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=24, help="pictures")
    parser.add_argument("--seed", type=int, default=2004)
    arguments = parser.parse_args()
    rng, given = np.random.default_rng(arguments.seed), sources()
    drawn = [scene(rng, KINDS[number % len(KINDS)], given) for number in range(arguments.n)]
    rows = []
    for name, values in CALLS.items():
        binary = values.get("op") == "canny"
        thresholds = np.array([0.5]) if binary else np.geomspace(0.02, 0.9 if "pb" in name else 2.5, 24)
        counts = {kind: np.zeros((len(thresholds), 4), np.int64) for kind in KINDS}
        for one in drawn:
            strength = edges(one.picture, **values, maps="image", depth="float").image
            counts[one.kind] += hits(strength, one.contours, thresholds)
        scores: dict[str, list[Score]] = {kind: [score(row) for row in found] for kind, found in counts.items()}
        means = [float(np.mean([scores[kind][at].f for kind in KINDS])) for at in range(len(thresholds))]
        best = int(np.argmax(means))
        own = [f"{scores[kind][best].f:.3f}" for kind in KINDS]
        rows.append([name, "its own" if binary else f"{thresholds[best]:.2f}", *own, f"{means[best]:.3f}"])
    head = ["operator", "threshold, of white", *KINDS, "mean F"]
    text = f"{len(drawn)} pictures of {WIDTH}×{HEIGHT}, seed {arguments.seed}.\n\n{common.table(head, rows)}\n"
    common.write("boundaries", text)


if __name__ == "__main__":
    main()
