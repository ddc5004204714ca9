"""The sections of a command's help."""

from __future__ import annotations

from typing import Literal, get_args

Section = Literal[
    "Arguments", "Options", "Inputs and outputs", "Pixels, before and after", "Masks and boxes", "The run"
]
"""Their titles, in their order."""

SECTIONS: tuple[Section, ...] = get_args(Section)
ARGUMENTS: Section = "Arguments"
OWN: Section = "Options"
FILES: Section = "Inputs and outputs"
PIXELS: Section = "Pixels, before and after"
ANNOTATIONS: Section = "Masks and boxes"
RUN: Section = "The run"
