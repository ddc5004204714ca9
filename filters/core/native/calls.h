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
    Array in, out;
    ptrdiff_t height, width; /* of the box */
    ptrdiff_t across;        /* samples from a column to the next */
    double divisor;
} BoxCall;

#define MOST_TOGETHER 4

typedef struct {
    Array in, out;
    ptrdiff_t height, width; /* of the window */
    ptrdiff_t across;        /* samples from a column to the next */
    ptrdiff_t together;      /* planes that guide each other */
    double ridge, rounding;
    int in_double;
} GuidedCall;

typedef struct {
    const char *name;
    int (*separable)(const SeparableCall *);
    int (*box)(const BoxCall *);
    int (*guided)(const GuidedCall *);
} Primitives;

extern const Primitives primitives_baseline;
#if defined(__x86_64__)
extern const Primitives primitives_avx2, primitives_avx512;
#endif

#endif
