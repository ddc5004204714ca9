"""Image files: decoding, encoding, metadata, and atomic writes."""
