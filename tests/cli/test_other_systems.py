"""Windows and macOS, as far as Linux can stand for them: without the calls that they have not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = [pytest.mark.needs("/proc/self/fd"), pytest.mark.parametrize("system", ["windows", "macos"])]
OTHERS = Path(__file__).parent / "other_systems"
"""Has what Python imports when it starts."""


@pytest.fixture
def on():
    """Run Python with *words* as on another system: ``on("windows", "-m", "imfilter", …)``; on "linux" as here."""

    def on(system, *words):
        # The streams are those of a Windows of Western Europe.
        more = {"IMFILTER_SYSTEM": system, "PYTHONPATH": str(OTHERS), "PYTHONIOENCODING": "cp1252"}
        call = [sys.executable, *words]
        return subprocess.run(call, env=os.environ | more, stdin=subprocess.DEVNULL, capture_output=True)

    return on


@pytest.fixture
def photos(rgb, folder):
    """A folder of pictures: one in a subfolder, one that is read in pieces, one whose result is written as it comes."""
    Path("photos/sub").mkdir(parents=True)
    Image.fromarray(rgb).save("photos/a.jpg")
    Image.fromarray(rgb[::-1]).save("photos/sub/b.png")
    Image.fromarray(rgb.astype(np.uint16)[..., 0] * 257).save("photos/c.tif")
    np.save("photos/d.npy", np.stack([rgb] * 3))
    frames = [Image.fromarray(np.roll(rgb, shift, 1)) for shift in range(3)]
    frames[0].save("photos/e.gif", save_all=True, append_images=frames[1:])
    for path in Path("photos").rglob("*.*"):
        os.utime(path, ns=(10**18, 10**18))
    return folder / "photos"


IMPORTING = """
import importlib, pkgutil, imfilter.cli, imfilter.filters
for house in (imfilter.cli, imfilter.filters):
    for found in pkgutil.walk_packages(house.__path__, house.__name__ + "."):
        if not {"_root", "__main__"} & {*found.name.split(".")}:
            importlib.import_module(found.name)
            print(found.name)
"""


def test_every_module_can_be_imported(on, system):
    ended = on(system, "-c", IMPORTING)
    assert (ended.returncode, ended.stderr.decode()) == (0, "")
    assert len(ended.stdout.splitlines()) > 300


CALLS = (
    "blur photos -q -r -o out/ --sigma 2 -j 2",  # in processes
    "blur photos -r -o out/ --sigma 2 --update",
    "edges photos/sub photos/a.jpg -q --in-place --backup .orig --angle angles/ --depfile d -j 1",
    "blur photos/e.gif photos/c.tif -q --sigma 1 --in-place -j 1",
    "augment photos/d.npy -o variants.npy --variants 2 'rotate --angle -9..9'",
    "dataset split angles -o parts/ --parts train=0.5,test=0.5 --link",
    "compare photos/e.gif out/e.gif --max-diff 300 --json",
    "info photos -r --json",
    "blur photos/sub/b.png -o - --op mean --size 3 --to png",
)
CALLING = """
import shlex, sys
from imfilter.cli import app
for words in sys.argv[1:]:
    sys.argv = ["imfilter", *shlex.split(words)]
    code = app.run()
    print(words, int(code), flush=True)
    sys.stderr.flush()
"""


def contents(place):
    return {str(path.relative_to(place)): path.read_bytes() for path in Path(place).rglob("*") if path.is_file()}


def test_calls_do_what_they_do_here(on, photos, folder, system, monkeypatch):
    ended = {}
    for name in ("linux", system):
        shutil.copytree("photos", f"{name}/photos", copy_function=shutil.copy2)
        monkeypatch.chdir(folder / name)
        ended[name] = on(name, "-c", CALLING, *CALLS)
        monkeypatch.chdir(folder)
    here, there = ended.values()
    assert there.stdout == here.stdout
    assert [f"{words} 0".encode() in here.stdout for words in CALLS] == [True] * len(CALLS)
    assert [told.stderr.partition(b" in ")[0] for told in (here, there)] == [
        b"imfilter: 0 done, 5 skipped, 0 failed"
    ] * 2
    assert contents(system) == contents("linux")


def test_what_takes_another_system_is_refused(on, system):
    names = on(system, "-m", "imfilter", "blur", "--files-from", "-", "--watch", "-o", "out/")
    shown = on(system, "-m", "imfilter", "show", "a.png")
    assert names.returncode == shown.returncode == 2
    if system == "windows":
        assert names.stderr.decode() == (
            "imfilter: --files-from - cannot be used with --watch on this system; name a file or folder\n"
        )


FREE = """
from imfilter.cli.images import memory_budget, temporary_names
print(memory_budget.free() >> 30, temporary_names.temporary_name(".tmp"))
"""


def test_memory_and_names_are_known(on, system):
    free, name = on(system, "-c", FREE).stdout.decode().split()
    assert name.startswith(".imfilter-") and name.endswith(".tmp")
    assert int(free) == 6 if system == "windows" else int(free) > 0
