"""The documents cannot go stale: they are generated, or their examples run."""

import contextlib
import doctest
import fnmatch
import gzip
import html
import importlib
import importlib.util
import io
import os
import pkgutil
import pty
import re
import shlex
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import imfilter
import numpy as np
import pytest
from imfilter.cli.app import app
from imfilter.cli.commands import docstrings, operator_help
from imfilter.filters.core import catalog, native
from PIL import Image
from typer.main import get_command

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = ROOT / "cli" / "README.md"
MANUAL = ROOT / "cli" / "imfilter.1"
GALLERY_PAGE = ROOT / "filters" / "README.md"
FOLDERS = "benchmarks", "cli", "docs", "filters", "sample_images", "tests"
SITE = ROOT / "docs"
PAGES = sorted(page for page in SITE.rglob("*.md") if SITE / "build" not in page.parents)
DOCUMENTS = sorted(
    {*PAGES, *(page for folder in (ROOT, *(ROOT / name for name in FOLDERS)) for page in folder.glob("*.md"))}
)
SOURCES = sorted(path for name in FOLDERS for path in (ROOT / name).rglob("*.py"))


def command_of(*words):
    """Return a command of the program, and its context."""
    command = get_command(app)
    context = command.make_context("imfilter", [], resilient_parsing=True)
    for word in words:
        command = command.get_command(context, word)
        context = command.make_context(word, [], parent=context, resilient_parsing=True)
    return command, context


def help_of(*words):
    command, context = command_of(*words)
    context.max_content_width = context.terminal_width = 80
    return command.get_help(context)


def examples_of(*words):
    return command_of(*words)[0].examples


DATASET = ("info", "stats", "check", "split", "convert", "show", "boxes")


def reference():
    parts = ["# Command reference", "What `--help` prints. `REGENERATE=1 pytest` writes this page."]
    others = ("compare", "info", "show", "sweep", "sheet", "studio", "dataset", "kernels", "help")
    commands = [*catalog.names(), "chain", "run", "augment", *others]
    parts_of = [*(("dataset", name) for name in DATASET), ("kernels", "show"), ("kernels", "plot")]
    for words in [(), *((name,) for name in commands), *parts_of]:
        parts += [f"## {' '.join(('imfilter', *words))}", f"```text\n{help_of(*words).strip()}\n```"]
    return "\n\n".join(parts) + "\n"


def test_command_reference_is_fresh(fresh):
    fresh(REFERENCE, reference())


def test_manual_page_is_fresh(fresh, run):
    fresh(MANUAL, run("help", "man").out.decode("ascii"))


@pytest.mark.needs("groff")
def test_manual_page_is_set_without_a_warning():
    words = ["groff", "-man", "-ww", "-Tutf8", "-rLL=80n", "-P-bcou", str(MANUAL)]
    ended = subprocess.run(words, capture_output=True, check=True)
    assert ended.stderr == b""
    text = " ".join(ended.stdout.decode().split())
    assert "NAME imfilter - filter images" in text
    assert "--op bilateral --sigma X|X,Y See --op gaussian. --range-sigma X Standard deviation" in text


def with_part(page, name, part):
    """Return the text of a page with *part* between the marks ``<!-- NAME: generated -->`` and ``<!-- end -->``."""
    before, mark, behind = page.read_text(encoding="utf-8").partition(f"<!-- {name}: generated -->\n")
    _, end, behind = behind.partition("<!-- end -->\n")
    assert mark and end, f"{page.name} has no part {name}"
    return f"{before}{mark}\n{part}\n\n{end}{behind}"


def filters_table():
    rows = ["| command | what it does | operators (`--op`) |", "| --- | --- | --- |"]
    for name in catalog.names():
        operators = catalog.load(name).spec.parameters.get("op")
        cells = f"`{name}`", catalog.summary(name), " ".join(f"`{op}`" for op in operators.choices) if operators else ""
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def test_table_of_filters_is_fresh(fresh):
    fresh(ROOT / "README.md", with_part(ROOT / "README.md", "filters", filters_table()))


