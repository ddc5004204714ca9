"""From Python as from the shell: what `imfilter` exports, the forms of images, chains, files, and what help shows."""

import concurrent.futures
import copy
import inspect
import pickle
import pydoc
import subprocess
import sys
from pathlib import Path

import imfilter
import numpy as np
import pytest
from imfilter import (
    FileError,
    ImageError,
    ParameterError,
    blur,
    chain,
    conv,
    edges,
    imread,
    imwrite,
    load_recipe,
    morph,
    noise,
    pool,
    sharpen,
)
from imfilter.filters.core import catalog
from PIL import Image

RNG = np.random.default_rng(7)
RGB = RNG.integers(0, 256, (9, 12, 3)).astype(np.uint8)
GRAY = RGB[..., 0].copy()
RGBA = np.dstack([RGB, RNG.choice([0, 90, 255], GRAY.shape).astype(np.uint8)])
SMOOTH_EDGES = chain(blur.step(sigma=1), edges.step(op="scharr"))


# ---- names ------------------------------------------------------------------------------------------


def test_every_filter_can_be_imported_from_the_top():
    assert {*catalog.names(), "chain", "imread", "imwrite"} <= {*imfilter.__all__} <= {*dir(imfilter)}
    assert all(getattr(imfilter, name) is not None for name in imfilter.__all__)
    with pytest.raises(AttributeError, match="no attribute 'blurr'"):
        _ = imfilter.blurr
    found = {}
    exec("from imfilter import *", found)
    assert {*imfilter.__all__} <= {*found}


def test_the_import_loads_nothing_heavy():
    code = "import sys, imfilter; dir(imfilter); print({'numpy', 'PIL', 'typer', 'inspect'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


ALONE = """
import gc, os, signal, sys

def state():
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    hooks = sys.stdin, sys.stdout, sys.stderr, sys.excepthook, sys.unraisablehook, gc.isenabled(), gc.get_freeze_count()
    occupied = [number for number in range(3) if os.path.exists(f"/proc/self/fd/{number}")]
    return dict(os.environ), handlers, hooks, occupied

os.environ["OMP_NUM_THREADS"] = "3"
os.close(0)
before = state()
import imfilter
from imfilter import blur, imread, imwrite
import numpy as np
for name in ("a.png", "a.jpg", "a.tif"):
    imwrite(name, blur(np.zeros((40, 50, 3), np.uint8), sigma=2))
    imread(name)
assert state() == before
"""


def test_the_process_belongs_to_who_imports(tmp_path):
    ended = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")


# ---- help -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", catalog.names())
def test_help_shows_the_image_every_parameter_and_what_is_returned(name):
    filter = getattr(imfilter, name)
    signature = inspect.signature(filter)
    assert next(iter(signature.parameters)) == "image" and "common" not in signature.parameters
    shown = pydoc.render_doc(filter, renderer=pydoc.plaintext)
    for parameter in signature.parameters.values():
        assert f"    {parameter.name} : " in shown
    for parameter in filter.spec.parameters.values():
        assert signature.parameters[parameter.name].default is parameter.default
    assert "    Returns\n" in shown
    parameters = shown.partition("    Parameters\n")[2].partition("    Returns\n")[0]
    assert "--" not in parameters.replace("    ----------\n", "")


def test_help_tells_types_defaults_and_ranges_in_words():
    text = " ".join(blur.__doc__.split())
    assert "sigma : float or (float, float), default 1; bilateral 2 Standard deviation. In px, at least 0" in text
    assert "at most 1000. For op gaussian, bilateral." in text
    assert "Above 0 and at most 1e+06. For op guided." in text
    assert inspect.signature(edges).return_annotation is imfilter.Edges


# ---- the forms of images ----------------------------------------------------------------------------


