"""The transfer function from a picture's samples to light, from any description in its file."""

from __future__ import annotations

from ...filters.core.engine.transfer import DEFAULT, Transfer
from . import icc_profile
from .metadata import Metadata

INSTEAD = "--linear took the curve of sRGB"


def transfer_of(metadata: Metadata, channels: int, notes: list[str]) -> Transfer:
    """Return the transfer of a picture with *channels* channels: that of sRGB by default.

    Code points take precedence, then the profile, then the other chunks of a PNG.
    """
    colour = metadata.colour
    points = colour.code_points
    if points is not None and not points.known:
        notes.append(f"its cICP chunk has code points that are not understood ({', '.join(map(str, points))})")
    if not metadata.icc or colour.known_points is not None:
        return colour.transfer()
    try:
        profile = icc_profile.read(metadata.icc)
    except ValueError as error:
        notes.append(f"its ICC profile is damaged ({error}); {INSTEAD}")
        return DEFAULT
    if {"GRAY": 1, "RGB": 3}.get(profile.space) != channels:
        notes.append(f"its ICC profile is for {profile.space} colours; {INSTEAD}")
        return DEFAULT
    if profile.transfer is None:
        notes.append(f"its ICC profile has no curves that grow; {INSTEAD}")
        return DEFAULT
    return profile.transfer
