"""Imports point down only."""

import ast
import sys
from pathlib import Path

import imfilter.filters
import pytest

FILTERS = Path(imfilter.filters.__file__).parent
FILES = sorted(FILTERS.glob("*.py"))
FORMATS = sorted((FILTERS / "core" / "linear" / "kernel_files").glob("*.py"))
CORE = sorted({*(FILTERS / "core").rglob("*.py")} - {*FORMATS})
ABOVE = {"typer", "rich", "PIL", "click", "tifffile", "cli", "imfilter"}


def imports(path: Path) -> set[tuple[int, str]]:
    """What a file imports anywhere in it: the number of leading dots, and the name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {(0, name.name) for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            whole = node.module or ""
            found |= {(node.level, f"{whole}.{name.name}".strip(".")) for name in node.names}
    return found


@pytest.mark.parametrize("path", FILES + CORE + FORMATS, ids=lambda path: path.stem)
def test_the_engine_knows_no_terminal_and_no_files_of_pictures(path):
    assert not {name for level, name in imports(path) if level == 0 and name.split(".")[0] in ABOVE}


@pytest.mark.parametrize("path", FILES + CORE + FORMATS, ids=lambda path: path.stem)
def test_scipy_signal_is_never_imported(path):
    assert not {name for _, name in imports(path) if name.startswith("scipy.signal")}


@pytest.mark.parametrize("path", FILES + CORE + FORMATS, ids=lambda path: path.stem)
def test_beside_numpy_and_scipy_the_standard_library_is_enough(path):
    outside = {name.split(".")[0] for level, name in imports(path) if level == 0} - set(sys.stdlib_module_names)
    assert outside <= {"numpy", "scipy"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_filter_imports_core_only(path):
    assert all(level == 1 and name.split(".")[0] == "core" for level, name in imports(path) if level)


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_core_names_no_filter(path):
    assert all(level <= 2 for level, _ in imports(path) if level)


@pytest.mark.parametrize("path", FORMATS, ids=lambda path: path.stem)
def test_kernel_files_need_kernels_alone(path):
    above = {name.split(".")[0] for level, name in imports(path) if level > 1}
    assert above <= {"kernels", "lazy_numpy"}


@pytest.mark.parametrize("floor", [CORE, FORMATS], ids=["core", "kernel_files"])
def test_a_floor_has_no_circles(floor):
    names = {path.stem for path in floor}
    above = {path.stem: {name.split(".")[0] for level, name in imports(path) if level == 1} & names for path in floor}
    while above:
        lowest = {name for name, needed in above.items() if not needed & above.keys()}
        assert lowest, f"these import each other: {sorted(above)}"
        above = {name: needed for name, needed in above.items() if name not in lowest}
