"""Noise: its estimate, and filters that smooth it and keep edges."""
