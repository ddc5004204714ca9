#undef R
#undef MASK
#undef REAL
#undef VECTOR
#undef LANES
