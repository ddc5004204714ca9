"""imfilter: filter images from the shell and from Python."""