def script(name):
    """Import a script that draws pictures of the documents."""
    spec = importlib.util.spec_from_file_location(Path(name).stem, ROOT / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def gallery():
    return script("sample_images/gallery.py")


def exports():
    """Return what type checkers read of `imfilter`, whose names are imported when they are asked for."""
    modules = {**imfilter.MODULES}
    for name in catalog.names():
        modules[f"filters.{name}"] = (*modules.get(f"filters.{name}", ()), name)
    lines = ["# What `imfilter` exports. `REGENERATE=1 pytest` writes this file."]
    lines += ["# pyright: basic, reportMissingImports=false", ""]
    lines += [f"from .{module} import {name} as {name}" for module in sorted(modules) for name in modules[module]]
    names = sorted(["__version__", *(name for names in modules.values() for name in names)])
    return "\n".join([*lines, "", "__version__: str", f"__all__ = {names!r}".replace("'", '"'), ""])


def test_exports_are_fresh(fresh):
    fresh(ROOT / "cli" / "_root" / "__init__.pyi", exports())


def test_gallery_is_fresh(fresh):
    fresh(GALLERY_PAGE, with_part(GALLERY_PAGE, "gallery", gallery().tables()))


def test_gallery_shows_filters_and_has_its_pictures():
    pictures = gallery()
    for section, entries in pictures.GALLERY.items():
        assert section in catalog.names()
        for number in range(len(entries)):
            assert (ROOT / "sample_images" / "gallery" / pictures.picture_name(section, number)).exists()


def test_picture_of_speed_is_fresh(fresh):
    fresh(ROOT / "benchmarks" / "speed.svg", script("benchmarks/speed.py").picture())


def test_every_script_that_the_results_name_stands_in_the_list_of_benchmarks():
    results, listed = (
        set(re.findall(r"python benchmarks/(\w+)\.py", (ROOT / "benchmarks" / name).read_text(encoding="utf-8")))
        for name in ("RESULTS.md", "README.md")
    )
    assert results and results <= listed, results - listed


@pytest.mark.needs("a terminal")
def test_recorded_terminal_shows_what_the_commands_print():
    def lines(svg):
        """The text of each line without numbers; not the progress bar, which shows where the program was last."""
        found = {}
        for line, text in re.findall(r'<text [^>]*clip-path="[^"]*-(line-\d+)\)">(.*?)</text>', svg):
            found[line] = found.get(line, "") + re.sub(r"\d+(\.\d+)?", "0", html.unescape(text)).rstrip()
        return [text for text in found.values() if "━" not in text]

    terminal = script("sample_images/terminal.py")
    assert lines(terminal.record()) == lines(terminal.PICTURE.read_text(encoding="utf-8"))


def shell_blocks():
    return re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


def example_commands():
    lines = shell_blocks()[2].splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.fixture
def folder(tmp_path):
    shutil.copy(ROOT / "sample_images" / "coffee.jpg", tmp_path / "photo.jpg")
    shutil.copy(ROOT / "sample_images" / "cat.jpg", tmp_path / "photo.png")
    (tmp_path / "weights.txt").write_text("1 2 1\n2 4 2\n1 2 1\n")
    np.save(tmp_path / "weights.npy", np.random.default_rng(0).uniform(-0.1, 0.1, (16, 3, 7, 7)))
    np.save(tmp_path / "signal.npy", np.random.default_rng(1).standard_normal(200).astype(np.float32))
    (tmp_path / "photos").mkdir()
    shutil.copy(ROOT / "sample_images" / "cat.jpg", tmp_path / "photos")
    return tmp_path


def make_input(path):
    """Make the picture, signal or folder that an example names."""
    if path.exists():
        return
    if path.suffix == ".npy":
        np.save(path, np.arange(9, dtype=np.float32)[None])
    elif path.suffix:
        shutil.copy(ROOT / "sample_images" / "cat.jpg", path)
    else:
        path.mkdir()
        shutil.copy(ROOT / "sample_images" / "cat.jpg", path)


def reduce_pictures(folder):
    """Make pictures small: without the compiled core a filter stack by stack takes minutes for photographs."""
    for path in folder.glob("*.[jp][pn]g"):
        with Image.open(path) as picture:
            picture.resize([-(-side // 3) for side in picture.size], Image.Resampling.NEAREST).save(path)


def without_summary(said):
    """A single image says nothing, a batch what became of it."""
    return re.sub(r"imfilter: \d+ done, 0 skipped, 0 failed in .*\n", "", said)


@pytest.fixture
def example(monkeypatch, run, shell):
    """Run a line as the documents print it: in this process, where it needs no shell; return code, output and words."""

    def example(line, folder):
        if native.core is None and "denoise" in line:
            reduce_pictures(folder)
        if re.search(r"[|<>*?~$;&]", line):
            ended = shell(line, cwd=folder)
            return ended.returncode, ended.stdout, without_summary(ended.stderr.decode())
        monkeypatch.chdir(folder)
        program, *words = shlex.split(line)
        assert program == "imfilter"
        ended = run(*words)
        return ended.code, ended.out, without_summary(ended.err)

    return example


SHOWS = re.compile(r"imfilter show |imfilter kernels plot (?!.* -o )| --show\b")
"""Examples that need a terminal."""


@pytest.mark.parametrize("line", [line for line in example_commands() if not SHOWS.search(line)])
def test_readme_example_runs(example, line, folder):
    before = set(folder.iterdir())
    assert example(line, folder) == (0, b"", "")
    assert set(folder.iterdir()) > before


@pytest.fixture
def shown(command, needs):
    """Run a line on a terminal; return the exit code and what was shown."""
    needs("a terminal")

    def shown(line, folder):
        master, slave = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "IMFILTER_SHOW": "blocks"}
        words = [*command, *shlex.split(line)[1:]]
        process = subprocess.Popen(words, stdout=slave, stderr=slave, cwd=folder, env=environment)
        os.close(slave)
        text = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while part := os.read(master, 1 << 16):
                text += part
        os.close(master)
        return process.wait(), text.decode()

    return shown


@pytest.mark.parametrize("line", [line for line in example_commands() if SHOWS.search(line)])
def test_readme_example_shows_a_picture(shown, line, folder):
    before = set(folder.iterdir())
    code, text = shown(line, folder)
    assert code == 0
    assert text.count("▀") > 500
    assert set(folder.iterdir()) == before


def test_commands_of_the_table_of_other_programs_run(example, tmp_path):
    part = README.split("<!-- today -->\n")[1].split("<!-- end of today -->")[0]
    commands = [re.findall("`([^`]+)`", line)[-1] for line in part.splitlines()[2:]]
    assert len(commands) >= 8
    for number, command in enumerate(commands):
        folder = tmp_path / str(number)
        (folder / "photos").mkdir(parents=True)
        for name in ("in.jpg", "photos/in.jpg"):
            shutil.copy(ROOT / "sample_images" / "cat.jpg", folder / name)
        (folder / "k.mat").write_text("3 3\n-2 -1 0\n-1 1 1\n0 1 2\n")
        assert example(f"imfilter {command}", folder) == (0, b"", ""), command


def test_readme_first_command_makes_the_pictures(shell, tmp_path):
    command = shell_blocks()[0].strip().rpartition("&& ")[2]
    assert command.startswith(".venv/bin/imfilter ")
    line = command.removeprefix(".venv/bin/").replace("sample_images", str(ROOT / "sample_images"))
    result = shell(line, cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, b"")
    assert {path.name for path in tmp_path.iterdir()} == {"edges.png", "angle.png"}


@pytest.mark.needs("GNU Make")
def test_readme_makefile_rule_works(folder, shell, program):
    rule = re.search(r"```make\n(.*?)```", README, re.DOTALL)[1]
    (folder / "Makefile").write_text(rule)
    result = shell("make -s photo.edges.png", env=program, cwd=folder)
    assert (result.returncode, result.stderr) == (0, b"")
    assert (folder / "photo.edges.png").exists()


def test_readme_python_example_prints_what_the_text_says(capsys):
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out == "[   0.    0. 1020. 1020.    0.    0.] 0.0 uint8\n"


def relative(path):
    return path.relative_to(ROOT).as_posix()


@pytest.fixture
def making(monkeypatch):
    """What makes the site of `docs/`."""
    monkeypatch.syspath_prepend(SITE)
    return importlib.import_module("making")


@pytest.fixture
def page_block(making, run, monkeypatch, tmp_path):
    """Run a block of a page in its folder, as the site's build does, but in this process where no shell is needed."""
    from making import blocks, running

    machine = running.Machine(tmp_path / "programs")

    def page_block(block, folder):
        monkeypatch.chdir(folder)
        if block.language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(compile(block.body, f"line {block.line}", "exec"), {})
            return printed.getvalue()
        lines = blocks.lines(block.body)
        if not all(map(blocks.is_plain, lines)):
            return machine.run(block, folder)
        ends = [run(*shlex.split(line)[1:]) for line in lines]
        failed = [(line, ended.err) for line, ended in zip(lines, ends, strict=True) if ended.code]
        assert not failed, failed[0]
        return b"".join(ended.out for ended in ends).decode()

    return page_block


@pytest.mark.needs("bash")
@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_the_commands_of_a_page_run_and_print_what_it_says(page, page_block, tmp_path, needs):
    from making import blocks, places, rendering, running

    text = page.read_text(encoding="utf-8")
    if "make Makefile" in {f"{block.language} {block.name}" for block in blocks.blocks(text)}:
        needs("GNU Make")
    folder = tmp_path / "page"
    folder.mkdir()
    running.furnish(folder, page)
    if native.core is None and "imfilter denoise" in text:
        reduce_pictures(folder)
    running.walk(text, folder, page_block)
    shown = [found["target"] or "" for found in places.LINK.finditer(text)]
    for picture in [name for name in shown if name.endswith(rendering.SHOWN) and "/" not in name]:
        assert (folder / picture).exists(), picture


def test_the_examples_of_what_makes_the_site_hold(making):
    names = [module.name for module in pkgutil.iter_modules(making.__path__, "making.")]
    results = [doctest.testmod(importlib.import_module(name)) for name in names]
    assert sum(result.attempted for result in results) >= 5
    assert not any(result.failed for result in results)


SITE_PAGE = '<p id="top"><link href="a.css"><img src="a.css" alt="{alt}"><a href="{href}">b</a><h1 id="b">B</h1>'


@pytest.mark.each(
    "alt, href, found",
    [
        ("A", "#b", []),
        ("A", "index.html#top", []),
        ("A", "https://example.org/x", []),
        ("", "#b", ["index.html: a picture without words: a.css"]),
        ("A", "#c", ["index.html: #c: the page has no such place"]),
        ("A", "gone.html", ["index.html: gone.html leads nowhere"]),
        ("A", "//example.org/x", []),
        ("A", '#b"><img alt="A" src="//example.org/x', ["index.html: asks another machine for //example.org/x"]),
    ],
)
def test_a_link_of_the_site_that_leads_nowhere_is_found(making, tmp_path, alt, href, found):
    from making import links

    (tmp_path / "a.css").write_text("p { background: url('a.png') }")
    (tmp_path / "index.html").write_text(SITE_PAGE.format(alt=alt, href=href))
    assert links.problems(tmp_path) == found
    (tmp_path / "a.css").write_text("p { background: url('https://example.org/a.png') }")
    assert links.problems(tmp_path) == [*found, "a.css: asks another machine for https://example.org/a.png"]


def test_every_document_is_a_page_of_the_site(making):
    from making import places

    assert {*map(relative, DOCUMENTS)} - {places.REFERENCE} == {*places.documents()}


def test_a_page_that_lies_is_found_out(making, page_block, tmp_path):
    from making import running

    folder = tmp_path / "page"
    folder.mkdir()
    running.furnish(folder, PAGES[0])
    small = "```text a.pgm\nP2\n2 1\n255\n3 4\n```\n"
    command = "```sh\nimfilter info missing.png || echo $?\n```\n"
    running.walk(f"{small}```values a.pgm\n3 4\n```\n{command}```text\n1\n```\n", folder, page_block)
    for lie in ("```values a.pgm\n3 5\n```\n", f"{command}```text\n0\n```\n", "```sh\nexit 3\n```\n"):
        with pytest.raises(running.PageError):
            running.walk(small + lie, folder, page_block)


HISTORY = ROOT / "CHANGELOG.md"
PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join((r'[.]ci', *FOLDERS))})/[\w./<>*-]*")


@pytest.mark.each("source", [path for path in (*DOCUMENTS, *SOURCES) if path != HISTORY])
def test_every_path_that_a_document_or_a_comment_names_exists(source):
    """``<name>`` in a path stands for any name."""
    named = {path.rstrip("./-") for path in PATH.findall(source.read_text(encoding="utf-8"))}
    assert not [path for path in sorted(named) if not any(ROOT.glob(re.sub(r"<\w+>", "*", path)))]


@pytest.mark.each("name", ["release", "test"])
def test_a_workflow_names_the_actions_of_others_by_commit(name):
    """A tag can be moved to other code, which would then run with the right to publish."""
    text = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    lines = re.findall(r"^ *-? *uses: (?!\./)(.*)$", text, re.MULTILINE)
    assert lines
    assert [line for line in lines if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", line)] == []


def test_the_changelog_begins_with_the_version_of_the_program_and_its_day():
    heading = re.search(r"^## (.+)$", HISTORY.read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert re.fullmatch(rf"{re.escape(imfilter.__version__)} - \d{{4}}-\d\d-\d\d", heading)
    cited = re.findall(r"^(?:version|date-released): (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M)
    assert " - ".join(cited) == heading


NAME = re.compile(r"`(imfilter(?:\.\w+)+)`")


def test_every_name_that_a_document_or_a_docstring_gives_can_be_imported():
    sources = [path for path in (*DOCUMENTS, *SOURCES) if path != HISTORY]
    named = {name for source in sources for name in NAME.findall(source.read_text(encoding="utf-8"))}
    assert named
    for name in sorted(named):
        pkgutil.resolve_name(name)


def headings(page):
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", DOCUMENTS, ids=relative)
def test_every_link_of_a_document_leads_somewhere(page):
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", page.read_text(encoding="utf-8")):
        there = page.parent / target if target else page
        if page in PAGES and there.suffix in (".jpg", ".png"):
            continue  # the page's commands make it, as the test of these sees
        assert there.exists(), target
        assert not anchor or anchor in headings(there), (target, anchor)


@pytest.mark.parametrize("page", DOCUMENTS, ids=relative)
def test_the_source_archive_holds_every_document_and_its_pictures(page):
    lines = [line.split() for line in (ROOT / "MANIFEST.in").read_text(encoding="utf-8").splitlines()]
    patterns = [pattern for kind, *words in lines if kind == "include" for pattern in words]
    patterns += [f"{folder}/{name}" for kind, folder, *names in lines if kind == "recursive-include" for name in names]
    pictures = re.findall(r"!\[[^\]]*\]\((?!https?:)([^)\s]+)", page.read_text(encoding="utf-8"))
    for path in [page, *(page.parent / picture for picture in pictures)]:
        name = os.path.relpath(path, ROOT)
        assert not path.exists() or any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns), name


def test_contributing_is_a_page_that_the_readme_links():
    assert len((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()) <= 120
    assert "](CONTRIBUTING.md)" in README


def git(*words):
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)


@pytest.mark.needs("Git")
def test_every_commit_that_contributing_shows_shows_something():
    calls = re.findall(r"`(git show [^`]+)`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert len(calls) >= 5
    if git("rev-parse", "--show-toplevel", "--is-shallow-repository").stdout.split("\n")[:2] != [str(ROOT), "false"]:
        pytest.skip("needs the whole history")
    for call in calls:
        _, _, commit, *paths = shlex.split(call)
        assert git("merge-base", "--is-ancestor", commit, "HEAD").returncode == 0, call
        assert git("show", "--format=", "--name-only", commit, *paths).stdout, call


def test_readme_exit_codes_are_those_of_the_program():
    from imfilter.cli.errors import ExitCode

    assert [int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)] == [int(code) for code in ExitCode]


def test_the_limits_that_security_names_are_those_of_the_program():
    from imfilter.cli.batch import inputs, options, recipe, recipe_file
    from imfilter.cli.images import decode, gif, image_stream, memory_budget, picture, prefetch
    from imfilter.cli.images.jpeg import integrity as jpeg
    from imfilter.cli.images.jpeg import segments
    from imfilter.cli.images.png import integrity as png
    from imfilter.cli.images.pnm import header
    from imfilter.cli.images.tiff import overlap
    from imfilter.filters.core.linear import kernels

    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = {cells[0]: cells[1] for cells in re.findall(r"^\| (.+?) \| (.+?) (?:\| .*)?\|$", page, re.MULTILINE)}
    mib, million = 1 << 20, 10**6
    limits = {
        "pixels of a picture": f"{prefetch.MAX_PIXELS // million} million",
        "frames of a file": f"{options.MAX_FRAMES}",
        "taps of a kernel": f"{kernels.MAX_TAPS}",
        "all frames of a file together": f"`--max-pixels`; in a longer file, {picture.MOST_A_BYTE} pixels per byte, "
        f"up to {picture.TIMES} times `--max-pixels`; then {picture.PIXELS_A_BYTE} per byte",
        "a GIF's canvas": f"{gif.PIXELS_A_BYTE} pixels per byte, or {gif.UNSUSPECTED_PIXELS // million} million",
        "a JPEG": f"{jpeg.SCANS} scans ({jpeg.MOST_SCANS} in a small picture), {segments.MOST_SEGMENTS} segments",
        "a PNG": f"{png.MOST_CHUNKS} chunks, and one more for each {png.CHUNK} bytes; "
        f"{png.MOST_TEXT // mib} MiB of unpacked texts and profile",
        "a PNM or PAM header": f"{header.LONGEST // mib} MiB",
        "a TIFF's packed strips": f"{overlap.TIMES} times the bytes of the file and its picture",
        "a damaged picture with `--lenient`": f"{decode.UNSUSPECTED_BYTES // mib} MiB, or {decode.MOST_FOR_A_BYTE} "
        "bytes for each byte of its file",
        "an image from a pipe": f"{image_stream.MOST >> 30} GiB, or {memory_budget.PART:.0%}".replace("%", " %")
        + f" of the free memory if that is less; {image_stream.MOST_BEHIND // mib} MiB after the last image",
        "a list of `--files-from`": f"{inputs.MOST_OF_A_LIST // mib} MiB",
        "a recipe": f"{recipe_file.MOST_BYTES // mib} MiB, {recipe.MOST_STEPS} steps, "
        f"{recipe_file.MOST_PARTS} parts of a key",
        "a kernel or bias from a pipe": f"{recipe.MOST_BYTES // mib} MiB",
    }
    assert {name: rows.get(name) for name in limits} == limits


@pytest.mark.parametrize("name", catalog.names())
def test_shell_examples_of_the_help_run(example, name, folder):
    lines = re.findall(r"^\$ (imfilter .*)$", catalog.load(name).spec.doc, re.MULTILINE)
    assert lines
    for line in lines:
        _, filter, source, *_ = shlex.split(line)
        assert filter == name
        for needed in (source, *re.findall(r"--other (\S+/)", line)):
            make_input(folder / needed)
        code, _, said = example(line, folder)
        assert (code, said) == (0, ""), line


@pytest.mark.parametrize("name", operator_help.operators())
def test_the_example_of_every_operator_runs(example, name, folder):
    spec = catalog.load(name).spec
    made = {operator_help.example(spec, op) for op in spec.parameters["op"].choices} - {*docstrings.examples(spec.doc)}
    for line in sorted(made):
        _, _, source, *_ = shlex.split(line)
        make_input(folder / source)
        reduce_pictures(folder)
        code, _, said = example(line, folder)
        assert (code, re.sub(r".* is clipped; .*\n", "", said)) == (0, ""), line


@pytest.fixture
def data(folder):
    """What the examples of commands that are no filters name: photographs, sets of images, boxes and recipes."""
    for name in ("cat.jpg", "reference.png", "result.png", "noisy.png", "clean.png", "scan.tif"):
        with Image.open(ROOT / "sample_images" / "cat.jpg") as picture:
            picture.reduce(8).save(folder / name)
    for seed, name in enumerate(("photos", "train", "golden", "flowers/rose", "flowers/tulip")):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(4):
            values = np.random.default_rng((seed, number)).integers(0, 256, (48, 48, 3))
            Image.fromarray(values.astype(np.uint8)).save(folder / name / f"plant{number}.png")
    shutil.copytree(folder / "golden", folder / "out")
    images, labels = (struct.pack(f">4B{n}i", 0, 0, 8, n, 20, *[28] * (n - 1)) for n in (3, 1))
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(images + bytes(20 * 28 * 28)))
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels + bytes(range(10)) * 2))
    (folder / "classes.txt").write_text("rose\ntulip\n")
    (folder / "soft.toml").write_text('[[step]]\nfilter = "blur"\n')
    (folder / "labels").mkdir()
    for number in range(4):
        (folder / "labels" / f"plant{number}.txt").write_text("1 0.5 0.5 0.25 0.25\n")
    reduce_pictures(folder)
    return folder


