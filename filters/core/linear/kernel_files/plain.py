"""Plain numbers in rows: text, spreadsheets, JSON lists, and matrices printed by MATLAB, NumPy or G'MIC."""

from __future__ import annotations

import re

from ..kernel_reading import Reading
from ..kernels import Kernel
from .text import AS_WRITTEN, Line, Text, Word, separated, short

COMMENTS = r"#|//|%"
ROWS_END = r";|\]\s*(?:,\s*)?\[|\}\s*(?:,\s*)?\{"


def recognise(text: Text) -> bool:
    """True: the last family reads whatever no other recognises."""
    return True


def read(text: Text) -> Reading:
    """Read rows of numbers; newlines, ``;`` or brackets separate rows, and blanks, tabs or commas separate values.

    >>> read(Text("k.txt", "0 1/2; 3 4")).kernel.weights.tolist()
    [[0.0, 0.5], [3.0, 4.0]]
    >>> read(Text("k.txt", "1 2; 3 4 / 4")).kernel.weights.tolist()
    [[0.25, 0.5], [0.75, 1.0]]
    """
    if sum(text.content.count(end) for end in ";]}") > text.max_taps + 10_000:
        raise text.error(f"has more rows than {text.max_taps} taps can have (--max-taps raises it)")
    text, divisor = _divided(text)
    rows, hint = _json(text), ""
    if rows is None:
        lines = text.bare(COMMENTS)
        if (size := header_size(lines[0].text if lines else "")) is not None:
            hint = f" (as the header of a {size[0]}×{size[1]} kernel, row 1 asks for {size[0] * size[1]} values)"
        rows = _decimal_commas(text, lines)
        if rows is None:
            # Several rows of JSON or NumPy may share a line.
            parts = ((line.number, re.split(ROWS_END, line.text)) for line in lines)
            rows = [(f" (line {number})", separated(row)) for number, line in parts for row in line]
    understood = (AS_WRITTEN,) if divisor == 1 else (AS_WRITTEN, f"divided by {divisor:g}")
    return Reading(Kernel.of(text.rectangle([row for row in rows if row[1]], hint), divisor), understood)


def _divided(text: Text) -> tuple[Text, float]:
    """Return a text without the divisor at its end, ``… / 16`` or ``…]/16``, and the divisor, by default 1."""
    lines = text.bare(COMMENTS)
    taps, slash, divisor = lines[-1].text.rpartition("/") if lines else ("", "", "")
    divisor = divisor.strip()
    if not slash or len(divisor.split()) != 1 or not taps.endswith((" ", "\t", "]", "}", ")")):
        return text, 1.0
    content = text.content.splitlines()
    content[lines[-1].number - 1] = taps
    return Text(text.name, "\n".join(content), text.max_taps), text.divisor(
        Word(lines[-1].number, divisor), "the divisor"
    )


def header_size(line: str) -> tuple[int, int] | None:
    """Return the size in a first line that may be libvips' header; else None.

    >>> header_size("3 1 16"), header_size("0 -1 0")
    ((3, 1), None)
    """
    words = separated(line)
    try:
        numbers = [float(word) for word in words]
        width, height = (int(word) for word in words[:2])
    except ValueError:
        return None
    return (width, height) if 2 <= len(numbers) <= 4 and width > 0 and height > 0 else None


def _json(text: Text) -> list[tuple[str, list[str]]] | None:
    """Read rows from JSON lists, in which lines have no meaning; None for other text."""
    if not text.content.lstrip().startswith("["):
        return None
    import json

    try:
        value = json.loads(text.content, parse_int=str, parse_float=str, parse_constant=str)
    except RecursionError:
        raise text.error("is JSON that is nested too deeply") from None
    except ValueError:
        return None
    rows = value if any(isinstance(row, list) for row in value) else [value]
    return [("", [_token(value) for value in (row if isinstance(row, list) else [row])]) for row in rows]


def _token(value: object) -> str:
    """Return a JSON value as a word; a list or an object as its brackets alone."""
    return "[…]" if isinstance(value, list) else "{…}" if isinstance(value, dict) else str(value)


def _decimal_commas(text: Text, lines: list[Line]) -> list[tuple[str, list[str]]] | None:
    """Read rows with decimal commas, as spreadsheets in many languages write them, ``0,5;1;0,5``; else None.

    Commas are decimal if only ``;`` or tabs separate values, and no value contains two commas or a point.
    """
    rows = [re.split(r"[;\t]", line.text.strip("; \t")) for line in lines]
    tokens = [token for row in rows for token in row]
    if not any("," in token for token in tokens) or not any(len(row) > 1 for row in rows):
        return None
    if not all(re.fullmatch(r"[-+−]?\d*(,\d+)?(e[-+]?\d+)?", token, re.IGNORECASE) for token in tokens):
        return None
    if len(rows) == 1 and all("," in token for token in tokens) and ";" in lines[0].text:
        raise text.error(f"{short(lines[0].text)} is ambiguous; write decimal points, or blanks instead of the commas")
    return [(f" (line {line.number})", row) for line, row in zip(lines, rows, strict=True)]
