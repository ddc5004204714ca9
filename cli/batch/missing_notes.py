"""Notes for the user on missing samples: how they are written, and how they spread."""

from __future__ import annotations

from ..console.report import depth_in_words
from .frame_output import Computed

SPREADS = 1.0001
"""The factor by which the share of missing samples must grow to be noted."""


def of(name: str, computed: Computed) -> list[str]:
    """Return notes on the missing samples of the output *name*."""
    output, format = computed.outputs[name], computed.formats_of[name]
    dtype, missing, notes = computed.encodings[name].dtype, computed.missing, list[str]()
    title, is_float = format.title or format.name.upper(), dtype not in ("uint8", "uint16")
    if output.moved and not is_float:
        notes.append(
            f"{output.moved} samples came out as the nodata value, {output.nodata:g}, and were moved to the next value"
        )
    if not output.missing:
        return notes
    if missing is not None and missing.spread and name == "image":
        before, after = missing.samples / computed.size, output.missing / output.samples.size
        if after > SPREADS * before:
            notes.append(
                f"{before:.2%} of the samples are missing, but {after:.2%} of the result; "
                "--nan ignore leaves them out of the sums"
            )
    value = 0.0 if output.nodata is None else output.nodata
    if not format.georeferenced and not is_float:
        notes.append(f"{title} cannot mark missing samples; they became {value:g}; use .tif")
    elif missing is not None and output.nodata is not None and value not in (missing.value,) and value == value:
        notes.append(f"nodata {missing.value:g} does not fit {depth_in_words(dtype)} samples; it became {value:g}")
    return notes
