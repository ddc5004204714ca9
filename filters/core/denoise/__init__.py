"""Noise: its estimation, and filters that smooth it and keep edges."""
