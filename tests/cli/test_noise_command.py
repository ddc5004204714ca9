"""Noise on the command line: the same bytes for the same call, whoever computes them and in what order."""

import shutil

import numpy as np
import pytest
from imfilter.filters.noise import noise
from PIL import Image

OPS = ("gaussian", "uniform", "salt-pepper", "poisson", "speckle")


@pytest.fixture
def photos(rgb, folder):
    """A tree of five copies of one picture."""
    (folder / "photos" / "deep").mkdir(parents=True)
    for name in ("a.png", "b.png", "c.png", "deep/a.png", "deep/d.png"):
        Image.fromarray(rgb).save(folder / "photos" / name)
    return folder / "photos"


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.png")}


@pytest.mark.parametrize("op", OPS)
def test_workers_give_what_one_gives_and_every_file_has_noise_of_its_own(ok, photos, folder, op):
    for cores in ("1", "2"):
        ok("noise", "-q", photos, "-r", "-o", f"out{cores}/", "-j", cores, "--op", op)
    one, two = contents(folder / "out1"), contents(folder / "out2")
    assert len(one) == 5 and one == two
    assert len(set(one.values())) == 5


def test_the_order_of_files_and_where_the_folder_lies_change_nothing(ok, photos, folder):
    names = ["photos/a.png", "photos/b.png", "photos/c.png"]
    ok("noise", "-q", *names, "-o", "one/")
    ok("noise", "-q", *names[::-1], "-o", "two/")
    assert contents(folder / "one") == contents(folder / "two")
    (folder / "elsewhere").mkdir()
    shutil.move(photos, folder / "elsewhere" / "renamed")
    ok("noise", "-q", "elsewhere/renamed", "-r", "-o", "three/")
    assert contents(folder / "one").items() <= contents(folder / "three").items()


def test_a_second_run_writes_the_same_bytes_and_another_seed_others(ok, png, folder):
    for name, seed in (("x.png", "3"), ("y.png", "3"), ("z.png", "4")):
        ok("noise", "a.png", "-o", name, "--seed", seed)
    x, y, z = ((folder / name).read_bytes() for name in ("x.png", "y.png", "z.png"))
    assert x == y != z


def test_every_frame_has_noise_of_its_own(ok, rgb, load):
    pages = [Image.fromarray(rgb)] * 3
    pages[0].save("in.tif", save_all=True, append_images=pages[1:])
    ok("noise", "in.tif", "-o", "out.tif", "--sigma", "9")
    first, second, third = load("out.tif")
    assert (first != second).mean() > 0.8 and (second != third).mean() > 0.8
    assert np.array_equal(first, noise(rgb, sigma=9, name="in.tif"))


def test_steps_of_a_chain_differ(ok, folder, load):
    Image.fromarray(np.full((200, 200), 128, np.uint8)).save("a.png")
    ok("chain", "a.png", "-o", "twice.npy", "noise --sigma 3", "noise --sigma 3")
    assert abs(load("twice.npy").std() - 18**0.5) < 0.1


@pytest.mark.parametrize("op", OPS)
def test_the_alpha_is_not_touched(ok, rgba, load, op):
    Image.fromarray(rgba).save("a.png")
    ok("noise", "a.png", "-o", "b.png", "--op", op)
    assert np.array_equal(load("b.png")[..., 3], rgba[..., 3])


def test_wrong_words_are_one_line(refused, png):
    assert "--sigma" in refused(2, "noise", "a.png", "-o", "b.png", "--sigma", "lots")
    assert "--density" in refused(2, "noise", "a.png", "-o", "b.png", "--op", "salt-pepper", "--density", "2")
    assert "--peak" in refused(2, "noise", "a.png", "-o", "b.png", "--peak", "9")
    assert "--seed" in refused(2, "noise", "a.png", "-o", "b.png", "--seed", "1e99")
