"""Linear filters: kernels, their sources, and the algorithms that apply them."""
