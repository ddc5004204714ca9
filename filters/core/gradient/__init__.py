"""Gradients: derivatives, their magnitude and angle, and the operators built on them."""
