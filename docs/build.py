"""Build the site of the documentation: `python docs/build.py [FOLDER]`, by default into `build/site` here.

Every command of the tutorial and the cookbook runs, and makes the pictures that the pages show. A warning of Sphinx, a
command that fails or prints something else than its page says, and a link that leads nowhere end it with exit code 1.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS))

from making import accessible, links, places, reference, rendering, running, words  # noqa: E402 - the folder is on the path by now


def walked(document: str, page: str, work: Path, machine: running.Machine) -> running.Walk:
    """Do all that a page of this folder does, in a folder of its own."""
    folder = work / page.removesuffix(".md")
    folder.mkdir(parents=True)
    running.furnish(folder, places.ROOT / document)
    try:
        return running.walk((places.ROOT / document).read_text(encoding="utf-8"), folder, machine.run)
    except running.PageError as error:
        raise running.PageError(f"{document}: {error}") from None


def stage(source: Path, work: Path) -> None:
    """Write what Sphinx reads: all pages, with what their commands print and make, and the files that they need."""
    turning = places.Links(set(reference.commands()))
    machine = running.Machine(work / "programs")
    own = {document: page for document, page in turning.pages.items() if document.startswith(places.DOCS)}
    with ThreadPoolExecutor() as pool:
        walks = dict(zip(own, pool.map(lambda item: walked(*item, work, machine), own.items()), strict=True))
    for document, page in turning.pages.items():
        text = (places.ROOT / document).read_text(encoding="utf-8")
        made = None
        if document in own:
            text = rendering.rendered(text, walks[document])
            made = rendering.pictures_of(work / page.removesuffix(".md"), page, source)
        text = turning.turned(text, document, made) if made else turning.turned(text, document)
        text = words.with_entries(text, document)
        (source / page).parent.mkdir(parents=True, exist_ok=True)
        (source / page).write_text(rendering.with_figures(text), encoding="utf-8")
    reference.write(source)
    gallery = places.ROOT / "sample_images" / "gallery"
    turning.files |= {path.relative_to(places.ROOT).as_posix() for path in gallery.iterdir()}
    turning.stage(source)


def build(site: Path) -> list[str]:
    """Build the site into a folder; return what is wrong, a line each."""
    with tempfile.TemporaryDirectory() as spare:
        source = Path(spare) / "source"
        source.mkdir()
        try:
            stage(source, Path(spare) / "pages")
        except (running.PageError, places.LinkError) as error:
            return [str(error)]
        shutil.rmtree(site, ignore_errors=True)
        command = ["-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-c", str(DOCS), "-d", f"{spare}/doctrees"]
        ended = subprocess.run([sys.executable, *command, str(source), str(site)], check=False)
    if ended.returncode:
        return ["Sphinx has warnings"]
    accessible.complete(site)
    return links.problems(site)


def main() -> int:
    """Build the site where the command says."""
    site = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS / "build" / "site"
    wrong = build(site.absolute())
    for line in wrong:
        print(f"docs/build.py: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
