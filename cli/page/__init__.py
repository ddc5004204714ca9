"""The report of a call: one page with all its pictures in it, which needs nothing else and opens from a mail."""
