"""`imfilter info`: the header of a file, and figures of its pixels."""
