"""Failures to write an output, with a message that names it."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..console.messages import reason, shown
from ..errors import FileError, NoPlaceError

if TYPE_CHECKING:
    from ..stores.objects import Destination

NO_PLACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE, errno.ENOTCONN})
"""The errors of a disk rather than a file."""


@contextlib.contextmanager
def naming_failures(target: Path | Destination | None) -> Iterator[None]:
    """Turn failures into errors that name *target*; None means standard output."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        name = "standard output" if target is None else shown(str(target))
        kind = NoPlaceError if error.errno in NO_PLACE else FileError
        raise kind(name, f"cannot be written: {reason(error)}") from None
