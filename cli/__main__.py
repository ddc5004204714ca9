"""`python -m imfilter.cli`."""

from .start import main

main()
