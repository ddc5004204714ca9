"""`python -m imfilter.cli`."""

from .app import main

main()
