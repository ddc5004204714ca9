"""Commands: from a filter's description, or a chain's, to a Typer command and a checked request."""
