"""Data sets as a whole: what they hold, what is wrong with them, and how they are converted, split and shown."""
