"""Several filters in one go: `chain`, its recipes, and `run`."""

import json
import os

import numpy as np
import pytest

STEPS = ("blur --sigma 2", "edges --op scharr")


def last(ended):
    return ended.err.splitlines()[-1]


def test_a_chain_is_its_commands_in_a_pipe(ok, png, load):
    ok("chain", "a.png", "-o", "chain.npy", *STEPS)
    ok("blur", "a.png", "-o", "soft.npy", "--sigma", "2")
    ok("edges", "soft.npy", "-o", "pipe.npy", "--op", "scharr")
    chained, piped = load("chain.npy"), load("pipe.npy")
    assert np.abs(chained - piped).max() <= 1e-4 * piped.max()


def test_one_step_is_the_command(ok, png, folder):
    ok("chain", "a.png", "-o", "chain.png", "blur --sigma 2,1 --border wrap")
    ok("blur", "a.png", "-o", "blur.png", "--sigma", "2,1", "--border", "wrap")
    assert (folder / "chain.png").read_bytes() == (folder / "blur.png").read_bytes()


def test_the_last_steps_maps_are_written(ok, png, load):
    ok("chain", "a.png", "-o", "e.png", "--angle", "a.tif", "--gx", "x.tif", "blur", "edges")
    ok("blur", "a.png", "-o", "soft.npy")
    ok("edges", "soft.npy", "--gx", "y.tif")
    assert np.allclose(load("x.tif"), load("y.tif"), atol=1e-3)
    assert load("a.tif").dtype == np.float32


def test_a_chain_runs_over_a_folder(ok, png, folder):
    (folder / "in" / "deep").mkdir(parents=True)
    for name in ("in/x.png", "in/deep/y.png"):
        (folder / name).write_bytes(png.read_bytes())
    ok("chain", "-q", "in", "-r", "-o", "out/", "--name", "{stem}.{filter}.png", *STEPS)
    assert sorted(path.name for path in (folder / "out").rglob("*.png")) == ["x.chain.png", "y.chain.png"]


def test_a_recipe_does_what_the_chain_did(ok, png, folder):
    ok("chain", "a.png", "-o", "chain.png", "--save", "r.toml", *STEPS, "sharpen --amount 0.5")
    ok("run", "r.toml", "a.png", "-o", "run.png")
    assert (folder / "chain.png").read_bytes() == (folder / "run.png").read_bytes()


def test_a_recipe_is_saved_without_an_input(ok, folder):
    ok("chain", "--save", "r.toml", *STEPS)
    assert (folder / "r.toml").read_text() == (
        '[[step]]\nfilter = "blur"\nsigma = 2.0\n\n[[step]]\nfilter = "edges"\nop = "scharr"\n'
    )


@pytest.mark.parametrize(
    "step",
    [
        "blur --sigma 2,1.5",
        "edges --thin --op prewitt --border constant --fill 3",
        "conv --kernel '1 2; 3 4' --padding 1,2,3,4",
        "conv --kernel 'a \"b\" é\x7f.txt' --anchor 1,2",
        "conv --kernel '\\n\U0001f600' --padding full",
    ],
)
def test_what_is_saved_is_read_again(ok, run, png, folder, step):
    ok("chain", "--save", "r.toml", step)
    again = run("run", "r.toml", "a.png", "-o", "out/", "--dry-run", "--json")
    first = run("chain", "a.png", "-o", "out/", "--dry-run", "--json", step)
    assert json.loads(again.out.splitlines()[0]) == json.loads(first.out.splitlines()[0])


def test_a_recipe_written_by_hand_may_say_values_as_text(ok, png, folder):
    (folder / "r.toml").write_text(
        '[[step]]\nfilter = "blur"\nsigma = "2,1"\n[[step]]\nfilter = "edges"\nthin = true\n'
    )
    ok("run", "r.toml", "a.png", "-o", "run.png")
    ok("chain", "a.png", "-o", "chain.png", "blur --sigma 2,1", "edges --thin")
    assert (folder / "chain.png").read_bytes() == (folder / "run.png").read_bytes()


WRONG_STEPS = {
    "no step": ([], "no step"),
    "an unknown option": (["blur", "edges --sgima 2"], "step 2 (edges): unknown option --sgima; did you mean --sigma?"),
    "a wrong value": (["blur --sigma x", "edges"], "step 1 (blur): --sigma: 'x' is neither a number nor two, X,Y"),
    "a value out of range": (["blur", "edges --size 4"], "step 2 (edges): --size: 4 is not one of 3, 5, 7"),
    "no such filter": (["blur", "edgse --op sobel", "edges"], "step 2: unknown filter 'edgse'; did you mean 'edges'?"),
    "a shared option": (["blur -o x.png"], "step 1 (blur): unknown option -o"),
    "a map in a step": (
        ["blur", "edges --magnitude=m.tif"],
        "step 2 (edges): --magnitude belongs to the whole chain; write it outside the quotes",
    ),
    "an option of filters": (
        ["blur", "threshold", "--depth", "1"],
        "unknown option --depth; it is an option of filters, and in a chain part of a step",
    ),
    "an open quote": (["blur 'x"], "no closing quotation"),
    "writing in the middle": (["blur --depth 8", "edges"], "step 1 (blur): --depth belongs to the last step"),
    "a map of the middle": (["--gx", "x.tif", "edges", "blur"], "blur has no --gx map"),
    "no kernel": (["conv", "blur"], "step 1 (conv): --kernel is required"),
    "a kernel that is missing": (["conv --kernel k.txt", "blur"], "step 1 (conv): --kernel: "),
}


