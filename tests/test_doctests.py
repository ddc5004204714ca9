"""The examples in the docstrings hold."""

import doctest
import importlib
import pkgutil

import imfilter.cli
import imfilter.filters
import pytest
from imfilter.filters.core import catalog

SPECS = [
    info.module_finder.find_spec(info.name)
    for house in (imfilter.cli, imfilter.filters)
    for info in pkgutil.walk_packages(house.__path__, f"{house.__name__}.")
    if "_root" not in info.name and not info.name.endswith("._core")  # the compiled module
]
MODULES = ["imfilter"] + [spec.name for spec in SPECS if ">>> " in spec.loader.get_source(spec.name)]


OF_EXTRAS = {"imfilter.cli.batch.dask_arrays": pytest.mark.needs("the extra cluster")}
"""Modules whose examples need an extra."""


def examples(name):
    module = importlib.import_module(name)
    found = doctest.DocTestFinder(exclude_empty=True).find(module, name)
    return [test for test in found if test.examples]


@pytest.mark.parametrize("name", [pytest.param(name, marks=OF_EXTRAS.get(name, ())) for name in MODULES])
def test_examples_hold(name):
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    report = []
    for test in examples(name):
        runner.run(test, out=report.append)
    assert runner.tries
    assert not runner.failures, "".join(report)


@pytest.mark.parametrize("name", catalog.names())
def test_every_filter_has_an_example_that_is_found(name):
    module = f"imfilter.filters.{name}"
    assert any(test.name == f"{module}.{name}" for test in examples(module))
