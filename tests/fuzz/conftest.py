"""What all searches share: how often they run, how a file is broken, and what the command may do with anything.

A search tries the same cases each time in the suite, and many times as many with `-m ""`. `IMFILTER_FUZZ_ROUNDS=500
pytest tests/fuzz` looks among others each time. What it finds Hypothesis makes small and prints; that becomes a test
beside those of what was at fault.
"""

import os
import random
import re
import warnings
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from imfilter.filters.core import catalog

SEARCHED = os.environ.get("IMFILTER_FUZZ_ROUNDS")
FIRST = random.SystemRandom().getrandbits(60) if SEARCHED else 0
ROUNDS = {"test_pictures": 60}
"""Rounds of a search with `-m ""`, if they are not the others' 6."""
MAPS = {f"--{name}" for filter in catalog.names() for name in catalog.load(filter).spec.maps}
OUTPUTS = {"-o", "--output", "--sheet", "--angle-legend", "--depfile", "--report", "--save", *MAPS}
"""The options whose values are replaced like the output of a compiler, if the call does not read them."""
EXTREMES = [bytes(4), b"\xff" * 4, b"\xff" * 2, b"\0\0\xff\xff", b"\x80\0\0\0", b"\0\0\0\x80", b"\0\1", b"\1\0"]


def pytest_generate_tests(metafunc):
    """Let a test with the argument `number` be one of the rounds."""
    if "number" in metafunc.fixturenames:
        count = int(SEARCHED or ROUNDS.get(metafunc.module.__name__.rpartition(".")[2], 6))
        rounds = [
            pytest.param(number, marks=[] if SEARCHED or not number else [pytest.mark.thorough])
            for number in range(count)
        ]
        metafunc.parametrize("number", rounds)


@pytest.fixture
def search(number):
    """``search(check, *strategies)`` calls the check with so many examples, which depend on the round alone."""

    def search(check, *strategies, examples=200):
        @seed(FIRST + number)
        @settings(max_examples=examples, database=None, suppress_health_check=list(HealthCheck))
        @given(st.tuples(*strategies))
        def searched(values):
            check(*values)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as the command does
            searched()

    return search


@pytest.fixture(scope="session")
def mutated():
    """``mutated(files)``: one of the files, with some of its bytes changed, gone, doubled or replaced by another's."""

    @st.composite
    def mutated(draw, files, words=()):
        data = bytearray(draw(st.sampled_from(files)))
        for _ in range(draw(st.integers(1, 4))):
            start = draw(st.integers(0, len(data)) | st.integers(0, min(len(data), 200)))
            match draw(st.integers(0, 6 if words else 5)):
                case 0 if start < len(data):
                    data[start] ^= 1 << draw(st.integers(0, 7))
                case 1:
                    extreme = draw(st.sampled_from(EXTREMES))
                    data[start : start + len(extreme)] = extreme
                case 2:
                    del data[start:]
                case 3:
                    del data[start : start + draw(st.integers(1, 40))]
                case 4:
                    data[start:start] = data[start : start + draw(st.integers(1, 40))]
                case 6:
                    data[start:start] = draw(st.sampled_from(words))
                case _:
                    other = draw(st.sampled_from(files))
                    data[start:] = other[min(start, len(other)) :]
        return bytes(data)

    return mutated


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder, in which the search runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def harmless(run, folder):
    """Run the command on whatever words: it ends as promised, in plain lines, and leaves all files as they were.

    What it writes is below the folder out, where the call says, or with --in-place in its own place a backup beside.
    """

    def contents():
        return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}

    def harmless(*words, stdin=b""):
        before = contents()
        ended = run(*words, stdin=stdin)
        assert ended.code in (0, 1, 2), ended
        for line in ended.lines if words else ():
            assert len(line) <= 300 and line.isprintable(), line
            assert not re.search(r"Traceback|internal error|Exception ignored", line), line
        assert ended.code == 0 or ended.err, "it fails without a word"
        after = contents()
        changed = {path for path in after if after[path] != before.get(path)} | before.keys() - after.keys()
        for path in changed:  # before anything fails: the search tries again what did
            if path in before:
                path.write_bytes(before[path])
            else:
                path.unlink()
        for path in changed:
            place = path.relative_to(folder)
            name = place.as_posix()
            read = {word for option, word in pairwise(["", *words]) if option not in OUTPUTS}
            places = {name, *map(str, place.parents)}
            into = {word for option, word in pairwise(words) if option in OUTPUTS}
            named = places & ({*words} - {"."} | into) and (path not in before or not read & places)
            in_place = "--in-place" in words and any(name.startswith(word) for word in words)
            assert place.parts[0] == "out" or named or in_place, place
            assert not place.name.startswith(".imfilter-"), place
        return ended

    return harmless


@pytest.fixture
def corpus():
    """The module that makes the files of the corpus."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("corpus", Path(__file__).parents[1] / "corpus.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
