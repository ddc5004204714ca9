"""Filters of the Fourier spectrum."""
