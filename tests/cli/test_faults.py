"""Never a traceback: faults, what the machine lacks, signals at the start, odd streams and folders; short lines."""

import json
import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
from imfilter.cli import app
from imfilter.cli.console import faults
from imfilter.cli.console.messages import MOST, fitted
from imfilter.cli.images import formats, gif, icc_transform, ifd
from PIL import Image

SAID = "internal error: TypeError: no such thing; please report it; IMFILTER_DEBUG=1 shows where"


# ---- faults -----------------------------------------------------------------------------------------


@pytest.fixture
def faulty(monkeypatch):
    def faulty(error):
        def called(**_):
            raise error

        monkeypatch.setattr(app, "app", called)

    return faulty


def test_a_fault_is_one_line_and_a_traceback_for_who_asks(refused, run, faulty, monkeypatch):
    faulty(TypeError("no such\nthing"))
    assert refused(1, "blur") == f"imfilter: {SAID}"
    monkeypatch.setenv("IMFILTER_DEBUG", "1")
    ended = run("blur")
    assert ended.lines[0] == "Traceback (most recent call last):"
    assert ended.lines[-1] == f"imfilter: {SAID}"


@pytest.mark.each(
    "error, said",
    [
        (MemoryError(), faults.NO_MEMORY),
        (np._core._exceptions._ArrayMemoryError((1 << 40,), np.dtype("u1")), faults.NO_MEMORY),
        (OSError(12, "Cannot allocate memory"), faults.NO_MEMORY),
        (ImportError("libx.so: failed to map segment from shared object"), faults.NO_MEMORY),
        (ImportError("No module named 'numpy'"), "cannot be loaded: No module named 'numpy'; reinstall it"),
        (RecursionError("maximum recursion depth exceeded"), "internal error: RecursionError"),
        (OSError(24, "Too many open files"), "raise the limit (ulimit -n)"),
        (FileNotFoundError(2, "No such file or directory"), "the current folder is gone"),
        (OSError(28, "No space left on device"), "standard output: no space left on device"),
        (PermissionError(13, "Permission denied", "a.lst"), "a.lst: permission denied"),
    ],
)
def test_what_the_machine_lacks_is_said(refused, faulty, error, said):
    faulty(error)
    assert said in refused(1, "blur")


LACKS = [
    (MemoryError(), faults.NO_MEMORY),
    (ImportError("libx.so: failed to map segment from shared object"), faults.NO_MEMORY),
    (ImportError("No module named 'scipy'"), "cannot be loaded: No module named 'scipy'; reinstall it"),
    (OSError(24, "Too many open files"), "too many open files; raise the limit (ulimit -n)"),
]


@pytest.mark.each("error, said", LACKS)
@pytest.mark.parametrize("name", ["a.png", "a.gif", "a.tif", "a.npy"])
def test_what_the_machine_lacks_is_no_damage_of_the_picture(refused, png, folder, monkeypatch, name, error, said):
    for each in ("a.gif", "a.tif"):
        Image.new("L", (40, 24), 1).save(each)
    np.save("a.npy", np.ones((5, 7), np.uint8))

    def raises(*_):
        raise error

    found = formats.sniff((folder / name).read_bytes())
    others, broken = formats._codec, found.codec._replace(finish=raises)
    monkeypatch.setattr(formats, "_codec", lambda module: broken if module == found.codec_name else others(module))
    for lenient in ([], ["--lenient"]):
        line = refused(1, "conv", name, "-o", "out.png", "--kernel", "1", *lenient)
        assert line.endswith(said) and "damaged" not in line


@pytest.mark.each("error, said", LACKS)
def test_nor_is_it_of_a_part_of_it(refused, png, monkeypatch, error, said):
    def raises(*_):
        raise error

    Image.new("CMYK", (4, 4)).save("a.tif", icc_profile=b"a profile")
    Image.new("L", (4, 4)).save("a.gif", save_all=True, append_images=[Image.new("L", (4, 4), 9)])
    Image.open("a.png").save("b.jpg", exif=Image.Exif())
    for place, name in ((icc_transform, "_through"), (ifd, "read"), (gif, "_indices")):
        monkeypatch.setattr(place, name, raises)
    for name in ("a.tif", "a.gif", "b.jpg"):
        line = refused(1, "conv", name, "-o", "out.png", "--kernel", "1", "--lenient")
        assert line.endswith(said) and "damaged" not in line


