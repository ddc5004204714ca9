"""Thresholds: one for the image, or one for each neighbourhood."""
