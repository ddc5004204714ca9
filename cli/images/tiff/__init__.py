"""TIFF: its pages, their strips and tiles, and its codec."""
