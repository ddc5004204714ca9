"""Messages for people, all on stderr; stdout carries only what was asked for."""

from __future__ import annotations

import re
import sys

from ..streams import discard, write_all

MOST = 300
"""Most characters of a message; longer quotations in it are cut."""
LEAST = 40
"""Characters that are left of a quotation, if that is enough."""
LOOKED_THROUGH = 20 * MOST
"""Characters of a line that are searched for quotations."""
QUOTATION = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|"""
WORD = r"\S+"
SIGNED = re.compile(r"""(https://[^\s?'"]*)\?[^\s'"]*""")
CLAUSE = r"(?:[^:;]|[:;](?! ))+"


def shown(name: str) -> str:
    r"""Return a file name as one line of text that any terminal can print.

    >>> print(shown("a b.png"), shown("new\nline.png"), shown("half \ud800.png"))
    a b.png new\nline.png half \ud800.png
    """
    if name == "-":
        return "standard input"
    return printable(unsigned(name))


def unsigned(words: str) -> str:
    """Return *words* with each address cut before its ?, as a secret signature may follow.

    >>> unsigned("conv --kernel=https://example.org/k.txt?Signature=1a2b -o a.png")
    'conv --kernel=https://example.org/k.txt -o a.png'
    """
    return SIGNED.sub(r"\1", words) if "https://" in words else words


def printable(text: str) -> str:
    """Return *text* without control characters, which could move the cursor, break the line or change the colour."""
    if text.isprintable():
        return text
    text = re.sub("[\udc80-\udcff]+", _bytes_of, text)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _bytes_of(found: re.Match[str]) -> str:
    return found[0].encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def reason(error: OSError) -> str:
    """Return why a file could not be opened, read or written."""
    said = error.strerror or str(error) or type(error).__name__
    return said if getattr(error, "in_own_words", False) else said.lower()


def reason_of(error: BaseException) -> str:
    """Return the message of a library's error in one line."""
    said = " ".join(str(error).split()) or type(error).__name__
    # From libtiff and libjpeg, Pillow has only a number.
    return "its compressed data are broken" if said.startswith("decoder error -") else said


def fitted(message: str, encoding: str = "utf-8") -> str:
    """Return *message* as a line of at most `MOST` characters: its longest quotations are cut.

    >>> line = fitted(f"a.png: unknown value {'x' * 999!r}; use blur")
    >>> print(len(line), line[:30], line[-16:])
    300 a.png: unknown value 'xxxxxxxx xxxxx'; use blur
    """
    line = _written(_cut(message, LOOKED_THROUGH, "…"), encoding)
    dots = "…" if _written("…", encoding) == "…" else "..."
    line = _cut(line, LOOKED_THROUGH, dots)
    for pattern in (QUOTATION, WORD, CLAUSE):
        if (excess := len(line) - MOST) <= 0:
            return line
        lengths = [len(match[0]) for match in re.finditer(pattern, line) if len(match[0]) > LEAST]
        levels = (level for level in range(MOST, LEAST, -1) if sum(max(0, n - level) for n in lengths) >= excess)
        level = next(levels, LEAST)
        line = re.sub(pattern, lambda match, level=level: _cut(match[0], level, dots), line)
    return _cut(line, MOST, dots)


def _written(text: str, encoding: str) -> str:
    """Return *text* as it appears in an encoding that may lack some of its letters."""
    return printable(text).encode(encoding, "backslashreplace").decode(encoding)


def _cut(text: str, length: int, dots: str) -> str:
    """Return *text* in at most *length* characters: its beginning and, as file names end there, more of its end.

    >>> _cut("/a/long/way/to/a.png", 12, "…")
    '/a/…to/a.png'
    """
    if len(text) <= length:
        return text
    begin = (length - len(dots)) // 3
    return text[:begin] + dots + text[len(text) - (length - len(dots) - begin) :]


def complain(error: object) -> None:
    """Print a failure in one line."""
    say(f"imfilter: {error}")


def say(message: str) -> None:
    """Print one line to standard error, whatever the terminal's encoding."""
    stream = sys.stderr
    if stream is None:
        return
    encoding = stream.encoding or "utf-8"
    line = f"{fitted(message, encoding)}\n".encode(encoding)
    try:
        stream.flush()
        stream.buffer.write(line)
        stream.flush()
    except (OSError, ValueError):
        discard(stream)  # the exit code still reports the failure


def put(line: str) -> None:
    """Print one line to standard output, whatever its encoding; raises OSError."""
    stream = sys.stdout
    if stream is None:
        raise OSError("is closed")
    stream.flush()
    write_all(stream.buffer, f"{line}\n".encode(stream.encoding or "utf-8", "backslashreplace"))


def flag(name: str) -> str:
    """Return the option of a parameter; the name of one that is a Python keyword ends in an underscore.

    >>> flag("angle_legend")
    '--angle-legend'
    """
    return f"--{name.rstrip('_').replace('_', '-')}"


def counted(count: int, one: str, several: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "file", "files"), counted(3, "file", "files")
    ('1 file', '3 files')
    """
    return f"{count} {one if count == 1 else several}"
