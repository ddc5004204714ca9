"""What the command shall do, processes that are stopped, terminals; and small images to feed it."""

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import tifffile
from PIL import Image

SMALL_DISK = "unshare --user --map-root-user --mount"
"""Starts a program that may mount file systems, which nobody else sees."""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test runs in an empty folder, and no run leaves a temporary file in it."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".imfilter-")]


@pytest.fixture
def ok(run):
    """Run the command, which shall succeed and say no more than that noise was clipped; return its standard output."""

    def ok(*words, stdin=b""):
        ended = run(*words, stdin=stdin)
        assert (ended.code, [line for line in ended.lines if " is clipped; " not in line]) == (0, [])
        return ended.out

    return ok


@pytest.fixture
def documented():
    """``documented("`imfilter info --json`")`` are the keys that this section of `cli/REPORT.md` names."""
    page = (Path(__file__).parents[2] / "cli" / "REPORT.md").read_text(encoding="utf-8")

    def documented(section):
        _, heading, part = page.partition(f"\n## {section}\n")
        assert heading, section
        return {"schema", "kind", "type", *re.findall(r"`(\w+)`", part.partition("\n## ")[0])}

    return documented


@pytest.fixture
def refused(run):
    """Run the command, which shall fail with *code* and one line; return that line."""

    def refused(code, *words, stdin=b""):
        ended = run(*words, stdin=stdin)
        assert ended.code == code, ended.err
        assert len(ended.lines) == 1, ended.err
        assert ended.lines[0].startswith("imfilter: ")
        assert ended.out == b""
        return ended.lines[0]

    return refused


MEASURING = """
import os, sys
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""A process begins with the peak of the one that starts it: this one is small, and that of the tests is not."""


class Measured(NamedTuple):
    """A process that has ended."""

    code: int
    peak: int
    """The bytes that it took at most."""
    out: str
    err: str


@pytest.fixture(scope="session")
def measured():
    """Run Python with *words*, and measure its memory from outside."""

    def measured(*words, cwd=None):
        call = [sys.executable, "-S", "-c", MEASURING, sys.executable, *words]
        ended = subprocess.run(call, cwd=cwd, capture_output=True, text=True)
        *out, peak = ended.stdout.splitlines()
        return Measured(ended.returncode, int(peak), "\n".join(out), ended.stderr)

    return measured


@pytest.fixture
def start():
    """Start a process in a session of its own; kill what is left of the session when the test ends."""
    started = []

    def start(words, **options):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen(words, start_new_session=True, **(pipes | options)))
        return started[-1]

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in filter(None, (process.stdin, process.stdout, process.stderr)):
            pipe.close()


@pytest.fixture
def hanging(needs, deadline):
    """The words that start a program of which every process hangs, and says so, half through the file it writes."""
    needs("processes that may be forked")
    code = f"""
        import os, time
        from imfilter.cli import main
        from imfilter.cli.batch import worker_pool
        from imfilter.cli.images import encode
        worker_pool._start_method = lambda: "fork"
        def hang(file, *rest):
            file.write(b"half a picture")
            file.flush()
            os.write(1, b"writing\\n")
            for _ in range({deadline} * 100):  # a signal just before a sleep waits for its end
                time.sleep(0.01)
        encode.write = hang
        main.main()
    """
    return [sys.executable, "-c", textwrap.dedent(code)]


@pytest.fixture(scope="session")
def parts_of():
    """Yield what is shown on a terminal, given its master, until the other end is closed; then close it."""

    def parts_of(master):
        with contextlib.suppress(OSError):  # the other end is closed
            while part := os.read(master, 4096):
                yield part
        os.close(master)

    return parts_of


@pytest.fixture(scope="session")
def rgb():
    """A colour image with noise, ramps and flat parts, 40×24."""
    image = np.random.default_rng(7).integers(0, 256, (24, 40, 3))
    image[:, :12] = np.arange(24)[:, None, None] * 10
    image[14:, 20:] = (250, 128, 3)
    return image.astype(np.uint8)


@pytest.fixture(scope="session")
def gray(rgb):
    return np.ascontiguousarray(rgb[..., 1])


@pytest.fixture(scope="session")
def rgba(rgb):
    alpha = np.zeros(rgb.shape[:2], np.uint8)
    alpha[4:20, 6:34] = 255
    alpha[8:12, 10:16] = 100
    return np.dstack([rgb, alpha])


@pytest.fixture
def png(rgb):
    """The file a.png, a colour image."""
    Image.fromarray(rgb).save("a.png")
    return Path("a.png")


@pytest.fixture
def load():
    """Open an image file as an array."""

    def load(path):
        if str(path).endswith(".npy"):
            return np.load(path)
        if str(path).endswith(".tif"):
            return tifffile.imread(path)
        with Image.open(path) as image:
            return np.asarray(image)

    return load


@pytest.fixture
def small_disk(needs, shell, folder):
    """Run a line of shell with a file system of a size, ``small_disk("80k", "imfilter ...")``, at the folder disk."""
    needs("a small disk")
    (folder / "disk").mkdir()

    def small_disk(size, line):
        # In a namespace of its own, which takes the file system away when it ends.
        return shell(
            f"export -f imfilter; {SMALL_DISK} bash -o pipefail -c "
            + shlex.quote(f"mount -t tmpfs -o size={size} tmpfs disk && {line}")
        )

    return small_disk
