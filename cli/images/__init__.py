"""Image files: decoding, encoding, metadata, and writes that are whole or not at all."""
