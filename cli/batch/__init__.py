"""Batches: which inputs become which outputs, and the work on every image."""
