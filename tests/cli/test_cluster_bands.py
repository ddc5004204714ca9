"""One large Zarr by bands on a cluster: the files are those of one machine, byte for byte.

Most of these workers are this process: what goes to them and comes back is pickled, and that is all they are given.
"""

import contextlib
import json
import pickle
import shutil
import uuid
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from imfilter.cli.batch.cluster import bands, checks, connection, part_task, worker_task
from imfilter.cli.batch.dispatch import process
from imfilter.cli.images import reader
from imfilter.filters.core.engine import executor

from ..conftest import thorough
from .test_python_equals_cli import cases, words
from .test_zarr import files, save

pytest.importorskip("zarr")


WHOLE = {"affine", "denoise", "frequency", "hough", "perspective", "rotate"}
"""Filters that ask for all of a picture at once; one worker does that."""


class Here:
    """Stands for `Sharing`: this process does the tasks, the last ones first."""

    def __init__(self, done, connection, jobs, processor, reader, work=process, lists=None):
        self.done, self.jobs = done, jobs
        packed = worker_task.packed(processor, reader)
        self.call = worker_task.Call(uuid.uuid4().hex, str(Path.cwd()), packed, worker_task.versions(), work)

    def reports(self):
        for number, job in reversed([*enumerate(self.jobs)]):
            self.done.append(job)
            [found] = worker_task.do(self.call, pickle.dumps([(number, job)])).reports
            yield pickle.loads(pickle.dumps(found))


@pytest.fixture
def streamed(monkeypatch):
    """Let small pictures be streamed in low strips."""
    monkeypatch.setattr(reader, "STREAMED_BYTES", 0)
    monkeypatch.setattr(executor, "STRIP_BYTES", 1 << 12)
    monkeypatch.setattr(executor, "TALL_BYTES", 1 << 13)


@pytest.fixture
def on_bands(monkeypatch, streamed, run):
    """``on_bands(*words, count=5)`` runs the command by so many bands; return how it ended, and the parts."""
    client = SimpleNamespace(nthreads=lambda: {"one": 1, "other": 1})

    @contextlib.contextmanager
    def connected(address, verbose):
        yield SimpleNamespace(client=client, address=address)

    monkeypatch.setattr(connection, "connected", connected)
    monkeypatch.setattr(checks, "check", lambda connection, jobs: None)
    monkeypatch.setattr(worker_task._Room, "_limit", lambda self: None)
    divided = bands.divided

    def on_bands(*words, count=5):
        done = []
        with monkeypatch.context() as patch:
            patch.setattr(bands, "Sharing", partial(Here, done))
            patch.setattr(bands, "divided", lambda height, block, most, least: divided(height, block, count, 0))
            ended = run(*words, "--cluster", "local:2")
        return ended, [job.part for job in done if isinstance(job, part_task.Task)]

    return on_bands


def told(ended):
    """What a call says, but for the time that it took and the names of its outputs."""
    [*lines] = map(json.loads, ended.out.splitlines())
    for line in lines:
        for key in ("seconds", "megapixels_per_second", "outputs"):
            line.pop(key, None)
    return ended.code, lines, ended.lines


def bands_of(parts):
    return {part.portion.rows for part in parts if isinstance(part, part_task.Band)} - {(0, 0)}


def whole(name, call):
    """Whether one worker does all of it: few rows, or all of them at once."""
    return name in WHOLE or call.get("op") in ("canny", "transpose", "transverse") or name in ("crop", "mix")


@pytest.mark.parametrize(("number", "case"), list(enumerate(cases())), ids=lambda value: str(value)[:9])
@pytest.mark.each("mode", ["rgb", "gray"])
def test_bands_of_every_filter_are_the_picture_that_one_machine_makes(run, on_bands, rgb, request, number, case, mode):
    if not thorough(request.config) and (number + len(mode)) % 8:
        return
    name, call = case
    tall = np.concatenate([rgb, rgb[::-1], rgb[:, ::-1]] * 2)
    save("in.zarr", tall if mode == "rgb" else tall[..., 1], chunks=(24, 40, 3)[: 3 if mode == "rgb" else 2])
    options = (*words(call), "--chunks", "16", "--json", *(["--pyramid"] if number % 3 == 0 else []))
    one = run(name, "in.zarr", "-o", "one.zarr", *options)
    ended, parts = on_bands(name, "in.zarr", "-o", "bands.zarr", *options)
    assert told(ended) == told(one)
    if one.code == 0:
        assert files("bands.zarr") == files("one.zarr")
        assert len(bands_of(parts)) > 1 or whole(name, call)
    for path in Path().glob("*.zarr"):
        shutil.rmtree(path)
