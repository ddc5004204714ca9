"""Where each document of the repository stands on the site, and links between them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DOCS = "docs/"
PAGES = {
    "README.md": "overview.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "benchmarks/README.md": "benchmarks.md",
    "benchmarks/RESULTS.md": "results.md",
    "cli/CLUSTERS.md": "clusters.md",
    "cli/DATASETS.md": "datasets.md",
    "cli/FORMATS.md": "formats.md",
    "cli/PLATFORMS.md": "platforms.md",
    "cli/REPORT.md": "json.md",
    "cli/SCRIPTS.md": "scripts.md",
    "cli/SHARDS.md": "shards.md",
    "cli/STORES.md": "stores.md",
    "docs/README.md": "building.md",
    "filters/CONVENTIONS.md": "numbers.md",
    "filters/KERNELS.md": "kernel-files.md",
    "filters/README.md": "gallery.md",
    "filters/SHARPENING.md": "sharpening.md",
    "sample_images/README.md": "samples.md",
}
"""Documents that stand beside the code, and their pages; those of `docs/` keep their names."""
REFERENCE = "cli/README.md"
"""The document whose sections are pages."""
FILES = "files"
"""The folder of what pages show or offer, under the names of the repository."""
LINK = re.compile(
    r"^```.*?^```$"
    r"|(?P<before>!?\[(?:[^\[\]]|\[[^\]]*\])*\]\()(?!\w+:|#)(?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?(?P<behind>[^)]*\))"
    r"|`[^`\n]+`",
    re.MULTILINE | re.DOTALL,
)
"""A link, or code, in which none is sought."""


class LinkError(Exception):
    """A link leads nowhere: from where, and where to."""


def documents() -> dict[str, str]:
    """Return all documents, by their names in the repository, with their pages."""
    own = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / DOCS).rglob("*.md"))]
    return PAGES | {name: name.removeprefix(DOCS) for name in own if name not in PAGES and not name.startswith(BUILT)}


BUILT = f"{DOCS}build/"
"""Where sites are built."""


def page_of(name: str, anchor: str, pages: dict[str, str], commands: set[str]) -> tuple[str, str] | None:
    """Return the page, and the anchor on it, of a document or a filter's file; None for any other file."""
    if name == REFERENCE:
        command = anchor.removeprefix("#imfilter-")
        return ("reference/index.md", "") if command not in commands else (f"reference/{command}.md", "")
    filter = re.fullmatch(r"filters/(\w+)\.py", name)
    if filter and filter[1] in commands:
        return f"reference/{filter[1]}.md", anchor
    folder = f"{name}/README.md"
    if folder in pages:
        return pages[folder], anchor
    return (pages[name], anchor) if name in pages else None


class Links:
    """Turns links between documents into those between pages; remembers the other files that pages need."""

    def __init__(self, commands: set[str]) -> None:
        self.pages, self.commands = documents(), commands
        self.files: set[str] = set()

    def turned(self, text: str, document: str, made: Callable[[str], str | None] = lambda name: None) -> str:
        """Return the text of a document with the links of its page; *made* tells of pictures that commands made."""
        here = posixpath.dirname(self.pages[document])

        def link(found: re.Match[str]) -> str:
            if found["target"] is None:
                return found[0]
            if picture := made(found["target"]):
                return f"{found['before']}{posixpath.relpath(picture, here or '.')}{found['behind']}"
            name = posixpath.normpath(posixpath.join(posixpath.dirname(document), found["target"]))
            page = page_of(name, found["anchor"] or "", self.pages, self.commands)
            if page is None:
                if not (ROOT / name).is_file():
                    raise LinkError(f"{document}: {found['target']} is neither a document nor a file")
                self.files.add(name)
                page = f"{FILES}/{name}", ""
            return f"{found['before']}{posixpath.relpath(page[0], here or '.')}{page[1]}{found['behind']}"

        return LINK.sub(link, text)

    def stage(self, source: Path) -> None:
        """Put the files that pages need into the folder of the sources."""
        for name in sorted(self.files):
            place = source / FILES / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                place.write_bytes((ROOT / name).read_bytes())
