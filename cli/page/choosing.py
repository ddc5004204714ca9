"""The cells of a page, of which the reader chooses two to compare as layers."""

from __future__ import annotations

from base64 import b64encode
from html import escape

from ..console.messages import counted
from .contents import Entry, Page
from .sections import reduction, tools

AFTER = "</ul></div></article>\n"
"""The HTML after the last cell."""


def before(page: Page) -> str:
    """Return the HTML before the first cell: the view in which two of them are compared."""
    first = page.entries[0].exhibit
    assert first is not None
    width, height = first.pictures[0].width, first.pictures[0].height
    sides = "".join(f'<figure class="{role}"><figcaption></figcaption></figure>' for role in ("before", "after"))
    return (
        '<article class="card" aria-labelledby="cells">'
        f'<h2 id="cells">{escape(counted(len(page.entries), *page.what))}</h2>'
        '<div class="choice"><div class="stage" data-scripted hidden><p role="status"></p>'
        f'<div class="linked" data-width="{width}" data-height="{height}"><div class="frame">'
        f'<div class="view pair" role="group">{sides}</div>{tools("the picture on the left")}</div></div></div>\n'
        '<ul class="cells">\n'
    )


def cell(entry: Entry) -> str:
    """Return the HTML of a picture that can be chosen."""
    assert entry.exhibit is not None
    one, quality = entry.exhibit.pictures[0], entry.exhibit.quality
    name = escape(entry.name)
    facts = [*entry.facts, reduction(one), f"JPEG of quality {quality}, to fit the page." if quality else "", one.note]
    said = "".join(f"<span>{escape(fact)}</span>" for fact in facts if fact)
    verdict = f'<span class="verdict">{escape(entry.verdict)}</span>' if entry.verdict else ""
    classes = "cell begins" if entry.begins_row else "cell"
    chosen = " data-chosen" if entry.chosen else ""
    return (
        f'<li class="{classes}"{chosen}><figure>'
        f'<img src="data:{one.type};base64,{b64encode(one.data).decode()}" width="{one.width}" height="{one.height}" '
        f'alt="{name}"><figcaption><b>{name}</b>{verdict}{said}</figcaption></figure>'
        f'<button type="button" aria-pressed="false" aria-label="Compare {name}" data-scripted hidden>Compare</button>'
        "</li>\n"
    )
