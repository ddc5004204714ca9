"""Words for people, all on standard error; standard output carries only what was asked for."""

from __future__ import annotations

import sys

from ..streams import discard, write_all


def shown(name: str) -> str:
    r"""Return a file's name as one line of text that any terminal can print.

    >>> print(shown("a b.png"), shown("new\nline.png"))
    a b.png new\nline.png
    """
    if name == "-":
        return "standard input"
    return printable(name)


def printable(text: str) -> str:
    """Return *text* without what would move the cursor, break the line or change the colour."""
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def reason(error: OSError) -> str:
    """Return why a file could not be opened, read or written."""
    return (error.strerror or str(error) or type(error).__name__).lower()


def reason_of(error: Exception) -> str:
    """Return what an error of a library says, in one line."""
    said = " ".join(str(error).split()) or type(error).__name__
    # Of libtiff and libjpeg Pillow knows a number alone.
    return "its compressed data are broken" if said.startswith("decoder error -") else said


def complain(error: object) -> None:
    """Print the one line that a failure costs."""
    say(f"imfilter: {printable(str(error))}")


def say(message: str) -> None:
    """Print one line to standard error, whatever the terminal's encoding."""
    stream = sys.stderr
    if stream is None:
        return
    line = f"{message}\n".encode(stream.encoding or "utf-8", "backslashreplace")
    try:
        stream.flush()
        stream.buffer.write(line)
        stream.flush()
    except (OSError, ValueError):
        discard(stream)  # the exit code still tells


def put(line: str) -> None:
    """Print one line to standard output, whatever its encoding; raises OSError."""
    stream = sys.stdout
    if stream is None:
        raise OSError("is closed")
    stream.flush()
    write_all(stream.buffer, f"{line}\n".encode(stream.encoding or "utf-8", "backslashreplace"))


def flag(name: str) -> str:
    """Return the option of a parameter's name.

    >>> flag("angle_legend")
    '--angle-legend'
    """
    return f"--{name.replace('_', '-')}"


def counted(count: int, one: str, several: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "file", "files"), counted(3, "file", "files")
    ('1 file', '3 files')
    """
    return f"{count} {one if count == 1 else several}"
