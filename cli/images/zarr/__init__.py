"""Zarr and OME-Zarr: arrays in chunks, each a file in a folder, with the format's own library."""
