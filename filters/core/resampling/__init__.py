"""Resampling: scaling, rotation and homographies, by a single interpolation."""
