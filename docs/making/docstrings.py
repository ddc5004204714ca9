"""From a docstring, in NumPy's form, to Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

SECTION = re.compile(r"^(\w[\w ]*)\n-+\n", re.MULTILINE)
FIELD = re.compile(r"^(\S.*)\n((?:    .*(?:\n|$)|\n(?=    ))+)", re.MULTILINE)
"""A name, and what is said of it, indented."""
WORDS = re.compile(r"``(.+?)``|`([^`]+)`", re.DOTALL)


def sections(doc: str) -> dict[str, str]:
    r"""Return the parts of a docstring by their titles; what stands before the first has none.

    >>> sections("Blur.\n\nReturns\n-------\nAn image.\n")
    {'': 'Blur.', 'Returns': 'An image.'}
    """
    before, *parts = SECTION.split(inspect.cleandoc(doc))
    return {"": before.strip()} | {title: text.strip() for title, text in zip(parts[::2], parts[1::2], strict=True)}


def prose(text: str, link: Callable[[str], str] = lambda name: f"`{name}`") -> str:
    """Return running text; *link* writes a name that stands between single backticks.

    >>> prose("``a | b`` of `blur`", lambda name: f"[{name}](blur.md)")
    '`a | b` of [blur](blur.md)'
    """

    def written(found: re.Match[str]) -> str:
        return f"`{' '.join(found[1].split())}`" if found[1] else link(" ".join(found[2].split()))

    parts = re.split(r"(``.+?``|`[^`]+`)", text, flags=re.DOTALL)
    plain = (part.replace("<", "&lt;") if number % 2 == 0 else part for number, part in enumerate(parts))
    return WORDS.sub(written, "".join(plain))


def fields(text: str, link: Callable[[str], str] = lambda name: f"`{name}`") -> str:
    """Return a list of parameters or errors, each with what is said of it."""
    entries = []
    for found in FIELD.finditer(text + "\n"):
        words = prose(" ".join(found[2].split()), link)
        entries.append(f"`{found[1].strip()}`\n: {words}\n")
    return "\n".join(entries) if entries else prose(text, link)


def examples(text: str) -> str:
    """Return examples as a session of Python."""
    return f"```pycon\n{text.strip()}\n```"


def shown(doc: str, level: str, link: Callable[[str], str] = lambda name: f"`{name}`") -> str:
    """Return a docstring with headings below *level*, such as ``###``, as emphasised words."""
    parts = []
    for title, text in sections(doc).items():
        if title:
            parts.append(f"{level} {title}" if level else f"**{title}**")
        if title == "Examples":
            parts.append(examples(text))
        elif title in ("Parameters", "Raises"):
            parts.append(fields(text, link))
        else:
            parts.append(with_sessions(text, link))
    return "\n\n".join(parts)


def with_sessions(text: str, link: Callable[[str], str]) -> str:
    """Return running text whose examples are sessions of Python."""
    parts = text.split("\n\n")
    return "\n\n".join(examples(part) if part.startswith(">>> ") else prose(part, link) for part in parts)
