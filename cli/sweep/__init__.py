"""Sheets of results: one picture by many values of a filter's parameters; and sheets of pictures."""