@pytest.mark.parametrize(("steps", "said"), WRONG_STEPS.values(), ids=WRONG_STEPS)
def test_a_wrong_step_is_named(refused, png, folder, steps, said):
    assert said.lower() in refused(2, "chain", "a.png", "-o", "out.png", *steps).lower()
    assert not (folder / "out.png").exists()


WRONG_RECIPES = {
    "no TOML": ("[[step", "is not a recipe"),
    "a long number": (f"step = {'1' * 5000}", "r.toml: is not a recipe: a number has too many digits"),
    "no steps": ("", "is not a recipe"),
    "another table": ('[[step]]\nfilter = "blur"\n[more]\n', "unknown key 'more'"),
    "no filter": ("[[step]]\nsigma = 2\n", "step 1 (None): unknown filter"),
    "an unknown parameter": (
        '[[step]]\nfilter = "blur"\nsgima = 2\n',
        "(blur): sgima: no such parameter; did you mean sigma?",
    ),
    "a wrong type": ('[[step]]\nfilter = "blur"\nsigma = [1, 2, 3]\n', "has 3 numbers"),
    "a list where there is one": ('[[step]]\nfilter = "blur"\nop = ["mean"]\n', "unknown value"),
    "a date": ('[[step]]\nfilter = "blur"\nsigma = 2020-01-01\n', "is not a number"),
    "a step that is none": ("step = 3\n", "is not a recipe"),
}


@pytest.mark.parametrize(("text", "said"), WRONG_RECIPES.values(), ids=WRONG_RECIPES)
def test_a_wrong_recipe_is_one_line(refused, png, folder, text, said):
    (folder / "r.toml").write_text(text)
    line = refused(2, "run", "r.toml", "a.png", "-o", "out.png")
    assert line.startswith("imfilter: r.toml: ") and said in line


@pytest.mark.parametrize("data", [b"\xff\xfe", b"\0\0\0", b"\x89PNG"])
def test_a_recipe_that_is_no_text_is_one_line(refused, png, folder, data):
    (folder / "r.toml").write_bytes(data)
    line = refused(2, "run", "r.toml", "a.png", "-o", "out.png")
    assert "is not a recipe" in line
    assert "codec" not in line  # the words of a person, not Python's


def test_a_missing_recipe_is_one_line(refused, png):
    assert refused(2, "run", "r.toml", "a.png", "-o", "out.png") == "imfilter: r.toml: no such file or directory"


def test_the_image_that_is_too_small_names_the_step(refused, png):
    line = refused(
        1, "chain", "a.png", "-o", "out.png", "blur", f"conv --kernel '{' '.join('1' * 60)}' --padding valid"
    )
    assert line.startswith("imfilter: a.png: step 2 (conv): the image of 40×24 is smaller")


def test_update_knows_a_chains_parameters(run, ok, png, folder):
    (folder / "in").mkdir()
    png.rename(folder / "in" / "a.png")
    ok("chain", "-q", "in", "-o", "out/", *STEPS)
    assert "1 skipped" in last(run("chain", "in", "-o", "out/", "--update", *STEPS))
    assert "1 done" in last(run("chain", "in", "-o", "out/", "--update", STEPS[0], "edges"))


def test_update_knows_the_weights_of_a_chains_kernel(run, ok, png, folder):
    (folder / "in").mkdir()
    png.rename(folder / "in" / "a.png")
    (folder / "k.txt").write_text("1 2 1\n")
    steps = ("conv --kernel k.txt --normalize sum", "edges")
    ok("chain", "-q", "in", "-o", "out/", *steps)
    before = (folder / "k.txt").stat()
    (folder / "k.txt").write_text("1 1 1\n")
    os.utime("k.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "1 done" in last(run("chain", "in", "-o", "out/", "--update", *steps))


def test_json_tells_the_steps(run, png):
    (line, _) = run("chain", "a.png", "-o", "e.png", "--json", *STEPS).out.splitlines()
    told = json.loads(line)
    assert told["filter"] == "chain"
    assert [step["filter"] for step in told["parameters"]["steps"]] == ["blur", "edges"]
    assert told["parameters"]["steps"][0]["sigma"] == 2


def test_a_chain_reads_and_writes_pipes(shell, png, folder, load):
    piped = shell(
        "imfilter chain - 'blur --sigma 2' edges < a.png > pipe.png; "
        "imfilter chain a.png -o b.png 'blur --sigma 2' edges"
    )
    assert (piped.returncode, piped.stderr) == (0, b"")
    # No pixel is within 1/2000 of a level of where it is rounded another way, so no last bit of a sum moves one. Once
    # the files differed, on one machine: this says in what, the pixels or how they are compressed.
    np.testing.assert_array_equal(load("pipe.png"), load("b.png"))
    assert (folder / "pipe.png").read_bytes() == (folder / "b.png").read_bytes()


def test_a_file_called_like_a_filter_is_an_input_before_another_word(ok, png, folder):
    png.rename(folder / "blur")
    ok("chain", "./blur", "-o", "out.png", "blur")
    assert (folder / "out.png").exists()


def test_a_recipe_is_saved_only_by_a_call_that_does_something(run, png, folder):
    assert run("chain", "a.png", "-o", "out.png", "--dry-run", "--save", "r.toml", *STEPS).code == 0
    assert run("chain", "a.png", "-o", "out.unknown", "--save", "r.toml", *STEPS).code == 2
    assert not (folder / "r.toml").exists()
