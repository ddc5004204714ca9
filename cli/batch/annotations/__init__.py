"""Masks, boxes and points of images, which go where the filters move their pixels."""
