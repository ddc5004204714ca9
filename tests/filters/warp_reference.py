"""The slow reference of warping: each sample of the result by itself, in float64."""

import math


def weights(f, interpolation):
    """The offsets and weights of the samples along an axis, for the fraction *f* after the previous one."""
    if interpolation == "bilinear":
        return [(0, 1 - f), (1, f)]

    def cubic(t, a=-0.5):
        t = abs(t)
        if t < 1:
            return (a + 2) * t**3 - (a + 3) * t**2 + 1
        return a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a if t < 2 else 0.0

    return [(n, cubic(f - n)) for n in range(-1, 3)]


def sample_at(image, x, y, interpolation, border, fill, source):
    """The value of one channel, rows of numbers, at a point of corner coordinates."""
    height, width = len(image), len(image[0])

    def at(row, column):
        row, column = source(row, height, border), source(column, width, border)
        return fill if row is None or column is None else float(image[row][column])

    if interpolation == "nearest":
        return at(math.floor(y), math.floor(x))
    x, y = x - 0.5, y - 0.5
    left, top = math.floor(x), math.floor(y)
    return sum(
        down * sum(across * at(top + j, left + i) for i, across in weights(x - left, interpolation))
        for j, down in weights(y - top, interpolation)
    )


def warped(image, matrix, size, interpolation, border, fill, source):
    """The rows of a result of *size* ``(width, height)``; *matrix* takes its points to those of the image."""
    rows = []
    for row in range(size[1]):
        rows.append([])
        for column in range(size[0]):
            x, y, w = (a * (column + 0.5) + b * (row + 0.5) + c for a, b, c in (matrix[:3], matrix[3:6], matrix[6:]))
            if w <= 0:
                rows[-1].append(fill)
                continue
            rows[-1].append(sample_at(image, x / w, y / w, interpolation, border, fill, source))
    return rows