OTHER_COMMANDS = ["chain", "run", "augment", "compare", "info", "sweep", "sheet", "help"]
OTHER_COMMANDS += [*(f"dataset {name}" for name in DATASET), "kernels show", "kernels plot"]


@pytest.mark.parametrize("words", ["", *OTHER_COMMANDS])
def test_examples_of_other_commands_run(example, words, data):
    """All but those that need a terminal or a browser."""
    lines = examples_of(*words.split())
    assert lines
    for line in lines:
        if not SHOWS.search(line):
            code, _, said = example(line, data)
            assert (code, said) == (0, ""), line


SUITE = [
    "tests/conftest.py",
    "tests/test_docs.py",
    "tests/test_doctests.py",
    "tests/test_floors.py",
    "tests/filters/conftest.py",
    "tests/filters/needed.py",
    "tests/filters/test_every_filter.py",
]
"""The tests that look at every filter."""


@pytest.fixture
def checkout(tmp_path):
    """A copy of the program, of its pages and of the tests of every filter; and a Python that has it installed."""
    for name in ("cli", "filters"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "pyproject.toml", *SUITE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("sample_images", "benchmarks"):
        (tmp_path / name).symlink_to(ROOT / name)
    package = tmp_path / "imfilter"
    shutil.copytree(ROOT / "cli" / "_root", package)
    for name in ("cli", "filters"):
        (package / name).symlink_to(tmp_path / name)

    def python(*words, **environment):
        return subprocess.run(
            [sys.executable, *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return tmp_path, python


def test_the_example_of_a_filter_passes_the_tests_of_every_filter(checkout):
    """`filters/README.md`, followed word for word."""
    folder, python = checkout
    section = GALLERY_PAGE.read_text(encoding="utf-8").partition("## Adding a filter")[2]
    name = re.search(r"`(\w+)\.py`", section)[1]
    code = re.search(r"```python\n(.*?)```", section, re.DOTALL)[1]
    write, check = (
        line.partition("#")[0].split() for line in re.search(r"```sh\n(.*?)```", section, re.DOTALL)[1].splitlines()
    )
    assert (write, check) == (["REGENERATE=1", "pytest"], ["pytest", "-k", name])
    path = folder / "filters" / f"{name}.py"
    path.write_text(code)
    for words in (["check"], ["format", "--check"]):
        assert (done := python("-m", "ruff", *words, str(path))).returncode == 0, done.stdout
    assert (done := python("-m", *write[1:], REGENERATE="1")).returncode == 0, done.stdout
    assert f"\n## imfilter {name}\n" in (folder / "cli" / "README.md").read_text(encoding="utf-8")
    assert f"\n| `{name}` | " in (folder / "README.md").read_text(encoding="utf-8")
    done = python("-m", *check[:-1], f"{name} or fresh")
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 20
