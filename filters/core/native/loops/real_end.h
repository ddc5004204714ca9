#undef R
#undef REAL
#undef VECTOR
#undef LANES
