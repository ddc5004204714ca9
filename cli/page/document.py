"""The page itself: one document with nothing from elsewhere, in which every word from outside is escaped."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from string import Template

from ..console.messages import counted
from ..version import VERSION
from .contents import Page
from .sections import article, problems_list, table
from .size import FRAME


def document(page: Page, size: int) -> bytes:
    """Return the page, in *size* bytes at most; pictures for which there is no room are left out, and counted."""
    script, style = _part("report.js"), _part("report.css")
    room = size - FRAME
    articles: list[str] = []
    for number, entry in enumerate(page.entries, 1):
        shown = "".join(article(f"p{number}", entry))
        room -= len(shown.encode())
        if room < 0:
            break
        articles.append(shown)
    missing = page.unshown + len(page.entries) - len(articles)
    filled = Template(_part("report.html")).substitute(
        policy=f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'",
        version=escape(VERSION),
        title=escape(page.title),
        style=style,
        script=script,
        summary="\n".join(f"<p>{escape(line)}</p>" for line in page.summary),
        content="\n".join(_content(page, articles, missing)),
    )
    return filled.encode("utf-8", "backslashreplace")


def _content(page: Page, articles: Sequence[str], missing: int) -> Iterator[str]:
    yield '<section class="card" aria-labelledby="call"><h2 id="call">What was done</h2>'
    for own in page.tables:
        yield table(own)
    yield (
        f'<div class="command"><pre>{escape(page.command)}</pre>'
        '<button type="button" data-scripted hidden>Copy</button></div></section>'
    )
    yield from problems_list(page.problems)
    if articles:
        yield (
            '<p class="faint hint" data-scripted hidden>Click a picture: the wheel or + and − zoom, dragging or the '
            "arrow keys move, 0 shows the whole, 1 one pixel of it for one of the screen.</p>"
        )
    yield from articles
    if missing:
        yield (
            f'<p class="card">{counted(missing, *page.what)} more: there is no room on a page of this size; '
            "--report-size gives it more.</p>"
        )


def _part(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


def _hash(text: str) -> str:
    """Return what a content security policy calls the one script or style that it allows."""
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
