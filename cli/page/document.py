"""The page itself: one self-contained document, in which all text from outside is escaped."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from pathlib import Path
from string import Template

from ..console.messages import counted
from ..version import VERSION
from . import choosing
from .contents import Page
from .sections import article, problems_list, table

OF_LAST_LINE = 300
"""Bytes of the line on pictures for which there is no room."""


def document(page: Page, size: int) -> Iterator[bytes]:
    """Yield the page in at most *size* bytes; pictures for which there is no room are left out and counted."""
    script, style = _part("report.js"), _part("report.css")
    above, below = _part("report.html").split("$content")
    words = {
        "policy": f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'",
        "version": escape(VERSION),
        "title": escape(page.title),
        "style": style,
        "script": script,
        "summary": "\n".join(f"<p>{escape(line)}</p>" for line in page.summary),
    }
    opening, closing = (choosing.before(page), choosing.AFTER) if page.cells and page.entries else ("", "")
    frame = _filled(above, words), _encoded("".join(_call(page, size // 2))), _encoded(opening)
    end = _encoded(closing), _filled(below, words)
    yield from frame
    room = size - sum(map(len, (*frame, *end))) - OF_LAST_LINE
    shown = 0
    for number, entry in enumerate(page.entries, 1):
        data = _encoded(choosing.cell(entry) if page.cells else "".join(article(f"p{number}", entry)))
        room -= len(data)
        if room < 0:
            break
        yield data
        shown = number
    yield end[0]
    if missing := page.unshown + len(page.entries) - shown:
        more = f"{counted(missing, *page.what)} more did not fit on a page of this size"
        yield _encoded(f'<p class="card">{more}; raise --report-size to see them.</p>\n')
    yield end[1]


def _filled(template: str, words: dict[str, str]) -> bytes:
    return _encoded(Template(template).substitute(words))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _call(page: Page, room: int) -> Iterator[str]:
    """Yield the section on the call, and its failures, which have *room* bytes."""
    yield '<section class="card" aria-labelledby="call"><h2 id="call">What was done</h2>'
    for own in page.tables:
        yield table(own)
    yield (
        f'<div class="command"><pre>{escape(page.command)}</pre>'
        '<button type="button" data-scripted hidden>Copy</button></div></section>'
    )
    yield from problems_list(page.problems, room)
    if page.entries:
        yield (
            '<p class="faint hint" data-scripted hidden>Click a picture; zoom with the wheel or + '
            "and −, pan by dragging "
            "or with the arrow keys; 0 fits the whole picture, 1 shows its actual pixels.</p>\n"
        )


def _part(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


def _hash(text: str) -> str:
    """Return the hash by which a content security policy allows one script or style."""
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
