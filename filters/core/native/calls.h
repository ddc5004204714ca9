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
    ptrdiff_t down, across;     /* rows and columns from a tap to the next */
    ptrdiff_t stride_down, stride_across; /* rows and columns from a result to the next */
    ptrdiff_t step;                       /* samples from a column to the next */
    double divisor;
} SeparableCall;

typedef struct {
    Array in, out;
    const double *column, *row; /* the weights of each place in turn */
    ptrdiff_t height, width;    /* how many each has */
    ptrdiff_t down, across;     /* places between two coarse rows and columns */
    ptrdiff_t step;             /* samples from a column to the next */
    double divisor;
} InterpolateCall;
    const double *taps;      /* height × width */
    ptrdiff_t height, width;
    ptrdiff_t down, across;  /* rows and samples from a tap to the next */
    double divisor;
    int precise;             /* whether sums are in double */
} DenseCall;

typedef struct {
    Array in, out;          /* out has a plane for each map */
    const double *weights;  /* maps × inputs × height × width */
    const double *bias;     /* of each map */
    ptrdiff_t inputs, height, width;
    ptrdiff_t groups, step; /* channels that lie side by side in a row */
    ptrdiff_t stride_y, stride_x, down, across;
    int apart;              /* whether maps are computed one at a time */
    double divisor;
    int precise;
} BankCall;
    ptrdiff_t height, width; /* of the box */
    ptrdiff_t across;        /* samples from a column to the next */
    double divisor;
} BoxCall;

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
    int (*interpolate)(const InterpolateCall *);
    int (*dense)(const DenseCall *);
    int (*bank)(const BankCall *);
    int (*box)(const BoxCall *);
    int (*guided)(const GuidedCall *);
} Primitives;

extern const Primitives primitives_baseline;
#if defined(__x86_64__)
extern const Primitives primitives_avx2, primitives_avx512;
#endif

#endif
