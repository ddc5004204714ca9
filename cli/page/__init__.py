"""The report of a call: one self-contained page with all its pictures, which opens even from a mail."""
