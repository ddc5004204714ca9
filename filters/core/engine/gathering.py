"""Gathers the outputs of an image while the strips of its result are computed."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from itertools import pairwise

from .. import native
from .mask import Region
from .nodata import Holes
from .output_buffer import Collector
from .probe import Probe
from .stage import Rows, fields_of
from .stage_rows import StageRows
from .working_space import Passage


class Gathering:
    """Takes the strips of a result from several threads, and gives each output its part."""

    def __init__(
        self,
        chain: Rows,
        passage: Passage,
        collectors: Mapping[str, Collector],
        opacity: Rows | None,
        region: Region | None,
        holes: Holes | None,
        in_place: StageRows | None,
        written: bool,
    ) -> None:
        """*opacity* is the alpha of the *chain*'s result; *holes* of the image are put back.

        *in_place* allows the last stage to compute into the outputs' memory; stages that only move samples may also do
        so if they are *written* unchanged.
        """
        self.chain, self.passage, self.collectors, self.opacity = chain, passage, collectors, opacity
        self.region, self.holes, self.in_place, self.written = region, holes, in_place, written
        self.has_picture = any("image" in own.encoding.fields(name) for name, own in collectors.items())

    def take(self, start: int, stop: int) -> None:
        """Compute rows of the result, and pass them to the outputs."""
        if self.region is not None and not self.region.touches(start, stop):
            for collector in self.collectors.values():
                collector.skip(start, stop)
        elif self.in_place is not None and all(own.canvas is not None for own in self.collectors.values()):
            _write(self.in_place, [*self.collectors.items()], start, stop)
        elif self.written or self.passage.joined:
            self._write_pixels(start, stop)
        else:
            self._add(start, stop)

    def _write_pixels(self, start: int, stop: int) -> None:
        """Compute the only picture into its output's memory, if its type and layout fit."""
        [collector] = self.collectors.values()
        encoding, passage = collector.encoding, self.passage
        whole = encoding.plain and encoding.dtype in ("uint8", "uint16")
        place = collector.place(start, stop, (self.chain.width, passage.image.shape[2]))
        with native.results_in({"image": place}):
            found = self.chain.rows(start, stop)
            if passage.joined:
                found = passage.leave_pixels(found, encoding.dtype if whole else found.dtype)
        collector.put(start, [found], place)

    def _add(self, start: int, stop: int) -> None:
        """Let each output encode its part of a strip."""
        fields, opaque = fields_of(self.chain.rows(start, stop)), None
        if self.has_picture:
            opaque = None if self.opacity is None else self.opacity.rows(start, stop)
            fields["image"], opaque = self.passage.leave(fields["image"], opaque)
        if self.holes is not None:
            fields = {name: self.holes.put_back(values, start) for name, values in fields.items() if values is not None}
        for name, collector in self.collectors.items():
            beside = opaque if name == "image" else None
            part, named = collector.encoding.part, collector.encoding.fields(name)
            collector.add(start, [part(fields[field]) for field in named], beside)

    def cut_off(self) -> dict[str, Probe]:
        """Return the probes of outputs whose values may have been saturated before they were probed."""
        probes = {name: own.probe for name, own in self.collectors.items() if own.probe is not None}
        return {name: probe for name, probe in probes.items() if self.chain.saturates and probe.at_the_ends()}


def _write(chain: StageRows, outputs: Sequence[tuple[str, Collector]], start: int, stop: int) -> None:
    """Compute rows into the outputs' canvases, in parts for which all of them have room."""
    cuts = [{*collector.cuts(start, stop)} for _, collector in outputs]
    for top, bottom in pairwise(sorted({row for cut in cuts for part in cut for row in part})):
        with contextlib.ExitStack() as rooms:
            outs = [rooms.enter_context(collector.canvas.rows(top, bottom)) for _, collector in outputs]
            places = {
                collector.encoding.fields(name)[0]: out
                for (name, collector), out in zip(outputs, outs, strict=True)
                if collector.encoding.as_they_are
            }
            fields = chain.write(top, bottom, places)
            for (name, collector), out in zip(outputs, outs, strict=True):
                encoding = collector.encoding
                collector.put(top, [encoding.part(fields[field]) for field in encoding.fields(name)], out)
