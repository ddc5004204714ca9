"""The engine below the filters: arrays in, arrays out; no files but kernels, no terminal."""
