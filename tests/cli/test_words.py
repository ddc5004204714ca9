"""What is said to words that are no command, option, step or value of this program, but mean one."""

import shlex
import subprocess
import sys

import pytest
from imfilter.cli.commands.command_words import ELSEWHERE, OTHERS, homes
from imfilter.cli.commands.option_words import MEANINGS
from imfilter.filters.core import catalog
from imfilter.filters.core.linear import kernels

COMMANDS = {
    "canny": "use: imfilter edges --op canny",
    "sobel": "use: imfilter edges --op sobel",
    "median": "use: imfilter blur --op median",
    "unsharp": "use: imfilter sharpen --op unsharp",
    "erode": "use: imfilter morph --op erode",
    "dilation": "use: imfilter morph --op dilate",
    "nlm": "use: imfilter blur --op nlm",
    "lowpass": "use: imfilter frequency --op lowpass",
    "high-pass": "use: imfilter frequency --op highpass, or imfilter conv --kernel highpass",
    "gaussian": "use: imfilter blur --op gaussian, or imfilter noise --op gaussian",
    "GaussianBlur": "use: imfilter blur --op gaussian",
    "gaussian_noise": "use: imfilter noise --op gaussian",
    "medianBlur": "use: imfilter blur --op median",
    "max": "use: imfilter blur --op max, or imfilter pool --op max",
    "emboss": "use: imfilter conv --kernel emboss",
    "sobel-x": "use: imfilter conv --kernel sobel-x",
    "gabor": "use: imfilter conv --kernel gabor",
    "thumbnail": "use: imfilter resize --longest X",
    "CLAHE": "use: imfilter tone --op clahe",
    "cany": "use: imfilter edges --op canny",
    "blurr": "did you mean 'blur'?",
    "brightness": "use: imfilter tone --brightness X",
    "noise-reduction": "use: imfilter denoise",
    "version": "use: imfilter --version",
    "identify": "use: imfilter info",
    "xyzzy": "imfilter --help lists the commands",
    "photo.jpg": "name a filter first, as in imfilter blur photo.jpg -o OUTPUT",
}


@pytest.mark.each("word, said", COMMANDS.items())
def test_a_word_that_is_no_command_names_what_is_meant(refused, word, said):
    assert refused(2, word, "a.png").startswith(f"imfilter: unknown command {word!r}; {said}")


@pytest.mark.each("words", OTHERS.values())
def test_what_people_call_other_commands_names_words_that_the_program_takes(run, words):
    first, *more = words.split()
    assert run(first, *more, *([] if first.startswith("--") or more else ["-h"])).code == 0


def test_every_operator_alias_and_kernel_has_its_places():
    for name in catalog.names():
        op = catalog.load(name).spec.parameters.get("op")
        for choice in () if op is None else op.choices:
            assert f"{name} --op {choice}" in [home.step for home in homes(choice)]
        for alias, choice in ({} if op is None else op.param.aliases).items():
            assert f"{name} --op {choice}" in [home.step for home in homes(alias)]
    for kernel in kernels.names():
        assert f"conv --kernel {kernel}" in [home.step for home in homes(kernel)]


@pytest.mark.each("word", ELSEWHERE)
def test_other_programs_words_name_what_there_is(word, ok, png):
    places = {"X": "3", "ANGLE": "10", "LOW,HIGH": "20,200", "POINTS": "0,0,9,0,9,9,0,9"}
    places |= {"KERNEL": "mean3", "FILE.png": "b.png", "FILE.npy": "b.npy", "OTHER": "red", "W,H": "3,3"}
    for home in homes(word):
        filter, *words = [places.get(part, part) for part in home.step.split()]
        ok(filter, "a.png", *([] if "-o" in words else ["-o", "b.png"]), "-q", *words)


def test_homes_need_no_numpy():
    code = "import sys; from imfilter.cli.commands.command_words import homes; homes('canny'); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "imfilter.filters.edges" in modules and "numpy" not in modules


