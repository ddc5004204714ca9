"""CIFAR-100, whose records have two labels."""

from __future__ import annotations

from .cifar import HUNDRED, codec

CODEC = codec(HUNDRED)
