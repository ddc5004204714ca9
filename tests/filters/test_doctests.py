"""The examples in the docstrings hold."""

import doctest
import importlib
import pkgutil

import imfilter.filters
import pytest

MODULES = [info.name for info in pkgutil.walk_packages(imfilter.filters.__path__, "imfilter.filters.")]


def examples(module):
    found = doctest.DocTestFinder(exclude_empty=True).find(module, module.__name__)
    return [test for test in found if test.examples]


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name):
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    report = []
    for test in examples(module):
        runner.run(test, out=report.append)
    assert not runner.failures, "".join(report)


@pytest.mark.parametrize("name", [name for name in MODULES if name.count(".") == 2 and not name.endswith(".core")])
def test_every_filter_has_an_example_that_is_found(name):
    module = importlib.import_module(name)
    stem = name.rpartition(".")[2]
    assert any(test.name == f"{name}.{stem}" for test in examples(module))
