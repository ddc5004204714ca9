"""`imfilter blend --other`: a file for all inputs, a folder's picture of the same name, or a colour."""

from pathlib import Path

import numpy as np
import pytest
from imfilter import ParameterError, blend, blur, chain, imread, imwrite, load_recipe
from PIL import Image


@pytest.fixture
def two(rgb):
    """``a/`` and ``b/`` with the pictures ``one.png`` and ``two.png`` each, which differ."""
    for number, name in enumerate(("a/one", "a/two", "b/one", "b/two")):
        Path(name).parent.mkdir(exist_ok=True)
        imwrite(f"{name}.png", np.roll(rgb, 3 * number, axis=1))


def expected(name, other, **values):
    return blend(imread(name), other=imread(other), **values)


@pytest.fixture
def done(ok):
    """Run the command, which shall succeed and say nothing."""
    return lambda *words: ok(*words, "-q")


def test_a_file_is_the_other_picture_of_all(done, two):
    done("blend", "a/", "-o", "out/", "--other", "b/one.png", "--op", "difference")
    for name in ("one", "two"):
        assert np.array_equal(imread(f"out/{name}.png"), expected(f"a/{name}.png", "b/one.png", op="difference"))


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_folder_has_one_of_the_same_name_for_each(done, two, jobs):
    done("blend", "a/", "-o", "out/", "--other", "b", "--op", "mean", "-j", jobs)
    for name in ("one", "two"):
        assert np.array_equal(imread(f"out/{name}.png"), expected(f"a/{name}.png", f"b/{name}.png", op="mean"))


def test_a_picture_of_the_same_stem_does(ok, two):
    Image.open("b/one.png").save("b/one.tif")
    Path("b/one.png").unlink()
    Path("b/one.txt").write_text("no picture")
    ok("blend", "a/one.png", "-o", "out.png", "--other", "b/")
    assert np.array_equal(imread("out.png"), imread("b/one.tif"))


def test_trees_are_alike(done, rgb):
    for folder in ("a/deep", "b/deep"):
        Path(folder).mkdir(parents=True)
    imwrite("a/deep/x.png", rgb)
    imwrite("b/deep/x.png", rgb[::-1])
    imwrite("b/x.png", rgb[:2])  # of the same name, but not in the same place
    done("blend", "a/", "-r", "-o", "out/", "--other", "b/")
    assert np.array_equal(imread("out/deep/x.png"), rgb[::-1])


def test_an_image_without_a_partner_fails_alone(run, two):
    Path("b/two.png").unlink()
    ended = run("blend", "a/", "-o", "out/", "--other", "b/", "-q")
    assert (ended.code, ended.lines) == (
        1,
        ["imfilter: a/two.png: --other b/ must hold exactly one picture of this name"],
    )
    assert Path("out/one.png").exists() and not Path("out/two.png").exists()
    for suffix in ("jpg", "tif"):
        Image.open("b/one.png").save(f"b/two.{suffix}")
    assert "must hold exactly one" in run("blend", "a/two.png", "-o", "out.png", "--other", "b/").lines[0]


def test_colours_and_files_of_their_names(ok, rgb, gray):
    imwrite("in.png", rgb)
    ok("blend", "in.png", "-o", "out.png", "--other", "red", "--opacity", "0.25")
    assert np.array_equal(imread("out.png"), blend(rgb, other="red", opacity=0.25))
    imwrite("red.png", gray)
    Path("red.png").rename("red")
    ok("blend", "in.png", "-o", "out.png", "--other", "red")
    assert np.array_equal(imread("out.png"), np.repeat(gray[..., None], 3, axis=2))


