"""Augmentation: variants of an image by filters whose numbers are drawn."""
