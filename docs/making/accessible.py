"""What the theme leaves out: for readers who see no page or use no mouse, and for options at the end of a line."""

from __future__ import annotations

import re
from pathlib import Path

CODE = re.compile(r"<(code|pre)\b.*?</\1>", re.DOTALL)
OPTION = re.compile(r"(?<=[\s>])--[a-z][\w-]*(?=[^<>]*<)")


def unbroken(page: str) -> str:
    """Return a page whose options are marked in code, so that no line ends within one, as in ``--``.

    >>> unbroken('<i title="a --b">a --b</i><code class="c">a --b-c</code>')
    '<i title="a --b">a --b</i><code class="c">a <span class="option">--b-c</span></code>'
    """
    return CODE.sub(lambda code: OPTION.sub(r'<span class="option">\g<0></span>', code[0]), page)


CHANGES = (
    # The captions of the list of pages are headings, of a level that is not said.
    (r'(<p class="caption" role="heading")>', r'\1 aria-level="2">'),
    # Two landmarks of one kind need names.
    (r'<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="All pages">'),
    (r'<aside class="toc-drawer', '<aside aria-label="This page" class="toc-drawer'),
    # What scrolls can be reached by the keyboard.
    (r"<pre>", '<pre tabindex="0">'),
    (r'<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'),
    # A row of headers without words, which Markdown demands.
    (r'<thead>\n<tr class="row-odd">(?:<th class="head(?: [\w-]+)?"><p></p></th>\n)+</tr>\n</thead>\n', ""),
    # A header without words, above a column of names, is none.
    (r'<th class="head(?: [\w-]+)?"><p></p></th>', "<td></td>"),
    # The page of the search has no heading before a script writes one.
    (r'(<div id="search-results">)', r"<h1>Search</h1>\n\1"),
)
"""Patterns of the theme's pages, and what stands in their place."""


def complete(site: Path) -> None:
    """Complete all pages of a built site."""
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for pattern, new in CHANGES:
            text = re.sub(pattern, new, text)
        path.write_text(unbroken(text), encoding="utf-8")