@pytest.mark.each(
    "given, expected",
    [
        (GRAY.astype(">u2") * 257, blur(GRAY.astype(np.uint16) * 257)),
        (GRAY[::-1, ::2], blur(np.ascontiguousarray(GRAY[::-1, ::2]))),
        (GRAY > 100, blur(np.where(GRAY > 100, 255, 0).astype(np.uint8))),
        (GRAY.astype(np.int64), blur(GRAY.astype(np.float64), white=255)),
        (GRAY.astype(np.int8), blur(GRAY.astype(np.int8).astype(np.float32), white=255)),
        (GRAY.astype(np.float16), blur(GRAY.astype(np.float32))),
        (GRAY.tolist(), blur(GRAY.astype(np.float64), white=255)),
        (Image.fromarray(RGB), blur(RGB)),
        (Image.fromarray(RGBA), blur(RGBA)),
        (Image.fromarray(GRAY > 100), blur(np.where(GRAY > 100, 255, 0).astype(np.uint8))),
    ],
)
def test_what_can_become_an_array_is_an_image(given, expected):
    found = blur(given)
    assert found.dtype == expected.dtype and found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)


def test_an_array_that_is_read_only_stays_so():
    image = GRAY.copy()
    image.flags.writeable = False
    np.testing.assert_array_equal(blur(image), blur(GRAY))


def test_what_shows_an_array_interface_is_an_image():
    class Shown:
        __array_interface__ = GRAY.__array_interface__

    np.testing.assert_array_equal(blur(Shown()), blur(GRAY))


def test_a_palette_is_looked_up_and_other_colours_are_refused():
    palette = Image.fromarray(RGB).quantize(16)
    np.testing.assert_array_equal(blur(palette), blur(np.asarray(palette.convert("RGB"))))
    palette.info["transparency"] = 3
    assert blur(palette).shape == (9, 12, 4)
    with pytest.raises(ImageError, match="mode CMYK is not supported"):
        blur(Image.fromarray(RGB).convert("CMYK"))


@pytest.mark.each(
    "shape, result",
    [
        ((9, 12), (9, 12)),
        ((9, 12, 1), (9, 12, 1)),
        ((9, 12, 2), (9, 12, 2)),
        ((9, 12, 3), (9, 12, 3)),
        ((9, 12, 4), (9, 12, 4)),
        ((9, 12, 5), (9, 12, 5)),
        ((12,), (12,)),
    ],
)
def test_a_picture_keeps_its_shape(shape, result):
    assert blur(np.ones(shape, np.float32)).shape == result


@pytest.mark.each("shape, result", [((9, 12), (9, 12)), ((9, 12, 3), (9, 12)), ((9, 12, 4), (9, 12)), ((12,), (12,))])
def test_edges_have_one_channel_and_no_axis_for_it(shape, result):
    found = edges(np.ones(shape, np.float32))
    assert found.image.shape == found.gx.shape == found.angle.shape == result


def test_an_alpha_is_filtered_premultiplied():
    found = blur(RGBA, op="mean")
    alpha = RGBA[..., 3:].astype(float)
    sums = conv(np.pad(RGBA[..., :3] * alpha, [(1, 1), (1, 1), (0, 0)], "symmetric"), kernel="mean3", padding="valid")
    weights = conv(np.pad(alpha[..., 0], 1, "symmetric"), kernel="mean3", padding="valid")
    there = found[..., 3] > 0
    exact = (sums / np.maximum(weights, 1e-9)[..., None])[there]
    assert np.abs(found[..., :3][there] - exact).max() <= 0.5 + 1e-4
    np.testing.assert_array_equal(found[..., 3], np.floor(weights + 0.5))


def test_bands_are_no_alpha():
    found = blur(RGBA, bands=True)
    for band in range(4):
        np.testing.assert_array_equal(found[..., band], blur(RGBA[..., band]))
    assert edges(RGB, bands=True).image.shape == RGB.shape


@pytest.mark.each("filter", [blur, sharpen, SMOOTH_EDGES, edges.step(op="canny").filter, noise])
@pytest.mark.each("images", [np.stack([RGB, RGB[::-1]]), np.stack([GRAY, GRAY[::-1], GRAY])])
def test_a_stack_is_filtered_image_by_image(filter, images):
    found = filter(images, stack=True, name="a")
    for number, image in enumerate(images):
        own = filter(image, name=f"a#{number}" if number else "a")
        for together, alone in zip(found, own, strict=True) if isinstance(own, tuple) else [(found, own)]:
            if alone is not None:
                np.testing.assert_array_equal(together[number].reshape(alone.shape), alone)


