"""The local page: filters with a control for every parameter, their results, and the equivalent command."""
