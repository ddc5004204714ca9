"""Refuse calls that stores cannot fulfil, before anything is read."""

from __future__ import annotations

from collections.abc import Collection

from ..console.messages import flag, shown
from ..errors import UsageError
from ..stores.names import HTTPS, is_store, parts
from .options import SharedOptions

OF_FILES = {
    "backup": "objects cannot be renamed; copy them first, or turn on the bucket's versioning",
    "preserve_times": "the time of an object cannot be set",
    "depfile": "Make and Ninja cannot see objects",
    "watch": "stores do not announce changes; repeat the call with --update",
    "masks": "masks and boxes must be local files",
    "boxes": "masks and boxes must be local files",
    "labels": "labels must be local files",
}
"""The options that make no sense with a store, and why."""


def check(names: Collection[str], written: Collection[str], options: SharedOptions) -> None:
    """Raise UsageError if a call with these *names* of inputs and outputs cannot work with stores."""
    for name in written:
        if name.startswith(HTTPS):
            raise UsageError(f"{shown(name)}: https:// is only read; write to a file, s3://, gs:// or az://")
    for name in {*names, *written}:
        if name.startswith("http://"):
            raise UsageError(f"{shown(name)}: is not secure; use https://, or download it first")
    stored = next((name for name in [*names, *written] if is_store(name)), None)
    if stored is None:
        return
    for option, why in OF_FILES.items():
        if getattr(options, option) != options._field_defaults[option]:
            raise UsageError(f"{flag(option)} cannot be used with {shown(stored)}: {why}")
    if options.update and (options.strip or options.no_stamp):
        unstamped = flag("strip") if options.strip else flag("no_stamp")
        raise UsageError(f"--update with {shown(stored)} needs the stamp that {unstamped} leaves out; omit one of them")
    for name in filter(is_store, names):
        if not parts(name)[1]:
            raise UsageError(f"{shown(name)}: names no bucket; write s3://bucket/key")
        if not name.startswith(HTTPS):
            from ..stores.library import library  # 10 ms, only needed for stores

            library(shown(name))