def test_a_completion_that_no_shell_asks_for_is_refused(refused, monkeypatch):
    monkeypatch.setenv("_IMFILTER_COMPLETE", "complete_bash")
    assert refused(2) == "imfilter: _IMFILTER_COMPLETE is for shell completion; unset it"


# ---- no thread --------------------------------------------------------------------------------------


@pytest.fixture
def no_threads(monkeypatch):
    def start(self):
        raise RuntimeError("can't start new thread")

    return lambda: monkeypatch.setattr(threading.Thread, "start", start)


@pytest.mark.parametrize("name", ["out.png", "out.jpg", "out.tif", "out.webp"])
def test_without_threads_the_work_is_done_all_the_same(ok, no_threads, folder, name):
    noise = np.random.default_rng(5).integers(0, 256, (400, 500, 3), np.uint8)
    Image.fromarray(noise).save("in.png")
    ok("blur", "in.png", "-o", name, "-j", "4")
    expected = (folder / name).read_bytes()
    no_threads()
    ok("blur", "in.png", "-o", name, "-j", "4")
    assert (folder / name).read_bytes() == expected


@pytest.mark.needs("AVIF in Pillow")
def test_avif_is_decoded_without_threads(ok, no_threads, png, monkeypatch):
    from PIL import AvifImagePlugin

    ok("blur", png, "-o", "a.avif")
    monkeypatch.setattr(AvifImagePlugin, "DEFAULT_MAX_THREADS", 0)
    no_threads()
    ok("blur", "a.avif", "-o", "b.png")
    assert AvifImagePlugin.DEFAULT_MAX_THREADS == 1


# ---- signals ----------------------------------------------------------------------------------------

INTERRUPTED = """
    import os, signal, sys
    from imfilter.cli import main
    class Finder:
        left = {count}
        def find_spec(self, *_):
            self.left -= 1
            if not self.left:
                os.kill(os.getpid(), signal.{number})
    sys.meta_path.insert(0, Finder())
    sys.argv = ["imfilter", "blur", "a.png", "-o", "b.png"]
    main.console()
"""


@pytest.mark.parametrize(("number", "code", "said"), [("SIGINT", 130, "imfilter: interrupted\n"), ("SIGTERM", 143, "")])
@pytest.mark.parametrize("count", [1, 40, 120, 160, 200])
def test_a_signal_while_importing_ends_the_program_quietly(png, folder, number, code, said, count):
    script = textwrap.dedent(INTERRUPTED.format(count=count, number=number))
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (code, said)
    assert [path.name for path in folder.iterdir()] == ["a.png"]


# ---- streams and folders ----------------------------------------------------------------------------


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_fault(shell, png, folder, closed):
    ended = shell(f"imfilter blur a.png -o out.png {closed}")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert shell(f"imfilter blur nosuch.png -o b.png {closed}").returncode == 1
    assert shell(f"imfilter kernels {closed}").returncode == (1 if ">&-" in closed.replace("2>&-", "") else 0)
    with Image.open("out.png") as image:
        image.load()


def test_of_a_folder_that_is_gone_absolute_paths_still_work(shell, png, folder):
    gone = f'mkdir gone; cd gone; rmdir "{folder}/gone"; imfilter blur "{folder}/a.png" -o'
    assert shell(f'{gone} "{folder}/b.png"').returncode == 0
    ended = shell(f"{gone} b.png")
    assert (ended.returncode, ended.stderr.count(b"\n")) == (1, 1)
    assert ended.stderr.startswith(b"imfilter: the current folder is gone; ")


# ---- values beyond all bounds -----------------------------------------------------------------------

DIGITS = "9" * 400


@pytest.mark.each(
    "words",
    [
        ("--roi", f"0,0,{2**63},1"),
        ("--roi", f"{DIGITS},0,1,1"),
        ("--max-pixels", DIGITS),
        ("--max-pixels", "9" * 5000),
        ("--max-pixels", "0.5"),
        ("--sigma", DIGITS),
        ("--size", "9" * 5000),
        ("--frame", DIGITS),
        ("--sigma", "1e400"),
        ("--background", "x" * 5000),
        ("--op", "\x1b[31m" * 999),
        ("--border", "'" * 999),
        ("x" * 5000, "--nosuch" * 999),
    ],
)
def test_a_value_beyond_all_bounds_is_refused_in_a_short_line(run, png, words):
    ended = run("blur", png, "-o", "out.png", *words)
    assert ended.code in (1, 2)
    (line,) = ended.lines
    assert line.startswith("imfilter: ") and len(line) <= MOST and line.isprintable()


