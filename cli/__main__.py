"""`python -m imfilter.cli`."""

from .main import main

main()
