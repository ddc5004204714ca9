"""Pipes and terminals: standard output carries the image alone, words go to standard error."""

import io
import os
import pty
import subprocess

import numpy as np
import pytest
from imfilter.filters.blur import blur
from imfilter.filters.edges import edges
from PIL import Image


def decoded(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def test_standard_input_and_output(ok, png, rgb):
    assert np.array_equal(decoded(ok("blur", "-", "-o", "-", stdin=png.read_bytes())), blur(rgb))


def test_standard_input_goes_to_standard_output_by_itself(ok, png, rgb):
    assert np.array_equal(decoded(ok("blur", "-", stdin=png.read_bytes())), blur(rgb))


def test_the_format_is_the_inputs_unless_told(ok, png):
    assert ok("blur", "-", stdin=png.read_bytes()).startswith(b"\x89PNG")
    assert ok("blur", "-", "--to", "webp", stdin=png.read_bytes())[8:12] == b"WEBP"


def test_a_pipeline(shell, png, rgb):
    ended = shell("imfilter blur - --sigma 2 < a.png | imfilter edges - > e.png")
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, b"", b"")
    with Image.open("e.png") as image:
        assert np.array_equal(np.asarray(image), edges(blur(rgb, sigma=2)).image)


def test_npy_through_a_pipe_keeps_every_bit(shell, png, rgb, load):
    shell("imfilter blur a.png -o - -t npy | imfilter edges - --gx gx.npy")
    assert np.allclose(load("gx.npy"), edges(blur(rgb, depth="float")).gx * 255, atol=1e-3)


def test_a_map_to_standard_output(ok, png, rgb):
    data = ok("edges", "a.png", "--magnitude", "-", "--to", "npy")
    assert np.array_equal(np.load(io.BytesIO(data)), edges(rgb).magnitude)


def test_a_map_and_a_picture_share_a_run(ok, png, rgb, load):
    picture = decoded(ok("edges", "a.png", "-o", "-", "--angle", "angle.npy"))
    assert np.array_equal(picture, edges(rgb).image)
    assert np.array_equal(load("angle.npy"), edges(rgb).angle)


def test_empty_standard_input(refused):
    assert refused(1, "blur", "-", stdin=b"") == "imfilter: standard input: is empty"


def test_a_failing_first_half_ends_the_pipeline(shell):
    ended = shell("imfilter blur missing.png -o - | imfilter edges - > e.png")
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        b"imfilter: missing.png: no such file or directory",
        b"imfilter: standard input: is empty",
    ]


@pytest.mark.needs("ulimit -v 1500000")
def test_endless_nonsense_is_not_read_to_its_end(shell):
    line = "yes | head -c 4G | { ulimit -v 1500000; imfilter blur - > e.png; echo $?; }"
    ended = shell(line, env={"OPENBLAS_NUM_THREADS": "1"})
    assert ended.stdout == b"1\n"
    assert b"neither an image" in ended.stderr


def test_a_closed_pipe_is_quiet(shell, folder):
    np.save("in.npy", np.random.default_rng(0).random((600, 600), np.float32))
    ended = shell("imfilter blur in.npy -o - | head -c 10 | wc -c")
    assert (ended.stdout.strip(), ended.stderr) == (b"10", b"")


def full(line, said):
    return pytest.param(line, said, marks=pytest.mark.needs("/dev/full"))


@pytest.mark.parametrize("line", ["--help", "kernels", "kernels show sobel-x", "--version"])
def test_a_closed_pipe_is_quiet_for_words_too(shell, line):
    assert shell(f"imfilter {line} | true").stderr == b""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("imfilter blur a.png -o - >&-", "imfilter: standard output: cannot be written: it is closed\n"),
        ("imfilter blur - -o out.png <&-", "imfilter: standard input: is closed\n"),
        full("imfilter --version > /dev/full", "imfilter: standard output: no space left on device\n"),
        full("imfilter kernels > /dev/full", "imfilter: standard output: no space left on device\n"),
        ("imfilter blur nosuch.png -o out.png 2>&-", ""),
        full("imfilter blur nosuch.png -o out.png 2> /dev/full", ""),
    ],
)
def test_closed_and_full_streams(shell, png, line, said):
    ended = shell(line)
    assert (ended.returncode, ended.stderr.decode(), ended.stdout) == (1, said, b"")


