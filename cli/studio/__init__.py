"""The local page: filters with a control for every parameter, their results, and the command that does the same."""
