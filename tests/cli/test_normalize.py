"""The float results of normalize in files: refused where a format has none, before anything is written."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.mark.parametrize(("suffix", "depths"), [("png", "8 or 16"), ("jpg", "8")])
def test_formats_without_floats_are_refused_with_what_to_do(run, tmp_path, suffix, depths):
    Image.fromarray(np.full((9, 8, 3), 51, np.uint8)).save(tmp_path / "a.png")
    target = tmp_path / f"b.{suffix}"
    done = run("normalize", tmp_path / "a.png", "-o", target, "--stats", "imagenet")
    assert done.code == 1 and f"cannot hold float samples; use --depth {depths}, or .tif or .npy" in done.err
    assert not target.exists()
    assert run("normalize", tmp_path / "a.png", "-o", target, "--to", "0,1", "--depth", "8").code == 0
    np.testing.assert_allclose(np.asarray(Image.open(target)), 51, atol=1)


@pytest.mark.each(
    "words, said",
    {
        "normalize in/ -o out/ --to 0,1": "out/a.png: PNG cannot hold float samples; use --depth 8 or 16, {floats}",
        "normalize in/b.jpg in/a.png -o out/ --mean 0.5 -t jpg": "out/b.jpg: JPEG {no_floats}; use --depth 8, {floats}",
        "threshold in/ -o out/ -t jpg --depth 1": "out/a.jpg: JPEG cannot hold 1-bit samples; use --depth 8, or -t tif",
        "blur in/ -o out/ -t jpg --depth 16": "out/a.jpg: JPEG cannot hold 16-bit samples; use --depth 8, or -t tif",
    }.items(),
)
def test_a_depth_that_a_folder_cannot_hold_is_said_once(refused, words, said):
    Path("in").mkdir(exist_ok=True)
    for name in ("a.png", "b.jpg", "c.png"):
        Image.fromarray(np.full((9, 8, 3), 51, np.uint8)).save(f"in/{name}")
    assert refused(2, *words.split()) == f"imfilter: {said}".format(
        no_floats="cannot hold float samples", floats="or -t tif or -t npy"
    )
    assert not Path("out").exists()


def test_values_are_written_as_they_are_where_floats_are_held(run, tmp_path):
    Image.fromarray(np.full((9, 8, 3), 51, np.uint8)).save(tmp_path / "a.png")
    for suffix in ("npy", "tif", "pfm"):
        target = tmp_path / f"b.{suffix}"
        assert run("normalize", tmp_path / "a.png", "-o", target, "--to", "-1,1").code == 0
        assert run("tone", target, "-o", tmp_path / "c.npy").code == 0
        np.testing.assert_allclose(np.load(tmp_path / "c.npy"), -0.6, atol=1e-6)


def test_figures_for_three_channels_are_refused_for_one(run, tmp_path):
    Image.fromarray(np.full((9, 8), 51, np.uint8)).save(tmp_path / "gray.png")
    done = run("normalize", tmp_path / "gray.png", "-o", tmp_path / "b.npy", "--stats", "imagenet")
    expected = "has 1 channel, but the figures of imagenet are for 3; use --mean and --std"
    assert done.code == 1 and done.err.endswith(f"{expected}\n") and len(done.lines) == 1