@pytest.mark.needs("ulimit -f 1")
@pytest.mark.each("format", ["jpeg", "png", "ppm", "tiff", "npy"])
def test_a_limit_on_files_holds_for_no_pipe(shell, png, format):
    whole = shell(f"imfilter blur a.png -t {format} -o -")
    limited = shell(f"trap '' XFSZ; ulimit -f 1; imfilter blur a.png -t {format} -o - | cat")
    assert (limited.returncode, limited.stderr, limited.stdout) == (0, b"", whole.stdout)


@pytest.mark.needs("ulimit -f 1")
@pytest.mark.each("unbuffered", ["", "1"])
@pytest.mark.each("format", ["jpeg", "png", "ppm", "tiff", "npy"])
def test_a_file_that_takes_a_part_is_a_failure(shell, png, format, unbuffered):
    line = f"trap '' XFSZ; ulimit -f 1; imfilter blur a.png -t {format} -o - > out"
    ended = shell(line, env={"PYTHONUNBUFFERED": unbuffered})
    said = b"imfilter: standard output: cannot be written: file too large\n"
    assert (ended.returncode, ended.stderr) == (1, said)


def test_closed_streams_that_are_not_needed_do_no_harm(shell, png, load):
    assert shell("imfilter blur a.png -o out.png <&- >&- 2>&-").returncode == 0
    assert load("out.png").shape == (24, 40, 3)


# ---- what is said -----------------------------------------------------------------------------------


def test_success_is_silent(run, png):
    ended = run("blur", "a.png", "-o", "out.png")
    assert (ended.code, ended.out, ended.err) == (0, b"", "")


def test_verbose_says_what_was_derived(run, png):
    ended = run("blur", "a.png", "-o", "-", "-v", "--sigma", "2")
    assert ended.out.startswith(b"\x89PNG")
    for fact in ("gaussian of sigma 2,2: 17×17", "sum 1", "separable", "40×24×3 uint8", "0.00% clipped"):
        assert fact in ended.err


def test_quiet_keeps_notes_away_but_not_errors(run, png, gray):
    Image.fromarray(gray).save("in.gif", save_all=True, append_images=[Image.fromarray(255 - gray)])
    assert "cannot hold frame durations" in run("blur", "in.gif", "-o", "out.tif").err
    assert run("blur", "in.gif", "-o", "out.tif", "-q").err == ""
    assert "no such file" in run("blur", "missing.png", "-o", "out.png", "-q").err


# ---- terminals and encodings ------------------------------------------------------------------------


@pytest.fixture
def on_terminal(command, parts_of, needs):
    """Run the program on a terminal of its own; return what the terminal shows, and the exit code."""
    needs("a terminal")

    def on_terminal(*words, **env):
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [*command, *words], stdout=slave, stderr=slave, stdin=slave, env={**os.environ, **env}
        )
        os.close(slave)
        shown = b"".join(parts_of(master))
        return shown.decode(), process.wait()

    return on_terminal


def test_an_image_is_not_written_to_a_terminal(on_terminal, png):
    shown, code = on_terminal("blur", "a.png", "-o", "-")
    assert code == 2
    assert shown == "imfilter: an image would be written to the terminal; redirect it, or name a file with -o\r\n"


@pytest.mark.parametrize("words", [["kernels"], ["blur", "missing.png", "-o", "x.png"], ["blr"]], ids=" ".join)
def test_words_on_a_terminal_are_plain(on_terminal, png, words):
    for env in ({"TERM": "xterm"}, {"FORCE_COLOR": "1"}):
        shown, _ = on_terminal(*words, **env)
        assert "\x1b" not in shown


@pytest.mark.parametrize("line", ["--help", "edges --help", "kernels", "blr", "blur missing.png -o x.png"])
def test_no_colour_in_pipes(shell, line):
    ended = shell(f"imfilter {line} | cat", env={"FORCE_COLOR": "1", "GITHUB_ACTIONS": "true", "PY_COLORS": "1"})
    assert b"\x1b" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    "line", ["kernels", "kernels show sobel-x", "edges --help", "blur a.png -o b.png -v", "blur é.png -o b.png"]
)
def test_a_terminal_that_knows_ascii_only(shell, png, line):
    env = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ended = shell(f"imfilter {line}", env=env)
    assert b"Traceback" not in ended.stderr
    assert ended.stdout + ended.stderr != b""


def test_help_follows_the_width_of_the_terminal(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, run("kernels").out.decode().splitlines())) <= 60
