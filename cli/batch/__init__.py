"""Batches: pairing inputs with outputs, and the work on every image."""