@pytest.mark.each(
    "recipe",
    [
        b"a = " + b"[" * 900,
        b"[[step]]\nfilter = 'blur'\nsigma = " + b"[" * 900 + b"]" * 900,
        b"[[step]]\nfilter = 'blur'\nsigma = 1979-05-27\n",
        b"[[step]]\nfilter = 'blur'\nsigma = true\n",
        b"[[step]]\nfilter = 'blur'\nsigma = " + b"9" * 5000,
        b"[[step]]\nfilter = 'blur'\nsigma = inf\n",
        b"[[step]]\nfilter = ['blur']\n",
        b"[[step]]\nfilter = 'blur'\n'\x1b[31m' = 1\n",
        b"[[step]]\nfilter = 'conv'\nkernel = \"a\\u0000b\"\n",
        b"[[step]]\nfilter = 'conv'\nkernel = 1979-05-27\n",
        b"[[step]]\nfilter = 'conv'\nkernel = {a = 1}\n",
        b"[[step]]\nfilter = 'conv'\nkernel = '1'\nbias = {a = 1}\n",
    ],
)
def test_an_odd_recipe_is_refused_in_a_short_line(run, png, folder, recipe):
    (folder / "r.toml").write_bytes(recipe)
    ended = run("run", "r.toml", png, "-o", "out.png")
    assert ended.code == 2
    (line,) = ended.lines
    assert "internal error" not in line and len(line) <= MOST and line.isprintable()


@pytest.mark.each(
    "text", ["{'a': (", "{'descr': '<f8', 'fortran_order': False, 'shape': (1,) '", "(" * 300, "'''", "\\"]
)
def test_a_damaged_header_of_an_array_is_refused(run, png, folder, text):
    header = text.encode() + b"\n"
    (folder / "k.npy").write_bytes(b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header)
    for words in (
        ("a.png", "--kernel", "k.npy"),
        ("a.png", "--kernel", "1", "--bias", "k.npy"),
        ("k.npy", "--kernel", "1"),
    ):
        ended = run("conv", *words, "-o", "out.png")
        assert ended.code in (1, 2)
        assert "is not a readable .npy file (its header is not a Python literal)" in ended.err


# ---- short lines ------------------------------------------------------------------------------------


def test_a_long_value_is_cut_and_the_advice_stays():
    line = fitted(f"imfilter: {'/photos' * 99}/a.png: unknown value {'x' * 999!r}; use one of blur, edges")
    assert len(line) == MOST
    assert line.startswith("imfilter: /photos/")
    assert "/photos/a.png: unknown value 'xxx" in line
    assert line.endswith("xxx'; use one of blur, edges")


def test_two_long_names_with_blanks_are_both_told():
    line = fitted(f"imfilter: {'a b/' * 99}c.png: would hold two outputs, of {'d e/' * 99}f.png; choose another")
    assert len(line) == MOST
    assert "/c.png: would hold two outputs, of d e/" in line
    assert line.endswith("/f.png; choose another")


@pytest.mark.each("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_line_fits_in_every_encoding(encoding):
    line = fitted("name: " + "ж\x1b[31m\n\udcff" * 500, encoding)
    assert len(line.encode(encoding).decode(encoding)) <= MOST
    assert line.isprintable()


def test_a_report_keeps_the_whole_name_and_a_short_error(run, folder):
    name = "d/" * 400 + "a.png"
    ended = run("blur", name, "-o", "out.png", "--json")
    report = json.loads(ended.out.splitlines()[0])
    assert report["input"] == name
    assert len(report["error"]) <= MOST
    assert all(len(line) <= MOST for line in ended.lines)


def test_a_fault_of_the_interpreters_clean_up_is_silent(capfd):
    class Unraisable:
        exc_value = KeyboardInterrupt()

    faults.unraisable(Unraisable())
    assert capfd.readouterr().err == ""
    assert os.environ.get(faults.DEBUG) is None
