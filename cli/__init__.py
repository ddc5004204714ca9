"""The command line over `imfilter.filters`."""
