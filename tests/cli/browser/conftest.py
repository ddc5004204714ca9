"""A real browser for the pages that the program writes or serves: what they show, ask for and complain about.

It is the machine's Chromium, driven by Playwright, which brings a driver but here no browser of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PATIENCE = 10_000
"""Milliseconds after which what a test waits for counts as absent."""


class Visit:
    """A page in the browser, and what it said and asked for since it was opened."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        """Errors and warnings of the console, and errors that no script caught."""
        self.requests: list[str] = []
        """The addresses of all requests; the page's own is the first. Those of `data:` ask nobody."""
        page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def violations(self, *levels: str) -> list[str]:
        """Return what axe-core finds, ``"rule: element"``: ``violations("wcag2a", "wcag2aa")`` looks for A and AA."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page, options={"runOnly": list(levels)}).response["violations"]
        return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]


@pytest.fixture(scope="module")
def browser(needs: Callable[[str], None]) -> Iterator[Browser]:
    """Start the browser for the tests of a file; its driver's event loop would stand in other tests' way."""
    for name in ("the driver of a browser", "Chromium"):
        needs(name)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"))  # without a sandbox, so as root too
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """``visit(address_or_path, width=1400, height=900, dark=False, scripts=True)`` opens a page in an empty profile."""
    contexts = []

    def visit(
        place: str | Path, *, width: int = 1400, height: int = 900, dark: bool = False, scripts: bool = True
    ) -> Visit:
        contexts.append(
            browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if dark else "light",
                java_script_enabled=scripts,
            )
        )
        contexts[-1].set_default_timeout(PATIENCE)
        visit = Visit(contexts[-1].new_page())
        visit.page.goto(place.absolute().as_uri() if isinstance(place, Path) else place)
        return visit

    yield visit
    for context in contexts:
        context.close()
