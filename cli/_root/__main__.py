"""`python -m imfilter`."""

import runpy

runpy.run_module("imfilter.cli", run_name="__main__")
