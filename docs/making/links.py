"""Whether all that the built pages link and show is there: pages, anchors, pictures, scripts, fonts."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

SHOWN = {"src", "srcset", "poster"}
"""Attributes whose address the browser asks for at once; of `link` its `href` too."""

FOREIGN = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""")
"""An address of another machine in a style sheet."""


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.shown: list[str] = []
        self.without_words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "img" and not given.get("alt"):
            self.without_words.append(given.get("src", ""))
        for name, value in given.items():
            if name in SHOWN or (name == "href" and tag == "link"):
                self.shown.append(value)
            elif name == "href":
                self.links.append(value)


def problems(site: Path) -> list[str]:
    """Return what is wrong with the links and pictures of a built site, a line each."""
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        name = path.relative_to(site)
        found += [f"{name}: a picture without words: {picture}" for picture in page.without_words]
        for address in page.shown:
            if urlsplit(address).netloc:
                found.append(f"{name}: asks another machine for {address}")
        for address in (*page.links, *page.shown):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            place, anchor = urldefrag(address)
            there = (path.parent / unquote(urlsplit(place).path)).resolve() if place else path
            if not there.is_file():
                found.append(f"{name}: {address} leads nowhere")
            elif anchor and there in pages and unquote(anchor) not in pages[there].anchors:
                found.append(f"{name}: {address}: the page has no such place")
    for sheet in sorted(site.rglob("*.css")):
        foreign = FOREIGN.findall(sheet.read_text(encoding="utf-8"))
        found += [f"{sheet.relative_to(site)}: asks another machine for {address}" for address in foreign]
    return found
