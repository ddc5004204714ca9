/* What each primitive is given, and the table of all of them for one instruction set.

   Sizes are checked by the bindings before a primitive is called; the loops only assert them. */

#ifndef IMFILTER_CALLS_H
#define IMFILTER_CALLS_H

#include "arrays.h"

/* A primitive returns 0, or NO_MEMORY where it finds none. It is called without the GIL. */

typedef struct {
    Array in, out;
    const double *column, *row; /* the taps */
    ptrdiff_t height, width;    /* how many */
    ptrdiff_t down, across;     /* rows and samples from a tap to the next */
    double divisor;
} SeparableCall;

typedef struct {
    Array in, out;              /* of one type */
    ptrdiff_t height, width;    /* of the window */
    ptrdiff_t step;             /* samples from a column to the next */
    const double *ranks;        /* one; or one for each number of samples that are not NaN, -1 where the result is NaN */
    ptrdiff_t ranks_count;
    int network;                /* the rank is the median, the window 3×3 or 5×5: find it by a network */
    int whole;                  /* the mode of windows that hold a NaN is NaN */
} RankCall;

typedef struct {
    const char *name;
    int (*separable)(const SeparableCall *);
    int (*rank)(const RankCall *);
    int (*mode)(const RankCall *);
} Primitives;

extern const Primitives primitives_baseline;
#if defined(__x86_64__)
extern const Primitives primitives_avx2, primitives_avx512;
#endif

#endif
