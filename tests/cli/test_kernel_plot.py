"""`imfilter kernels plot`: what is drawn stands where it belongs, of any kernel and of banks."""

import numpy as np
import pytest
from imfilter.cli.drawing import kernel_plot
from imfilter.cli.drawing.kernel_plot import LEFT, SIDE, STEP, TOP, Drawn, fitting
from imfilter.cli.drawing.ramps import diverging, ramp
from imfilter.cli.drawing.text import font
from scipy import ndimage


def drawn(weights, anchor=None, phase=False):
    weights = np.array(weights, float)
    height, width = weights.shape
    return kernel_plot.plot(Drawn("a kernel", weights, anchor or (width // 2, height // 2)), phase)


def panel(plot, number):
    return plot[TOP : TOP + SIDE, LEFT + number * STEP : LEFT + number * STEP + SIDE]


def test_weights_have_the_colours_of_their_signs_and_the_anchor_a_frame():
    cells = panel(drawn([[-2, 0, 1]], anchor=(2, 0)), 0)
    corners = cells[5, [6, 96 + 6, 2 * 96 + 6]]
    assert np.array_equal(corners, diverging(np.array([-1.0, 0.0, 0.5])))
    assert (cells[40, 2 * 96 : 2 * 96 + 3] == 0).all()
    assert (cells[40, :3] > 0).any()


def test_the_response_is_drawn_where_its_frequencies_are():
    """Along x a derivative is strongest at 1/4, and at no frequency along y alone."""
    plot = drawn([[-1, 0, 1]])
    map = panel(plot, 1).astype(int)
    white = (map[7] == 255).all(axis=1)
    lightness = np.where(white, 0, map[7].sum(axis=1))
    assert {SIDE // 4, 3 * SIDE // 4} <= {*np.flatnonzero(lightness == lightness.max()).tolist()}
    assert np.abs(map[:, SIDE // 2] - ramp(np.array(0.0))).max() < 8
    contour = np.flatnonzero(white) / SIDE - 0.5
    halves = np.array([-5 / 12, -1 / 12, 1 / 12, 5 / 12])  # where |2 sin 2πf| is 1
    assert np.abs(contour[:, None] - halves).min(axis=1).max() < 2 / SIDE
    assert np.abs(contour[:, None] - halves).min(axis=0).max() < 2 / SIDE


def test_curves_have_the_heights_of_the_response():
    """Of a mean of four along x: 0 at 1/4 and 1/2; along y nothing changes."""
    curves = panel(drawn(np.full((1, 4), 0.25)), 2).astype(int)
    along_x = (curves[..., 2] - curves[..., 0]) > 90
    along_y = (curves[..., 0] - curves[..., 2]) > 150
    lowest = [np.flatnonzero(along_x[:, column]).max() for column in (2, SIDE // 2, SIDE - 3)]
    assert lowest[0] < 12
    assert min(lowest[1:]) > SIDE - 8
    assert np.flatnonzero(along_y.any(axis=1)).max() < 4


@pytest.mark.each("shape", [(1, 1), (11, 11), (12, 12), (101, 101), (1, 500), (400, 3)])
@pytest.mark.each("scale", [0.0, 1.0, 1e-300, 1e300])
def test_every_kernel_has_a_plot(shape, scale):
    weights = np.random.default_rng(2).normal(size=shape) * scale
    assert drawn(weights).shape == (430, 1100, 3)
    assert drawn(weights, phase=True).shape == (430, 1460, 3)


@pytest.mark.each("scale", [1.0, 27320.0, 1e30, 1e-300])
def test_no_number_reaches_another_panel(scale):
    """Of an identity all responses are equal, so the panel on the left is of one colour, up to its frame."""
    plot = drawn([[scale]])
    edge = plot[TOP - 10 : TOP + 10, LEFT + STEP + SIDE - 20 : LEFT + STEP + SIDE + 4]
    assert (edge[10:, :20] == ramp(np.array(1.0))).all()
    assert (edge[:, 21:] == 255).all()
    heading = plot[TOP - 18 : TOP - 2, LEFT + 2 * STEP : LEFT + 2 * STEP + SIDE]
    assert (heading < 128).any()


@pytest.mark.each("value", [0.0, -1.0, 1 / 9, -1 / 3, 12345678.0, -1.2345e-9, 1e300])
@pytest.mark.each("width", [25, 40, 92])
def test_a_number_fits_into_its_cell(value, width):
    words, own = fitting(value, width)
    assert own.width(words) <= width
    assert not words or np.isclose(float(words), value, rtol=0.06)
    assert fitting(value, 92) == (f"{value:.4g}", font(12))


def test_a_kernel_is_written_or_a_map_of_a_bank_or_all(ok, load, folder):
    ok("kernels", "plot", "sobel-x", "-o", "s.png")
    ok("kernels", "plot", "haar", "--map", "1", "--phase", "-o", "m.png")
    ok("kernels", "plot", "haar", "-o", "b.png")
    np.save("bank.npy", np.arange(2 * 5 * 3 * 3.0).reshape(2, 5, 3, 3))
    ok("kernels", "plot", "bank.npy", "-o", "n.jpg")
    assert load("s.png").shape == (430, 1100, 3)
    assert load("m.png").shape == (430, 1460, 3)
    assert load("n.jpg").ndim == 3
    ok("kernels", "plot", "haar", "-o", "again.png")
    assert (folder / "again.png").read_bytes() == (folder / "b.png").read_bytes()


def test_all_maps_of_a_bank_stand_on_the_sheet():
    weights = np.zeros((4, 2, 2, 2))
    weights[:, 0] = [[1, -1], [1, -1]]
    sheet = kernel_plot.sheet(["a", "b", "c", "d"], weights)
    red = (sheet == diverging(np.array(1.0))).all(axis=2)
    blue = (sheet == diverging(np.array(-1.0))).all(axis=2)
    assert red.sum() == blue.sum() == 4 * 2 * 24 * 24


@pytest.mark.each(
    "inputs, captioned", [(1, False), (2, True), (3, True), (4, True), (7, True), (16, True), (17, False)]
)
def test_the_kernels_of_several_inputs_stand_apart(inputs, captioned):
    sheet = kernel_plot.sheet(["a", "b"], np.ones((2, inputs, 3, 3)))
    red = (sheet == diverging(np.array(1.0))).all(axis=2)
    planes, count = ndimage.label(red)
    assert count == 2 * inputs
    boxes = ndimage.find_objects(planes)
    assert len({(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in boxes}) == 1
    words = (np.ptp(sheet.astype(int), axis=2) == 0) & (sheet[..., 0] < kernel_plot.LINE)
    for rows, columns in boxes:
        above = words[max(0, rows.start - 16) : rows.start, columns]
        assert bool(above.any()) is captioned


REFUSED = {
    "mean3": "standard output is not a terminal, so pictures cannot be shown; write a file with -o",
    "nosuch -o a.png": "'nosuch' is neither",
    "mean3 -o a.pgm": "a.pgm: cannot hold colours; use .png",
    "mean3 -o a.xyz": "",
    "mean3 --map 1 -o a.png": "--map needs a filter bank; mean3 is one kernel",
    "haar --map 4 -o a.png": "--map 4 is out of range: the bank has the maps 0 to 3",
    "haar --phase -o a.png": "--phase draws one kernel; choose a map with --map N",
    "mean3 -o a.png --show-as dots": "--show-as and --show-size belong to the terminal; leave out -o",
    "k.png -o k.png": "",
}


@pytest.mark.each("line", REFUSED)
def test_what_cannot_be_plotted_is_refused(refused, folder, line):
    (folder / "k.png").write_text("1 2 1\n")
    assert refused(2, "kernels", "plot", *line.split()).startswith(f"imfilter: {REFUSED[line]}")
    assert (folder / "k.png").read_text() == "1 2 1\n"
    assert not (folder / "a.png").exists()
