"""JPEG: its segments, checks for missing data, and its codec."""
