"""What --cluster names: workers on this machine, the address of a scheduler, or a file with the scheduler's address."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ....filters.core.named_tuple import NamedTuple
from ...console.messages import shown
from ...errors import UsageError

LOCAL = re.compile(r"local:0*([1-9]\d{0,3})")
SCHEME = re.compile(r"[a-z][a-z0-9+]*://\S+")
WITHOUT_PORT = re.compile(r"(?:tcp|tls)://(?:\[[^\]]*\]|[^\[\]:/]+):?/?")


class Address(NamedTuple):
    """Where the workers are: a number of them on this machine, or those of a scheduler."""

    text: str
    """The address as the user wrote it."""
    workers: int = 0
    """The number of workers to start on this machine; 0 if a scheduler has them."""
    scheduler: str = ""

    @property
    def name(self) -> str:
        """The start of messages: the option and its value."""
        return f"--cluster {shown(self.text)}"


def read(text: str) -> Address:
    """Return the address that *text* names; raises UsageError.

    >>> read("local:4").workers, read("tcp://10.0.0.1:8786").scheduler
    (4, 'tcp://10.0.0.1:8786')
    """
    if found := LOCAL.fullmatch(text):
        return Address(text, workers=int(found[1]))
    if WITHOUT_PORT.fullmatch(text):
        raise UsageError(f"--cluster {shown(text)}: needs a port, such as {text.rstrip(':/')}:8786")
    if SCHEME.fullmatch(text):
        return Address(text, scheduler=text)
    if not Path(text).is_file():
        wanted = "use local:N, an address such as tcp://host:8786, or the file that a scheduler wrote"
        raise UsageError(f"--cluster: {text!r} is not a cluster; {wanted}")
    try:
        scheduler = json.loads(Path(text).read_text(encoding="utf-8"))["address"]
    except (OSError, ValueError, TypeError, KeyError):
        scheduler = None
    if not isinstance(scheduler, str) or not SCHEME.fullmatch(scheduler):
        raise UsageError(f"--cluster {shown(text)}: holds no address of a scheduler; write it with --scheduler-file")
    return Address(text, scheduler=scheduler)
