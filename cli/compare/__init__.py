"""Compare pictures: how they differ, by how much, and whether that is within limits."""
