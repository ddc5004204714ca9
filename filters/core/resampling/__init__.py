"""Resampling: sizes, turns and homographies, by one interpolation."""
