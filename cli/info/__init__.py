"""`imfilter info`: what a file tells, and what is in its pixels."""
