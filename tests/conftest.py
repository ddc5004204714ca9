"""Fixtures for all tests: deadlines, what a test needs of the machine, counted work, the command, generated pages.

No test measures seconds: the fixture `work` counts calls instead.
"""

from __future__ import annotations

import difflib
import functools
import gc
import importlib.util
import inspect
import io
import itertools
import os
import re
import reprlib
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer.main
from hypothesis import HealthCheck, settings
from imfilter.cli import app
from imfilter.cli.commands import chain_command, filter_command
from imfilter.filters.core import native

# ---- thorough or not --------------------------------------------------------------------------------

EXAMPLES = 20


def thorough(config: pytest.Config) -> bool:
    """Whether the tests marked `thorough` run too, as with `-m ""`. Every property is then tried with more examples."""
    return "not thorough" not in config.option.markexpr


def pytest_configure(config: pytest.Config) -> None:
    settings.register_profile(
        "imfilter",
        deadline=None,
        derandomize=True,
        max_examples=EXAMPLES * (5 if thorough(config) else 1),
        suppress_health_check=[HealthCheck.too_slow],  # which measures seconds
    )
    settings.load_profile("imfilter")


def pytest_collection_finish() -> None:
    """Keep the garbage collector from looking through all tests again and again."""
    gc.collect()
    gc.freeze()


# ---- random numbers ---------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def own_random_numbers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin the random numbers of the test's file anew, so that they do not depend on the tests that ran before it."""
    for name, value in vars(request.module).items():
        if isinstance(value, np.random.Generator):
            monkeypatch.setattr(request.module, name, np.random.default_rng(zlib.crc32(request.node.nodeid.encode())))


# ---- deadlines --------------------------------------------------------------------------------------

DEADLINE = 60
"""Seconds after which a test counts as hanging; ten times as many if the thorough ones run too."""


class Hang(BaseException):
    """A test is not done by the deadline. It is not an `Exception`, so that no handler in the program catches it."""


