"""Comparing pictures: what differs, by how much, and whether that is within limits."""
