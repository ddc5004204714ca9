"""Masks, boxes and points of images, which follow the pixels that filters move."""
