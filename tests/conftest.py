"""What all tests share."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

# ---- generated pages --------------------------------------------------------------------------------

REGENERATE = bool(os.environ.get("REGENERATE"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With ``REGENERATE=1``, run only the tests that write a page."""
    if REGENERATE:
        others = [item for item in items if "fresh" not in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="session")
def fresh() -> Callable[[Path, str], None]:
    """``fresh(page, text)``: the page holds the text that is generated; ``REGENERATE=1`` writes it."""

    def fresh(page: Path, text: str) -> None:
        if REGENERATE:
            page.write_text(text, encoding="utf-8")
        found = page.read_text(encoding="utf-8")
        stale = "".join(difflib.unified_diff(found.splitlines(True), text.splitlines(True), page.name, "generated"))
        assert not stale, f"`REGENERATE=1 pytest` writes {page.name}:\n{stale}"

    return fresh
