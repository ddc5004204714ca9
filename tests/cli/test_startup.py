"""Help, version and completion: instant, readable, in plain text."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import shellingham
from imfilter.filters.core import catalog
from PIL import Image

FILTERS = catalog.names()
REPORT = """
import sys
from imfilter.cli.main import main
sys.argv[0] = "imfilter"
try:
    main()
finally:
    sys.stderr.write(" ".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""
HEAVY = {"numpy", "scipy", "PIL", "tifffile"}


def start(*words, **env):
    """Run the program; return its standard output and the packages that it imported."""
    ended = subprocess.run(
        [sys.executable, "-c", REPORT, *words], env={**os.environ, **env}, capture_output=True, text=True
    )
    return ended.stdout, set(ended.stderr.split())


def complete(shell, line):
    """Return what *shell* is told when Tab is pressed at the end of *line*, and the packages imported for it."""
    words = line.split(" ")
    by_shell = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    return start(_IMFILTER_COMPLETE=f"complete_{shell}", _TYPER_COMPLETE_ARGS=line, **by_shell)


DATASET = ("info", "stats", "check", "split", "convert", "show")
HELPS = [
    ["--help"],
    ["kernels", "--help"],
    ["info", "--help"],
    ["sweep", "--help"],
    ["sheet", "--help"],
    ["kernels", "show", "--help"],
    ["dataset", "--help"],
    *(["dataset", name, "--help"] for name in DATASET),
    *([name, "--help"] for name in FILTERS),
]


@pytest.mark.parametrize("words", [["--version"], ["-h"], ["help", "op", "canny"], *HELPS], ids=" ".join)
def test_help_and_version_import_nothing_heavy(words):
    output, packages = start(*words)
    assert output
    assert "imfilter" in packages
    assert not packages & HEAVY


@pytest.mark.parametrize("words", HELPS, ids=" ".join)
def test_help_fits_80_columns(run, words, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = run(*words).out.decode()
    assert [line for line in text.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("words", HELPS, ids=" ".join)
def test_help_has_no_markup(run, words):
    text = run(*words).out.decode()
    assert not re.search(r"``|\*\*|\[/?(bold|dim|red|cyan)\b|\x1b|\x08|----", text)


@pytest.mark.parametrize("words", HELPS, ids=" ".join)
def test_help_says_each_default_once(run, words):
    text = " ".join(run(*words).out.decode().split())
    assert not re.search(r"(\[default: [^]]*\]) \[default", text)


@pytest.mark.parametrize("name", FILTERS)
def test_help_names_every_parameter(run, name):
    text = run(name, "--help").out.decode()
    for parameter in [*catalog.load(name).spec.parameters, *catalog.load(name).spec.maps]:
        assert f"--{parameter.rstrip('_').replace('_', '-')}" in text


def test_the_help_lists_every_filter_with_its_summary(run):
    text = run("--help").out.decode()
    for name in FILTERS:
        assert re.search(rf"^  {name} +{re.escape(catalog.summary(name))}$", text, re.MULTILINE)


def test_without_words_the_help_goes_to_standard_error(run):
    ended = run()
    assert (ended.code, ended.out) == (2, b"")
    assert "Usage: imfilter" in ended.err
    assert ended.lines == run("-h").out.decode().splitlines()


RARE = {
    "dataclasses",
    "numpy.ma",
    "scipy",
    "tempfile",
    "unicodedata",
    "imfilter.cli.batch.depfile",
    "imfilter.cli.batch.hidden_colours",
    "imfilter.cli.batch.mask_effect",
    "imfilter.cli.batch.missing_notes",
    "imfilter.cli.batch.watch",
    "imfilter.cli.commands.dataset_command",
    "imfilter.cli.commands.kernels_command",
    "imfilter.cli.console.round_reporter",
    "imfilter.cli.images.foreign",
    "imfilter.cli.images.icc_profile",
    "imfilter.cli.images.ifd",
    "imfilter.cli.images.picture_transfer",
    "imfilter.cli.images.srgb_conversion",
    "imfilter.cli.images.xmp",
}
"""What a plain picture has no use for: it would wait for the import of each."""
MODULES = REPORT.replace('name.partition(".")[0]', "name")


@pytest.mark.needs("the compiled core")
def test_a_plain_picture_imports_nothing_that_few_need(folder, rgb):
    Image.fromarray(rgb).save("in.png")
    words = ["blur", "in.png", "-o", "out.png"]
    ended = subprocess.run([sys.executable, "-c", MODULES, *words], capture_output=True, text=True, check=True)
    loaded = set(ended.stderr.split())
    assert "imfilter.cli.batch.image_job" in loaded
    assert not loaded & RARE


COMPLETIONS = {
    "imfilter ed": {"edges"},
    "imfilter blur --si": {"--sigma", "--size"},
    "imfilter edges --op so": {"sobel"},
    "imfilter blur --border mi": {"mirror"},
    "imfilter blur --to jp": {"jpeg"},
    "imfilter kernels sh": {"show"},
    "imfilter dataset in": {"info"},
    "imfilter help op sob": {"sobel"},
    "imfilter help kernels p": {"plot"},
    "imfilter conv --kernel scharr": {"scharr-x", "scharr-y"},
    "imfilter kernels show lap": {"laplacian4", "laplacian8"},
    "imfilter compare --diff-style ": {"abs", "signed", "mark"},
    "imfilter blur --nan f": {"fill="},
    "imfilter blur --show-as s": {"sixel"},
    "imfilter morph --shape d": {"disk", "diagonal.txt"},
    "imfilter dataset boxes --to v": {"voc"},
    "imfilter run ": {"soft.toml", "recipes/"},
    "imfilter studio --recipe re": {"recipes/bold.toml", "recipes/calm.toml"},
    "imfilter sweep --report ": {"page.html", "recipes/"},
}


@pytest.mark.parametrize(
    ("shell", "line", "offered"),
    [
        # The words are the same for every shell: all of them for one, a few for the others.
        pytest.param(shell, *pair, marks=[pytest.mark.thorough] if shell != "bash" and number % 3 else [])
        for shell in ("bash", "zsh", "fish")
        for number, pair in enumerate(COMPLETIONS.items())
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_completion(shell, line, offered, folder):
    for name in ("soft.toml", "page.html", "diagonal.txt", "recipes/bold.toml", "recipes/calm.toml", "recipes/old.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    output, packages = complete(shell, line)
    found = (
        re.findall(r'"([^"]+)"(?::"|\n|\))', output) if shell == "zsh" else re.findall(r"^\S+", output, re.MULTILINE)
    )
    assert set(found) == offered
    assert not packages & HEAVY


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_describes_each_option_in_one_line(shell):
    output, _ = complete(shell, "imfilter blur --")
    described = [line for line in output.splitlines() if "--sigma" in line or "--depth" in line]
    assert len(described) == 2
    assert all("Standard deviation" in line or "depth of the output" in line for line in described)
    assert all("--" in line for line in output.splitlines())
    assert "(for" not in output  # nor half of what the help says behind it


def test_completion_after_an_unknown_command_is_silent():
    _, said = complete("bash", "imfilter nosuch ")
    assert "command" not in said


@pytest.mark.parametrize(
    ("shell", "function"),
    [("bash", b"complete -o default -F"), ("zsh", b"#compdef imfilter"), ("fish", b"complete --command imfilter")],
)
def test_completion_script(ok, shell, function, monkeypatch):
    # Typer looks for the shell among the processes that run the tests; there may be none, or another.
    monkeypatch.setattr(shellingham, "detect_shell", lambda: (shell, f"/bin/{shell}"))
    script = ok("--show-completion")
    assert b"_IMFILTER_COMPLETE" in script
    assert function in script


def test_generic_names_stay_free():
    code = "import sys, imfilter.cli.app, imfilter.filters.blur; print('cli' in sys.modules, 'filters' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stdout == "False False\n", ended.stderr


@pytest.mark.parametrize("start", [[sys.executable, "-m", "imfilter"], [str(Path(sys.executable).parent / "imfilter")]])
def test_every_way_to_start(start):
    ended = subprocess.run([*start, "--version"], capture_output=True, text=True)
    assert re.fullmatch(r"imfilter \d+\.\d+\.\d+\n", ended.stdout)
    assert ended.returncode == 0
