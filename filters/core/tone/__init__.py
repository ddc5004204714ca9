"""Tone: brightness, contrast and colour, of each pixel by itself or beside its region."""
