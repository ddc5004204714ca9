"""Score Canny on pictures whose contours are known: `python benchmarks/contours.py` rewrites its part of RESULTS.md.

Overlapping polygons, ellipses and smooth curves are drawn at four times the size, so that their contours are known
exactly. There are four kinds of pictures: flat surfaces, surfaces with uneven light, textures, and pieces of
photographs, whose own edges count as wrong, as in contours of objects drawn by hand. Each picture is blurred by a
sigma of 0.7 to 2 and has noise of 2 to 20 levels.

A line is correct if a contour is within 2 pixels, and a contour is found if a line is. The score is the F of D. Martin,
C. Fowlkes and J. Malik, "Learning to detect natural image boundaries", 2004, with this distance in place of their
assignment. The best settings are chosen on half of the pictures and scored on the other; then the halves change
places. Everything is drawn from one seed.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import common
import numpy as np
from imfilter.filters.core.gradient.non_maximum_suppression import hysteresis
from imfilter.filters.edges import CANNY_HIGH, CANNY_LOW, DEFAULT_SIGMA, edges
from PIL import Image, ImageDraw
from scipy import ndimage

SAMPLES = Path(__file__).parents[1] / "sample_images"
PHOTOGRAPHS = ("cat.jpg", "coffee.jpg")
KINDS = ("flat", "shaded", "texture", "photograph")
WIDTH, HEIGHT, FINER = 480, 320, 4
REACH = 2
LEAST = 12
"""The least difference of two surfaces, in levels, for their border to be a contour."""
SIGMAS = (0.7, 1.0, 1.4, 1.7, 2.0, 2.4, 2.8, 3.4)
HIGHS = tuple(np.round(np.geomspace(0.06, 1.2, 22), 3))
RATIOS = (0.3, 0.4, 0.5)
Array = Any


class Scene(NamedTuple):
    """A picture and its true contours."""

    picture: Array
    contours: Array
    kind: str


class Score(NamedTuple):
    """Precision, recall, and their harmonic mean."""

    precision: float
    recall: float

    @property
    def f(self) -> float:
        """2PR / (P + R)."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


# ---- pictures ---------------------------------------------------------------------------------------


def outline(rng: np.random.Generator) -> Array:
    """Return the corners of a polygon, an ellipse or a smooth closed curve, in pixels."""
    middle = rng.uniform((0, 0), (WIDTH, HEIGHT))
    size, kind = rng.uniform(25, 130), rng.integers(3)
    if kind == 0:
        turns = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 8)))
        far = size * rng.uniform(0.5, 1, len(turns))
    else:
        turns = np.linspace(0, 2 * np.pi, 240, endpoint=False)
        far = np.full_like(turns, size)
        if kind == 2:
            for wave in range(2, 6):
                far = far * (1 + rng.uniform(0, 0.5) / wave * np.cos(wave * turns + rng.uniform(0, 2 * np.pi)))
    points = np.stack([far * np.cos(turns), far * np.sin(turns) * rng.uniform(0.3, 1)], axis=1)
    turn = rng.uniform(0, np.pi)
    return middle + points @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])


def surface(rng: np.random.Generator, kind: str, level: float, photographs: list[Array]) -> Array:
    """Return the filling of a shape: a picture around *level*."""
    if kind == "photograph":
        whole = photographs[rng.integers(len(photographs))]
        top, left = (rng.integers(0, side - size + 1) for side, size in zip(whole.shape, (HEIGHT, WIDTH), strict=True))
        piece = whole[top : top + HEIGHT, left : left + WIDTH]
        return piece[:: rng.choice([-1, 1]), :: rng.choice([-1, 1])] * 0.6 + level - 0.6 * piece.mean()
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    filled = np.full((HEIGHT, WIDTH), level)
    if kind != "flat":
        filled += rng.uniform(-0.12, 0.12) * (x - WIDTH / 2) + rng.uniform(-0.12, 0.12) * (y - HEIGHT / 2)
    if kind == "texture":
        grain = ndimage.gaussian_filter(rng.normal(size=(HEIGHT, WIDTH)), rng.uniform(0.8, 3, 2))
        filled += grain * rng.uniform(3, 22) / grain.std()
    return filled


