"""The site of the documentation: built without a warning, legible on any screen, found by the words of newcomers."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
KINDS = [
    "index.html",
    "overview.html",
    "tutorial/kernel.html",
    "tutorial/gradients.html",
    "cookbook/one-liners.html",
    "conventions.html",
    "gallery.html",
    "formats.html",
    "reference/index.html",
    "reference/edges.html",
    "reference/options.html",
    "reference/chain.html",
    "python.html",
    "results.html",
    "changelog.html",
    "search.html",
    "genindex.html",
]
"""A page of each kind."""
WORDS = {
    "blur": "reference/blur",
    "edge detection": "reference/edges",
    "sharpen": "reference/sharpen",
    "kernel": "tutorial/kernel",
    "padding": "tutorial/borders",
    "pooling": "tutorial/pooling",
    "remove noise": "reference/denoise",
    "black and white": "reference/threshold",
    "batch": "cookbook/folders",
    "batch folder": "cookbook/folders",
    "noise": "reference/noise",
    "canny": "reference/edges",
    "median": "reference/blur",
    "otsu": "reference/threshold",
    "erode": "reference/morph",
    "resize": "reference/resize",
    "transparent": "numbers",
    "grayscale": "reference/tone",
    "color": "reference/tone",
    "speed": "results",
    "install": "overview",
    "overwrite": "scripts",
    "undo": "cookbook/folders",
    "background": "reference/options",
    "PNG": "formats",
    "EXIF": "cookbook/one-liners",
    "thumbnail": "reference/resize",
    "emboss": "reference/conv",
    "MNIST": "cookbook/data-sets",
    "Makefile": "cookbook/make",
}
"""What a newcomer types, and the page that should be among the first three."""
FIRST = 3

pytestmark = [pytest.mark.thorough, pytest.mark.needs("bash", "GNU Make")]


@pytest.fixture(scope="module")
def site(browser, tmp_path_factory):
    """Build the site, once for all tests of this file."""
    if any(importlib.util.find_spec(name) is None for name in ("furo", "myst_parser", "sphinx")):
        pytest.skip("needs the extra docs")
    folder = tmp_path_factory.mktemp("site") / "site"
    built = subprocess.run([sys.executable, ROOT / "docs" / "build.py", folder], capture_output=True, text=True)
    assert (built.returncode, built.stdout, built.stderr) == (0, "", "")
    return folder


@pytest.mark.each("name", KINDS)
@pytest.mark.each("width", [400, 1400])
@pytest.mark.each("dark", [False, True])
def test_a_page_is_legible_and_accessible(site, visit, name, width, dark):
    opened = visit(site / name, width=width, dark=dark)
    assert opened.complaints == []
    assert [address for address in opened.requests if not address.startswith(("file:", "data:"))] == []
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.violations("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice") == []


@pytest.mark.each("words, page", WORDS.items())
def test_the_search_finds_what_a_newcomer_types(site, visit, words, page):
    opened = visit(f"{(site / 'search.html').as_uri()}?q={words.replace(' ', '+')}")
    opened.page.wait_for_function("document.querySelector('#search-results h2')?.textContent === 'Search Results'")
    found = opened.page.eval_on_selector_all("#search-results .search li > a", "links => links.map(link => link.href)")
    assert f"{page}.html" in "\n".join(found[:FIRST]), found[:10]
