"""Gradients: derivatives, their magnitude and angle, and what is made of them."""
