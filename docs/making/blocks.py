"""The blocks of a page: commands that run, what they print, files that they take, and numbers that files hold.

The language of a fenced block, and a word behind it, say what the block is:

- ``sh``, ``python``: commands, which run in the page's folder, one block after the other;
- ``text`` right behind one of them: what it prints on standard output;
- any language and a file's name, as ``text kernel.txt`` or ``make Makefile``: a file for the blocks below;
- ``values FILE``: the samples that a picture or array holds, row by row;
- ``console``: commands that do not run here, for they need another machine, or the network;
- ``{name}``: a directive of the site.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["run", "output", "file", "values", "other"]

FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$\n?", re.MULTILINE | re.DOTALL)
RUN = "sh", "python"


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    kind: Kind
    language: str
    name: str
    """Of the file that is written, or whose samples are shown."""
    body: str
    start: int
    end: int
    line: int
    """Where it begins, counted from 1."""


def blocks(text: str) -> Iterator[Block]:
    r"""Yield the blocks of a page in their order.

    >>> [(block.kind, block.body) for block in blocks("```sh\ncat a\n```\n```text\n1\n```\n\n```text\n2\n```\n")]
    [('run', 'cat a\n'), ('output', '1\n'), ('other', '2\n')]
    """
    ran = -1
    for found in FENCE.finditer(text):
        language, _, name = found["info"].strip().partition(" ")
        kind: Kind = "other"
        if language == "values":
            kind = "values"
        elif name and not language.startswith("{"):
            kind = "file"
        elif language in RUN:
            kind = "run"
        elif language == "text" and ran >= 0 and not text[ran : found.start()].count("\n\n"):
            kind = "output"
        ran = found.end() if kind == "run" else -1
        line = text.count("\n", 0, found.start()) + 1
        yield Block(kind, language, name, found["body"], found.start(), found.end(), line)


def lines(commands: str) -> list[str]:
    r"""Return the commands of a block of shell, each in one line, without comments.

    >>> lines("# Why.\nimfilter blur a.png \\\n  -o b.png  # How.\n")
    ['imfilter blur a.png  -o b.png']
    """
    joined = re.sub(r"\\\n *", " ", commands)
    bare = (re.sub(r"(^|\s+)# .*", "", line) for line in joined.splitlines())
    return [line for line in bare if line]


def is_plain(line: str) -> bool:
    """Whether a line calls the program and needs no shell.

    >>> is_plain("imfilter conv a.png -o b.png --kernel '0 1; 1 0'"), is_plain("imfilter info a.png | wc")
    (True, False)
    """
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    split = list(words)
    return split[:1] == ["imfilter"] and split == shlex.split(line) and not re.search(r"[$*?~]|[<>|&]", line)