def test_three_axes_are_a_stack_where_it_is_asked_for_and_four_always():
    np.testing.assert_array_equal(blur(np.stack([RGB, RGB])), np.stack([blur(RGB)] * 2))
    assert blur(np.stack([GRAY, GRAY])).shape == (2, *GRAY.shape)
    np.testing.assert_array_equal(blur(np.stack([GRAY, GRAY]), stack=True), np.stack([blur(GRAY)] * 2))
    with pytest.raises(ImageError, match="a stack must have the shape"):
        blur(GRAY, stack=True)


@pytest.mark.each("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.each("shape", [(9, 12), (9, 12, 3)])
def test_a_mask_says_what_is_missing(dtype, shape):
    samples = RNG.integers(0, 200, shape).astype(dtype)
    hidden = np.zeros(shape, bool)
    hidden[4, 5], samples[4, 5] = True, 199
    image = np.ma.array(samples, mask=hidden)
    found = blur(image, op="mean")
    spread = np.zeros(shape, bool)
    spread[3:6, 4:7] = True
    assert isinstance(found, np.ma.MaskedArray) and found.dtype == dtype
    np.testing.assert_array_equal(found.mask, spread)
    np.testing.assert_array_equal(found.data[~spread], blur(samples, op="mean")[~spread])
    assert not blur(image, op="mean", nan="ignore").mask.any()
    kept = blur(image, op="mean", nan="ignore", keep_holes=True)
    np.testing.assert_array_equal(kept.mask, hidden)
    gx = edges(image).gx
    assert gx.mask[4, 4] and not gx.mask[0, 0]


def test_a_mask_finds_no_value_where_all_are_taken():
    image = np.ma.array(np.arange(257).reshape(1, -1) % 256, mask=np.arange(257).reshape(1, -1) == 256, dtype=np.uint8)
    with pytest.raises(ImageError, match="all 256 of uint8 occur"):
        blur(image)
    with pytest.raises(ParameterError, match="nodata: cannot be used with a masked array"):
        blur(np.ma.array(GRAY), nodata=0)


def test_what_an_operator_does_not_give_raises():
    found = edges(RGB, op="laplacian")
    with pytest.raises(AttributeError, match=r"the result has no gx; it has image$"):
        _ = found.gx
    assert not hasattr(found, "coherence") and found[3] is None
    again = pickle.loads(pickle.dumps(edges(RGB)))
    np.testing.assert_array_equal(again.gx, edges(RGB).gx)


# ---- what is computed, and by how many --------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"op": "roberts"}, {"thin": True}, {"channels": "max"}, {"op": "canny"}])
def test_only_the_maps_that_are_named_are_computed(options):
    every = edges(RGB, **options)
    for names in ("image", "magnitude", ("angle",), ("gx", "image"), ["gy", "gx", "angle"]):
        found = edges(RGB, maps=names, **options)
        asked = [names] if isinstance(names, str) else names
        assert [field for field, value in zip(found._fields, found, strict=True) if value is not None] == [
            field for field in every._fields if field in asked
        ]
        for name in asked:
            np.testing.assert_array_equal(getattr(found, name), getattr(every, name))
    with pytest.raises(AttributeError, match=r"the result has no image; it has gx$"):
        _ = edges(RGB, maps="gx", **options).image


def test_maps_that_are_not_there_are_refused():
    with pytest.raises(ParameterError, match=r"the result has no 'gx'; choose from image, magnitude, angle$"):
        edges(RGB, op="kirsch", maps=("magnitude", "gx"))
    with pytest.raises(ParameterError, match="is empty; choose from image"):
        edges(RGB, maps=())
    with pytest.raises(ParameterError, match="no such parameter"):
        blur(RGB, maps="image")
    with pytest.raises(ParameterError, match="blur has no maps"):
        chain(edges.step(), blur.step())(RGB, maps="image")
    assert SMOOTH_EDGES(RGB, maps="angle").angle.shape == GRAY.shape
    with pytest.raises(ParameterError, match="the result has no 3; choose from image"):
        edges(RGB, maps=3)


def test_what_is_no_image_is_told_in_words():
    with pytest.raises(ImageError, match=r"'photo.jpg' is a file name, not an image; read the file with `imread`"):
        blur("photo.jpg")
    with pytest.raises(ImageError, match=r"several results are not an image; use one of them: \.image, \.magnitude"):
        blur(edges(RGB))
    with pytest.raises(ParameterError, match="roi: 5 is not a box"):
        blur(RGB, roi=5)


def test_any_number_of_threads_gives_the_same():
    tall = np.tile(RGB, (400, 60, 1))
    for call in (lambda jobs: blur(tall, sigma=1, jobs=jobs), lambda jobs: SMOOTH_EDGES(tall, jobs=jobs).image):
        one = call(1)
        for jobs in (2, 5, None, np.int64(3)):
            np.testing.assert_array_equal(call(jobs), one)
    for wrong in (0, -1, 1.5, True, "2"):
        with pytest.raises(ParameterError, match=r"jobs: .* is not a whole number of at least 1"):
            blur(RGB, jobs=wrong)


# ---- pickles ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", catalog.names())
def test_a_filter_is_pickled_and_copied_by_its_name(name):
    filter = getattr(imfilter, name)
    assert pickle.loads(pickle.dumps(filter)) is copy.deepcopy(filter) is copy.copy(filter) is filter


def test_a_pool_of_processes_takes_filters_chains_and_errors():
    with concurrent.futures.ProcessPoolExecutor(1) as workers:
        np.testing.assert_array_equal(workers.submit(blur, RGB, sigma=2).result(), blur(RGB, sigma=2))
        np.testing.assert_array_equal(workers.submit(SMOOTH_EDGES, RGB).result().image, SMOOTH_EDGES(RGB).image)
        with pytest.raises(ParameterError, match="sigma: -1 is below"):
            workers.submit(blur, RGB, sigma=-1).result()
        with pytest.raises(FileError, match=r"nowhere\.png: no such file"):
            workers.submit(imread, "nowhere.png").result()


# ---- chains -----------------------------------------------------------------------------------------


def test_a_chain_is_not_rounded_between_its_steps():
    fine = edges(blur(RGB, sigma=1, depth="float"), op="scharr").gx * 255
    np.testing.assert_allclose(SMOOTH_EDGES(RGB).gx, fine, atol=1e-2)
    assert np.abs(edges(blur(RGB, sigma=1), op="scharr").gx - fine).max() > 0.5


def test_a_chain_takes_bare_filters_masks_and_alphas():
    assert chain(blur, pool)(RGBA).shape == (4, 6, 4)
    found = chain(blur, sharpen)(RGB, roi=(0, 0, 3, 3))
    np.testing.assert_array_equal(found[4:], RGB[4:])
    assert (found[:3, :3] != RGB[:3, :3]).any()


@pytest.mark.each(
    "steps, said",
    [
        ((), "steps: there are none"),
        ((blur, "edges"), "steps: 'edges' is neither a filter nor a step"),
        ((blur.step(depth="8"), edges), r"steps: step 1 \(blur\): depth"),
        ((blur, edges.step(white=9)), r"steps: step 2 \(edges\): white belongs to the first step"),
    ],
)
def test_a_wrong_chain_is_refused(steps, said):
    with pytest.raises(ParameterError, match=said):
        chain(*steps)


def test_a_step_takes_what_is_of_the_filter_alone():
    with pytest.raises(ParameterError, match="nodata: concerns the whole chain"):
        blur.step(nodata=0)
    with pytest.raises(ParameterError, match="sigma: -1 is below"):
        blur.step(sigma=-1)
    assert repr(chain(blur.step(sigma=2), edges)) == "chain(blur.step(sigma=2), edges.step())"


def test_a_recipe_goes_to_a_file_and_comes_back(tmp_path):
    SMOOTH_EDGES.save(tmp_path / "soft.toml")
    assert 'op = "scharr"' in (tmp_path / "soft.toml").read_text()
    np.testing.assert_array_equal(load_recipe(tmp_path / "soft.toml")(RGB).image, SMOOTH_EDGES(RGB).image)
    with pytest.raises(ParameterError, match=r"none\.toml: no such file"):
        load_recipe(tmp_path / "none.toml")
    with pytest.raises(ParameterError, match=r"step 1 \(conv\): kernel: a recipe cannot hold an array"):
        chain(conv.step(kernel=np.ones((3, 3)))).save(tmp_path / "bad.toml")
    assert not (tmp_path / "bad.toml").exists()


def test_a_recipe_replaces_no_kernel_that_it_names(tmp_path):
    (tmp_path / "k.txt").write_text("1 2 1")
    (tmp_path / "r.toml").write_text(f"[[step]]\nfilter = 'conv'\nkernel = '{tmp_path}/k.txt'\n")
    recipe = load_recipe(tmp_path / "r.toml")
    with pytest.raises(FileError, match=r"k\.txt: cannot be written"):
        recipe.save(tmp_path / "k.txt")
    assert (tmp_path / "k.txt").read_text() == "1 2 1"
    recipe.save(tmp_path / "r.toml")


# ---- files ------------------------------------------------------------------------------------------


@pytest.mark.each("image", [GRAY, RGB, RGBA, RGBA[..., 2:], GRAY.astype(np.uint16) * 257, RGB.astype(np.uint16) * 9])
@pytest.mark.each("suffix", [".png", ".tif", ".npy"])
def test_what_is_written_is_read(image, suffix, tmp_path):
    imwrite(tmp_path / f"a{suffix}", image)
    found = imread(tmp_path / f"a{suffix}")
    assert found.dtype == image.dtype
    np.testing.assert_array_equal(found, image)


def test_floats_stay_floats_where_the_format_has_them(tmp_path):
    image = (RGB / 255).astype(np.float32)
    imwrite(tmp_path / "a.tif", image)
    np.testing.assert_array_equal(imread(tmp_path / "a.tif"), image)
    imwrite(tmp_path / "a.png", image)
    np.testing.assert_array_equal(imread(tmp_path / "a.png"), RGB)
    imwrite(tmp_path / "b.png", RGB, depth="16")
    np.testing.assert_array_equal(imread(tmp_path / "b.png"), RGB.astype(np.uint16) * 257)


def test_a_photo_is_read_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(RGB).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(imread(tmp_path / "a.png"), np.rot90(RGB, -1))


def test_frames_are_chosen(tmp_path):
    pages = [Image.fromarray(GRAY), Image.fromarray(255 - GRAY)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(
        FileError, match=r'a\.tif: has 2 frames; read one with frame=0, for example, or all with frame="all"'
    ):
        imread(tmp_path / "a.tif")
    np.testing.assert_array_equal(imread(tmp_path / "a.tif", frame=1), 255 - GRAY)
    np.testing.assert_array_equal(imread(tmp_path / "a.tif", frame="all"), np.stack([GRAY, 255 - GRAY]))
    with pytest.raises(FileError, match="has 2 frames; frame 2 is out of range"):
        imread(tmp_path / "a.tif", frame=2)


def test_what_an_array_does_not_hold_is_said(tmp_path):
    np.save(tmp_path / "a.npy", GRAY.astype(np.int32))
    with pytest.warns(UserWarning, match="a.npy: its white is 255; pass white=255 to the filter"):
        assert imread(tmp_path / "a.npy").dtype == np.float64


@pytest.mark.each(
    "name, image, said",
    [
        ("a.xyz", RGB, "'.xyz' is not a supported output format"),
        ("a.jpg", RGB.astype(np.uint16), "JPEG cannot hold 16-bit .*use --depth 8"),
        ("a.jpg", RGBA, "JPEG cannot hold alpha"),
        ("no/a.png", RGB, "cannot be written: no such file or directory"),
    ],
)
def test_what_cannot_be_written_leaves_nothing(name, image, said, tmp_path):
    with pytest.raises(FileError, match=said):
        imwrite(tmp_path / name, image)
    assert not [*tmp_path.iterdir()]


def test_what_is_damaged_is_refused_and_the_old_file_stays(tmp_path):
    imwrite(tmp_path / "a.png", RGB)
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "b.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(FileError, match=r"b\.png: is damaged or truncated"):
        imread(tmp_path / "b.png")
    with pytest.raises(ImageError, match="fill it first"):
        imwrite(tmp_path / "a.png", np.ma.array(RGB))
    assert (tmp_path / "a.png").read_bytes() == data and len([*tmp_path.iterdir()]) == 2


def test_one_dash_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("-").write_bytes(b"P5 1 1 255\n\x07")
    assert imread("-").tolist() == [[7]]


def test_labels_keep_their_values():
    labels = (GRAY > 128).astype(np.uint8)
    assert {*np.unique(morph(labels, op="dilate"))} <= {0, 1}
