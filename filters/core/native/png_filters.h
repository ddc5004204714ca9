/* The predictors of PNG's row filters, from the bytes left (a), above (b) and above left (c): section 9 of its
   specification. */

#ifndef IMFILTER_PNG_FILTERS_H
#define IMFILTER_PNG_FILTERS_H

#include "arrays.h"

enum { FILTER_NONE, FILTER_SUB, FILTER_UP, FILTER_AVERAGE, FILTER_PAETH };

static inline uint8_t predicted(int filter, uint8_t a, uint8_t b, uint8_t c)
{
    /* The nearest of a, b and c to a + b - c, in this order. If c lies between a and b, its distance is the difference
       of theirs, else their sum; so bytes suffice. */
    const uint8_t from_a = MAX(b, c) - MIN(b, c), from_b = MAX(a, c) - MIN(a, c);
    const uint8_t from_c = MAX(from_a, from_b) - MIN(from_a, from_b), nearer = from_a <= from_b ? a : b;
    switch (filter) {
    case FILTER_SUB: return a;
    case FILTER_UP: return b;
    case FILTER_AVERAGE: return (uint8_t)((a & b) + ((a ^ b) >> 1));
    case FILTER_PAETH: return ((MIN(a, b) < c) & (c < MAX(a, b)) & (from_c < MIN(from_a, from_b))) ? c : nearer;
    default: return 0;
    }
}

#endif
