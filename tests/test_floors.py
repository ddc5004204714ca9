"""Imports point down only: between the wings, and between the files of a wing."""

import ast
import re
import sys
from itertools import pairwise
from pathlib import Path

import imfilter.cli
import imfilter.filters
import pytest

CLI = Path(imfilter.cli.__file__).parent
FILTERS = Path(imfilter.filters.__file__).parent
CORE = FILTERS / "core"
KERNEL_FILES = CORE / "linear" / "kernel_files"

ENGINE_WINGS = {
    "catalog": {"filter"},
    "filter": {"engine", "signature", "parameters"},
    "denoise": {"rank", "linear", "engine", "native", "parameters"},
    "rank": {"linear", "engine", "native", "parameters"},
    "gradient": {"linear", "engine", "native", "parameters"},
    "measure": {"linear", "engine", "parameters"},
    "linear": {"engine", "native", "parameters", "npy_header", "npy_samples"},
    "frequency": {"engine", "native", "parameters"},
    "resampling": {"linear", "engine", "native", "parameters"},
    "thresholding": {"rank", "linear", "engine", "native", "parameters"},
    "tone": {"linear", "engine", "native", "parameters"},
    "engine": {"native", "parameters"},
    "native": set(),
    "signature": {"parameters"},
    "parameters": set(),
    "npy_samples": {"npy_header"},
    "npy_header": set(),
}
"""The wings of `filters/core/`, and the files beside them: what each may import."""
ENGINE_GROUND = {"lazy_numpy", "named_tuple"}
"""What each of them may import besides."""

GROUND = {
    "blas",
    "bounded_read",
    "brace_fields",
    "digest",
    "errors",
    "file_identity",
    "garbage",
    "signals",
    "streams",
    "system",
    "version",
}
"""What each of these may import; they import `system` alone."""
COMMAND_LINE = [
    "__main__",
    "main",
    "app",
    "commands",
    "studio",
    "sweep",
    "compare",
    "info",
    "dataset",
    "batch",
    "page",
    "terminal",
    "drawing",
    "images",
    "stores",
    "console",
]
"""The wings of `cli/`, and the files beside them, from the top: each imports what is below it, and the ground."""

PICTURES_AND_TERMINALS = {"typer", "rich", "PIL", "click", "tifffile", "cli", "imfilter"}


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "_root" not in path.parts)


def imported(path: Path) -> set[str]:
    """The absolute names that a file imports anywhere in it."""
    return {
        name
        for node in ast.walk(ast.parse(path.read_bytes()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    }


def arrows(path: Path) -> set[Path]:
    """The files and packages of the program that a file imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            for alias in node.names:
                module, member = base.with_suffix(".py"), base / alias.name
                found.add(next((p for p in (member.with_suffix(".py"), member, module) if p.exists()), base))
    return found


def wing(path: Path, house: Path) -> str | None:
    """The wing of a file, or its own name where it stands beside the wings; None outside the house."""
    parts = path.relative_to(house).with_suffix("").parts if path.is_relative_to(house) else ()
    return parts[0] if parts else None


def circle(folder: list[Path]) -> list[Path]:
    """The files that import each other, in a circle or above one; none where all imports point down."""
    left = {path: (arrows(path) & {*folder}) - {path} for path in folder}
    while left:
        lowest = {path for path, needed in left.items() if not needed & left.keys()}
        if not lowest:
            break
        left = {path: needed for path, needed in left.items() if path not in lowest}
    return sorted(left)


def name(path: Path) -> str:
    return path.relative_to(FILTERS.parent if path.is_relative_to(FILTERS) else CLI.parent).as_posix()


@pytest.mark.each("path", files(CORE))
def test_a_wing_of_the_engine_imports_the_wings_below_it_alone(path):
    own = wing(path, CORE)
    if own == "__init__":
        return
    below = set() if own in ENGINE_GROUND else ENGINE_WINGS[own] | ENGINE_GROUND
    assert {wing(other, CORE) for other in arrows(path)} - {own} <= below


@pytest.mark.each("path", files(CLI))
def test_a_wing_of_the_command_line_imports_the_wings_below_it_alone(path):
    own = wing(path, CLI)
    if own == "__init__":
        return
    below = {"system"} if own in GROUND else {*COMMAND_LINE[COMMAND_LINE.index(own) + 1 :]} | GROUND
    assert {wing(other, CLI) for other in arrows(path) if other.is_relative_to(CLI)} - {own} <= below


@pytest.mark.parametrize("path", sorted(FILTERS.glob("*.py")), ids=name)
def test_a_filter_imports_the_engine_alone(path):
    assert all(other.is_relative_to(CORE) for other in arrows(path))


@pytest.mark.each("path", files(KERNEL_FILES))
def test_kernel_files_need_kernels_alone(path):
    outside = {other.stem for other in arrows(path) if not other.is_relative_to(KERNEL_FILES)}
    assert outside <= {"kernels", "kernel_reading", "npy_header", "npy_samples"} | ENGINE_GROUND


def test_the_engine_has_no_circles():
    assert not circle(files(FILTERS))


def test_the_command_line_has_no_circles():
    assert not circle(files(CLI))


@pytest.mark.each("path", files(FILTERS))
def test_the_engine_knows_no_terminal_and_no_files_of_pictures(path):
    assert not {whole for whole in imported(path) if whole.split(".")[0] in PICTURES_AND_TERMINALS}
    assert all(other.is_relative_to(FILTERS) for other in arrows(path))


@pytest.mark.each("path", files(FILTERS))
def test_beside_numpy_and_scipy_the_standard_library_is_enough(path):
    outside = {whole.split(".")[0] for whole in imported(path)} - set(sys.stdlib_module_names)
    assert outside <= {"numpy", "scipy"}
    assert not {whole for whole in imported(path) if whole.startswith("scipy.signal")}


def test_contributing_draws_every_wing_above_those_that_it_imports():
    text = (Path(__file__).parent.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    drawing = re.search(r"```text\n(.*?)```", text, re.DOTALL)[1]
    places = {
        word[0]: (row, word.start())
        for row, line in enumerate(drawing.splitlines())
        for word in re.finditer(r"(?<![\w.])\w+(?![\w/])", line)
    }
    assert places.keys() == ENGINE_WINGS.keys() | ENGINE_GROUND | GROUND | {*COMMAND_LINE}
    below = {own: wings | ENGINE_GROUND for own, wings in ENGINE_WINGS.items()} | {COMMAND_LINE[-1]: GROUND}
    below |= {own: {other} for own, other in pairwise(COMMAND_LINE)}
    assert not [(own, other) for own in below for other in below[own] if places[own] >= places[other]]
