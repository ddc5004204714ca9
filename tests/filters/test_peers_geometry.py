"""Rotation and perspective against OpenCV, SciPy and Pillow."""

import numpy as np
import pytest
from imfilter.filters.affine import affine
from imfilter.filters.perspective import perspective
from imfilter.filters.rotate import rotate

pytestmark = pytest.mark.peers

BORDERS = {"constant": "BORDER_CONSTANT", "nearest": "BORDER_REPLICATE", "reflect": "BORDER_REFLECT",
           "mirror": "BORDER_REFLECT_101", "wrap": "BORDER_WRAP"}  # fmt: skip


@pytest.fixture(scope="module")
def cv2(peer):
    return peer("cv2")


def picture(dtype="uint8"):
    """Smooth, so that a rule of rounding shows and a place that is a little off does not."""
    y, x = np.mgrid[:241, :333]
    planes = [np.sin(x / 17 + n) * np.cos(y / 23 - n) * 0.5 + 0.5 for n in range(3)]
    scale = 1 if dtype == "float32" else np.iinfo(dtype).max
    return np.dstack([plane * scale for plane in planes]).astype(dtype)


def of_centres(matrix):
    """A matrix of corner coordinates as OpenCV takes it."""
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    return np.linalg.inv(half) @ matrix @ half


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.each("angle", [12, -77.3, 200])
def test_bilinear_turns_are_opencvs(cv2, border, angle):
    image = picture()
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    centre = np.array([[1, 0, 333 / 2], [0, 1, 241 / 2], [0, 0, 1]])
    forward = centre @ [[c, -s, 0], [s, c, 0], [0, 0, 1]] @ np.linalg.inv(centre)
    rule = getattr(cv2, BORDERS[border])
    expected = cv2.warpAffine(image, of_centres(forward)[:2], (333, 241), borderMode=rule, borderValue=(40, 40, 40))
    off = np.abs(rotate(image, angle=angle, border=border, fill=40).astype(int) - expected)
    assert off.max() <= 1 and (off > 0).mean() < 5e-3


def test_perspective_is_opencvs(cv2):
    image = picture()
    there = np.array([[20, 10], [300, 30], [320, 230], [5, 200]], np.float32)
    corners = np.array([[0, 0], [333, 0], [333, 241], [0, 241]], np.float32)
    forward = cv2.getPerspectiveTransform(corners, there).astype(float)
    expected = cv2.warpPerspective(image, of_centres(forward), (333, 241))
    off = np.abs(perspective(image, to=there.astype(float).tolist()).astype(int) - expected)
    assert off.max() <= 1 and (off > 0).mean() < 5e-3


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.each("border, mode", [("reflect", "reflect"), ("mirror", "mirror"), ("nearest", "nearest"),
                                   ("wrap", "grid-wrap"), ("constant", "grid-constant")])  # fmt: skip
def test_affine_is_scipys(peer, order, border, mode):
    """In float64, of corner coordinates; SciPy's matrix goes from the result to the image, y first."""
    ndimage = peer("scipy.ndimage")
    image = picture("float32").astype(float)[..., 0]
    angle, scale, shear, by = 31.7, (1.3, 0.77), (12.0, -7.0), (4.3, -8.1)
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    lean_x, lean_y = np.tan(np.radians(shear))
    centre = np.array([[1, 0, 333 / 2], [0, 1, 241 / 2], [0, 0, 1]])
    moved = np.array([[1, 0, by[0]], [0, 1, by[1]], [0, 0, 1]])
    sheared = np.array([[1, lean_x, 0], [lean_y, 1, 0], [0, 0, 1]]) @ np.diag([*scale, 1])
    forward = moved @ centre @ [[c, -s, 0], [s, c, 0], [0, 0, 1]] @ sheared @ np.linalg.inv(centre)
    back = np.linalg.inv(of_centres(forward))
    expected = ndimage.affine_transform(
        image, back[:2, :2][::-1, ::-1], back[:2, 2][::-1], order=order, mode=mode, cval=0.25
    )
    interpolation = ("nearest", "bilinear")[order]
    values = {"angle": angle, "scale": scale, "shear": shear, "translate": by, "interpolation": interpolation}
    found = affine(image, **values, border=border, fill=0.25)
    assert (~np.isclose(found, expected, rtol=0, atol=1e-9)).mean() < 1e-4


def test_bilinear_turns_of_floats_are_pillows_inside(peer):
    """Pillow turns the other way, and has no border. Its bicubic has a = -1, OpenCV's a = -3/4."""
    Image = peer("PIL.Image")
    image = picture("float32")[..., 0]
    theirs = np.asarray(Image.fromarray(image).rotate(-25, Image.Resampling.BILINEAR, center=(333 / 2, 241 / 2)))
    inside = rotate(np.ones_like(image), angle=25) == 1
    assert inside.mean() > 0.8
    assert np.abs(rotate(image, angle=25) - theirs)[inside].max() < 1e-6


@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.each("angle", [12, -77.3, 200])
def test_nearest_turns_are_scipys(peer, dtype, angle):
    """Of random samples, so that each place shows; but where one lies on the edge of two."""
    ndimage = peer("scipy.ndimage")
    white = 1 if dtype == "float32" else np.iinfo(dtype).max
    image = (np.random.default_rng(3).random((61, 83)) * white).astype(dtype)
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    centre = np.array([[1, 0, 83 / 2], [0, 1, 61 / 2], [0, 0, 1]])
    back = np.linalg.inv(of_centres(centre @ [[c, -s, 0], [s, c, 0], [0, 0, 1]] @ np.linalg.inv(centre)))
    expected = ndimage.affine_transform(
        image, back[:2, :2][::-1, ::-1], back[:2, 2][::-1], order=0, mode="grid-constant", cval=0
    )
    assert (rotate(image, angle=angle, interpolation="nearest") != expected).mean() < 1e-3


@pytest.mark.each("border", ["constant", "nearest", "reflect"])
@pytest.mark.each("interpolation", ["bilinear", "nearest"])
def test_affine_is_pytorchs(peer, border, interpolation):
    """Its border `border` is nearest, `zeros` is black, and its reflection that of the edge. In double precision."""
    torch = peer("torch")
    image = picture("float32").astype(float)
    angle, scale = 31.7, 1.3
    c, s = np.cos(np.radians(angle)) * scale, np.sin(np.radians(angle)) * scale
    back = np.linalg.inv([[c, -s], [s, c]])
    # Its places run from -1 to 1 along each side.
    size = np.array([333, 241])
    matrix = torch.from_numpy(np.column_stack([back * size / size[:, None], [0, 0]]))[None]
    grid = torch.nn.functional.affine_grid(matrix, (1, 3, 241, 333), align_corners=False)
    rule = {"constant": "zeros", "nearest": "border", "reflect": "reflection"}[border]
    planes = torch.from_numpy(np.moveaxis(image, 2, 0)[None].copy())
    found = torch.nn.functional.grid_sample(planes, grid, interpolation, rule, align_corners=False)[0].numpy()
    ours = affine(image, angle=angle, scale=scale, interpolation=interpolation, border=border)
    assert (~np.isclose(ours, np.moveaxis(found, 0, 2), rtol=0, atol=1e-9)).mean() < 1e-4
