"""PNG and APNG: their chunks, checks for missing data, and their codec."""