@pytest.mark.parametrize("words", [(), ("--channels", "R"), ("--linear",), ("--roi", "2,2,6,5")])
def test_files_of_all_kinds_meet(done, rgb, rgba, gray, words):
    imwrite("rgba.png", rgba)
    imwrite("sixteen.png", rgb.astype(np.uint16)[::-1] * 257)
    imwrite("gray.png", gray)
    imwrite("float.tif", (rgb / 255).astype(np.float32)[:, ::-1])
    keys = dict(zip([word.lstrip("-") for word in words[::2]], [*words[1::2], True], strict=False))
    if "roi" in keys:
        keys["roi"] = (2, 2, 6, 5)
    names = ["rgba.png", "sixteen.png", "gray.png", "float.tif"]
    for name in names:
        for other in names:
            if name == "gray.png" and "channels" in keys:
                continue
            done("blend", name, "-o", "out.tif", "--other", other, "--op", "screen", "--opacity", "0.6", *words)
            found = imread("out.tif")
            wanted = expected(name, other, op="screen", opacity=0.6, **keys)
            assert found.dtype == wanted.dtype and np.array_equal(found, wanted), (name, other)


def test_gray_with_colour_is_written_in_colour(ok, refused, rgb, gray):
    imwrite("gray.png", gray)
    imwrite("rgb.png", rgb)
    ok("blend", "gray.png", "-o", "out.png", "--other", "rgb.png", "--op", "mean")
    with Image.open("out.png") as found:
        assert found.mode == "RGB"
    assert "PGM holds only gray" in refused(1, "blend", "gray.png", "-o", "out.pgm", "--other", "rgb.png")


def test_inks_meet_inks_and_colours_colours(done, rgb):
    inks = Image.fromarray(rgb).convert("CMYK")
    inks.save("inks.tif")
    imwrite("rgb.png", rgb)
    done("blend", "inks.tif", "-o", "out.tif", "--other", "inks.tif", "--op", "difference")
    with Image.open("out.tif") as found:
        assert found.mode == "CMYK" and not np.asarray(found).any()
    done("blend", "rgb.png", "-o", "out.png", "--other", "inks.tif", "--op", "difference")
    assert imread("out.png").max() < 60


def test_recipes_and_chains_name_files(done, two):
    steps = ["blur --sigma 1", "blend --other b/one.png --op screen", "blend --other navy --opacity 0.5"]
    done("chain", "a/one.png", "-o", "out.png", *steps, "--save", "own.toml")
    done("run", "own.toml", "a/one.png", "-o", "again.png")
    own = chain(
        blur.step(sigma=1), blend.step(other=imread("b/one.png"), op="screen"), blend.step(other="navy", opacity=0.5)
    )
    assert np.array_equal(imread("out.png"), own(imread("a/one.png")))
    for name in ("again.png",):
        assert np.array_equal(imread(name), imread("out.png"))
    assert np.array_equal(load_recipe("own.toml")(imread("a/one.png")), imread("out.png"))
    done("chain", "a/", "-o", "out/", "blend --other b/ --op mean", "blend --other a/")
    assert np.array_equal(imread("out/two.png"), imread("a/two.png"))
    with pytest.raises(ParameterError, match="a recipe cannot hold an array"):
        own.save("no.toml")
    chain(blend.step(other="teal")).save("teal.toml")
    done("run", "teal.toml", "a/one.png", "-o", "teal.png")
    assert (imread("teal.png") == [0, 128, 128]).all()


def test_a_recipe_with_a_folder_has_no_name_for_an_array(ok, two):
    ok("chain", "--save", "own.toml", "blend --other b/")
    with pytest.raises(
        ParameterError, match="other: b/ is a folder, but an array has no name to find in it; name a file"
    ):
        load_recipe("own.toml")(imread("a/one.png"))


@pytest.mark.parametrize("other", ["b/one.png", "b/"])
def test_update_knows_what_the_other_picture_holds(run, two, rgb, other):
    words = "blend", "a/one.png", "-o", "out/", "--other", other, "--op", "mean", "--update", "-v"

    def renewed():
        ended = run(*words)
        assert ended.code == 0
        return not any("skipped" in line and "out" not in line and "one.png" in line for line in ended.lines)

    assert renewed() and not renewed()
    Path("b/one.png").touch()
    assert not renewed()
    imwrite("b/one.png", rgb[::-1])
    assert renewed() and not renewed()
    assert np.array_equal(imread("out/one.png"), expected("a/one.png", "b/one.png", op="mean"))
    Path("b").rename("c")
    words = *words[:5], other.replace("b/", "c/"), *words[6:]
    assert not renewed()  # the content counts, and not the name