@pytest.fixture(autouse=True)
def deadline(request: pytest.FixtureRequest) -> Iterator[int]:
    """Stop a test that hangs, with the processes that it waits for; return its deadline in seconds."""
    seconds = DEADLINE * (10 if thorough(request.config) else 1)

    def hang(*_: object) -> None:
        raise Hang(f"is not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, hang)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    yield seconds
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


# ---- what a test needs of the machine ---------------------------------------------------------------

TOOLS = {
    "bash": ("bash --version", r"GNU bash"),
    "Chromium": ("chromium --version", r"^Chromium \d"),
    "ExifTool": ("exiftool -ver", r"^\d+\.\d+$"),
    "Git": ("git --version", r"^git version \d"),
    "GNU Make": ("make --version", r"^GNU Make \d"),
    "GNU parallel": ("parallel --version", r"^GNU parallel \d"),
    "groff": ("groff --version", r"^GNU groff version"),
    "GraphicsMagick": ("gm version", r"^GraphicsMagick \d"),
    "ImageMagick": ("convert -version", r"^Version: ImageMagick \d"),
    "libvips": ("vips --version", r"^vips.\d"),
    "Netpbm": ("pnmconvol --version", r"Netpbm \d"),
    "tmux": ("tmux -V", r"^tmux \d"),
    "vipsheader": ("vipsheader --version", r"^vips.\d"),
    "Xvfb": ("Xvfb -help", r"^use: X \[:<display>\]"),
    "xterm": ("xterm -version", r"^XTerm\(\d"),
}
"""Other programs: the command that asks for its identity, and the answer. Another program may have the same name."""


def _runs(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE, check=False)


def _names_of_any_bytes() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        try:
            (Path(folder) / os.fsdecode(b"\xff")).touch()
        except OSError:
            return False
    return True


def _terminal() -> bool:
    import pty

    try:
        for end in pty.openpty():
            os.close(end)
    except OSError:
        return False
    return True


def _avif() -> bool:
    from PIL import features

    return bool(features.check("avif"))


def _installed(*modules: str) -> Callable[[], bool]:
    return lambda: all(importlib.util.find_spec(name) is not None for name in modules)


def _small_disk() -> bool:
    mount = "mount -t tmpfs -o size=64k tmpfs /mnt"
    try:
        return _runs("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount).returncode == 0
    except OSError:
        return False


def _extended_attributes() -> bool:
    with tempfile.NamedTemporaryFile() as file:
        try:
            os.setxattr(file.name, "user.imfilter", b"1")
        except (OSError, AttributeError):
            return False
    return True


def _superuser() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


ABILITIES: dict[str, Callable[[], bool]] = {
    "AVIF in Pillow": _avif,
    "the driver of a browser": _installed("axe_playwright_python", "playwright"),
    "the extra cluster": _installed("cryptography", "distributed"),
    "the extra formats": _installed("imagecodecs", "OpenEXR", "pi_heif"),
    "the extra parquet": _installed("pyarrow"),
    "the extra zarr": _installed("zarr"),
    "a server of S3, and the extra stores": _installed("obstore", "moto", "flask", "boto3"),
    "processes that may be forked": lambda: sys.platform == "linux",
    "names of any bytes": _names_of_any_bytes,
    "a terminal": _terminal,
    "a small disk": _small_disk,
    "extended attributes": _extended_attributes,
    "the compiled core": lambda: native.core is not None,
    "the superuser": _superuser,
}


def lack(name: str) -> str:
    """Return why a test cannot run on this machine, or an empty text if the machine has what it needs.

    *name* is a program of `TOOLS`, one of `ABILITIES`, a device or folder like `/dev/full`, or a limit like
    `ulimit -f 1`.
    """
    if name in ABILITIES:
        return "" if ABILITIES[name]() else f"needs {name}"
    if name.startswith("/"):
        path = Path(name)
        return "" if path.exists() and not stat.S_ISREG(path.lstat().st_mode) else f"needs {name}"
    if name.startswith("ulimit "):
        return lack("bash") or ("" if _runs("bash", "-c", name).returncode == 0 else f"needs {name}")
    asked, answer = TOOLS[name]
    program, *words = asked.split()
    if shutil.which(program) is None:
        return f"needs {name}: no {program} is on the PATH"
    try:
        ended = _runs(program, *words)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"needs {name}: {program} cannot be asked: {error}"
    said = (ended.stdout + ended.stderr).decode(errors="replace")
    known = ended.returncode == 0 and re.search(answer, said, re.MULTILINE)
    return "" if known else f"needs {name}: the {program} on the PATH is another"


asked_once = functools.cache(lack)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test marked `needs` if this machine lacks one of the things that it names."""
    for mark in item.iter_markers("needs"):
        for name in mark.args:
            if why := asked_once(name):
                pytest.skip(why)


@pytest.fixture(scope="session")
def lacks() -> Callable[[str], str]:
    """``lacks(name)``: see `lack`."""
    return lack


@pytest.fixture(scope="session")
def needs() -> Callable[[str], None]:
    """``needs(name)`` skips the test if this machine lacks it; for fixtures, which cannot have marks."""

    def needs(name: str) -> None:
        if why := asked_once(name):
            pytest.skip(why)

    return needs


@pytest.fixture(scope="session")
def peer() -> Callable:
    """``peer("cv2")`` imports a package to compare with, or skips the test if that is impossible."""
    return functools.partial(pytest.importorskip, exc_type=ImportError)


# ---- many cases in one test -------------------------------------------------------------------------


def _each(marks: Iterable[pytest.Mark]) -> Iterator[dict[str, Any]]:
    """Yield the values of all cases by name, as `parametrize` would give them to a test each."""
    names = [[name.strip() for name in mark.args[0].split(",")] for mark in marks]
    for values in itertools.product(*(mark.args[1] for mark in marks)):
        case: dict[str, Any] = {}
        for several, value in zip(names, values, strict=True):
            case |= zip(several, value if len(several) > 1 else [value], strict=True)
        yield case


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Take the names of `each` for values, not for fixtures."""
    for mark in metafunc.definition.iter_markers("each"):
        metafunc.parametrize(mark.args[0], [next(iter(mark.args[1]))], ids=[pytest.HIDDEN_PARAM])


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test marked `each` for one case after the other; say in which it fails.

    A test of its own for each takes 4 ms, longer than most cases do.
    """
    marks = [*pyfuncitem.iter_markers("each")]
    if not marks:
        return None
    given = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    cases = [*_each(marks)]
    assert cases, "the values of a case are gone once they are read: make a list of them"
    for case in cases:
        signal.setitimer(signal.ITIMER_REAL, pyfuncitem.funcargs["deadline"])  # each has the time of a test
        try:
            pyfuncitem.obj(**given | case)
        except Exception as error:
            error.add_note(f"in the case {', '.join(f'{name}={reprlib.repr(value)}' for name, value in case.items())}")
            raise
    return True


# ---- work -------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def work() -> Callable[[Callable[[], object]], int]:
    """``work(function)`` returns how many Python and C functions are called in it."""

    def work(function: Callable[[], object]) -> int:
        calls = 0

        def count(frame: object, event: str, argument: object) -> None:
            nonlocal calls
            calls += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(count)
        try:
            function()
        finally:
            sys.setprofile(before)
        return calls

    return work


# ---- the command ------------------------------------------------------------------------------------

MEANING = re.compile(
    "_?IMFILTER_(?!NATIVE$).*|MAKE.*|MFLAGS|COLUMNS|LINES|(NO|FORCE)_COLOR|PY_COLORS|CI|GITHUB_.*|TTY_.*"
)
"""All but `IMFILTER_NATIVE`: processes of a test run the core that the test does."""


@pytest.fixture(scope="session", autouse=True)
def environment() -> Iterator[None]:
    """Remove the environment variables that would change what the command does, and heed the signals that end it.

    A shell starts its background jobs, and `nohup` every program, with signals ignored, and so would the command be.
    """
    ignored = [n for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is signal.SIG_IGN]
    with pytest.MonkeyPatch.context() as patch:
        for name in filter(MEANING.fullmatch, list(os.environ)):
            patch.delenv(name)
        for number in ignored:
            signal.signal(number, lambda *_: None)  # a child has the default in place of a handler
        yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@dataclass
class Ended:
    """The result of a run."""

    code: int
    out: bytes
    err: str

    @property
    def lines(self) -> list[str]:
        return self.err.splitlines()


@pytest.fixture(scope="session")
def made_once() -> Iterator[None]:
    """Make each command once: that takes longer than to filter most of the images here."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in (
            (typer.main, "get_command"),
            (filter_command, "make"),
            (chain_command, "make_chain"),
            (chain_command, "make_run"),
        ):
            patch.setattr(module, name, functools.cache(getattr(module, name)))
        yield


@pytest.fixture
def run(monkeypatch, made_once):
    """Run the command in this process: ``run("blur", "a.png", "-o", "b.png")``."""

    def run(*words, stdin=b""):
        streams = [io.TextIOWrapper(io.BytesIO(data), encoding="utf-8") for data in (stdin, b"", b"")]
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["imfilter", *map(str, words)])
            for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
                patch.setattr(sys, name, stream)
            try:
                code = app.run()
            except SystemExit as end:
                code = end.code
        for stream in streams[1:]:
            stream.flush()
        return Ended(code, streams[1].buffer.getvalue(), streams[2].buffer.getvalue().decode())

    return run


