"""`python -m imfilter`."""

from .cli.main import main  # pyright: ignore[reportMissingImports] - it is found where it is installed

main()
