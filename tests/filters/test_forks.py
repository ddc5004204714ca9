"""Tasks in processes of their own."""

import os
import signal
import time

import numpy as np
import pytest
from imfilter.filters.blur import blur
from imfilter.filters.core import executor, forks
from imfilter.filters.core.encode import Encoding

pytestmark = pytest.mark.needs("processes that may be forked")


def test_all_tasks_are_done_each_in_a_process_of_its_own():
    done = forks.shared((3,), np.int64)

    def task(number):
        def note():
            done[number] = os.getpid()

        return note

    forks.apart([task(number) for number in range(3)])
    assert done[0] == os.getpid()
    assert len(set(done.tolist())) == 3 and done.all()


def test_what_a_process_fails_to_do_is_done_here():
    done, here = forks.shared((2,), np.int64), os.getpid()

    def fragile():
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        done[1] = os.getpid()

    forks.apart([lambda: None, fragile])
    assert done[1] == here


def test_a_failure_that_is_not_the_process_own_is_raised():
    def wrong():
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        forks.apart([lambda: None, wrong])


def test_no_process_outlives_a_failure(deadline):
    reading, writing = os.pipe()
    began = []

    def long():
        os.write(writing, str(os.getpid()).encode())
        time.sleep(deadline)

    def wrong():
        began.append(int(os.read(reading, 20)))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        forks.apart([wrong, long])
    with pytest.raises(ProcessLookupError):
        os.kill(began[0], 0)
    os.close(reading)
    os.close(writing)


def test_without_processes_all_is_done_here(monkeypatch):
    def refused():
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(os, "fork", refused)
    done = []
    forks.apart([lambda: done.append(0), lambda: done.append(1)])
    assert done == [0, 1]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("algorithm", ["networks", "counting"])
def test_processes_give_what_one_gives(monkeypatch, noise, dtype, algorithm):
    monkeypatch.setattr(executor, "WORTH_A_FORK", 0)
    forked = []
    monkeypatch.setattr(forks, "apart", lambda tasks, apart=forks.apart: forked.append(len(tasks)) or apart(tasks))
    image = noise((600, 40, 3), dtype)
    options = {"op": "median", "size": 5, "algorithm": algorithm}
    alone, several = (
        executor.run(
            blur.stages(**options),
            image,
            {"image": Encoding(dtype)},
            blur.settings(**options),
            strip_rows=128,
            jobs=jobs,
        )
        for jobs in (1, 2)
    )
    np.testing.assert_array_equal(several.outputs["image"].samples, alone.outputs["image"].samples)
    assert forked == [2]


def test_only_long_work_in_short_calls_is_forked(monkeypatch, noise):
    monkeypatch.setattr(executor, "WORTH_A_FORK", 1e6)
    forked = []
    monkeypatch.setattr(forks, "apart", lambda tasks: forked.append(len(tasks)) or [task() for task in tasks])
    for options, rows in (({"op": "median", "size": 9}, 600), ({"op": "median"}, 20), ({"op": "mean"}, 600)):
        stages, image = blur.stages(**options), noise((rows, 400, 3))
        executor.run(stages, image, {"image": Encoding("uint8")}, blur.settings(**options), jobs=2, strip_rows=10)
        forked.append(0)
    assert forked == [2, 0, 0, 0]
