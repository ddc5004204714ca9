"""JPEG: its segments, what may be missing of them, and its codec."""
