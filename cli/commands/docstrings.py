"""What the shell's help takes from a docstring: prose without Python's spelling, examples and references."""

from __future__ import annotations

import re
from collections.abc import Collection

from ..console.messages import flag

SECTION = r"\n\n\w[\w ]*\n-+\n"
"""The title of a section, and its line."""
LABEL = r"``[\w-]+``(?:(?:, | and )``[\w-]+``)*"
"""What a paragraph on some operators begins with."""
ENTRY = r"(?<=\d\.)\s+(?=[A-Z])"
"""Matches between references, each of which ends in a year or a section number."""


def prose(doc: str, options: Collection[str]) -> str:
    """Return the prose of a docstring for the shell: up to its first section, without markup, *options* as options.

    >>> prose('Turns with ``mode="convolve"``, unless *per_channel* is set; *S* is odd.', ["mode", "per_channel"])
    'Turns with --mode convolve, unless --per-channel is set; S is odd.'
    """
    return "\n\n".join(shell_words(text, options) for text in paragraphs(doc))


def paragraphs(doc: str) -> list[str]:
    r"""Return the paragraphs of a docstring before its first section; a line that begins with a label begins one.

    >>> paragraphs("Blurs.\n\n``mean``: of all.\n``min``, ``max``: of two.\n\nNotes\n-----\nFast.")
    ['Blurs.', '``mean``: of all.', '``min``, ``max``: of two.']
    """
    return re.split(rf"\n\n+|\n(?={LABEL}: )", re.split(SECTION, doc, maxsplit=1)[0])


def paragraphs_on(doc: str, word: str) -> list[str]:
    r"""Return the paragraphs that begin with a *word* in their label; else those that name it, or the first of all.

    >>> paragraphs_on("Blurs.\n\nIt is fast.\n\n``mean``: of all.\n\n``max``: not ``mean``.", "mean")
    ['``mean``: of all.']
    """
    _, *texts = paragraphs(doc)
    labels = [re.match(LABEL, text) for text in texts]
    leading = [text for text, label in zip(texts, labels, strict=True) if label and f"``{word}``" in label[0]]
    return leading or [text for text in texts if f"``{word}``" in text] or texts[:1]


def shell_words(text: str, options: Collection[str]) -> str:
    """Return a text of a docstring without markup, and with *options* as the shell spells them.

    >>> shell_words('As for ``channels="luma"`` or ``"R"``; ``shear=(a, b)`` leans.', ["channels", "shear"])
    'As for --channels luma or R; --shear a,b leans.'
    """

    def value(found: re.Match[str]) -> str:
        return f"{flag(found[1])} {found[2].replace(' ', '')}" if found[1] in options else found[0]

    def name(found: re.Match[str]) -> str:
        return flag(found[1]) if found[1] in options else found[1]

    text = re.sub(r'``(\w+)=["(]?([\w.-]+(?:, [\w.-]+)*)[")]?``', value, text)
    text = re.sub(r'``"([\w-]+)"``', r"\1", text)
    return re.sub(r"\*(\w+)\*", name, text).replace("``", "").replace("*", "")


def section(doc: str, title: str) -> str:
    r"""Return the text of a docstring's section, or nothing.

    >>> section("Blurs.\n\nNotes\n-----\nFast.\n\nShell\n-----\n$ imfilter blur", "Notes")
    'Fast.'
    """
    found = re.search(rf"\n\n{title}\n-+\n(.*?)(?:{SECTION}|\Z)", doc, re.DOTALL)
    return found[1].strip() if found else ""


def examples(doc: str) -> list[str]:
    r"""Return the commands of the section ``Shell``.

    >>> examples("Blurs.\n\nShell\n-----\n$ imfilter blur a.png -o b.png")
    ['imfilter blur a.png -o b.png']
    """
    return [line.removeprefix("$ ") for line in section(doc, "Shell").splitlines() if line]


def references(doc: str, word: str) -> tuple[bool, list[str]]:
    r"""Return whether any references name a *word*, and those that do; else those for the whole docstring.

    >>> doc = "Blurs.\n\nReferences\n----------\nA. B, 1980. For disk: R. G, section 3.5. C. D,\n2001."
    >>> references(doc, "disk"), references(doc, "mean")
    ((True, ['For disk: R. G, section 3.5.']), (False, ['A. B, 1980.', 'C. D, 2001.']))
    """
    entries = [" ".join(entry.split()) for entry in re.split(ENTRY, section(doc, "References"))]
    entries = [entry for entry in entries if entry and "`imfilter." not in entry]
    named = [entry for entry in entries if re.search(rf"\b{re.escape(word)}\b", entry, re.IGNORECASE)]
    return bool(named), named or [entry for entry in entries if not entry.startswith("For ")]