@pytest.mark.parametrize("other", ["b/one.png", "b/"])
def test_a_depfile_names_the_other_picture(ok, two, other):
    ok("blend", "a/one.png", "-o", "out.png", "--other", other, "--depfile", "out.d")
    assert Path("out.d").read_text() == "out.png: a/one.png b/one.png\nb/one.png:\n"


def test_the_other_picture_is_never_written(refused, two):
    before = Path("b/one.png").read_bytes()
    for words, why in {
        (
            "a/one.png",
            "-o",
            "b/one.png",
            "--other",
            "b/one.png",
        ): "is the picture of --other, which is never overwritten",
        ("a/", "-o", "b/", "--other", "b/"): "is a picture that the input is joined with, which is never overwritten",
        ("b/", "--in-place", "--other", "b/one.png"): "is the picture of --other, which is never overwritten",
        ("b/", "--in-place", "--other", "b/"): "is a picture that the input is joined with",
    }.items():
        assert why in refused(2, "blend", *words)
    assert Path("b/one.png").read_bytes() == before


def test_in_place_and_streams(ok, run, two):
    wanted = expected("a/one.png", "b/one.png", op="add")
    piped = run("blend", "-", "-o", "-", "--other", "b/one.png", "--op", "add", stdin=Path("a/one.png").read_bytes())
    Path("out.png").write_bytes(piped.out)
    assert piped.code == 0 and np.array_equal(imread("out.png"), wanted)
    ended = run("blend", "-", "-o", "out.png", "--other", "b/", stdin=Path("a/one.png").read_bytes())
    assert ended.code == 1 and "has no name to find in --other b/; name a file" in ended.lines[0]
    ok("blend", "a/one.png", "--in-place", "--other", "b/one.png", "--op", "add")
    assert np.array_equal(imread("a/one.png"), wanted)


def test_what_is_wrong_is_said_in_one_line(refused, two, rgb):
    Path("text.png").write_text("this is a text and no picture")
    Path("cut.png").write_bytes(Path("b/one.png").read_bytes()[:90])
    imwrite("small.png", rgb[:5])
    size = f"{rgb.shape[1]}×{rgb.shape[0]}"
    small = f"{rgb.shape[1]}×5"
    for words, code, why in (
        (
            ("a/one.png", "b/one.png"),
            2,
            "--other is required, as in imfilter blend photo.png --other logo.png -o OUTPUT",
        ),
        (("a/one.png", "--other", "none.png"), 2, "--other none.png: no such file or folder, nor a colour"),
        (("a/one.png", "--other", "-"), 2, "--other -: a second picture must be a file"),
        (("a/one.png", "--other", "text.png"), 2, "--other text.png: is neither an image"),
        (("a/one.png", "--other", "cut.png"), 2, "--other cut.png: is damaged or truncated"),
        (
            ("a/one.png", "--other", "small.png"),
            1,
            f"is {size}, but the picture of --other is {small}; resize it",
        ),
        (("a/one.png", "--other", "red", "--opacity", "2"), 2, "--opacity: 2 is above the greatest value, 1"),
    ):
        assert why in refused(code, "blend", *words, "-o", "out.png"), words
        assert not Path("out.png").exists()


def test_several_frames_are_joined_each_with_the_same(ok, refused, two, rgb):
    frames = [Image.fromarray(np.roll(rgb, shift, axis=0)) for shift in (0, 4)]
    frames[0].save("in.tif", save_all=True, append_images=frames[1:])
    ok("blend", "in.tif", "-o", "out.tif", "--other", "b/one.png", "--op", "mean")
    for number, frame in enumerate(imread("in.tif", frame="all")):
        wanted = blend(frame, other=imread("b/one.png"), op="mean")
        assert np.array_equal(imread("out.tif", frame=number), wanted)
    assert "--other in.tif: has several frames" in refused(2, "blend", "a/one.png", "-o", "o.png", "--other", "in.tif")
