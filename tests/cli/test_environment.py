"""The same bytes whatever the environment: threads of BLAS, time zone, locale, the interpreter's own variables."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from imfilter.cli.blas import THREADS, limit_blas
from PIL import Image

OTHER = {
    **dict.fromkeys(THREADS, "3"),
    "OPENBLAS_MAIN_FREE": "1",
    "OPENBLAS_BLOCK_FACTOR": "4",
    "TZ": "Asia/Kolkata",
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "C",
    "COLUMNS": "30",
    "PYTHONHASHSEED": "7",
    "PYTHONOPTIMIZE": "2",
    "PYTHONUTF8": "0",
    "MALLOC_PERTURB_": "165",
    "IMFILTER_JOBS": "3",
    "SOURCE_DATE_EPOCH": "86400",
}
CALLS = [
    ("blur", "a.png", "--sigma", "6"),
    ("conv", "f.tif", "--kernel", "k.txt"),
    ("conv", "a.png", "--kernel", "k.txt"),
    ("conv", "a.png", "--kernel", "bank.npy", "--sheet", "sheet.png"),
    ("frequency", "a.png"),
    ("edges", "a.png", "--op", "scharr", "--angle", "angle.png"),
    ("noise", "a.png"),
]


@pytest.fixture
def images(folder):
    random = np.random.default_rng(0)
    Image.fromarray(random.integers(0, 256, (200, 400, 3), np.uint8)).save("a.png")
    tifffile.imwrite("f.tif", random.normal(size=(200, 400)).astype(np.float32))
    np.savetxt("k.txt", random.normal(size=(9, 9)))
    np.save("bank.npy", random.normal(size=(6, 3, 7, 7)))


def made(command, words, environment):
    output = "out.npy" if "bank.npy" in words else "out.tif" if "f.tif" in words else "out.png"
    clean = {name: value for name, value in os.environ.items() if name not in OTHER}
    ended = subprocess.run(
        [*command, *words, "-q", "-o", output], env=clean | environment, stdin=subprocess.DEVNULL, capture_output=True
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    outputs = [Path(name) for name in (output, "sheet.png", "angle.png")]
    return [path.read_bytes() for path in outputs if path.exists()]


@pytest.mark.each("words", CALLS)
def test_the_environment_changes_no_byte(command, images, words):
    assert made(command, words, OTHER) == made(command, words, {})


@pytest.mark.each("format", ["jpg", "webp", "gif", "tif", "png", "avif"])
def test_nor_does_it_in_any_format(command, rgb, folder, needs, format):
    if format == "avif":
        needs("AVIF in Pillow")
    Image.fromarray(rgb).save("a.png")
    results = []
    for environment in ({}, OTHER):
        words = [*command, "blur", "a.png", "-q", "-o", f"out.{format}"]
        subprocess.run(words, env=os.environ | environment, stdin=subprocess.DEVNULL, check=True)
        results.append(Path(f"out.{format}").read_bytes())
    assert results[0] == results[1]


def test_blas_has_one_thread_whatever_the_environment_says(needs, monkeypatch):
    """A product as large as this one would start the others."""
    needs("/proc/self/task")
    code = """
import sys
from imfilter.cli import app, main

def run():
    import os
    import numpy as np
    np.ones((600, 600)) @ np.ones((600, 600))
    print(len(os.listdir("/proc/self/task")))
    return 0

app.run = run
main.main()
"""
    words = [sys.executable, "-c", code]
    ended = subprocess.run(words, env=os.environ | dict.fromkeys(THREADS, "2"), capture_output=True, check=True)
    assert ended.stdout == b"1\n"
    for name in THREADS:
        monkeypatch.setenv(name, "8")
    limit_blas()
    assert {os.environ[name] for name in THREADS} == {"1"}


@pytest.mark.each("words", [("-v",), ("--json",), ("-j", "1"), ("-j", "7")])
def test_what_is_told_of_an_image_changes_no_byte_of_it(run, images, words):
    """To measure the range of a result must not change how it is computed."""
    for call in (*CALLS, ("blur", "a.png", "--op", "box", "--size", "15"), ("blur", "a.png", "--op", "median")):
        output = "out.npy" if "bank.npy" in call else "out.tif" if "f.tif" in call else "out.png"
        results = []
        for more in ((), words):
            assert run(*call, "-o", output, *more).code == 0
            results.append(Path(output).read_bytes())
        assert results[0] == results[1], call
