"""PBM, PGM, PPM, PAM and PFM: their headers and samples, and a codec for each way of writing them."""