@pytest.fixture(name="command")
def words():
    """Return the words that start the program as a process of its own."""
    return [sys.executable, "-m", "imfilter"]


@pytest.fixture
def shell(command, needs):
    """Run a line of shell in which ``imfilter`` is the program, with real signals and pipes."""
    needs("bash")
    words = " ".join(f"'{word}'" for word in command)

    def shell(line, env=None, **options):
        return subprocess.run(
            ["bash", "-c", f'set -o pipefail; imfilter() {{ {words} "$@"; }}; {line}'],
            env={**os.environ, **(env or {})},
            capture_output=True,
            preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL),
            **options,
        )

    return shell


@pytest.fixture
def program(command, tmp_path_factory):
    """Return an environment in which other programs find the program under test as ``imfilter``."""
    script = tmp_path_factory.mktemp("bin") / "imfilter"
    script.write_text(f'#!/bin/sh\nexec {" ".join(command)} "$@"\n')
    script.chmod(0o755)
    return {**os.environ, "PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}"}


# ---- generated pages --------------------------------------------------------------------------------

REGENERATE = bool(os.environ.get("REGENERATE"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With ``REGENERATE=1``, run only the tests that write a page.

    ``-m needs`` chooses the tests that ask by the fixture of that name, too.
    """
    for item in items:
        if "needs" in getattr(item, "fixturenames", ()):
            item.add_marker("needs")
    if REGENERATE:
        others = [item for item in items if "fresh" not in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="session")
def fresh() -> Callable[[Path, str], None]:
    """``fresh(page, text)`` checks that a page holds the generated text; with ``REGENERATE=1`` it writes the page."""

    def fresh(page: Path, text: str) -> None:
        if REGENERATE:
            page.write_text(text, encoding="utf-8")
        found = page.read_text(encoding="utf-8")
        stale = "".join(difflib.unified_diff(found.splitlines(True), text.splitlines(True), page.name, "generated"))
        assert not stale, f"`REGENERATE=1 pytest` writes {page.name}:\n{stale}"

    return fresh
