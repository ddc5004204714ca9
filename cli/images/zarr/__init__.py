"""Zarr and OME-Zarr: arrays in chunks, each a file of a folder, by the format's own library."""
