"""PNG and APNG: their chunks, what may be missing of them, and their codec."""
