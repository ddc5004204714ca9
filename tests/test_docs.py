"""The documents cannot go stale: they are generated, or their examples run."""

import doctest
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.app import app
from imfilter.filters.core import catalog
from typer.main import get_command

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = ROOT / "cli" / "README.md"


def help_of(*words):
    command = get_command(app)
    context = command.make_context("imfilter", [], resilient_parsing=True)
    for word in words:
        command = command.get_command(context, word)
        context = command.make_context(word, [], parent=context, resilient_parsing=True)
    context.max_content_width = context.terminal_width = 80
    return command.get_help(context)


def reference():
    parts = ["# Command reference", "What `--help` prints. `REGENERATE=1 pytest tests/test_docs.py` writes it anew."]
    commands = [*catalog.names(), "chain", "run", "kernels"]
    for words in [(), *((name,) for name in commands), ("kernels", "show")]:
        parts += [f"## {' '.join(('imfilter', *words))}", f"```text\n{help_of(*words).strip()}\n```"]
    return "\n\n".join(parts) + "\n"


def test_command_reference_is_fresh():
    if os.environ.get("REGENERATE"):
        REFERENCE.write_text(reference(), encoding="utf-8")
    assert REFERENCE.read_text(encoding="utf-8") == reference()


def test_gallery_page_is_fresh():
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "sample_images" / "gallery.py")
    gallery = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gallery)
    assert (ROOT / "filters" / "README.md").read_text(encoding="utf-8") == gallery.page()
    for section, entries in gallery.GALLERY.items():
        assert section in catalog.names()
        for number in range(len(entries)):
            assert (ROOT / "sample_images" / "gallery" / gallery.picture_name(section, number)).exists()


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


def without_summary(said):
    """A single image says nothing, a batch what became of it."""
    return re.sub(r"imfilter: \d+ done, 0 skipped, 0 failed in .*\n", "", said)


@pytest.fixture
def example(monkeypatch, run, shell):
    """Run a line as the documents print it: in this process, where it needs no shell; return code, output and words."""

    def example(line, folder):
        if re.search(r"[|<>*?~$;&]", line):
            ended = shell(line, cwd=folder)
            return ended.returncode, ended.stdout, without_summary(ended.stderr.decode())
        monkeypatch.chdir(folder)
        program, *words = shlex.split(line)
        assert program == "imfilter"
        ended = run(*words)
        return ended.code, ended.out, without_summary(ended.err)

    return example


@pytest.mark.parametrize("line", example_commands())
def test_readme_example_runs(example, line, folder):
    before = set(folder.iterdir())
    assert example(line, folder) == (0, b"", "")
    assert set(folder.iterdir()) > before


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


def test_readme_table_names_every_filter_and_operator():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", README, re.MULTILINE))
    assert sorted(rows) == catalog.names()
    for name, row in rows.items():
        assert catalog.summary(name) in row
        operators = catalog.load(name).spec.parameters.get("op")
        assert re.findall(r"`([\w-]+)`", row) == list(operators.choices if operators else ())


def test_readme_exit_codes_are_those_of_the_program():
    from imfilter.cli.exits import ExitCode

    assert [int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)] == [int(code) for code in ExitCode]


@pytest.mark.parametrize("name", catalog.names())
def test_shell_examples_of_the_help_run(example, name, folder):
    lines = re.findall(r"^\$ (imfilter .*)$", catalog.load(name).spec.doc, re.MULTILINE)
    assert lines
    for line in lines:
        _, filter, source, *_ = shlex.split(line)
        assert filter == name
        make_input(folder / source)
        code, _, said = example(line, folder)
        assert (code, said) == (0, ""), line


def test_filter_of_the_gallery_page_works(tmp_path):
    """The file that `filters/README.md` shows, dropped beside the filters, is a command."""
    code = re.search(r"```python\n(.*?)```", (ROOT / "filters" / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    package = tmp_path / "imfilter"
    shutil.copytree(catalog.FOLDER, package / "filters", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "__init__.py").write_text("")
    (package / "filters" / "brighten.py").write_text(code)
    script = (
        "import numpy as np; from imfilter.filters.core import catalog; assert 'brighten' in catalog.names();"
        "print(catalog.load('brighten')(np.full((1, 2), 100, np.uint8), factor=2).tolist())"
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout == "[[200, 200]]\n"


def test_doctests_of_the_command_line_hold():
    import imfilter.cli.messages

    results = doctest.testmod(imfilter.cli.messages)
    assert results.attempted > 0
    assert results.failed == 0