def scene(rng: np.random.Generator, kind: str, photographs: list[Array]) -> Scene:
    """Draw a picture, shape over shape."""
    labels = Image.new("L", (WIDTH * FINER, HEIGHT * FINER))
    count = int(rng.integers(5, 13))
    for label in range(1, count + 1):
        corners = [tuple(corner) for corner in outline(rng) * FINER]
        ImageDraw.Draw(labels).polygon(corners, fill=label)
    fine = np.asarray(labels)
    total, means = np.zeros((HEIGHT, WIDTH)), np.zeros((HEIGHT, WIDTH, count + 1))
    filled = [surface(rng, kind, rng.uniform(40, 215), photographs) for _ in range(count + 1)]
    for label, values in enumerate(filled):
        covered = (fine == label).reshape(HEIGHT, FINER, WIDTH, FINER).mean(axis=(1, 3))
        total += covered * values
        means[..., label] = ndimage.uniform_filter(values, 9)
    contours = boundaries(fine[FINER // 2 :: FINER, FINER // 2 :: FINER], means)
    blurred = ndimage.gaussian_filter(total, rng.uniform(0.7, 2))
    noisy = blurred + rng.normal(size=blurred.shape) * rng.choice([2, 5, 10, 20])
    return Scene(np.clip(np.rint(noisy), 0, 255).astype(np.uint8), contours, kind)


def boundaries(labels: Array, means: Array) -> Array:
    """Return a mask that is True along borders of surfaces that differ there by `LEAST` levels."""
    found = np.zeros(labels.shape, bool)
    rows, columns = np.indices(labels.shape)
    for near, far in (
        ((slice(None), slice(0, -1)), (slice(None), slice(1, None))),
        ((slice(0, -1),), (slice(1, None),)),
    ):
        at = rows[near], columns[near]
        differ = np.abs(means[(*at, labels[near])] - means[(*at, labels[far])]) >= LEAST
        found[near] |= (labels[near] != labels[far]) & differ
    return found


def scenes(number: int, seed: int) -> list[Scene]:
    """Draw *number* pictures, of all kinds in turn."""
    photographs = []
    for name in PHOTOGRAPHS:
        photograph = Image.open(SAMPLES / name).convert("L")
        scale = max(1.0, WIDTH / photograph.width, HEIGHT / photograph.height)
        size = round(photograph.width * scale + 0.5), round(photograph.height * scale + 0.5)
        photographs.append(np.asarray(photograph.resize(size, Image.Resampling.LANCZOS), np.float64))
    rng = np.random.default_rng(seed)
    return [scene(rng, KINDS[i % len(KINDS)], photographs) for i in range(number)]


# ---- scores -----------------------------------------------------------------------------------------


def hits(lines: Array, contours: Array, near_contours: Array) -> Array:
    """Return the numbers of correct lines, lines, found contours, and contours."""
    found = contours & reached(lines)
    return np.array([np.count_nonzero(part) for part in (lines & near_contours, lines, found, contours)])


def reached(lines: Array) -> Array:
    """Return a mask that is True within `REACH` of a line.

    It uses shifted copies; with distance transforms the benchmark took four times as long.
    """
    padded = np.pad(lines, REACH)
    near = np.zeros_like(lines)
    for y in range(-REACH, REACH + 1):
        for x in range(-REACH, REACH + 1):
            if x * x + y * y <= REACH * REACH:
                near |= padded[REACH + y :, REACH + x :][: lines.shape[0], : lines.shape[1]]
    return near


def score(counts: Array) -> Score:
    """Return the score of numbers added up over pictures."""
    right, lines, found, contours = counts.tolist()
    return Score(right / lines if lines else 0.0, found / contours if contours else 0.0)


def mean_f(counts: Array) -> float:
    """Return the mean of F over the kinds; *counts* are ``(kind, 4)``."""
    return float(np.mean([score(kind).f for kind in counts]))


def counted(drawn: list[Scene], settings: list[tuple[float, float, float, str]]) -> Array:
    """Return ``(settings, scenes, 4)`` numbers of hits, for settings of sigma, low, high and norm."""
    counts = np.zeros((len(settings), len(drawn), 4), np.int64)
    for number, one in enumerate(drawn):
        near = reached(one.contours)
        thinned: dict[tuple[float, str], Array] = {}
        for setting, (sigma, low, high, norm) in enumerate(settings):
            if (sigma, norm) not in thinned:
                thin = edges(one.picture, sigma=sigma, norm=norm, thin=True, depth="float").image
                thinned = {(sigma, norm): thin}
            thin = thinned[sigma, norm]
            classes = (thin > low * 255).astype(np.uint8) + (thin > high * 255)
            counts[setting, number] = hits(hysteresis(classes[..., None])[..., 0], one.contours, near)
    return counts


def by_kind(counts: Array, drawn: list[Scene]) -> Array:
    """Add up ``(…, scenes, 4)`` over the pictures of each kind: ``(…, kinds, 4)``."""
    kinds = np.array([one.kind for one in drawn])
    return np.stack([counts[..., kinds == kind, :].sum(axis=-2) for kind in KINDS], axis=-2)


def offsets(sigma: float = 1.4) -> tuple[float, float]:
    """Return the signed distance of thin lines from a step between pixels, negative to the left: rising, falling."""
    step = np.zeros((9, 60), np.uint8)
    step[:, 30:] = 200
    found = [np.flatnonzero(edges(one, sigma=sigma, thin=True).image[4]) for one in (step, 200 - step)]
    return tuple(float(places.mean()) - 29.5 for places in found)  # type: ignore[return-value]


def main() -> None:
    """Measure, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=80, help="pictures")
    parser.add_argument("--seed", type=int, default=1986)
    arguments = parser.parse_args()
    drawn = scenes(arguments.n, arguments.seed)
    named = {
        "imfilter's defaults": (DEFAULT_SIGMA["canny"], CANNY_LOW, CANNY_HIGH, "l2"),
        "its defaults before": (1.4, 0.16, 0.4, "l2"),
        "OpenCV's usual: 100 and 200, L1": (0.0, 100 / 255, 200 / 255, "l1"),
        "the same after its usual 5×5 blur": (1.1, 100 / 255, 200 / 255, "l1"),
        "OpenCV's tutorial: 50 and 150, after that": (1.1, 50 / 255, 150 / 255, "l1"),
        "scikit-image's": (1.0, 0.1, 0.2, "l2"),
    }
    grid = [(sigma, ratio * high, high, "l2") for sigma in SIGMAS for high in HIGHS for ratio in RATIOS]
    settings = [*named.values(), *grid]
    counts = counted(drawn, settings)
    totals = by_kind(counts, drawn)
    scores = [mean_f(total) for total in totals]
    first = len(named)

    def row(name: str, number: int) -> list[str]:
        sigma, low, high, _ = settings[number]
        own = [score(kind) for kind in totals[number]]
        means = [f"{np.mean([one[part] for one in own]):.2f}" for part in range(2)]
        each = [f"{one.f:.3f}" for one in own]
        return [name, f"{sigma:g}, {low:.2f}, {high:.2f}", *each, f"{scores[number]:.3f}", *means]

    rows = [row(name, number) for number, name in enumerate(named)]
    for sigma in SIGMAS:
        best = max((n for n in range(first, len(settings)) if settings[n][0] == sigma), key=scores.__getitem__)
        rows.append(row(f"the best of sigma {sigma:g}", best))
    halves = [[i for i in range(len(drawn)) if i // len(KINDS) % 2 == part] for part in (0, 1)]
    halved = [by_kind(counts[:, half], [drawn[i] for i in half]) for half in halves]
    unseen = []
    for chosen, judged in (halved, halved[::-1]):
        best = max(range(first, len(settings)), key=lambda number, chosen=chosen: mean_f(chosen[number]))
        unseen.append(mean_f(judged[best]))
    head = ["settings", "sigma, low, high", *KINDS, "mean F", "precision", "recall"]
    text = f"{len(drawn)} pictures of {WIDTH}×{HEIGHT}, seed {arguments.seed}.\n\n{common.table(head, rows)}\n\n"
    means = "{:.3f} and {:.3f}".format(*unseen)
    text += f"- Settings chosen on one half of the pictures reach a mean F of {means} on the other half.\n"
    rising, falling = offsets()
    text += f"- Thin lines lie {rising:+.1f} px from a rising step between two pixels, "
    text += f"and {falling:+.1f} px from a falling one.\n"
    common.write("contours", text)


if __name__ == "__main__":
    main()