OPTIONS = {
    "blur --sigm 2": "unknown option --sigm; did you mean --sigma?",
    "blur -sigma 2": "unknown option -sigma; did you mean --sigma?",
    "blur --ksize 5": "unknown option --ksize; did you mean --size?",
    "blur --gamma 2": "unknown option --gamma; did you mean --linear?",
    "blur --output-format png": "unknown option --output-format; did you mean --to?",
    "blur --kernel mean3": "unknown option --kernel; it is an option of conv",
    "blur --xyzzy": "unknown option --xyzzy",
    "blur -z": "unknown option -z",
    "blur --sigma": "--sigma requires a value",
    "blur --linear=1": "--linear takes no value",
    "sharpen --sigma 2": "--sigma is for --op unsharp, highboost, log, adaptive",
    "blur --op median --sigma 2": "--sigma is for --op gaussian, bilateral",
    "blur --op nlm --algorithm direct": "--algorithm is for --op gaussian, mean, motion, disk, median, percentile",
    "conv --kernel mean3 --kernel mean5": "--kernel is given twice; it takes one value",
    "blur --sigma 2 --sigma 2": "--sigma is given twice; it takes one value",
    "blur -j 1 --jobs 2": "--jobs is given twice; it takes one value",
    "erase --fill mean": "--fill: 'mean' is neither a number nor one for each channel, V,V,V; did you mean --op mean?",
    "flip --horizontal": "unknown option --horizontal; did you mean --op horizontal?",
    "edges --canny": "unknown option --canny; did you mean --op canny?",
    "denoise --op tv --sigma 9": "--sigma is for --op bilateral; did you mean --noise-sigma?",
    "rotate 90": "--angle is required, as in imfilter rotate photo.png --angle 90 -o OUTPUT",
    "resize 640x480": "640x480: no such file or directory; if it is a value, write its option before it",
    "resize --size 50%": "--size: '50%' is neither a whole number nor two, W,H; use --scale, as in --scale 50%",
    "crop --size 64x48+3+4": "--size: '64x48+3+4' is neither a whole number nor two, W,H; "
    "did you mean 64,48 with --at 3,4?",
    "tone --gamma 50%": "--gamma: '50%' is not a number; percentages do not apply here",
    "blur --gain 0,5": "--gain: '0,5' is not a number; did you mean 0.5?",
}


@pytest.mark.each("words, said", OPTIONS.items())
def test_a_wrong_option_names_the_right_one(refused, png, words, said):
    filter, *options = words.split()
    assert refused(2, filter, "a.png", "-o", "b.png", *options) == f"imfilter: {said}"


def test_every_meaning_is_an_option_of_a_filter(ok):
    helps = "\n".join(ok(name, "--help").decode() for name in catalog.names())
    assert not [option for option in MEANINGS.values() if f"--{option} " not in helps]


def test_flags_and_lists_may_be_repeated(ok, png):
    ok(
        "blur",
        "a.png",
        "-o",
        "out/",
        "-q",
        "-q",
        "--include",
        "*.png",
        "--include",
        "*.gif",
        "--roi",
        "0,0,1,1",
        "--roi",
        "1,1,1,1",
    )


STEPS = {
    "in the middle": (["blur", "canny", "edges"], "step 2: unknown filter 'canny'; use: edges --op canny"),
    "behind options": (["blur --sigma 2", "canny", "edges"], "step 2: unknown filter 'canny'; use: edges --op canny"),
    "at the end": (["blur", "edges", "whiten --by 3"], "step 3: unknown filter 'whiten'; use one of affine,"),
    "alone": (["canny"], "step 1: unknown filter 'canny'; use: edges --op canny"),
    "misspelt": (["blur", "egdes"], "step 2: unknown filter 'egdes'; did you mean 'edges'?"),
}


@pytest.mark.each("steps, said", STEPS.values())
def test_the_wrong_step_is_named(refused, png, steps, said):
    assert refused(2, "chain", "a.png", "-o", "b.png", *steps).startswith(f"imfilter: {said}")


