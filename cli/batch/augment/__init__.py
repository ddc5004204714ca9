"""Augmentation: variants of an image by filters with random parameters."""
