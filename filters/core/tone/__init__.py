"""Tone: brightness, contrast and colour, for each pixel by itself or within its region."""