def test_a_missing_input_is_no_step(run, png):
    ended = run("chain", "blurr.png", "a.png", "-o", "out/", "blur")
    assert ended.code == 1 and "blurr.png: no such file" in ended.err


NOTES = {
    "conv --kernel '1 2 1 2 4 2 1 2 1 / 16'": (
        "--kernel is a row of 9 values; for 3×3 put ; between the rows, as in '1 2 1; 2 4 2; 1 2 1 / 16'"
    ),
    "morph --shape '0 1 0 1 1 1 0 1 0'": "--shape is a row of 9 values; for 3×3 put ; between the rows",
    "conv --kernel nine.txt --normalize sum": "--kernel is a row of 9 values",
    "conv --kernel '1 2 1 / 4'": None,
    "conv --kernel '1 1 1 1 1 1 1 1 / 8'": None,
    "conv --kernel '1 2 1; 2 4 2; 1 2 1 / 16'": None,
    "blur --sigma 1,5": None,
}


@pytest.mark.each("words, said", NOTES.items())
def test_a_square_in_one_row_is_noted_once(run, png, folder, words, said):
    (folder / "nine.txt").write_text("1 1 1 1 1 1 1 1 1\n")
    filter, *options = shlex.split(words)
    ended = run(filter, "a.png", "a.png", "-o", "out/", "--name", "{index}.png", *options)
    notes = [line for line in ended.lines if "--kernel" in line or "--shape" in line or "--sigma" in line]
    assert ended.code == 0 and len(notes) == (said is not None)
    assert said is None or notes[0].startswith(f"imfilter: {said}")
    assert not run(filter, "a.png", "-o", "out/", "-q", *options).err


LANGUAGES = {
    "de_DE.UTF-8": "imfilter: --sigma is 1 along x, 5 along y; for one number write 1.5",
    "fr": "imfilter: --sigma is 1 along x, 5 along y; for one number write 1.5",
    "en_GB.UTF-8": "",
    "es_MX.UTF-8": "",
    "C": "",
}


@pytest.mark.each("language, said", LANGUAGES.items())
def test_a_decimal_comma_is_noted_where_people_write_one(run, png, monkeypatch, language, said):
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_NUMERIC", raising=False)
    monkeypatch.setenv("LANG", language)
    assert run("blur", "a.png", "-o", "b.png", "--sigma", "1,5").err.strip() == said
    assert not run("blur", "a.png", "-o", "b.png", "--sigma", "1.5,5").err


@pytest.mark.each("name", ["angle.jpg", "angle.avif", "angle.gif"])
def test_codes_of_angles_go_into_no_lossy_file(refused, png, folder, name):
    assert "would change the angle codes; use .png or .tif" in refused(2, "edges", "a.png", "--angle", name)
    assert not (folder / name).exists()


def test_codes_of_angles_in_lossy_webp_are_refused(refused, ok, png):
    said = refused(2, "edges", "a.png", "--angle", "angle.webp", "--quality", "80")
    assert said == "imfilter: --angle angle.webp: WEBP would change the angle codes; use .png or .tif"
    ok("edges", "a.png", "--angle", "angle.webp")


def test_colours_of_angles_may_be_lossy(ok, png):
    ok("edges", "a.png", "--angle", "angle.jpg", "--angle-style", "color")


@pytest.mark.each("source", ["a.jpg", "-"])
def test_angles_of_a_jpeg_leave_a_pipe_as_png(ok, run, folder, png, source):
    ok("blur", "a.png", "-o", "a.jpg")
    data = (folder / "a.jpg").read_bytes()
    written = ok("edges", source, "--angle", "-", stdin=data)
    assert written.startswith(b"\x89PNG")


def test_the_help_names_aliases_and_spellings(ok, png):
    assert "box, average = mean" in " ".join(ok("blur", "--help").decode().split())
    assert "erosion = erode" in " ".join(ok("morph", "--help").decode().split())
    first = ok("conv", "a.png", "-o", "-", "--kernel", "1 2 1", "--normalise", "sum")
    assert first == ok("conv", "a.png", "-o", "-", "--kernel", "1 2 1", "--normalize", "sum")
