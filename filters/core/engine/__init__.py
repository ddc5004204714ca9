"""The engine: stages, borders, strips, threads, and the conversion of samples in and out."""
