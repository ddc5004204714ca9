"""Reading an image strip by strip, and passing on results in the same way, gives the same as in memory."""

import contextlib
import itertools
import threading

import numpy as np
import pytest
from imfilter.filters.core import catalog
from imfilter.filters.core.engine import executor, image_rows, strips
from imfilter.filters.core.engine.quantize import encoding
from imfilter.filters.core.engine.streamed import StreamedImage, strips_of
from imfilter.filters.core.gradient import hysteresis_by_rows
from imfilter.filters.core.gradient.non_maximum_suppression import hysteresis

from .test_strips import CALLS, OF_INTEGERS, image

HOLD = {
    *(f"denoise-{op}" for op in ("bm3d", "tv", "wavelet")),
    *(f"frequency-{op}" for op in ("lowpass", "highpass", "bandpass", "bandstop", "notch")),
    *("flip-transpose", "flip-transverse", "perspective-", "rotate-"),
}
"""The calls that must have all of an image."""
RGBA = {"blur-gaussian", "blur-median", "sharpen-unsharp", "edges-sobel", "crop-", "resize-", "flip-left-right"}


class Sent:
    """A canvas whose rows are handed on when they are filled, and put together here."""

    def __init__(self, shape, dtype, alpha=False):
        self.shape, self.dtype, self.size, self.alpha = shape, np.dtype(dtype), int(np.prod(shape)), alpha
        self.sent = {}

    def cuts(self, start, stop):
        inner = range(-(-(start + 1) // 7) * 7, stop, 7)
        bounds = [start, *inner, stop]
        return list(itertools.pairwise(bounds))

    @contextlib.contextmanager
    def rows(self, start, stop):
        assert start // 7 == (stop - 1) // 7
        room = np.full((stop - start, self.shape[1], self.shape[2] + self.alpha), 99, self.dtype)
        yield room
        assert start not in self.sent
        self.sent[start] = room

    def whole(self):
        return np.concatenate([self.sent[start] for start in sorted(self.sent)])


def run(filter, pixels, alpha, values, read, jobs=1, wanted_range=None):
    """The outputs of a filter, and the images that were given."""
    call = filter.checked(**values)
    stages, own = call.stages(), pixels.dtype.name
    wanted = {
        name: encoding(kind, own, own, wanted_range or call.values["range"], 1.0, stages[-1].display)
        for name, kind in filter.kinds.items()
        if name in stages[-1].fields
    }
    canvases, streamed = {}, ()
    if read:
        streamed = [name for name in wanted if wanted[name].kind != "table"]
        canvases = dict.fromkeys(streamed, Sent)
        pixels, alpha = (
            array if array is None else StreamedImage(array.shape, array.dtype, lambda a, b, array=array: array[a:b])
            for array in (pixels, alpha)
        )
    found = executor.run(
        stages,
        pixels,
        wanted,
        call.settings(),
        alpha,
        strip_rows=13,
        jobs=jobs,
        measure=True,
        canvases=canvases,
        streamed=streamed,
    )
    outputs = {}
    for name, output in found.outputs.items():
        samples = output.samples.whole() if isinstance(output.samples, Sent) else output.samples
        if output.alpha is not None:
            samples = np.concatenate([samples, output.alpha[..., None]], axis=2)
        outputs[name] = samples, output.low, output.high, output.clipped, output.levels
    return outputs


def streams(call):
    name, values = CALLS[call]
    return executor.streams(catalog.load(name).checked(**values).stages())


@pytest.mark.parametrize(
    ("call", "kind", "alpha", "span"),
    [
        (call, kind, alpha, span)
        for call in CALLS
        if streams(call)
        for kind in ("uint8", "float", "missing")
        if kind == "uint8" or call not in OF_INTEGERS
        for alpha in ((False, True) if call in RGBA else (False,))
        for span in ((None, "stretch") if call in RGBA else (None,))
    ],
)
def test_what_is_streamed_is_what_is_computed_in_memory(call, kind, alpha, span):
    name, values = CALLS[call]
    filter, picture, opacity = catalog.load(name), image(kind), None
    if alpha:
        picture = np.concatenate([picture, picture[::-1], picture[:, ::-1]], axis=2)
        opacity = np.ascontiguousarray(image(kind)[::-1, ::-1, 0])
    expected = run(filter, picture, opacity, values, read=False, wanted_range=span)
    for jobs in (1, 3):
        found = run(filter, picture, opacity, values, read=True, jobs=jobs, wanted_range=span)
        assert found.keys() == expected.keys()
        for output, (samples, *measured) in expected.items():
            np.testing.assert_array_equal(found[output][0], samples, err_msg=f"{output}, {jobs} threads")
            np.testing.assert_equal(found[output][1:], tuple(measured), err_msg=output)


def test_filters_that_must_have_all_of_an_image_say_so():
    assert {call for call in CALLS if not streams(call)} == HOLD


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_strips_in_order_are_the_same_and_none_is_far_before_the_others(jobs):
    lock, open_strips, seen, spread = threading.Lock(), set(), [], []

    def task(start, stop):
        with lock:
            seen.append((start, stop))
            open_strips.add(start)
            spread.append((start - min(open_strips)) // 3)
        with lock:
            open_strips.discard(start)

    strips.each_strip(1000, 3, jobs, task, in_order=True)
    halves = []
    strips.each_strip(1000, 3, jobs, lambda *rows: halves.append(rows))
    assert sorted(seen) == sorted(halves)
    assert max(spread) <= jobs + strips.AHEAD


def test_a_failure_in_a_strip_ends_all_threads():
    """Whichever strip it is, and whoever waits then."""
    for number in range(200):
        begun = []

        def task(start, stop, number=number, begun=begun):
            begun.append(start)
            if start == number * 3:
                raise ValueError(f"at {start}")

        with pytest.raises(ValueError, match=f"at {number * 3}"):
            strips.each_strip(1000, 3, 4, task, in_order=True)
        assert len(begun) <= number + 1 + 4 + strips.AHEAD


def test_strips_of_an_image_are_all_its_rows():
    array = np.arange(3000 * 1000, dtype=np.uint16).reshape(3000, 1000, 1)
    image = StreamedImage(array.shape, array.dtype, lambda start, stop: array[start:stop])
    parts = [*strips_of(image)]
    assert len(parts) > 2
    np.testing.assert_array_equal(np.concatenate(parts), array)
    colours, alpha = StreamedImage((4, 5, 4), "uint8", lambda a, b: np.ones((b - a, 5, 4), np.uint8)).apart()
    assert (colours[1:3].shape, alpha[:].shape, colours.shape, alpha.shape) == ((2, 5, 3), (4, 5), (4, 5, 3), (4, 5))


@pytest.mark.each("shape", [(90, 70, 1), (33, 5, 3), (1, 40, 1), (64, 1, 2)])
@pytest.mark.each("share", [0, 0.02, 0.3, 0.5, 0.9, 1])
def test_edges_joined_by_rows_are_those_of_the_whole(shape, share, monkeypatch):
    """Whatever winds through the strips, and wherever it is strong."""
    random = np.random.default_rng(int(100 * share))
    for rows, strong in ((1, 0.01), (2, 0.1), (7, 0.001), (100, 0.02)):
        monkeypatch.setattr(hysteresis_by_rows, "STRIP_BYTES", rows * shape[1])
        classes = (random.random(shape) < share).astype(np.uint8)
        classes[(random.random(shape) < strong) & (classes > 0)] = 2
        found = hysteresis_by_rows.Hysteresis(image_rows.Whole(classes, *shape[:2]), jobs=2)
        expected = hysteresis(classes.copy())
        np.testing.assert_array_equal(found.rows(0, shape[0]), expected)
        for start in range(0, shape[0], 5):
            stop = min(start + 5, shape[0])
            np.testing.assert_array_equal(found.rows(start, stop), expected[start:stop])


def test_an_edge_that_winds_through_all_strips_is_one():
    classes = np.zeros((40, 41, 1), np.uint8)
    classes[:, ::4] = 1
    classes[0, 2::8], classes[39, 6::8] = 1, 1
    for column in range(0, 37, 4):
        classes[0 if column % 8 else 39, column : column + 4] = 1
    classes[20, 0] = 2
    found = hysteresis_by_rows.Hysteresis(image_rows.Whole(classes, 40, 41), jobs=1)
    np.testing.assert_array_equal(found.rows(0, 40), hysteresis(classes.copy()))
